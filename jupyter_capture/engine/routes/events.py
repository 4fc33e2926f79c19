"""The websocket on which events come."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Depends, WebSocket

from jupyter_capture.engine.events import Listener
from jupyter_capture.engine.services import Services, services_of
from jupyter_capture.errors import AuthenticationError
from jupyter_capture.wire import Ok

router = APIRouter(tags=["events"])
Get = Annotated[Services, Depends(services_of)]
_ALL = "all"


@router.get("/collection/{collection_id}/websocket")
def address(collection_id: str, services: Get, session_id: str | None = None) -> Ok[dict[str, str]]:
    """With a ``session_id`` also that session's states and levels, whoever else gets them."""
    services.library.collection(collection_id)
    what = _ALL if session_id is None else services.records.row(session_id).id
    token = services.tickets.issue("events", what)
    url = services.media_url.replace("http", "ws", 1)
    return Ok(data={"websocket_url": f"{url}/events/{token}"})


@router.websocket("/events/{token}")
async def events(websocket: WebSocket, token: str, after: str | None = None) -> None:
    """``after``: the ``cursor`` of the last event that came over the one before, where this one
    follows a session."""
    services = services_of(websocket)
    try:
        what = services.tickets.check("events", token)
    except AuthenticationError as error:
        await websocket.close(1008, error.message[:120])
        return
    await websocket.accept()
    follows = None if what == _ALL else what
    with services.events.listening(follows, after) as (listener, since):
        hello = {"connection_id": listener.id, **({"cursor": since} if follows else {})}
        sender = asyncio.create_task(_send_all(websocket, listener, hello))
        try:
            # What comes in is of no matter, but that it ends is.
            while (await websocket.receive())["type"] != "websocket.disconnect":
                pass
        finally:
            sender.cancel()
            await asyncio.gather(sender, return_exceptions=True)


async def _send_all(websocket: WebSocket, listener: Listener, hello: dict[str, str]) -> None:
    await websocket.send_json(hello)
    while True:
        await websocket.send_json(await listener.queue.get())
