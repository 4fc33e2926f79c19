"""Which recordings a query is about: ``session:standup after:2026-11-01``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, or_, select

from jupyter_capture.engine.schema import asset_tracks, assets, sessions, tracks
from jupyter_capture.engine.search.operators import Asked
from jupyter_capture.errors import NotFoundError


@dataclass
class _Recording:
    """What a track belongs to. ``began``: Unix seconds."""

    began: float
    names: set[str] = field(default_factory=set)
    ids: set[str] = field(default_factory=set)


def of_recordings(connection: Connection, rows: Sequence[Any], asked: Asked) -> list[Any]:
    """The indexes of the recordings that ``asked`` names. Raises NotFoundError where no recording
    has that name."""
    if not asked.names_recordings:
        return list(rows)
    known = _recordings(connection, {row.track_id for row in rows})
    named = {track for track, each in known.items() if _is_called(each, asked.session)}
    if not named:
        raise NotFoundError(
            f"No recording that is indexed is called {asked.session!r}. Give a session's or a "
            'video\'s id, or a part of its name; quotes hold several words: session:"my talk".'
        )
    first = asked.after if asked.after is not None else float("-inf")
    end = asked.before if asked.before is not None else float("inf")
    kept = {track for track in named if first <= known[track].began < end}
    return [row for row in rows if row.track_id in kept]


def _is_called(recording: _Recording, name: str | None) -> bool:
    if name is None or name in recording.ids:
        return True
    return any(name.casefold() in each for each in recording.names)


def _recordings(connection: Connection, track_ids: set[str]) -> dict[str, _Recording]:
    """By id of track. A session's tracks carry the names of all that it was exported as."""
    held = (
        select(
            tracks.c.id.label("track"),
            tracks.c.session_id.label("session"),
            sessions.c.started_at,
            assets.c.id,
            assets.c.name,
            assets.c.created_at,
        )
        .outerjoin(asset_tracks, asset_tracks.c.track_id == tracks.c.id)
        .outerjoin(sessions, sessions.c.id == tracks.c.session_id)
        .outerjoin(
            assets,
            or_(assets.c.id == asset_tracks.c.asset_id, assets.c.session_id == sessions.c.id),
        )
        .where(tracks.c.id.in_(track_ids))
    )
    found: dict[str, _Recording] = {}
    for row in connection.execute(held):
        began = row.started_at if row.started_at is not None else row.created_at
        recording = found.setdefault(row.track, _Recording(began or 0.0))
        recording.ids |= {each for each in (row.session, row.id) if each}
        recording.names |= {row.name.casefold()} if row.name else set()
    return found
