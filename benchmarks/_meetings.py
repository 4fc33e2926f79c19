"""A library of recorded meetings for benchmarks, any number of sentences long.

A few thousand sentences are made from a grammar and embedded by the real model. Each row says one
of them with names, numbers and terms of its own; its vector is that sentence's, moved on by a part
of the way from one sentence to another: so vectors cluster as real ones do, and lean as they do.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection

from jupyter_capture.engine.embed import DIMENSIONS, Embedder
from jupyter_capture.engine.models import find_text_model
from jupyter_capture.engine.schema import asset_tracks, assets, indexes, tracks
from jupyter_capture.engine.store import Store
from jupyter_capture.wire.recorder import AudioCodec, TrackManifest

A_RECORDING = 400
"""Sentences; half are said by the microphone, half by the others."""
_KINDS = 4000
_MOVED = 0.45  # how far a row lies from the sentence that it was made of
_AT_ONCE = 20_000

_WHO = (
    "we|the team|the client|our supplier|the new manager|everybody|nobody|the designers|accounting"
    "|legal|the customer|my colleague|the board|support|the developers|the school|the patient"
)
_DOES = (
    "has to review|wants to change|forgot|finished|is worried about|will pay for|talked about"
    "|cancelled|measured|is waiting for|presented|rejected|cannot explain|should document"
    "|moved|doubled|is going to publish|tested|never received|asked about|agreed on|postponed"
)
_WHAT = (
    "the budget|the travel costs|the hiring plan|the test coverage|the database migration"
    "|the marketing campaign|the contract|the login page|the quarterly report|the office lease"
    "|the training data|the learning rate|the regression model|the coffee machine|the warranty"
    "|the security audit|the release notes|the invoice|the customer survey|the fire drill"
    "|the parental leave|the search results|the drone footage|the vaccination|the heating"
    "|the photosynthesis experiment|the essay about Paris|the train to Lyon|the garden party"
    "|the password policy|the server room|the pull request|the conference in Berlin|the logo"
)
_WHEN = (
    "before Friday|next week|in the third quarter|because of the heat|after the merge|since May"
    "|without a reason|by tomorrow morning|at half past ten|during the holidays|for the workshop"
    "|on the second floor|with the whole group|as soon as possible|until the end of the year"
    "|in front of the class|over the phone|for twenty people|when the node ran out of memory"
)
_SOUNDS = "ka ri mo ten shi lu bar vin do sa pel no gar ti wen ju ro zel mi fa con dre hu ly"
_SYLLABLES = _SOUNDS.split()


def sentences(count: int, seed: int) -> list[str]:
    """Of the grammar, each said once."""
    chance = np.random.default_rng(seed)
    parts = [each.split("|") for each in (_WHO, _DOES, _WHAT, _WHEN)]
    found: dict[str, None] = {}
    while len(found) < count:
        said = " ".join(each[chance.integers(len(each))] for each in parts)
        found[f"{said[0].upper()}{said[1:]}."] = None
    return list(found)


def names(count: int, seed: int) -> list[str]:
    """Words that are in no dictionary."""
    chance = np.random.default_rng(seed)
    found: dict[str, None] = {}
    while len(found) < count:
        picked = chance.integers(len(_SYLLABLES), size=chance.integers(2, 5))
        found["".join(_SYLLABLES[each] for each in picked).capitalize()] = None
    return list(found)


class Meetings:
    """Rows in order, in batches; the same for the same seed."""

    def __init__(self, embedder: Embedder, seed: int = 7) -> None:
        self.kinds = sentences(_KINDS, seed)
        self.vectors = embedder.embed(self.kinds)
        self.names = names(60_000, seed)
        self._seed = seed

    def batches(self, count: int) -> Iterator[tuple[list[str], npt.NDArray[np.float16]]]:
        """(texts, (n, 384) half floats of unit length)."""
        chance = np.random.default_rng(self._seed)
        for start in range(0, count, _AT_ONCE):
            size = min(_AT_ONCE, count - start)
            kinds = chance.integers(_KINDS, size=size)
            yield self._texts(kinds, chance), self._moved(kinds, chance)

    def _texts(self, kinds: npt.NDArray[np.int64], chance: np.random.Generator) -> list[str]:
        # Few names are said often, most seldom.
        who = np.minimum(chance.zipf(1.3, size=kinds.size) - 1, len(self.names) - 1)
        numbers = chance.integers(2, 100_000, size=kinds.size)
        form = chance.integers(4, size=kinds.size)
        texts = []
        for kind, name, number, shape in zip(kinds, who, numbers, form, strict=True):
            said, called = self.kinds[kind], self.names[name]
            if shape == 0:
                said = f"{called} says that {said[0].lower()}{said[1:]}"
            elif shape == 1:
                said = f"{said[:-1]}, and that is ${number:,}."
            elif shape == 2:
                said = f"{said[:-1]}, as {called} wrote in ticket {number}."
            texts.append(said)
        return texts

    def _moved(
        self, kinds: npt.NDArray[np.int64], chance: np.random.Generator
    ) -> npt.NDArray[np.float16]:
        one, other = chance.integers(_KINDS, size=(2, kinds.size))
        way = self.vectors[one] - self.vectors[other]
        way += 0.5 * chance.normal(scale=DIMENSIONS**-0.5, size=way.shape).astype(np.float32)
        way /= np.maximum(np.linalg.norm(way, axis=1, keepdims=True), 1e-6)
        rows = self.vectors[kinds] + _MOVED * way
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        return rows.astype("<f2")


def fill(folder: Path, count: int, models: Path) -> float:
    """Make a library of ``count`` sentences. Seconds that this took, without embedding."""
    meetings = Meetings(Embedder(find_text_model(models), threads=2))
    store = Store(folder / "library.sqlite3")
    store.migrate()
    began = time.perf_counter()
    first = 1
    for texts, halves in meetings.batches(count):
        with store.write() as connection:
            raw = connection.connection.driver_connection
            assert isinstance(raw, sqlite3.Connection)
            _write_rows(raw, first, texts, halves)
            for start in range(first, first + len(texts), A_RECORDING):
                _write_recording(connection, start, min(start + A_RECORDING, first + len(texts)))
        first += len(texts)
    store.flush()
    store.close()
    return time.perf_counter() - began


def _write_rows(
    raw: sqlite3.Connection, first: int, texts: list[str], halves: npt.NDArray[np.float16]
) -> None:
    ids = range(first, first + len(texts))

    def row(at: int, said: str) -> tuple[object, ...]:
        recording, place = divmod(at - 1, A_RECORDING)
        others = place >= A_RECORDING // 2
        start = 8.0 * (place % (A_RECORDING // 2)) + 4 * others
        track = f"trk-{recording}-{'s' if others else 'm'}"
        channel = "system_audio:default" if others else "mic:default"
        return (at, track, "spoken_word", channel, start, start + 4, said, "[]")

    raw.executemany(
        "insert into segments (id, track_id, source, channel_id, start, end, text, words)"
        " values (?, ?, ?, ?, ?, ?, ?, ?)",
        map(row, ids, texts),
    )
    raw.executemany(
        "insert into vectors (segment_id, f16) values (?, ?)",
        ((at, half.tobytes()) for at, half in zip(ids, halves, strict=True)),
    )
    raw.execute(
        "insert into segments_fts(rowid, text)"
        " select id, text from segments where id >= ? and id < ?",
        (ids.start, ids.stop),
    )


def _write_recording(connection: Connection, first: int, end: int) -> None:
    number = (first - 1) // A_RECORDING
    asset = f"m-{number}"
    stems = [f"trk-{number}-m", f"trk-{number}-s"]
    length = 4.0 * A_RECORDING + 8
    rows = [
        (stems[0], "mic:default", []),
        (stems[1], "system_audio:default", []),
        (f"trk-{number}-x", "mix", stems),
    ]
    for track, channel, of in rows:
        manifest = TrackManifest(
            id=track, channel_id=channel, kind="audio", timescale=48000,
            codec=AudioCodec(channels=1, bitrate=48000), duration=round(length * 48000),
        )  # fmt: skip
        connection.execute(
            tracks.insert().values(
                id=track, session_id=f"cap-{number}", channel_id=channel, kind="audio",
                folder=f"sessions/cap-{number}/{track}", manifest=manifest.model_dump(mode="json"),
                stems=of,
            )
        )  # fmt: skip
    connection.execute(
        assets.insert().values(
            id=asset, collection_id="default", type="video", name=f"Meeting {number}",
            length=length, session_id=f"cap-{number}", created_at=1_700_000_000 + number,
        )
    )  # fmt: skip
    connection.execute(
        asset_tracks.insert().values(asset_id=asset, track_id=rows[-1][0], ordinal=0)
    )
    half = first + A_RECORDING // 2
    for track, low, high in ((stems[0], first, min(half, end)), (stems[1], min(half, end), end)):
        connection.execute(
            indexes.insert().values(
                id=f"idx-{track}", track_id=track, kind="spoken_word", first_id=low, end_id=high,
                model="tiny.en", language="en", created_at=1_700_000_000,
            )
        )  # fmt: skip
