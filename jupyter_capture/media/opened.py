"""Tracks that were opened, kept for as long as their files stay as they are."""

from __future__ import annotations

import threading
from collections import OrderedDict
from pathlib import Path

from jupyter_capture.media.tracks import StoredTrack
from jupyter_capture.wire.recorder import TrackManifest

_MOST = 32
_State = tuple[tuple[int, int] | None, ...]


class OpenedTracks:
    """Any thread may ask. Nobody may `refresh` what is given."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[Path, str], tuple[_State, StoredTrack]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, folder: Path, manifest: TrackManifest) -> StoredTrack:
        """As `StoredTrack.open`, which reads a megabyte of index where hours were recorded."""
        key = folder, manifest.model_dump_json()
        state = tuple(_state(folder / part.file) for part in manifest.parts)
        with self._lock:
            found = self._known.get(key)
            if found is not None and found[0] == state:
                self._known.move_to_end(key)
                return found[1]
        track = StoredTrack.open(folder, manifest)
        with self._lock:
            self._known[key] = state, track
            while len(self._known) > _MOST:
                self._known.popitem(last=False)
        return track


def _state(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns
