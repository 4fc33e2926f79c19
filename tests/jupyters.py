"""What the tests of Jupyter's server share."""

from __future__ import annotations

import subprocess


def end_jupyter(process: subprocess.Popen[bytes]) -> None:
    """A thread of AnyIO's that was at work as Jupyter's loop stopped keeps its process for ever."""
    process.terminate()
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
