"""What a browser records: its page, the link to it, and the websocket of each channel.

The engine lets it in and hands it on to the session's recorder, which keeps count of the chunks,
answers, and does with them as with what any device gives.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import struct
from typing import Annotated

from fastapi import APIRouter, Depends, Request, WebSocket
from fastapi.responses import HTMLResponse
from pydantic import ValidationError

from jupyter_capture.engine.door import SUBPROTOCOL, prefix_of
from jupyter_capture.engine.pages import page_headers, record_page
from jupyter_capture.engine.routes.capture import Mine, mine
from jupyter_capture.engine.services import Services, services_of
from jupyter_capture.errors import CaptureError, ConflictError, UnknownChannelError
from jupyter_capture.wire import Ok
from jupyter_capture.wire.capture import RecordLink, TokenRequest, is_browser
from jupyter_capture.wire.recorder import RecorderSpec, browser_socket

router = APIRouter(tags=["capture"])
Get = Annotated[Services, Depends(services_of)]

_LINK_SECONDS = 12 * 3600
_STARTING = 20.0  # s, for which a session's recorder is waited for
_LISTENING = 5.0
_LOOK = 0.05
_REFUSED = 1008
_TRY_AGAIN = 1013
_ENDED = 1000


@router.get("/record")
def page(request: Request) -> HTMLResponse:
    """The page holds no secret: which session it records, and its token, is after the ``#``."""
    html = record_page(base=prefix_of(request))
    return HTMLResponse(html, headers=page_headers(records=True))


@router.post("/capture/session/{session_id}/record")
def link(session_id: Mine, services: Get) -> Ok[RecordLink]:
    """Where a browser records this session: a page of the engine's own, with a client token."""
    session = services.records.row(session_id)
    asked = TokenRequest(user_id=session.end_user_id, expires_in=_LINK_SECONDS)
    token = services.keys.create("client", asked.user_id or "", asked.expires_in)
    url = f"{services.media_url}/record#session={session_id}&token={token}"
    return Ok(data=RecordLink(record_url=url, expires_in=_LINK_SECONDS))


@router.websocket("/capture/session/{session_id}/browser/{channel_id}")
async def channel(websocket: WebSocket, session_id: str, channel_id: str) -> None:
    services = services_of(websocket)
    offered = websocket.headers.get("sec-websocket-protocol", "")
    await websocket.accept(SUBPROTOCOL if SUBPROTOCOL in offered else None)
    try:
        await asyncio.to_thread(mine, session_id, services, websocket)
        path = await _recorder(services, session_id, channel_id)
        reader, writer = await _line(path)
    except CaptureError as error:
        # In words, which the reason of a close has no room for.
        await websocket.send_json({"type": "over", "message": error.message})
        await websocket.close(_REFUSED)
        return
    except OSError:
        await websocket.close(_TRY_AGAIN)  # it is being started again
        return
    try:
        writer.write(_message(json.dumps({"attach": channel_id}).encode(), b""))
        await _relay(websocket, services, session_id, reader, writer)
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


async def _recorder(services: Services, session_id: str, channel_id: str) -> str:
    """The socket of the session's recorder, waiting for one that is being started."""
    deadline = asyncio.get_running_loop().time() + _STARTING
    while True:
        row = await asyncio.to_thread(services.records.row, session_id)
        if row.status not in ("created", "starting"):
            break
        socket = await asyncio.to_thread(_socket_of, services, session_id)
        if row.status == "starting" and socket is not None:
            break
        if asyncio.get_running_loop().time() > deadline:
            raise ConflictError(f"{session_id} was not started. Start it, then share again.")
        await asyncio.sleep(_LOOK)
    if row.status not in ("starting", "active", "paused"):
        raise ConflictError(f"{session_id} is {row.status}: it does not record any more.")
    known = [each["channel_id"] for each in row.channels]
    if channel_id not in known or not is_browser(channel_id):
        shared = ", ".join(name for name in known if is_browser(name)) or "none"
        raise UnknownChannelError(
            f"{session_id} takes no {channel_id!r} from a browser, but: {shared}."
        )
    socket = await asyncio.to_thread(_socket_of, services, session_id)
    if socket is None:
        raise ConflictError(f"{session_id} has no recorder. Stop it, and record again.")
    return socket


async def _line(path: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A recorder that is being started listens in a moment. Raises OSError."""
    deadline = asyncio.get_running_loop().time() + _LISTENING
    while True:
        try:
            return await asyncio.open_unix_connection(path)
        except (FileNotFoundError, ConnectionRefusedError):
            if asyncio.get_running_loop().time() > deadline:
                raise
        await asyncio.sleep(_LOOK)


def _socket_of(services: Services, session_id: str) -> str | None:
    """None before the recorder listens for browsers."""
    path = services.home.session(session_id) / "spec.json"
    try:
        spec = RecorderSpec.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None
    return browser_socket(spec.socket)


async def _relay(
    websocket: WebSocket,
    services: Services,
    session_id: str,
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
) -> None:
    """Until either side ends. Nothing is kept here: the browser keeps what was not answered."""
    answering = asyncio.create_task(_answer(websocket, reader))
    try:
        while True:
            message = await websocket.receive()
            if message["type"] == "websocket.disconnect":
                if message.get("code") in (1000, 1001):  # it was closed, not cut
                    writer.write(_message(b'{"type": "bye"}', b""))
                    await writer.drain()
                return
            live = services.sessions.live(session_id)
            if live is not None:
                live.attend()
            if (text := message.get("text")) is not None:
                writer.write(_message(text.encode(), b""))
            elif data := message.get("bytes"):
                writer.write(struct.pack(">I", len(data)) + data)
            await writer.drain()
    except OSError:
        pass  # the recorder is gone
    finally:
        answering.cancel()
        await asyncio.gather(answering, return_exceptions=True)


async def _answer(websocket: WebSocket, reader: asyncio.StreamReader) -> None:
    over = False
    with contextlib.suppress(asyncio.IncompleteReadError, OSError):
        while True:
            (length,) = struct.unpack(">I", await reader.readexactly(4))
            text = (await reader.readexactly(length)).decode()
            over = over or json.loads(text)["type"] == "over"
            await websocket.send_text(text)
    with contextlib.suppress(RuntimeError):
        await websocket.close(_ENDED if over else _TRY_AGAIN)


def _message(header: bytes, data: bytes) -> bytes:
    body = struct.pack(">I", len(header)) + header + data
    return struct.pack(">I", len(body)) + body
