"""From a query to moments of videos: which segments to look in, and whose they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, exists, func, join, or_, select, true, union

from jupyter_capture.engine.index import (
    IndexRow,
    delete_index,
    find_index,
    read_segments,
    scrub_fts,
    told_if_damaged,
    write_index,
)
from jupyter_capture.engine.library import AssetRow, Library
from jupyter_capture.engine.schema import asset_tracks, assets, indexes, tracks
from jupyter_capture.engine.search import MAX_HITS, Embeds, Hit, search
from jupyter_capture.engine.search.memory import Memory, version_of
from jupyter_capture.engine.search.operators import CELLS, Asked, of_channel, read_query
from jupyter_capture.engine.search.readiness import Readiness
from jupyter_capture.engine.search.recordings import of_recordings
from jupyter_capture.engine.search.shots import SPOKEN, as_shots, watchable
from jupyter_capture.engine.store import Store
from jupyter_capture.errors import InvalidRequestError, NotIndexedError
from jupyter_capture.wire.library import (
    Doc,
    Index,
    IndexScene,
    SearchAnswer,
    SearchMode,
    SearchRequest,
    VideoHits,
)

DEFAULT_HITS = 10
SCREEN = "screen_text"
_RECORDS = "records"
_KINDS = (SPOKEN, "scene")
_KNOWN = "jupyter_capture.collections"
_AGAIN = 4
"""How many more hits are asked for, since some may be neighbours, or the same page again."""
_MODES: dict[str, SearchMode] = {
    "hybrid": "hybrid",
    "default": "hybrid",
    "auto": "hybrid",
    "semantic": "semantic",
    "keyword": "keyword",
    "scene": "hybrid",
}


@dataclass(frozen=True)
class OwnSegment:
    """A sentence without words of its own. Seconds."""

    start: float
    end: float
    text: str
    words: tuple[tuple[str, float, float], ...] = ()


class Finder:
    def __init__(self, store: Store, library: Library, embedder: Embeds) -> None:
        self._store = store
        self._library = library
        self._embedder = embedder
        self._memory = Memory()
        self.ready = Readiness(store, self._memory)
        self.look_anew = self.ready.begin_anew

    def in_asset(self, asset: AssetRow, request: SearchRequest) -> SearchAnswer:
        """Raises NotIndexedError where nothing of the kind that is asked for is indexed yet."""
        with self._store.read() as connection:
            held = indexes.c.track_id.in_(self._indexed_tracks(asset.id))
            rows = connection.execute(select(indexes).where(held)).all()
        asked = read_query(request.query)
        request = request.model_copy(update={"query": asked.words})
        wanted = self._narrowed(rows, request, asked)
        if not wanted:
            raise NotIndexedError(
                f"{asset.id} ({asset.name}) is not indexed yet. Call {_how(request)} on it first."
            )
        hits = self._search(request, wanted, asked)
        return self._answer([(hit, asset) for hit in hits], wanted)

    def in_order(self, asset: AssetRow, name: str | None, limit: int) -> SearchAnswer:
        """The records of an asset in order of time, those of one index where it is named."""
        found = [each for each in self.indexes_of(asset) if name in (None, each.name)]
        if not found:
            raise NotIndexedError(f"{asset.id} has no index{f' {name!r}' if name else ''} yet.")
        rows = [row for each in found for row in self.records(each.index_id)]
        rows.sort(key=lambda row: (row.start, row.id))
        hits = [
            Hit(row.id, row.track_id, row.channel_id, row.start, row.end, row.text, 1.0, row.source)
            for row in rows[:limit]
        ]
        return self._answer([(hit, asset) for hit in hits])

    def in_collection(self, collection_id: str, request: SearchRequest) -> SearchAnswer:
        self._library.collection(collection_id)
        asked = read_query(request.query)
        request = request.model_copy(update={"query": asked.words})
        wanted = self._narrowed(self._rows(collection_id), request, asked)
        if not wanted:
            raise NotIndexedError(
                f"Nothing in the collection {collection_id!r} is indexed yet. Call "
                f"{_how(request)} on a video first."
            )
        hits = self._search(request, wanted, asked)
        holders = self._holders(collection_id, {hit.track_id for hit in hits})
        found = [(hit, holders[hit.track_id]) for hit in hits if hit.track_id in holders]
        return self._answer(found, wanted)

    def _narrowed(self, rows: Sequence[Any], request: SearchRequest, asked: Asked) -> list[Any]:
        """The indexes of the kind and the channel that a request is about."""
        wanted = _wanted(rows, request)
        if asked.channel is None:
            # Cells come by themselves: alone they do not mean that anything was indexed.
            return [] if all(row.kind == CELLS for row in wanted) else wanted
        with self._store.read() as connection:
            ids = {row.track_id for row in wanted}
            found = select(tracks.c.id, tracks.c.channel_id).where(tracks.c.id.in_(ids))
            channels = {row.id: row.channel_id for row in connection.execute(found)}
        return of_channel(wanted, asked.channel, channels)

    def is_indexed(self, asset_id: str) -> bool:
        sounds = self._library.speech_tracks(asset_id)
        with self._store.read() as connection:
            return bool(sounds) and all(find_index(connection, track.id) for track in sounds)

    def screen_index(self, asset: AssetRow) -> Index | None:
        """The index of what is written on its screen, where there is one."""
        with self._store.read() as connection:
            for track in self._library.tracks_of(asset.id):
                row = find_index(connection, track.id, SCREEN)
                if row is not None:
                    return _index_view(row, asset)
        return None

    def segments(self, asset_id: str) -> list[Any]:
        """The rows of an asset's sentences in order of time. Raises NotIndexedError."""
        if not self.is_indexed(asset_id):
            raise NotIndexedError(
                f"{asset_id} has no transcript yet. Call index_spoken_words() on it first."
            )
        rows: list[Any] = []
        with self._store.read() as connection:
            for track in self._library.speech_tracks(asset_id):
                index = find_index(connection, track.id)
                if index is not None:
                    rows += read_segments(connection, index)
        return sorted(rows, key=lambda row: (row.start, row.end))

    def language(self, asset_id: str) -> str | None:
        with self._store.read() as connection:
            for track in self._library.speech_tracks(asset_id):
                index = find_index(connection, track.id)
                if index is not None and index.language:
                    return index.language
        return None

    # -- indexes as things of their own

    def indexes_of(self, asset: AssetRow) -> list[Index]:
        """What is indexed of an asset: its words, channel by channel, the text on its screen, and
        records brought to it."""
        found = []
        with self._store.read() as connection:
            for track_id in self._indexed_tracks(asset.id):
                rows = connection.execute(select(indexes).where(indexes.c.track_id == track_id))
                found += [_index_view(row, asset) for row in rows]
        return found

    def records(self, index_id: str) -> list[Any]:
        """The rows of an index in order of time."""
        with self._store.read() as connection:
            row = connection.execute(select(indexes).where(indexes.c.id == index_id)).one()
            return list(read_segments(connection, IndexRow(**row._mapping)))

    def add_records(self, asset: AssetRow, name: str, scenes: Sequence[IndexScene]) -> Index:
        """Index records that the caller brings; one of the same name is replaced."""
        sentences = [_sentence(scene, number, asset) for number, scene in enumerate(scenes, 1)]
        if not sentences:
            raise InvalidRequestError("An index needs at least one record with start, end, text.")
        track = self._library.tracks_of(asset.id)[0]
        vectors = self._embedder.embed([sentence.text for sentence in sentences])
        with self._store.write() as connection:
            row = write_index(
                connection, track.id, f"{_RECORDS}:{name}", name, sentences, vectors, "caller", None
            )
        return _index_view(row, asset)

    def delete_index(self, index_id: str) -> None:
        with self._store.write() as connection:
            row = connection.execute(select(indexes).where(indexes.c.id == index_id)).one()
            delete_index(connection, row.track_id, row.kind)
            scrub_fts(connection)
        self._store.flush()

    def _indexed_tracks(self, asset_id: str) -> list[str]:
        own = [track.id for track in self._library.tracks_of(asset_id)]
        spoken = [track.id for track in self._library.speech_tracks(asset_id)]
        return list(dict.fromkeys([*own, *spoken]))

    def _search(self, request: SearchRequest, wanted: Sequence[Any], asked: Asked) -> list[Hit]:
        named = (request.mode or request.search_type or "hybrid").lower()
        mode = _MODES.get(named)
        if mode is None:
            raise InvalidRequestError(
                f"The search mode {named!r} is not known. Use hybrid, semantic or keyword."
            )
        top_k = request.top_k or request.result_threshold or DEFAULT_HITS
        with told_if_damaged(), self._store.read() as connection:
            looked = of_recordings(connection, wanted, asked)
            hits = search(
                connection,
                self._embedder,
                request.query,
                [(row.first_id, row.end_id) for row in looked],
                mode,
                min(MAX_HITS, top_k * _AGAIN),
                request.score_threshold,
                memory=self._memory,
            )
        return as_shots(_distinct(hits))[:top_k]

    def _rows(self, collection_id: str) -> list[Any]:
        """The indexes of all tracks that some asset of the collection holds or was mixed from."""
        with self._store.read() as connection:
            version = version_of(connection)
            known = connection.info.get(_KNOWN, {})
            if known.get("version") != version:
                known = connection.info[_KNOWN] = {"version": version}
            if collection_id not in known:
                rows = connection.execute(_indexes_of(collection_id))
                # A library has thousands, all gone through by each search.
                known[collection_id] = [IndexRow(*row) for row in rows]
            return list(known[collection_id])

    def _holders(self, collection_id: str, track_ids: set[str]) -> dict[str, AssetRow]:
        """By track, the asset of the collection in which it is heard or seen: videos first, and of
        those the whole recording before a channel of it."""
        part = func.json_each(tracks.c.stems).table_valued("value")
        mixed = exists(select(part.c.value).where(part.c.value.in_(track_ids)))
        held = (
            select(assets, asset_tracks.c.track_id, tracks.c.stems)
            .join(asset_tracks, asset_tracks.c.asset_id == assets.c.id)
            .join(tracks, tracks.c.id == asset_tracks.c.track_id)
            .where(assets.c.collection_id == collection_id, assets.c.deleted_at.is_(None))
            .where(or_(tracks.c.id.in_(track_ids), mixed))
            .order_by(assets.c.type.desc(), assets.c.channel_id.is_not(None), assets.c.id)
        )
        found: dict[str, AssetRow] = {}
        with self._store.read() as connection:
            for row in connection.execute(held):
                for track_id in track_ids & {row.track_id, *row.stems}:
                    found.setdefault(track_id, row)
        return found

    def _answer(
        self, found: Sequence[tuple[Hit, AssetRow]], looked_in: Sequence[Any] = ()
    ) -> SearchAnswer:
        """Grouped by video, as VideoDB answers; videos in order of their best hit."""
        groups: dict[str, VideoHits] = {}
        for hit, asset in found:
            group = groups.setdefault(
                asset.id,
                VideoHits(
                    video_id=asset.id,
                    collection_id=asset.collection_id,
                    length=asset.length,
                    title=asset.name,
                    docs=[],
                ),
            )
            group.docs.append(_doc(hit, asset, looked_in))
        return SearchAnswer(results=list(groups.values()))


def _indexes_of(collection_id: str) -> Select[Any]:
    its = (
        select(tracks.c.id, tracks.c.stems)
        .join(asset_tracks, asset_tracks.c.track_id == tracks.c.id)
        .join(assets, assets.c.id == asset_tracks.c.asset_id)
        .where(assets.c.collection_id == collection_id, assets.c.deleted_at.is_(None))
        .subquery()
    )
    stem = func.json_each(its.c.stems).table_valued("value")
    held = union(select(its.c.id), select(stem.c.value).select_from(join(its, stem, true())))
    return select(indexes).where(indexes.c.track_id.in_(held))


def _index_view(row: Any, asset: AssetRow) -> Index:
    return Index(
        index_id=row.id,
        video_id=asset.id,
        collection_id=asset.collection_id,
        name=row.kind.removeprefix(f"{_RECORDS}:"),
        record_count=row.end_id - row.first_id,
        model=row.model,
    )


def _sentence(scene: IndexScene, number: int, asset: AssetRow) -> OwnSegment:
    said = [scene.text or "", *(str(v) for v in scene.data.values() if isinstance(v, str))]
    text = " ".join(part for part in said if part).strip()
    if not text:
        raise InvalidRequestError(f"Record {number} has no text. Give text, or strings in data.")
    if not scene.start < scene.end or scene.start >= asset.length:
        raise InvalidRequestError(
            f"Record {number} from {scene.start:g} s to {scene.end:g} s does not lie within "
            f"{asset.id}, which is {asset.length:.2f} s long."
        )
    return OwnSegment(scene.start, min(scene.end, asset.length), text)


def _doc(hit: Hit, asset: AssetRow, looked_in: Sequence[Any]) -> Doc:
    source = hit.source.partition(":")[0]
    start, end = hit.start, hit.end
    if source != _RECORDS:
        start, end = watchable(start, end, asset.length)
    doc = Doc(
        start=round(start, 3),
        end=min(round(end, 3), asset.length),
        text=hit.text,
        score=round(hit.score, 4),
        metadata={"channel": hit.channel_id, "source": source},
    )
    if source != SPOKEN:
        index = next(
            (row for row in looked_in if row.first_id <= hit.segment_id < row.end_id), None
        )
        doc.scene_index_id = index.id if index else None
        doc.scene_index_name = hit.source.removeprefix(f"{_RECORDS}:")
    return doc


def _wanted(rows: Sequence[Any], request: SearchRequest) -> list[Any]:
    """The indexes that a request is about. Raises InvalidRequestError for an unknown kind."""
    kind = "scene" if request.search_type == "scene" else request.index_type
    if kind not in (None, *_KINDS):
        raise InvalidRequestError(
            f"The index type {kind!r} is not known. Use {' or '.join(_KINDS)}; without one, both "
            "are searched."
        )
    if request.scene_index_id is not None:
        return [row for row in rows if row.id == request.scene_index_id]
    return [
        row
        for row in rows
        if kind is None
        or (row.kind == SPOKEN if kind == SPOKEN else row.kind not in (SPOKEN, CELLS))
    ]


def _how(request: SearchRequest) -> str:
    if "scene" in (request.search_type, request.index_type) or request.scene_index_id:
        return "index_screen_text()"
    return (
        "index_spoken_words()"
        if request.index_type
        else "index_spoken_words() or index_screen_text()"
    )


def _distinct(hits: list[Hit]) -> list[Hit]:
    """A page that was shown again and again is told once, the first time."""
    first: dict[tuple[str, str], Hit] = {}
    for hit in hits:
        if hit.source == SCREEN:
            known = first.setdefault((hit.track_id, hit.text), hit)
            if hit.start < known.start:
                first[hit.track_id, hit.text] = hit
    told: set[tuple[str, str]] = set()
    found = []
    for hit in hits:
        key = (hit.track_id, hit.text)
        if hit.source != SCREEN:
            found.append(hit)
        elif key not in told:
            told.add(key)
            found.append(first[key])
    return found
