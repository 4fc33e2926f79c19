"""Writes what was said or seen on a track into the library, and takes it out again.

An index is one contiguous range of segment ids, so that a search inside one track is a range
of row ids and not a join. Words, vectors and full-text rows always change together, inside the
transaction of the connection that the caller hands in.
"""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection, Row, delete, func, insert, select, text
from sqlalchemy.exc import DatabaseError

from jupyter_capture.engine.schema import indexes, segments
from jupyter_capture.engine.schema import vectors as vector_rows
from jupyter_capture.errors import EngineError

logger = logging.getLogger(__name__)

DIMENSIONS = 384
_BATCH = 500  # rows of one INSERT

_CREATE_FTS = """
create virtual table segments_fts using fts5(
    text, content='segments', content_rowid='id',
    tokenize='porter unicode61 remove_diacritics 2'
)
"""
# Without this a deleted word stays readable in the full-text index until its next merge.
_SECURE_DELETE = "insert into segments_fts(segments_fts, rank) values('secure-delete', 1)"
_FTS_TABLES = ("", "_data", "_idx", "_docsize", "_config")
_INSERT_FTS = (
    "insert into segments_fts(rowid, text)"
    " select id, text from segments where id >= :first and id < :end"
)
_DROP_WORDS = (
    "insert into segments_fts(segments_fts, rowid, text)"
    " select 'delete', id, text from segments where id = :id"
)
_KEEP_WORDS = "insert into segments_fts(rowid, text) select id, text from segments where id = :id"
_DELETE_FTS = (
    "insert into segments_fts(segments_fts, rowid, text)"
    " select 'delete', id, text from segments where id >= :first and id < :end"
)


class Timed(Protocol):
    """What an index needs of a sentence. Times in seconds of the session's media time."""

    @property
    def start(self) -> float: ...
    @property
    def end(self) -> float: ...
    @property
    def text(self) -> str: ...
    @property
    def words(self) -> Sequence[tuple[str, float, float]]: ...


@dataclass(frozen=True)
class IndexRow:
    """One row of ``indexes``. Its segments have the ids ``first_id`` to ``end_id - 1``."""

    id: str
    track_id: str
    kind: str
    first_id: int
    end_id: int
    model: str
    language: str | None
    created_at: int


def create_fts(connection: Connection) -> None:
    """Create the full-text table over ``segments.text``. Called once, by the first migration."""
    connection.execute(text(_CREATE_FTS))
    version = connection.execute(text("select sqlite_version()")).scalar_one()
    if tuple(int(part) for part in version.split(".")[:2]) >= (3, 42):
        connection.execute(text(_SECURE_DELETE))


def drop_fts(connection: Connection) -> None:
    """Undo :func:`create_fts`."""
    connection.execute(text("drop table if exists segments_fts"))


def scrub_fts(connection: Connection) -> None:
    """Rewrite the full-text index without the words of deleted segments.

    To be called after a session was deleted for good. SQLite before 3.42 keeps deleted words in
    the index until its next merge; the time taken grows with the whole index. That the freed
    pages are overwritten too is the matter of ``pragma secure_delete``.
    """
    connection.execute(text("insert into segments_fts(segments_fts) values('optimize')"))


def rebuild_fts(connection: Connection) -> int:
    """Make the full-text table anew from the segments, whatever has become of it. How many
    segments there are; takes time that grows with them."""
    try:
        with connection.begin_nested():
            drop_fts(connection)
    except DatabaseError:
        _let_go_of_fts(connection)
    create_fts(connection)
    connection.execute(text("insert into segments_fts(segments_fts) values('rebuild')"))
    return int(connection.execute(select(func.count()).select_from(segments)).scalar_one())


def _let_go_of_fts(connection: Connection) -> None:
    connection.execute(text("pragma writable_schema = on"))
    names = ", ".join(f"'segments_fts{end}'" for end in _FTS_TABLES)
    connection.execute(text(f"delete from sqlite_master where tbl_name in ({names})"))
    connection.execute(text("pragma writable_schema = reset"))


@contextmanager
def told_if_damaged() -> Iterator[None]:
    """Raises EngineError where the full-text index is missing or cannot be read."""
    try:
        yield
    except DatabaseError as error:
        said = str(error.orig)
        if not any(each in said for each in ("segments_fts", "malformed", "vtable", "logic error")):
            raise
        raise EngineError(
            f"The index of words is damaged or gone ({said}). The words themselves are stored "
            "apart from it: make it anew with `jupyter-capture index --rebuild`."
        ) from error


def write_index(
    connection: Connection,
    track_id: str,
    kind: str,
    channel_id: str,
    sentences: Sequence[Timed],
    vectors: npt.NDArray[np.float32],
    model: str,
    language: str | None,
    boxes: Sequence[Any] | None = None,
) -> IndexRow:
    """Store ``sentences`` and their ``vectors`` (n, 384) as the track's index of this kind.

    ``boxes``: for each sentence, where it was seen, as JSON. An index of the same kind that the
    track already has is replaced. The caller owns the
    transaction (``begin immediate``), so that readers see the old index or the new, never both.
    A track in which nothing was said gets an index with an empty range.
    """
    if vectors.shape != (len(sentences), DIMENSIONS):
        raise EngineError(
            f"An index needs one vector of {DIMENSIONS} numbers for each of its "
            f"{len(sentences)} sentences, and got an array of shape {vectors.shape}."
        )
    with told_if_damaged():
        delete_index(connection, track_id, kind)
    first = _next_id(connection)
    rows = [
        {
            "id": first + offset,
            "track_id": track_id,
            "source": kind,
            "channel_id": channel_id,
            "start": float(sentence.start),
            "end": float(sentence.end),
            "text": sentence.text,
            "words": [[word, float(start), float(end)] for word, start, end in sentence.words],
            "boxes": boxes[offset] if boxes is not None else None,
        }
        for offset, sentence in enumerate(sentences)
    ]
    _insert_segments(connection, rows)
    _insert_vectors(connection, range(first, first + len(rows)), vectors)
    end = first + len(rows)
    with told_if_damaged():
        connection.execute(text(_INSERT_FTS), {"first": first, "end": end})
    return add_range(connection, track_id, kind, first, end, model, language)


def add_range(
    connection: Connection,
    track_id: str,
    kind: str,
    first: int,
    end: int,
    model: str,
    language: str | None,
) -> IndexRow:
    """The row of an index whose segments are there, with the ids [first, end)."""
    row = IndexRow(
        id="idx-" + secrets.token_hex(8),
        track_id=track_id,
        kind=kind,
        first_id=first,
        end_id=end,
        model=model,
        language=language,
        created_at=int(time.time()),
    )
    connection.execute(insert(indexes).values(**vars(row)))
    return row


def find_index(connection: Connection, track_id: str, kind: str = "spoken_word") -> IndexRow | None:
    """The track's index of this kind, or None where it has not been indexed."""
    found = connection.execute(
        select(indexes).where(indexes.c.track_id == track_id, indexes.c.kind == kind)
    ).first()
    return None if found is None else IndexRow(**found._mapping)


def read_segments(connection: Connection, index: IndexRow) -> Sequence[Row[Any]]:
    """All segments of an index in order of time, as rows of the table ``segments``."""
    return connection.execute(
        select(segments)
        .where(segments.c.id >= index.first_id, segments.c.id < index.end_id)
        .order_by(segments.c.start, segments.c.id)
    ).all()


def delete_index(connection: Connection, track_id: str, kind: str | None = None) -> int:
    """Erase the track's words, vectors and full-text rows; all kinds unless one is named.

    Returns the number of segments erased; 0 where there was no index.
    """
    query = select(indexes.c.id, indexes.c.first_id, indexes.c.end_id).where(
        indexes.c.track_id == track_id
    )
    if kind is not None:
        query = query.where(indexes.c.kind == kind)
    erased = 0
    for index_id, first, end in connection.execute(query).all():
        erased += _erase(connection, first, end)
        connection.execute(delete(indexes).where(indexes.c.id == index_id))
    return erased


def rewrite_segment(
    connection: Connection, segment_id: int, values: dict[str, Any] | None, vector: Any
) -> None:
    """Change columns of one segment, or erase it (None). With another ``text`` comes another
    ``vector`` (384 half floats); without one it is found by its words alone."""
    connection.execute(text(_DROP_WORDS), {"id": segment_id})
    its_vector = vector_rows.c.segment_id == segment_id
    if values is None:
        connection.execute(delete(vector_rows).where(its_vector))
        connection.execute(delete(segments).where(segments.c.id == segment_id))
        return
    connection.execute(segments.update().where(segments.c.id == segment_id).values(**values))
    connection.execute(text(_KEEP_WORDS), {"id": segment_id})
    if "text" in values:
        connection.execute(delete(vector_rows).where(its_vector))
        if vector is not None:
            row = {"segment_id": segment_id, "f16": vector.tobytes()}
            connection.execute(insert(vector_rows).values(**row))


def renew_index(connection: Connection, index: IndexRow) -> None:
    """Give an index a new id, since its content changed: what was made of it is known by its id."""
    its = indexes.c.id == index.id
    connection.execute(indexes.update().where(its).values(id="idx-" + secrets.token_hex(8)))


def _erase(connection: Connection, first: int, end: int) -> int:
    # FTS5 with external content must be told the old text, so its rows go first.
    connection.execute(text(_DELETE_FTS), {"first": first, "end": end})
    connection.execute(
        delete(vector_rows).where(vector_rows.c.segment_id >= first, vector_rows.c.segment_id < end)
    )
    return connection.execute(
        delete(segments).where(segments.c.id >= first, segments.c.id < end)
    ).rowcount


def _next_id(connection: Connection) -> int:
    """The first id above every segment and every range given out, empty ranges included."""
    by_segment = connection.execute(select(func.max(segments.c.id))).scalar()
    by_index = connection.execute(select(func.max(indexes.c.end_id))).scalar()
    return max((by_segment or 0) + 1, by_index or 1)


def _insert_segments(connection: Connection, rows: list[dict[str, object]]) -> None:
    for start in range(0, len(rows), _BATCH):
        connection.execute(insert(segments), rows[start : start + _BATCH])


def replace_vectors(
    connection: Connection, ids: Sequence[int], vectors: npt.NDArray[np.float32]
) -> None:
    """Of segments that are there already."""
    connection.execute(delete(vector_rows).where(vector_rows.c.segment_id.in_(ids)))
    _insert_vectors(connection, ids, vectors)


def _insert_vectors(
    connection: Connection, ids: Sequence[int], array: npt.NDArray[np.float32]
) -> None:
    rows = [
        {"segment_id": one, "f16": half.tobytes()}
        for one, half in zip(ids, array.astype("<f2"), strict=True)
    ]
    for start in range(0, len(rows), _BATCH):
        connection.execute(insert(vector_rows), rows[start : start + _BATCH])
