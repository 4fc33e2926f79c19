"""The words of a query: which segments have them, and how much of the query that covers.

What a user types never reaches the full-text parser as syntax: each word is quoted, and values
are bound.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from sqlalchemy import Connection

from jupyter_capture.engine.search.numbers import (
    NUMBER_WORDS,
    spellings,
    value_of,
    value_of_words,
)
from jupyter_capture.engine.search.vectors import Ranges
from jupyter_capture.engine.search.vocabulary import Scratch, Vocabulary

_MAX_WORDS = 64
_RANKED = 20_000
"""Segments that are ranked for a query: words that occur in more tell little, and cost much."""
_SPANS = 16  # ranges that are looked into one by one
_OVER = 10  # how many times more rows are asked for where some lie outside of the ranges
# Tuned by benchmarks/search_quality.py:
_UNKNOWN = 0.9  # of its weight, for a word that nobody said
_GUESSED = 0.97  # what a word counts that is like the one that was asked for
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


@dataclass(frozen=True)
class Term:
    """One thing to look for. ``match`` is in FTS5's language; ``count`` in how many segments it
    may occur; ``weight``: the rarer it is, the more it tells (BM25's idf, > 0)."""

    match: str
    count: int
    weight: float
    sure: float = 1.0


@dataclass(frozen=True)
class Terms:
    phrases: tuple[Term, ...]
    words: tuple[Term, ...]
    all_words: bool

    @property
    def all(self) -> tuple[Term, ...]:
        return self.phrases + self.words


def parse(query: str) -> Keywords:
    """The phrases and words of what a user typed. Both are empty where it has no word at all."""
    without = [found.strip('"') for found in _WITHOUT.findall(query)]
    query = _WITHOUT.sub(" ", query).strip()
    phrases = [phrase for phrase in _PHRASE.findall(query) if _spoken(phrase)]
    words = [word for word in _BREAK.split(_PHRASE.sub(" ", query)) if _spoken(word)]
    telling = _numbers_joined([word for word in words if not _is_stop(word)])
    only_stop = not telling and not phrases
    chosen = words if only_stop else telling
    unwanted = _distinct([term for term in without if _spoken(term)])
    return Keywords(_distinct(phrases), _distinct(chosen), only_stop, unwanted, query)


def resolved(keywords: Keywords, vocabulary: Vocabulary, total: int) -> Terms:
    """What to look for among ``total`` segments: numbers however they are written, and where
    nobody said a word, those that look like it."""
    written = {term: [term] for term in keywords.phrases}
    written |= {word: _spelled(word) for word in keywords.words}
    counts = _counts([one for each in written.values() for one in each], vocabulary)
    unknown = {
        word: vocabulary.alike(counts[word][1][0])
        for word in keywords.words
        if not any(counts[one][0] for one in written[word]) and len(counts[word][1]) == 1
    }
    # A stem that is stemmed again may become another word.
    guesses = _counts([one for each in unknown.values() for one in each], vocabulary)

    def term(word: str) -> Term:
        found, sure = written[word], 1.0
        count = sum(counts[one][0] for one in found)
        if alike := [one for one in unknown.get(word, ()) if guesses[one][0]]:
            found, sure = [*found, *alike], _GUESSED
            count = sum(guesses[one][0] for one in alike)
        count = min(count, total)
        weight = math.log(1 + (total - count + 0.5) / (count + 0.5))
        weight *= 1 if count else _UNKNOWN
        return Term(_any(map(_quoted, found)), count, weight, sure)

    phrases, words = (tuple(map(term, each)) for each in (keywords.phrases, keywords.words))
    return Terms(phrases, words, keywords.all_words)


def matching(
    connection: Connection,
    terms: Terms,
    spans: Ranges | None,
    limit: int,
    *,
    thorough: bool,
) -> list[int]:
    """Ids of up to ``limit`` segments that match, best first. Those in which only words occur that
    are very common are looked for where nothing else is, or ``thorough`` is set."""
    spans = [(0, 2**62)] if spans is None else spans
    if sum(end - first for first, end in spans) <= _RANKED:
        return _weighed(connection, terms, spans, limit)
    found: dict[int, None] = {}
    for match, is_ranked, is_needed in _stages(terms):
        if spans and len(found) < limit and (is_needed or thorough or not found):
            found |= dict.fromkeys(_look(connection, match, is_ranked, spans, limit))
    return list(found)[:limit]


def _stages(terms: Terms) -> Iterator[tuple[str, bool, bool]]:
    """(what to match, whether to rank it, whether it is needed though something was found)."""
    words = [word for word in sorted(terms.words, key=lambda one: one.count) if word.count]
    if terms.phrases:
        phrases = _all(one.match for one in terms.phrases)
        few = min(one.count for one in terms.phrases) <= _RANKED
        # The words beside a phrase are not required, but count in the ranking.
        if words:
            beside = _any(one.match for one in words)
            yield f"{phrases} AND {beside}", few or words[0].count <= _RANKED, True
        yield phrases, few, True
        return
    if terms.all_words:
        every = terms.words
        rarest = min((word.count for word in every), default=0)
        if rarest:
            yield _all(word.match for word in every), rarest <= _RANKED, True
        return
    rare, common, sum_of = list[str](), list[str](), 0
    for word in words:
        sum_of += word.count
        (rare if sum_of <= _RANKED else common).append(word.match)
    if rare:
        yield _any(rare), True, True
    if common:
        yield _all(common), False, True
        yield _any(common), False, False


def _weighed(connection: Connection, terms: Terms, spans: Ranges, limit: int) -> list[int]:
    """In a few segments, by the weight of what they hold, then in order. To rank them, FTS5 would
    go through all segments of the library."""
    weights: dict[int, float] = defaultdict(float)
    required = terms.phrases or (terms.words if terms.all_words else ())
    allowed: set[int] | None = None
    for term in terms.all:
        ids = _look(connection, term.match, False, spans, _RANKED) if term.count else []
        if term in required:
            allowed = set(ids) if allowed is None else allowed & set(ids)
        for one in ids:
            weights[one] += term.sure * term.weight
    kept = [one for one in weights if allowed is None or one in allowed]
    return sorted(kept, key=lambda one: (-weights[one], one))[:limit]


def _look(
    connection: Connection, match: str, is_ranked: bool, spans: Ranges, limit: int
) -> list[int]:
    order = "rank" if is_ranked else "rowid"
    query = (
        f"select {order}, rowid from segments_fts where segments_fts match ?"
        f" and rowid >= ? and rowid < ? order by {order} limit ?"
    )
    if len(spans) > _SPANS:
        # Looking into each costs more than finding a few too many.
        most = _OVER * limit
        values = (match, spans[0][0], spans[-1][1], most)
        rows = connection.exec_driver_sql(query, values).fetchall()
        inside = [row[1] for row in rows if _is_in(row[1], spans)]
        if len(inside) >= limit or len(rows) < most:
            return inside[:limit]
    found: list[tuple[float, int]] = []
    for first, end in spans:
        rows = connection.exec_driver_sql(query, (match, first, end, limit)).fetchall()
        found += [(row[0], row[1]) for row in rows]
    return [one for _, one in sorted(found)[:limit]]


def _is_in(one: int, spans: Ranges) -> bool:
    place = bisect_right(spans, one, key=lambda span: span[1])
    return place < len(spans) and spans[place][0] <= one


def coverage(texts: Mapping[int, str], terms: Sequence[Term]) -> dict[int, float]:
    """How much of the query each text holds: the weight of its terms in it, 0 to 1."""
    whole = sum(term.weight for term in terms)
    result = dict.fromkeys(texts, 0.0)
    if not whole:
        return result
    for term, holders in zip(terms, _holders(texts, [one.match for one in terms]), strict=True):
        for one in holders:
            result[one] += term.sure * term.weight / whole
    return {one: min(1.0, share) for one, share in result.items()}


def holding(texts: Mapping[int, str], terms: Collection[str]) -> set[int]:
    """Those of ``texts`` in which one of ``terms`` occurs."""
    return {one for holders in _holders(texts, [_quoted(one) for one in terms]) for one in holders}


def _holders(texts: Mapping[int, str], matches: Sequence[str]) -> Iterator[list[int]]:
    """Which of ``texts`` each expression matches."""
    ids, scratch = list(texts), Scratch(texts.values())
    try:
        for match in matches:
            yield [ids[at] for at in scratch.holders(match)]
    finally:
        scratch.close()


def _spelled(word: str) -> list[str]:
    """A number in all ways in which it is written, a word as it is."""
    value = value_of_words(word.split()) if _is_number_word(word) else value_of(word)
    return [word] if value is None else [word, *spellings(value)]


def _numbers_joined(words: list[str]) -> list[str]:
    """``forty two percent``: the words of one number as one."""
    found: list[str] = []
    for is_number, group in groupby(words, _is_number_word):
        run = list(group)
        if is_number and len(run) > 1 and value_of_words(run) is not None:
            run = [" ".join(run)]
        found += run
    return found


def _is_number_word(word: str) -> bool:
    return all(part in NUMBER_WORDS for part in word.casefold().split())


def _counts(phrases: list[str], vocabulary: Vocabulary) -> dict[str, tuple[int, list[str]]]:
    """Of each phrase, in how many segments it may occur, and its stems."""
    if not phrases:
        return {}
    scratch = Scratch(phrases)
    try:
        stems = scratch.stems()
    finally:
        scratch.close()
    return {
        phrase: (min(map(vocabulary.count, stems.get(at, [])), default=0), stems.get(at, [""]))
        for at, phrase in enumerate(phrases)
    }


def _any(matches: Iterable[str]) -> str:
    return "(" + " OR ".join(matches) + ")"


def _all(matches: Iterable[str]) -> str:
    return "(" + " AND ".join(matches) + ")"


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
