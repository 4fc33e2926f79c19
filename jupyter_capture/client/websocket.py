"""Events as they happen, over a websocket."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from types import TracebackType
from typing import Any

from jupyter_capture.errors import ConflictError, EngineError, EngineUnavailableError


class WebSocketConnection:
    """``async with connection.connect_websocket() as ws:`` then ``async for event in
    ws.receive():``. Hand ``ws.connection_id`` to a session to get its events."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._socket: Any = None
        self.connection_id: str | None = None

    def __repr__(self) -> str:
        return f"WebSocketConnection(connection_id={self.connection_id})"

    async def connect(self) -> WebSocketConnection:
        from websockets.asyncio.client import connect
        from websockets.exceptions import WebSocketException

        try:
            self._socket = await connect(self._url)
            hello = json.loads(await self._socket.recv())
        except (OSError, WebSocketException, ValueError) as error:
            await self.close()
            raise EngineUnavailableError(
                f"The websocket could not be opened ({error}). Ask for a new one and try again."
            ) from error
        self.connection_id = hello.get("connection_id") if isinstance(hello, dict) else None
        if not self.connection_id:
            await self.close()
            raise EngineError("The websocket's first message holds no connection_id.")
        return self

    async def close(self) -> None:
        if self._socket is not None:
            await self._socket.close()
            self._socket = None

    async def receive(self) -> AsyncIterator[dict[str, Any]]:
        """Events until the connection ends; what is no JSON comes as ``{"raw": …}``.

        Raises EngineUnavailableError where it breaks off.
        """
        from websockets.exceptions import WebSocketException

        try:
            async for message in self._open():
                try:
                    event = json.loads(message)
                except ValueError:
                    event = None
                yield event if isinstance(event, dict) else {"raw": message}
        except (OSError, WebSocketException) as error:
            raise EngineUnavailableError(
                f"The websocket broke off ({error}). Connect again to get what comes next."
            ) from error

    async def send(self, message: dict[str, Any]) -> None:
        await self._open().send(json.dumps(message))

    def _open(self) -> Any:
        if self._socket is None:
            raise ConflictError("The websocket is not connected; use `async with`, or connect().")
        return self._socket

    async def __aenter__(self) -> WebSocketConnection:
        return await self.connect()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()
