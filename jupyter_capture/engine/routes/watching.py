"""Watching what is still recorded: streams that grow until the recording stops."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from sqlalchemy import Row

from jupyter_capture.engine.services import Services, services_of
from jupyter_capture.engine.wallclock import media_time
from jupyter_capture.errors import InvalidRequestError
from jupyter_capture.wire import Ok
from jupyter_capture.wire.library import StreamAnswer

router = APIRouter(prefix="/capture/session", tags=["capture"])
Get = Annotated[Services, Depends(services_of)]

LONGEST_SECONDS = 12 * 3600.0
"""For so long the address of a running session's stream serves."""


@router.get("/{session_id}/stream")
def stream(session_id: str, services: Get) -> Ok[StreamAnswer]:
    """What a session keeps, muxed: from its beginning on while it records, then all of it."""
    session = services.records.row(session_id)
    if session.exported_video_id is not None:
        length = services.library.asset(session.exported_video_id).length
        shots = [(session.exported_video_id, 0.0, length)]
        return Ok(data=services.stream_answer(*services.streams.of_shots(shots)))
    stream_id = services.streams.of_session(session_id)
    return Ok(data=services.stream_answer(stream_id, LONGEST_SECONDS))


def range_of(services: Services, row: Row[Any], start: float, end: float) -> StreamAnswer:
    """A stretch (Unix seconds) of a kept channel that is still recorded. What of it lies ahead
    comes as it is recorded."""
    clock = services.streams.wall_clock(row.session_id, row.channel_id)
    first, last = media_time(clock, start), media_time(clock, end)
    if not first < last:
        raise InvalidRequestError(
            f"Nothing was recorded from {start:.0f} to {end:.0f}. The recording runs since Unix "
            f"second {clock[0][1]:.0f}, without its pauses."
        )
    stream_id = services.streams.of_session(row.session_id, row.channel_id, first, last)
    return services.stream_answer(stream_id, LONGEST_SECONDS)
