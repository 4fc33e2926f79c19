"""The line to the recorder of one session, from a process that attends to its channels.

It is connected to the recorder directly, so the engine carries neither sound nor pictures. What
comes over it lies in memory alone, and nothing is written or logged, because a channel may be live
only.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import sys
import threading
from collections import deque
from collections.abc import Callable
from typing import Any

from pydantic import ValidationError

from jupyter_capture.engine.live.process import BROKEN
from jupyter_capture.errors import CaptureError, EngineError
from jupyter_capture.wire.recorder import Command, Report

Say = Callable[[dict[str, Any]], None]


class Line:
    """Asks for channels. Subclasses say what to do with what comes (`take`), when a channel begins
    (`begin`) and ends (`end`), and when all have (`over`)."""

    def __init__(self, line: socket.socket, say: Say) -> None:
        self._line = line
        self._say = say
        self._asked: deque[tuple[str, str]] = deque()
        self._lock = threading.Lock()

    def ask(self, cmd: Any, channel_id: str) -> None:
        with self._lock:
            self._asked.append((cmd, channel_id))
            with contextlib.suppress(OSError):  # the recording is over
                command = Command(cmd=cmd, channel_id=channel_id)
                self._line.sendall(command.model_dump_json(exclude_none=True).encode() + b"\n")

    def run(self) -> None:
        """Until the recording ends."""
        with contextlib.suppress(OSError), self._line.makefile("rb") as lines:
            for line in lines:
                if not line.startswith(b'{"report":"levels"') and self._on_report(line):
                    break
        self.over()

    def take(self, report: Report) -> None:
        raise NotImplementedError

    def begin(self, channel_id: str) -> None:
        raise NotImplementedError

    def end(self, channel_id: str) -> None:
        raise NotImplementedError

    def over(self) -> None:
        raise NotImplementedError

    def _on_report(self, line: bytes) -> bool:
        """Whether it was the last one."""
        try:
            report = Report.model_validate_json(line)
        except ValidationError:
            return False
        answers = report.report == "status" or (report.report == "failed" and "cmd" in report.data)
        if report.report in ("pcm", "picture"):
            self.take(report)
        elif answers and self._asked:
            self._on_answer(report)
        return report.report == "stopped" or (report.report == "failed" and not answers)

    def _on_answer(self, report: Report) -> None:
        cmd, channel_id = self._asked.popleft()
        if cmd == "listen" and report.report == "failed":
            said = {"error": report.error, "error_code": report.error_code}
            self._say({"refused": channel_id, **said})
        elif cmd == "listen":
            self.begin(channel_id)
            self._say({"heard": channel_id})
        else:
            self.end(channel_id)


def obey(line: Line) -> None:
    """Do as the engine says, until it ends."""
    for order in sys.stdin:
        said = json.loads(order)
        for cmd in ("listen", "unlisten"):
            if cmd in said:
                line.ask(cmd, said[cmd])
    os._exit(1)


def give_up(error: Exception, what: str, say: Say) -> None:
    """Say why, and end; only an error of ours is told as it is: another may quote what came."""
    if not isinstance(error, CaptureError):
        error = EngineError(f"The {what} failed ({type(error).__name__}).")
    say({"broken": error.message, "error_code": error.code})
    os._exit(BROKEN)
