"""From the lines of a %%timeline to a timeline. Every error names its line."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError

from jupyter_capture.client._display import clock
from jupyter_capture.errors import CaptureError
from jupyter_capture.magics.commands import one_line, tokens, unquoted
from jupyter_capture.magics.finding import Finding

if TYPE_CHECKING:
    from jupyter_capture.client.asset import AnyAsset
    from jupyter_capture.client.connection import Connection
    from jupyter_capture.client.editor import Timeline

DEFAULT_SECONDS = 5.0
"""How long a picture or a text is shown where no line says it."""
_TIME = re.compile(
    r"(?:(?:(\d+):)?(\d{1,2}):(\d{1,2}(?:\.\d+)?)|(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d+)?)s?)?)"
)
_COMMA = re.compile(r",(?=(?:[^\"]*\"[^\"]*\")*[^\"]*$)")  # outside quotes
_SIZE = re.compile(r"(\d+(?:\.\d+)?)%")
_PLACES = (
    "top", "bottom", "left", "right", "center",
    "top_left", "top_right", "bottom_left", "bottom_right",
)  # fmt: skip


@dataclass(frozen=True)
class Where:
    """``place`` is None for a clip that follows the one before; ``at`` in seconds."""

    place: str | None = None
    size: float | None = None
    at: float | None = None

    @property
    def follows(self) -> bool:
        return self.place is None and self.size is None and self.at is None


@dataclass
class _Cut:
    """Clips one after another, and those that lie over them."""

    main: list[tuple[float, Any]] = field(default_factory=list)
    over: list[tuple[float, Any]] = field(default_factory=list)
    end: float = 0.0
    last: float = 0.0  # where the clip begins that the next one may lie over


def read_timeline(text: str, connection: Connection, finding: Finding) -> Timeline:
    """Raises UsageError that names the line and what it may say."""
    from jupyter_capture.client.editor import Timeline, Track

    cut = _Cut()
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip() and not line.lstrip().startswith("#"):
            try:
                _add(cut, tokens(_COMMA.sub(" ", line)), finding)
            except UsageError as error:
                raise UsageError(f"Line {number}: {error}") from None
            except CaptureError as error:
                raise UsageError(f"Line {number}: {one_line(error)}") from None
    if not cut.main and not cut.over:
        raise UsageError("The timeline is empty. Write one clip a line: what, from, to, where.")
    made = Timeline(connection)
    for clips in (cut.main, *([clip] for clip in cut.over)):
        track = Track()
        for start, clip in clips:
            track.add_clip(start, clip)
        if clips:
            made.add_track(track)
    return made


def lines_of(timeline: Timeline) -> list[str]:
    """The clips in order of time, for a terminal."""
    items = [item for track in timeline.tracks for item in track.clips]
    items.sort(key=lambda item: item.start)
    return [f"Timeline of {clock(timeline.length)}, {timeline.resolution}"] + [
        f"  {clock(item.start)}–{clock(item.start + item.clip.duration)}  {item.clip.asset.label}"
        for item in items
    ]


def moment(text: str) -> float:
    """``12``, ``12.5s``, ``1:05``, ``1:02:03`` and ``1m5s`` in seconds."""
    found = _TIME.fullmatch(text) if text else None
    if found is None:
        raise UsageError(f"{text!r} is no time. Write 12, 1:05 or 1m5s, or - for the start or end.")
    hours, minutes, rest = (found[1], found[2], found[3]) if found[2] else found.group(4, 5, 6)
    return int(hours or 0) * 3600 + int(minutes or 0) * 60 + float(rest or 0)


def read_where(words: Sequence[str]) -> Where:
    place, size, at = None, None, None
    left = list(words)
    while left:
        word = left.pop(0).lower()
        name = word.replace("-", "_")
        if word == "at" and left:
            at = moment(left.pop(0))
        elif found := _SIZE.fullmatch(word):
            size = float(found[1]) / 100
        elif name in _PLACES:
            place = name
        elif word != "full":
            raise UsageError(
                f"{word!r} is no place. Write one of {', '.join(_PLACES)}, with a size like 30%, "
                "and at 0:10 for when."
            )
    if size is not None and not 0 < size <= 10:
        raise UsageError("A size lies above 0% and up to 1000%.")
    return Where(place, size, at)


def _add(cut: _Cut, words: Sequence[str], finding: Finding) -> None:
    what, first, last = [*words[:3], "-", "-"][:3]
    where = read_where(words[3:])
    asset, length = _asset(what, first, last, finding)
    clip = _clip(asset, length, where)
    sound = what.startswith("a-")
    if where.follows and not sound and not _is_quoted(what):
        cut.main.append((cut.end, clip))
        cut.last, cut.end = cut.end, cut.end + length
    else:
        # With nothing to lie over, a text or a sound stands by itself, and the next follows.
        at = cut.last if where.at is None else where.at
        cut.over.append((at, clip))
        if not cut.main and where.at is None and not sound:
            cut.end = at + length
            cut.last = cut.end


def _clip(asset: AnyAsset, length: float, where: Where) -> Any:
    from jupyter_capture.client.editor import Clip, Fit, Position

    if where.place is None and where.size is None:
        return Clip(asset, length, fit=Fit.contain)
    position = Position(where.place or "center")
    return Clip(asset, length, position=position, scale=where.size or 1.0, fit=Fit.contain)


def _asset(what: str, first: str, last: str, finding: Finding) -> tuple[AnyAsset, float]:
    """The asset from where it starts, and for how long."""
    from jupyter_capture.client.asset import AudioAsset, ImageAsset, TextAsset, VideoAsset

    if _is_quoted(what):
        start, end = _span(first, last, 0.0, None)
        return TextAsset(unquoted(what)), end - start
    if what.startswith("img-"):
        start, end = _span(first, last, 0.0, None)
        return ImageAsset(what), end - start
    source = _source(what, finding)
    start, end = _span(first, last, source.begin, source.end)
    if start >= source.length:
        raise UsageError(
            f"{source.id} is {clock(source.length)} long, so nothing is at {clock(start)}."
        )
    kind = AudioAsset if source.id.startswith("a-") else VideoAsset
    return kind(source.id, start=start), end - start


@dataclass(frozen=True)
class _Source:
    """``begin`` and ``end``: what of it is meant where the line does not say."""

    id: str
    begin: float
    end: float
    length: float


def _source(what: str, finding: Finding) -> _Source:
    if what.isdigit():
        shot = finding.shot(int(what))
        return _Source(shot.video_id, shot.start, shot.end, shot.video_length or shot.end)
    asset = finding.last_video() if what == "last" else finding.asset(what)
    return _Source(asset.id, 0.0, asset.length, asset.length)


def _span(first: str, last: str, begin: float, end: float | None) -> tuple[float, float]:
    start = begin if first == "-" else moment(first)
    stop = moment(last) if last != "-" else (start + DEFAULT_SECONDS if end is None else end)
    if stop <= start:
        raise UsageError(f"It ends at {clock(stop)}, which is not after its start, {clock(start)}.")
    return start, stop


def _is_quoted(what: str) -> bool:
    return unquoted(what) != what
