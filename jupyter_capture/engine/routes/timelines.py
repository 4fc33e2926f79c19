"""Timelines that are kept: a noun of ours alone. VideoDB forgets a timeline once it is a stream."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from jupyter_capture.engine.services import Services, services_of
from jupyter_capture.engine.timelines import playable
from jupyter_capture.wire import Ok
from jupyter_capture.wire.library import StreamAnswer
from jupyter_capture.wire.timeline import KeepRequest, KeptChange, KeptTimeline, TimelinePage

router = APIRouter(prefix="/engine/timelines", tags=["timelines"])
Get = Annotated[Services, Depends(services_of)]
Whole = Annotated[bool, Query(description="Also what is on each of them.")]


@router.get("")
def every(services: Get, whole: Whole = False) -> Ok[TimelinePage]:
    """Those changed last come first."""
    return Ok(data=TimelinePage(timelines=services.timelines.all(whole=whole)))


@router.post("")
def keep(request: KeepRequest, services: Get) -> Ok[KeptTimeline]:
    return Ok(data=services.timelines.keep(request.name, request.timeline))


@router.get("/{timeline_id}")
def one(timeline_id: str, services: Get) -> Ok[KeptTimeline]:
    return Ok(data=services.timelines.get(timeline_id))


@router.patch("/{timeline_id}")
def change(timeline_id: str, request: KeptChange, services: Get) -> Ok[KeptTimeline]:
    """A new name, another timeline in its place, or both."""
    return Ok(data=services.timelines.change(timeline_id, request))


@router.delete("/{timeline_id}")
def delete(timeline_id: str, services: Get) -> Ok[dict[str, str]]:
    services.timelines.delete(timeline_id)
    return Ok(data={"id": timeline_id})


@router.post("/{timeline_id}/stream")
def stream(timeline_id: str, services: Get) -> Ok[StreamAnswer]:
    """As ``POST /editor`` answers. What is missing is named."""
    timeline = playable(services.timelines.get(timeline_id))
    return Ok(data=services.stream_answer(*services.streams.of_timeline(timeline)))
