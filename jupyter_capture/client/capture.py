"""The client that VideoDB's page records with: async, on top of the sync core."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from typing import Any

from jupyter_capture.client._events import events_of
from jupyter_capture.client.channel import Channels, of_info
from jupyter_capture.client.connection import Connection, connect
from jupyter_capture.client.session import CaptureSession
from jupyter_capture.errors import ConflictError, ForbiddenError, InvalidRequestError

PERMISSIONS = ("microphone", "screen_capture")


class CaptureClient:
    """Records with the engine of this machine: ``client = CaptureClient()``.

    With a ``client_token`` (from `Connection.generate_client_token`) and its server's
    ``base_url`` it records there. A ``connection`` shares one that is open already.
    """

    def __init__(
        self,
        client_token: str | None = None,
        base_url: str | None = None,
        connection: Connection | None = None,
    ) -> None:
        self._own = connection is None
        self._token_only = connection is None and client_token is not None
        if connection is None:
            connection = connect(base_url=base_url, session_token=client_token)
        self.connection = connection
        self._session: CaptureSession | None = None

    def __repr__(self) -> str:
        return f"CaptureClient({self.connection!r})"

    async def list_channels(self) -> Channels:
        """What this machine can record, by sort."""
        found = await asyncio.to_thread(self.connection.get_channels)
        channels = sorted(found.channels, key=lambda info: not info.is_default)
        return Channels([of_info(info, self) for info in channels], found.problems)

    async def start_session(
        self,
        capture_session_id: str,
        channels: Iterable[Any],
        primary_video_channel_id: str | None = None,
        *,
        fps: int | None = None,
        detach: bool = False,
    ) -> CaptureSession:
        """Record; returns once it runs. ``channels`` are dicts as on VideoDB's page
        (``{"name": "mic:default", "store": True}``), `Channel` objects, or names.

        ``store`` is False unless said: then a channel is live only and reaches no file.
        """
        session = CaptureSession(self.connection, capture_session_id, "default")
        if self._token_only:
            session._path = f"capture/session/{session.id}"  # the one that such a token may read
        await asyncio.to_thread(
            session._begin, list(channels), primary_video_channel_id, fps=fps, detach=detach
        )
        self._session = session
        await self._wait(session, "active")
        return session

    async def stop_session(self) -> CaptureSession:
        """Stop; returns once what is kept is exported."""
        session = self._current()
        await asyncio.to_thread(session._end)
        await self._wait(session, "exported")
        return session

    async def pause(self, channel_id: str | None = None) -> None:
        """Pause all channels, or one, which is a gap until `resume`."""
        await asyncio.to_thread(self._current().pause, channel_id)

    async def resume(self, channel_id: str | None = None) -> None:
        await asyncio.to_thread(self._current().resume, channel_id)

    async def forget(self, seconds: float) -> None:
        """Erase the last ``seconds`` of the recording for good; it goes on."""
        await asyncio.to_thread(self._current().forget, seconds)

    async def request_permission(self, kind: str) -> bool:
        """Whether ``kind`` ("microphone" or "screen_capture") can be recorded here."""
        if kind not in PERMISSIONS:
            raise InvalidRequestError(
                f"{kind!r} is no permission; it must be one of {', '.join(PERMISSIONS)}."
            )
        found = await self.list_channels()
        return bool(found.mics if kind == "microphone" else found.displays)

    async def events(self) -> AsyncIterator[dict[str, Any]]:
        """The session's events, until it has ended: each change of its state as
        ``{"event": "capture_session.active", …}``, and levels (dBFS) while it records.

        They come over a websocket; where there is none, as for a client token, the engine is
        asked several times a second.
        """
        async for event in events_of(self.connection, self._current()):
            yield event

    async def shutdown(self) -> None:
        """Let go of the engine. A recording goes on: `stop_session` ends it."""
        if self._own:
            await asyncio.to_thread(self.connection.close)

    async def _wait(self, session: CaptureSession, status: str) -> None:
        try:
            await asyncio.to_thread(session.wait, status)
        except ForbiddenError:
            if not self._token_only:
                raise
            # A client token may start and stop a session, but not read it.

    def _current(self) -> CaptureSession:
        if self._session is None:
            raise ConflictError("No session was started with this client; start_session() first.")
        return self._session
