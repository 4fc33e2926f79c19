"""The life of a recording: created → starting → active → stopping → stopped → exported, or failed.

Each change is stored, together with its webhook, before it is announced.
"""

from __future__ import annotations

import logging
import shutil
import threading
import time
from dataclasses import dataclass, field
from typing import Any

from jupyter_capture.engine.home import Home
from jupyter_capture.engine.sessions import recorders
from jupyter_capture.engine.sessions.export import settle
from jupyter_capture.engine.sessions.records import Records
from jupyter_capture.engine.sessions.request import checked_channels
from jupyter_capture.engine.webhooks import check_callback_url
from jupyter_capture.errors import (
    CaptureError,
    ConflictError,
    DeviceError,
    UnknownChannelError,
    from_response,
)
from jupyter_capture.settings import Settings, private_dir
from jupyter_capture.wire.capture import ChannelRequest, SessionStart, SessionStatus, kind_of
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
    """``records`` is what is stored of them."""

    def __init__(self, records: Records, home: Home, settings: Settings) -> None:
        self.records = records
        self._home = home
        self._settings = settings
        self._live: dict[str, Live] = {}
        self._lock = threading.Lock()

    # -- what there is

    def live(self, session_id: str) -> Live | None:
        return self._live.get(session_id)

    @property
    def running(self) -> list[str]:
        return list(self._live)

    # -- what can be done

    def start(self, request: SessionStart) -> None:
        """Start recording; returns once it is active. Raises what kept it from starting."""
        check_callback_url(request.callback_url)
        channels = checked_channels(request)
        session = self.records.claim(request, channels)
        folder = private_dir(self._home.session(session.id))
        try:
            self.records.advance(session.id, "starting")
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
        session = self.records.row(session_id)
        live = self._live.get(session_id)
        if live is None:
            if session.status == "created":
                raise ConflictError(
                    f"{session_id} was never started. Start it first, or delete it."
                )
            return
        with self._lock:
            first = self.records.row(session_id).status in ("active", "paused")
            if first:
                self.records.advance(session_id, "stopping")
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

    def set_store(self, session_id: str, channel_id: str, store: bool) -> None:
        """Raises UnknownChannelError for a channel that the session does not record."""
        session = self.records.row(session_id)
        names = [channel["channel_id"] for channel in session.channels]
        if channel_id not in names:
            known = ", ".join(names) or "nothing"
            raise UnknownChannelError(f"{session_id} does not record {channel_id!r}, but {known}.")
        live = self._live.get(session_id)
        if live is None:
            raise ConflictError(f"{session_id} is {session.status}; only a recording can switch.")
        live.link.send(Command(cmd="set_store", channel_id=channel_id, store=store))

    def delete(self, session_id: str) -> None:
        """Erase a session whole: its rows, its assets, its words and its media."""
        self.records.row(session_id)
        if session_id in self._live:
            raise ConflictError(f"{session_id} is still recording. Stop it first.")
        self.records.erase(session_id)
        shutil.rmtree(self._home.session(session_id), ignore_errors=True)

    def reattach(self) -> None:
        """Take over what a former engine left: attach to live recorders, finish dead ones."""
        for session in self.records.rows():
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
        session = self.records.row(session_id)
        if session.status == after:
            return
        live = self._live.get(session_id)
        if session.status != before or live is None:
            raise ConflictError(
                f"{session_id} is {session.status}; only a session that is {before} can "
                f"{command.cmd}."
            )
        live.link.send(command)
        self.records.advance(session_id, after)

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
                self.records.publish(session_id, {"channel": "levels", "data": live.levels})
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
                self.records.publish(session_id, {"channel": other, "data": report.data})

    def _on_active(self, session_id: str, live: Live, report: Report) -> None:
        if self.records.row(session_id).status != "starting":
            return
        started = float(report.data.get("started_at") or time.time())
        streams = [
            {
                "rtstream_id": row.id,
                "name": row.channel_id,
                "media_types": [kind_of(row.channel_id)],
            }
            for row in self.records.streams_of(session_id)
        ]
        self.records.advance(session_id, "active", {"rtstreams": streams}, started_at=started)
        live.settled.set()

    def _on_failed(self, session_id: str, live: Live, report: Report) -> None:
        said = report.error or "The recorder failed without saying why."
        live.error = from_response(500, report.error_code, said)
        manifest = self.records.manifest(session_id)
        if manifest is not None and manifest.tracks:
            # It failed on the way: what was recorded until then is a recording.
            self._finish(session_id, settle(manifest, self._home.session(session_id)), True)
        else:
            self._fail(session_id, said)
        self._end(session_id, live)

    def _on_stopped(self, session_id: str, live: Live) -> None:
        manifest = self.records.manifest(session_id) or Manifest(
            session_id=session_id, status="stopped"
        )
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
        manifest = self.records.manifest(session_id)
        if manifest is None or not manifest.tracks:
            manifest = manifest or Manifest(session_id=session_id)
            manifest.status = "stopped"
            self._finish(session_id, manifest, True)
            return
        self._finish(session_id, settle(manifest, folder), True)

    def _finish(self, session_id: str, manifest: Manifest, recovered: bool) -> None:
        """Stopped, then exported."""
        session = self.records.row(session_id)
        metadata = {**session.metadata, "recovered": True} if recovered else session.metadata
        if manifest.reason:
            metadata = {**metadata, "stop_reason": manifest.reason}
        keeps = bool(manifest.tracks)
        data: dict[str, Any] = {"duration": manifest.duration, "exports": keeps}
        if not keeps:
            data["message"] = "No channel was kept, so there is nothing to export."
        if manifest.reason:
            data["reason"] = manifest.reason
        self.records.advance(
            session_id,
            "stopped",
            data,
            duration=manifest.duration,
            wall_clock=manifest.wall_clock,
            metadata=metadata,
        )
        if keeps:
            self.records.export(session_id, manifest)

    def _fail(self, session_id: str, said: str) -> None:
        self.records.advance(session_id, "failed", {"error": said}, error=said)
