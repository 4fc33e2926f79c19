"""The words of all indexes, as stems: how many segments have one, and which look like another."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection, text

TOKENIZE = "porter unicode61 remove_diacritics 2"
_SHORTEST = 4  # letters of a word that may be misspelt
_LONG = 8  # letters from which on two slips are forgiven
_ALIKE = 3  # words taken for a misspelt one
_BOTH = "create virtual table if not exists temp.words_of_segments using fts5vocab(main, {}, row)"


class Vocabulary:
    """Kept in memory alone. Words of deleted segments stay until it is read anew: a count may be
    too high, which costs nothing but a little weight."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self._shelves: dict[tuple[str, int], _Shelf] | None = None

    def __len__(self) -> int:
        return len(self._counts)

    def count(self, stem: str) -> int:
        """In how many segments it occurs."""
        return self._counts.get(stem, 0)

    def read(self, connection: Connection) -> None:
        """All words of a library; takes time that grows with it."""
        connection.execute(text(_BOTH.format("segments_fts")))
        rows = connection.exec_driver_sql("select term, doc from temp.words_of_segments")
        self._counts = {row[0]: row[1] for row in rows}
        self._shelves = None

    def add(self, texts: Iterable[str]) -> None:
        """The words of segments that are new."""
        with_counts = Scratch(texts)
        try:
            for stem, count in with_counts.counts():
                self._counts[stem] = self._counts.get(stem, 0) + count
        finally:
            with_counts.close()
        self._shelves = None

    def alike(self, stem: str) -> list[str]:
        """Words that differ from it by a slip or two, the likeliest first."""
        if len(stem) < _SHORTEST or not stem.isalpha():
            return []
        slips = 1 if len(stem) < _LONG else 2
        found = []
        for length in range(len(stem) - slips, len(stem) + slips + 1):
            # The first letter is seldom wrong, but swapped with the second.
            for first in {stem[0], stem[1]}:
                shelf = self._shelf(first, length)
                for word in shelf.near(stem, 2 * slips) if shelf else ():
                    distance = slips_between(stem, word, slips)
                    if distance <= slips and (first == stem[0] or word[1] == stem[0]):
                        found.append((distance, -self._counts[word], word))
        return [word for _, _, word in sorted(found)[:_ALIKE]]

    def _shelf(self, first: str, length: int) -> _Shelf | None:
        if self._shelves is None:
            sorted_ = defaultdict(list)
            for word in list(self._counts):
                if len(word) >= _SHORTEST and word.isalpha():
                    sorted_[word[0], len(word)].append(word)
            self._shelves = {key: _Shelf(words) for key, words in sorted_.items()}
        return self._shelves.get((first, length))


class _Shelf:
    """Words of one length with one first letter, beside which letters each has."""

    def __init__(self, words: Sequence[str]) -> None:
        self._words = words
        self._letters: npt.NDArray[np.uint64] = np.array([*map(_letters, words)], dtype=np.uint64)

    def near(self, word: str, most: int) -> list[str]:
        """Those that have all letters but a few in common with it."""
        differing = np.bitwise_count(self._letters ^ np.uint64(_letters(word)))
        return [self._words[at] for at in np.flatnonzero(differing <= most).tolist()]


class Scratch:
    """A few texts in a full-text index of their own, cut into words just as the library's are:
    so the same words are the same here. Texts are numbered by their place."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._database = sqlite3.connect(":memory:")
        self._database.execute(f"create virtual table t using fts5(text, tokenize='{TOKENIZE}')")
        self._database.executemany("insert into t(rowid, text) values (?, ?)", enumerate(texts))

    def close(self) -> None:
        self._database.close()

    def holders(self, match: str) -> list[int]:
        """Which texts an expression of FTS5 matches."""
        rows = self._database.execute("select rowid from t where t match ?", (match,))
        return [one for (one,) in rows]

    def counts(self) -> list[tuple[str, int]]:
        """Each stem and in how many texts it occurs."""
        return self._vocabulary("select term, doc from v", "row")

    def stems(self) -> dict[int, list[str]]:
        """The stems of each text, in order."""
        found: dict[int, list[str]] = defaultdict(list)
        for at, stem in self._vocabulary(
            "select doc, term from v order by doc, offset", "instance"
        ):
            found[at].append(stem)
        return found

    def _vocabulary(self, query: str, kind: str) -> list[Any]:
        self._database.execute(f"create virtual table v using fts5vocab(t, {kind})")
        return self._database.execute(query).fetchall()


def slips_between(one: str, other: str, most: int) -> int:
    """Letters changed, left out, put in, or swapped with the next one; more than ``most`` is
    told as ``most + 1``."""
    if abs(len(one) - len(other)) > most:
        return most + 1
    before: list[int] = []
    last = list(range(len(other) + 1))
    for row, letter in enumerate(one, 1):
        now = [row]
        for column, its in enumerate(other, 1):
            best = min(last[column] + 1, now[-1] + 1, last[column - 1] + (letter != its))
            swapped = row > 1 and column > 1 and letter == other[column - 2] and its == one[row - 2]
            now.append(min(best, before[column - 2] + 1) if swapped else best)
        if min(now) > most:
            return most + 1
        before, last = last, now
    return min(last[-1], most + 1)


def _letters(word: str) -> int:
    """A bit for each letter that it has."""
    bits = 0
    for letter in word:
        bits |= 1 << (ord(letter) & 63)
    return bits
