"""Makes the index anew from the stored words, where it was lost or damaged.

The words of the segments are what was heard and seen; full-text rows, vectors and the list of
indexes follow from them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection, func, select, text

from jupyter_capture.engine.index import (
    DIMENSIONS,
    IndexRow,
    add_range,
    rebuild_fts,
    renew_index,
    replace_vectors,
)
from jupyter_capture.engine.schema import indexes, metadata, segments, tracks
from jupyter_capture.engine.schema import vectors as vector_rows
from jupyter_capture.engine.store import Store

_AT_ONCE = 2_000
_EMBEDDED = 256
_UNIT = (0.9, 1.1)  # the length of a sound vector, give or take

Vectors = npt.NDArray[np.float32]


class Rebuilding:
    """``embed`` gives the vectors of texts; ``progress`` is told a share and what goes on."""

    def __init__(
        self,
        store: Store,
        embed: Callable[[Sequence[str]], Vectors],
        progress: Callable[[float, str], None],
    ) -> None:
        self._store, self._embed, self._progress = store, embed, progress

    def run(self, every: bool) -> dict[str, Any]:
        """``every``: all vectors are made anew, not those alone that are missing or unsound.

        How many segments there are, how many vectors were made, how many indexes were found again.
        """
        self._progress(0.0, "Indexing words")
        with self._store.write() as connection:
            metadata.create_all(connection, tables=[vector_rows, indexes])
            count = rebuild_fts(connection)
            again = _list_again(connection)
        self._progress(0.1, "Looking through vectors")
        wanted = self._wanted(every)
        for start in range(0, len(wanted), _EMBEDDED):
            self._progress(0.15 + 0.85 * start / len(wanted), "Embedding sentences")
            self._make(wanted[start : start + _EMBEDDED])
        self._renew(wanted)
        self._progress(1.0, "Rebuilt")
        return {"segments": count, "vectors": len(wanted), "indexes": again}

    def _wanted(self, every: bool) -> list[int]:
        """The ids of the segments that need a vector, in order."""
        sound: set[int] = set()
        with self._store.write() as connection:
            connection.execute(
                text("delete from vectors where segment_id not in (select id from segments)")
            )
        with self._store.read() as connection:
            said = set(connection.execute(select(segments.c.id)).scalars())
            last = max(said, default=0)
            for first in range(0, 0 if every else last + 1, _AT_ONCE):
                sound |= _sound(connection, first, first + _AT_ONCE)
        return sorted(said - sound)

    def _make(self, ids: Sequence[int]) -> None:
        its = segments.c.id.in_(ids)
        with self._store.read() as connection:
            rows = connection.execute(select(segments.c.id, segments.c.text).where(its)).all()
        vectors = self._embed([row.text for row in rows])
        with self._store.write() as connection:
            # What was corrected or deleted meanwhile has its own vector, or none.
            left = dict(connection.execute(select(segments.c.id, segments.c.text).where(its)).all())
            same = [at for at, row in enumerate(rows) if left.get(row.id) == row.text]
            replace_vectors(connection, [rows[at].id for at in same], vectors[same])

    def _renew(self, changed: Sequence[int]) -> None:
        """What is kept in memory of an index is known by its id."""
        ids = np.array(changed)
        with self._store.write() as connection:
            for row in connection.execute(select(indexes)).all():
                low, high = np.searchsorted(ids, (row.first_id, row.end_id))
                if low < high:
                    renew_index(connection, IndexRow(**row._mapping))


def _sound(connection: Connection, first: int, end: int) -> set[int]:
    """The ids whose vectors have the length that they should have, in both senses."""
    its = (vector_rows.c.segment_id >= first, vector_rows.c.segment_id < end)
    rows = connection.execute(select(vector_rows).where(*its)).all()
    rows = [row for row in rows if isinstance(row.f16, bytes) and len(row.f16) == 2 * DIMENSIONS]
    halves = np.frombuffer(b"".join([row.f16 for row in rows]), "<f2").reshape(-1, DIMENSIONS)
    with np.errstate(invalid="ignore", over="ignore"):
        lengths = np.linalg.norm(halves.astype(np.float32), axis=1)
        good = (lengths > _UNIT[0]) & (lengths < _UNIT[1])
    return {row.segment_id for row, sound in zip(rows, good, strict=True) if sound}


def _list_again(connection: Connection) -> int:
    """Indexes whose segments are there, and whose row is not. How many."""
    ranges = connection.execute(
        select(
            segments.c.track_id,
            segments.c.source,
            func.min(segments.c.id).label("first"),
            func.max(segments.c.id).label("last"),
        )
        .join(tracks, tracks.c.id == segments.c.track_id)
        .group_by(segments.c.track_id, segments.c.source)
    ).all()
    known = {(row.track_id, row.kind) for row in connection.execute(select(indexes))}
    lost = [row for row in ranges if (row.track_id, row.source) not in known]
    for row in lost:
        add_range(connection, row.track_id, row.source, row.first, row.last + 1, "unknown", None)
    return len(lost)
