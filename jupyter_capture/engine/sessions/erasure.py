"""Media time that is to be forgotten: noted on the disk first, so that no death undoes it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

from jupyter_capture.engine.home import Home
from jupyter_capture.media.forget import scrub, stand_in
from jupyter_capture.wire.recorder import Manifest, TrackManifest

NOTE = "forget.json"
Stretch = tuple[float, float]


class Erasure:
    """Erases from the stored tracks of sessions. Times in media seconds."""

    def __init__(self, home: Home) -> None:
        self._home = home

    def note(self, session_id: str, start: float, end: float) -> None:
        """What is about to be forgotten; it will be, whoever dies on the way."""
        self._write(session_id, [*self.noted(session_id), (start, end)])

    def noted(self, session_id: str) -> list[Stretch]:
        try:
            return [(start, end) for start, end in json.loads(self._path(session_id).read_text())]
        except (FileNotFoundError, ValueError):
            return []

    def done(self, session_id: str) -> None:
        self._path(session_id).unlink(missing_ok=True)

    def finish(self, session_id: str, manifest: Manifest) -> None:
        """Carry out what was noted of a recording that has ended and is not exported yet: changes
        the manifest, here and on the disk."""
        for start, end in self.noted(session_id):
            self.erase(session_id, manifest, start, end)
        self.done(session_id)

    def erase(
        self,
        session_id: str,
        manifest: Manifest,
        start: float,
        end: float,
        store: Callable[[list[TrackManifest]], None] = lambda _: None,
    ) -> None:
        """Black and silence instead of [start, end) in all tracks of a session that has ended.
        ``store`` keeps their new manifests, before the old bytes are overwritten."""
        folder = self._home.session(session_id)
        there = [track for track in manifest.tracks if (folder / track.id).is_dir()]
        done = {
            track.id: stand_in(
                folder, track, int(start * track.timescale), -int(-end * track.timescale // 1)
            )
            for track in there
        }
        manifest.tracks = [done.get(track.id, track) for track in manifest.tracks]
        _store(folder / "manifest.json", manifest.model_dump_json(indent=1))
        store(list(done.values()))
        for track in done.values():
            scrub(folder, track)

    def _write(self, session_id: str, stretches: list[Stretch]) -> None:
        _store(self._path(session_id), json.dumps(stretches))

    def _path(self, session_id: str) -> Path:
        return self._home.session(session_id) / NOTE


def _store(path: Path, content: str) -> None:
    """Written whole, then renamed into place."""
    draft = path.with_suffix(".tmp")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(content)
        file.flush()
        os.fsync(handle)
    draft.replace(path)
