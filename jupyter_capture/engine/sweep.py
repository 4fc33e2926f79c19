"""What a death in the middle of erasing left behind, taken away at the next start."""

from __future__ import annotations

import logging
import shutil

from sqlalchemy import select

from jupyter_capture.engine.home import DELETED, Home
from jupyter_capture.engine.schema import assets, sessions, tracks
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
        there = select(assets.c.id).where(assets.c.deleted_at.is_(None))
        shown = set(connection.execute(there).scalars())
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
