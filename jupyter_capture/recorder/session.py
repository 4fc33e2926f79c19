"""One recording from the first device opened to the last byte of the manifest."""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections.abc import Callable
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
from jupyter_capture.recorder.manifest import NAME, ManifestFile
from jupyter_capture.recorder.screen_track import ScreenTrack
from jupyter_capture.recorder.sound_tracks import NO_DATA, SoundTracks
from jupyter_capture.recorder.sources import audio_source, video_source
from jupyter_capture.recorder.sources.base import SAMPLE_RATE
from jupyter_capture.recorder.video_channel import NewTrack, VideoChannel
from jupyter_capture.recorder.watch import Watch
from jupyter_capture.wire.capture import ChannelRequest, kind_of
from jupyter_capture.wire.recorder import Command, RecorderSpec, Report, TrackManifest

log = logging.getLogger(__name__)

_FIRST_BLOCK = 3.0  # s
_TICK = 0.1
_LEVELS = 0.2
_CHECK = 1.0
_SAVE = 2.0
_LAST_SOUND = 0.3
_LIVE_ONLY_FPS = 1

Channel = AudioChannel | VideoChannel


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
        self._wanted = wanted
        self._clock = MediaClock()
        self._sound = SoundTracks(folder, new_track_id, self._on_part, self._why_silent)
        self._channels: dict[str, Channel] = {}
        self._manifest = ManifestFile(folder, spec.session_id)
        self._watch = Watch(spec, folder, tell)
        self._commands = threading.Lock()
        self._stop = threading.Event()
        self._stage = "starting"
        self._reason: str | None = None

    def open(self) -> None:
        """Open all devices, or none. Raises DeviceError, UnknownChannelError, StorageFullError,
        ConflictError or InvalidRequestError."""
        if not self._spec.channels:
            raise InvalidRequestError("No channel to record: name at least one.")
        if (self._folder / NAME).exists():
            raise ConflictError(
                f"{self._folder} already holds a recording. Start a new session instead."
            )
        self._watch.check_space_at_start()
        try:
            for request in self._spec.channels:
                if request.channel_id in self._channels:
                    continue
                channel = self._channel(request)
                channel.open()
                self._channels[request.channel_id] = channel
        except CaptureError:
            for channel in self._channels.values():
                channel.abandon()
            raise

    def run(self) -> None:
        """Record until `stop()`, a full disk or the longest duration; then finish everything."""
        for channel in self._channels.values():
            channel.start()
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
            elif command.cmd == "pause":
                self._require_running("pause")
                self._clock.pause()
            elif command.cmd == "resume":
                self._require_running("resume")
                self._clock.resume()
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

    def _channel(self, request: ChannelRequest) -> Channel:
        name = request.channel_id
        if kind_of(name) == "audio":
            source = audio_source(name)
            return AudioChannel(source, self._clock, self._sound, self._tell, self._wanted)
        screen = video_source(name, self._spec.fps if request.store else _LIVE_ONLY_FPS)
        return VideoChannel(screen, self._clock, self._screen_track(name), self._tell, self._wanted)

    def _screen_track(self, channel_id: str) -> NewTrack:
        def make(size: tuple[int, int]) -> ScreenTrack:
            fps, height = self._spec.fps, self._spec.max_height
            return ScreenTrack(
                self._folder, new_track_id(), channel_id, size, fps, height, self._on_part
            )

        return make

    def _await_first_blocks(self) -> None:
        deadline = time.monotonic() + _FIRST_BLOCK
        for channel in self._channels.values():
            while not channel.ready.wait(0.02) and not self._stop.is_set():
                if time.monotonic() > deadline:
                    self._warn(channel, "gave nothing within 3 s: it starts with a gap")
                    break

    def _begin(self) -> None:
        for request in self._spec.channels:
            if request.store:
                self._channels[request.channel_id].keep(True)
        self._clock.start()
        self._stage = "recording"
        wall = self._clock.wall_clock
        self._manifest.save(self._tracks(), started_at=wall[0][1], wall_clock=list(wall))
        kept = [name for name, channel in self._channels.items() if channel.kept]
        log.info("recording %s: %s", self._spec.session_id, ", ".join(kept) or "nothing kept")
        self._tell(Report(report="active", data=self._state()))

    def _loop(self) -> None:
        levels = check = save = time.monotonic()
        while not self._stop.wait(_TICK):
            now = time.monotonic()
            self._sound.advance(ticks(self._clock.now(), SAMPLE_RATE))
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
        if reason is not None:
            self.stop(reason)

    def _save(self) -> None:
        self._manifest.save(
            self._tracks(),
            duration=self._clock.now() / NS,
            wall_clock=list(self._clock.wall_clock),
        )

    def _finish(self) -> None:
        """All tracks end at the same moment: after whole AAC frames, 1920 ticks of video each."""
        self._stop.set()
        frames = -(-ticks(self._clock.now(), SAMPLE_RATE) // AAC_FRAME)
        end = frames * AAC_FRAME
        self._clock.stop(end * NS // SAMPLE_RATE)
        deadline = time.monotonic() + _LAST_SOUND
        while not self._clock.paused and not self._sound.arrived(end):
            if time.monotonic() > deadline:
                break
            time.sleep(0.01)
        for channel in self._channels.values():
            channel.stop()
        for channel in self._channels.values():
            if channel.kept:
                channel.join(1.0)
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

    def _require_running(self, what: str) -> None:
        if self._stage != "recording" or self._stop.is_set():
            raise ConflictError(f"Cannot {what}: the session is {self._stage_now()}.")

    def _warn(self, channel: Channel, what: str) -> None:
        message = f"{channel.channel_id} {what}."
        data = {"channel_id": channel.channel_id, "message": message}
        self._tell(Report(report="warning", data=data))


def new_track_id() -> str:
    return f"trk-{secrets.token_hex(6)}"
