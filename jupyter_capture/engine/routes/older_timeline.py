"""VideoDB's older timeline, which is told to the newer one."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends

from jupyter_capture.engine.services import Services, services_of
from jupyter_capture.errors import InvalidRequestError
from jupyter_capture.media.older import Known, newer, shot_of
from jupyter_capture.wire import Ok
from jupyter_capture.wire.library import StreamAnswer
from jupyter_capture.wire.timeline import OldTimeline

router = APIRouter(tags=["editor"])
Get = Annotated[Services, Depends(services_of)]


@router.post("/timeline")
def compile(request: OldTimeline, services: Get) -> Ok[StreamAnswer]:
    if request.request_type != "compile":
        raise InvalidRequestError('The only request_type of a timeline is "compile".')

    def find(asset_id: str, kind: str) -> Known:
        asset = services.asset(services.library.asset(asset_id, kind))
        return Known(asset.id, asset.length, asset.width, asset.height)

    if all(asset.overlay_start is None for asset in request.timeline):
        shots = [shot_of(asset, "video", find) for asset in request.timeline]
        cuts = [(found.id, start, end) for found, start, end in shots]
        return Ok(data=services.stream_answer(*services.streams.of_shots(cuts)))
    timeline, warnings = newer(request.timeline, find)
    stream_id, seconds, more = services.streams.of_timeline(timeline)
    return Ok(data=services.stream_answer(stream_id, seconds, [*warnings, *more]))
