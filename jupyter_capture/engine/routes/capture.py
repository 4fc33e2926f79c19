"""Capture sessions: made, started, stopped, listed, deleted."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends
from sqlalchemy import Row
from starlette.requests import HTTPConnection

from jupyter_capture.engine.door import is_local
from jupyter_capture.engine.ids import now
from jupyter_capture.engine.keys import Caller
from jupyter_capture.engine.routes.rtstream import stream_view
from jupyter_capture.engine.services import Services, services_of
from jupyter_capture.engine.sessions import recorders
from jupyter_capture.errors import ConflictError, ForbiddenError, MediaError, NotFoundError
from jupyter_capture.wire import Ok
from jupyter_capture.wire.capture import (
    DESKTOP,
    Channel,
    ChannelList,
    ExportAnswer,
    Session,
    SessionCreate,
    SessionPage,
    SessionStart,
    SessionStatusAnswer,
    StoredFile,
    StoreSwitch,
    Token,
    TokenRequest,
)
from jupyter_capture.wire.cells import CELLS
from jupyter_capture.wire.recorder import MIX

router = APIRouter(tags=["capture"])
Get = Annotated[Services, Depends(services_of)]


def mine(session_id: str, services: Get, http: HTTPConnection) -> str:
    """The session, if the caller may use it: another end user's is as good as unknown."""
    caller = http.scope.get("caller")
    session = services.records.row(session_id)
    if isinstance(caller, Caller) and caller.user not in (None, session.end_user_id):
        raise NotFoundError(
            f"There is no capture session {session_id!r} for {caller.user!r}. A client token is "
            "good for sessions that were created with its user_id as end_user_id."
        )
    return session_id


Mine = Annotated[str, Depends(mine)]


@router.get("/capture/channels")
def channels(http: HTTPConnection) -> Ok[ChannelList]:
    """What there is on the desktop that the query names (``DISPLAY``, …), else the engine's."""
    return Ok(data=recorders.list_channels(_desktop_of(dict(http.query_params), http)))


@router.post("/capture/session/token")
def token(
    services: Get, request: Annotated[TokenRequest, Body(default_factory=TokenRequest)]
) -> Ok[Token]:
    made = services.keys.create("client", request.user_id or "", request.expires_in)
    expiry = now() + request.expires_in
    return Ok(data=Token(token=made, expires_at=expiry, expires_in=request.expires_in))


@router.post("/capture/session/start")
def start(request: SessionStart, services: Get, http: HTTPConnection) -> Ok[SessionStatusAnswer]:
    mine(request.session_id, services, http)
    if request.callback_url and _is_client(http):
        # It would have the engine call addresses that only this machine reaches.
        raise ForbiddenError(
            "A client token cannot name a callback_url. Name it where the session is created."
        )
    cells = [channel for channel in request.channels if channel.channel_id == CELLS]
    others = [channel for channel in request.channels if channel.channel_id != CELLS]
    desktop = _desktop_of(request.environment, http)
    services.sessions.start(request.model_copy(update={"channels": others, "environment": desktop}))
    for channel in cells:
        services.cells.set_store(request.session_id, channel.store)
    return _status(services, request.session_id)


def _desktop_of(environment: dict[str, str], http: HTTPConnection) -> dict[str, str]:
    """Nobody from elsewhere says where the recorder looks, and nobody what else it is told."""
    if not is_local(http.scope):
        return {}
    return {name: value for name, value in environment.items() if name in DESKTOP}


@router.post("/capture/session/{session_id}/stop")
def stop(session_id: Mine, services: Get) -> Ok[SessionStatusAnswer]:
    services.sessions.stop(session_id)
    return _status(services, session_id)


@router.post("/capture/session/{session_id}/pause")
def pause(session_id: Mine, services: Get) -> Ok[SessionStatusAnswer]:
    services.sessions.pause(session_id)
    return _status(services, session_id)


@router.post("/capture/session/{session_id}/resume")
def resume(session_id: Mine, services: Get) -> Ok[SessionStatusAnswer]:
    services.sessions.resume(session_id)
    return _status(services, session_id)


@router.post("/capture/session/{session_id}/store")
def store(session_id: Mine, request: StoreSwitch, services: Get) -> Ok[StoreSwitch]:
    """Keep a channel from now on, or have it live only; what was live only is a gap."""
    if request.channel_id == CELLS:
        services.cells.set_store(session_id, request.store)
    else:
        services.sessions.set_store(session_id, request.channel_id, request.store)
    return Ok(data=request)


@router.get("/capture/session/{session_id}")
def get_any(session_id: Mine, services: Get, http: HTTPConnection) -> Ok[Session]:
    view = session_view(services, services.records.row(session_id))
    if _is_client(http):
        # Who records for somebody else needs to know neither whom they tell nor where it lies.
        view = view.model_copy(update={"callback_url": None, "storage": []})
    return Ok(data=view)


def _is_client(http: HTTPConnection) -> bool:
    caller = http.scope.get("caller")
    return isinstance(caller, Caller) and caller.role == "client"


@router.delete("/capture/session/{session_id}")
def delete(session_id: str, services: Get) -> Ok[dict[str, str]]:
    services.sessions.delete(session_id)
    return Ok(data={"id": session_id})


@router.post("/collection/{collection_id}/capture/session")
def create(
    collection_id: str,
    services: Get,
    request: Annotated[SessionCreate, Body(default_factory=SessionCreate)],
) -> Ok[Session]:
    services.library.collection(collection_id)
    session_id = services.records.create(collection_id, request)
    return Ok(data=session_view(services, services.records.row(session_id)))


@router.get("/collection/{collection_id}/capture/session")
def listed(collection_id: str, services: Get, status: str | None = None) -> Ok[SessionPage]:
    # The SDK always asks for `default`: an owner's sessions are found under it wherever they are.
    where = None if collection_id == "default" else services.library.collection(collection_id).id
    rows = services.records.rows(where, status)
    return Ok(data=SessionPage(sessions=[session_view(services, row) for row in rows]))


@router.get("/collection/{collection_id}/capture/session/{session_id}")
def get(collection_id: str, session_id: str, services: Get) -> Ok[Session]:
    return Ok(data=session_view(services, services.records.row(session_id)))


@router.post("/collection/{collection_id}/capture/session/{session_id}/export")
def export(
    collection_id: str,
    session_id: str,
    services: Get,
    request: Annotated[dict[str, Any] | None, Body()] = None,
) -> Ok[ExportAnswer]:
    """Export runs by itself at stop; this tells how far it is."""
    row = services.records.row(session_id)
    if row.status in ("created", "failed"):
        raise ConflictError(f"{session_id} is {row.status}: there is nothing to export.")
    if row.status == "stopped" and row.export_status is None:
        raise ConflictError(f"Of {session_id} nothing was kept: there is nothing to export.")
    view = session_view(services, row)
    channel = (request or {}).get("video_channel_id")
    video_id = view.exported_videos.get(channel) if channel else view.exported_video_id
    answer = ExportAnswer(
        session_id=session_id,
        video_channel_id=channel or view.primary_video_channel_id,
        export_status="exported" if video_id else view.export_status or "exporting",
        video_id=video_id,
    )
    if video_id:
        asset = services.asset(services.library.asset(video_id))
        answer.stream_url, answer.player_url = asset.stream_url, asset.player_url
    return Ok(data=answer)


def _status(services: Services, session_id: str) -> Ok[SessionStatusAnswer]:
    status = services.records.row(session_id).status
    return Ok(data=SessionStatusAnswer(session_id=session_id, status=status))


def session_view(services: Services, row: Row[Any]) -> Session:
    """A session as it is answered."""
    streams = [stream_view(row, stream) for stream in services.records.streams_of(row.id)]
    live = services.sessions.live(row.id)
    if live is not None:
        live.attend()
    raw = {
        stream.name: stream.exported_asset_id
        for stream in streams
        if stream.exported_asset_id and stream.media_types == ["video"]
    }
    return Session(
        session_id=row.id,
        collection_id=row.collection_id,
        end_user_id=row.end_user_id,
        status=row.status,
        callback_url=row.callback_url,
        metadata=row.metadata,
        created_at=row.created_at,
        started_at=row.started_at,
        duration=row.duration if row.duration is not None else (live.seconds if live else None),
        channels=[Channel.model_validate(channel) for channel in row.channels],
        primary_video_channel_id=row.primary_video_channel_id,
        export_status=row.export_status,
        exported_video_id=row.exported_video_id,
        exported_videos=raw,
        rtstreams=streams,
        storage=_storage(services, row.id),
        cells=services.cells.state(row.id),
        levels=live.levels if live else {},
        warnings=live.warnings if live else [],
        error=row.error,
    )


def _storage(services: Services, session_id: str) -> list[StoredFile]:
    """What lies on the disk; a track that was deleted with its last asset does not any more."""
    try:
        manifest = services.records.manifest(session_id)
    except MediaError:
        return []
    folder = services.home.session(session_id)
    return [
        StoredFile(channel_id=track.channel_id, path=str(folder / track.id), bytes=track.bytes)
        for track in sorted(
            manifest.tracks if manifest else [], key=lambda track: track.channel_id == MIX
        )
        if (folder / track.id).exists()
    ]
