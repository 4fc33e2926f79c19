"""A recorder in reserve: its program is loaded, and it waits for a folder to record into.

Loading takes about a second, which a recording that lost its recorder would miss. So there is one
while something records. It ends with its engine, whatever ends that: its line breaks.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path

logger = logging.getLogger(__name__)


class Spare:
    """At most one process. Where none can be had, a recorder is started from the beginning."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def keep(self) -> None:
        """See that there is one."""
        with self._lock:
            if self._process is not None and self._process.poll() is None:
                return
            self._discard()
            try:
                self._process = subprocess.Popen(
                    [sys.executable, "-m", "jupyter_capture.recorder", "--spare"],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    start_new_session=True,
                )
            except OSError as error:
                logger.warning("no recorder in reserve: %s", error)

    def take(
        self, folder: Path, log: Path, environment: Mapping[str, str]
    ) -> subprocess.Popen[bytes] | None:
        """The process, which records into ``folder`` from now on; None where there is none."""
        with self._lock:
            process, self._process = self._process, None
        if process is None or process.stdin is None:
            return None
        order = {"folder": str(folder), "log": str(log), "environment": dict(environment)}
        try:
            with process.stdin as line:
                line.write(json.dumps(order).encode() + b"\n")
        except OSError:
            process.kill()
            process.wait()
            return None
        return process

    def end(self) -> None:
        """Let it go: nothing records any more."""
        with self._lock:
            self._discard()

    @property
    def pid(self) -> int | None:
        process = self._process
        return None if process is None else process.pid

    def _discard(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()  # it holds nothing yet, and nobody shall wait for it
        process.wait()
        if process.stdin is not None:
            process.stdin.close()


def is_on(pid: int, log: Path) -> bool:
    """Whether a process writes this log: it tells a recorder, however it was started."""
    with contextlib.suppress(OSError):
        return os.path.samestat(os.stat(f"/proc/{pid}/fd/1"), log.stat())
    return False
