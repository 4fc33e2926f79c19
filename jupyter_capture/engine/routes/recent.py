"""A search in what was said so far, while it is recorded. Live-only channels are left out."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends

from jupyter_capture.engine.routes.capture import mine
from jupyter_capture.engine.search.live import Told
from jupyter_capture.engine.services import Services, services_of
from jupyter_capture.engine.transcribe.heard import so_far
from jupyter_capture.engine.wallclock import media_time
from jupyter_capture.errors import ConflictError, InvalidRequestError
from jupyter_capture.wire import Ok
from jupyter_capture.wire.capture import kind_of
from jupyter_capture.wire.cells import CELLS
from jupyter_capture.wire.library import SearchMode, SearchRequest
from jupyter_capture.wire.moment import Moment, Moments

router = APIRouter(tags=["capture"])
Get = Annotated[Services, Depends(services_of)]
Mine = Annotated[str, Depends(mine)]

_MODES: dict[str, SearchMode] = {
    "hybrid": "hybrid",
    "semantic": "semantic",
    "keyword": "keyword",
}
_HITS = 10


@router.post("/capture/session/{session_id}/listen")
def listen(session_id: Mine, services: Get) -> Ok[Moments]:
    """Have the kept sound transcribed as it comes, from now on, so that it can be searched."""
    session = services.records.row(session_id)
    for stream in services.records.streams_of(session_id):
        heard = stream.store and kind_of(stream.channel_id) == "audio"
        if heard and not services.live.running(stream.id):
            to = session.ws_connection_id
            services.live.start(stream.id, stream.channel_id, session_id, to)
            services.recent.began(session_id, stream.channel_id)
    return Ok(data=Moments(listening=_listening(services, session_id)))


@router.post("/capture/session/{session_id}/search")
def search(session_id: Mine, request: SearchRequest, services: Get) -> Ok[Moments]:
    """What was said since `listen`, what was transcribed of the time before, and the kept cells
    that ran. Raises ConflictError where it does not record (any more): then its video is
    searched."""
    status = services.records.row(session_id).status
    if status not in ("active", "paused"):
        raise ConflictError(f"{session_id} is {status}: search its video instead.")
    asked = request.mode or "hybrid"
    if asked not in _MODES:
        raise InvalidRequestError(
            f"The search mode {asked!r} is not known. Use hybrid, semantic or keyword."
        )
    hits = services.recent.search(
        session_id,
        [
            *_before(services, session_id),
            *_said(services, session_id),
            *_ran(services, session_id),
        ],
        request.query,
        _MODES[asked],
        request.top_k or _HITS,
    )
    moments = [
        Moment(start=hit.start, end=hit.end, text=hit.text, score=hit.score, channel=hit.channel_id)
        for hit in hits
    ]
    return Ok(data=Moments(moments=moments, listening=_listening(services, session_id)))


def _said(services: Services, session_id: str) -> list[Told]:
    wall = _wall(services, session_id)
    streams = services.records.streams_of(session_id)
    found = [(stream.channel_id, services.live.finals(stream.id) or []) for stream in streams]
    return [
        Told(channel, media_time(wall, final.start), media_time(wall, final.end), final.text)
        for channel, finals in found
        for final in finals
        if final.kept and final.text.strip()
    ]


def _before(services: Services, session_id: str) -> list[Told]:
    """What was said on kept channels while nobody listened yet, as far as it is transcribed."""
    manifest = services.records.manifest(session_id)
    if manifest is None:
        return []
    listened = {
        channel: media_time(manifest.wall_clock, unix)
        for channel, unix in services.recent.since(session_id).items()
    }
    found = so_far(services.home.session(session_id))
    return [
        Told(track.channel_id, each.start, each.end, each.text, each.words)
        for track in manifest.tracks
        for each in found.get(track.id, ())
        if each.end <= listened.get(track.channel_id, each.end)
    ]


def _ran(services: Services, session_id: str) -> list[Told]:
    found = services.cells.page(session_id).cells
    return [Told(CELLS, cell.start, cell.end, cell.code) for cell in found if cell.code.strip()]


def _listening(services: Services, session_id: str) -> dict[str, float]:
    wall = _wall(services, session_id)
    since = services.recent.since(session_id)
    return {
        stream.channel_id: round(media_time(wall, since[stream.channel_id]), 1)
        for stream in services.records.streams_of(session_id)
        if stream.channel_id in since and services.live.running(stream.id)
    }


def _wall(services: Services, session_id: str) -> list[tuple[float, float]]:
    manifest = services.records.manifest(session_id)
    return manifest.wall_clock if manifest else []
