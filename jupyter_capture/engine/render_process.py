"""One process that renders segments, as the engine sees it: begun, asked, and replaced."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import threading
from typing import IO, Any

from jupyter_capture.errors import CaptureError, from_response
from jupyter_capture.media.order import Order
from jupyter_capture.media.plan import Kind

_PLANS = 4
"""Timelines that it keeps open."""
_BEGIN_SECONDS = 60.0
"""A machine that is busy takes its time to start one."""


class DiedError(Exception):
    """The process ended, or was ended since it said nothing for too long."""


class RenderProcess:
    """Asked by one thread; `cancel` and `kill` may come from others.

    ``silent_seconds``: how long it may say nothing while it works.
    """

    def __init__(self, silent_seconds: float) -> None:
        self._silent = silent_seconds
        self._process: subprocess.Popen[bytes] | None = None
        self._open: dict[str, frozenset[str]] = {}
        self._asked = 0
        self._writing = threading.Lock()

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    @property
    def assets(self) -> set[str]:
        """Those that it has open."""
        return {asset for assets in list(self._open.values()) for asset in assets}

    def begin(self) -> None:
        """Start it, unless it runs, and wait until it is ready. Raises DiedError, OSError."""
        if self._process is not None and self._process.poll() is None:
            return
        self.end()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "jupyter_capture.engine.renderer"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        self._said(_BEGIN_SECONDS)

    def show(self, order: Order) -> None:
        """Have it open a timeline. The one that was used longest ago is closed."""
        assets = self._open.pop(order.key, None)
        if assets is None:
            self._say({"do": "open", "key": order.key, "order": order.text})
        self._open[order.key] = order.assets
        while len(self._open) > _PLANS:
            oldest = next(iter(self._open))
            del self._open[oldest]
            self._say({"do": "close", "key": oldest})

    def make(self, order: Order, kind: Kind, number: int) -> bytes | CaptureError | None:
        """A segment, why there is none, or None where it was cancelled. Raises DiedError."""
        self.show(order)
        self._asked += 1
        asked = {"id": self._asked, "key": order.key, "kind": kind, "number": number}
        self._say({"do": "make", **asked})
        while True:
            said, data = self._said(self._silent)
            if "size" in said:
                return data
            if "error" in said:
                error = said["error"]
                return from_response(500, error["error_code"], error["message"])
            if "cancelled" in said:
                return None

    def cancel(self) -> None:
        """What is being made is given up before its next picture."""
        with contextlib.suppress(DiedError, OSError):
            self._say({"do": "cancel", "id": self._asked})

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()

    def end(self) -> None:
        process, self._process = self._process, None
        self._open = {}
        if process is None:
            return
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()

    def _pipes(self) -> tuple[subprocess.Popen[bytes], IO[bytes], IO[bytes]]:
        process = self._process
        if process is None or process.stdin is None or process.stdout is None:
            raise DiedError("it does not run")
        return process, process.stdin, process.stdout

    def _say(self, message: dict[str, Any]) -> None:
        _, pipe, _ = self._pipes()
        with self._writing:
            pipe.write(json.dumps(message).encode() + b"\n")
            pipe.flush()

    def _said(self, patience: float) -> tuple[dict[str, Any], bytes]:
        """What it says next, and the bytes that follow."""
        process, _, pipe = self._pipes()
        watch = threading.Timer(patience, process.kill)
        watch.daemon = True
        watch.start()
        try:
            line = pipe.readline()
            said: dict[str, Any] = json.loads(line) if line.endswith(b"\n") else {}
            data = pipe.read(said.get("size", 0))
        finally:
            watch.cancel()
        if not said or len(data) < said.get("size", 0):
            raise DiedError(f"status {process.wait()}")
        return said, data
