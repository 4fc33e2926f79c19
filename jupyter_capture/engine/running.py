"""What a session that still records has on disk, and what it is once it was exported."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import ValidationError
from sqlalchemy import Row, select

from jupyter_capture.engine.home import Home
from jupyter_capture.engine.library import Library
from jupyter_capture.engine.schema import rtstreams, sessions
from jupyter_capture.engine.store import Store
from jupyter_capture.errors import ConflictError, GoneError
from jupyter_capture.media.plan import TICKS
from jupyter_capture.media.tracks import StoredTrack
from jupyter_capture.wire.recorder import MIX, Manifest, TrackManifest

FRESH_SECONDS = 1.0
"""For so long nobody looks again what was written since."""
_FIRST_SECONDS = 5.0
"""A recording has written something by then."""
_GROWING = ("starting", "active", "paused", "stopping", "stopped")


@dataclass
class Found:
    """Tracks of a session, and the asset that they are by now. ``end``: ticks until which all of
    them are there."""

    video: StoredTrack | None
    audio: StoredTrack | None
    end: int
    asset: str | None = None


@dataclass
class _Session:
    """What was seen of a session's files the last time."""

    tracks: dict[str, StoredTrack] = field(default_factory=dict)
    manifest: Manifest | None = None
    seen: float = 0.0


class Running:
    def __init__(self, store: Store, home: Home, library: Library) -> None:
        self._store = store
        self._home = home
        self._library = library
        self._known: dict[str, _Session] = {}
        self._lock = threading.Lock()

    def find(self, session_id: str, channel_id: str | None) -> Found:
        """The tracks of a channel, or of the muxed video (None).

        Raises ConflictError where nothing is kept of it, GoneError for a session that is erased.
        """
        session, asset_id = self._row(session_id, channel_id)
        if asset_id is not None:
            with self._lock:
                self._known.pop(session_id, None)
            row = self._library.asset(asset_id)
            return Found(*self._library.stored(asset_id), round(row.length * TICKS), asset_id)
        if session.status not in _GROWING:
            raise ConflictError(
                f"{session_id} is {session.status} and has nothing to watch. Start it, with a "
                "channel that is kept."
            )
        deadline = time.monotonic() + _FIRST_SECONDS
        while True:
            with self._lock:
                known = self._look(session_id)
            found = _chosen(session, channel_id, known)
            if found is not None:
                return found
            if time.monotonic() > deadline:
                raise ConflictError(
                    f"Nothing of {session_id} is on the disk yet. Try again in a second."
                )
            time.sleep(0.1)

    def wall_clock(self, session_id: str) -> list[tuple[float, float]]:
        """The map of media time to Unix time, so far."""
        with self._lock:
            manifest = self._look(session_id).manifest
        return list(manifest.wall_clock) if manifest else []

    def name(self, session_id: str) -> str:
        session, _ = self._row(session_id, None)
        return str(session.metadata.get("name") or "Live recording")

    def _row(self, session_id: str, channel_id: str | None) -> tuple[Row[Any], str | None]:
        with self._store.read() as connection:
            session = connection.execute(
                select(sessions).where(sessions.c.id == session_id)
            ).one_or_none()
            if session is None:
                raise GoneError(f"The session {session_id} was deleted.")
            if channel_id is None:
                return session, session.exported_video_id
            stream = connection.execute(
                select(rtstreams.c.exported_asset_id).where(
                    rtstreams.c.session_id == session_id, rtstreams.c.channel_id == channel_id
                )
            ).scalar_one_or_none()
            return session, stream

    def _look(self, session_id: str) -> _Session:
        """Reads what was written since the last look. Tracks that somebody holds never change."""
        known = self._known.setdefault(session_id, _Session())
        if known.seen and time.monotonic() - known.seen < FRESH_SECONDS:
            return known
        folder = self._home.session(session_id)
        try:
            manifest = Manifest.model_validate_json((folder / "manifest.json").read_bytes())
        except (OSError, ValidationError):
            return known  # it has only just begun
        tracks: dict[str, StoredTrack] = {}
        for each in manifest.tracks:
            before = known.tracks.get(each.id)
            track = replace(before) if before else StoredTrack(folder, each)
            track.refresh(each)
            tracks[each.id] = track
        begun = all(len(track.fragments) for track in tracks.values())
        self._known[session_id] = _Session(tracks, manifest, time.monotonic() if begun else 0.0)
        return self._known[session_id]


def _chosen(session: Row[Any], channel_id: str | None, known: _Session) -> Found | None:
    """None where nothing is written yet."""
    found = {each.channel_id: each for each in (known.manifest.tracks if known.manifest else [])}
    if channel_id is not None:
        _check_kept(session, channel_id, found)
        wanted = [found[channel_id]] if channel_id in found else []
    else:
        if not any(channel["store"] for channel in session.channels) and not found:
            raise ConflictError(
                f"{session.id} keeps nothing: all its channels are live only, so there is nothing "
                "to watch. Keep one with session.set_store(channel, True)."
            )
        wanted = _muxed(session, found)
    opened = [known.tracks[each.id] for each in wanted]
    if not opened or any(not len(track.fragments) for track in opened):
        return None
    end = min(track.end * TICKS // track.timescale for track in opened)
    video = next((track for track in opened if track.manifest.kind == "video"), None)
    audio = next((track for track in opened if track.manifest.kind == "audio"), None)
    return Found(video, audio, end)


def _muxed(session: Row[Any], found: dict[str, TrackManifest]) -> list[TrackManifest]:
    """The primary display and the mix, as they will be exported."""
    pictures = [each for each in found.values() if each.kind == "video"]
    picture = found.get(session.primary_video_channel_id or "", next(iter(pictures), None))
    both = [each for each in (picture, found.get(MIX)) if each is not None]
    return both or list(found.values())[:1]


def _check_kept(session: Row[Any], channel_id: str, found: dict[str, TrackManifest]) -> None:
    kept = {channel["channel_id"]: channel["store"] for channel in session.channels}
    if channel_id not in found and not kept.get(channel_id):
        raise ConflictError(
            f"{channel_id} of {session.id} is live only, so there is no file to watch. Keep it "
            "with session.set_store(channel, True)."
        )
