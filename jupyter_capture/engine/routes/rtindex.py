"""Indexes of a session's stream: what is said or seen on it, and on a kept one, once it has
stopped, what was."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Query, Request

from jupyter_capture.engine.routes._scenes import record
from jupyter_capture.engine.routes._screen import read_screen
from jupyter_capture.engine.routes._words import words_index
from jupyter_capture.engine.routes.live import (
    create_live_index,
    live_index,
    live_index_view,
    live_segments,
    scene_page,
    switch_live_index,
)
from jupyter_capture.engine.routes.rtstream import kept
from jupyter_capture.engine.routes.status import ticket_for
from jupyter_capture.engine.screen import check_installed
from jupyter_capture.engine.services import Services, services_of
from jupyter_capture.engine.wallclock import unix_time
from jupyter_capture.errors import InvalidRequestError
from jupyter_capture.wire import Ok, Processing
from jupyter_capture.wire.capture import StreamAction, StreamIndexRequest, kind_of
from jupyter_capture.wire.library import SearchRequest
from jupyter_capture.wire.live import LiveIndex, ScenePage

router = APIRouter(prefix="/rtstream", tags=["rtstream"])
Get = Annotated[Services, Depends(services_of)]
View = dict[str, Any]


@router.post("/collection/{collection_id}/search")
def search_collection(collection_id: str, request: SearchRequest, services: Get) -> Ok[View]:
    """The kept streams of all sessions of a collection; moments in Unix seconds."""
    answer = services.finder.in_collection(collection_id, request)
    by_session = {
        (session.id, row.channel_id): (row, session)
        for session in services.records.rows(collection_id)
        for row in services.records.streams_of(session.id)
    }
    found = []
    for hits in answer.results:
        asset = services.library.asset(hits.video_id)
        for doc in hits.docs:
            row, session = by_session.get(
                (asset.session_id, doc.metadata.get("channel")), (None, None)
            )
            if row is not None and session is not None and session.wall_clock:
                found.append(
                    {
                        "rtstream_id": row.id,
                        "rtstream_name": row.channel_id,
                        "start": unix_time(session.wall_clock, doc.start),
                        "end": unix_time(session.wall_clock, doc.end),
                        "text": doc.text,
                        "score": doc.score,
                        "metadata": doc.metadata,
                    }
                )
    return Ok(data={"results": found})


@router.post("/{rtstream_id}/index/scene", response_model=None)
def create(
    rtstream_id: str,
    services: Get,
    http: Request,
    request: Annotated[StreamIndexRequest, Body(default_factory=StreamIndexRequest)],
) -> Processing | Ok[View] | Ok[LiveIndex]:
    """An index of what is said, or of what is written on the screen; live, or of what was kept."""
    row = services.records.stream(rtstream_id)
    heard = request.extraction_type == "transcript"
    kind = kind_of(row.channel_id)
    if heard and kind != "audio":
        raise InvalidRequestError(
            f"{rtstream_id} ({row.channel_id}) has no sound, so there are no spoken words to "
            "index. The microphone's stream has."
        )
    if not heard and kind != "video":
        raise InvalidRequestError(
            f"{rtstream_id} ({row.channel_id}) has no picture, so there is no text to read on it. "
            "The display's stream has; index_spoken_words() indexes what is said on this one."
        )
    if not heard:
        check_installed()
    if row.exported_asset_id is None:
        return Ok(data=create_live_index(services, rtstream_id, request))
    kept(services, rtstream_id)
    asset = services.library.asset(row.exported_asset_id)
    done = services.finder.is_indexed(asset.id) if heard else services.finder.screen_index(asset)
    if done:
        return Ok(data=words_index(services, rtstream_id))
    if not heard:
        return read_screen(services, asset, http, rtstream_id=rtstream_id)
    args = {"asset_id": asset.id, "rtstream_id": rtstream_id}
    return ticket_for(http, services.jobs.submit("index", f"index:{rtstream_id}", args))


@router.get("/{rtstream_id}/index/scene")
def listed(rtstream_id: str, services: Get) -> Ok[dict[str, list[View | LiveIndex]]]:
    row = services.records.stream(rtstream_id)
    indexed = False
    if row.exported_asset_id is not None:
        asset = services.library.asset(row.exported_asset_id)
        indexed = services.finder.is_indexed(asset.id) or bool(services.finder.screen_index(asset))
    live = services.alerts.records.indexes(rtstream_id)
    found: list[View | LiveIndex] = [live_index_view(services, each) for each in live]
    return Ok(
        data={"scene_indexes": [*found, words_index(services, rtstream_id)] if indexed else found}
    )


@router.get("/{rtstream_id}/index/scene/{index_id}")
def records(
    rtstream_id: str,
    index_id: str,
    services: Get,
    start: float | None = None,
    end: float | None = None,
    page: Annotated[int, Query(ge=1)] = 1,
    page_size: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> Ok[View] | Ok[ScenePage]:
    """What was said or seen, in Unix seconds."""
    if live_index(services, rtstream_id, index_id) is not None:
        said = live_segments(services, rtstream_id)
        if said is not None:
            return Ok(data=scene_page(said, page, page_size, start, end))
        index_id = words_index(services, rtstream_id)["rtstream_index_id"]
    words_index(services, rtstream_id, index_id)
    _, session = kept(services, rtstream_id)
    found = [
        {
            "start": unix_time(session.wall_clock, each.start),
            "end": unix_time(session.wall_clock, each.end),
            "description": each.text,
            "metadata": record(each).metadata,
        }
        for each in services.finder.records(index_id)
    ]
    wanted = [
        each
        for each in found
        if (start is None or each["end"] > start) and (end is None or each["start"] < end)
    ]
    first = (page - 1) * page_size
    return Ok(
        data={
            "scene_index_records": wanted[first : first + page_size],
            "next_page": first + page_size < len(wanted),
        }
    )


@router.patch("/{rtstream_id}/index/scene/{index_id}/status")
def switch(
    rtstream_id: str, index_id: str, request: StreamAction, services: Get
) -> Ok[View] | Ok[LiveIndex]:
    """An index of a stream that has stopped is complete: there is nothing to start or stop."""
    live = live_index(services, rtstream_id, index_id)
    if live is not None:
        return Ok(data=switch_live_index(services, live, request))
    return Ok(data=words_index(services, rtstream_id, index_id))


@router.get("/{rtstream_id}/index/{index_id}")
def get(rtstream_id: str, index_id: str, services: Get) -> Ok[View] | Ok[LiveIndex]:
    live = live_index(services, rtstream_id, index_id)
    if live is not None:
        return Ok(data=live_index_view(services, live))
    return Ok(data=words_index(services, rtstream_id, index_id))
