"""Nobody records unawares: what nobody has asked about for too long is stopped."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping

from jupyter_capture.engine.sessions.live import Live

logger = logging.getLogger(__name__)

REASON = "unattended"
_EVERY = 5.0  # seconds


class Unattended:
    """``limit`` in seconds. ``live``: the running sessions, which it only reads."""

    def __init__(
        self, live: Callable[[], Mapping[str, Live]], stop: Callable[[str], None], limit: float
    ) -> None:
        self._live = live
        self._stop = stop
        self._limit = limit
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="unattended", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def end(self) -> None:
        self._over.set()

    def _run(self) -> None:
        while not self._over.wait(min(_EVERY, self._limit / 4)):
            for session_id, live in list(self._live().items()):
                if live.unattended > self._limit:
                    logger.warning("%s is stopped: nobody is attached to it", session_id)
                    live.reason = REASON
                    try:
                        self._stop(session_id)
                    except Exception:
                        # The next round tries again; the watch itself must not end.
                        live.reason = None
                        logger.exception("%s could not be stopped", session_id)
