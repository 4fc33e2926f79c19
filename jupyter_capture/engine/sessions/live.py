"""A session while it runs."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field

from jupyter_capture.engine.sessions.recorders import Link
from jupyter_capture.errors import CaptureError, ConflictError
from jupyter_capture.wire.recorder import Command, Report

_STARTING = 20.0  # s
_LOOK = 0.02


@dataclass
class Live:
    """What is known of a running session and stored nowhere."""

    link: Link | None = None
    settled: threading.Event = field(default_factory=threading.Event)  # active, or it ended
    ended: threading.Event = field(default_factory=threading.Event)
    error: CaptureError | None = None
    levels: dict[str, float] = field(default_factory=dict)
    warned: list[str] = field(default_factory=list)
    silent: dict[str, str] = field(default_factory=dict)
    """Of the channels on which nothing is heard by now: what is said of that."""
    seconds: float | None = None
    detach: bool = False
    reason: str | None = None  # why the engine stopped it
    unsure: bool = False  # whether it is paused, and what it keeps, is still to be learnt
    deaths: list[float] = field(default_factory=list)  # of its recorders, monotonic
    switching: threading.Lock = field(default_factory=threading.Lock)  # one command at a time
    answers: list[Report] = field(default_factory=list)
    heard: threading.Condition = field(default_factory=threading.Condition)
    attended: float = field(default_factory=time.monotonic)

    @property
    def warnings(self) -> list[str]:
        return [*self.warned, *self.silent.values()]

    def warn(self, report: Report) -> None:
        said = str(report.data.get("message") or report.error or report.report)
        if report.report not in ("silence", "heard"):
            self.warned = [*self.warned, said][-20:]
            return
        channel = report.data["channel_id"]
        others = {name: about for name, about in self.silent.items() if name != channel}
        self.silent = others if report.report == "heard" else {**others, channel: said}

    def attend(self) -> None:
        """Somebody asked about it."""
        self.attended = time.monotonic()

    @property
    def unattended(self) -> float:
        """Seconds for which nobody has asked about it; 0 where it needs nobody."""
        return 0.0 if self.detach else time.monotonic() - self.attended

    def send(self, command: Command) -> None:
        """To the recorder, or to the one that is being started in its place. Raises ConflictError
        where nobody listens."""
        deadline = time.monotonic() + _STARTING
        # While it is unsure, a recorder would refuse, or be asked afterwards what holds.
        while self.unsure or not self.say(command):
            if self.ended.is_set() or time.monotonic() > deadline:
                raise ConflictError(
                    "The recorder does not answer. What it recorded is safe. Try again in a moment."
                )
            time.sleep(_LOOK)

    def hear(self, report: Report) -> None:
        """The recorder's answer to what was asked of it."""
        with self.heard:
            self.answers.append(report)
            self.heard.notify_all()

    def answer(self, seconds: float) -> Report | None:
        """What `hear()` was told, waiting for it; None where the session ended, or too late."""
        deadline = time.monotonic() + seconds
        with self.heard:
            while not self.answers and not self.ended.is_set() and time.monotonic() < deadline:
                self.heard.wait(0.1)
            return self.answers.pop(0) if self.answers else None

    def say(self, command: Command) -> bool:
        """Send to whoever listens. False where nobody does: then the session is being closed, or
        another recorder started."""
        link = self.link  # another thread may change it
        if link is None:
            return False
        try:
            link.send(command)
        except ConflictError:
            return False
        return True
