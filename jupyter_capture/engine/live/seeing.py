"""Reads what is written on the screens of one recording, while it is recorded."""

from __future__ import annotations

import base64
import io
import socket
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
from PIL import Image

from jupyter_capture.engine.live.line import Line, Say
from jupyter_capture.engine.screen import Reader, Screen
from jupyter_capture.wire.recorder import Report


class Seeing(Line):
    """Reads the newest picture of a channel, and none that came before it was done with another:
    on a slow machine fewer are read, but what is told is never old."""

    def __init__(
        self, line: socket.socket, reader: Reader, say: Say, fail: Callable[[Exception], None]
    ) -> None:
        super().__init__(line, say)
        self._reader = reader
        self._fail = fail
        self._screens: dict[str, Screen] = {}
        self._newest: dict[str, dict[str, Any]] = {}
        self._over = False
        self._news = threading.Condition()
        self._thread = threading.Thread(target=self._work, name="reading", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def join(self) -> None:
        self._thread.join()

    def take(self, report: Report) -> None:
        with self._news:
            if report.data["channel_id"] in self._screens:
                self._newest[report.data["channel_id"]] = report.data
                self._news.notify()

    def begin(self, channel_id: str) -> None:
        with self._news:
            self._screens.setdefault(channel_id, Screen(self._reader, patient=False))

    def end(self, channel_id: str) -> None:
        with self._news:
            self._screens.pop(channel_id, None)
            self._newest.pop(channel_id, None)
        self._say({"ended": channel_id})

    def over(self) -> None:
        with self._news:
            self._over = True
            self._news.notify()

    def _work(self) -> None:
        try:
            self._reader.load()
            self._say({"ready": True})
            while (data := self._next()) is not None:
                self._read(data)
        except Exception as error:
            self._fail(error)

    def _next(self) -> dict[str, Any] | None:
        with self._news:
            self._news.wait_for(lambda: self._newest or self._over)
            if not self._newest:
                return None
            return self._newest.pop(next(iter(self._newest)))

    def _read(self, data: dict[str, Any]) -> None:
        channel_id = data["channel_id"]
        screen = self._screens.get(channel_id)
        if screen is None:
            return
        image = Image.open(io.BytesIO(base64.b64decode(data["jpeg"])))
        gray = np.asarray(image.convert("L"))
        for written in screen.look(data["unix"], gray, lambda: np.asarray(image.convert("RGB"))):
            self._say(
                {
                    "text": written.text,
                    "channel_id": channel_id,
                    "start": written.start,
                    "end": written.end,
                    "is_final": True,
                    "kept": data["kept"],
                }
            )
