"""Finds the vectors nearest to one, among all or within ranges of ids.

The vectors lie in the database as half floats. Their signs, 48 bytes a row, are kept in memory:
counting the bits that differ picks out a few hundred rows, and only those are read and compared
exactly. Nothing has to be built or trained, and what was just indexed is found at once.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection

DIMENSIONS = 384
_WORDS = DIMENSIONS // 64
_CHUNK = 65_536  # rows compared at a time; keeps the scan's memory small and in the CPU's cache
_READ = 8_192  # rows read from the database at a time
_FAR = np.uint16(DIMENSIONS + 1)  # farther than any row can be

Floats = npt.NDArray[np.float32]
Ids = npt.NDArray[np.int64]
Bits = npt.NDArray[np.uint64]
Distances = npt.NDArray[np.uint16]
Ranges = Sequence[tuple[int, int]]


@dataclass(frozen=True)
class Chunk:
    """Rows in order of id. ``bits`` is (6, n): the first 64 signs of all rows, the next 64, …"""

    ids: Ids
    bits: Bits

    def __len__(self) -> int:
        return len(self.ids)

    def part(self, first: int, end: int) -> Chunk:
        """The rows with these ids."""
        low, high = np.searchsorted(self.ids, (first, end))
        return Chunk(self.ids[low:high], self.bits[:, low:high])

    def distances(self, wanted: Bits) -> Distances:
        """How many signs of each row differ from ``wanted`` (6,)."""
        # Half of the signs at a time: their count fits a byte.
        halves = []
        for start in (0, _WORDS // 2):
            count = np.bitwise_count(self.bits[start] ^ wanted[start])
            for word in range(start + 1, start + _WORDS // 2):
                count += np.bitwise_count(self.bits[word] ^ wanted[word])
            halves.append(count)
        return np.add(*halves, dtype=np.uint16)


@dataclass(frozen=True)
class Signs:
    """The signs of all vectors at one moment, in order of id. Never changed: made anew, sharing
    what stays."""

    chunks: tuple[Chunk, ...] = ()

    def __len__(self) -> int:
        return sum(map(len, self.chunks))

    def nearest(self, vector: Floats, ranges: Ranges | None, limit: int) -> Ids:
        """Ids of up to ``limit`` rows whose signs are the most like the vector's, unordered."""
        wanted = signs_of(vector[None, :])[:, 0]
        best = _Best(limit)
        for chunk, distances in self._within(wanted, ranges):
            best.take(chunk.ids, distances)
        return best.ids

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

    def _within(self, wanted: Bits, ranges: Ranges | None) -> Iterator[tuple[Chunk, Distances]]:
        spans = None if ranges is None else merged(ranges)
        for chunk in self.chunks:
            if spans is None:
                yield chunk, chunk.distances(wanted)
                continue
            edges = np.searchsorted(chunk.ids, spans).reshape(-1, 2)
            edges = edges[edges[:, 0] < edges[:, 1]]
            if len(edges) > _SLICES:
                # Many small stretches cost more one by one than all rows at once.
                distances = chunk.distances(wanted)
                inside = np.zeros(len(chunk), dtype=bool)
                for low, high in edges:
                    inside[low:high] = True
                distances[~inside] = _FAR
                yield chunk, distances
                continue
            for low, high in edges:
                part = Chunk(chunk.ids[low:high], chunk.bits[:, low:high])
                yield part, part.distances(wanted)


_SLICES = 16


class _Best:
    """The nearest rows so far. Those that are farther than all of them are not looked at."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._ids: list[Ids] = []
        self._distances: list[Distances] = []
        self._count = 0
        self._worst = _FAR

    def take(self, ids: Ids, distances: Distances) -> None:
        near = np.flatnonzero(distances < self._worst)
        self._ids.append(ids[near])
        self._distances.append(distances[near])
        self._count += len(near)
        if self._count > 4 * self._limit:
            self._tighten()

    @property
    def ids(self) -> Ids:
        self._tighten()
        return self._ids[0]

    def _tighten(self) -> None:
        ids = np.concatenate([np.empty(0, np.int64), *self._ids])
        distances = np.concatenate([np.empty(0, np.uint16), *self._distances])
        if len(ids) > self._limit:
            best = np.argpartition(distances, self._limit)[: self._limit]
            ids, distances = ids[best], distances[best]
            self._worst = distances.max()
        self._ids, self._distances, self._count = [ids], [distances], len(ids)


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


def signs_of(vectors: npt.NDArray[np.floating]) -> Bits:
    """(n, 384) of any floats as (6, n) uint64."""
    bits = np.packbits(vectors > 0, axis=1).view(np.uint64)
    return np.ascontiguousarray(bits.T)


def merged(ranges: Ranges) -> list[tuple[int, int]]:
    """The same ids in the fewest ranges, in order; empty ranges are dropped."""
    result: list[tuple[int, int]] = []
    for first, end in sorted((first, end) for first, end in ranges if end > first):
        if result and first <= result[-1][1]:
            result[-1] = (result[-1][0], max(end, result[-1][1]))
        else:
            result.append((first, end))
    return result


def _rows(
    connection: Connection, query: str, *values: object
) -> tuple[Ids, npt.NDArray[np.float16]]:
    rows = connection.exec_driver_sql(query, values).fetchall()
    ids = np.fromiter((row[0] for row in rows), np.int64, len(rows))
    halves = np.frombuffer(b"".join([row[1] for row in rows]), dtype="<f2")
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
