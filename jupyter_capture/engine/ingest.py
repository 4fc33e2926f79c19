"""The work behind an upload: fetch what lies elsewhere, recognise it, store it, make the asset."""

from __future__ import annotations

import contextlib
import secrets
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import select

from jupyter_capture.engine.fetching import fetch
from jupyter_capture.engine.home import Home
from jupyter_capture.engine.ids import now
from jupyter_capture.engine.schema import asset_tracks, assets, collections, tracks
from jupyter_capture.engine.store import Store
from jupyter_capture.errors import (
    InvalidRequestError,
    NotFoundError,
    StorageFullError,
)
from jupyter_capture.media.ingest import Still, ingest, recognise
from jupyter_capture.media.limits import CPU_SECONDS, limit_time
from jupyter_capture.wire.recorder import TrackManifest

Progress = Callable[[float, str], None]

_FETCHING = 0.3
"""Share of the progress, where there is something to fetch."""
_PREFIXES = {"video": "m", "audio": "a", "image": "img"}


@dataclass
class _Made:
    type: str
    length: float
    manifests: list[TrackManifest] = field(default_factory=list)
    file: str | None = None
    warnings: list[str] = field(default_factory=list)


class Ingest:
    """``fps``: frames a second that converted pictures keep at most."""

    def __init__(self, store: Store, home: Home, fps: int, progress: Progress) -> None:
        self._store, self._home, self._fps, self._progress = store, home, fps, progress

    def run(self, args: dict[str, Any]) -> dict[str, Any]:
        """Make the asset. Safe to repeat after a death: its id is fixed by ``args["token"]``."""
        ids = {type: f"{prefix}-{args['token']}" for type, prefix in _PREFIXES.items()}
        known = self._known(list(ids.values()))
        folder = self._home.uploads / args["folder"]
        try:
            if known is not None:
                return {"asset_id": known, "warnings": []}
            folder.mkdir(mode=0o700, exist_ok=True)
            made = self._make(folder, args)
            asset_id = ids[made.type]
            self._settle(folder / "made", asset_id, made, args)
        finally:
            with contextlib.suppress(FileNotFoundError):
                shutil.rmtree(folder)
        self._progress(1.0, "Stored")
        return {"asset_id": asset_id, "warnings": made.warnings}

    def _known(self, ids: list[str]) -> str | None:
        with self._store.read() as connection:
            found = connection.execute(select(assets.c.id).where(assets.c.id.in_(ids)))
            return found.scalars().first()

    def _make(self, folder: Path, args: dict[str, Any]) -> _Made:
        source, target = folder / "source", folder / "made"
        share = _FETCHING if args["url"] is not None else 0.0

        def tell(done: float, stage: str) -> None:
            self._check_room(args.get("reserve", 0))
            self._progress(done, stage)

        if args["url"] is not None:
            fetch(
                args["url"],
                source,
                args["limit"],
                lambda done: tell(done * share, "Fetching"),
                private=args.get("private", False),
            )
        if not source.is_file():
            raise InvalidRequestError("The uploaded file is not there any more. Upload it again.")
        with contextlib.suppress(FileNotFoundError):
            shutil.rmtree(target)
        called = args.get("filename") or args["name"]
        found = recognise(source, called, args["media_type"])
        if isinstance(found, Still):
            target.mkdir(mode=0o700)
            source.rename(target / f"image{found.suffix}")
            return _Made("image", 0.0, file=f"image{found.suffix}")
        limit_time(args.get("cpu_seconds", CPU_SECONDS))
        done = ingest(
            found,
            target,
            lambda: f"trk-{secrets.token_hex(8)}",
            fps=self._fps,
            sound_only=args["media_type"] == "audio",
            progress=lambda done, stage: tell(share + done * (1 - share), stage),
        )
        if done is None:
            raise InvalidRequestError("The upload was cancelled.")
        return _Made(done.kind, done.seconds, done.tracks, warnings=done.warnings)

    def _check_room(self, reserve: int) -> None:
        """What is made of a file can be far more than the file."""
        if shutil.disk_usage(self._home.tmp).free < reserve:
            raise StorageFullError(
                "The disk has no room for what this upload becomes. Free some space, or choose "
                "another data folder."
            )

    def _settle(self, made_in: Path, asset_id: str, made: _Made, args: dict[str, Any]) -> None:
        """Put the media in their place and tell the library, or leave no trace of them."""
        place = self._home.uploads / asset_id
        with contextlib.suppress(FileNotFoundError):
            shutil.rmtree(place)  # of a death at this very point
        made_in.rename(place)
        try:
            self._store_rows(asset_id, made, args)
        except BaseException:
            shutil.rmtree(place, ignore_errors=True)
            raise

    def _store_rows(self, asset_id: str, made: _Made, args: dict[str, Any]) -> None:
        folder = f"uploads/{asset_id}"
        with self._store.write() as connection:
            collection = select(collections.c.id).where(collections.c.id == args["collection_id"])
            if connection.execute(collection).one_or_none() is None:
                raise NotFoundError(
                    f"The collection {args['collection_id']!r} was deleted during the upload."
                )
            connection.execute(
                assets.insert().values(
                    id=asset_id,
                    collection_id=args["collection_id"],
                    type=made.type,
                    name=args["name"],
                    description=args["description"],
                    length=made.length,
                    file=f"{folder}/{made.file}" if made.file else None,
                    created_at=now(),
                )
            )
            for ordinal, track in enumerate(made.manifests):
                connection.execute(
                    tracks.insert().values(
                        id=track.id,
                        channel_id=track.channel_id,
                        kind=track.kind,
                        folder=folder,
                        manifest=track.model_dump(mode="json"),
                        stems=[],
                    )
                )
                connection.execute(
                    asset_tracks.insert().values(
                        asset_id=asset_id, track_id=track.id, ordinal=ordinal
                    )
                )
