"""A checked timeline: what is there when, in ticks, layer over layer."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Protocol

from jupyter_capture.media.fmp4 import VideoTrackConfig
from jupyter_capture.media.picture import Picture
from jupyter_capture.media.plan import TICKS
from jupyter_capture.media.tracks import StoredTrack
from jupyter_capture.wire.editor import (
    AudioAsset,
    CaptionAsset,
    Clip,
    ImageAsset,
    TextAsset,
    VideoAsset,
)


@dataclass(frozen=True)
class Source:
    """What an asset's id stands for: tracks on one clock, or an image file.

    ``length`` in seconds, where it is not simply the end of the longer track.
    """

    video: StoredTrack | None = None
    audio: StoredTrack | None = None
    image: Path | None = None
    length: float | None = None

    @property
    def ticks(self) -> int:
        if self.length is not None:
            return round(self.length * TICKS)
        tracks = [track for track in (self.video, self.audio) if track]
        return max((track.end * TICKS // track.timescale for track in tracks), default=0)


Sources = Mapping[str, Source]


class Drawn(Protocol):
    """What is drawn without a source: texts and captions."""

    def at(self, time: float) -> Picture | None:
        """What is shown at ``time`` (seconds of the clip); the same object while it stays so."""


@dataclass(frozen=True)
class Still:
    """A picture that stays."""

    picture: Picture | None

    def at(self, time: float) -> Picture | None:
        return self.picture


@dataclass(frozen=True)
class Placed:
    """A clip on the timeline: [start, end) ticks. ``source_start``: where in the asset, ticks.

    ``fade_in`` and ``fade_out``: ticks at its ends in which it comes and goes.
    """

    name: str
    clip: Clip
    source: Source
    start: int
    end: int
    source_start: int
    layer: tuple[int, int, int]
    fade_in: int = 0
    fade_out: int = 0
    drawn: Drawn | None = None

    def presence(self, time: int) -> float:
        """0 to 1: how far it has come by ``time`` of the timeline."""
        begun = (time - self.start) / self.fade_in if self.fade_in else 1.0
        left = (self.end - time) / self.fade_out if self.fade_out else 1.0
        return max(0.0, min(1.0, begun, left))

    def source_time(self, time: int) -> int:
        return self.source_start + time - self.start

    @property
    def volume(self) -> float:
        asset = self.clip.asset
        return asset.volume if isinstance(asset, VideoAsset | AudioAsset) else 0.0

    @property
    def is_visible(self) -> bool:
        asset = self.clip.asset
        shown = isinstance(asset, ImageAsset | TextAsset | CaptionAsset) or (
            isinstance(asset, VideoAsset) and self.source.video is not None
        )
        return shown and self.clip.opacity > 0 and self.clip.scale > 0

    @property
    def is_audible(self) -> bool:
        return self.source.audio is not None and self.volume > 0


@dataclass(frozen=True)
class Span:
    """[start, end) in which the same clips are there. ``seen`` from the lowest layer up."""

    start: int
    end: int
    seen: tuple[Placed, ...]
    heard: tuple[Placed, ...]


@dataclass(frozen=True)
class Scene:
    """A checked timeline. ``warnings`` are for the one who wrote it."""

    width: int
    height: int
    background: tuple[int, int, int]
    clips: tuple[Placed, ...]
    warnings: tuple[str, ...]

    @property
    def duration(self) -> int:
        return max(clip.end for clip in self.clips)


def spans_of(scene: Scene) -> list[Span]:
    """The timeline cut wherever a clip begins or ends, has come or begins to go."""
    edges = {0}
    for clip in scene.clips:
        edges |= {clip.start, clip.start + clip.fade_in, clip.end - clip.fade_out, clip.end}
    times = sorted(edges)
    there: list[list[Placed]] = [[] for _ in times]
    for clip in scene.clips:
        for at in range(bisect_left(times, clip.start), bisect_left(times, clip.end)):
            there[at].append(clip)
    return [_span(scene, low, high, there[at]) for at, (low, high) in enumerate(pairwise(times))]


def _span(scene: Scene, low: int, high: int, there: list[Placed]) -> Span:
    seen = sorted((clip for clip in there if clip.is_visible), key=lambda clip: clip.layer)
    for at in range(len(seen) - 1, 0, -1):
        if is_whole_frame(seen[at], scene, low, high):
            seen = seen[at:]
            break
    return Span(low, high, tuple(seen), tuple(clip for clip in there if clip.is_audible))


def is_whole_frame(placed: Placed, scene: Scene, start: int, end: int) -> bool:
    """Whether the clip is a video of the timeline's own size, shown as it is in [start, end)."""
    clip, track = placed.clip, placed.source.video
    if not isinstance(clip.asset, VideoAsset) or track is None:
        return False
    if clip.filter or start < placed.start + placed.fade_in or end > placed.end - placed.fade_out:
        return False
    crop, offset = clip.asset.crop, clip.offset
    if (crop.top, crop.right, crop.bottom, crop.left) != (0, 0, 0, 0):
        return False
    if (clip.scale, clip.opacity, offset.x, offset.y) != (1, 1, 0, 0):
        return False
    first = track.part_at(placed.source_time(start))
    last = track.part_at(placed.source_time(end) - 1)
    return all(
        isinstance(config, VideoTrackConfig)
        and (config.width, config.height) == (scene.width, scene.height)
        for config in (track.config(part) for part in range(first, last + 1))
    )
