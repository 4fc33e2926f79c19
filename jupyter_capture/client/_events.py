"""A session's events as they happen: over a websocket, or by asking where there is none."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, suppress
from typing import TYPE_CHECKING, Any

from jupyter_capture.client._states import ENDED, ORDER
from jupyter_capture.errors import CaptureError, EngineUnavailableError

if TYPE_CHECKING:
    from jupyter_capture.client.connection import Connection
    from jupyter_capture.client.session import CaptureSession

Event = dict[str, Any]
Receive = Callable[[], AsyncIterator[Event]]

_POLL = 0.2
_QUIET = 5.0
"""Seconds without an event (levels are some) after which the session is asked about."""


async def events_of(connection: Connection, session: CaptureSession) -> AsyncIterator[Event]:
    """Each change of its state, and levels while it records, until it has ended."""
    told = _Told(session)
    async with AsyncExitStack() as stack:
        receive = await _websocket(connection, session, stack)
        while True:
            await asyncio.to_thread(session.refresh)
            for event in told.news(with_levels=receive is None):
                yield event
            if told.ended:
                return
            if receive is None:
                await asyncio.sleep(_POLL)
                continue
            try:
                async for event in _until_quiet(receive()):
                    if told.is_new(event):
                        yield event
                        if told.status in ENDED:
                            break  # an export may follow: the session knows
            except CaptureError:
                receive = None


async def _websocket(
    connection: Connection, session: CaptureSession, stack: AsyncExitStack
) -> Receive | None:
    """None where it cannot be had, as with a client token."""
    with suppress(CaptureError):
        made = await asyncio.to_thread(
            connection.connect_websocket, session.collection_id, session_id=session.id
        )
        socket = await stack.enter_async_context(made)
        return socket.receive
    return None


async def _until_quiet(events: AsyncIterator[Event]) -> AsyncIterator[Event]:
    """Raises EngineUnavailableError where the websocket broke off."""
    while True:
        try:
            yield await asyncio.wait_for(anext(events), _QUIET)
        except TimeoutError:
            return
        except StopAsyncIteration:
            raise EngineUnavailableError("The websocket was closed by the engine.") from None


class _Told:
    """What of a session was told already."""

    def __init__(self, session: CaptureSession) -> None:
        self._session = session
        self.status = ""
        self._levels: dict[str, float] = {}

    def news(self, with_levels: bool) -> Iterator[Event]:
        """As of the session's last `refresh`."""
        session = self._session
        if session.status != self.status:
            self.status = session.status
            yield state_event(session, session.status)
        if with_levels and session.levels and session.levels != self._levels:
            self._levels = session.levels
            yield {"channel": "levels", "capture_session_id": session.id, "data": session.levels}

    def is_new(self, event: Event) -> bool:
        """Whether what came over the websocket is of this session and not told yet."""
        if event.get("capture_session_id") != self._session.id:
            return False
        if event.get("channel") == "levels":
            return True
        status = str(event.get("status") or "")
        named = str(event.get("event") or "").startswith("capture_session.")
        if not named or status == self.status or _rank(status) < _rank(self.status):
            return False
        self.status = status
        return True

    @property
    def ended(self) -> bool:
        return self.status in ENDED and self._session.export_status != "exporting"


def _rank(status: str) -> int:
    """How far a session in this state is; what is in no order comes last."""
    status = "active" if status == "paused" else status
    return ORDER.index(status) if status in ORDER else len(ORDER) if status else -1


def state_event(session: CaptureSession, status: str) -> Event:
    """That a session is, or was, in this state, as its webhook says it."""
    data: dict[str, Any] = {}
    if status == "active":
        data["rtstreams"] = [
            {"rtstream_id": s.id, "name": s.name, "media_types": s.media_types}
            for s in session.rtstreams
        ]
    if status == "exported":
        data["exported_video_id"] = session.exported_video_id
    if session.error and status in ("failed", session.status):
        data["error"] = session.error
    return {
        "event": f"capture_session.{status}",
        "capture_session_id": session.id,
        "status": status,
        "data": data,
    }
