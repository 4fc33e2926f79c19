"""Events to whoever listens: websockets, by connection id or to all of them."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from jupyter_capture.engine.ids import new_id

_BACKLOG = 1000


class Listener:
    """One websocket. ``queue`` lives in the event loop; a listener that lags loses the oldest.

    ``follows``: the session whose states and levels it gets, whichever websocket that names.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, follows: str | None = None) -> None:
        self.id = new_id("ws")
        self.follows = follows
        self.queue: asyncio.Queue[dict[str, Any]] = asyncio.Queue(_BACKLOG)
        self._loop = loop

    def put(self, event: dict[str, Any]) -> None:
        self._loop.call_soon_threadsafe(self._put, event)

    def _put(self, event: dict[str, Any]) -> None:
        if self.queue.full():
            self.queue.get_nowait()
        self.queue.put_nowait(event)


class Events:
    """Called from any thread."""

    def __init__(self) -> None:
        self._listeners: dict[str, Listener] = {}
        self._lock = threading.Lock()

    @contextmanager
    def listening(self, follows: str | None = None) -> Iterator[Listener]:
        """Within the event loop."""
        listener = Listener(asyncio.get_running_loop(), follows)
        with self._lock:
            self._listeners[listener.id] = listener
        try:
            yield listener
        finally:
            with self._lock:
                del self._listeners[listener.id]

    def publish(
        self, event: dict[str, Any], connection_id: str | None, session_id: str | None = None
    ) -> None:
        """To the connection that was named when the session was made; to all where none was.
        ``session_id``: also to those that follow it."""
        with self._lock:
            listeners = list(self._listeners.values())
        for listener in listeners:
            follows = session_id is not None and listener.follows == session_id
            if follows or connection_id in (None, listener.id):
                listener.put(event)

    def __len__(self) -> int:
        return len(self._listeners)
