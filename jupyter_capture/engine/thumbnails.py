"""Thumbnails that somebody asked for: images like uploaded ones, kept beside their video.

The file's name says what it shows: ``…/pictures/<video>@<milliseconds>@<width>.jpg``. It lies in
the session's folder, or in that of the upload, so that it goes when they go.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import select

from jupyter_capture.engine.home import Home
from jupyter_capture.engine.ids import new_id, now
from jupyter_capture.engine.library import PICTURES, AssetRow, Library, picture_of
from jupyter_capture.engine.schema import assets
from jupyter_capture.engine.store import Store
from jupyter_capture.errors import InvalidRequestError
from jupyter_capture.media.plan import TICKS
from jupyter_capture.media.thumbnails import thumbnail
from jupyter_capture.settings import private_dir


class Thumbnails:
    def __init__(self, store: Store, home: Home, library: Library) -> None:
        self._store, self._home, self._library = store, home, library

    def make(self, video: AssetRow, time: float, width: int) -> tuple[AssetRow, float]:
        """The image of the moment ``time`` (seconds), made at most once, and that moment.

        Raises InvalidRequestError where there is no picture, or not then.
        """
        if not 0 <= time < video.length:
            raise InvalidRequestError(
                f"{video.id} is {video.length:.2f} s long; {time:g} s is past its end."
            )
        milliseconds = int(time * 1000)
        owner = f"sessions/{video.session_id}" if video.session_id else f"uploads/{video.id}"
        file = f"{owner}/{PICTURES}/{video.id}@{milliseconds}@{width}.jpg"
        known = self._at(file)
        if known is None:
            self._write(video, milliseconds, width, self._home.root / file)
            known = self._keep(video, milliseconds, file)
        return known, milliseconds / 1000

    def of(self, video_id: str) -> list[tuple[AssetRow, float]]:
        """Those of a video, each with its moment (seconds), in order of time."""
        found = [(row, when) for row, owner, when in self._all() if owner == video_id]
        return sorted(found, key=lambda each: (each[1], each[0].id))

    def forget(self, session_id: str, start: float, end: float) -> None:
        """Delete what shows a session between ``start`` and ``end`` (seconds)."""
        for row, _, when in list(self._all()):
            if row.session_id == session_id and start <= when < end:
                self._library.delete(row.id)

    def _all(self) -> Iterator[tuple[AssetRow, str, float]]:
        for row in self._library.assets(type="image"):
            found = picture_of(row.file or "")
            if found is not None:
                yield row, *found

    def _at(self, file: str) -> AssetRow | None:
        query = select(assets).where(assets.c.file == file, assets.c.deleted_at.is_(None))
        with self._store.read() as connection:
            return connection.execute(query).one_or_none()

    def _write(self, video: AssetRow, milliseconds: int, width: int, path: Path) -> None:
        track, _ = self._library.stored(video.id)
        if track is None:
            raise InvalidRequestError(f"{video.id} has no picture, only sound.")
        moment = min(milliseconds * TICKS // 1000, max(track.end - 1, 0))
        data = thumbnail(track, moment, width)
        private_dir(path.parent)
        part = path.with_name(f"{new_id('img')}.part")
        try:
            part.touch(mode=0o600)
            part.write_bytes(data)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)

    def _keep(self, video: AssetRow, milliseconds: int, file: str) -> AssetRow:
        # Of two who ask for the same at once, the second finds the first one's.
        with self._store.write() as connection:
            same = (assets.c.file == file, assets.c.deleted_at.is_(None))
            if connection.execute(select(assets.c.id).where(*same)).first() is None:
                connection.execute(
                    assets.insert().values(
                        id=new_id("img"),
                        collection_id=video.collection_id,
                        type="image",
                        name=f"{video.name} at {milliseconds / 1000:.2f} s",
                        length=0.0,
                        session_id=video.session_id,
                        file=file,
                        created_at=now(),
                    )
                )
            return connection.execute(select(assets).where(*same)).one()
