"""Searches what was said so far in a recording that goes on: in memory, and the same way."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from jupyter_capture.engine.index import create_fts, write_index
from jupyter_capture.engine.schema import indexes, metadata, segments, vectors
from jupyter_capture.engine.search import Embeds, Hit, search
from jupyter_capture.engine.search.operators import read_query
from jupyter_capture.errors import InvalidRequestError
from jupyter_capture.wire.library import SearchMode

_TABLES = [indexes, segments, vectors]


@dataclass(frozen=True)
class Told:
    """Something said, seen or run. Seconds of media time; ``channel`` as "mic:default"."""

    channel: str
    start: float
    end: float
    text: str
    words: tuple[tuple[str, float, float], ...] = ()


class LiveFinder:
    """Each sentence is embedded once; all else is made for one search and forgotten."""

    def __init__(self, embedder: Embeds) -> None:
        self._embedder = embedder
        # Each connection is a library of its own that lies in memory.
        self._scratch = create_engine("sqlite://", poolclass=NullPool)
        self._known: dict[str, dict[str, npt.NDArray[np.float32]]] = {}
        self._since: dict[str, dict[str, float]] = {}
        self._lock = threading.Lock()

    def began(self, session_id: str, channel: str) -> None:
        """From now on a channel is listened to."""
        with self._lock:
            self._since.setdefault(session_id, {}).setdefault(channel, time.time())

    def since(self, session_id: str) -> dict[str, float]:
        """When listening began (Unix seconds), by channel."""
        return dict(self._since.get(session_id, {}))

    def forget_words(self, session_id: str, start: float, end: float) -> None:
        """Of any stretch: what is still there is embedded again."""
        with self._lock:
            self._known.pop(session_id, None)

    def forget(self, session_id: str) -> None:
        """The recording is over."""
        with self._lock:
            self._since.pop(session_id, None)
            self._known.pop(session_id, None)

    def search(
        self, session_id: str, told: Sequence[Told], query: str, mode: SearchMode, top_k: int
    ) -> list[Hit]:
        """Raises InvalidRequestError as any search does."""
        asked = read_query(query)
        if asked.names_recordings:
            raise InvalidRequestError(
                "This searches the recording that runs: session:, after: and before: are for a "
                "search in what is stored. Leave them out here."
            )
        name = asked.channel
        told = [each for each in told if name is None or _is_of(each.channel, name)]
        found = self._embed(session_id, [each.text for each in told])
        with self._scratch.begin() as connection:
            metadata.create_all(connection, tables=_TABLES)
            create_fts(connection)
            for channel in {each.channel for each in told}:
                places = [at for at, each in enumerate(told) if each.channel == channel]
                sentences = [told[at] for at in places]
                write_index(
                    connection, channel, "live", channel, sentences, found[places], "live", None
                )
            return search(connection, self._embedder, asked.words, None, mode, top_k)

    def _embed(self, session_id: str, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        with self._lock:
            known = self._known.setdefault(session_id, {})
            new = [text for text in dict.fromkeys(texts) if text not in known]
            if new:
                known.update(zip(new, self._embedder.embed(new), strict=True))
            rows = [known[text] for text in texts]
        return np.stack(rows) if rows else np.empty((0, 384), np.float32)


def _is_of(channel: str, name: str) -> bool:
    prefixes = {"system": "system_audio", "screen": "display", "cells": "notebook"}
    return channel.partition(":")[0] == prefixes.get(name, name)
