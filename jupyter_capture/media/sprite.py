"""Many small pictures of a stored track on one sheet, for seeking and for timelines."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby, pairwise
from math import ceil

import av
from PIL import Image

from jupyter_capture.errors import MediaError
from jupyter_capture.media.tracks import StoredTrack
from jupyter_capture.media.webvtt import clock

COLUMNS = 10
MOST = 100
"""Pictures on a sheet."""
_WIDTH = 160
_TALLEST = 160
_QUALITY = 70


@dataclass(frozen=True)
class Sheet:
    """``count`` pictures of ``width`` x ``height`` pixels, row by row, ``interval`` seconds apart.

    Picture ``i`` stands for the seconds from ``i * interval`` on, and shows what is on screen in
    their middle (or what was at the last key frame before, where that lies within them).
    """

    columns: int
    rows: int
    width: int
    height: int
    interval: float
    count: int

    def place(self, number: int) -> tuple[int, int]:
        """The left upper corner of a picture."""
        row, column = divmod(number, self.columns)
        return column * self.width, row * self.height


def sheet_of(size: tuple[int, int], seconds: float) -> Sheet:
    """How the pictures of a video are laid out: one a second, or `MOST` in all."""
    count = max(1, min(ceil(seconds), MOST))
    width, height = _fitted(size)
    columns = min(COLUMNS, count)
    interval = seconds / count if seconds > MOST else 1.0
    return Sheet(columns, ceil(count / columns), width, height, interval, count)


def sprite(track: StoredTrack, sheet: Sheet) -> bytes:
    """The sheet as JPEG. Where no picture is stored, or a damaged one, it is black."""
    image = Image.new("RGB", (sheet.columns * sheet.width, sheet.rows * sheet.height))
    for number, frame in _pictures(track, sheet):
        small = Image.fromarray(frame.to_ndarray(format="rgb24")).resize(
            (sheet.width, sheet.height), Image.Resampling.BILINEAR, reducing_gap=2.0
        )
        image.paste(small, sheet.place(number))
    out = io.BytesIO()
    image.save(out, "JPEG", quality=_QUALITY)
    return out.getvalue()


def sprite_map(sheet: Sheet, seconds: float, url: str) -> str:
    """WebVTT that says which part of the picture at ``url`` belongs to which time."""
    bounds = [min(number * sheet.interval, seconds) for number in range(sheet.count)]
    lines = ["WEBVTT", ""]
    for number, (start, end) in enumerate(pairwise([*bounds, max(seconds, bounds[-1] + 0.001)])):
        x, y = sheet.place(number)
        lines += [
            f"{clock(start)} --> {clock(end)}",
            f"{url}#xywh={x},{y},{sheet.width},{sheet.height}",
            "",
        ]
    return "\n".join(lines)


def _fitted(size: tuple[int, int]) -> tuple[int, int]:
    width, height = size
    scale = min(_WIDTH / width, _TALLEST / height)
    return max(2, round(width * scale)), max(2, round(height * scale))


def _pictures(track: StoredTrack, sheet: Sheet) -> Iterator[tuple[int, av.VideoFrame]]:
    """(number, frame). Nothing is decoded twice, and where key frames do, nothing between them."""
    step = sheet.interval * track.timescale
    wanted = []
    for number in range(sheet.count):
        time = min(round((number + 0.5) * step), max(track.end - 1, 0))
        key = track.previous_key(time)
        wanted.append((number, key if key >= number * step else time, key))
    for _, group in groupby(wanted, key=lambda one: one[2]):
        numbers = [(number, time) for number, time, _ in group]
        try:
            yield from _on_screen(track, numbers)
        except MediaError:
            continue


def _on_screen(
    track: StoredTrack, wanted: list[tuple[int, int]]
) -> Iterator[tuple[int, av.VideoFrame]]:
    """The frames on screen at the times (ticks, rising) of one stretch that is decoded once."""
    shown: av.VideoFrame | None = None
    at = 0
    for frame in track.frames(wanted[0][1], wanted[-1][1] + 1):
        while shown is not None and at < len(wanted) and wanted[at][1] < (frame.pts or 0):
            yield wanted[at][0], shown
            at += 1
        shown = frame
    for number, _ in wanted[at:]:
        if shown is not None:
            yield number, shown
