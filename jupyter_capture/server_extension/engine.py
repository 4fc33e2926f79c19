"""The engine as the Jupyter server reaches it: over its Unix socket, started when needed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

from jupyter_capture.client.engine import BASE_URL, Locator, find_or_start, read_locator
from jupyter_capture.errors import (
    CaptureError,
    EngineUnavailableError,
    ForbiddenError,
    NotFoundError,
    from_response,
)
from jupyter_capture.server_extension.passing import LOOKS, SAFE
from jupyter_capture.wire.library import EngineStatus

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection

_LOOKING_SECONDS = 5.0
# What is passed on ends when either side goes: a render or a long download takes its time.
_TIMEOUT = httpx.Timeout(None, connect=10.0)
# One for each request: an engine that has died is noticed before anything is sent to it.
_LIMITS = httpx.Limits(max_connections=None, max_keepalive_connections=0)


class Engine:
    """That of one data folder, for all handlers of one server."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir.absolute()
        self._finding: asyncio.Task[Locator] | None = None
        self._socket = ""
        self._client: httpx.AsyncClient | None = None

    async def send(
        self,
        method: str,
        target: str,
        headers: Mapping[str, str],
        body: AsyncIterator[bytes] | None = None,
    ) -> httpx.Response:
        """The answer, whose body is not read yet: close it. ``target``: path and query.

        Raises EngineUnavailableError, which says why and what to do.
        """
        client = self._client or await self._attach()
        request = _request(method, target, headers, body)
        try:
            return await client.send(request, stream=True)
        except httpx.ConnectError:
            pass  # nothing of it was carried out
        except (httpx.ReadError, httpx.RemoteProtocolError) as error:
            if method not in SAFE:
                raise _broke_off(error) from error
        try:
            client = await self._attach()
            return await client.send(request, stream=True)
        except httpx.TransportError as error:
            raise _broke_off(error) from error

    async def socket(self, target: str) -> ClientConnection:
        """An open websocket. Raises ForbiddenError, NotFoundError, EngineUnavailableError."""
        from websockets.exceptions import InvalidStatus, WebSocketException

        if self._client is None:
            await self._attach()
        try:
            try:
                return await _open_socket(self._socket, target)
            except OSError:
                await self._attach()
                return await _open_socket(self._socket, target)
        except InvalidStatus as error:
            raise _socket_refused(error.response.status_code) from error
        except (OSError, WebSocketException) as error:
            raise _broke_off(error) from error

    async def status(self) -> EngineStatus:
        """What the engine is doing; it is started where none runs. Raises CaptureError."""
        response = await self.send("GET", "/engine", {})
        try:
            await response.aread()
            return _status_of(response)
        except httpx.TransportError as error:
            raise _broke_off(error) from error
        finally:
            await let_go(response)

    async def look(self) -> EngineStatus | None:
        """What the engine is doing, or None. It is neither started nor kept awake by this."""
        locator = await asyncio.to_thread(read_locator, self.data_dir)
        if locator is None:
            return None
        transport = httpx.AsyncHTTPTransport(uds=locator.socket)
        async with httpx.AsyncClient(transport=transport, timeout=_LOOKING_SECONDS) as client:
            try:
                return _status_of(await client.get(f"{BASE_URL}/engine", headers={LOOKS: "1"}))
            except (httpx.TransportError, CaptureError):
                return None

    async def close(self) -> None:
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    async def _attach(self) -> httpx.AsyncClient:
        """A client of an engine that answers; all who wait for one wait for the same."""
        if self._finding is None:
            finding = asyncio.to_thread(find_or_start, self.data_dir)
            self._finding = asyncio.create_task(finding)
            self._finding.add_done_callback(self._found)
        # One who goes away does not take it from the others.
        locator = await asyncio.shield(self._finding)
        if self._client is None or locator.socket != self._socket:
            # The one before, if any, may still be read from: it is closed when it is collected.
            self._socket = locator.socket
            transport = httpx.AsyncHTTPTransport(uds=locator.socket, limits=_LIMITS)
            self._client = httpx.AsyncClient(transport=transport, timeout=_TIMEOUT)
        return self._client

    def _found(self, finding: asyncio.Task[Locator]) -> None:
        self._finding = None
        if not finding.cancelled():
            finding.exception()  # seen, though all who asked may have gone


async def let_go(response: httpx.Response) -> None:
    """Close it, also when whoever does is cancelled meanwhile: httpx would leave it half closed,
    and the engine would go on with an answer that nobody reads."""
    await asyncio.shield(asyncio.ensure_future(response.aclose()))


def _request(
    method: str, target: str, headers: Mapping[str, str], body: AsyncIterator[bytes] | None
) -> httpx.Request:
    # As it came: whatever is quoted in it stays quoted as it is.
    url = httpx.URL(BASE_URL).copy_with(raw_path=target.encode("latin-1"))
    return httpx.Request(method, url, headers=dict(headers), content=body)


async def _open_socket(path: str, target: str) -> ClientConnection:
    from websockets.asyncio.client import unix_connect

    uri = f"{BASE_URL.replace('http', 'ws', 1)}{target}"
    return await unix_connect(path, uri, compression=None, max_size=None, user_agent_header=None)


def _status_of(response: httpx.Response) -> EngineStatus:
    try:
        body = response.json()
        return EngineStatus.model_validate(body["data"])
    except (ValueError, KeyError, TypeError) as error:
        what = "The engine said nothing that can be understood about itself"
        raise from_response(502, None, f"{what} (HTTP {response.status_code}).") from error


def _socket_refused(status: int) -> CaptureError:
    if status in (401, 403):
        return ForbiddenError(
            "The engine refused this websocket. Its address may have expired: ask for a new one."
        )
    if status == 404:
        return NotFoundError("The engine has no websocket of this address.")
    return from_response(status, None, f"The engine refused this websocket (HTTP {status}).")


def _broke_off(error: Exception) -> EngineUnavailableError:
    said = str(error) or type(error).__name__
    return EngineUnavailableError(
        f"The engine broke off ({said}). Look whether it was carried out, then try again; "
        "engine.log in the data folder may say more."
    )
