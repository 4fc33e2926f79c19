"""Where a screen has changed since it was read last, and when it did."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

Gray = npt.NDArray[np.uint8]
Tiles = npt.NDArray[np.bool_]
T = TypeVar("T", bound=np.generic)

_TILE = 8
_CHANGED = 10 * _TILE * _TILE
"""Least sum of differences of a tile that changed: a thin letter has more, a picture that was
encoded again has less."""
_MARGIN = 16
_SMALLEST = 64
_NEAR = 3  # tiles
_MOST = 0.6


@dataclass(frozen=True)
class Box:
    """Pixels."""

    x: int
    y: int
    w: int
    h: int

    @property
    def right(self) -> int:
        return self.x + self.w

    @property
    def bottom(self) -> int:
        return self.y + self.h

    def meets(self, other: Box) -> bool:
        across = self.x < other.right and other.x < self.right
        return across and self.y < other.bottom and other.y < self.bottom

    def with_(self, other: Box) -> Box:
        """The smallest box around both."""
        x, y = min(self.x, other.x), min(self.y, other.y)
        return Box(x, y, max(self.right, other.right) - x, max(self.bottom, other.bottom) - y)


class Changes:
    """Look at the pictures in order of time (seconds). All pictures are gray, (h, w)."""

    def __init__(self) -> None:
        self._whole = Box(0, 0, 0, 0)
        self._seen: Gray | None = None
        self._read: Gray | None = None
        self._dirty: Tiles = np.zeros((0, 0), np.bool_)
        self._first = self._last = np.zeros((0, 0))

    @property
    def dirty(self) -> bool:
        """Whether there is anything that was not read."""
        return bool(self._dirty.any())

    def look(self, at: float, gray: Gray) -> bool:
        """Whether the picture moved since the last look."""
        whole = Box(0, 0, gray.shape[1], gray.shape[0])
        gray = _in_tiles(gray)
        if self._seen is None or self._whole != whole:
            shape = (gray.shape[0] // _TILE, gray.shape[1] // _TILE)
            self._whole = whole
            self._seen, self._read = gray, None
            self._dirty = np.ones(shape, np.bool_)
            self._first, self._last = np.full(shape, float(at)), np.full(shape, float(at))
            return True
        if np.array_equal(self._seen, gray):
            return False
        moved = _differing(self._seen, gray)
        self._seen = gray
        if not moved.any():
            return False
        self._last[moved] = at
        if self._read is not None:
            self._dirty = _differing(self._read, gray)
            known = np.where(np.isnan(self._first), at, self._first)
            self._first = np.where(self._dirty, known, np.nan)
        return True

    def areas(self, lines: Iterable[Box]) -> list[Box]:
        """What must be read: the changed stretches, each with all the lines that it touches."""
        whole = self._whole
        found = self._stretches()
        boxes = list(lines)
        while True:
            grown = [_around(area, boxes, whole) for area in found]
            joined = _joined(grown)
            if joined == found:
                break
            found = joined
        if sum(area.w * area.h for area in found) > _MOST * whole.w * whole.h:
            return [whole]
        return found

    def since(self, box: Box) -> float:
        """When what is seen there came, mostly."""
        times, dirty = self._tiles(self._last, box), self._tiles(self._dirty, box)
        return float(np.median(times[dirty] if dirty.any() else times))

    def until(self, box: Box, now: float) -> float:
        """When what was read there went, mostly."""
        times = self._tiles(self._first, box)
        gone = times[~np.isnan(times)]
        return float(np.median(gone)) if gone.size else now

    def mark_read(self) -> None:
        """What was seen last was read."""
        self._read = self._seen
        self._dirty = np.zeros_like(self._dirty)
        self._first = np.full_like(self._first, np.nan)

    def _stretches(self) -> list[Box]:
        """Bands of rows in which something changed, each as wide as its changes."""
        found = []
        for top, bottom in _runs(self._dirty):
            for left, right in _runs(self._dirty[top:bottom].T):
                part = self._dirty[top:bottom, left:right].nonzero()[0]
                first, last = top + int(part.min()), top + int(part.max()) + 1
                box = (left, first, right - left, last - first)
                found.append(Box(*(_TILE * each for each in box)))
        return found

    def _tiles(self, of: npt.NDArray[T], box: Box) -> npt.NDArray[T]:
        rows = slice(box.y // _TILE, -(-box.bottom // _TILE))
        return of[rows, box.x // _TILE : -(-box.right // _TILE)]


def _in_tiles(gray: Gray) -> Gray:
    """With its edges repeated until it is made of whole tiles."""
    height, width = gray.shape
    more = (-height % _TILE, -width % _TILE)
    return np.pad(gray, ((0, more[0]), (0, more[1])), "edge") if any(more) else gray


def _differing(one: Gray, other: Gray) -> Tiles:
    """Which tiles of two pictures of a size differ."""
    width = one.shape[1]
    difference = np.maximum(one, other)
    difference -= np.minimum(one, other)
    rows = difference.reshape(-1, _TILE, width).sum(axis=1, dtype=np.uint16)
    sums = rows.reshape(-1, width // _TILE, _TILE).sum(axis=2, dtype=np.uint32)
    found: Tiles = sums > _CHANGED
    return found


def _runs(changed: Tiles) -> list[tuple[int, int]]:
    """The rows in which any is true: (start, end) pairs, those a few tiles apart as one."""
    found: list[tuple[int, int]] = []
    for at in np.unique(changed.nonzero()[0]).tolist():
        if found and at - found[-1][1] < _NEAR:
            found[-1] = (found[-1][0], at + 1)
        else:
            found.append((at, at + 1))
    return found


def _around(area: Box, lines: list[Box], whole: Box) -> Box:
    for line in lines:
        # What is typed after a word stands at a little distance from it.
        if area.meets(Box(line.x - 2 * line.h, line.y, line.w + 4 * line.h, line.h)):
            area = area.with_(line)
    return area


def _joined(areas: list[Box]) -> list[Box]:
    found: list[Box] = []
    for area in areas:
        while touching := [one for one in found if one.meets(area)]:
            for one in touching:
                found.remove(one)
                area = area.with_(one)
        found.append(area)
    return found


def with_margin(area: Box, whole: Box) -> Box:
    """A little more of the picture, since letters at an edge are read badly."""
    more_x = max(_MARGIN, (_SMALLEST - area.w) // 2)
    more_y = max(_MARGIN, (_SMALLEST - area.h) // 2)
    x, y = max(0, area.x - more_x), max(0, area.y - more_y)
    right = min(whole.right, area.right + more_x)
    return Box(x, y, right - x, min(whole.bottom, area.bottom + more_y) - y)
