"""Reads timelines: checks them, and resolves what they name into a scene."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise

from jupyter_capture.errors import (
    CaptureError,
    InvalidRequestError,
    NotFoundError,
    NotIndexedError,
)
from jupyter_capture.media.ass import decode, read_script
from jupyter_capture.media.captions import Captions, Word
from jupyter_capture.media.colours import colour
from jupyter_capture.media.letters import family_warning
from jupyter_capture.media.plan import TICKS
from jupyter_capture.media.scene import Drawn, Placed, Scene, Source, Sources, Still
from jupyter_capture.media.subtitles import Subtitles
from jupyter_capture.media.text import text_picture
from jupyter_capture.wire.editor import (
    AudioAsset,
    CaptionAsset,
    Clip,
    ImageAsset,
    TextAsset,
    Timeline,
    VideoAsset,
)

__all__ = ["Scene", "Source", "Sources", "Words", "read_timeline"]

_LARGEST = 4096
_MOST_CLIPS = 2000

Words = Callable[[str], Sequence[tuple[str, float, float, str]]]
"""The (word, start, end, channel) of an asset, its own seconds. Raises NotIndexedError."""


def read_timeline(timeline: Timeline, sources: Sources, words: Words | None = None) -> Scene:
    """Check a timeline and resolve its assets; ``words`` are for captions of what is said.

    Clips that run past their asset's end are shortened, with a warning. Raises
    InvalidRequestError (no clip, overlaps, a start past the end, a bad size or colour, broken
    subtitles), NotFoundError (an id that is not in ``sources``), NotIndexedError (captions of
    what has no transcript). Each names the clip.
    """
    width, height = _size(timeline.resolution)
    warnings: list[str] = []
    clips: list[Placed] = []
    _not_too_many(timeline)
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
    spoken = _Spoken(clips, words, warnings)
    clips = [_with_drawing(clip, (width, height), spoken, warnings) for clip in clips]
    background = colour(timeline.background)[:3]
    return Scene(width, height, background, tuple(clips), tuple(dict.fromkeys(warnings)))


def _not_too_many(timeline: Timeline) -> None:
    room = _MOST_CLIPS
    for number, track in enumerate(timeline.tracks):
        if len(track.clips) > room:
            count = sum(len(each.clips) for each in timeline.tracks)
            raise InvalidRequestError(
                f"the timeline has {count} clips, and clip {room + 1} of track {number + 1} is one "
                f"more than {_MOST_CLIPS}: make several timelines of it"
            )
        room -= len(track.clips)


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


def _place(
    name: str,
    clip: Clip,
    start: float,
    layer: tuple[int, int, int],
    sources: Sources,
    warnings: list[str],
) -> Placed:
    asset = clip.asset
    if clip.effect:
        raise InvalidRequestError(
            f"{name}: there is no effect {clip.effect!r}; VideoDB names none. Leave effect out: "
            "filter and transition change how a clip looks, comes and goes"
        )
    source = Source()
    if isinstance(asset, VideoAsset | AudioAsset | ImageAsset):
        found = sources.get(asset.id)
        if found is None:
            raise NotFoundError(f"{name}: there is no asset {asset.id!r}")
        source = found
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
    fades = _fades(clip, length)
    return Placed(name, clip, source, begin, begin + length, skipped, layer, *fades)


def _fades(clip: Clip, length: int) -> tuple[int, int]:
    """How long it comes and goes, ticks: both have room."""
    transition = clip.transition
    if transition is None:
        return 0, 0
    room = length // 2 if transition.in_ and transition.out else length
    ticks = min(round(transition.duration * TICKS), room)
    return ticks if transition.in_ else 0, ticks if transition.out else 0


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


# ---- what is drawn


def _with_drawing(
    placed: Placed, size: tuple[int, int], spoken: _Spoken, warnings: list[str]
) -> Placed:
    asset = placed.clip.asset
    try:
        if isinstance(asset, TextAsset):
            families = {asset.font.family}
            drawn: Drawn = Still(text_picture(placed.clip, asset, *size))
        elif isinstance(asset, CaptionAsset) and asset.src == "auto":
            families = {asset.font.font_name}
            drawn = Captions(asset, spoken.under(placed), size)
        elif isinstance(asset, CaptionAsset):
            script = read_script(decode(asset.src))
            families = script.families
            drawn = Subtitles(script, size)
        else:
            return placed
    except CaptureError as error:
        raise type(error)(f"{placed.name}: {error.message}") from error
    said = (family_warning(family) for family in sorted(families))
    warnings += [f"{placed.name}: {each}" for each in said if each]
    return replace(placed, drawn=drawn)


class _Spoken:
    """What is said in a timeline's clips, for captions that lie over them."""

    def __init__(self, clips: Sequence[Placed], words: Words | None, warnings: list[str]) -> None:
        sounding = [c for c in clips if c.source.audio is not None]
        # Where several clips sound at once: a video's own words before those of an audio, and
        # what is heard before what is muted.
        self._clips = sorted(sounding, key=lambda c: (c.volume == 0, c.clip.asset.type != "video"))
        self._words = words
        self._warnings = warnings
        self._known: dict[str, Sequence[tuple[str, float, float, str]] | None] = {}

    def under(self, caption: Placed) -> list[Word]:
        """The words under a caption, in its seconds. Raises where there can be none."""
        below = [c for c in self._clips if c.start < caption.end and c.end > caption.start]
        if not below:
            raise InvalidRequestError(
                "there is no video or audio clip at the time of these captions, whose words they "
                "could show: put one on another track, or give subtitles as src"
            )
        found: list[Word] = []
        taken: list[Placed] = []
        unknown: list[str] = []
        for clip in below:
            asset = clip.clip.asset
            if not isinstance(asset, VideoAsset | AudioAsset):
                continue
            words = self._of(asset.id)
            if words is None:
                unknown.append(asset.id)
                continue
            found += _words_in(clip, words, caption, taken)
            taken.append(clip)
        if not taken:
            names = ", ".join(dict.fromkeys(unknown))
            raise NotIndexedError(
                f"the captions need the transcript of {names}, which has none yet. Call "
                "index_spoken_words() on it first"
            )
        return found

    def _of(self, asset_id: str) -> Sequence[tuple[str, float, float, str]] | None:
        if asset_id not in self._known:
            try:
                self._known[asset_id] = self._words(asset_id) if self._words else None
            except NotIndexedError:
                self._known[asset_id] = None
        return self._known[asset_id]


def _words_in(
    clip: Placed,
    words: Sequence[tuple[str, float, float, str]],
    caption: Placed,
    taken: Sequence[Placed],
) -> list[Word]:
    """The words that ``clip`` says under ``caption`` while none of ``taken`` speaks."""
    shift = (clip.start - clip.source_start) / TICKS
    low, high = max(clip.start, caption.start) / TICKS, min(clip.end, caption.end) / TICKS
    begin, stop = caption.start / TICKS, caption.end / TICKS
    found = []
    for text, start, end, channel in words:
        middle = (start + end) / 2 + shift
        if not low <= middle < high:
            continue
        if any(other.start <= middle * TICKS < other.end for other in taken):
            continue
        first, last = max(start + shift, begin), min(end + shift, stop)
        found.append(Word(text, first - begin, last - begin, channel))
    return found
