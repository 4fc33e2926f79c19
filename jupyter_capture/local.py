"""Ends the engine of a data folder from outside, as the command line and the demo do."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from jupyter_capture.client.engine import answers, read_locator
from jupyter_capture.errors import EngineError


def running_engine(data_dir: Path) -> int | None:
    """The process id of the engine that answers for this folder, or None."""
    locator = read_locator(data_dir)
    return locator.pid if locator is not None and answers(locator) else None


def end_engine(data_dir: Path, seconds: float = 20.0) -> bool:
    """End the engine that answers for this folder; False where none does.

    Recorders are processes of their own and go on. Raises EngineError where it does not end.
    """
    pid = running_engine(data_dir)
    if pid is None:
        return False
    try:
        os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            os.kill(pid, 0)
            time.sleep(0.05)
    except ProcessLookupError:
        return True
    raise EngineError(
        f"The engine (process {pid}) did not end within {seconds:g} s. "
        f"See {data_dir / 'engine.log'}; end it with: kill {pid}"
    )
