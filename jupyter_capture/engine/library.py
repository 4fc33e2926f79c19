"""Collections, assets and the tracks they are made of."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, String, cast, delete, func, or_, select

from jupyter_capture.engine.home import Home
from jupyter_capture.engine.ids import new_id, now
from jupyter_capture.engine.index import delete_index, scrub_fts
from jupyter_capture.engine.schema import (
    asset_tracks,
    assets,
    collections,
    sessions,
    streams,
    tracks,
)
from jupyter_capture.engine.store import Store, newest_first
from jupyter_capture.errors import ConflictError, GoneError, InvalidRequestError, NotFoundError
from jupyter_capture.media.opened import OpenedTracks
from jupyter_capture.media.tracks import StoredTrack
from jupyter_capture.wire.library import Collection
from jupyter_capture.wire.recorder import MIX, TrackManifest

AssetRow = Row[Any]
PICTURES = "pictures"
"""The folder of a video's thumbnails, below its session's or its own (see `picture_of`)."""
_WORDS = {"video": "video", "audio": "audio", "image": "image"}


@dataclass(frozen=True)
class TrackRow:
    """A row of ``tracks``. ``folder`` holds the parts; ``stems`` are track ids."""

    id: str
    channel_id: str
    kind: str
    folder: str
    manifest: TrackManifest
    stems: tuple[str, ...]


class Library:
    def __init__(self, store: Store, home: Home) -> None:
        self._store = store
        self._home = home
        self._opened = OpenedTracks()
        self.on_changed: Callable[[Sequence[str]], None] = lambda asset_ids: None
        """Told of assets whose content is not there any more."""

    # -- collections

    def collection(self, collection_id: str) -> Collection:
        with self._store.read() as connection:
            row = connection.execute(
                select(collections).where(collections.c.id == collection_id)
            ).one_or_none()
        if row is None:
            raise NotFoundError(
                f"There is no collection {collection_id!r}. `connection.get_collections()` lists "
                "them; the first one is called 'default'."
            )
        return Collection.model_validate(dict(row._mapping))

    def collections(self) -> list[Collection]:
        with self._store.read() as connection:
            rows = connection.execute(select(collections).order_by(collections.c.created_at))
            return [Collection.model_validate(dict(row._mapping)) for row in rows]

    def create_collection(self, name: str, description: str, is_public: bool) -> Collection:
        made = Collection(id=new_id("c"), name=name, description=description, is_public=is_public)
        with self._store.write() as connection:
            connection.execute(collections.insert().values(**made.model_dump(), created_at=now()))
        return made

    def update_collection(self, collection_id: str, **values: Any) -> Collection:
        self.collection(collection_id)
        changes = {name: value for name, value in values.items() if value is not None}
        if changes:
            with self._store.write() as connection:
                connection.execute(
                    collections.update().where(collections.c.id == collection_id).values(**changes)
                )
        return self.collection(collection_id)

    def delete_collection(self, collection_id: str) -> None:
        """Raises ConflictError while it holds anything."""
        self.collection(collection_id)
        if collection_id == "default":
            raise InvalidRequestError("The collection 'default' cannot be deleted.")
        held = self.assets(collection_id)
        if held:
            raise ConflictError(
                f"The collection holds {len(held)} assets. Delete them first "
                f"({', '.join(row.id for row in held[:5])} …)."
            )
        with self._store.write() as connection:
            recorded = connection.execute(
                select(sessions.c.id).where(sessions.c.collection_id == collection_id)
            ).scalars()
            if ids := list(recorded):
                raise ConflictError(
                    f"The collection holds {len(ids)} capture sessions. Delete them first "
                    f"({', '.join(ids[:5])})."
                )
            connection.execute(delete(assets).where(assets.c.collection_id == collection_id))
            connection.execute(delete(collections).where(collections.c.id == collection_id))

    # -- assets

    def asset(self, asset_id: str, *types: str) -> AssetRow:
        """Raises NotFoundError, or GoneError where it has been deleted."""
        with self._store.read() as connection:
            row = connection.execute(select(assets).where(assets.c.id == asset_id)).one_or_none()
        if row is None or (types and row.type not in types):
            what = " or ".join(_WORDS[one] for one in types) or "asset"
            raise NotFoundError(
                f"There is no {what} {asset_id!r}. `collection.get_videos()` and "
                "`get_audios()` list what there is."
            )
        if row.deleted_at is not None:
            raise GoneError(f"{asset_id} ({row.name}) was deleted.")
        return row

    def assets(self, collection_id: str | None = None, type: str | None = None) -> list[AssetRow]:
        """Newest first."""
        query = select(assets).where(assets.c.deleted_at.is_(None))
        if collection_id is not None:
            query = query.where(assets.c.collection_id == collection_id)
        if type is not None:
            query = query.where(assets.c.type == type)
        with self._store.read() as connection:
            return list(connection.execute(query.order_by(*newest_first(assets))).all())

    def rename(self, asset_id: str, name: str) -> None:
        self.asset(asset_id)
        with self._store.write() as connection:
            connection.execute(assets.update().where(assets.c.id == asset_id).values(name=name))

    def delete(self, asset_id: str) -> list[str]:
        """Delete an asset, and the tracks that no other asset needs. Returns the ids of those
        that still hold some of the same tracks."""
        files = [self.asset(asset_id).file]
        with self._store.write() as connection:
            sharing = _sharing(connection, asset_id)
            shown_in = streams_with(connection, [asset_id])
            connection.execute(delete(asset_tracks).where(asset_tracks.c.asset_id == asset_id))
            connection.execute(
                assets.update().where(assets.c.id == asset_id).values(deleted_at=now())
            )
            files += _drop_pictures(connection, asset_id)
            folders = _drop_unused(connection)
            if folders:
                scrub_fts(connection)
        if folders:
            self._store.flush()
        for folder in folders:
            shutil.rmtree(self._home.root / folder, ignore_errors=True)
        for file in filter(None, files):
            (self._home.root / file).unlink(missing_ok=True)
        if not sharing:
            shutil.rmtree(self._home.uploads / asset_id, ignore_errors=True)
        self._home.drop_downloads(shown_in)
        self._home.drop_previews([asset_id])
        self.on_changed([asset_id])
        return sharing

    def usage(self) -> dict[str, float]:
        """Bytes and seconds of all tracks, and how many assets there are."""
        with self._store.read() as connection:
            manifests = [
                TrackManifest.model_validate(found)
                for found in connection.execute(select(tracks.c.manifest)).scalars()
            ]
            counted = connection.execute(
                select(assets.c.type, func.count(), func.sum(assets.c.length))
                .where(assets.c.deleted_at.is_(None))
                .group_by(assets.c.type)
            ).all()
        counts = {row[0]: row[1] for row in counted}
        return {
            "bytes": sum(manifest.bytes for manifest in manifests),
            "seconds": sum(row[2] for row in counted if row[0] == "video"),
            "videos": counts.get("video", 0),
            "audios": counts.get("audio", 0),
        }

    def file_of(self, row: AssetRow) -> Path:
        """The file of an image."""
        return self._home.root / str(row.file)

    # -- tracks

    def tracks_of(self, asset_id: str) -> list[TrackRow]:
        with self._store.read() as connection:
            rows = connection.execute(
                select(tracks)
                .join(asset_tracks, asset_tracks.c.track_id == tracks.c.id)
                .where(asset_tracks.c.asset_id == asset_id)
                .order_by(asset_tracks.c.ordinal)
            )
            return [_track(row) for row in rows]

    def speech_tracks(self, asset_id: str) -> list[TrackRow]:
        """The sound tracks that hold what an asset's people say: a mix's stems, not the mix."""
        sounds = [track for track in self.tracks_of(asset_id) if track.kind == "audio"]
        ids = [stem for track in sounds for stem in (track.stems or (track.id,))]
        return [self.track(track_id) for track_id in ids]

    def track(self, track_id: str) -> TrackRow:
        with self._store.read() as connection:
            row = connection.execute(select(tracks).where(tracks.c.id == track_id)).one()
        return _track(row)

    def assets_with(self, track_id: str) -> list[str]:
        """The assets in which this track is heard or seen, mixes included. Videos first, and of
        those the whole recording before a channel of it."""
        with self._store.read() as connection:
            mixes = _mixes_of(connection, track_id)
            found = connection.execute(
                select(asset_tracks.c.asset_id)
                .join(assets, assets.c.id == asset_tracks.c.asset_id)
                .where(asset_tracks.c.track_id.in_([track_id, *mixes]))
                .order_by(assets.c.type.desc(), assets.c.channel_id.is_not(None), assets.c.id)
            )
            return list(found.scalars())

    def stored(self, asset_id: str) -> tuple[StoredTrack | None, StoredTrack | None]:
        """The picture and the sound of an asset, opened for reading."""
        found = {track.kind: self.open(track) for track in self.tracks_of(asset_id)}
        return found.get("video"), found.get("audio")

    def open(self, track: TrackRow) -> StoredTrack:
        return self._opened.get(self._home.root / track.folder, track.manifest)


def _track(row: Row[Any]) -> TrackRow:
    manifest = TrackManifest.model_validate(row.manifest)
    return TrackRow(row.id, row.channel_id, row.kind, row.folder, manifest, tuple(row.stems))


def picture_of(file: str) -> tuple[str, float] | None:
    """Which video, and when (seconds), the thumbnail of this file shows; None of other files."""
    folder, _, name = file.rpartition("/")
    if not folder.endswith(f"/{PICTURES}"):
        return None
    video_id, milliseconds, _ = name.split("@")
    return video_id, int(milliseconds) / 1000


def streams_with(connection: Connection, asset_ids: Sequence[str]) -> list[str]:
    """The ids of the streams that show any of these assets."""
    return [
        stream_id
        for asset_id in asset_ids
        for stream_id in connection.execute(
            select(streams.c.id).where(cast(streams.c.spec, String).contains(f'"{asset_id}"'))
        ).scalars()
    ]


def _sharing(connection: Connection, asset_id: str) -> list[str]:
    """The other assets that need some of an asset's tracks: as they are, or for a mix's words."""
    own = set(
        connection.execute(
            select(asset_tracks.c.track_id).where(asset_tracks.c.asset_id == asset_id)
        ).scalars()
    )
    mixes = {mix for track_id in own for mix in _mixes_of(connection, track_id)}
    found = connection.execute(
        select(asset_tracks.c.asset_id)
        .where(asset_tracks.c.track_id.in_(own | mixes), asset_tracks.c.asset_id != asset_id)
        .distinct()
    )
    return sorted(found.scalars())


def _drop_pictures(connection: Connection, video_id: str) -> list[str]:
    """Delete the thumbnails of a video. Returns their files."""
    rows = connection.execute(
        select(assets.c.id, assets.c.file).where(
            assets.c.file.contains(f"/{PICTURES}/{video_id}@", autoescape=True),
            assets.c.deleted_at.is_(None),
        )
    ).all()
    ids = [row.id for row in rows]
    connection.execute(assets.update().where(assets.c.id.in_(ids)).values(deleted_at=now()))
    return [row.file for row in rows]


def _mixes_of(connection: Connection, track_id: str) -> list[str]:
    mixes = connection.execute(
        select(tracks.c.id, tracks.c.stems).where(
            tracks.c.channel_id == MIX,
            or_(
                tracks.c.session_id.is_(None),
                tracks.c.session_id
                == select(tracks.c.session_id).where(tracks.c.id == track_id).scalar_subquery(),
            ),
        )
    )
    return [row.id for row in mixes if track_id in row.stems]


def _drop_unused(connection: Connection) -> list[str]:
    """Delete the rows of tracks that no asset needs; a mix needs its stems, for their words.

    Returns the folders of their media.
    """
    used = set(connection.execute(select(asset_tracks.c.track_id)).scalars())
    rows = connection.execute(select(tracks.c.id, tracks.c.folder, tracks.c.stems)).all()
    needed = used | {stem for row in rows if row.id in used for stem in row.stems}
    unused = [row for row in rows if row.id not in needed]
    for row in unused:
        delete_index(connection, row.id)
        connection.execute(delete(tracks).where(tracks.c.id == row.id))
    return [f"{row.folder}/{row.id}" for row in unused]
