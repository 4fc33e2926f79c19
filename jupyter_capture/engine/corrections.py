"""Words that were misheard, put right by hand.

A correction changes the words of an index: their sentences, full-text rows and vectors with them.
It is kept beside the index, and made again when its track is indexed again and words of the same
time stand there. Writing back what was there leaves no correction.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection, Row, delete, insert, select

from jupyter_capture.engine.ids import now
from jupyter_capture.engine.index import (
    IndexRow,
    find_index,
    read_segments,
    renew_index,
    rewrite_segment,
)
from jupyter_capture.engine.library import Library
from jupyter_capture.engine.schema import corrections, tracks
from jupyter_capture.engine.store import Store
from jupyter_capture.errors import (
    CaptureError,
    ConflictError,
    InvalidRequestError,
    NotIndexedError,
)
from jupyter_capture.wire.library import Correction, CorrectionRequest, TranscriptItem

logger = logging.getLogger(__name__)

Word = tuple[str, float, float]
"""A word, its start and its end (seconds)."""

_SLACK = 1.0  # seconds that a stretch may reach beyond its words
_SAME = 0.3  # seconds by which words that were heard anew may lie elsewhere
_EXACT = 0.0005
_TRIES = 5
_TOLD = 80  # letters of a transcript in a message


class Timed(Protocol):
    @property
    def start(self) -> float: ...
    @property
    def end(self) -> float: ...
    @property
    def text(self) -> str: ...
    @property
    def words(self) -> Sequence[tuple[str, float, float]]: ...


@dataclass(frozen=True)
class Said:
    """A sentence with its words. Seconds."""

    start: float
    end: float
    text: str
    words: tuple[Word, ...]


@dataclass(frozen=True)
class _Place:
    """Where words stand: ``first`` to ``last`` (inclusive) of all words of an index."""

    index: IndexRow
    rows: Sequence[Row[Any]]
    words: list[Word]
    first: int
    last: int

    @property
    def chosen(self) -> list[Word]:
        return self.words[self.first : self.last + 1]


class Corrections:
    """``changed`` is told of the assets in which other words stand by now."""

    def __init__(
        self,
        store: Store,
        library: Library,
        embed: Callable[[Sequence[str]], npt.NDArray[np.float32]],
        changed: Callable[[list[str]], object],
    ) -> None:
        self._store, self._library = store, library
        self._embed, self._changed = embed, changed
        self._one_at_a_time = threading.Lock()

    def correct(self, asset_id: str, asked: CorrectionRequest) -> Correction:
        """Put words in the place of others, for good.

        Raises InvalidRequestError for an empty text, and for a stretch in which nothing is said or
        that reaches far beyond its words; ConflictError where other words stand there than the
        caller saw; NotIndexedError.
        """
        text = " ".join("".join(c for c in asked.text if c.isprintable() or c.isspace()).split())
        if not text:
            raise InvalidRequestError(
                "The text is empty. A correction puts words in the place of others; to cut words "
                "out of a film, edit its timeline."
            )
        with self._one_at_a_time:
            for _ in range(_TRIES):
                with self._store.read() as connection:
                    place = self._place(connection, asset_id, asked)
                new = timed(place.chosen, text.split())
                if self._write(place, new):
                    break
            else:
                raise ConflictError(f"{asset_id} is being indexed. Correct it again after that.")
        self._changed(self._library.assets_with(place.index.track_id))
        return _told(place, new)

    def forget(self, session_id: str, start: float, end: float) -> None:
        """Erase what was corrected, even in part, from ``start`` to ``end`` (media seconds)."""
        held = select(tracks.c.id).where(tracks.c.session_id == session_id)
        with self._store.write() as connection:
            connection.execute(
                delete(corrections)
                .where(corrections.c.track_id.in_(held))
                .where(corrections.c.start < end, corrections.c.end > start)
            )

    def _place(self, connection: Connection, asset_id: str, asked: CorrectionRequest) -> _Place:
        spoken = self._library.speech_tracks(asset_id)
        indexed = [find_index(connection, track.id) for track in spoken]
        if not indexed or None in indexed:
            raise NotIndexedError(
                f"{asset_id} has no transcript yet. Call index_spoken_words() on it first."
            )
        found: list[_Place] = []
        others: list[str] = []
        for index in indexed:
            rows = read_segments(connection, index) if index else []
            if asked.channel is not None:
                rows = [row for row in rows if row.channel_id == asked.channel]
            words = _words(rows)
            near = _near(words, asked.start, asked.end)
            place = _narrowed(words, near, asked.was)
            if index and place:
                found.append(_Place(index, rows, words, *place))
            elif near:
                others.append(_joined(words[near[0] : near[1] + 1]))
        return _only(found, others, asked)

    def _write(self, place: _Place, new: Sequence[Word]) -> bool:
        """False where the track was indexed anew meanwhile."""
        before = [_said(row) for row in place.rows]
        after = replaced(before, place.first, place.last, new)
        touched = [
            (row, said)
            for row, old, said in zip(place.rows, before, after, strict=True)
            if said != old
        ]
        vectors = iter(self._vectors([said.text for _, said in touched if said is not None]))
        with self._store.write() as connection:
            if find_index(connection, place.index.track_id) != place.index:
                return False
            for row, said in touched:
                vector = None if said is None else next(vectors)
                rewrite_segment(connection, row.id, None if said is None else vars(said), vector)
            _keep(connection, place, new)
            if touched:
                renew_index(connection, place.index)
        return True

    def _vectors(self, texts: list[str]) -> Sequence[Any]:
        try:
            return list(self._embed(texts).astype("<f2")) if texts else []
        except CaptureError as error:
            logger.warning("what was corrected is found by its words alone: %s", error.code)
            return [None] * len(texts)


# -- what is indexed again


def corrections_of(connection: Connection, track_id: str) -> list[Row[Any]]:
    """The corrections of a track in the order in which they were made."""
    its = select(corrections).where(corrections.c.track_id == track_id)
    return list(connection.execute(its.order_by(corrections.c.id)).all())


def corrected(sentences: Sequence[Timed], made: Sequence[Row[Any]]) -> list[Said]:
    """Sentences that were heard anew, with the corrections whose words have the same time."""
    found = [Said(s.start, s.end, s.text, tuple(map(_word, s.words))) for s in sentences]
    for row in made:
        words = [word for said in found for word in said.words]
        near = _near(words, row.start, row.end)
        place = _narrowed(words, near, row.was) or near
        if place is None or not _same(words[place[0] : place[1] + 1], row):
            continue
        rest = replaced(found, *place, [_word(word) for word in row.words])
        found = [said for said in rest if said is not None]
    return found


def _same(words: Sequence[Word], row: Row[Any]) -> bool:
    near = (abs(words[0][1] - row.start), abs(words[-1][2] - row.end))
    return all(seconds <= _SAME for seconds in near)


def _keep(connection: Connection, place: _Place, new: Sequence[Word]) -> None:
    """A correction of the same words, or of fewer, is one with this."""
    start, end = place.chosen[0][1], place.chosen[-1][2]
    was = _joined(place.chosen)
    for row in corrections_of(connection, place.index.track_id):
        if start <= row.start + _EXACT and row.end - _EXACT <= end:
            connection.execute(delete(corrections).where(corrections.c.id == row.id))
            was = was.replace(_joined([_word(word) for word in row.words]), row.was, 1)
    if _joined(new) != was:
        values = {"track_id": place.index.track_id, "start": start, "end": end, "was": was}
        words = [list(word) for word in new]
        connection.execute(insert(corrections).values(**values, words=words, created_at=now()))


# -- words


def timed(old: Sequence[Word], new: Sequence[str]) -> list[Word]:
    """``new`` words with times: those of the words that they stand for. Where there are more or
    fewer than before, they share the time of all."""
    match = SequenceMatcher(None, [w[0].casefold() for w in old], [w.casefold() for w in new])
    found: list[Word] = []
    before: list[str] = []  # what is put in before the first word shares that one's time
    for _, i1, i2, j1, j2 in match.get_opcodes():
        here, there = list(new[j1:j2]), old[i1:i2]
        if not there and not found:
            before = here
        elif not there:
            text, start, end = found.pop()
            found += _spread([text, *here], start, end)
        elif before or len(here) != len(there):
            # Words are only put in before one that stays as it is.
            cut = 1 if before else len(there)
            share = [*before, here[0]] if before else here
            found += _spread(share, there[0][1], there[cut - 1][2])
            found += _paired(here[1:], there[1:]) if before else []
            before = []
        else:
            found += _paired(here, there)
    return found


def _paired(new: Sequence[str], old: Sequence[Word]) -> list[Word]:
    return [(word, start, end) for word, (_, start, end) in zip(new, old, strict=True)]


def _spread(words: Sequence[str], start: float, end: float) -> list[Word]:
    """One after another, each as long as its letters."""
    total = sum(map(len, words))
    found: list[Word] = []
    at = 0
    for word in words:
        begin = start + (end - start) * at / total
        at += len(word)
        found.append((word, round(begin, 3), round(start + (end - start) * at / total, 3)))
    return found


def replaced(said: Sequence[Said], first: int, last: int, new: Sequence[Word]) -> list[Said | None]:
    """The sentences with ``new`` in the place of the words ``first`` to ``last``, counted through
    all of them. A word belongs to the sentence in whose time it begins; None for a sentence that
    has none any more."""
    parts: list[tuple[int, int]] = []  # of each sentence: the words that go
    at = 0
    for each in said:
        count = len(each.words)
        low, high = max(first - at, 0), min(last + 1 - at, count)
        parts.append((low, max(low, high)) if low < high else (count, count))
        at += count
    touched = [n for n, (low, high) in enumerate(parts) if low < high]
    starts = [said[n].words[parts[n][0]][1] for n in touched]
    share: dict[int, list[Word]] = {n: [] for n in touched}
    for word in new:
        reached = sum(start <= word[1] + _EXACT for start in starts[1:])
        share[touched[reached]].append(word)
    return [
        _spliced(each, *parts[n], share[n]) if n in share else each for n, each in enumerate(said)
    ]


def _spliced(said: Said, low: int, high: int, new: Sequence[Word]) -> Said | None:
    words = (*said.words[:low], *new, *said.words[high:])
    if not words:
        return None
    places = _places(said)
    if places is None:
        text = _joined(words)
    else:
        text = said.text[: places[low][0]] + _joined(new) + said.text[places[high - 1][1] :]
    return Said(words[0][1], max(word[2] for word in words), " ".join(text.split()), words)


def _places(said: Said) -> list[tuple[int, int]] | None:
    """Where each word stands in the text; None where one does not."""
    found, at = [], 0
    for word, _, _ in said.words:
        start = said.text.find(word, at)
        if start < 0:
            return None
        at = start + len(word)
        found.append((start, at))
    return found


def _near(words: Sequence[Word], start: float, end: float) -> tuple[int, int] | None:
    """The first and the last of the words whose middle lies in a stretch."""
    inside = [
        n for n, word in enumerate(words)
        if start - _EXACT <= (word[1] + word[2]) / 2 <= end + _EXACT
    ]  # fmt: skip
    return (inside[0], inside[-1]) if inside else None


def _narrowed(
    words: Sequence[Word], near: tuple[int, int] | None, was: str | None
) -> tuple[int, int] | None:
    """Those among them that read as ``was`` does: words without length may stand at its ends."""
    if near is None or was is None:
        return near
    wanted = was.split()
    for first in range(near[0], near[1] + 2 - len(wanted)):
        last = first + len(wanted) - 1
        if wanted and _joined(words[first : last + 1]).split() == wanted:
            return first, last
    return None


def _only(found: list[_Place], others: list[str], asked: CorrectionRequest) -> _Place:
    span = f"from {asked.start:.2f} s to {asked.end:.2f} s"
    if not found and others:
        raise ConflictError(
            f"“{_short(others[0])}” stands {span} by now, not “{_short(asked.was or '')}”. Read "
            "the transcript again."
        )
    if not found:
        raise InvalidRequestError(
            f"Nothing is said {span}. get_transcript() tells the time of each word."
        )
    if len(found) > 1:
        channels = " and ".join(place.rows[0].channel_id for place in found)
        raise InvalidRequestError(f"{channels} both speak {span}. Say which is meant: channel=….")
    words = found[0].chosen
    if words[0][1] - asked.start > _SLACK or asked.end - words[-1][2] > _SLACK:
        raise InvalidRequestError(
            f"What is said {span} reaches from {words[0][1]:.2f} s to {words[-1][2]:.2f} s alone: "
            f"“{_short(_joined(words))}”. Give the stretch of the words that are wrong."
        )
    return found[0]


def _told(place: _Place, new: Sequence[Word]) -> Correction:
    channel = place.rows[0].channel_id
    return Correction(
        start=new[0][1],
        end=new[-1][2],
        text=_joined(new),
        was=_joined(place.chosen),
        channel=channel,
        words=[
            TranscriptItem(text=word, start=start, end=end, channel=channel, corrected=True)
            for word, start, end in new
        ],
    )


def _said(row: Row[Any]) -> Said:
    return Said(row.start, row.end, row.text, tuple(map(_word, row.words)))


def _words(rows: Sequence[Row[Any]]) -> list[Word]:
    return [_word(word) for row in rows for word in row.words]


def _word(found: Sequence[Any]) -> Word:
    return str(found[0]), float(found[1]), float(found[2])


def _short(text: str) -> str:
    return text if len(text) <= _TOLD else f"{text[: _TOLD - 1]}…"


def _joined(words: Sequence[Word]) -> str:
    return " ".join(word.strip() for word, _, _ in words)
