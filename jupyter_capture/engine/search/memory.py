"""What the engine keeps in memory of all indexes, so that a search reads little."""

from __future__ import annotations

import threading
from bisect import bisect_right
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import Connection, select, text

from jupyter_capture.engine.schema import indexes
from jupyter_capture.engine.search.vectors import Ranges, Signs, merged, read_signs
from jupyter_capture.engine.search.vocabulary import Vocabulary

_READ_ALL = 20_000  # new rows from which on all words are counted anew
_KNOWN = "jupyter_capture.indexes"
_STALE = 0.1  # the part of the rows that may be gone before they are

Range = tuple[int, int]


@dataclass(frozen=True)
class Seen:
    """What one connection sees. ``taken`` are the ids of all indexes, in order."""

    signs: Signs
    vocabulary: Vocabulary
    taken: tuple[Range, ...]

    def spans(self, ranges: Ranges | None) -> list[Range] | None:
        """The same segments in the fewest ranges: ids that nothing has do not part them."""
        if ranges is None:
            return None
        found: list[Range] = []
        for first, end in merged(ranges):
            if found and not self._anything(found[-1][1], first):
                found[-1] = (found[-1][0], end)
            else:
                found.append((first, end))
        return found

    def _anything(self, first: int, end: int) -> bool:
        """Whether any index has ids in [first, end)."""
        place = bisect_right(self.taken, first, key=lambda one: one[1])
        return place < len(self.taken) and self.taken[place][0] < end


class Memory:
    """One for a database; safe to share by threads. Reads what is new since the last time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.pool = ThreadPoolExecutor(1, "vectors")
        self._forget()

    def reset(self) -> None:
        """Read all of it again the next time: some was erased."""
        with self._lock:
            self._forget()

    def sync(self, connection: Connection) -> Seen:
        present = self._present(connection)
        with self._lock:
            if present is not self._loaded and present != self._loaded:
                self._follow(connection, present)
            return self._seen

    def _present(self, connection: Connection) -> dict[str, Range]:
        """The ids of all indexes, read again only where something was written since."""
        version = version_of(connection)
        known = connection.info.get(_KNOWN)
        if known is not None and known[:2] == (self._token, version):
            return cast("dict[str, Range]", known[2])
        rows = connection.execute(select(indexes.c.id, indexes.c.first_id, indexes.c.end_id))
        # An index never changes: what is indexed again gets a new id.
        present = {index_id: (first, end) for index_id, first, end in rows}
        with self._lock:
            if present == self._loaded:
                present = self._loaded
        connection.info[_KNOWN] = (self._token, version, present)
        return present

    def _forget(self) -> None:
        self._token = object()  # so that what was known before is not believed
        self._loaded: dict[str, Range] = {}
        self._gone = 0
        self._seen = Seen(Signs(), Vocabulary(), ())

    def _follow(self, connection: Connection, present: dict[str, Range]) -> None:
        gone = [self._loaded[key] for key in self._loaded.keys() - present.keys()]
        added = merged([present[key] for key in present.keys() - self._loaded.keys()])
        signs = self._seen.signs.without(gone)
        for first, end in added:
            for chunk in read_signs(connection, first, end):
                signs = signs.with_([chunk])
        self._gone += _rows(gone)
        new, vocabulary = _rows(added), self._seen.vocabulary
        if new > _READ_ALL or self._gone > _STALE * len(signs):
            vocabulary = Vocabulary()
            vocabulary.read(connection)
            self._gone = 0
        elif new:
            vocabulary.add(_texts(connection, added))
        self._loaded = present
        taken = sorted(one for one in present.values() if one[0] < one[1])
        self._seen = Seen(signs, vocabulary, tuple(taken))


def version_of(connection: Connection) -> tuple[int, int]:
    """The same as long as nothing was written, by this connection or any other."""
    raw: Any = connection.connection.dbapi_connection
    others = connection.exec_driver_sql("pragma data_version").scalar_one()
    return others, raw.total_changes


def _rows(ranges: Iterable[Range]) -> int:
    return sum(end - first for first, end in ranges)


def _texts(connection: Connection, ranges: Ranges) -> list[str]:
    query = text("select text from segments where id >= :first and id < :end")
    return [
        one
        for first, end in ranges
        for one in connection.execute(query, {"first": first, "end": end}).scalars()
    ]
