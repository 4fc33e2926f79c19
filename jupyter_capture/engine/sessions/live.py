"""A session while it runs."""

from __future__ import annotations

import contextlib
import threading
from dataclasses import dataclass, field

from jupyter_capture.engine.sessions.recorders import Link
from jupyter_capture.errors import CaptureError, ConflictError
from jupyter_capture.wire.recorder import Command


@dataclass
class Live:
    """What is known of a running session and stored nowhere."""

    link: Link | None = None
    settled: threading.Event = field(default_factory=threading.Event)  # active, or it ended
    ended: threading.Event = field(default_factory=threading.Event)
    error: CaptureError | None = None
    levels: dict[str, float] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    seconds: float | None = None

    def send(self, command: Command) -> None:
        """Raises ConflictError where nobody listens."""
        if self.link is None:
            raise ConflictError("The recorder is not there yet. Try again in a moment.")
        self.link.send(command)

    def say(self, command: Command) -> None:
        """Send to whoever listens: where nobody does, the session is being closed anyway."""
        with contextlib.suppress(ConflictError):
            self.send(command)
