"""Stays with a recording: one that nobody is attached to stops by itself after a while.

While this process lives, the engine is asked about the session now and then. It is never started
for that: a recording goes on without an engine, and the next caller starts one.
"""

from __future__ import annotations

import contextlib
import threading
from pathlib import Path

import httpx

from jupyter_capture.client._line import Line
from jupyter_capture.client.engine import BASE_URL, read_locator

EVERY = 15.0  # seconds
_ENDED = ("stopped", "exported", "failed")
_TIMEOUT = 10.0


def attend(data_dir: Path, session_id: str, every: float = EVERY) -> threading.Event:
    """Begin, in a thread that ends with the session or with this process. Setting the event that
    is returned ends it before."""
    over = threading.Event()

    def stay() -> None:
        while not over.wait(every):
            # Whatever fails for a moment must not end it: the recording would be stopped.
            with contextlib.suppress(httpx.HTTPError, OSError, ValueError, KeyError):
                if not data_dir.exists():
                    return
                if _status(data_dir, session_id) in _ENDED:
                    return

    threading.Thread(target=stay, name=f"attend-{session_id}", daemon=True).start()
    return over


def _status(data_dir: Path, session_id: str) -> str | None:
    """None where no engine runs; "failed" where it knows of no such session."""
    locator = read_locator(data_dir)
    if locator is None:
        return None
    with httpx.Client(
        transport=Line(locator.socket), base_url=BASE_URL, timeout=_TIMEOUT
    ) as client:
        answer = client.get(f"/capture/session/{session_id}")
        return "failed" if answer.status_code == 404 else str(answer.json()["data"]["status"])
