"""What is indexed of an asset, with its vectors: a call of ours alone."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from jupyter_capture.engine.services import Services, services_of
from jupyter_capture.wire import Ok
from jupyter_capture.wire.library import Points

router = APIRouter(tags=["library"])
Get = Annotated[Services, Depends(services_of)]
Most = Annotated[int, Query(ge=1, le=10_000, description="Moments, spread evenly.")]


@router.get("/video/{video_id}/points")
def video(video_id: str, services: Get, most: Most = 2000) -> Ok[Points]:
    return Ok(data=services.points.of(services.library.asset(video_id, "video"), most))


@router.get("/audio/{audio_id}/points")
def audio(audio_id: str, services: Get, most: Most = 2000) -> Ok[Points]:
    return Ok(data=services.points.of(services.library.asset(audio_id, "audio"), most))
