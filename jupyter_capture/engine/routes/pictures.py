"""Still pictures of a video, as images."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends

from jupyter_capture.engine.library import AssetRow
from jupyter_capture.engine.routes.video import Row
from jupyter_capture.engine.services import Services, services_of
from jupyter_capture.wire import Ok
from jupyter_capture.wire.library import PictureRequest

router = APIRouter(prefix="/video/{video_id}", tags=["video"])
Get = Annotated[Services, Depends(services_of)]


@router.post("/thumbnail")
def at(row: Row, request: PictureRequest, services: Get) -> Ok[dict[str, Any]]:
    """The picture at ``time`` seconds. It is an image from now on, and goes with its video."""
    time = request.time if request.time is not None else request.timestamp or 0.0
    return Ok(data=_told(services, *services.thumbnails.make(row, time, request.width)))


@router.get("/thumbnails")
def all_of(row: Row, services: Get) -> Ok[list[dict[str, Any]]]:
    """Those that were made of it, in order of time."""
    return Ok(data=[_told(services, *found) for found in services.thumbnails.of(row.id)])


def _told(services: Services, row: AssetRow, time: float) -> dict[str, Any]:
    image = services.asset(row)
    return {
        "id": image.id,
        "collection_id": image.collection_id,
        "name": image.name,
        "url": image.url,
        "timestamp": time,
    }
