"""The words of a query: which segments have them, and how much of the query that covers.

What a user types never reaches the full-text parser as syntax: each word is quoted, and values
are bound.
"""

from __future__ import annotations

import math
import re
import sqlite3
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from sqlalchemy import Connection, text

from jupyter_capture.engine.search.vectors import Ranges, merged

_MAX_WORDS = 64
_COUNTED = 20_000  # a word in more segments than this is simply common
_WITHOUT = re.compile(r'(?<!\S)-("[^"]*"|(?=[^\W\d])\S+)')
_PHRASE = re.compile(r'["“”„«»]([^"“”„«»]*)["“”„«»]')
# Ends a word; what else is inside one ("PX-4412", "3.11", "10:30") must be said in one go.
_BREAK = re.compile(r"[\s;/|()\[\]{}<>=+*^~&!?\\%]+|[:,](?!\d)|(?<!\d)[:,]")
_STOP_WORDS = (
    "a about am an and any are as at be been but by can could d did do does doing for from had has"
    " have he her him his how i if in into is it its just ll m me my no not of on or our out re s"
    " said say says she so some t than that the their them then there these they this those to us"
    " ve was we were what when where which who whom why will with would you your"
)
_STOP = frozenset(_STOP_WORDS.split())


@dataclass(frozen=True)
class Keywords:
    """``phrases`` must occur; of ``words`` any one is enough, unless ``all_words``; none of
    ``without`` may. ``wanted`` is the query but for these."""

    phrases: tuple[str, ...]
    words: tuple[str, ...]
    all_words: bool = False
    without: tuple[str, ...] = ()
    wanted: str = field(default="", compare=False)

    @property
    def terms(self) -> tuple[str, ...]:
        return self.phrases + self.words

    @property
    def match(self) -> str:
        """The query in FTS5's language."""
        words = (" AND " if self.all_words else " OR ").join(map(_quoted, self.words))
        phrases = " AND ".join(map(_quoted, self.phrases))
        # The words beside a phrase are not required, but count in the ranking.
        return (
            f"({phrases}) OR ({phrases} AND ({words}))" if phrases and words else phrases or words
        )


def parse(query: str) -> Keywords:
    """The phrases and words of what a user typed. Both are empty where it has no word at all."""
    without = [found.strip('"') for found in _WITHOUT.findall(query)]
    query = _WITHOUT.sub(" ", query).strip()
    phrases = [phrase for phrase in _PHRASE.findall(query) if _spoken(phrase)]
    words = [word for word in _BREAK.split(_PHRASE.sub(" ", query)) if _spoken(word)]
    telling = [word for word in words if not _is_stop(word)]
    only_stop = not telling and not phrases
    chosen = words if only_stop else telling
    unwanted = _distinct([term for term in without if _spoken(term)])
    return Keywords(_distinct(phrases), _distinct(chosen), only_stop, unwanted, query)


def matching(
    connection: Connection, keywords: Keywords, ranges: Ranges | None, limit: int
) -> list[int]:
    """Ids of the segments that match, best first by BM25."""
    if not keywords.terms:
        return []
    spans = [(0, 2**62)] if ranges is None else merged(ranges)
    found: list[tuple[float, int]] = []
    for first, end in spans:
        rows = connection.execute(
            text(
                "select rank, rowid from segments_fts where segments_fts match :match"
                " and rowid >= :first and rowid < :end order by rank limit :limit"
            ),
            {"match": keywords.match, "first": first, "end": end, "limit": limit},
        )
        found += [(row[0], row[1]) for row in rows]
    return [one for _, one in sorted(found)[:limit]]


def weights(connection: Connection, keywords: Keywords, total: int) -> dict[str, float]:
    """What each term tells: the rarer among ``total`` segments, the more (BM25's idf, > 0)."""
    result = {}
    for term in keywords.terms:
        count = connection.execute(
            text(
                "select count(*) from (select 1 from segments_fts"
                " where segments_fts match :match limit :limit)"
            ),
            {"match": _quoted(term), "limit": _COUNTED},
        ).scalar_one()
        result[term] = math.log(1 + (max(total, count) - count + 0.5) / (count + 0.5))
    return result


def coverage(texts: Mapping[int, str], weights: Mapping[str, float]) -> dict[int, float]:
    """How much of the query each text holds: the weight of its terms in it, 0 to 1."""
    whole = sum(weights.values())
    result = dict.fromkeys(texts, 0.0)
    if not whole:
        return result
    for term, holders in _holders(texts, weights):
        for one in holders:
            result[one] += weights[term] / whole
    return {one: min(1.0, share) for one, share in result.items()}


def holding(texts: Mapping[int, str], terms: Collection[str]) -> set[int]:
    """Those of ``texts`` in which one of ``terms`` occurs."""
    return {one for _, holders in _holders(texts, terms) for one in holders}


def _holders(texts: Mapping[int, str], terms: Collection[str]) -> Iterator[tuple[str, list[int]]]:
    """Each term and which of ``texts`` hold it: the same tokenizer and stemmer as the library's
    decide here which words are the same."""
    scratch = sqlite3.connect(":memory:")
    try:
        scratch.execute(
            "create virtual table t using fts5("
            "text, tokenize='porter unicode61 remove_diacritics 2')"
        )
        scratch.executemany("insert into t(rowid, text) values (?, ?)", texts.items())
        for term in terms:
            rows = scratch.execute("select rowid from t where t match ?", (_quoted(term),))
            yield term, [one for (one,) in rows]
    finally:
        scratch.close()


def _quoted(term: str) -> str:
    return '"' + term.replace('"', " ") + '"'


def _spoken(term: str) -> bool:
    return any(character.isalnum() for character in term)


def _is_stop(word: str) -> bool:
    parts = re.findall(r"\w+", word.lower())
    return bool(parts) and all(part in _STOP for part in parts)


def _distinct(terms: list[str]) -> tuple[str, ...]:
    unique = {re.sub(r"[\W_]+", " ", term.lower()).strip(): term for term in reversed(terms)}
    return tuple(reversed(unique.values()))[:_MAX_WORDS]
