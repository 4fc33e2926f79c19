"""Searches what was said and seen: by meaning, by words, or by both together (the default).

Meaning leads and words add to it. Paraphrases share no word with what was said, and there a
ranking by words is mostly wrong; but names, numbers and exact terms are what vectors blur.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, get_args

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection, select

from jupyter_capture.engine.schema import segments
from jupyter_capture.engine.search import keywords
from jupyter_capture.engine.search.memory import Memory
from jupyter_capture.engine.search.vectors import Floats, Ids, Ranges, read_vectors
from jupyter_capture.errors import InvalidRequestError
from jupyter_capture.wire.library import SearchMode

__all__ = ["Hit", "Memory", "default_threshold", "search"]

MAX_QUERY = 2000  # characters
MAX_HITS = 1000
# Rows compared exactly: a quarter of those looked in, within these bounds. Of a million, 1000 lost
# one in 80 of the twenty nearest, 1500 one in 1000.
_NEAREST = (128, 1500)
_MATCHING = 200  # rows taken from the full-text index
_BESIDE = 50_000  # rows from which on vectors are looked through beside words, not after them
# Tuned by benchmarks/search_quality.py: how much of the way to 1 a match of all words lifts a
# score, and the power of the share that matches, as one word of many says little.
_WORDS_ADD = 0.6
_POWER = 2.0


class Embeds(Protocol):
    def embed(self, texts: Sequence[str]) -> npt.NDArray[np.float32]: ...


@dataclass(frozen=True)
class Hit:
    """One segment found. Seconds of the session's media time; ``score`` is 0 to 1."""

    segment_id: int
    track_id: str
    channel_id: str
    start: float
    end: float
    text: str
    score: float
    source: str = "spoken_word"


def default_threshold(mode: SearchMode) -> float:
    """The least score of a hit. Sentences that have nothing in common score below 0.2."""
    return 0.0 if mode == "keyword" else 0.2


def search(
    connection: Connection,
    embedder: Embeds,
    query: str,
    ranges: Ranges | None,
    mode: SearchMode = "hybrid",
    top_k: int = 10,
    score_threshold: float | None = None,
    *,
    memory: Memory | None = None,
) -> list[Hit]:
    """The segments that fit the query, best first.

    ``ranges`` are ranges of segment ids (end exclusive), as indexes hold them; None is the whole
    library. Words in double quotes must be said just so (not in mode ``semantic``); what a
    ``-word`` names must not be said. ``memory`` is the engine's own; without it all that it holds
    is read first.

    Raises:
        InvalidRequestError: the query is empty, too long, or has no word in it; the mode, the
            number of hits or the threshold is not one that is accepted.
    """
    query = _checked(query, mode, top_k, score_threshold)
    threshold = default_threshold(mode) if score_threshold is None else score_threshold
    memory = memory or Memory()
    seen = memory.sync(connection)
    if not len(seen.signs):
        return []
    words = _parsed(query)
    spans = seen.spans(ranges)
    looked_in = len(seen.signs) if spans is None else sum(end - first for first, end in spans)

    def near() -> tuple[Floats | None, Ids]:
        if mode == "keyword":
            return None, np.empty(0, np.int64)
        vector = embedder.embed([words.wanted.replace('"', " ")])[0]
        if mode == "hybrid" and words.phrases:
            return vector, np.empty(0, np.int64)
        return vector, seen.signs.nearest(vector, spans, max(_exactly(looked_in), top_k))[0]

    # Both take their time, outside of Python mostly.
    nearest = memory.pool.submit(near) if len(seen.signs) > _BESIDE else None
    terms = keywords.resolved(words, seen.vocabulary, len(seen.signs))
    by_words: list[int] = []
    if mode != "semantic":
        thorough = mode == "keyword"
        by_words = keywords.matching(connection, terms, spans, _MATCHING, thorough=thorough)
    said = keywords.coverage(_texts(connection, by_words), terms.all) if by_words else {}
    vector, ids = nearest.result() if nearest else near()
    candidates = list(dict.fromkeys([*by_words, *ids.tolist()]))
    if words.without:
        unwanted = keywords.holding(_texts(connection, candidates), words.without)
        candidates = [one for one in candidates if one not in unwanted]
    likeness: dict[int, float] = {}
    if vector is not None:
        likeness = _likeness(connection, candidates, vector, {*by_words}, top_k)
        candidates = [one for one in candidates if one in likeness]
    scores = {one: _score(likeness.get(one, 0.0), said.get(one, 0.0), mode) for one in candidates}
    order = {one: place for place, one in enumerate(by_words)}
    best = sorted(
        (one for one, score in scores.items() if score >= threshold and score > 0),
        key=lambda one: (-scores[one], order.get(one, len(order)), one),
    )
    return _hits(connection, best[:top_k], scores)


def _likeness(
    connection: Connection, ids: Sequence[int], vector: Floats, kept: set[int], most: int
) -> dict[int, float]:
    """Of the ``most`` that are the most like the vector, and of those ``kept``."""
    found, exact = read_vectors(connection, ids)
    likeness = np.clip(exact @ vector, 0, 1)
    if len(found) > most:
        near = likeness >= np.partition(likeness, -most)[-most]
        near |= np.isin(found, list(kept))
        found, likeness = found[near], likeness[near]
    return dict(zip(found.tolist(), likeness.tolist(), strict=True))


def _exactly(rows: int) -> int:
    least, most = _NEAREST
    return max(least, min(most, rows // 4))


def _parsed(query: str) -> keywords.Keywords:
    words = keywords.parse(query)
    if not any(character.isalnum() for character in words.wanted):
        raise InvalidRequestError(
            f"The query {query[:40]!r} says only what must not be there. Give the words that were "
            "said beside it, such as: budget -travel"
        )
    return words


def _score(likeness: float, said: float, mode: SearchMode) -> float:
    if mode == "semantic":
        return likeness
    if mode == "keyword":
        return said
    return float(likeness + _WORDS_ADD * said**_POWER * (1 - likeness))


def _checked(query: str, mode: str, top_k: int, score_threshold: float | None) -> str:
    modes = get_args(SearchMode)
    if mode not in modes:
        raise InvalidRequestError(
            f"There is no search mode {mode!r}. Give one of: {', '.join(modes)}."
        )
    if not 1 <= top_k <= MAX_HITS:
        raise InvalidRequestError(
            f"A search gives 1 to {MAX_HITS} hits, not {top_k}. Give a number in that range."
        )
    if score_threshold is not None and not 0 <= score_threshold <= 1:
        raise InvalidRequestError(
            f"Scores go from 0 to 1, so {score_threshold} is no threshold. Leave it out for "
            "the default."
        )
    # Lone surrogates and control characters cannot be said, and end strings within SQLite.
    clean = "".join(one if one.isprintable() else " " for one in query).strip()
    if not clean:
        raise InvalidRequestError(
            "The query is empty. Give the words that were said or seen, or what they were about, "
            "such as: budget discussion"
        )
    if len(clean) > MAX_QUERY:
        raise InvalidRequestError(
            f"The query has {len(clean)} characters; at most {MAX_QUERY} are accepted. "
            "Give a sentence or a few words."
        )
    if not any(character.isalnum() for character in clean):
        raise InvalidRequestError(
            f"The query {clean[:40]!r} has no word and no number in it. Give the words that "
            "were said, or what they were about."
        )
    return clean


def _texts(connection: Connection, ids: Sequence[int]) -> dict[int, str]:
    rows = connection.execute(select(segments.c.id, segments.c.text).where(segments.c.id.in_(ids)))
    return {row[0]: row[1] for row in rows}


def _hits(connection: Connection, ids: Sequence[int], scores: dict[int, float]) -> list[Hit]:
    rows = connection.execute(select(segments).where(segments.c.id.in_(ids)))
    found = {row.id: row for row in rows}
    return [
        Hit(
            segment_id=row.id,
            track_id=row.track_id,
            channel_id=row.channel_id,
            start=row.start,
            end=row.end,
            text=row.text,
            score=round(scores[row.id], 4),
            source=row.source,
        )
        for row in (found[one] for one in ids if one in found)
    ]
