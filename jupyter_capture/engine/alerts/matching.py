"""Whether a sentence says or means what an event describes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

MEANS = 0.36
"""Likeness (cosine of MiniLM's vectors) from which on a sentence means an event. Tuned on twelve
events: 27 of the 42 sentences that say or mean one match, and 3 of 630 others. Of eight events kept
apart: 8 of 13, and none of 202 others."""

_STOP_WORDS = """
a about all am an and any are as at be been but by can could did do does for from had has have he
her his how i if in into is it its me might must my no not of on or our over she should so some
than that the their them then there these they this those to us was we were what when where which
who whom will with would you your please just
"""
_STOP = frozenset(_STOP_WORDS.split())
# "Detect when someone talks about the budget" describes the budget: the rest is how one asks.
_ASKING = re.compile(
    r"^\s*(please\s+)?(((alert|notify|tell|warn)( me)?|detect|trigger|identify|flag)\s+)?"
    r"((when(ever)?|if|that|any time)\s+)?"
    r"((some(one|body)|any(one|body)|a (person|speaker)|people|the speaker|speakers?|they|we)\s+"
    r"(is |are )?(talk(s|ing)? (about|of)|mention(s|ed|ing)?|discuss(es|ing)?|"
    r"speak(s|ing)? (about|of)|say(s|ing)?)\s+)?",
    re.IGNORECASE,
)
_QUOTED = re.compile(r'["“”«»]([^"“”«»]+)["“”«»]')
_SENTENCE_END = re.compile(r"(?<=[.!?…。！？])\s+")
_ENDINGS = ("ing", "ed", "es", "s", "e")
_CACHED = 1000
_FEWEST = 3  # words; fewer mean too little to be compared


class Embeds(Protocol):
    def embed(self, texts: Sequence[str]) -> npt.NDArray[np.float32]: ...


@dataclass(frozen=True)
class Match:
    """``confidence`` from 0 to 1; ``why`` in words."""

    confidence: float
    why: str


class Matcher:
    def __init__(self, embedder: Embeds) -> None:
        self._embedder = embedder
        self._vectors: dict[str, npt.NDArray[np.float32]] = {}

    def match(self, prompt: str, text: str) -> Match | None:
        """None where ``text`` neither says nor means what ``prompt`` describes."""
        quoted = _QUOTED.findall(prompt)
        if quoted:
            said = next((words for words in quoted if _says(text, words)), None)
            return Match(1.0, f"It was said: {said}.") if said else None
        described = core(prompt)
        words = set(_content(described))
        if words and words <= set(_stems(text)):
            return Match(1.0, f"It was said: {described}.")
        likeness = self._likeness(described, text)
        return Match(likeness, f"It means: {described}.") if likeness >= MEANS else None

    def _likeness(self, described: str, text: str) -> float:
        if described not in self._vectors:
            if len(self._vectors) >= _CACHED:
                self._vectors.clear()
            self._vectors[described] = self._embedder.embed([described])[0]
        sentences = list(_sentences(text))
        if not sentences:
            return 0.0
        vectors = self._embedder.embed(sentences)
        return min(1.0, round(float((vectors @ self._vectors[described]).max()), 3))


def core(prompt: str) -> str:
    """What is described, without the words that ask for it."""
    rest = _ASKING.sub("", prompt, count=1).strip(" .!?")
    return rest if _content(rest) else prompt.strip()


def _sentences(text: str) -> Iterator[str]:
    parts = _SENTENCE_END.split(text)
    for part in [text, *parts] if len(parts) > 1 else [text]:
        if len(part.split()) >= _FEWEST:
            yield part


def _says(text: str, words: str) -> bool:
    return f" {' '.join(_stems(words))} " in f" {' '.join(_stems(text))} "


def _content(text: str) -> list[str]:
    return [_stem(word) for word in _words(text) if word not in _STOP]


def _stems(text: str) -> list[str]:
    return [_stem(word) for word in _words(text)]


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


def _stem(word: str) -> str:
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word.removesuffix(ending)
    return word
