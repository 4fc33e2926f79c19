"""The streams of a session's channels."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from sqlalchemy import Row

from jupyter_capture.engine.routes.live import check_sound, live_segments, transcript_page
from jupyter_capture.engine.routes.watching import range_of
from jupyter_capture.engine.services import Services, services_of
from jupyter_capture.engine.wallclock import media_time, unix_time
from jupyter_capture.errors import ConflictError, InvalidRequestError
from jupyter_capture.wire import Ok
from jupyter_capture.wire.capture import RTStream, StreamAction, kind_of
from jupyter_capture.wire.library import SearchRequest, StreamAnswer
from jupyter_capture.wire.live import TranscriptPage, TranscriptSegment

router = APIRouter(prefix="/rtstream", tags=["rtstream"])
Get = Annotated[Services, Depends(services_of)]


def stream_view(session: Row[Any], row: Row[Any]) -> RTStream:
    kind = kind_of(row.channel_id) or "audio"
    return RTStream(
        id=row.id,
        rtstream_id=row.id,
        name=row.channel_id,
        channel_id=row.category,
        collection_id=session.collection_id,
        session_id=session.id,
        status=row.status,
        store=row.store,
        exported_asset_id=row.exported_asset_id,
        media_types=[kind],
        created_at=row.created_at,
    )


@router.get("")
def listed(
    services: Get,
    collection_id: str | None = None,
    status: str | None = None,
    name: str | None = None,
    limit: Annotated[int | None, Query(ge=1)] = None,
    offset: Annotated[int, Query(ge=0)] = 0,
    ordering: Literal["created_at", "-created_at"] = "-created_at",
) -> Ok[dict[str, list[RTStream]]]:
    """Newest first, unless ``ordering`` is ``created_at``."""
    found = [
        stream_view(session, stream)
        for session in services.records.rows(collection_id)
        for stream in services.records.streams_of(session.id)
        if status in (None, stream.status) and name in (None, stream.channel_id)
    ]
    if ordering == "created_at":
        found.reverse()
    return Ok(data={"results": found[offset:][:limit]})


@router.get("/{rtstream_id}")
def get(rtstream_id: str, services: Get) -> Ok[RTStream]:
    row = services.records.stream(rtstream_id)
    return Ok(data=stream_view(services.records.row(row.session_id), row))


@router.post("/{rtstream_id}/export")
def export(rtstream_id: str, services: Get) -> Ok[dict[str, Any]]:
    """The raw asset of a kept channel."""
    row = services.records.stream(rtstream_id)
    if row.exported_asset_id is None:
        why = "is live only, so nothing of it is kept" if not row.store else "has not stopped yet"
        raise ConflictError(f"{rtstream_id} ({row.channel_id}) {why}: there is nothing to export.")
    asset = services.asset(services.library.asset(row.exported_asset_id))
    return Ok(
        data={
            "video_id": asset.id,
            "stream_url": asset.stream_url,
            "player_url": asset.player_url,
            "name": asset.name,
            "duration": asset.length,
        }
    )


@router.get("/{rtstream_id}/stream")
def stream(rtstream_id: str, start: float, end: float, services: Get) -> Ok[StreamAnswer]:
    """``start`` and ``end`` are Unix seconds."""
    row = services.records.stream(rtstream_id)
    if row.exported_asset_id is None and services.sessions.live(row.session_id) is not None:
        return Ok(data=range_of(services, row, start, end))
    row, session = kept(services, rtstream_id)
    first = media_time(session.wall_clock, start)
    last = media_time(session.wall_clock, end)
    if last <= first:
        begin = session.wall_clock[0][1]
        raise InvalidRequestError(
            f"Nothing was recorded from {start:.0f} to {end:.0f}. The recording runs from Unix "
            f"second {begin:.0f} to {begin + (session.duration or 0):.0f}."
        )
    length = services.library.asset(row.exported_asset_id).length
    shots = [(row.exported_asset_id, first, min(last, length))]
    return Ok(data=services.stream_answer(*services.streams.of_shots(shots)))


@router.get("/{rtstream_id}/transcription")
def transcript(
    rtstream_id: str,
    services: Get,
    page: Annotated[int, Query(ge=1)] = 1,
    page_size: Annotated[int, Query(ge=1, le=1000)] = 100,
    start: float | None = None,
    end: float | None = None,
    since: float | None = None,
) -> Ok[TranscriptPage]:
    """What was said, in Unix seconds: while it is recorded and somebody listens so far, then on a
    kept channel as it was indexed."""
    check_sound(services, rtstream_id)
    segments = live_segments(services, rtstream_id)
    if segments is None:
        row, session = kept(services, rtstream_id)
        segments = [
            TranscriptSegment(
                text=each.text,
                start=unix_time(session.wall_clock, each.start),
                end=unix_time(session.wall_clock, each.end),
            )
            for each in services.finder.segments(row.exported_asset_id)
        ]
    low = max(start or 0.0, since or 0.0)
    return Ok(data=transcript_page(segments, page, page_size, low, end))


@router.post("/{rtstream_id}/search")
def search(rtstream_id: str, request: SearchRequest, services: Get) -> Ok[dict[str, Any]]:
    """Moments in Unix seconds."""
    row, session = kept(services, rtstream_id)
    answer = services.finder.in_asset(services.library.asset(row.exported_asset_id), request)
    found = [
        {
            "rtstream_id": rtstream_id,
            "rtstream_name": row.channel_id,
            "start": unix_time(session.wall_clock, doc.start),
            "end": unix_time(session.wall_clock, doc.end),
            "text": doc.text,
            "score": doc.score,
            "metadata": doc.metadata,
        }
        for hits in answer.results
        for doc in hits.docs
    ]
    return Ok(data={"results": found})


@router.post("/{rtstream_id}/status")
@router.patch("/{rtstream_id}/status")
def switch(rtstream_id: str, request: StreamAction, services: Get) -> Ok[dict[str, str]]:
    """``stop`` has a channel live only from now on, ``start`` keeps it again."""
    row = services.records.stream(rtstream_id)
    services.sessions.set_store(row.session_id, row.channel_id, request.action == "start")
    return Ok(data={"rtstream_id": rtstream_id, "status": row.status})


def kept(services: Services, rtstream_id: str) -> tuple[Row[Any], Row[Any]]:
    row = services.records.stream(rtstream_id)
    session = services.records.row(row.session_id)
    if row.exported_asset_id is None or not session.wall_clock:
        raise ConflictError(f"{rtstream_id} ({row.channel_id}) has no kept recording to look into.")
    return row, session
