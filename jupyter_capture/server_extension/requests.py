"""HTTP: a request goes to the engine and its answer comes back, both as streams."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import httpx
from tornado.iostream import StreamClosedError
from tornado.web import HTTPError, authenticated, stream_request_body

from jupyter_capture.errors import TooLargeError
from jupyter_capture.server_extension.engine import Engine, let_go
from jupyter_capture.server_extension.handler import Handler, Refused, refusing
from jupyter_capture.server_extension.passing import headers_down, headers_up, is_use

_ENVELOPE = 1 << 20
"""Bytes that a form may have around the largest file."""


@stream_request_body
class Passage(Handler):
    """Nothing is buffered: the slower side sets the pace, and who leaves is told to the other.

    ``largest``: bytes of the largest upload.
    """

    def initialize(self, engine: Engine, largest: int = 0) -> None:
        super().initialize(engine)
        self._largest = largest
        self._body: asyncio.Queue[bytes] = asyncio.Queue(1)
        self._refusal: HTTPError | None = None
        self._opening: asyncio.Task[httpx.Response] | None = None
        self._answering: asyncio.Task[None] | None = None

    async def prepare(self) -> None:  # type: ignore[override]
        try:
            await super().prepare()
            if not self._finished and self.current_user is not None:
                await self._begin()
        except HTTPError as refusal:
            # Said by `get`: who is cut off while it still sends may not read why.
            self._refusal = refusal
            if refusal.status_code == TooLargeError.status:
                raise

    async def data_received(self, chunk: bytes) -> None:
        await self._give(chunk)

    @authenticated
    async def get(self, *_: str) -> None:
        if self._refusal is not None:
            raise self._refusal
        if self.is_page():
            self.xsrf_token  # noqa: B018  sets the cookie with which the page may change something
        await self._give(b"")
        self._answering = asyncio.create_task(self._answer())
        # Who has gone gets no answer.
        with suppress(asyncio.CancelledError, StreamClosedError):
            await self._answering

    head = post = put = patch = delete = get

    def on_connection_close(self) -> None:
        super().on_connection_close()
        for task in (self._opening, self._answering):
            if task is not None:
                task.cancel()

    async def _begin(self) -> None:
        await self.admit()
        length = self.request.headers.get("Content-Length", "")
        if length.isdecimal() and int(length) > self._largest + _ENVELOPE:
            said = f"That is more than {self._largest // 1_000_000} MB, the largest upload here."
            raise Refused(TooLargeError(said))
        target = self.target()
        method = self.request.method or "GET"
        if is_use(method, target):
            self.used()
        self.request.connection.set_max_body_size(self._largest + _ENVELOPE)  # type: ignore[union-attr]
        self._opening = asyncio.create_task(self._open(method, target))

    async def _open(self, method: str, target: str) -> httpx.Response:
        sent = self.request.headers
        has_body = "Transfer-Encoding" in sent or sent.get("Content-Length", "0") != "0"
        body = self._sent() if has_body else None
        # The engine has no HEAD: what it would say is what it says of a GET.
        asked = "GET" if method == "HEAD" else method
        with refusing():
            return await self.engine.send(asked, target, headers_up(sent, self.prefix), body)

    async def _sent(self) -> AsyncIterator[bytes]:
        while chunk := await self._body.get():
            yield chunk

    async def _give(self, chunk: bytes) -> None:
        """Waits until the engine takes it; what it does not want any more is let go."""
        if self._opening is None:
            return
        putting = asyncio.ensure_future(self._body.put(chunk))
        await asyncio.wait((putting, self._opening), return_when=asyncio.FIRST_COMPLETED)
        putting.cancel()

    async def _answer(self) -> None:
        if self._opening is None:
            return
        response = await self._opening
        try:
            self._tell(response)
            await self.flush()
            if self.request.method != "HEAD":
                async for chunk in response.aiter_raw():
                    self.write(chunk)
                    await self.flush()
            await self.finish()
        except httpx.TransportError as error:
            self.log.warning("jupyter_capture: the engine broke off an answer: %s", error)
            self.detach().close()  # an end would say that this was all
        finally:
            await let_go(response)

    def _tell(self, response: httpx.Response) -> None:
        self.set_status(response.status_code)
        self.clear_header("Content-Type")
        for name, value in headers_down(response.headers.multi_items()):
            self.set_header(name, value)
