"""A timeline as the renderer sees it: checked, in ticks, layer over layer."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from PIL import ImageColor

from jupyter_capture.errors import InvalidRequestError, NotFoundError, NotOfferedError
from jupyter_capture.media.fmp4 import VideoTrackConfig
from jupyter_capture.media.plan import TICKS
from jupyter_capture.media.tracks import StoredTrack
from jupyter_capture.wire.editor import AudioAsset, Clip, ImageAsset, Timeline, VideoAsset

_LARGEST = 4096


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


@dataclass(frozen=True)
class Placed:
    """A clip on the timeline: [start, end) ticks. ``source_start``: where in the asset, ticks."""

    name: str
    clip: Clip
    source: Source
    start: int
    end: int
    source_start: int
    layer: tuple[int, int, int]

    def source_time(self, time: int) -> int:
        return self.source_start + time - self.start

    @property
    def volume(self) -> float:
        asset = self.clip.asset
        return asset.volume if isinstance(asset, VideoAsset | AudioAsset) else 0.0

    @property
    def is_visible(self) -> bool:
        asset = self.clip.asset
        shown = isinstance(asset, ImageAsset) or (
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


def read_timeline(timeline: Timeline, sources: Sources) -> Scene:
    """Check a timeline and resolve its assets.

    Clips that run past their asset's end are shortened, with a warning. Raises
    InvalidRequestError (no clip, overlaps, a start past the end, a bad size or colour),
    NotFoundError (an id that is not in ``sources``), NotOfferedError (a part of the vocabulary
    that is not rendered yet).
    """
    width, height = _size(timeline.resolution)
    warnings: list[str] = []
    clips: list[Placed] = []
    for number, track in enumerate(timeline.tracks):
        placed = []
        for position, item in enumerate(track.clips):
            name = f"clip {position + 1} of track {number + 1}"
            layer = (track.z_index, item.clip.z_index, number)
            placed.append(_place(name, item.clip, item.start, layer, sources, warnings))
        _no_overlap(placed)
        clips += placed
    if not clips:
        raise InvalidRequestError("the timeline has no clip: add one with track.add_clip()")
    return Scene(width, height, _colour(timeline.background), tuple(clips), tuple(warnings))


def _size(resolution: str) -> tuple[int, int]:
    match = re.fullmatch(r"\s*(\d{1,5})\s*[xX×]\s*(\d{1,5})\s*", resolution)
    if not match:
        raise InvalidRequestError(f"resolution {resolution!r} is not WIDTHxHEIGHT, as 1280x720")
    width, height = int(match[1]), int(match[2])
    if not 16 <= min(width, height) <= max(width, height) <= _LARGEST or width % 2 or height % 2:
        raise InvalidRequestError(
            f"resolution {resolution!r}: both sides must be even, from 16 to {_LARGEST} pixels"
        )
    return width, height


def _colour(background: str) -> tuple[int, int, int]:
    try:
        red, green, blue = ImageColor.getrgb(background)[:3]
    except ValueError as error:
        raise InvalidRequestError(
            f"background {background!r} is no colour: #rrggbb or a CSS colour name is accepted"
        ) from error
    return red, green, blue


def _place(
    name: str,
    clip: Clip,
    start: float,
    layer: tuple[int, int, int],
    sources: Sources,
    warnings: list[str],
) -> Placed:
    _offered(name, clip)
    asset = clip.asset
    if not isinstance(asset, VideoAsset | AudioAsset | ImageAsset):
        raise NotOfferedError(
            f"{name} is a {asset.type} asset, which this version does not render yet: "
            "video, audio and image assets are"
        )
    source = sources.get(asset.id)
    if source is None:
        raise NotFoundError(f"{name}: there is no asset {asset.id!r}")
    _fits(name, asset, source)
    begin, length = round(start * TICKS), max(1, round(clip.duration * TICKS))
    skipped = 0
    if isinstance(asset, VideoAsset | AudioAsset):
        skipped, whole = round(asset.start * TICKS), source.ticks
        if skipped >= whole:
            raise InvalidRequestError(
                f"{name} starts at {asset.start:g} s of {asset.id}, which is "
                f"{whole / TICKS:.2f} s long: choose a start before its end"
            )
        if skipped + length > whole:
            warnings.append(
                f"{name} asks for {clip.duration:g} s, but {asset.id} has "
                f"{(whole - skipped) / TICKS:.2f} s from {asset.start:g} s on: it was shortened"
            )
            length = whole - skipped
    return Placed(name, clip, source, begin, begin + length, skipped, layer)


def _offered(name: str, clip: Clip) -> None:
    for what in ("effect", "filter", "transition"):
        if getattr(clip, what):
            raise NotOfferedError(
                f"{name} has {what!r} set, which this version does not render yet: leave it out"
            )


def _fits(name: str, asset: VideoAsset | AudioAsset | ImageAsset, source: Source) -> None:
    has = {
        "video": source.video is not None or source.audio is not None,
        "audio": source.audio is not None,
        "image": source.image is not None,
    }
    if not has[asset.type]:
        raise InvalidRequestError(
            f"{name} is a {asset.type} asset, but {asset.id} holds no {asset.type}"
        )


def _no_overlap(placed: list[Placed]) -> None:
    for before, after in pairwise(sorted(placed, key=lambda clip: clip.start)):
        if after.start < before.end:
            raise InvalidRequestError(
                f"{before.name} ({before.start / TICKS:g} to {before.end / TICKS:g} s) and "
                f"{after.name} (from {after.start / TICKS:g} s) overlap: move one, or put it on a "
                "track of its own"
            )


def spans_of(scene: Scene) -> list[Span]:
    """The timeline cut wherever a clip begins or ends."""
    times = sorted({0, *(t for clip in scene.clips for t in (clip.start, clip.end))})
    return [_span(scene, low, high) for low, high in pairwise(times)]


def _span(scene: Scene, low: int, high: int) -> Span:
    there = [clip for clip in scene.clips if clip.start <= low and high <= clip.end]
    seen = sorted((clip for clip in there if clip.is_visible), key=lambda clip: clip.layer)
    for at in range(len(seen) - 1, 0, -1):
        if is_whole_frame(seen[at], scene):
            seen = seen[at:]
            break
    return Span(low, high, tuple(seen), tuple(clip for clip in there if clip.is_audible))


def is_whole_frame(placed: Placed, scene: Scene) -> bool:
    """Whether the clip is a video of the timeline's own size, shown as it is."""
    clip, track = placed.clip, placed.source.video
    if not isinstance(clip.asset, VideoAsset) or track is None:
        return False
    crop, offset = clip.asset.crop, clip.offset
    if (crop.top, crop.right, crop.bottom, crop.left) != (0, 0, 0, 0):
        return False
    if (clip.scale, clip.opacity, offset.x, offset.y) != (1, 1, 0, 0):
        return False
    first = track.part_at(placed.source_start)
    last = track.part_at(placed.source_time(placed.end) - 1)
    return all(
        isinstance(config, VideoTrackConfig)
        and (config.width, config.height) == (scene.width, scene.height)
        for config in (track.config(part) for part in range(first, last + 1))
    )
