"""The life of a recording: created → starting → active → stopping → stopped → exported, or failed.

Each change is stored, together with its webhook, before it is announced.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable
from typing import Any

from sqlalchemy import Row

from jupyter_capture.engine.home import Home
from jupyter_capture.engine.sessions import recorders, restart
from jupyter_capture.engine.sessions.ending import RUNNING, Ending, unfinished
from jupyter_capture.engine.sessions.erasure import Erasure
from jupyter_capture.engine.sessions.live import Live
from jupyter_capture.engine.sessions.records import Records
from jupyter_capture.engine.sessions.request import checked_channels
from jupyter_capture.engine.sessions.spare import Spare
from jupyter_capture.engine.sessions.unattended import Unattended
from jupyter_capture.errors import (
    CaptureError,
    ConflictError,
    DeviceError,
    EngineError,
    UnknownChannelError,
    from_response,
)
from jupyter_capture.settings import Settings, private_dir
from jupyter_capture.wire.capture import (
    ChannelRequest,
    SessionStart,
    SessionStatus,
)
from jupyter_capture.wire.recorder import Command, Erased, RecorderSpec, Report

logger = logging.getLogger(__name__)

START_SECONDS = 20.0
STOP_SECONDS = 30.0


class Sessions:
    """``records`` is what is stored of them.

    Three threads meet here: a request's, another request's, and that which hears the recorder.
    Every change of status names the ones it may come from, so that the last word is the first's.
    """

    def __init__(self, records: Records, home: Home, settings: Settings) -> None:
        self.records = records
        self._home = home
        self._settings = settings
        self._live: dict[str, Live] = {}
        self._lock = threading.Lock()
        self.erasure = Erasure(home)
        self.on_again: Callable[[], None] = lambda: None  # a recorder was started again
        self._spare = Spare()
        self._ending = Ending(records, home, self.erasure)
        limit = settings.unattended_minutes * 60
        self._unattended = Unattended(lambda: self._live, self.stop, limit)

    # -- what there is

    def live(self, session_id: str) -> Live | None:
        return self._live.get(session_id)

    def seconds(self, session_id: str) -> float | None:
        """How much is recorded by now; None of what does not record."""
        live = self._live.get(session_id)
        return None if live is None else live.seconds or 0.0

    @property
    def running(self) -> list[str]:
        return list(self._live)

    # -- what can be done

    def start(self, request: SessionStart) -> None:
        """Start recording; returns once it is active. Raises what kept it from starting."""
        channels = checked_channels(request, _known_channels)
        with self._lock:
            session = self.records.claim(request, channels)
            live = self._live[session.id] = Live(detach=request.detach)
        try:
            folder = private_dir(self._home.session(session.id))
            spec = self._spec(session.id, request, channels)
            live.link = recorders.start(spec, folder, self._spare)
        except (CaptureError, OSError) as error:
            failure = live.error = _as_capture_error(error)
            self._close(session.id, live, lambda: self._ending.fail(session.id, failure.message))
            raise failure from error
        live.link.listen(self._on_report, self._on_lost)
        live.say(Command(cmd="status"))  # it may have become active before we listened
        if not live.settled.wait(START_SECONDS):
            live.error = DeviceError(
                f"The devices gave nothing within {START_SECONDS:.0f} s. "
                f"`jupyter-capture doctor` says what this machine can record. "
                f"{recorders.surroundings(folder)}"
            )
            recorders.end(folder)
            live.ended.wait(STOP_SECONDS)
        if live.error is not None:
            raise live.error

    def stop(self, session_id: str) -> None:
        """Stop and export; again is the same answer again. Raises ConflictError before a start,
        and what kept the recording from being stored: then it lies on the disk all the same."""
        with self._lock:
            session = self.records.row(session_id)
            live = self._live.get(session_id)
        if session.status == "created":
            raise ConflictError(f"{session_id} was never started. Start it first, or delete it.")
        if live is None:
            self._ending.complete(session_id)
            return
        live.settled.wait(recorders.CONNECT_SECONDS + START_SECONDS)
        self.records.advance(session_id, "stopping", of=("active", "paused"))
        live.say(Command(cmd="stop"))
        if not live.ended.wait(STOP_SECONDS):
            raise ConflictError(
                f"The recorder of {session_id} did not stop within {STOP_SECONDS:.0f} s. What it "
                "recorded is safe. Try again."
            )
        if live.error is not None and unfinished(self.records.row(session_id)):
            raise live.error

    def pause(self, session_id: str) -> None:
        self._switch(session_id, Command(cmd="pause"), "active", "paused")

    def resume(self, session_id: str) -> None:
        self._switch(session_id, Command(cmd="resume"), "paused", "active")

    def set_store(self, session_id: str, channel_id: str, store: bool) -> None:
        """Raises UnknownChannelError for a channel that the session does not record."""
        live = self._recording(session_id, channel_id)
        with live.switching:
            # Should one of us die between the two, the channel is live only rather than kept.
            if not store:
                self.records.switch(session_id, channel_id, store=False)
            live.send(Command(cmd="set_store", channel_id=channel_id, store=store))
            # Again, too, where a recorder that was started anew has told meanwhile what it keeps.
            self.records.switch(session_id, channel_id, store=store)

    def pause_channel(self, session_id: str, channel_id: str, paused: bool) -> None:
        """Let one channel be a gap, heard and seen by nobody, or let it go on."""
        live = self._recording(session_id, channel_id)
        with live.switching:
            if paused:
                self.records.switch(session_id, channel_id, paused=True)
            live.send(Command(cmd="pause" if paused else "resume", channel_id=channel_id))
            self.records.switch(session_id, channel_id, paused=paused)

    def forget(self, session_id: str, start: float, end: float | None) -> Erased:
        """Erase media time (seconds; None: until now) from the tracks of a recording that goes on.
        Raises ConflictError where it does not; then it is noted, to be carried out all the same."""
        live = self._recording(session_id)
        with live.switching:
            self.erasure.note(session_id, start, end or (live.seconds or start) + 1.0)
            live.answers.clear()
            live.send(Command(cmd="forget", start=start, end=end))
            report = live.answer(STOP_SECONDS)
        if report is None:
            raise ConflictError(
                f"The recorder of {session_id} did not answer within {STOP_SECONDS:.0f} s. What is "
                "to be forgotten is noted, and will be as soon as it does."
            )
        if report.report == "failed":
            self.erasure.done(session_id)
            raise from_response(409, report.error_code, report.error or "Nothing was forgotten.")
        return Erased.model_validate(report.data)

    def delete(self, session_id: str) -> None:
        """Erase a session whole: its rows, its assets, its words and its media."""
        with self._lock:
            session = self.records.row(session_id)
            if session_id in self._live or session.status in RUNNING:
                raise ConflictError(f"{session_id} is still recording. Stop it first.")
            self.records.erase(session_id)

    def reattach(self) -> None:
        """Take over what a former engine left: attach to live recorders, finish dead ones."""
        for session in self.records.rows():
            if not unfinished(session):
                continue
            try:
                self._take_over(session)
            except Exception:
                # One that cannot be finished must not keep the engine from the others.
                logger.exception("%s could not be taken over", session.id)

    def watch(self) -> None:
        """From now on, stop what nobody has asked about for too long: nobody records unawares."""
        self._unattended.start()

    def let_go(self) -> None:
        """The engine ends; the recorders go on."""
        self._unattended.end()
        self._spare.end()
        lives, self._live = self._live, {}
        for live in lives.values():
            if live.link is not None:
                live.link.close()

    # -- how it goes on

    def _take_over(self, session: Row[Any]) -> None:
        running = session.status in RUNNING
        link = recorders.attach(session.id, self._socket(session.id)) if running else None
        dead = link is None and session.status in ("active", "paused")
        if link is None and not (dead and restart.is_fresh(self._home.session(session.id))):
            self._ending.complete(session.id)
            return
        live = self._live[session.id] = Live(detach=session.detach)
        live.settled.set()
        if link is not None:
            self._listen(session, live, link)
        else:  # which takes a while, and nobody needs to wait for it
            threading.Thread(target=self._on_lost, args=(session.id,), daemon=True).start()

    def _start_again(self, session_id: str, live: Live) -> recorders.Link | None:
        live.link = None
        session = self.records.row(session_id)
        return restart.again(session, self._home.session(session_id), live.deaths, self._spare)

    def _listen(self, session: Row[Any], live: Live, link: recorders.Link) -> None:
        live.link, live.unsure = link, True
        live.silent = {}  # the recorder before told that
        link.listen(self._on_report, self._on_lost)
        for start, end in self.erasure.noted(session.id):
            live.say(Command(cmd="forget", start=start, end=end))
        live.say(Command(cmd="status"))
        if session.status == "stopping":
            live.say(Command(cmd="stop"))

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
            environment=request.environment,
            log_level=self._settings.log_level,
        )

    def _switch(
        self, session_id: str, command: Command, before: SessionStatus, after: SessionStatus
    ) -> None:
        live = self._live.get(session_id)
        with live.switching if live else contextlib.nullcontext():
            session = self.records.row(session_id)
            if session.status == after:
                return
            if session.status != before or live is None:
                raise ConflictError(
                    f"{session_id} is {session.status}; only a session that is {before} can "
                    f"{command.cmd}."
                )
            live.send(command)
            if not self.records.advance(session_id, after, of=(before,)):
                raise ConflictError(f"{session_id} is being stopped: no time to {command.cmd}.")

    def _recording(self, session_id: str, channel_id: str | None = None) -> Live:
        """Raises UnknownChannelError for a channel that it does not record, and ConflictError."""
        session = self.records.row(session_id)
        names = [channel["channel_id"] for channel in session.channels]
        if channel_id is not None and channel_id not in names:
            known = ", ".join(names) or "nothing"
            raise UnknownChannelError(f"{session_id} does not record {channel_id!r}, but {known}.")
        live = self._live.get(session_id)
        if live is None or session.status not in ("active", "paused"):
            raise ConflictError(f"{session_id} is {session.status}; only a recording can do that.")
        return live

    def _on_report(self, session_id: str, report: Report) -> None:
        live = self._live.get(session_id)
        if live is None:
            return
        match report.report:
            case "active":
                self._on_active(session_id, live, report)
                self._agree(session_id, live, report)
            case "levels":
                live.levels = report.data.get("levels", {})
                live.seconds = report.data.get("at")
                self.records.publish(session_id, {"channel": "levels", "data": live.levels})
            case "stopped":
                self._close(session_id, live, lambda: self._ending.recover(session_id, live.reason))
            case "paused":
                self.records.advance(session_id, "paused", report.data, of=("active",))
                self._warn(session_id, live, report)
            case "forgotten":
                live.hear(report)
            case "failed" if report.data.get("cmd") == "forget":
                live.hear(report)
            case "failed" if "cmd" not in report.data:
                self._close(session_id, live, lambda: self._on_failed(session_id, live, report))
            case "status":
                live.seconds = report.data.get("duration")
                if report.data.get("status") in ("recording", "paused"):
                    self._on_active(session_id, live, report)
                    self._agree(session_id, live, report)
            case _:
                self._warn(session_id, live, report)

    def _warn(self, session_id: str, live: Live, report: Report) -> None:
        live.warn(report)
        if report.report != "heard":  # the levels tell that
            self.records.publish(session_id, {"channel": report.report, "data": report.data})

    def _agree(self, session_id: str, live: Live, report: Report) -> None:
        """A former engine may have died between what it told the recorder and what it stored."""
        if not live.unsure:
            return
        status: SessionStatus = "paused" if report.data["status"] == "paused" else "active"
        self.records.advance(session_id, status, of={"active", "paused"} - {status})
        for channel in report.data.get("channels", []):
            store, paused = channel["store"], channel.get("paused", False)
            self.records.switch(session_id, channel["channel_id"], store=store, paused=paused)
        live.unsure = False  # last: what is said from now on must not be written over

    def _on_active(self, session_id: str, live: Live, report: Report) -> None:
        self._spare.keep()
        if live.settled.is_set() and self.records.row(session_id).status != "starting":
            if report.report == "active":
                self.on_again()
            return
        started = float(report.data.get("started_at") or time.time())
        told = {"rtstreams": self.records.told_streams(session_id)}
        self.records.advance(session_id, "active", told, of=("starting",), started_at=started)
        live.attend()
        live.settled.set()

    def _on_failed(self, session_id: str, live: Live, report: Report) -> None:
        said = report.error or "The recorder failed without saying why."
        error = from_response(500, report.error_code, said)
        if isinstance(error, DeviceError):
            error = type(error)(f"{said} {recorders.surroundings(self._home.session(session_id))}")
        live.error = error
        self._ending.break_off(session_id, error.message)

    def _on_lost(self, session_id: str) -> None:
        live = self._live.get(session_id)
        if live is None:
            return
        try:
            link = recorders.attach(session_id, self._socket(session_id))
            if link is None:  # else only the line broke, as when this process was stopped for long
                link = self._start_again(session_id, live)
            if link is not None:
                self._listen(self.records.row(session_id), live, link)
                return
        except Exception:
            logger.exception("%s could not be attached to again", session_id)
        logger.warning("the recorder of %s is gone for good", session_id)
        self._close(session_id, live, lambda: self._ending.recover(session_id, live.reason))

    def _close(self, session_id: str, live: Live, store: Callable[[], None]) -> None:
        """The end of a recording. Where it cannot be stored, the next stop() tries it again, and
        so does the next engine."""
        try:
            store()
        except Exception as error:
            logger.exception("%s could not be closed", session_id)
            live.error = _as_capture_error(error)
        finally:
            self._live.pop(session_id, None)
            if not self._live:
                self._spare.end()
            live.settled.set()
            live.ended.set()


def _known_channels() -> list[str]:
    return [channel.channel_id for channel in recorders.list_channels().channels]


def _as_capture_error(error: Exception) -> CaptureError:
    if isinstance(error, CaptureError):
        return error
    return EngineError(
        f"The recording could not be closed ({type(error).__name__}: {error}). What was recorded "
        "is safe; stop it again to try once more."
    )
