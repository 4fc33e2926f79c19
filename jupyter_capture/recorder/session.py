"""One recording from the first device opened to the last byte of the manifest."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from fractions import Fraction
from functools import partial
from pathlib import Path

from jupyter_capture.errors import (
    CaptureError,
    ConflictError,
    InvalidRequestError,
    StorageFullError,
    UnknownChannelError,
)
from jupyter_capture.media.encode import AAC_FRAME, VIDEO_TIMESCALE
from jupyter_capture.recorder.audio_channel import AudioChannel
from jupyter_capture.recorder.channel import Tell
from jupyter_capture.recorder.clock import NS, MediaClock, ticks
from jupyter_capture.recorder.forgetting import forget
from jupyter_capture.recorder.lineup import Channel, Lineup
from jupyter_capture.recorder.manifest import NAME, ManifestFile
from jupyter_capture.recorder.remains import Remains
from jupyter_capture.recorder.sound_tracks import NO_DATA
from jupyter_capture.recorder.sources.base import SAMPLE_RATE
from jupyter_capture.recorder.video_channel import VideoChannel
from jupyter_capture.recorder.watch import Watch
from jupyter_capture.wire.capture import is_browser
from jupyter_capture.wire.recorder import (
    Command,
    RecorderSpec,
    Report,
    TrackManifest,
)

log = logging.getLogger(__name__)

_FIRST_BLOCK = 3.0  # s
_TICK = 0.1
_LEVELS = 0.2
_CHECK = 1.0
_SAVE = 2.0
_LAST_SOUND = 0.3


class RecordingSession:
    """Opens the devices of a spec, records until stopped, and leaves tracks and a manifest.

    `open()` raises a CaptureError and leaves no file where something cannot be recorded. `run()`
    returns when all is stored. Commands may come from any thread at any time. ``wanted``: whether
    anybody listens to a channel at the moment.
    """

    def __init__(
        self, spec: RecorderSpec, folder: Path, tell: Tell, wanted: Callable[[str], bool]
    ) -> None:
        self._spec = spec
        self._folder = folder
        self._tell = tell
        self._clock = MediaClock(longest_leap=int(spec.suspend_seconds * NS))
        self._lineup = Lineup(
            spec, folder, self._clock, self._on_part, self._why_silent, tell, wanted
        )
        self._sound = self._lineup.sound
        self._channels: dict[str, Channel] = {}
        self._manifest = ManifestFile(folder, spec.session_id)
        self._watch = Watch(spec, folder, tell)
        self._commands = threading.Lock()
        self._saving = threading.Lock()
        self._begun = threading.Event()
        self._leapt = False
        self._stop = threading.Event()
        self._stage = "starting"
        self._reason: str | None = None

    def open(self) -> None:
        """Open all devices, or none. Raises DeviceError, UnknownChannelError, StorageFullError,
        ConflictError or InvalidRequestError."""
        if not self._spec.channels:
            raise InvalidRequestError("No channel to record: name at least one.")
        if self._spec.go_on:
            self._take_up()
        elif (self._folder / NAME).exists():
            raise ConflictError(
                f"{self._folder} already holds a recording. Start a new session instead."
            )
        self._watch.check_space_at_start()
        try:
            for request in self._spec.channels:
                if request.channel_id in self._channels:
                    continue
                self._channels[request.channel_id] = self._lineup.open(request)
        except CaptureError:
            self._lineup.browser.close()
            for channel in self._channels.values():
                channel.abandon()
            raise

    def run(self) -> None:
        """Record until `stop()`, a full disk or the longest duration; then finish everything."""
        for channel in self._channels.values():
            channel.start()
        if self._lineup.before is None:
            self._await_first_blocks()
        try:
            self._begin()
            self._loop()
        except StorageFullError as error:
            log.error("%s", error.message)
            self._reason = "disk"
        finally:
            self._finish()

    def stop(self, reason: str | None = None) -> None:
        """End the recording; ``reason`` says why, where nobody asked for it."""
        if not self._stop.is_set():
            self._reason = reason
            self._stop.set()

    def handle(self, command: Command) -> Report:
        """Carry out a command. Raises ConflictError or UnknownChannelError."""
        with self._commands:
            if command.cmd == "stop":
                self.stop()
            elif command.cmd in ("pause", "resume"):
                self._require_running(command.cmd)
                self._switch(command)
            elif command.cmd == "forget":
                self._begun.wait(_FIRST_BLOCK)  # what was noted is told to a new recorder at once
                self._require_running("forget")
                self._forget(command)
            elif command.cmd == "set_store":
                self._require_running("set_store")
                self._set_store(command)
            elif command.cmd in ("listen", "unlisten"):
                self._known(command.channel_id)
        return self.status()

    def status(self) -> Report:
        """What is recorded at the moment, and how much of it there is."""
        return Report(report="status", data=self._state())

    def _state(self) -> dict[str, object]:
        content = self._manifest.content
        return {
            "session_id": self._spec.session_id,
            "status": self._stage_now(),
            "started_at": content.started_at,
            "duration": self._clock.now() / NS,
            "wall_clock": list(self._clock.wall_clock),
            "reason": self._reason,
            "bytes": sum(track.bytes for track in self._tracks()),
            "channels": [
                {
                    "channel_id": channel.channel_id,
                    "store": channel.kept,
                    "paused": channel.paused,
                    "lost": channel.lost,
                    "level": channel.meter.last if isinstance(channel, AudioChannel) else None,
                }
                for channel in self._channels.values()
            ],
        }

    def _stage_now(self) -> str:
        if self._stage == "recording" and self._stop.is_set():
            return "stopping"
        return "paused" if self._stage == "recording" and self._clock.paused else self._stage

    # ---- the life of a recording

    def _await_first_blocks(self) -> None:
        deadline = time.monotonic() + _FIRST_BLOCK
        for channel in self._channels.values():
            while not channel.ready.wait(0.02) and not self._stop.is_set():
                if time.monotonic() > deadline:
                    self._warn(channel, "gave nothing within 3 s: it starts with a gap")
                    break

    def _begin(self) -> None:
        if self._lineup.before is not None:
            self._go_on(self._lineup.before)
        for request in self._spec.channels:
            if request.store:
                self._channels[request.channel_id].keep(True)
        for name in self._spec.paused:
            self._channels[name].pause(True)
        if not self._clock.started:
            self._clock.start()
        self._stage = "recording"
        self._begun.set()
        self._manifest.content.started_at = self._clock.wall_clock[0][1]
        self._save()
        kept = [name for name, channel in self._channels.items() if channel.kept]
        log.info("recording %s: %s", self._spec.session_id, ", ".join(kept) or "nothing kept")
        self._tell(Report(report="active", data=self._state()))

    def _go_on(self, before: Remains) -> None:
        """From the moment that it is by the clock of the recorder that died."""
        at = before.media(time.monotonic_ns())
        self._sound.begin_at(ticks(at, SAMPLE_RATE))
        self._clock.wall_clock[:] = before.manifest.wall_clock
        self._clock.start(at)
        if before.manifest.paused:
            self._clock.pause()
        for request in self._spec.channels:
            if self._lineup.left(request.channel_id) is not None:
                self._channels[request.channel_id].keep(True)
                self._channels[request.channel_id].keep(request.store)
        missed = at / NS - before.manifest.duration
        message = f"The recorder died and was started again; about {missed:.1f} s are missing."
        self._tell(Report(report="warning", data={"message": message, "seconds": missed}))

    def _loop(self) -> None:
        levels = check = save = time.monotonic()
        while not self._stop.wait(_TICK):
            now = time.monotonic()
            self._sound.advance(ticks(self._clock.now(), SAMPLE_RATE))
            self._look_for_a_suspend()
            if now - levels >= _LEVELS:
                levels = now
                self._tell_levels()
            if now - check >= _CHECK:
                check = now
                self._check()
            if now - save >= _SAVE:
                save = now
                self._save()

    def _tell_levels(self) -> None:
        heard = {
            name: channel.meter.take()
            for name, channel in self._channels.items()
            if isinstance(channel, AudioChannel)
        }
        at = self._clock.now() / NS
        data = {"levels": heard, "at": at, "status": self._stage_now()}
        self._tell(Report(report="levels", data=data))
        self._watch.listen(heard, at)

    def _check(self) -> None:
        for channel in self._channels.values():
            if channel.error is not None:
                raise channel.error
        reason = self._watch.reason_to_stop(self._clock.now())
        if self._lineup.browser.deserted and all(map(is_browser, self._channels)):
            reason = reason or "browser"
        if reason is not None:
            self.stop(reason)

    def _look_for_a_suspend(self) -> None:
        if self._clock.leapt and not self._leapt:
            self._save()
            message = "The machine or the recorder was suspended: the session is paused. Resume it."
            self._tell(Report(report="paused", data={"reason": "suspend", "message": message}))
        self._leapt = self._clock.leapt

    def _save(self) -> None:
        with self._saving:
            self._store()

    def _store(self) -> None:
        now = self._clock.now()
        self._manifest.save(
            self._tracks(),
            duration=now / NS,
            wall_clock=list(self._clock.wall_clock),
            clock=(now, time.monotonic_ns()),
            paused=self._clock.paused,
        )

    def _finish(self) -> None:
        """All tracks end at the same moment: after whole AAC frames, 1920 ticks of video each."""
        self._stop.set()
        frames = -(-ticks(self._clock.now(), SAMPLE_RATE) // AAC_FRAME)
        end = frames * AAC_FRAME
        self._clock.stop(end * NS // SAMPLE_RATE)
        self._lineup.browser.catch_up(time.monotonic_ns())
        deadline = time.monotonic() + _LAST_SOUND
        while not self._clock.paused and not self._sound.arrived(end):
            if time.monotonic() > deadline:
                break
            time.sleep(0.01)
        for channel in self._channels.values():
            channel.stop()
        self._lineup.browser.close()
        for channel in self._channels.values():
            if channel.kept:
                channel.join(1.0)
        with self._saving:
            self._close_tracks(end, end * VIDEO_TIMESCALE // SAMPLE_RATE)
        self._stage = "stopped"
        tracks = self._tracks()
        seconds = end / SAMPLE_RATE
        self._manifest.save(
            tracks,
            status="stopped",
            duration=seconds,
            wall_clock=list(self._clock.wall_clock),
            reason=self._reason,
        )
        log.info("stopped %s after %.1f s", self._spec.session_id, seconds)

    def _close_tracks(self, samples: int, video_ticks: int) -> None:
        closers: list[Callable[[], None]] = [partial(self._sound.finish, samples)]
        closers += [
            partial(channel.end, video_ticks)
            for channel in self._channels.values()
            if isinstance(channel, VideoChannel)
        ]
        for close in closers:
            try:
                close()
            except StorageFullError as error:
                self._reason = "disk"
                log.error("%s", error.message)

    # ---- details

    def _tracks(self) -> list[TrackManifest]:
        tracks = self._sound.manifests()
        for channel in self._channels.values():
            if isinstance(channel, VideoChannel) and channel.manifest is not None:
                tracks.append(channel.manifest)
        return tracks

    def _on_part(self, track: TrackManifest) -> None:
        self._manifest.put(track)

    def _why_silent(self, channel_id: str) -> str:
        return self._channels[channel_id].state or NO_DATA

    def _known(self, channel_id: str | None) -> Channel:
        channel = self._channels.get(channel_id or "")
        if channel is None:
            known = ", ".join(self._channels)
            raise UnknownChannelError(
                f"This session does not record {channel_id!r}. Its channels: {known}."
            )
        return channel

    def _set_store(self, command: Command) -> None:
        channel = self._known(command.channel_id)
        if command.store is None:
            raise InvalidRequestError("set_store needs `store`: true (kept) or false (live only).")
        channel.keep(command.store)
        self._save()

    def _switch(self, command: Command) -> None:
        """Pause or resume the session, or one channel of it."""
        pauses = command.cmd == "pause"
        if command.channel_id is not None:
            self._known(command.channel_id).pause(pauses)
        elif pauses:
            self._clock.pause()
        else:
            self._clock.resume()
        self._save()

    def _forget(self, command: Command) -> None:
        now = self._clock.now()
        start = max(Fraction(command.start or 0.0), Fraction(0))
        end = Fraction(now, NS) if command.end is None else Fraction(command.end)
        end = min(end, Fraction(now, NS))
        if start >= end:
            raise InvalidRequestError(
                f"There is nothing to forget from {float(start):g} s to {float(end):g} s: "
                f"{now / NS:.1f} s are recorded."
            )
        self._lineup.browser.catch_up(time.monotonic_ns(), longest=3.0)
        with self._saving:
            self._require_running("forget")
            writers = self._sound.cut(ticks(now, SAMPLE_RATE))
            for channel in self._channels.values():
                if isinstance(channel, VideoChannel) and channel.track is not None:
                    channel.cut(now)
                    writers.append(channel.track.writer)
            forget(self._folder, writers, start, end, self._store)
        data = {"start": float(start), "end": float(end), "wall_clock": self._clock.wall_clock}
        self._tell(Report(report="forgotten", data=data))

    def _take_up(self) -> None:
        before = self._lineup.before = Remains.read(self._folder)
        if before is not None:
            self._manifest = ManifestFile(self._folder, self._spec.session_id, before.manifest)

    def _require_running(self, what: str) -> None:
        if self._stage != "recording" or self._stop.is_set():
            raise ConflictError(f"Cannot {what}: the session is {self._stage_now()}.")

    def _warn(self, channel: Channel, what: str) -> None:
        message = f"{channel.channel_id} {what}."
        data = {"channel_id": channel.channel_id, "message": message}
        self._tell(Report(report="warning", data=data))
