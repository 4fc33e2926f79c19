"""Events to whoever listens: websockets, by connection id or to all of them.

Who follows a session may say which event it got last (``cursor``), and gets what came since: the
latest ones of each session lie in memory while it records, whether what they tell is kept or not.
"""

from __future__ import annotations

import asyncio
import secrets
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from jupyter_capture.engine.ids import new_id

_BACKLOG = 1000
_REMEMBERED = 500
"""Events of a session: those of minutes."""
_OVER = 1000
"""Sessions that are known to be over: what is told of one comes soon after its end, if at all."""
_INSTANT = "levels"
"""Of no interest a moment later."""


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
        self._engine = secrets.token_hex(6)
        self._count = 0
        self._past: dict[str, deque[tuple[int, dict[str, Any]]]] = {}
        self._over: deque[str] = deque(maxlen=_OVER)

    @contextmanager
    def listening(
        self, follows: str | None = None, after: str | None = None
    ) -> Iterator[tuple[Listener, str]]:
        """Within the event loop; a listener, and the cursor of what it has not missed.

        ``after``: the cursor of the last event that it got, of this engine or of one before.
        """
        listener = Listener(asyncio.get_running_loop(), follows)
        with self._lock:
            since = self._count if after is None else self._seen(after)
            if follows is not None:
                for count, event in self._past.get(follows, ()):
                    if count > since:
                        listener._put(event)
            self._listeners[listener.id] = listener
        try:
            yield listener, self._cursor(since)
        finally:
            with self._lock:
                del self._listeners[listener.id]

    def publish(
        self, event: dict[str, Any], connection_id: str | None, session_id: str | None = None
    ) -> None:
        """To the connection that was named when the session was made; to all where none was.
        ``session_id``: also to those that follow it."""
        self.publish_all(event, [connection_id], session_id)

    def publish_all(
        self,
        event: dict[str, Any],
        connection_ids: Sequence[str | None],
        session_id: str | None = None,
    ) -> None:
        """As `publish`, to several connections; to each listener once."""
        with self._lock:
            told = event
            if session_id is not None and event.get("channel", _INSTANT) != _INSTANT:
                told = self._remember(event, session_id)
            for listener in self._listeners.values():
                if session_id is not None and listener.follows == session_id:
                    listener.put(told)
                elif None in connection_ids or listener.id in connection_ids:
                    listener.put(event)

    def forget(self, session_id: str, *, over: bool = False) -> None:
        """A stretch of it is forgotten, or it is ``over``."""
        with self._lock:
            self._past.pop(session_id, None)
            if over and session_id not in self._over:
                self._over.append(session_id)

    def _remember(self, event: dict[str, Any], session_id: str) -> dict[str, Any]:
        self._count += 1
        event = {**event, "cursor": self._cursor(self._count)}
        if session_id not in self._over:
            past = self._past.setdefault(session_id, deque(maxlen=_REMEMBERED))
            past.append((self._count, event))
        return event

    def _cursor(self, count: int) -> str:
        return f"{self._engine}-{count}"

    def _seen(self, cursor: str) -> int:
        """How far who comes with this cursor has got; all is news to who heard another engine."""
        engine, _, count = cursor.partition("-")
        return int(count) if engine == self._engine and count.isdecimal() else 0

    def __len__(self) -> int:
        return len(self._listeners)
