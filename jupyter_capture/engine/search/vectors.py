"""Finds the vectors nearest to one, among all or within ranges of ids.

The vectors lie in the database as half floats. Their signs, 48 bytes a row, are kept in memory:
counting the bits that differ picks out a few hundred rows, and only those are read and compared
exactly. Nothing has to be built or trained, and what was just indexed is found at once.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection, select

from jupyter_capture.engine.schema import indexes
from jupyter_capture.engine.schema import vectors as vector_rows

DIMENSIONS = 384
_WORDS = DIMENSIONS // 64
_BLOCK = 65_536  # rows compared at a time; keeps the scan's memory small
_READ = 10_000  # rows read from the database at a time

Floats = npt.NDArray[np.float32]
Ids = npt.NDArray[np.int64]
Bits = npt.NDArray[np.uint64]
Ranges = Sequence[tuple[int, int]]


@dataclass(frozen=True)
class Signs:
    """The signs of all vectors at one moment, in order of id. ``bits`` is (n, 6) uint64."""

    ids: Ids
    bits: Bits

    def __len__(self) -> int:
        return len(self.ids)

    def nearest(self, vector: Floats, ranges: Ranges | None, limit: int) -> Ids:
        """Ids of up to ``limit`` rows whose signs are the most like the vector's, unordered."""
        wanted = _signs(vector[None, :])[0]
        slices = [(0, len(self))] if ranges is None else self._slices(ranges)
        ids: list[Ids] = []
        distances: list[npt.NDArray[np.uint16]] = []
        for first, end in slices:
            for start in range(first, end, _BLOCK):
                stop = min(start + _BLOCK, end)
                differing = np.bitwise_count(self.bits[start:stop] ^ wanted)
                ids.append(self.ids[start:stop])
                distances.append(differing.sum(axis=1, dtype=np.uint16))
        if not ids:
            return np.empty(0, dtype=np.int64)
        found, distance = np.concatenate(ids), np.concatenate(distances)
        if len(found) <= limit:
            return found
        return found[np.argpartition(distance, limit)[:limit]]

    def _slices(self, ranges: Ranges) -> list[tuple[int, int]]:
        return [
            (int(np.searchsorted(self.ids, first)), int(np.searchsorted(self.ids, end)))
            for first, end in merged(ranges)
        ]


class VectorIndex:
    """The engine's signs of all vectors. One for a database; safe to share by threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loaded: dict[str, tuple[int, int]] = {}
        self._signs = Signs(np.empty(0, np.int64), np.empty((0, _WORDS), np.uint64))

    def reset(self) -> None:
        """Read all of them again the next time: some were erased."""
        with self._lock:
            self._loaded = {}
            self._signs = Signs(np.empty(0, np.int64), np.empty((0, _WORDS), np.uint64))

    def sync(self, connection: Connection) -> Signs:
        """The signs of what this connection sees. Reads only what is new since the last time."""
        rows = connection.execute(select(indexes.c.id, indexes.c.first_id, indexes.c.end_id))
        # An index never changes: what is indexed again gets a new id.
        present = {index_id: (first, end) for index_id, first, end in rows}
        with self._lock:
            if present != self._loaded:
                gone = [self._loaded[key] for key in self._loaded.keys() - present.keys()]
                added = [present[key] for key in present.keys() - self._loaded.keys()]
                self._signs = _extended(connection, _without(self._signs, gone), added)
                self._loaded = present
            return self._signs


def read_vectors(connection: Connection, ids: Sequence[int]) -> tuple[Ids, Floats]:
    """The exact vectors of ``ids`` that exist: their ids in order, and (n, 384) float32."""
    wanted = select(vector_rows.c.segment_id, vector_rows.c.f16).where(
        vector_rows.c.segment_id.in_([int(one) for one in ids])
    )
    rows = connection.execute(wanted.order_by(vector_rows.c.segment_id)).all()
    return _arrays([(row[0], row[1]) for row in rows])


def merged(ranges: Ranges) -> list[tuple[int, int]]:
    """The same ids in the fewest ranges, in order; empty ranges are dropped."""
    result: list[tuple[int, int]] = []
    for first, end in sorted((first, end) for first, end in ranges if end > first):
        if result and first <= result[-1][1]:
            result[-1] = (result[-1][0], max(end, result[-1][1]))
        else:
            result.append((first, end))
    return result


def _signs(vectors: Floats) -> Bits:
    return np.packbits(vectors > 0, axis=1).view(np.uint64)


def _arrays(rows: Sequence[tuple[int, bytes]]) -> tuple[Ids, Floats]:
    ids = np.array([one for one, _ in rows], dtype=np.int64)
    halves = np.frombuffer(b"".join(blob for _, blob in rows), dtype="<f2")
    return ids, halves.reshape(-1, DIMENSIONS).astype(np.float32)


def _without(signs: Signs, ranges: Ranges) -> Signs:
    if not ranges:
        return signs
    keep = np.ones(len(signs), dtype=bool)
    for first, end in ranges:
        keep[np.searchsorted(signs.ids, first) : np.searchsorted(signs.ids, end)] = False
    return Signs(signs.ids[keep], signs.bits[keep])


def _extended(connection: Connection, signs: Signs, ranges: Ranges) -> Signs:
    ids, bits = [signs.ids], [signs.bits]
    for first, end in merged(ranges):
        for start in range(first, end, _READ):
            stop = min(start + _READ, end)
            rows = connection.execute(
                select(vector_rows.c.segment_id, vector_rows.c.f16)
                .where(vector_rows.c.segment_id >= start, vector_rows.c.segment_id < stop)
                .order_by(vector_rows.c.segment_id)
            ).all()
            new, exact = _arrays([(row[0], row[1]) for row in rows])
            ids.append(new)
            bits.append(_signs(exact))
    if len(ids) == 1:
        return signs
    all_ids, all_bits = np.concatenate(ids), np.concatenate(bits)
    order = np.argsort(all_ids, kind="stable")
    return Signs(all_ids[order], all_bits[order])
