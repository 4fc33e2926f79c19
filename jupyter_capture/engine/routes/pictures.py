"""Still pictures of a video, as images."""

from __future__ import annotations

import hashlib
from typing import Annotated, Any

from fastapi import APIRouter, Depends

from jupyter_capture.engine.library import AssetRow
from jupyter_capture.engine.routes.video import Row
from jupyter_capture.engine.services import Services, services_of
from jupyter_capture.errors import InvalidRequestError
from jupyter_capture.wire import Ok
from jupyter_capture.wire.library import PictureRequest

router = APIRouter(prefix="/video/{video_id}", tags=["video"])
Get = Annotated[Services, Depends(services_of)]
_PICTURES = 10


@router.post("/thumbnail")
def at(row: Row, request: PictureRequest, services: Get) -> Ok[dict[str, Any]]:
    """The picture at ``time`` seconds."""
    _has_picture(row, services)
    time = request.time if request.time is not None else request.timestamp or 0.0
    if time >= row.length:
        raise InvalidRequestError(
            f"{row.id} is {row.length:.2f} s long; {time:g} s is past its end."
        )
    return Ok(data=_image(services, row, time, request.width))


@router.get("/thumbnails")
def all_of(row: Row, services: Get) -> Ok[list[dict[str, Any]]]:
    """Pictures at even distances."""
    _has_picture(row, services)
    times = [row.length * (number + 0.5) / _PICTURES for number in range(_PICTURES)]
    return Ok(data=[_image(services, row, time) for time in times])


def _has_picture(row: AssetRow, services: Services) -> None:
    if not any(track.kind == "video" for track in services.library.tracks_of(row.id)):
        raise InvalidRequestError(f"{row.id} has no picture, only sound.")


def _image(services: Services, row: AssetRow, time: float, width: int = 640) -> dict[str, Any]:
    what = f"{row.id}@{int(time * 1000)}@{width}"
    return {
        "id": f"img-{hashlib.sha256(what.encode()).hexdigest()[:16]}",
        "collection_id": row.collection_id,
        "name": f"{row.name} at {time:.2f} s",
        "url": services.ticketed("thumbnail", what),
        "timestamp": round(time, 3),
    }
