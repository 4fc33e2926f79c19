"""Reads a large library for searches before anybody searches."""

from __future__ import annotations

import logging
import threading

from sqlalchemy import func, select
from sqlalchemy.exc import DatabaseError

from jupyter_capture.engine.schema import indexes
from jupyter_capture.engine.search.memory import Memory
from jupyter_capture.engine.store import Store
from jupyter_capture.errors import CaptureError

logger = logging.getLogger(__name__)

_MANY = 20_000  # sentences that take a while to read


class Readiness:
    """Of the ``memory`` that searches look in."""

    def __init__(self, store: Store, memory: Memory) -> None:
        self._store = store
        self._memory = memory
        self._lock = threading.Lock()
        self._reading: threading.Thread | None = None

    def __bool__(self) -> bool:
        """False while it is being read: a search that comes now waits for it."""
        return self._reading is None or not self._reading.is_alive()

    def begin(self) -> None:
        """Returns at once. A small library is read by the first search, in an instant."""
        with self._store.read() as connection:
            rows = select(func.sum(indexes.c.end_id - indexes.c.first_id))
            many = (connection.execute(rows).scalar() or 0) > _MANY
        with self._lock:
            if many and self:
                self._reading = threading.Thread(target=self._read, name="search", daemon=True)
                self._reading.start()

    def begin_anew(self) -> None:
        """Some was erased: what was read is let go of."""
        self._memory.reset()
        self.begin()

    def _read(self) -> None:
        try:
            with self._store.read() as connection:
                self._memory.sync(connection)
        except (CaptureError, DatabaseError) as error:  # a search will tell whoever asks
            logger.warning("the library could not be read for searches: %s", error)
