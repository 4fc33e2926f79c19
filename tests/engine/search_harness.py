"""Libraries in memory, of sentences that nobody had to say."""

from __future__ import annotations

from sqlalchemy import create_engine

from jupyter_capture.engine.index import create_fts, write_index
from jupyter_capture.engine.schema import metadata
from jupyter_capture.engine.transcribe import Sentence


def library():
    connection = create_engine("sqlite://").connect()
    metadata.create_all(connection)
    create_fts(connection)
    return connection


def add(connection, embedder, track, *texts):
    said = [Sentence(5.0 * n, 5.0 * n + 4, one) for n, one in enumerate(texts)]
    vectors = embedder.embed(texts)
    return write_index(
        connection, track, "spoken_word", "mic:default", said, vectors, "tiny.en", "en"
    )
