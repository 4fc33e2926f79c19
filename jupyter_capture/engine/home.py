"""The data folder: what lies where."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from jupyter_capture.settings import private_dir

DELETED = "deleted"
"""A file of this name marks a session's folder that is being erased."""


@dataclass(frozen=True)
class Home:
    """The folder of one engine. All of it is readable by its user alone."""

    root: Path

    @classmethod
    def at(cls, root: Path) -> Home:
        home = cls(root.absolute())
        for folder in (home.root, home.sessions, home.uploads, home.cache, home.tmp):
            private_dir(folder)
        return home

    @property
    def sessions(self) -> Path:
        return self.root / "sessions"

    @property
    def uploads(self) -> Path:
        return self.root / "uploads"

    @property
    def cache(self) -> Path:
        return self.root / "cache"

    @property
    def tmp(self) -> Path:
        return self.root / "tmp"

    @property
    def models(self) -> Path:
        """Speech models that were downloaded."""
        return self.root / "models"

    @property
    def database(self) -> Path:
        return self.root / "library.sqlite3"

    @property
    def lock(self) -> Path:
        return self.root / "engine.lock"

    @property
    def locator(self) -> Path:
        return self.root / "engine.json"

    @property
    def downloads(self) -> Path:
        """Files made of streams, named by the stream's id first. They can be made again."""
        return self.cache / "downloads"

    @property
    def segments(self) -> Path:
        """Rendered segments. They can be made again."""
        return self.cache / "segments"

    def previews(self, asset_id: str) -> Path:
        """Sprite sheet and waveform of an asset. They can be made again."""
        return self.cache / "previews" / asset_id

    def session(self, session_id: str) -> Path:
        return self.sessions / session_id

    def drop_previews(self, asset_ids: Iterable[str]) -> None:
        for asset_id in asset_ids:
            shutil.rmtree(self.previews(asset_id), ignore_errors=True)

    def drop_downloads(self, stream_ids: Iterable[str]) -> None:
        for stream_id in stream_ids:
            for path in self.downloads.glob(f"{stream_id}-*"):
                path.unlink(missing_ok=True)
