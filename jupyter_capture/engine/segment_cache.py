"""Rendered segments on disk, under the hash of all that decides about their bytes.

``<folder>/<key>/<name>`` beside ``<folder>/<key>/assets``, which names the assets that are shown,
so that what shows a deleted one can be found. What was used longest ago goes first.
"""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import struct
import threading
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path

logger = logging.getLogger(__name__)

_ASSETS = "assets"
_PART = ".part"
_CHECK = struct.Struct(">I")
"""Behind each segment: one that a disk has damaged is not played, but made again."""
_ROOM = 0.9
"""Of the limit: what is kept when it was passed."""


class SegmentCache:
    """``limit`` in bytes; with 0 nothing is added. Any thread may use it."""

    def __init__(self, folder: Path, limit: int) -> None:
        self._folder = folder
        self._limit = limit
        self._lock = threading.Lock()
        self._size: int | None = None
        self._turn = 0
        self._forgotten: dict[str, int] = {}

    @property
    def keeps(self) -> bool:
        return self._limit > 0

    def has(self, key: str, name: str) -> bool:
        return (self._folder / key / name).exists()

    def get(self, key: str, name: str) -> bytes | None:
        path = self._folder / key / name
        try:
            stored = path.read_bytes()
        except OSError:
            return None
        data, check = stored[: -_CHECK.size], stored[-_CHECK.size :]
        if len(check) < _CHECK.size or _CHECK.unpack(check)[0] != zlib.crc32(data):
            logger.warning("a damaged segment is rendered again: %s/%s", key, name)
            path.unlink(missing_ok=True)
            return None
        with contextlib.suppress(OSError):
            os.utime(path)
        return data

    def turn(self) -> int:
        """To be handed to `put`: what was forgotten since then is not put back."""
        with self._lock:
            return self._turn

    def put(self, key: str, name: str, data: bytes, assets: frozenset[str], turn: int) -> None:
        """Keep a segment that shows ``assets``. A full disk is no error: then it is not kept."""
        if not self.keeps:
            return
        with self._lock, contextlib.suppress(OSError):
            if any(self._forgotten.get(asset, -1) > turn for asset in assets):
                return
            folder = self._folder / key
            if not (folder / _ASSETS).exists():
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                _write(folder / _ASSETS, "\n".join(sorted(assets)).encode())
            _write(folder / name, data + _CHECK.pack(zlib.crc32(data)))
            self._size = self._count() if self._size is None else self._size + len(data)
            if self._size > self._limit:
                self._prune()

    def forget(self, asset_ids: Iterable[str]) -> None:
        """Erase all that shows any of these assets, and what is being rendered of them."""
        gone = set(asset_ids)
        with self._lock:
            self._turn += 1
            self._forgotten.update(dict.fromkeys(gone, self._turn))
            for folder in self._folders():
                shown = _assets_of(folder)
                if shown is None or gone & shown:
                    shutil.rmtree(folder, ignore_errors=True)
            self._size = None

    def retain(self, asset_ids: Iterable[str]) -> None:
        """Erase all that shows an asset which is not among these."""
        known = set(asset_ids)
        with self._lock:
            for folder in self._folders():
                shown = _assets_of(folder)
                if shown is None or not shown <= known:
                    shutil.rmtree(folder, ignore_errors=True)

    def _folders(self) -> list[Path]:
        with contextlib.suppress(OSError):
            return [path for path in self._folder.iterdir() if path.is_dir()]
        return []

    def _segments(self) -> Iterator[tuple[float, int, Path]]:
        """(when it was used, its bytes, where it is)."""
        for folder in self._folders():
            for path in folder.iterdir():
                with contextlib.suppress(OSError):
                    found = path.stat()
                    if path.name != _ASSETS:
                        yield found.st_mtime, found.st_size, path

    def _count(self) -> int:
        return sum(size for _, size, _ in self._segments())

    def _prune(self) -> None:
        kept = 0
        for _, size, path in sorted(self._segments(), reverse=True):
            if kept + size > self._limit * _ROOM:
                path.unlink(missing_ok=True)
            else:
                kept += size
        for folder in self._folders():
            if {path.name for path in folder.iterdir()} <= {_ASSETS}:
                shutil.rmtree(folder, ignore_errors=True)
        self._size = kept


def _assets_of(folder: Path) -> set[str] | None:
    """Those that a folder shows. None where that is not known, so that it must not stay."""
    try:
        return set((folder / _ASSETS).read_text().split("\n"))
    except OSError:
        return None


def _write(path: Path, data: bytes) -> None:
    part = path.with_name(path.name + _PART)
    try:
        part.write_bytes(data)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
