"""Logs of processes that run for long: lines on standard error, cut off before they fill a disk.

Whoever starts such a process gives it a file as its standard error, and its own children write
there too. So the file is not replaced: what is in it is copied to ``<name>.1``, and it is emptied.
All must have opened it for appending.
"""

from __future__ import annotations

import logging
import os
import stat
import sys
from pathlib import Path
from typing import TextIO

FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
MOST_BYTES = 5_000_000
"""Of a log; as much again is kept of what was there before."""


class Bounded(logging.StreamHandler[TextIO]):
    """To standard error, which is ``path`` where it is a file at all."""

    def __init__(self, path: Path, most: int = MOST_BYTES) -> None:
        super().__init__(sys.stderr)
        self._path, self._most = path, most

    def emit(self, record: logging.LogRecord) -> None:
        super().emit(record)
        try:
            self._bound(self.stream.fileno())
        except (OSError, ValueError):
            return  # standard error is no file, or the disk is full: the log goes on

    def _bound(self, descriptor: int) -> None:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode) or found.st_size <= self._most:
            return
        if not os.path.samestat(found, self._path.stat()):
            return
        older = self._path.with_name(f"{self._path.name}.1")
        draft = older.with_name(f"{older.name}.new")
        try:
            with self._path.open("rb") as log:
                log.seek(max(0, found.st_size - self._most))
                draft.touch(mode=0o600)
                draft.write_bytes(log.read(self._most))
            draft.replace(older)
        finally:
            draft.unlink(missing_ok=True)
            os.ftruncate(descriptor, 0)


def begin(path: Path, level: str) -> None:
    """Log to standard error from now on; where that is ``path``, never more than it may hold."""
    # Of ours alone: what libraries say at a finer level quotes words, addresses and parameters.
    others = max(logging.WARNING, logging.getLevelNamesMapping()[level.upper()])
    logging.basicConfig(level=others, format=FORMAT, handlers=[Bounded(path)])
    logging.getLogger("jupyter_capture").setLevel(level.upper())
