"""The websocket on which events come."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, WebSocket, WebSocketDisconnect

from jupyter_capture.engine.services import Services, services_of
from jupyter_capture.wire import Ok

router = APIRouter(tags=["events"])
Get = Annotated[Services, Depends(services_of)]


@router.get("/collection/{collection_id}/websocket")
def address(collection_id: str, services: Get) -> Ok[dict[str, str]]:
    services.library.collection(collection_id)
    token = services.tickets.issue("events", "all")
    url = services.media_url.replace("http", "ws", 1)
    return Ok(data={"websocket_url": f"{url}/events/{token}"})


@router.websocket("/events/{token}")
async def events(websocket: WebSocket, token: str) -> None:
    services = services_of(websocket)
    services.tickets.check("events", token)
    await websocket.accept()
    with services.events.listening() as listener:
        await websocket.send_json({"connection_id": listener.id})
        try:
            while True:
                await websocket.send_json(await listener.queue.get())
        except WebSocketDisconnect:
            return
