"""From a finished recording to assets. Nothing is copied: an asset is a list of tracks.

The muxed video is the primary display and the mix (the mix alone where no display is kept); each
kept channel is a raw asset of its own.
"""

from __future__ import annotations

import datetime
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row

from jupyter_capture.engine.ids import new_id, now
from jupyter_capture.engine.schema import asset_tracks, assets, rtstreams, tracks
from jupyter_capture.wire.recorder import MIX, Manifest, TrackManifest


@dataclass
class Exported:
    """``video_id``: the muxed video; ``raw``: asset id of each kept channel."""

    video_id: str
    seconds: float
    raw: dict[str, str]


def drop_empty(manifest: Manifest, folder: Path) -> None:
    """Take out the tracks that hold nothing, as after a stop at once. A mix of what did not come
    as far as the disk, half a second at most, is nothing too: no channel is left to be heard."""
    held = [track for track in manifest.tracks if track.duration]
    if all(track.channel_id == MIX for track in held):
        held = []
    for track in manifest.tracks:
        if track not in held:
            shutil.rmtree(folder / track.id, ignore_errors=True)
    manifest.tracks = held


def export(
    connection: Connection, session: Row[Any], manifest: Manifest, folder: str
) -> Exported | None:
    """Make the assets of a stopped session. None where nothing was kept."""
    kept = {track.channel_id: track for track in manifest.tracks if track.channel_id != MIX}
    mix = next((track for track in manifest.tracks if track.channel_id == MIX), None)
    if not kept:
        return None
    stems = [track.id for track in kept.values() if track.kind == "audio"]
    for track in manifest.tracks:
        _add_track(connection, session, track, folder, stems if track is mix else [])
    name = str(session.metadata.get("name") or _default_name(manifest))
    videos = [track for track in kept.values() if track.kind == "video"]
    picture = kept.get(session.primary_video_channel_id or "", next(iter(videos), None))
    muxed = [track for track in (picture, mix) if track is not None] or list(kept.values())[:1]
    raw = {}
    for channel_id, track in kept.items():
        title = f"{name} · {channel_id}"
        raw[channel_id] = _add_asset(connection, session, track.kind, title, [track], channel_id)
        connection.execute(
            rtstreams.update()
            .where(rtstreams.c.session_id == session.id, rtstreams.c.channel_id == channel_id)
            .values(exported_asset_id=raw[channel_id])
        )
    # Last, so that lists, which begin with the newest, name it before its channels.
    video_id = _add_asset(connection, session, "video", name, muxed, None)
    return Exported(video_id, max(track.seconds for track in muxed), raw)


def _default_name(manifest: Manifest) -> str:
    at = datetime.datetime.fromtimestamp(manifest.started_at).astimezone()
    return f"Recording {at:%Y-%m-%d %H:%M}"


def _add_track(
    connection: Connection,
    session: Row[Any],
    track: TrackManifest,
    folder: str,
    stems: list[str],
) -> None:
    connection.execute(
        tracks.insert().values(
            id=track.id,
            session_id=session.id,
            channel_id=track.channel_id,
            kind=track.kind,
            folder=folder,
            manifest=track.model_dump(mode="json"),
            stems=stems,
        )
    )


def _add_asset(
    connection: Connection,
    session: Row[Any],
    type: str,
    name: str,
    parts: list[TrackManifest],
    channel_id: str | None,
) -> str:
    asset_id = new_id("m" if type == "video" else "a")
    connection.execute(
        assets.insert().values(
            id=asset_id,
            collection_id=session.collection_id,
            type=type,
            name=name,
            length=max(track.seconds for track in parts),
            session_id=session.id,
            channel_id=channel_id,
            created_at=now(),
        )
    )
    for ordinal, track in enumerate(parts):
        connection.execute(
            asset_tracks.insert().values(asset_id=asset_id, track_id=track.id, ordinal=ordinal)
        )
    return asset_id
