"""Decides which pictures of a screen are worth encoding, and stores them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import av
import numpy as np

from jupyter_capture.media.encode import VIDEO_TIMESCALE, H264Encoder, Picture, even_size
from jupyter_capture.media.writer import TrackWriter
from jupyter_capture.recorder.clock import NS, ticks
from jupyter_capture.wire.recorder import Gap, TrackManifest, VideoCodec

_SECOND = VIDEO_TIMESCALE
_KEEPALIVE = _SECOND // 2
_LONGEST_GOP = 10 * _SECOND
_BANDS = 8

RESTARTED = "the recorder was started again"
"""The reason of a gap between the death of a recorder and its next start."""


class ScreenTrack:
    """One kept screen. Times are media nanoseconds, rising; all from one thread but `manifest`.

    Pictures that equal the one before are left out, but for a small one every half second. A key
    frame comes at the first picture in a new second if anything changed since the last key, and
    otherwise every 10 s. ``after``: what a recorder that died left of the track; this one goes on
    from ``start`` (ticks).
    """

    def __init__(
        self,
        folder: Path,
        track_id: str,
        channel_id: str,
        size: tuple[int, int],
        fps: int,
        max_height: int,
        on_part: Callable[[TrackManifest], None],
        after: TrackManifest | None = None,
    ) -> None:
        self.fps = fps
        self.start = after.duration if after else 0
        self._size = size
        self._max_height = max_height
        width, height = even_size(*size, max_height)
        self._codec = VideoCodec(width=width, height=height, fps=fps)
        self._encoder = H264Encoder(self._codec)
        self.writer = TrackWriter(
            folder,
            track_id,
            channel_id,
            self._codec,
            self._encoder.config,
            offset=self.start,
            on_part=on_part,
            after=after,
        )
        self._slack = _SECOND // fps // 2
        self._shown: av.VideoFrame | None = None
        self._black: tuple[int, str] | None = None
        self._last: int | None = None
        self._key: int | None = None
        self._dirty = False

    @property
    def empty(self) -> bool:
        return self._last is None

    @property
    def missing(self) -> str:
        """The reason of the gap that goes on; "" where there is none."""
        return self._black[1] if self._black is not None else ""

    def show(self, media: int, frame: av.VideoFrame) -> None:
        """The screen looked like this from ``media`` on."""
        pts = ticks(media, VIDEO_TIMESCALE)
        if self._is_late(pts):
            return
        if (frame.width, frame.height) != self._size:
            self._resize(pts, (frame.width, frame.height))
        changed = self._shown is None or not same_picture(self._shown, frame)
        self._end_gap(pts)
        self._put(pts, frame, changed)
        if changed:
            self._shown = frame

    def black(self, media: int, reason: str) -> None:
        """There is no picture at ``media``: a black still stands in, and is listed as a gap."""
        pts = ticks(media, VIDEO_TIMESCALE)
        if self._is_late(pts):
            return
        width, height = self._size
        if self._black is not None and self._black[1] != reason:
            self._end_gap(pts)
        self._put(pts, np.zeros((height, width, 3), np.uint8), self._black is None)
        if self._black is None:
            self._black = (pts, reason)
            self._shown = None

    def blank(self, until: int, reason: str) -> None:
        """Fill the track with black from its start to media time ``until``."""
        start = self.start * NS // _SECOND
        for at in range(start, max(start + 1, until), 10 * NS):
            self.black(at, reason)

    def cut(self, now: int) -> None:
        """End the part at media time ``now``: what comes after needs nothing that lies before."""
        pts = max(ticks(now, VIDEO_TIMESCALE), (self._last or 0) + 1)
        self._encoder = H264Encoder(self._codec)
        self.writer.new_part(self._encoder.config, pts)
        self._key = None
        width, height = self._size
        black = np.zeros((height, width, 3), np.uint8)
        self._put(pts, black if self._shown is None else self._shown, True)

    @property
    def manifest(self) -> TrackManifest:
        """What is on the disk by now, and the gap that still goes on."""
        track = self.writer.manifest
        black = self._black
        if black is not None and track.duration > black[0]:
            track.gaps.append(Gap(start=black[0], end=track.duration, reason=black[1]))
        return track

    def finish(self, end: int) -> TrackManifest:
        """Close the track at ``end`` (ticks)."""
        self._end_gap(end)
        return self.writer.finish(end)

    def _is_late(self, pts: int) -> bool:
        return self._last is not None and pts <= self._last

    def _put(self, pts: int, picture: Picture, changed: bool) -> None:
        self._dirty |= changed
        key = self._needs_key(pts)
        if not changed and not key and not self._is_due(pts):
            return
        for packet in self._encoder.encode(picture, pts, key):
            self.writer.add(packet)
        self._last = pts
        if key:
            self._key, self._dirty = pts, False

    def _is_due(self, pts: int) -> bool:
        # Counted from what would be lost now, so that a screen that has just become still
        # keeps no more than half a second from the disk.
        since = self.writer.pending_since
        return since is None or pts - since >= _KEEPALIVE - self._slack

    def _needs_key(self, pts: int) -> bool:
        if self._key is None or pts - self._key >= _LONGEST_GOP:
            return True
        return self._dirty and pts // _SECOND > self._key // _SECOND

    def _resize(self, pts: int, size: tuple[int, int]) -> None:
        width, height = even_size(*size, self._max_height)
        self._size = size
        self._shown = None
        if (width, height) == (self._codec.width, self._codec.height):
            return
        self._codec = self._codec.model_copy(update={"width": width, "height": height})
        self._encoder = H264Encoder(self._codec)
        self.writer.new_part(self._encoder.config, pts)
        self._key = None

    def _end_gap(self, pts: int) -> None:
        if self._black is not None:
            start, reason = self._black
            self._black = None
            self.writer.gap(start, pts, reason)


def same_picture(one: av.VideoFrame, other: av.VideoFrame) -> bool:
    """Whether two captured frames hold the same bytes. A difference near the top is cheapest."""
    if one is other:
        return True
    if (one.width, one.height, one.format.name) != (other.width, other.height, other.format.name):
        return False
    for mine, its in zip(one.planes, other.planes, strict=True):
        a = np.frombuffer(memoryview(mine), np.uint8)
        b = np.frombuffer(memoryview(its), np.uint8)
        if a.size != b.size:
            return False
        if a.size % 8 == 0:
            a, b = a.view(np.uint64), b.view(np.uint64)
        step = a.size // _BANDS + 1
        if any(
            not np.array_equal(a[at : at + step], b[at : at + step])
            for at in range(0, a.size, step)
        ):
            return False
    return True
