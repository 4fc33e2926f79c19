"""Sprite sheets and waveforms of assets: made when they are first asked for, kept in the cache."""

from __future__ import annotations

import base64
import hashlib
import secrets
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np

from jupyter_capture.engine.home import Home
from jupyter_capture.engine.library import AssetRow, Library, TrackRow
from jupyter_capture.errors import InvalidRequestError, StorageFullError
from jupyter_capture.media.sprite import Sheet, sheet_of, sprite
from jupyter_capture.media.waveform import MOST_CHANNELS, coarser, waveform
from jupyter_capture.wire.library import Waveform

LONG_SECONDS = 1200.0
"""A waveform of more than this takes longer to make than a request should."""


class Previews:
    """One is made at a time, so that a page full of them leaves the machine to the recording."""

    def __init__(self, library: Library, home: Home) -> None:
        self._library = library
        self._home = home
        self._making = threading.Lock()

    def sheet(self, row: AssetRow) -> Sheet:
        """How the sprite of a video is laid out. Raises InvalidRequestError without a picture."""
        codec = self._track(row, "video").manifest.codec
        return sheet_of((getattr(codec, "width", 16), getattr(codec, "height", 9)), row.length)

    def sprite(self, row: AssetRow) -> bytes:
        """JPEG. Raises InvalidRequestError without a picture."""
        track = self._track(row, "video")
        path = self._path(row, track, "sprite", "jpg")
        return self._kept(row, path, lambda: sprite(self._library.open(track), self.sheet(row)))

    def has_waveform(self, row: AssetRow) -> bool:
        """Whether it is there, or is made in the time that a request may take."""
        track = self._track(row, "audio")
        return row.length <= LONG_SECONDS or self._path(row, track, "waveform", "i8").exists()

    def waveform(self, row: AssetRow, rate: int) -> Waveform:
        """``rate`` is one of `media.waveform.RATES`. Raises InvalidRequestError without sound."""
        track = self._track(row, "audio")
        channels = min(getattr(track.manifest.codec, "channels", 1), MOST_CHANNELS)
        path = self._path(row, track, "waveform", "i8")
        data = self._kept(
            row, path, lambda: waveform(self._library.open(track), row.length).tobytes()
        )
        peaks = coarser(np.frombuffer(data, np.int8).reshape(-1, channels, 2), rate)
        return Waveform(
            rate=rate,
            channels=channels,
            count=len(peaks),
            peaks=base64.b64encode(peaks.tobytes()).decode(),
        )

    def _track(self, row: AssetRow, kind: str) -> TrackRow:
        for track in self._library.tracks_of(row.id):
            if track.kind == kind:
                return track
        raise InvalidRequestError(
            f"{row.id} has no picture, only sound: audio.waveform() shows it."
            if kind == "video"
            else f"{row.id} has no sound, so there is no waveform. The muxed video has one."
        )

    def _path(self, row: AssetRow, track: TrackRow, name: str, suffix: str) -> Path:
        """Named by what the track holds, so that nothing older is ever shown."""
        content = hashlib.sha256(track.manifest.model_dump_json().encode()).hexdigest()[:12]
        return self._home.previews(row.id) / f"{name}-{content}.{suffix}"

    def _kept(self, row: AssetRow, path: Path, make: Callable[[], bytes]) -> bytes:
        if path.exists():
            return path.read_bytes()
        with self._making:
            if path.exists():
                return path.read_bytes()
            data = make()
            self._keep(path, data)
        try:
            self._library.asset(row.id)
        except BaseException:
            self._home.drop_previews([row.id])  # deleted meanwhile
            raise
        return data

    def _keep(self, path: Path, data: bytes) -> None:
        part = self._home.tmp / secrets.token_hex(8)
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            part.write_bytes(data)
            for old in path.parent.glob(f"{path.name.partition('-')[0]}-*"):
                old.unlink(missing_ok=True)
            part.replace(path)
        except OSError as error:
            raise StorageFullError(
                f"The cache cannot be written ({error.strerror}). Free some space and try again."
            ) from error
        finally:
            part.unlink(missing_ok=True)
