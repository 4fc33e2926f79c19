"""What is said in a stream as subtitles: WebVTT and SubRip."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil

from jupyter_capture.media.plan import TICKS

TYPE = "text/vtt"

_ROW = 42  # letters that are read at a glance
_MOST = 2 * _ROW
_PAUSE = 1.2  # seconds of silence that part a sentence
_LINGER = 0.5  # seconds that a line stays after its last word, if nothing follows
_SHORTEST = 1.0
_SAME = 0.05

# A name for people who do not know the codes; the code itself is for players.
_LANGUAGES = {
    "ar": "العربية", "cs": "Čeština", "da": "Dansk", "de": "Deutsch", "el": "Ελληνικά",
    "en": "English", "es": "Español", "fi": "Suomi", "fr": "Français", "he": "עברית",
    "hi": "हिन्दी", "hu": "Magyar", "id": "Indonesia", "it": "Italiano", "ja": "日本語",
    "ko": "한국어", "nl": "Nederlands", "no": "Norsk", "pl": "Polski", "pt": "Português",
    "ro": "Română", "ru": "Русский", "sv": "Svenska", "th": "ไทย", "tr": "Türkçe",
    "uk": "Українська", "vi": "Tiếng Việt", "zh": "中文",
}  # fmt: skip

Word = tuple[str, float, float]
"""A word, its start and its end (seconds)."""


@dataclass(frozen=True)
class Heard:
    """[start, end) of an asset is heard from ``at`` of a stream on (ticks of 1/90000 s)."""

    asset: str
    start: int
    end: int
    at: int


@dataclass(frozen=True)
class Sentence:
    """Seconds. ``words`` may be empty, where only the whole is timed."""

    start: float
    end: float
    text: str
    words: Sequence[Word] = ()


@dataclass(frozen=True)
class Line:
    """One or two rows of ``text``, shown from ``start`` to ``end`` (seconds)."""

    start: float
    end: float
    text: str


def language_name(code: str | None) -> str:
    return _LANGUAGES.get((code or "").partition("-")[0], code or "Captions")


def sentences_in(heard: Heard, said: Iterable[Sentence]) -> list[Sentence]:
    """What of an asset's sentences is heard in a stretch, in the stream's seconds.

    A word belongs to the stretch that its middle lies in.
    """
    low, high, shift = heard.start / TICKS, heard.end / TICKS, (heard.at - heard.start) / TICKS
    found = []
    for sentence in said:
        words = [
            (text, max(start, low) + shift, min(end, high) + shift)
            for text, start, end in sentence.words
            or [(sentence.text, sentence.start, sentence.end)]
            if low <= (start + end) / 2 < high
        ]
        if words:
            text = " ".join(word.strip() for word, _, _ in words)
            found.append(Sentence(words[0][1], words[-1][2], text, words))
    return found


def lines_of(sentences: Iterable[Sentence]) -> list[Line]:
    """Sentences as lines to read, in order of time. What is heard twice at once is shown once."""
    parts = [part for sentence in sentences for part in _parts(list(sentence.words))]
    timed = sorted((part[0][1], part[-1][2], _rows(part)) for part in parts if part)
    lines: list[Line] = []
    for start, end, text in timed:
        if any(line.text == text and abs(line.start - start) < _SAME for line in lines[-4:]):
            continue
        lines.append(Line(start, max(end, start + 0.001), text))
    return [_lingering(line, after) for line, after in pairwise([*lines, None]) if line]


def webvtt(lines: Sequence[Line], *, mapped: bool = False) -> str:
    """``mapped``: with the header by which HLS players lay it over the media's own clock."""
    head = ["WEBVTT"]
    if mapped:
        head.append("X-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00:00.000")
    cues = [f"{clock(line.start)} --> {clock(line.end)}\n{_escaped(line.text)}\n" for line in lines]
    return "\n".join([*head, "", *cues])


def srt(lines: Sequence[Line]) -> str:
    return "\n".join(
        f"{number}\n{clock(line.start, ',')} --> {clock(line.end, ',')}\n{line.text}\n"
        for number, line in enumerate(lines, 1)
    )


def _parts(words: list[Word]) -> list[list[Word]]:
    """A sentence in pieces of about equal length that fit on a screen, parted at pauses first."""
    runs: list[list[Word]] = []
    for word in words:
        if runs and word[1] - runs[-1][-1][2] < _PAUSE:
            runs[-1].append(word)
        else:
            runs.append([word])
    return [part for run in runs for part in _even(run)]


def _even(words: list[Word]) -> list[list[Word]]:
    total = sum(len(word[0].strip()) + 1 for word in words)
    count = ceil(total / _MOST)
    parts: list[list[Word]] = [[]]
    done = 0
    for word in words:
        size = len(word[0].strip()) + 1
        if parts[-1] and done + size / 2 > len(parts) * total / count and len(parts) < count:
            parts.append([])
        parts[-1].append(word)
        done += size
    return parts


def _rows(words: Sequence[Word]) -> str:
    """One row, or two of about equal length."""
    text = re.sub(r"\s+", " ", " ".join(word.strip() for word, _, _ in words)).strip()
    if len(text) <= _ROW:
        return text
    spaces = [at for at, letter in enumerate(text) if letter == " "]
    if not spaces:
        return text
    middle = min(spaces, key=lambda at: abs(at - len(text) / 2))
    return f"{text[:middle]}\n{text[middle + 1 :]}"


def _lingering(line: Line, after: Line | None) -> Line:
    """Long enough to be read, but not into the next one."""
    wanted = max(line.end + _LINGER, line.start + _SHORTEST)
    limit = after.start if after is not None else wanted
    return Line(line.start, max(line.end, min(wanted, limit)), line.text)


def clock(seconds: float, point: str = ".") -> str:
    """``01:02:03.456``."""
    rest = max(0, round(seconds * 1000))
    hours, minutes, whole = rest // 3600000, rest // 60000 % 60, rest // 1000 % 60
    return f"{hours:02}:{minutes:02}:{whole:02}{point}{rest % 1000:03}"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
