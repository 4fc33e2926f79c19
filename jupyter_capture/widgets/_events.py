"""The engine's events for the front ends of a panel, heard in a thread."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

from jupyter_capture.client.websocket import WebSocketConnection
from jupyter_capture.errors import CaptureError

LEASE = 15 * 60.0
"""Seconds after which a view that has not spoken again is taken for a page that was closed."""
PAUSE = 1.0
"""Seconds before the websocket is opened again."""

Event = dict[str, Any]


class Listening:
    """``connect`` makes a websocket, ``tell`` takes its events; both are called in the thread,
    which lives while a view wants something."""

    def __init__(
        self, connect: Callable[[], WebSocketConnection], tell: Callable[[Event], None]
    ) -> None:
        self._connect = connect
        self._tell = tell
        self._wanted: dict[str, tuple[float, frozenset[str]]] = {}
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._end: Callable[[], None] | None = None

    def want(self, view: str, kinds: Iterable[str]) -> None:
        """What a view listens to from now on; nothing ends it."""
        found = frozenset(kinds)
        with self._lock:
            self._wanted.pop(view, None)
            if found:
                self._wanted[view] = (time.monotonic() + LEASE, found)
                if self._thread is None:
                    self._thread = threading.Thread(
                        target=self._run, name="jupyter-capture-events", daemon=True
                    )
                    self._thread.start()
            elif not self._wanted and self._end is not None:
                self._end()

    def close(self) -> None:
        with self._lock:
            self._wanted.clear()
            if self._end is not None:
                self._end()

    def _run(self) -> None:
        asyncio.run(self._listen())

    async def _listen(self) -> None:
        over = asyncio.Event()
        loop = asyncio.get_running_loop()

        def end() -> None:
            with contextlib.suppress(RuntimeError):  # the loop has just ended by itself
                loop.call_soon_threadsafe(over.set)

        with self._lock:
            self._end = end
        while self._goes_on():
            over.clear()
            hearing = asyncio.create_task(self._hear())
            waiting = asyncio.create_task(over.wait())
            await asyncio.wait({hearing, waiting}, return_when=asyncio.FIRST_COMPLETED)
            for task in (hearing, waiting):
                task.cancel()
            await asyncio.gather(hearing, waiting, return_exceptions=True)
            if not over.is_set():
                await asyncio.sleep(PAUSE)

    def _goes_on(self) -> bool:
        with self._lock:
            now = time.monotonic()
            self._wanted = {view: one for view, one in self._wanted.items() if one[0] > now}
            if not self._wanted:
                self._thread = self._end = None
            return bool(self._wanted)

    async def _hear(self) -> None:
        with contextlib.suppress(CaptureError):
            socket = await asyncio.to_thread(self._connect)
            async with socket:
                async for event in socket.receive():
                    if self._is_wanted(event):
                        self._tell(event)

    def _is_wanted(self, event: Event) -> bool:
        kind = str(event.get("channel") or event.get("event") or "")
        with self._lock:
            wanted = {each for _, kinds in self._wanted.values() for each in kinds}
        return any(kind.startswith(each) if each.endswith(".") else kind == each for each in wanted)
