"""Websockets: messages, ends and their reasons, both ways."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from jupyter_server.auth.decorator import ws_authenticated
from jupyter_server.base.websocket import WebSocketMixin
from tornado.httputil import HTTPServerRequest
from tornado.routing import PathMatches
from tornado.websocket import WebSocketClosedError, WebSocketHandler

from jupyter_capture.server_extension.handler import Handler, refusing

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection

_UNSAID = (1005, 1006, 1015)
"""Codes that stand for an end without one: they are never sent."""
_FAILED = 1011


class AsksForSocket(PathMatches):
    """Of a path both websockets and others may be asked for; this matches the former."""

    def match(self, request: HTTPServerRequest) -> dict[str, Any] | None:
        if request.headers.get("Upgrade", "").lower() != "websocket":
            return None
        return super().match(request)


class SocketPassage(WebSocketMixin, WebSocketHandler, Handler):
    """The slower side sets the pace. A browser that is cut off is cut off there too, so that the
    engine can tell it from one that has closed."""

    _theirs: ClientConnection | None = None
    _coming: asyncio.Task[None] | None = None

    @ws_authenticated
    async def get(self, *_: str) -> None:
        await self.admit("execute")
        with refusing():
            theirs = self._theirs = await self.engine.socket(self.target())
        try:
            await super().get()  # until the browser is gone, or was none
        finally:
            # Not left to `_come`: one that is cancelled before it began does nothing at all.
            if self._coming is not None:
                self._coming.cancel()
            await self._end(theirs)

    def check_origin(self, origin: str = "") -> bool:
        return Handler.check_origin(self, origin)

    def open(self, *arguments: Any, **more: Any) -> None:
        super().open(*arguments, **more)
        self._coming = asyncio.create_task(self._come())

    async def on_message(self, message: str | bytes) -> None:
        from websockets.exceptions import ConnectionClosed

        if self._theirs is not None:
            with suppress(ConnectionClosed):  # `_come` tells why
                await self._theirs.send(message)

    async def _come(self) -> None:
        theirs = self._theirs
        if theirs is None:
            return
        with suppress(WebSocketClosedError):
            async for message in _messages(theirs):
                await self.write_message(message, binary=isinstance(message, bytes))
            code = theirs.close_code
            if code is None or code in _UNSAID:
                self.close(_FAILED, "The engine broke off. Connect again.")
            else:
                self.close(code, theirs.close_reason)

    async def _end(self, theirs: ClientConnection) -> None:
        if self.close_code is None and theirs.close_code is None:
            theirs.transport.abort()
            return
        code = self.close_code if self.close_code not in (None, *_UNSAID) else None
        await theirs.close(code or 1000, self.close_reason or "")


async def _messages(theirs: ClientConnection) -> AsyncIterator[str | bytes]:
    """Until it ends, however that was."""
    from websockets.exceptions import ConnectionClosed

    with suppress(ConnectionClosed):
        async for message in theirs:
            yield message
