"""The channels of a recording, made from what was asked for and what an earlier recorder left."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from pathlib import Path

from jupyter_capture.errors import CaptureError
from jupyter_capture.recorder.audio_channel import AudioChannel
from jupyter_capture.recorder.channel import Tell
from jupyter_capture.recorder.clock import MediaClock
from jupyter_capture.recorder.remains import Remains
from jupyter_capture.recorder.screen_track import ScreenTrack
from jupyter_capture.recorder.sound_tracks import SoundTracks
from jupyter_capture.recorder.sources import audio_source, video_source
from jupyter_capture.recorder.sources.base import SAMPLE_RATE, AudioSource, VideoSource
from jupyter_capture.recorder.sources.browser_intake import BrowserIntake
from jupyter_capture.recorder.video_channel import NewTrack, VideoChannel
from jupyter_capture.wire.capture import ChannelRequest, is_browser, kind_of
from jupyter_capture.wire.recorder import RecorderSpec, TrackManifest, VideoCodec, browser_socket

_LIVE_ONLY_FPS = 1
_FROM_AFAR = 64 * SAMPLE_RATE
"""What a browser sends may be a minute late, and so may the mix of it with the rest."""

Channel = AudioChannel | VideoChannel


class Lineup:
    """``sound``: the tracks of all kept sound. ``before``: what is to be gone on with."""

    def __init__(
        self,
        spec: RecorderSpec,
        folder: Path,
        clock: MediaClock,
        on_part: Callable[[TrackManifest], None],
        why: Callable[[str], str],
        tell: Tell,
        wanted: Callable[[str], bool],
    ) -> None:
        self._spec = spec
        self._folder = folder
        self._clock = clock
        self._on_part = on_part
        self._tell = tell
        self._wanted = wanted
        self.before: Remains | None = None
        self.browser = BrowserIntake(Path(browser_socket(spec.socket)))
        afar = any(is_browser(request.channel_id) for request in spec.channels)
        self.sound = SoundTracks(
            folder,
            new_track_id,
            on_part,
            why,
            before=self.left,
            watermark=_FROM_AFAR if afar else SAMPLE_RATE,
        )

    def open(self, request: ChannelRequest) -> Channel:
        """A channel whose device is open. Where a recording goes on, the device may come later;
        else raises DeviceError or UnknownChannelError."""
        channel = self._channel(request)
        try:
            channel.open()
        except CaptureError as error:
            if self.before is None:
                raise
            channel.open_later(error.message)
        return channel

    def left(self, channel_id: str) -> TrackManifest | None:
        """What an earlier recorder left of a channel."""
        return self.before.track(channel_id) if self.before else None

    def _channel(self, request: ChannelRequest) -> Channel:
        name = request.channel_id
        if kind_of(name) == "audio":
            source: AudioSource = (
                self.browser.sound(name) if is_browser(name) else audio_source(name)
            )
            return AudioChannel(source, self._clock, self.sound, self._tell, self._wanted)
        fps = self._spec.fps if request.store else _LIVE_ONLY_FPS
        screen: VideoSource = (
            self.browser.pictures(name, fps) if is_browser(name) else video_source(name, fps)
        )
        return VideoChannel(screen, self._clock, self._screen_track(name), self._tell, self._wanted)

    def _screen_track(self, channel_id: str) -> NewTrack:
        def make(size: tuple[int, int]) -> ScreenTrack:
            fps, height = self._spec.fps, self._spec.max_height
            before = self.left(channel_id)
            if not all(size) and before is not None and isinstance(before.codec, VideoCodec):
                size = before.codec.width, before.codec.height  # the screen is not there yet
            track_id = before.id if before else new_track_id()
            return ScreenTrack(
                self._folder, track_id, channel_id, size, fps, height, self._on_part, before
            )

        return make


def new_track_id() -> str:
    return f"trk-{secrets.token_hex(6)}"
