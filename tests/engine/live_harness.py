"""Listening to a session's websocket while voices speak on the virtual desktop."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

from jupyter_capture.client.connection import Connection

Event = dict[str, Any]


class Ear:
    """Takes down the live events of a websocket: ``(arrived at, event)``."""

    def __init__(self, connection: Connection) -> None:
        self._socket = connection.connect_websocket()
        self._changed = threading.Condition()
        self._heard: list[tuple[float, Event]] = []
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._end = asyncio.Event()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=[self._run()])

    @property
    def connection_id(self) -> str:
        assert self._socket.connection_id is not None
        return self._socket.connection_id

    def events(self, channel: str, rtstream_id: str | None = None) -> list[tuple[float, Event]]:
        with self._changed:
            return [
                (at, event)
                for at, event in self._heard
                if event["channel"] == channel and rtstream_id in (None, event["rtstream_id"])
            ]

    def finals(self, rtstream_id: str) -> list[str]:
        found = self.events("transcript", rtstream_id)
        return [event["data"]["text"] for _, event in found if event["data"]["is_final"]]

    def wait(self, found: Callable[[], Any], seconds: float = 40.0) -> None:
        with self._changed:
            assert self._changed.wait_for(found, seconds), [event for _, event in self._heard]

    def wait_for_final(self, rtstream_id: str, word: str) -> None:
        self.wait(lambda: word in " ".join(self.finals(rtstream_id)).lower())

    def __enter__(self) -> Ear:
        self._thread.start()
        assert self._ready.wait(20)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join()
        self._loop.close()

    async def _run(self) -> None:
        async with self._socket:
            self._ready.set()
            listening = asyncio.create_task(self._take_down())
            await self._end.wait()
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)

    async def _take_down(self) -> None:
        async for event in self._socket.receive():
            if "rtstream_id" in event:
                with self._changed:
                    self._heard.append((time.time(), event))
                    self._changed.notify_all()


def workers_of(engine_pid: int, word: bytes = b"jupyter_capture.engine.live") -> list[int]:
    """The processes that hear recordings for an engine, or those that ``word`` tells."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0") if entry.name.isdigit() else []
            if word in words and parent_of(int(entry.name)) == engine_pid:
                found.append(int(entry.name))
        except OSError:
            continue
    return found


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def files_open_by(pid: int) -> Iterator[Path]:
    """Regular files that a process has open, deleted ones too."""
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        try:
            target = os.readlink(entry)
        except OSError:
            continue
        if target.startswith("/") and not target.startswith(("/dev/", "/proc/")):
            yield Path(target)


def files_with(folder: Path, word: str) -> list[Path]:
    """The files below a folder that hold a word, in whatever case."""
    return [
        path
        for path in folder.rglob("*")
        if path.is_file() and word.lower().encode() in path.read_bytes().lower()
    ]
