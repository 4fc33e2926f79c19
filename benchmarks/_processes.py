"""Which processes belong to a campaign: they inherit a mark in their environment."""

from __future__ import annotations

import contextlib
import os
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

MARK = "JUPYTER_CAPTURE_CAMPAIGN"


@dataclass(frozen=True)
class Process:
    pid: int
    parent: int
    command: str

    @property
    def kind(self) -> str:
        for kind in ("engine.worker", "engine.renderer", "engine.live", "recorder --spare"):
            if kind in self.command:
                return kind.rpartition(".")[2].rpartition("--")[2]
        if "jupyter_capture.recorder" in self.command:
            return "recorder"
        return "engine" if "jupyter_capture.engine" in self.command else "other"


def mark() -> str:
    """Mark all that is started from here on."""
    os.environ[MARK] = secrets.token_hex(8)
    return os.environ[MARK]


def marked(token: str) -> list[Process]:
    """Those that live, without this one."""
    found = []
    wanted = f"{MARK}={token}".encode()
    for path in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if wanted not in (path / "environ").read_bytes() or int(path.name) == os.getpid():
                continue
            words = (path / "stat").read_text().rpartition(")")[2].split()
            command = (path / "cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
            if words[0] != "Z":
                found.append(Process(int(path.name), int(words[1]), command))
    return found


def until(found: Callable[[], object], seconds: float = 60.0) -> bool:
    """Whether it came to be true in that time."""
    deadline = time.monotonic() + seconds
    while not found():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
