"""What is said while it is recorded: transcripts, the indexes made of them, events, alerts."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from sqlalchemy import Row

from jupyter_capture.engine.ids import now
from jupyter_capture.engine.routes._scenes import READS_TEXT
from jupyter_capture.engine.routes._words import words_index
from jupyter_capture.engine.services import Services, services_of
from jupyter_capture.errors import ConflictError, InvalidRequestError
from jupyter_capture.wire import Ok
from jupyter_capture.wire.capture import StreamAction, StreamIndexRequest, kind_of
from jupyter_capture.wire.live import (
    Alert,
    AlertCreate,
    AlertEvent,
    AlertSwitch,
    EventCreate,
    LiveIndex,
    ScenePage,
    SceneRecord,
    TranscriptAction,
    TranscriptPage,
    TranscriptSegment,
    TranscriptStatus,
)

router = APIRouter(prefix="/rtstream", tags=["rtstream"])
Get = Annotated[Services, Depends(services_of)]

_VERBATIM = (
    "Records hold what was said, sentence by sentence: prompts, models and batches need a language "
    "model, which this engine does not bring. An alert's event may be described in words."
)


@router.post("/event")
def create_event(request: EventCreate, services: Get) -> Ok[dict[str, str]]:
    return Ok(data={"event_id": services.alerts.records.add_event(request)})


@router.get("/event")
def events(services: Get) -> Ok[dict[str, list[AlertEvent]]]:
    found = [
        AlertEvent(event_id=row.id, event_prompt=row.prompt, label=row.label)
        for row in services.alerts.records.events()
    ]
    return Ok(data={"events": found})


@router.post("/{rtstream_id}/transcription")
def switch_transcript(
    rtstream_id: str, request: TranscriptAction, services: Get
) -> Ok[TranscriptStatus]:
    """Words go to the websocket that is named, else to the session's, else to all. ``start``
    returns once every word from now on is heard, ``stop`` once all words until now are told."""
    if request.action == "start":
        listen(services, rtstream_id, request.ws_connection_id)
    else:
        services.records.stream(rtstream_id)
        services.live.stop(rtstream_id)
    running = services.live.running(rtstream_id)
    return Ok(
        data=TranscriptStatus(
            rtstream_id=rtstream_id,
            status="running" if running else "stopped",
            engine=services.settings.speech_model,
            updated_at=now(),
        )
    )


@router.post("/{rtstream_id}/index/{index_id}/alert")
def create_alert(
    rtstream_id: str, index_id: str, request: AlertCreate, services: Get
) -> Ok[dict[str, str]]:
    records = services.alerts.records
    records.event(request.event_id)
    _alertable(services, rtstream_id, index_id)
    alert_id = records.add_alert(index_id, request)
    services.alerts.warm()
    return Ok(data={"alert_id": alert_id})


@router.get("/{rtstream_id}/index/{index_id}/alert")
def alerts(rtstream_id: str, index_id: str, services: Get) -> Ok[dict[str, list[Alert]]]:
    if live_index(services, rtstream_id, index_id) is None:
        words_index(services, rtstream_id, index_id)
    found = [
        Alert(
            alert_id=row.id,
            event_id=row.event_id,
            prompt=row.prompt,
            label=row.label,
            callback_url=row.callback_url,
            status=row.status,
        )
        for row in services.alerts.records.alerts(index_id)
    ]
    return Ok(data={"alerts": found})


@router.patch("/{rtstream_id}/index/{index_id}/alert/{alert_id}/status")
def switch_alert(
    rtstream_id: str, index_id: str, alert_id: str, request: AlertSwitch, services: Get
) -> Ok[dict[str, str]]:
    _alertable(services, rtstream_id, index_id)
    services.alerts.records.switch_alert(index_id, alert_id, request.status)
    return Ok(data={"alert_id": alert_id, "status": request.status})


# -- for the routes of streams and of their indexes


def listen(services: Services, rtstream_id: str, to: str | None) -> None:
    """Raises InvalidRequestError without sound, ConflictError where nothing is recorded."""
    check_sound(services, rtstream_id)
    attend(services, rtstream_id, to)


def check_sound(services: Services, rtstream_id: str) -> None:
    """Raises InvalidRequestError without sound."""
    row = services.records.stream(rtstream_id)
    if kind_of(row.channel_id) != "audio":
        raise InvalidRequestError(
            f"{rtstream_id} ({row.channel_id}) has no sound, so nothing is said on it. The "
            "microphone's stream has."
        )


def attend(services: Services, rtstream_id: str, to: str | None) -> None:
    """To what is said on a channel, or written on a screen. Raises ConflictError where nothing is
    recorded."""
    row = services.records.stream(rtstream_id)
    session = services.records.row(row.session_id)
    if services.sessions.live(session.id) is None:
        raise ConflictError(
            f"{session.id} is {session.status} and does not record: nothing is said live. "
            "index_spoken_words() and index_screen_text() find what a kept channel holds once it "
            "is exported."
        )
    services.live.start(rtstream_id, row.channel_id, session.id, session.ws_connection_id, to)


def live_segments(services: Services, rtstream_id: str) -> list[TranscriptSegment] | None:
    """What was said so far; None where nobody listens, or the session has ended."""
    row = services.records.stream(rtstream_id)
    if services.sessions.live(row.session_id) is None:
        return None
    found = services.live.finals(rtstream_id)
    if found is None:
        return None
    return [
        TranscriptSegment(text=each.text, start=round(each.start, 3), end=round(each.end, 3))
        for each in found
    ]


def transcript_page(
    segments: list[TranscriptSegment],
    page: int,
    page_size: int,
    start: float | None,
    end: float | None,
) -> TranscriptPage:
    wanted = _within(segments, start, end)
    first = (page - 1) * page_size
    return TranscriptPage(
        segments=wanted[first : first + page_size],
        total_count=len(wanted),
        page=page,
        page_size=page_size,
        has_next=first + page_size < len(wanted),
    )


def create_live_index(
    services: Services, rtstream_id: str, request: StreamIndexRequest
) -> LiveIndex:
    attend(services, rtstream_id, request.ws_connection_id)
    row = services.alerts.records.add_index(rtstream_id, request)
    view = live_index_view(services, row)
    if request.extraction_type != "transcript":
        view.warnings.append(READS_TEXT)
    elif request.prompt or request.extraction_config:
        view.warnings.append(_VERBATIM)
    return view


def live_index(services: Services, rtstream_id: str, index_id: str) -> Row[Any] | None:
    services.records.stream(rtstream_id)
    found = services.alerts.records.indexes(rtstream_id)
    return next((row for row in found if row.id == index_id), None)


def live_index_view(services: Services, row: Row[Any]) -> LiveIndex:
    connected = row.status == "connected" and services.live.running(row.rtstream_id)
    return LiveIndex(
        rtstream_index_id=row.id,
        rtstream_id=row.rtstream_id,
        extraction_type=row.extraction_type,
        extraction_config=row.extraction_config,
        prompt=row.prompt,
        name=row.name,
        status="connected" if connected else "stopped",
    )


def switch_live_index(services: Services, row: Row[Any], request: StreamAction) -> LiveIndex:
    """A transcript goes on when an index stops: others may read it. A screen is not looked at for
    nobody."""
    if request.action == "start":
        attend(services, row.rtstream_id, row.ws_connection_id)
    status = "connected" if request.action == "start" else "stopped"
    services.alerts.records.switch_index(row.id, status)
    others = services.alerts.records.indexes(row.rtstream_id)
    is_screen = row.extraction_type != "transcript"
    if is_screen and not any(one.status == "connected" for one in others):
        services.live.stop(row.rtstream_id)
    changed = live_index(services, row.rtstream_id, row.id)
    return live_index_view(services, row if changed is None else changed)


def scene_page(
    segments: list[TranscriptSegment],
    page: int,
    page_size: int,
    start: float | None,
    end: float | None,
) -> ScenePage:
    found = transcript_page(segments, page, page_size, start, end)
    return ScenePage(
        scene_index_records=[
            SceneRecord(start=each.start, end=each.end, text=each.text, description=each.text)
            for each in found.segments
        ],
        next_page=found.has_next,
    )


def _within(
    segments: list[TranscriptSegment], start: float | None, end: float | None
) -> list[TranscriptSegment]:
    return [
        each
        for each in segments
        if (start is None or each.end > start) and (end is None or each.start < end)
    ]


def _alertable(services: Services, rtstream_id: str, index_id: str) -> None:
    if live_index(services, rtstream_id, index_id) is None:
        words_index(services, rtstream_id, index_id)
        raise ConflictError(
            f"{index_id} was made after the recording stopped, so nothing will be said on it any "
            "more. Make an index with index_audio() while it records, and alerts of that one."
        )
