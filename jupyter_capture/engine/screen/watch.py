"""What is written on a screen that is looked at again and again."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Protocol

from jupyter_capture.engine.screen.changes import Box, Changes, Gray
from jupyter_capture.engine.screen.lines import (
    Line,
    continues,
    holds,
    is_text,
    laid_out,
    new_words,
    plain,
)
from jupyter_capture.engine.screen.reader import Found, Rgb

EVERY = 2.0  # s
_PATIENCE = 2.0  # s
_BRIDGE = 3.0  # s
_LONGEST = 500  # characters


class Reads(Protocol):
    def read(self, picture: Rgb, area: Box) -> Iterable[Found]: ...


@dataclass(frozen=True)
class Written:
    """Text that came and went together. Seconds; ``boxes`` of its lines, in pixels of the frame:
    ``text``, ``x``, ``y``, ``w``, ``h``."""

    start: float
    end: float
    text: str
    boxes: list[dict[str, str | int]]
    words: Sequence[tuple[str, float, float]] = field(default=())


class Screen:
    """Look at its pictures in order of time (seconds), then `finish`.

    ``patient``: a picture that moves is waited for, up to a moment, until it stands still.
    """

    def __init__(self, reader: Reads, *, patient: bool = True) -> None:
        self._reader = reader
        self._patience = _PATIENCE if patient else 0.0
        self._changes = Changes()
        self._shown: list[Line] = []
        self._gone: list[Line] = []
        self._readings = 0
        self._read_at = float("-inf")
        self._picture: Callable[[], Rgb] | None = None
        self._at = 0.0

    def look(self, at: float, gray: Gray, picture: Callable[[], Rgb]) -> list[Written]:
        """What is new on the screen at ``at``; nothing while there is no need to read it."""
        moves = self._changes.look(at, gray)
        self._picture, self._at = picture, at
        since = at - self._read_at
        if not self._changes.dirty or since < EVERY:
            return []
        if moves and self._readings and since < EVERY + self._patience:
            return []
        return self._written(self._read(), at)

    def finish(self, end: float) -> list[Written]:
        """All that was written on it until ``end``, in order of time."""
        if self._changes.dirty and self._picture is not None:
            self._read()
        for line in self._shown:
            line.end, line.left = max(end, line.start), self._readings + 1
        lines = sorted([*self._gone, *self._shown], key=_together)
        found = [
            one for _, group in groupby(lines, _together) for one in self._written(list(group))
        ]
        return sorted(found, key=lambda one: (one.start, one.end))

    def _read(self) -> list[Line]:
        """Read what changed; the lines that are new or say more than before."""
        assert self._picture is not None  # noqa: S101  there is something to read after a look
        areas = self._changes.areas(line.box for line in self._shown)
        picture = self._picture()
        found = [one for area in areas for one in self._reader.read(picture, area) if is_text(one)]
        self._readings += 1
        self._read_at = self._at
        whole = Box(0, 0, picture.shape[1], picture.shape[0])
        news = self._take(found, None if whole in areas else areas)
        self._changes.mark_read()
        return news

    def _take(self, found: list[Found], areas: list[Box] | None) -> list[Line]:
        """Compare what was found with what was there, in these areas or everywhere."""
        old = [
            line
            for line in self._shown
            if areas is None or any(area.meets(line.box) for area in areas)
        ]
        kept = [line for line in self._shown if line not in old]
        news: list[Line] = []
        fresh: list[Found] = []
        for one in found:
            same = [line for line in old if line.key == plain(one.text)]
            if same:
                line = min(same, key=lambda each: _distance(each.box, one.box))
                line.box = one.box
                old.remove(line)
                kept.append(line)
            else:
                fresh.append(one)
        for one in fresh:
            line, is_news = self._placed(one, old)
            kept.append(line)
            if is_news:
                news.append(line)
        old = [line for line in old if not any(holds(one, line) for one in found)]
        for line in old:
            line.end = max(line.start, self._changes.until(line.box, self._at))
            line.left = self._readings
        self._gone += old
        self._shown = kept
        return news

    def _placed(self, one: Found, old: list[Line]) -> tuple[Line, bool]:
        """The line that was found, and whether it says anything new."""
        for line in old:
            if continues(line, one, self._at):
                old.remove(line)
                is_news = new_words(line.text, one.text)
                if is_news or one.score > line.score:
                    line.text, line.score = one.text, one.score
                line.box = one.box
                return line, is_news
        for line in reversed(self._gone):
            if self._at - line.end <= _BRIDGE and line.key == plain(one.text):
                self._gone.remove(line)
                line.left, line.box = None, one.box
                return line, False
        start = min(self._at, self._changes.since(one.box))
        return Line(one.text, one.box, one.score, start, self._readings), True

    def _written(self, lines: list[Line], now: float | None = None) -> list[Written]:
        """As segments of readable length; ``now``: they are still there."""
        if not lines:
            return []
        start = statistics.median_low([line.start for line in lines])
        end = now if now is not None else statistics.median_low([line.end for line in lines])
        return [
            Written(
                start=round(start, 3),
                end=round(max(start, end), 3),
                text=" ".join(line.text for line in part),
                boxes=[{"text": line.text, **vars(line.box)} for line in part],
            )
            for part in _parts(laid_out(lines))
        ]


def _together(line: Line) -> tuple[int, int]:
    return line.came, line.left or 0


def _parts(lines: list[Line]) -> Iterator[list[Line]]:
    part: list[Line] = []
    size = 0
    for line in lines:
        if part and size + len(line.text) > _LONGEST:
            yield part
            part, size = [], 0
        part.append(line)
        size += len(line.text) + 1
    if part:
        yield part


def _distance(one: Box, other: Box) -> int:
    return abs(one.x - other.x) + abs(one.y - other.y)
