"""``manifest.json``: what was recorded, readable after any death."""

from __future__ import annotations

import os
import threading
from pathlib import Path

from jupyter_capture.wire.recorder import Manifest, TrackManifest

NAME = "manifest.json"


class ManifestFile:
    """Keeps the manifest of a session on the disk: written whole, then renamed into place."""

    def __init__(self, folder: Path, session_id: str, before: Manifest | None = None) -> None:
        self._path = folder / NAME
        self._lock = threading.Lock()
        self.content = before or Manifest(session_id=session_id)

    def put(self, track: TrackManifest) -> None:
        """Store a track as it stands now, before a part of it gets its first byte."""
        with self._lock:
            self._place(track)
            self._write()

    def save(self, tracks: list[TrackManifest], **changes: object) -> None:
        """Store these tracks and changed fields of the manifest."""
        with self._lock:
            for track in tracks:
                self._place(track)
            for name, value in changes.items():
                setattr(self.content, name, value)
            self._write()

    def _place(self, track: TrackManifest) -> None:
        for index, known in enumerate(self.content.tracks):
            if known.id == track.id:
                # A part may have begun since the caller asked the track.
                if len(track.parts) >= len(known.parts):
                    self.content.tracks[index] = track
                return
        self.content.tracks.append(track)

    def _write(self) -> None:
        draft = self._path.with_suffix(".tmp")
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(self.content.model_dump_json(indent=1))
            file.flush()
            os.fsync(handle)
        os.replace(draft, self._path)
