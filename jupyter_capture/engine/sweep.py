"""What a death on the way left behind, taken away at the next start."""

from __future__ import annotations

import logging
import shutil

from sqlalchemy import String, cast, select

from jupyter_capture.engine.home import DELETED, Home
from jupyter_capture.engine.schema import assets, sessions, streams, tracks
from jupyter_capture.engine.store import Store

logger = logging.getLogger(__name__)


def sweep(store: Store, home: Home) -> None:
    """Delete half-written files, and media of what the library says was deleted.

    A folder that the library does not know and that nobody marked as deleted is left alone: a
    library restored from a backup must not cost the recordings made since.
    """
    for path in home.tmp.iterdir():
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
    with store.read() as connection:
        exported = select(sessions.c.id, sessions.c.status)
        known = {row.id: row.status for row in connection.execute(exported)}
        kept = set(connection.execute(select(tracks.c.id)).scalars())
        made = connection.execute(select(assets.c.id, assets.c.file, assets.c.deleted_at)).all()
        used = set(connection.execute(select(tracks.c.folder)).scalars())
        specs = select(streams.c.id, cast(streams.c.spec, String))
        described = {row[0]: row[1] for row in connection.execute(specs)}
    shown = {row.id for row in made if row.deleted_at is None}
    gone = {row.id for row in made if row.deleted_at is not None}
    _drop_downloads(home, described, gone)
    for row in made:
        if row.id in gone:
            if row.file:
                (home.root / row.file).unlink(missing_ok=True)
            if f"uploads/{row.id}" not in used:
                shutil.rmtree(home.uploads / row.id, ignore_errors=True)
    # What is in the cache can be made again, so nothing there needs to be known to be deleted.
    cached = home.cache / "previews"
    home.drop_previews(
        folder.name
        for folder in (cached.iterdir() if cached.exists() else ())
        if folder.name not in shown
    )
    for folder in home.sessions.iterdir():
        if folder.name not in known:
            if (folder / DELETED).exists():
                logger.info("erasing the rest of %s", folder.name)
                shutil.rmtree(folder, ignore_errors=True)
        elif known[folder.name] == "exported":
            for track in folder.glob("trk-*"):
                if track.name not in kept:
                    shutil.rmtree(track, ignore_errors=True)


def _drop_downloads(home: Home, described: dict[str, str], gone: set[str]) -> None:
    """Files of streams that nobody knows any more, or that show what was deleted."""
    for path in home.downloads.iterdir() if home.downloads.exists() else ():
        spec = described.get(path.stem.rpartition("-")[0])
        if spec is None or any(f'"{asset}"' in spec for asset in gone):
            path.unlink(missing_ok=True)
