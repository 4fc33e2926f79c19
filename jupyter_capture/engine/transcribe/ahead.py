"""Hears the kept channels of a session while it records, from what is written on the disk."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path

from pydantic import ValidationError

from jupyter_capture.engine.transcribe.heard import Heard
from jupyter_capture.engine.transcribe.whisper import Piece
from jupyter_capture.media.tracks import StoredTrack
from jupyter_capture.wire.recorder import MIX, Manifest, TrackManifest

ENOUGH = 40.0
"""Seconds that wait to be heard: in so many, a piece of speech has surely ended."""
_LOOK_AGAIN = 2.0  # s

Hear = Callable[[Path], AbstractContextManager[Heard]]
Listen = Callable[[StoredTrack, Heard, float, Manifest], Iterable[Piece]]


def follow(session: Path, hear: Hear, listen: Listen) -> None:
    """Until the recording in this folder has stopped. ``hear`` opens what was heard of a track's
    folder, ``listen`` goes on with a track up to a time (seconds)."""
    with ExitStack() as held:
        heard: dict[str, Heard] = {}
        opened: dict[str, StoredTrack] = {}
        while (manifest := _manifest(session)) and manifest.status == "recording":
            waits = [track for track in spoken(manifest) if _reach(track, heard) >= ENOUGH]
            for each in waits:
                if each.id not in heard:
                    heard[each.id] = held.enter_context(hear(session / each.id))
                track = opened.setdefault(each.id, StoredTrack(session, each))
                track.refresh(each)
                for _ in listen(track, heard[each.id], track.end / track.timescale, manifest):
                    pass
            if not any(_reach(track, heard) >= ENOUGH for track in waits):
                time.sleep(_LOOK_AGAIN)


def spoken(manifest: Manifest) -> list[TrackManifest]:
    """The tracks in which people speak: all sounds but their mix."""
    return [one for one in manifest.tracks if one.kind == "audio" and one.channel_id != MIX]


def _reach(track: TrackManifest, heard: dict[str, Heard]) -> float:
    """How much of a track waits (seconds)."""
    known = heard.get(track.id)
    return track.seconds - (known.until if known else 0.0)


def _manifest(session: Path) -> Manifest | None:
    try:
        return Manifest.model_validate_json((session / "manifest.json").read_bytes())
    except (OSError, ValidationError):
        return None
