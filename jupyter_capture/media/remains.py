"""What really lies on disk of a recording whose recorder did not live to say it."""

from __future__ import annotations

import os
from pathlib import Path

from jupyter_capture.media.tracks import StoredTrack
from jupyter_capture.wire.recorder import Manifest, Part


def settle(manifest: Manifest, folder: Path) -> Manifest:
    """Correct lengths and sizes after the files. ``folder``: the session's."""
    for track in manifest.tracks:
        track.parts = [part for part in track.parts if (folder / part.file).exists()]
        stored = StoredTrack.open(folder, track)
        if not stored.damage:
            _drop_tails(stored)
        track.duration = max(0, stored.end)
        ends = [part.offset for part in track.parts[1:]] + [track.duration]
        for part, end in zip(track.parts, ends, strict=True):
            part.duration = max(0, end - part.offset)
            part.bytes = _size(folder, part)
        for gap in track.gaps:
            gap.end = min(gap.end, track.duration)
        track.gaps = [gap for gap in track.gaps if gap.start < gap.end]
    manifest.duration = max((track.seconds for track in manifest.tracks), default=0.0)
    return manifest


def _drop_tails(stored: StoredTrack) -> None:
    """Cut off what was written of a fragment that nobody can read."""
    for number, part in enumerate(stored.manifest.parts):
        last = stored.fragments[stored.fragments["part"] == number][-1:]
        if part.until is None and len(last):
            os.truncate(stored.path(number), int((last["offset"] + last["size"])[0]))


def _size(folder: Path, part: Part) -> int:
    size = (folder / part.file).stat().st_size
    return (size if part.until is None else part.until) - part.skip
