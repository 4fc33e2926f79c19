"""The life of a recording: created → starting → active → stopping → stopped → exported, or failed.

Each change is stored, together with its webhook, before it is announced.
"""

from __future__ import annotations

import logging
import shutil
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, delete, select

from jupyter_capture.engine import recorders
from jupyter_capture.engine.events import Events
from jupyter_capture.engine.export import Exported, export, settle
from jupyter_capture.engine.home import Home
from jupyter_capture.engine.ids import new_id, now
from jupyter_capture.engine.index import delete_index
from jupyter_capture.engine.schema import asset_tracks, assets, rtstreams, sessions, tracks
from jupyter_capture.engine.schema import deliveries as delivery_rows
from jupyter_capture.engine.store import Store
from jupyter_capture.engine.webhooks import Webhooks, check_callback_url, enqueue
from jupyter_capture.errors import (
    CaptureError,
    ConflictError,
    DeviceError,
    InvalidRequestError,
    NotFoundError,
    UnknownChannelError,
    from_response,
)
from jupyter_capture.settings import Settings, private_dir
from jupyter_capture.wire.capture import (
    Channel,
    ChannelRequest,
    SessionCreate,
    SessionEvent,
    SessionStart,
    SessionStatus,
    category_of,
    kind_of,
)
from jupyter_capture.wire.recorder import Command, Manifest, RecorderSpec, Report

logger = logging.getLogger(__name__)

RUNNING = ("starting", "active", "paused", "stopping")
START_SECONDS = 20.0
STOP_SECONDS = 30.0


@dataclass
class Live:
    """What is known of a running session and stored nowhere."""

    link: recorders.Link
    settled: threading.Event = field(default_factory=threading.Event)  # active, or it ended
    ended: threading.Event = field(default_factory=threading.Event)
    error: CaptureError | None = None
    levels: dict[str, float] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    seconds: float | None = None


class Sessions:
    def __init__(
        self,
        store: Store,
        home: Home,
        settings: Settings,
        events: Events,
        webhooks: Webhooks,
        urls: Any,
    ) -> None:
        self._store = store
        self._home = home
        self._settings = settings
        self._events = events
        self._webhooks = webhooks
        self._urls = urls
        self._live: dict[str, Live] = {}
        self._lock = threading.Lock()

    # -- what there is

    def row(self, session_id: str) -> Row[Any]:
        with self._store.read() as connection:
            return _row(connection, session_id)

    def rows(self, collection_id: str | None = None, status: str | None = None) -> list[Row[Any]]:
        """Newest first."""
        query = select(sessions).order_by(sessions.c.created_at.desc(), sessions.c.id)
        if collection_id is not None:
            query = query.where(sessions.c.collection_id == collection_id)
        if status is not None:
            query = query.where(sessions.c.status == status)
        with self._store.read() as connection:
            return list(connection.execute(query).all())

    def streams_of(self, session_id: str) -> list[Row[Any]]:
        with self._store.read() as connection:
            return list(
                connection.execute(
                    select(rtstreams).where(rtstreams.c.session_id == session_id)
                ).all()
            )

    def stream(self, rtstream_id: str) -> Row[Any]:
        with self._store.read() as connection:
            row = connection.execute(
                select(rtstreams).where(rtstreams.c.id == rtstream_id)
            ).one_or_none()
        if row is None:
            raise NotFoundError(
                f"There is no stream {rtstream_id!r}. `session.rtstreams` lists a session's."
            )
        return row

    def live(self, session_id: str) -> Live | None:
        return self._live.get(session_id)

    def manifest(self, session_id: str) -> Manifest | None:
        """What the recorder says lies on disk."""
        path = self._home.session(session_id) / "manifest.json"
        try:
            return Manifest.model_validate_json(path.read_bytes())
        except FileNotFoundError:
            return None

    @property
    def running(self) -> list[str]:
        return list(self._live)

    # -- what can be done

    def create(self, collection_id: str, request: SessionCreate) -> str:
        check_callback_url(request.callback_url)
        session_id = new_id("cap")
        with self._store.write() as connection:
            connection.execute(
                sessions.insert().values(
                    id=session_id,
                    collection_id=collection_id,
                    end_user_id=request.end_user_id,
                    status="created",
                    callback_url=request.callback_url,
                    ws_connection_id=request.ws_connection_id,
                    metadata=request.metadata,
                    channels=[],
                    created_at=now(),
                    wall_clock=[],
                )
            )
        self._advance(session_id, "created")
        return session_id

    def start(self, request: SessionStart) -> None:
        """Start recording; returns once it is active. Raises what kept it from starting."""
        check_callback_url(request.callback_url)
        channels = _checked(request)
        session = self._claim(request, channels)
        folder = private_dir(self._home.session(session.id))
        try:
            self._advance(session.id, "starting")
            link = recorders.start(self._spec(session.id, request, channels), folder)
        except CaptureError as error:
            self._fail(session.id, error.message)
            raise
        live = Live(link)
        self._live[session.id] = live
        link.listen(self._on_report, self._on_lost)
        link.send(Command(cmd="status"))  # it may have become active before we listened
        if not live.settled.wait(START_SECONDS):
            link.send(Command(cmd="stop"))
            raise DeviceError(
                f"The devices gave nothing within {START_SECONDS:.0f} s. "
                "`jupyter-capture doctor` says what this machine can record."
            )
        if live.error is not None:
            raise live.error

    def stop(self, session_id: str) -> None:
        """Stop and export; again is the same answer again. Raises ConflictError before a start."""
        session = self.row(session_id)
        live = self._live.get(session_id)
        if live is None:
            if session.status == "created":
                raise ConflictError(
                    f"{session_id} was never started. Start it first, or delete it."
                )
            return
        with self._lock:
            first = self.row(session_id).status in ("active", "paused")
            if first:
                self._advance(session_id, "stopping")
        if first:
            live.link.send(Command(cmd="stop"))
        if not live.ended.wait(STOP_SECONDS):
            raise ConflictError(
                f"The recorder of {session_id} did not stop within {STOP_SECONDS:.0f} s. What it "
                "recorded is safe. Try again."
            )

    def pause(self, session_id: str) -> None:
        self._switch(session_id, Command(cmd="pause"), "active", "paused")

    def resume(self, session_id: str) -> None:
        self._switch(session_id, Command(cmd="resume"), "paused", "active")

    def delete(self, session_id: str) -> None:
        """Erase a session whole: its rows, its assets, its words and its media."""
        self.row(session_id)
        if session_id in self._live:
            raise ConflictError(f"{session_id} is still recording. Stop it first.")
        with self._store.write() as connection:
            _erase(connection, session_id)
        shutil.rmtree(self._home.session(session_id), ignore_errors=True)

    def reattach(self) -> None:
        """Take over what a former engine left: attach to live recorders, finish dead ones."""
        for session in self.rows():
            if session.status not in RUNNING:
                continue
            link = recorders.attach(session.id, self._socket(session.id))
            if link is None:
                self._recover(session.id)
                continue
            live = Live(link)
            live.settled.set()
            self._live[session.id] = live
            link.listen(self._on_report, self._on_lost)
            link.send(Command(cmd="status"))
            if session.status == "stopping":
                link.send(Command(cmd="stop"))

    def let_go(self) -> None:
        """The engine ends; the recorders go on."""
        lives, self._live = self._live, {}
        for live in lives.values():
            live.link.close()

    # -- how it goes on

    def _claim(self, request: SessionStart, channels: list[ChannelRequest]) -> Row[Any]:
        """Take the session from ``created`` into this start, once."""
        primary = _primary(request, channels)
        with self._store.write() as connection:
            session = _row(connection, request.session_id)
            if session.status != "created":
                raise ConflictError(
                    f"{session.id} is {session.status} already. Create a new session to record "
                    "again."
                )
            values: dict[str, Any] = {
                "status": "starting",
                "channels": [
                    Channel(
                        channel_id=channel.channel_id,
                        name=channel.name or channel.channel_id,
                        type=kind_of(channel.channel_id) or "audio",
                        store=channel.store,
                        is_primary=channel.channel_id == primary,
                    ).model_dump()
                    for channel in channels
                ],
                "primary_video_channel_id": primary,
                "detach": request.detach,
            }
            if request.callback_url:
                values["callback_url"] = request.callback_url
            if request.ws_connection_id:
                values["ws_connection_id"] = request.ws_connection_id
            connection.execute(
                sessions.update().where(sessions.c.id == session.id).values(**values)
            )
            for channel in channels:
                connection.execute(
                    rtstreams.insert().values(
                        id=new_id("rts"),
                        session_id=session.id,
                        channel_id=channel.channel_id,
                        category=category_of(channel.channel_id),
                        store=channel.store,
                        status="starting",
                        created_at=now(),
                    )
                )
        return session

    def _socket(self, session_id: str) -> str:
        folder = private_dir(self._settings.runtime_dir)
        return str(folder / f"rec-{session_id.removeprefix('cap-')[:12]}.sock")

    def _spec(
        self, session_id: str, request: SessionStart, channels: list[ChannelRequest]
    ) -> RecorderSpec:
        return RecorderSpec(
            session_id=session_id,
            socket=self._socket(session_id),
            channels=channels,
            fps=request.fps or self._settings.fps,
            max_height=self._settings.max_height,
            disk_reserve_mb=self._settings.disk_reserve_mb,
            max_duration_hours=self._settings.max_duration_hours,
            log_level=self._settings.log_level,
        )

    def _switch(
        self, session_id: str, command: Command, before: SessionStatus, after: SessionStatus
    ) -> None:
        session = self.row(session_id)
        if session.status == after:
            return
        live = self._live.get(session_id)
        if session.status != before or live is None:
            raise ConflictError(
                f"{session_id} is {session.status}; only a session that is {before} can "
                f"{command.cmd}."
            )
        live.link.send(command)
        self._advance(session_id, after)

    def _on_report(self, session_id: str, report: Report) -> None:
        live = self._live.get(session_id)
        if live is None:
            return
        match report.report:
            case "active":
                self._on_active(session_id, live, report)
            case "levels":
                live.levels = report.data.get("levels", {})
                live.seconds = report.data.get("at")
                self._publish(session_id, {"channel": "levels", "data": live.levels})
            case "stopped":
                self._on_stopped(session_id, live)
            case "failed" if "cmd" not in report.data:
                self._on_failed(session_id, live, report)
            case "status":
                live.seconds = report.data.get("duration")
                if report.data.get("status") in ("recording", "paused"):
                    self._on_active(session_id, live, report)
            case other:
                said = str(report.data.get("message") or report.error or other)
                live.warnings = [*live.warnings, said][-20:]
                self._publish(session_id, {"channel": other, "data": report.data})

    def _on_active(self, session_id: str, live: Live, report: Report) -> None:
        if self.row(session_id).status != "starting":
            return
        started = float(report.data.get("started_at") or time.time())
        with self._store.write() as connection:
            connection.execute(
                rtstreams.update()
                .where(rtstreams.c.session_id == session_id)
                .values(status="active")
            )
        streams = [
            {
                "rtstream_id": row.id,
                "name": row.channel_id,
                "media_types": [kind_of(row.channel_id)],
            }
            for row in self.streams_of(session_id)
        ]
        self._advance(session_id, "active", {"rtstreams": streams}, started_at=started)
        live.settled.set()

    def _on_failed(self, session_id: str, live: Live, report: Report) -> None:
        said = report.error or "The recorder failed without saying why."
        live.error = from_response(500, report.error_code, said)
        manifest = self.manifest(session_id)
        if manifest is not None and manifest.tracks:
            # It failed on the way: what was recorded until then is a recording.
            self._finish(session_id, settle(manifest, self._home.session(session_id)), True)
        else:
            self._fail(session_id, said)
        self._end(session_id, live)

    def _on_stopped(self, session_id: str, live: Live) -> None:
        manifest = self.manifest(session_id) or Manifest(session_id=session_id, status="stopped")
        self._finish(session_id, manifest, False)
        self._end(session_id, live)

    def _on_lost(self, session_id: str) -> None:
        live = self._live.get(session_id)
        if live is None:
            return
        logger.warning("the recorder of %s is gone", session_id)
        self._recover(session_id)
        self._end(session_id, live)

    def _end(self, session_id: str, live: Live) -> None:
        self._live.pop(session_id, None)
        live.settled.set()
        live.ended.set()

    def _recover(self, session_id: str) -> None:
        folder = self._home.session(session_id)
        manifest = self.manifest(session_id)
        if manifest is None or not manifest.tracks:
            manifest = manifest or Manifest(session_id=session_id)
            manifest.status = "stopped"
            self._finish(session_id, manifest, True)
            return
        self._finish(session_id, settle(manifest, folder), True)

    def _finish(self, session_id: str, manifest: Manifest, recovered: bool) -> None:
        """Stopped, then exported."""
        session = self.row(session_id)
        metadata = {**session.metadata, "recovered": True} if recovered else session.metadata
        if manifest.reason:
            metadata = {**metadata, "stop_reason": manifest.reason}
        keeps = bool(manifest.tracks)
        data: dict[str, Any] = {"duration": manifest.duration, "exports": keeps}
        if not keeps:
            data["message"] = "No channel was kept, so there is nothing to export."
        if manifest.reason:
            data["reason"] = manifest.reason
        self._advance(
            session_id,
            "stopped",
            data,
            duration=manifest.duration,
            wall_clock=manifest.wall_clock,
            metadata=metadata,
        )
        if keeps:
            self._export(session_id, manifest)

    def _export(self, session_id: str, manifest: Manifest) -> None:
        folder = self._home.session(session_id).relative_to(self._home.root).as_posix()
        with self._store.write() as connection:
            session = _row(connection, session_id)
            done = export(connection, session, manifest, folder)
            if done is None:
                return
            urls = self._urls(connection, done.video_id, done.seconds)
            data = {"exported_video_id": done.video_id, **urls, "assets": _by_channel(done)}
            event = self._change(
                connection,
                session_id,
                "exported",
                data,
                exported_video_id=done.video_id,
                export_status="exported",
            )
        self._announce(session, event)

    def _fail(self, session_id: str, said: str) -> None:
        self._advance(session_id, "failed", {"error": said}, error=said)

    def _advance(
        self,
        session_id: str,
        status: SessionStatus,
        data: dict[str, Any] | None = None,
        **values: Any,
    ) -> None:
        with self._store.write() as connection:
            event = self._change(connection, session_id, status, data or {}, **values)
            session = _row(connection, session_id)
        self._announce(session, event)

    def _change(
        self,
        connection: Connection,
        session_id: str,
        status: SessionStatus,
        data: dict[str, Any],
        **values: Any,
    ) -> dict[str, Any]:
        session = _row(connection, session_id)
        event = SessionEvent(
            event=f"capture_session.{status}",
            capture_session_id=session_id,
            status=status,
            sequence=session.sequence + 1,
            timestamp=now(),
            data=data,
        ).model_dump(mode="json")
        connection.execute(
            sessions.update()
            .where(sessions.c.id == session_id)
            .values(status=status, sequence=session.sequence + 1, **values)
        )
        if status in ("stopped", "exported", "failed"):
            connection.execute(
                rtstreams.update().where(rtstreams.c.session_id == session_id).values(status=status)
            )
        if session.callback_url:
            enqueue(connection, session_id, session.callback_url, event)
        return event

    def _announce(self, session: Row[Any], event: dict[str, Any]) -> None:
        logger.info("%s is %s", session.id, event["status"])
        self._webhooks.wake()
        self._events.publish(event, session.ws_connection_id)

    def _publish(self, session_id: str, event: dict[str, Any]) -> None:
        if len(self._events):
            session = self.row(session_id)
            self._events.publish(
                {"capture_session_id": session_id, **event}, session.ws_connection_id
            )


def _by_channel(done: Exported) -> dict[str, str]:
    return dict(done.raw)


def _row(connection: Connection, session_id: str) -> Row[Any]:
    row = connection.execute(select(sessions).where(sessions.c.id == session_id)).one_or_none()
    if row is None:
        raise NotFoundError(
            f"There is no capture session {session_id!r}. "
            "`connection.list_capture_sessions()` lists them."
        )
    return row


def _checked(request: SessionStart) -> list[ChannelRequest]:
    channels = request.channels
    if not channels:
        raise InvalidRequestError(
            "No channel was given. Give at least one, such as "
            '{"name": "mic:default", "store": True}.'
        )
    unknown = [channel.channel_id for channel in channels if kind_of(channel.channel_id) is None]
    if unknown:
        raise UnknownChannelError(
            f"{unknown[0]!r} is not a channel. Channels are called display:1, mic:default, "
            "system_audio:default and so on; `await client.list_channels()` or "
            "`jupyter-capture doctor` lists this machine's."
        )
    names = [channel.channel_id for channel in channels]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InvalidRequestError(f"The channel {twice[0]} was given twice. Give it once.")
    return channels


def _primary(request: SessionStart, channels: Sequence[ChannelRequest]) -> str | None:
    """``primary_video_channel_id``, else the one marked, else the first kept display."""
    kept = [
        channel.channel_id
        for channel in channels
        if channel.store and kind_of(channel.channel_id) == "video"
    ]
    marked = [channel.channel_id for channel in channels if channel.is_primary]
    named = request.primary_video_channel_id or (marked[0] if marked else None)
    if named is None:
        screens = [name for name in kept if category_of(name) == "screen"]
        return next(iter(screens or kept), None)
    if named not in kept:
        raise InvalidRequestError(
            f"The primary video {named!r} is not among the kept video channels "
            f"({', '.join(kept) or 'there are none'}). Keep it with store=True, or name another."
        )
    return named


def _erase(connection: Connection, session_id: str) -> None:
    of_session = select(assets.c.id).where(assets.c.session_id == session_id)
    for track_id in connection.execute(
        select(tracks.c.id).where(tracks.c.session_id == session_id)
    ).scalars():
        delete_index(connection, track_id)
    connection.execute(delete(asset_tracks).where(asset_tracks.c.asset_id.in_(of_session)))
    connection.execute(delete(assets).where(assets.c.session_id == session_id))
    connection.execute(delete(tracks).where(tracks.c.session_id == session_id))
    connection.execute(delete(rtstreams).where(rtstreams.c.session_id == session_id))
    connection.execute(delete(delivery_rows).where(delivery_rows.c.session_id == session_id))
    connection.execute(delete(sessions).where(sessions.c.id == session_id))


def recorder_files(manifest: Manifest, folder: Path) -> list[tuple[str, Path, int]]:
    """(channel, folder of its track, bytes) of each stored track."""
    return [(track.channel_id, folder / track.id, track.bytes) for track in manifest.tracks]
