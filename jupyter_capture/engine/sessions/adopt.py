"""Recordings of a library that was lost, taken in by the new one: they describe themselves."""

from __future__ import annotations

import logging

from pydantic import ValidationError

from jupyter_capture.engine.home import DELETED, Home
from jupyter_capture.engine.ids import new_id, now
from jupyter_capture.engine.schema import rtstreams, sessions
from jupyter_capture.engine.store import Store
from jupyter_capture.wire.capture import Channel, category_of, kind_of
from jupyter_capture.wire.recorder import MIX, Manifest, TrackManifest

logger = logging.getLogger(__name__)


def adopt(store: Store, home: Home) -> list[str]:
    """Enter every session that lies in the folder as one that is being stopped, so that
    `Sessions.reattach` brings it to its end: it is exported again. For a library without any.

    Names, words and indexes were the library's; cells, pictures and sound are there. Returns the
    ids.
    """
    found = []
    for folder in sorted(home.sessions.iterdir()):
        if (folder / DELETED).exists():
            continue
        try:
            manifest = Manifest.model_validate_json((folder / "manifest.json").read_bytes())
        except (OSError, ValidationError):
            logger.warning("%s cannot be taken in: it has no readable manifest", folder.name)
            continue
        _enter(store, folder.name, manifest, [
            track
            for track in manifest.tracks
            if track.channel_id != MIX and (folder / track.id).is_dir()
        ])  # fmt: skip
        found.append(folder.name)
    if found:
        logger.warning("a new library takes in %d recordings that it found", len(found))
    return found


def _enter(store: Store, session_id: str, manifest: Manifest, kept: list[TrackManifest]) -> None:
    with store.write() as connection:
        connection.execute(
            sessions.insert().values(
                id=session_id,
                collection_id="default",
                end_user_id="",
                status="stopping",
                metadata={"recovered": True},
                channels=[
                    Channel(
                        channel_id=track.channel_id,
                        name=track.channel_id,
                        type=kind_of(track.channel_id) or track.kind,
                        store=True,
                    ).model_dump()
                    for track in kept
                ],
                created_at=int(manifest.started_at) or now(),
                started_at=manifest.started_at or None,
                wall_clock=manifest.wall_clock,
            )
        )
        for track in kept:
            connection.execute(
                rtstreams.insert().values(
                    id=new_id("rts"),
                    session_id=session_id,
                    channel_id=track.channel_id,
                    category=category_of(track.channel_id),
                    store=True,
                    status="stopping",
                    created_at=now(),
                )
            )
