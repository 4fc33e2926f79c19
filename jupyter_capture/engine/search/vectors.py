"""Finds the vectors nearest to one, among all or within ranges of ids.

The vectors lie in the database as half floats. Two bits of each number are kept in memory, 96
bytes a row: its sign, and whether it is large. All rows are compared by counting bits, where the
larger half of the wanted numbers counts; the best few thousand of them with the wanted numbers as
they are; and only the best of those are read and compared exactly. Signs alone are not enough: of a
million sentences, the twenty nearest to a name or a number are too much alike. Nothing has to be
built or trained, and what was just indexed is found at once.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection

DIMENSIONS = 384
_WORDS = DIMENSIONS // 64
_LARGE = np.array(0.6745 / DIMENSIONS**0.5, np.float16).view(np.uint16)[()]
"""Half of the numbers of a vector of unit length are larger than this, and half are smaller (here
a half float as a whole number). On average they are:"""
_NEGATIVE = np.uint16(0x8000)
_SMALL_IS, _LARGE_IS = 0.0163, 0.0648
_FOURS = np.array(
    [
        [
            (1 if at >> 7 - bit & 1 else -1) * (_LARGE_IS if at >> 3 - bit & 1 else _SMALL_IS)
            for bit in range(4)
        ]
        for at in range(256)
    ],
    np.float32,
)
"""Four numbers, by their four signs and their four other bits."""
_FEW = 2048  # rows looked up at a time
_COMPARED = 24_576  # rows that are compared with the wanted numbers as they are
_CHUNK = 65_536  # rows that lie together
_BLOCK = 32_768  # rows compared at a time: they stay in the CPU's cache
_SPREAD = 200_000  # rows from which on two threads share the work
_READ = 2_048  # rows read from the database at a time
_HALF = np.int16(DIMENSIONS // 2)
_FAR = _HALF + np.int16(1)  # farther than any row can be
_THREADS = ThreadPoolExecutor(2, "vectors")

Floats = npt.NDArray[np.float32]
Ids = npt.NDArray[np.int64]
Bits = npt.NDArray[np.uint64]
Distances = npt.NDArray[np.int16]
Ranges = Sequence[tuple[int, int]]


@dataclass(frozen=True)
class Wanted:
    """A vector to compare with. ``signs`` and ``mask``, the larger half of its numbers, (6,)."""

    vector: Floats
    signs: Bits
    mask: Bits

    @classmethod
    def of(cls, vector: Floats) -> Wanted:
        larger = np.zeros(DIMENSIONS, np.float32)
        larger[np.argpartition(-np.abs(vector), DIMENSIONS // 2)[: DIMENSIONS // 2]] = 1
        return cls(vector, _packed(vector[None, :] > 0)[:, 0], _packed(larger[None, :] > 0)[:, 0])


@dataclass(frozen=True)
class Chunk:
    """Rows in order of id. ``bits`` is (12, n): the first 64 signs of all rows, the next 64, …,
    and then which numbers are large in the same way."""

    ids: Ids
    bits: Bits

    def __len__(self) -> int:
        return len(self.ids)

    def part(self, first: int, end: int) -> Chunk:
        """The rows with these ids."""
        low, high = np.searchsorted(self.ids, (first, end))
        return self[int(low) : int(high)]

    def __getitem__(self, rows: slice) -> Chunk:
        return Chunk(self.ids[rows], self.bits[:, rows])

    def distances(self, wanted: Wanted) -> Distances:
        """How far each row seems to be, from -192 to 192: by the signs of its large numbers, where
        the wanted ones are large too. Each count is of at most 192 bits: it fits a byte."""
        large, differing = np.zeros((2, len(self)), np.uint8)
        for word in range(_WORDS):
            counted = self.bits[_WORDS + word] & wanted.mask[word]
            large += np.bitwise_count(counted)
            counted &= self.bits[word] ^ wanted.signs[word]
            differing += np.bitwise_count(counted)
        found = np.multiply(differing, 2, dtype=np.int16)
        found -= large
        return found


@dataclass(frozen=True)
class Signs:
    """What is kept of all vectors at one moment, in order of id. Never changed: made anew, sharing
    what stays."""

    chunks: tuple[Chunk, ...] = ()

    def __len__(self) -> int:
        return sum(map(len, self.chunks))

    def nearest(self, vector: Floats, ranges: Ranges | None, limit: int) -> tuple[Ids, Floats]:
        """Up to ``limit`` rows that seem to be the most like the vector, best first: their ids,
        and how like they seem."""
        wanted = Wanted.of(vector)
        spans = None if ranges is None else merged(ranges)
        if len(self) < _SPREAD:
            ids, likeness = _nearest(self.chunks, wanted, spans, limit, _COMPARED)
        else:
            half, each = len(self.chunks) // 2, _COMPARED // 2
            parts = self.chunks[:half], self.chunks[half:]
            found = list(
                _THREADS.map(lambda part: _nearest(part, wanted, spans, limit, each), parts)
            )
            ids = np.concatenate([one for one, _ in found])
            likeness = np.concatenate([one for _, one in found])
        best = np.argsort(-likeness)[:limit]
        return ids[best], likeness[best]

    def without(self, ranges: Ranges) -> Signs:
        chunks = list(self.chunks)
        for first, end in merged(ranges):
            parts = []
            for chunk in chunks:
                if not len(chunk) or chunk.ids[0] >= end or chunk.ids[-1] < first:
                    parts.append(chunk)
                else:
                    parts += [chunk.part(0, first), chunk.part(end, 2**62)]
            chunks = [chunk for chunk in parts if len(chunk)]
        return Signs(_joined(chunks)) if ranges else self

    def with_(self, added: Sequence[Chunk]) -> Signs:
        """``added`` are chunks of ids that are not there yet."""
        chunks = list(self.chunks)
        for new in added:
            if not len(new):
                continue
            place = bisect_left(chunks, new.ids[0], key=lambda chunk: chunk.ids[0])
            before = chunks[place - 1] if place else None
            if before is not None and before.ids[-1] > new.ids[0]:  # it lies within another
                first = int(new.ids[0])
                chunks[place - 1 : place] = [before.part(0, first), before.part(first, 2**62)]
            chunks.insert(place, new)
        return Signs(_joined(chunks))


_SLICES = 16


def _nearest(
    chunks: Sequence[Chunk], wanted: Wanted, spans: Ranges | None, limit: int, most: int
) -> tuple[Ids, Floats]:
    """Up to ``limit`` rows, and how like they are: the best of ``most`` by the count of bits."""
    parts = [
        part
        for chunk in chunks
        for start in range(0, len(chunk), _BLOCK)
        for part in _compared(chunk[start : start + _BLOCK], wanted, spans)
    ]
    if not parts:
        return np.empty(0, np.int64), np.empty(0, np.float32)
    distances = np.concatenate([each for _, each in parts])
    near = _smallest(distances, max(limit, most))
    edges = np.cumsum([0, *(len(part) for part, _ in parts)])
    places = np.searchsorted(near, edges)
    ids, bits = [], []
    for (part, _), start, low, high in zip(parts, edges, places, places[1:], strict=False):
        rows = near[low:high] - start
        ids.append(part.ids[rows])
        bits.append(part.bits[:, rows])
    found, likeness = np.concatenate(ids), _likeness(np.concatenate(bits, axis=1), wanted.vector)
    if len(found) > limit:
        best = np.argpartition(-likeness, limit)[:limit]
        found, likeness = found[best], likeness[best]
    return found, likeness


def _smallest(distances: Distances, count: int) -> Ids:
    """The places of the ``count`` smallest that are in reach, in order."""
    worst = _FAR
    if len(distances) > count:
        # How many there are of each; many times faster than to sort them.
        many = np.cumsum(np.bincount(distances + _HALF))
        worst = min(worst, np.int16(np.searchsorted(many, count)) - _HALF)
    near = np.flatnonzero(distances < worst)
    if worst == _FAR:
        return near
    same = np.flatnonzero(distances == worst)[: count - len(near)]
    return np.sort(np.concatenate([near, same]))


def _compared(
    chunk: Chunk, wanted: Wanted, spans: Ranges | None
) -> Iterator[tuple[Chunk, Distances]]:
    if spans is None:
        yield chunk, chunk.distances(wanted)
        return
    edges = np.searchsorted(chunk.ids, spans).reshape(-1, 2)
    edges = edges[edges[:, 0] < edges[:, 1]]
    if len(edges) <= _SLICES:
        for low, high in edges:
            yield chunk[low:high], chunk[low:high].distances(wanted)
        return
    # Many small stretches cost more one by one than all rows at once.
    distances = chunk.distances(wanted)
    inside = np.zeros(len(chunk), dtype=bool)
    for low, high in edges:
        inside[low:high] = True
    distances[~inside] = _FAR
    yield chunk, distances


def _likeness(bits: Bits, vector: Floats) -> Floats:
    """Of rows (12, n) to the vector, as far as two bits of a number tell: looked up, four numbers
    of a row at a time."""
    rows = np.ascontiguousarray(bits.T).view(np.uint8)
    eights = vector.reshape(-1, 8)
    tables = [(eights[:, part] @ _FOURS.T).ravel() for part in (slice(0, 4), slice(4, 8))]
    first = 256 * np.arange(len(eights))
    found = np.empty(len(rows), np.float32)
    for start in range(0, len(rows), _FEW):
        signs, large = np.split(rows[start : start + _FEW], 2, axis=1)
        fours = (signs & 0xF0) | (large >> 4), (signs << 4) | (large & 0x0F)
        found[start : start + _FEW] = sum(
            table.take(first + each).sum(axis=1) for table, each in zip(tables, fours, strict=True)
        )
    return found


def read_vectors(connection: Connection, ids: Sequence[int]) -> tuple[Ids, Floats]:
    """The exact vectors of ``ids`` that exist: their ids in order, and (n, 384) float32."""
    found, halves = _rows(
        connection,
        "select segment_id, f16 from vectors"
        " where segment_id in (select value from json_each(?)) order by segment_id",
        json.dumps([int(one) for one in ids]),
    )
    return found, halves.astype(np.float32)


def read_signs(connection: Connection, first: int, end: int) -> Iterator[Chunk]:
    """The signs of the stored vectors with these ids, in order."""
    for start in range(first, end, _READ):
        ids, halves = _rows(
            connection,
            "select segment_id, f16 from vectors where segment_id >= ? and segment_id < ?"
            " order by segment_id",
            start,
            min(start + _READ, end),
        )
        if len(ids):
            yield Chunk(ids, signs_of(halves))


def signs_of(halves: npt.NDArray[np.float16]) -> Bits:
    """What is kept of vectors (n, 384): (12, n) uint64."""
    # As whole numbers, which are compared ten times as fast: the highest bit is the sign.
    numbers = halves.view(np.uint16)
    return np.concatenate(
        [_packed(numbers - np.uint16(1) < _NEGATIVE - 1), _packed(numbers & ~_NEGATIVE > _LARGE)]
    )


def _packed(flags: npt.NDArray[np.bool_]) -> Bits:
    """(n, 384) as (6, n)."""
    return np.ascontiguousarray(np.packbits(flags, axis=1).view(np.uint64).T)


def merged(ranges: Ranges) -> list[tuple[int, int]]:
    """The same ids in the fewest ranges, in order; empty ranges are dropped."""
    edges = np.array([one for one in ranges if one[0] < one[1]], np.int64).reshape(-1, 2)
    if not len(edges):
        return []
    firsts, ends = edges[np.argsort(edges[:, 0])].T
    ends = np.maximum.accumulate(ends)
    apart = np.flatnonzero(firsts[1:] > ends[:-1])
    begins, stops = firsts[[0, *(apart + 1)]], ends[[*apart, -1]]
    return list(zip(begins.tolist(), stops.tolist(), strict=True))


def _rows(
    connection: Connection, query: str, *values: object
) -> tuple[Ids, npt.NDArray[np.float16]]:
    # Without SQLAlchemy's rows around them: they would take as long as the rest.
    raw: Any = connection.connection.dbapi_connection
    rows = raw.execute(query, values).fetchall()
    ids = np.fromiter((one for one, _ in rows), np.int64, len(rows))
    halves = np.frombuffer(b"".join([half for _, half in rows]), dtype="<f2")
    return ids, halves.reshape(-1, DIMENSIONS)


def _joined(chunks: Sequence[Chunk]) -> tuple[Chunk, ...]:
    """With small neighbours as one."""
    groups: list[list[Chunk]] = []
    size = 0
    for chunk in chunks:
        if groups and size + len(chunk) <= _CHUNK:
            groups[-1].append(chunk)
            size += len(chunk)
        else:
            groups.append([chunk])
            size = len(chunk)
    return tuple(
        group[0]
        if len(group) == 1
        else Chunk(
            np.concatenate([chunk.ids for chunk in group]),
            np.concatenate([chunk.bits for chunk in group], axis=1),
        )
        for group in groups
    )
