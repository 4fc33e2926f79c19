"""Lines of text on a screen: which are the same, and in which order they are read."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from jupyter_capture.engine.screen.changes import Box
from jupyter_capture.engine.screen.reader import Found

_ALIKE = 0.85
_COUNTS = 5.0  # s
_CARETS = ("l", "i")
_CLOCKS = ("", "am", "pm")
_SHORTEST = 2  # letters and digits


@dataclass
class Line:
    """A line while it is on the screen, and after. ``came`` and ``left`` are numbers of readings,
    ``start`` and ``end`` seconds."""

    text: str
    box: Box
    score: float
    start: float
    came: int
    end: float = 0.0
    left: int | None = None

    @property
    def key(self) -> str:
        return plain(self.text)


def plain(text: str) -> str:
    """Letters and digits alone: what is left of a text however badly it was read."""
    return re.sub(r"[\W_]+", "", text.casefold())


def is_text(found: Found) -> bool:
    """Not an icon that looks like a letter."""
    return len(plain(found.text)) >= _SHORTEST


def continues(line: Line, found: Found, now: float) -> bool:
    """Whether ``found`` is the same line, written on, corrected, or read a little differently."""
    if not _in_place(line.box, found.box):
        return False
    old, new = line.key, plain(found.text)
    if old.startswith(new) or new.startswith(old):
        return True
    if old[-1:] in _CARETS and new.startswith(old[:-1]):
        return True
    digits = re.compile(r"\d")
    if digits.sub("", old) in _CLOCKS and digits.sub("", new) in _CLOCKS:
        return True
    if digits.findall(old) == digits.findall(new):
        return difflib.SequenceMatcher(None, old, new, autojunk=False).ratio() >= _ALIKE
    # It counts: not every number is worth a line of its own.
    return digits.sub("0", old) == digits.sub("0", new) and now - line.start < _COUNTS


def holds(found: Found, line: Line) -> bool:
    """Whether a line was only a part of what is found there now."""
    return (
        _overlap(found.box, line.box) > 0.5
        and found.box.x < line.box.right
        and line.box.x < found.box.right
        and line.key in plain(found.text)
    )


def new_words(old: str, new: str) -> bool:
    """Whether ``new`` has a word, and not only a number, that ``old`` has not."""
    words = re.compile(r"[^\W\d_]\w+")
    return bool(set(words.findall(new.casefold())) - set(words.findall(old.casefold())))


def laid_out(lines: Sequence[Line]) -> list[Line]:
    """In reading order: block by block, so that columns are not mixed; rows from left to right."""
    blocks: list[list[Line]] = []
    for line in sorted(lines, key=lambda one: (one.box.y, one.box.x)):
        near = [block for block in blocks if any(_near(one.box, line.box) for one in block)]
        joined = [one for block in near for one in block] + [line]
        blocks = [block for block in blocks if block not in near] + [joined]
    blocks.sort(key=lambda block: (min(one.box.y for one in block), block[0].box.x))
    return [line for block in blocks for line in _rows(block)]


def _rows(block: list[Line]) -> list[Line]:
    rows: list[list[Line]] = []
    for line in sorted(block, key=lambda one: one.box.y + one.box.h / 2):
        if rows and _overlap(rows[-1][0].box, line.box) > 0.5:
            rows[-1].append(line)
        else:
            rows.append([line])
    return [line for row in rows for line in sorted(row, key=lambda one: one.box.x)]


def _near(one: Box, other: Box) -> bool:
    height = min(one.h, other.h)
    gap_x = max(one.x, other.x) - min(one.right, other.right)
    gap_y = max(one.y, other.y) - min(one.bottom, other.bottom)
    return (gap_x < 0 and gap_y < height) or (_overlap(one, other) > 0.5 and gap_x < 2 * height)


def _in_place(one: Box, other: Box) -> bool:
    return _overlap(one, other) > 0.5 and abs(one.x - other.x) < 1.5 * max(one.h, other.h)


def _overlap(one: Box, other: Box) -> float:
    """How much of the lower one's height both share."""
    shared = min(one.bottom, other.bottom) - max(one.y, other.y)
    return shared / min(one.h, other.h)
