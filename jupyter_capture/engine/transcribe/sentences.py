"""Words to sentences: by punctuation and pauses, from 3 to 20 s."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

Word = tuple[str, float, float]
"""A word, its start and its end (seconds)."""

_SHORTEST = 3.0  # seconds: shorter ones join a neighbour, where one is near
_LONGEST = 20.0
_PAUSE = 1.0  # a pause that ends a sentence without punctuation
_NEAR = 2.0  # how far a neighbour may be to be joined
_ENDINGS = (".", "!", "?", "…", "。", "！", "？")
_QUOTES = "\"'”’)]"
_TITLES = frozenset({"mr.", "mrs.", "ms.", "dr.", "st.", "prof.", "vs.", "e.g.", "i.e."})


@dataclass(frozen=True)
class Sentence:
    """What was said from ``start`` to ``end``. Seconds; ``words`` are (word, start, end)."""

    start: float
    end: float
    text: str
    words: tuple[Word, ...] = ()


def sentences(words: Sequence[Word]) -> list[Sentence]:
    """Group words by punctuation and pauses into sentences of 3 to 20 s, none of them empty.

    One that stands alone between long pauses may be shorter than 3 s.
    """
    spoken = [word for word in words if word[0].strip()]
    parts = [part for run in _runs(spoken) for part in _shortened(run)]
    joined: list[list[Word]] = []
    for part in parts:
        # A short one waits for the next; else a talk of short sentences would be one long one.
        if joined and _length(joined[-1]) < _SHORTEST and _may_join(joined[-1], part):
            joined[-1] = joined[-1] + part
        else:
            joined.append(part)
    return [_sentence(part) for part in _without_short_ends(joined)]


def _runs(words: Sequence[Word]) -> Iterator[list[Word]]:
    run: list[Word] = []
    for word in words:
        if run and (_closes(run[-1][0]) or word[1] - run[-1][2] > _PAUSE):
            yield run
            run = []
        run.append(word)
    if run:
        yield run


def _closes(word: str) -> bool:
    bare = word.strip().rstrip(_QUOTES)
    return bare.endswith(_ENDINGS) and bare.lower() not in _TITLES


def _shortened(run: list[Word]) -> list[list[Word]]:
    """Split what is longer than 20 s at its longest pause, a comma counting as a long one."""
    if _length(run) <= _LONGEST or len(run) < 2:
        return [run]
    # Near the middle where all pauses are alike, so that no splinters come off the ends.
    middle = (run[0][1] + run[-1][2]) / 2

    def weight(place: int) -> float:
        pause = run[place][1] - run[place - 1][2]
        comma = 0.3 if run[place - 1][0].rstrip().endswith((",", ";", ":", "，", "、")) else 0.0
        return pause + comma - abs(run[place][1] - middle) / _length(run)

    cut = max(range(1, len(run)), key=weight)
    return _shortened(run[:cut]) + _shortened(run[cut:])


def _without_short_ends(parts: list[list[Word]]) -> list[list[Word]]:
    """What is still short had nothing near behind it; it joins what is near before it."""
    found: list[list[Word]] = []
    for part in parts:
        if found and _length(part) < _SHORTEST and _may_join(found[-1], part):
            found[-1] = found[-1] + part
        else:
            found.append(part)
    return found


def _may_join(left: list[Word], right: list[Word]) -> bool:
    return right[0][1] - left[-1][2] <= _NEAR and right[-1][2] - left[0][1] <= _LONGEST


def _length(run: Sequence[Word]) -> float:
    return run[-1][2] - run[0][1]


def _sentence(run: Sequence[Word]) -> Sentence:
    text = " ".join("".join(word for word, _, _ in run).split())
    return Sentence(
        start=_rounded(run[0][1]),
        end=_rounded(max(run[-1][2], run[0][1])),
        text=text,
        words=tuple((word.strip(), _rounded(start), _rounded(end)) for word, start, end in run),
    )


def _rounded(seconds: float) -> float:
    """Milliseconds are enough."""
    return round(seconds, 3)
