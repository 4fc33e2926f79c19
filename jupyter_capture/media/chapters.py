"""Chapters of a saved stream: its shots, its clips, or what is said after a long pause."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

from jupyter_capture.media.fmp4 import box
from jupyter_capture.media.plan import TICKS
from jupyter_capture.media.webvtt import Sentence

SHORTEST = 120.0
"""Seconds of a chapter that is found by its pause."""
_PAUSE = 2.0
_MOST = 255  # that a file can name
_TITLE = 60


@dataclass(frozen=True)
class Chapter:
    """``start`` in ticks (1/90000 s) of the stream."""

    start: int
    title: str


class Titled(Protocol):
    """A chapter of an asset. Seconds."""

    @property
    def start(self) -> float: ...
    @property
    def end(self) -> float: ...
    @property
    def title(self) -> str: ...


def chapters_shown(
    marks: Sequence[tuple[int, str, int]], end: int, of: Callable[[str], Sequence[Titled]]
) -> list[Chapter]:
    """The chapters of assets, as far as a stream shows them.

    ``marks``: from ``at`` on (ticks of the stream, in order) an asset is shown from ``start`` on
    (ticks of it); ``end`` is the stream's. What comes before the first is the "Beginning".
    """
    found: list[Chapter] = []
    for (at, asset, start), until in pairwise([*marks, (end, "", 0)]):
        last = start + until[0] - at
        for each in of(asset):
            begins, ends = round(each.start * TICKS), round(each.end * TICKS)
            if begins < last and ends > start:
                found.append(Chapter(at + max(0, begins - start), short(each.title)))
    if found and found[0].start > 0:
        found.insert(0, Chapter(0, "Beginning"))
    return tidy(found)


def spoken_chapters(sentences: Sequence[Sentence], seconds: float) -> list[Chapter]:
    """A chapter begins with what is said after a pause of two seconds, two minutes after the one
    before. None of a recording that is too short for two."""
    ordered = sorted(sentences, key=lambda each: each.start)
    found: list[Chapter] = []
    last = heard = 0.0
    for each in ordered:
        paused = each.start - heard >= _PAUSE
        far = each.start - last >= SHORTEST and seconds - each.start >= SHORTEST / 2
        if paused and far:
            found.append(Chapter(round(each.start * TICKS), short(each.text)))
            last = each.start
        heard = max(heard, each.end)
    if not found:
        return []
    first = short(ordered[0].text) if ordered[0].start * TICKS < found[0].start else "Beginning"
    return tidy([Chapter(0, first), *found])


def tidy(chapters: Sequence[Chapter]) -> list[Chapter]:
    """In order, no two at once, as many as a file can name; none where there is only one."""
    kept: dict[int, Chapter] = {}
    for chapter in sorted(chapters, key=lambda each: each.start):
        kept.setdefault(chapter.start, chapter)
    return list(kept.values())[:_MOST] if len(kept) > 1 else []


def short(text: str) -> str:
    """At most sixty letters, whole words."""
    text = " ".join(text.split())
    if len(text) <= _TITLE:
        return text
    return text[:_TITLE].rpartition(" ")[0].rstrip(",;:") + "…"


def chapter_box(chapters: Sequence[Chapter]) -> bytes:
    """``udta`` with Nero's ``chpl``, which ffmpeg, mpv, VLC and most players read."""
    if not chapters:
        return b""
    rows = b""
    for chapter in chapters:
        title = _utf8(chapter.title, 255)
        rows += struct.pack(">QB", chapter.start * 10_000_000 // TICKS, len(title)) + title
    head = struct.pack(">B3xIB", 1, 0, len(chapters))
    return box(b"udta", box(b"chpl", head + rows))


def _utf8(text: str, most: int) -> bytes:
    return text.encode()[:most].decode(errors="ignore").encode()
