"""The worker of one recording, as the engine sees it."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any

from jupyter_capture.errors import EngineError

UNREACHABLE, BROKEN = 3, 4
"""Exit statuses: there is no recorder; there is no model, or it cannot be used."""

OnSaid = Callable[[dict[str, Any]], None]
OnEnd = Callable[[int], None]


class Process:
    """Started at once. ``on_said`` gets each of its lines, ``on_end`` its exit status, both on a
    thread of their own."""

    def __init__(self, order: dict[str, Any], on_said: OnSaid, on_end: OnEnd) -> None:
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "jupyter_capture.engine.live"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                start_new_session=True,
            )
        except OSError as error:
            raise EngineError(
                f"The process for live transcripts could not be started: {error}. Try again."
            ) from error
        self._on_said = on_said
        self._on_end = on_end
        self._lock = threading.Lock()
        self.send(order)
        threading.Thread(target=self._follow, name="live", daemon=True).start()

    @property
    def pid(self) -> int:
        return self._process.pid

    def send(self, message: dict[str, Any]) -> None:
        """Where it has ended meanwhile, ``on_end`` tells."""
        if self._process.stdin is not None:
            with self._lock, contextlib.suppress(OSError, ValueError):
                self._process.stdin.write(json.dumps(message).encode() + b"\n")
                self._process.stdin.flush()

    def kill(self) -> None:
        self._process.kill()

    def _follow(self) -> None:
        try:
            if self._process.stdout is not None:
                for line in self._process.stdout:
                    self._on_said(json.loads(line))
        finally:
            self._process.kill()
            status = self._process.wait()
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe is not None:
                    with contextlib.suppress(OSError):
                        pipe.close()
            self._on_end(status)
