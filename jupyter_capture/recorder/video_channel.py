"""A screen, being recorded or only watched."""

from __future__ import annotations

import threading
from collections.abc import Callable

import av

from jupyter_capture.recorder.channel import ChannelThread, Tell
from jupyter_capture.recorder.clock import MediaClock
from jupyter_capture.recorder.eye import Eye
from jupyter_capture.recorder.screen_track import RESTARTED, ScreenTrack
from jupyter_capture.recorder.sources.base import Picture, VideoSource
from jupyter_capture.wire.recorder import TrackManifest

NewTrack = Callable[[tuple[int, int]], ScreenTrack]


class VideoChannel(ChannelThread[Picture]):
    """Hands the pictures of a source to its track while the channel is kept, and to its eye while
    somebody looks on."""

    def __init__(
        self,
        source: VideoSource,
        clock: MediaClock,
        new_track: NewTrack,
        tell: Tell,
        wanted: Callable[[str], bool],
    ) -> None:
        super().__init__(source, clock, tell)
        self.track: ScreenTrack | None = None
        self._video = source
        self._new_track = new_track
        self._eye = Eye(source.channel_id, clock, tell, wanted)
        self._latest: av.VideoFrame | None = None
        self._lock = threading.Lock()
        self._final: TrackManifest | None = None

    @property
    def manifest(self) -> TrackManifest | None:
        """The track as it stands, also after `end()`; None for a channel that was never kept."""
        track = self.track
        return self._final if track is None else track.manifest

    def keep(self, kept: bool) -> None:
        """Begin to keep the channel, or go on with it live only. Both may come again."""
        with self._lock:
            if kept and self.track is None:
                self.track = self._new_track(self._video.size)
                self._video.fps = self.track.fps
                if self.clock.started:
                    why = RESTARTED if self.track.start else "not kept"
                    self.track.blank(self.clock.now(), why)
            self._set_kept(kept)

    def pause(self, paused: bool) -> None:
        """While it is paused nothing of the channel is stored, nor seen by anybody."""
        with self._lock:
            self._set_paused(paused)

    def cut(self, now: int) -> None:
        """Let what comes after media time ``now`` be a part of its own."""
        with self._lock:
            if self.track is not None and not self.track.empty:
                self.track.cut(now)

    def take(self, piece: Picture) -> None:
        self.ready.set()
        if self.is_open(piece.moment):
            self._eye.see(piece.moment, piece.frame, self.kept)
        with self._lock:
            if self.track is None or not self.clock.started:
                self._latest = piece.frame
                return
            media = self.clock.media(piece.moment)
            self._begin()
            if media is None:
                return
            if self.is_storing(piece.moment):
                self.track.show(media, piece.frame)
            else:
                # Taken before it was kept: the gap that is there goes on by its own name.
                self.track.black(media, self.state or self.track.missing or "not kept")

    def idle(self) -> None:
        with self._lock:
            if self.track is None or not self.clock.started or self.clock.paused:
                return
            self._begin()
            self.track.black(self.clock.now(), self.state or "no picture")

    def end(self, ticks: int) -> None:
        """Close the track at ``ticks``, once the thread has ended or hangs."""
        with self._lock:
            if self.track is not None:
                self._begin()
                self._final = self.track.finish(ticks)
                self.track = None

    def _begin(self) -> None:
        """Media time 0 shows what was on the screen just before it began."""
        if self.track is None or not self.track.empty:
            return
        if self._latest is not None and self.storing:
            self.track.show(0, self._latest)
        else:
            self.track.black(0, self.state or "no picture yet")
        self._latest = None
