from __future__ import annotations

import numpy as np
import pytest
from sqlalchemy import create_engine, event, select, text

from jupyter_capture.engine.index import (
    create_fts,
    delete_index,
    find_index,
    read_segments,
    scrub_fts,
    write_index,
)
from jupyter_capture.engine.rebuilding import Rebuilding
from jupyter_capture.engine.schema import indexes, metadata, segments, tracks, vectors
from jupyter_capture.engine.store import Store
from jupyter_capture.engine.transcribe import Sentence
from jupyter_capture.errors import EngineError


@pytest.fixture
def connection():
    database = create_engine("sqlite://")
    with database.connect() as connection:
        metadata.create_all(connection)
        create_fts(connection)
        yield connection
    database.dispose()


def said(*texts):
    return [Sentence(5.0 * n, 5.0 * n + 4, one, (("w", 5.0 * n, 5.0 * n + 1),)) for n, one in
            enumerate(texts)]  # fmt: skip


def some_vectors(count, seed=0):
    array = np.random.default_rng(seed).normal(size=(count, 384)).astype(np.float32)
    return array / np.linalg.norm(array, axis=1, keepdims=True)


def write(connection, track, *texts, kind="spoken_word"):
    return write_index(
        connection,
        track,
        kind,
        "mic:default",
        said(*texts),
        some_vectors(len(texts)),
        "tiny.en",
        "en",
    )


def found(connection, query):
    rows = connection.execute(
        text("select rowid from segments_fts where segments_fts match :q"), {"q": query}
    )
    return [row[0] for row in rows]


def count(connection, table):
    return len(connection.execute(select(table)).all())


def check(connection):
    """FTS5's own comparison of the full-text index with the segments."""
    connection.execute(
        text("insert into segments_fts(segments_fts, rank) values('integrity-check', 1)")
    )


def test_a_track_gets_one_contiguous_range(connection):
    first = write(connection, "trk-1", "alpha", "beta", "gamma")
    second = write(connection, "trk-2", "delta", "epsilon")
    assert (first.first_id, first.end_id) == (1, 4)
    assert (second.first_id, second.end_id) == (4, 6)
    rows = read_segments(connection, second)
    assert [row.text for row in rows] == ["delta", "epsilon"]
    assert rows[1].words == [["w", 5.0, 6.0]]
    assert find_index(connection, "trk-2") == second
    assert found(connection, "epsilon") == [5]
    check(connection)


def test_what_is_stored_is_plain_floats_and_half_precision(connection):
    sentence = Sentence(np.float64(1.5), np.float64(2.5), "x", (("x", np.float64(1.5), 2.5),))
    write_index(connection, "t", "spoken_word", "mic:default", [sentence], some_vectors(1), "m", "")
    row = connection.execute(select(segments)).one()
    assert type(row.start) is float
    assert row.words == [["x", 1.5, 2.5]]
    blob = connection.execute(select(vectors.c.f16)).scalar_one()
    stored = np.frombuffer(blob, "<f2").astype(np.float32)
    assert np.allclose(stored, some_vectors(1)[0], atol=1e-3)


def test_indexing_again_replaces_words_vectors_and_full_text(connection):
    old = write(connection, "trk-1", "alpha", "beta", "gamma")
    write(connection, "trk-2", "other")
    new = write(connection, "trk-1", "delta", "epsilon")
    assert new.id != old.id
    assert new.first_id >= 5
    assert found(connection, "alpha") == []
    assert found(connection, "delta") == [new.first_id]
    assert count(connection, segments) == count(connection, vectors) == 3
    assert count(connection, indexes) == 2
    check(connection)


def test_kinds_of_one_track_live_side_by_side(connection):
    write(connection, "trk-1", "spoken words")
    write(connection, "trk-1", "written words", kind="scene")
    assert len(found(connection, "words")) == 2
    assert delete_index(connection, "trk-1", "scene") == 1
    assert found(connection, "written") == []
    assert found(connection, "spoken") == [1]
    check(connection)


def test_deleting_leaves_the_other_tracks(connection):
    write(connection, "trk-1", "alpha", "beta")
    write(connection, "trk-2", "alpha too")
    assert delete_index(connection, "trk-1") == 2
    assert delete_index(connection, "trk-1") == 0
    assert find_index(connection, "trk-1") is None
    assert found(connection, "alpha") == [3]
    assert count(connection, vectors) == count(connection, segments) == 1
    check(connection)


def test_a_silent_track_has_an_empty_range(connection):
    row = write(connection, "trk-1")
    assert row.first_id == row.end_id
    assert read_segments(connection, row) == []
    after = write(connection, "trk-2", "alpha")
    assert after.first_id >= row.end_id


def test_sentences_without_their_vectors_are_refused(connection):
    with pytest.raises(EngineError, match="one vector"):
        write_index(connection, "t", "spoken_word", "c", said("a", "b"), some_vectors(1), "m", None)


def test_words_are_found_by_stem_and_without_accents(connection):
    write(connection, "trk-1", "Wir treffen uns im Café", "She was running late")
    assert found(connection, "cafe") == [1]
    assert found(connection, "run") == [2]


def test_many_sentences_are_written_in_one_index(connection):
    row = write(connection, "trk-1", *(f"sentence number {n}" for n in range(1234)))
    assert row.end_id - row.first_id == 1234
    assert found(connection, "1233") == [row.end_id - 1]
    check(connection)


def test_a_deleted_word_is_in_the_file_no_more(tmp_path):
    path = tmp_path / "library.sqlite3"
    database = create_engine(f"sqlite:///{path}")
    event.listen(database, "connect", lambda raw, _: raw.execute("pragma secure_delete = on"))
    with database.begin() as connection:
        metadata.create_all(connection)
        create_fts(connection)
        write(connection, "trk-1", "the watchword is xylophonist")
        write(connection, "trk-2", "something else was said")
    assert b"xylophonist" in path.read_bytes()
    with database.begin() as connection:
        delete_index(connection, "trk-1")
        scrub_fts(connection)
        assert len(found(connection, "something")) == 1
    database.dispose()
    assert b"xylophonist" not in path.read_bytes()
    assert b"watchword" not in path.read_bytes()


def library(path):
    store = Store(path)
    store.migrate()
    with store.write() as connection:
        connection.execute(
            tracks.insert().values(
                [
                    {"id": f"trk-{n}", "kind": "audio", "folder": "x", "manifest": {}, "stems": []}
                    for n in (1, 2)
                ]
            )
        )
        write(connection, "trk-1", "alpha beta", "beta gamma")
        write(connection, "trk-2", "delta")
    return store


def embedded(texts):
    return some_vectors(len(texts), seed=9)


HARM = {
    "full-text table dropped": "drop table segments_fts",
    "full-text data deleted": "delete from segments_fts_data",
    "full-text data overwritten": "update segments_fts_data set block = zeroblob(9)",
    "full-text configuration dropped": "drop table segments_fts_config",
    "vectors deleted": "delete from vectors",
    "vectors dropped": "drop table vectors",
    "vectors overwritten": "update vectors set f16 = zeroblob(768) where segment_id = 2",
    "vectors cut off": "update vectors set f16 = x'0011' where segment_id = 1",
    "list of indexes deleted": "delete from indexes where track_id = 'trk-1'",
}


@pytest.mark.parametrize("harm", HARM.values(), ids=HARM.keys())
def test_the_index_is_made_anew_from_the_stored_words(tmp_path, harm):
    store = library(tmp_path / "library.sqlite3")
    with store.write() as connection:
        connection.execute(text(harm))
    store.close()
    store = Store(tmp_path / "library.sqlite3")
    told = []
    done = Rebuilding(store, embedded, lambda share, stage: told.append((share, stage))).run(False)
    assert done["segments"] == 3
    assert told[-1][0] == 1
    with store.write() as connection:
        check(connection)
        assert found(connection, "beta") == [1, 2]
        stored = connection.execute(select(vectors).order_by(vectors.c.segment_id)).all()
        assert [row.segment_id for row in stored] == [1, 2, 3]
        lengths = [np.linalg.norm(np.frombuffer(row.f16, "<f2").astype(float)) for row in stored]
        assert lengths == pytest.approx([1, 1, 1], abs=0.01)
        ranges = {row.track_id: (row.first_id, row.end_id) for row in connection.execute(
            select(indexes))}  # fmt: skip
        assert ranges == {"trk-1": (1, 3), "trk-2": (3, 4)}
    store.close()


def test_sound_vectors_are_kept_unless_all_are_asked_for(tmp_path):
    store = library(tmp_path / "library.sqlite3")
    with store.read() as connection:
        before = {row.id for row in connection.execute(select(indexes))}
    assert Rebuilding(store, embedded, lambda *_: None).run(False)["vectors"] == 0
    with store.read() as connection:
        assert {row.id for row in connection.execute(select(indexes))} == before
    assert Rebuilding(store, embedded, lambda *_: None).run(True)["vectors"] == 3
    with store.read() as connection:
        # What an engine keeps in memory of an index is known by its id.
        assert not before & {row.id for row in connection.execute(select(indexes))}
    store.close()


def test_a_damaged_index_says_how_it_is_made_anew(connection):
    write(connection, "trk-1", "alpha")
    connection.execute(text("drop table segments_fts"))
    with pytest.raises(EngineError, match="index --rebuild"):
        write(connection, "trk-1", "beta")
