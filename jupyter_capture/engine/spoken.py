"""What is said in assets, as far as they are indexed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection

from jupyter_capture.engine.index import IndexRow, find_index, read_segments
from jupyter_capture.engine.library import Library
from jupyter_capture.engine.store import Store
from jupyter_capture.errors import InvalidRequestError, NotIndexedError
from jupyter_capture.media.hls import Captions
from jupyter_capture.media.webvtt import Heard, Sentence, language_name, sentences_in


class Spoken:
    def __init__(self, store: Store, library: Library) -> None:
        self._store = store
        self._library = library

    def words(self, asset_id: str) -> list[tuple[str, float, float, str]]:
        """(word, start, end, channel) of what is said in an asset. Raises NotIndexedError."""
        with self._store.read() as connection:
            return [
                (word, start, end, row.channel_id)
                for index in self._indexes(connection, asset_id)
                for row in read_segments(connection, index)
                for word, start, end in row.words
            ]

    def sentences(self, asset_id: str) -> list[Sentence]:
        """Raises NotIndexedError."""
        with self._store.read() as connection:
            return [
                Sentence(row.start, row.end, row.text, [(w, s, e) for w, s, e in row.words])
                for index in self._indexes(connection, asset_id)
                for row in read_segments(connection, index)
            ]

    def indexes(self, asset_ids: Iterable[str]) -> dict[str, list[IndexRow]]:
        """The indexes of those that are indexed."""
        found: dict[str, list[IndexRow]] = {}
        with self._store.read() as connection:
            for asset_id in sorted(set(asset_ids)):
                try:
                    found[asset_id] = self._indexes(connection, asset_id)
                except NotIndexedError:
                    continue
        return found

    def heard(self, heard: Sequence[Heard]) -> list[Sentence]:
        """What is said in stretches of assets, in a stream's seconds. Raises NotIndexedError
        where nothing of it is indexed, InvalidRequestError where nothing is heard."""
        if not heard:
            raise InvalidRequestError("There is no sound in this, so nothing is said in it.")
        said: dict[str, list[Sentence]] = {}
        unknown: list[str] = []
        for asset_id in dict.fromkeys(each.asset for each in heard):
            try:
                said[asset_id] = self.sentences(asset_id)
            except NotIndexedError:
                unknown.append(asset_id)
        if not said:
            raise NotIndexedError(
                f"There is no transcript of {', '.join(unknown)} yet. Call index_spoken_words() "
                "on it first."
            )
        return [
            sentence for each in heard for sentence in sentences_in(each, said.get(each.asset, []))
        ]

    def captions(self, heard: Sequence[Heard]) -> Captions | None:
        """The rendition that a stream has of it, where anything is indexed."""
        found = self.indexes(each.asset for each in heard)
        if not found:
            return None
        languages = {index.language for rows in found.values() for index in rows} - {None}
        language = languages.pop() if len(languages) == 1 else None
        return Captions("captions.m3u8", language_name(language), language)

    def _indexes(self, connection: Connection, asset_id: str) -> list[IndexRow]:
        spoken = self._library.speech_tracks(asset_id)
        found = [find_index(connection, track.id) for track in spoken]
        known = [index for index in found if index is not None]
        if not known or len(known) < len(found):
            raise NotIndexedError(
                f"{asset_id} has no transcript yet. Call index_spoken_words() on it first."
            )
        return known
