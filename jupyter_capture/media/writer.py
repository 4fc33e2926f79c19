"""Writes one stored track: its parts, a fragment at a time."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from jupyter_capture.errors import StorageFullError
from jupyter_capture.media.encode import EncodedPacket
from jupyter_capture.media.fmp4 import (
    AudioTrackConfig,
    Sample,
    VideoTrackConfig,
    fragment,
    init_segment,
)
from jupyter_capture.wire.recorder import Codec, Gap, Part, TrackManifest

TrackConfig = VideoTrackConfig | AudioTrackConfig

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class TrackWriter:
    """One track in ``<folder>/<track id>/0.mp4``, ``1.mp4``, …

    Each fragment is one write, so whatever kills the process leaves a file that reads up to the
    last fragment. A fragment ends before a key frame, or when another packet would make it longer
    than ``longest`` (ticks; else 0.5 s). Packets carry absolute media time; each lasts until the
    next one, the last until the end given to `finish()` or `new_part()`. One thread adds packets,
    any thread may ask for the `manifest`.

    ``on_part`` is called with the manifest of the track after a part became known and before
    its first byte is written: there the recorder stores it. Raises StorageFullError when the
    disk is full; what was written before stays readable. ``after``: the track to go on with, from
    ``offset`` (ticks) on. ``name``: of the first file.
    """

    def __init__(
        self,
        folder: Path,
        track_id: str,
        channel_id: str,
        codec: Codec,
        config: TrackConfig,
        *,
        offset: int = 0,
        on_part: Callable[[TrackManifest], None] | None = None,
        after: TrackManifest | None = None,
        name: str | None = None,
        longest: int | None = None,
    ) -> None:
        self._folder = folder / track_id
        self._longest = longest or config.timescale // 2
        self._default_duration = 1024
        if codec.name == "h264":
            self._default_duration = config.timescale // codec.fps
        self._track = (after and after.model_copy(deep=True)) or TrackManifest(
            id=track_id,
            channel_id=channel_id,
            kind="video" if codec.name == "h264" else "audio",
            codec=codec,
            timescale=config.timescale,
        )
        self._name = name
        self._lock = threading.RLock()
        self._on_part = on_part
        self._file: BinaryIO | None = None
        self._pending: list[EncodedPacket] = []
        self._sequence = 0
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._open(config, offset)

    @property
    def manifest(self) -> TrackManifest:
        """What is on the disk by now: whole fragments only."""
        with self._lock:
            return self._track.model_copy(deep=True)

    @property
    def end(self) -> int:
        """Media time (ticks) up to which fragments are on the disk."""
        with self._lock:
            return self._track.duration

    @property
    def pending_since(self) -> int | None:
        """The ``pts`` of the first packet that is not on the disk yet."""
        with self._lock:
            return self._pending[0].pts if self._pending else None

    def add(self, packet: EncodedPacket) -> None:
        """Append a packet; its ``pts`` must be later than that of the one before."""
        with self._lock:
            if self._pending:
                if packet.pts <= self._pending[-1].pts:
                    raise ValueError(f"time {packet.pts} follows {self._pending[-1].pts}")
                video_key = packet.key and self._track.kind == "video"
                if video_key or self._would_outgrow(packet.pts):
                    self._flush(packet.pts)
            self._pending.append(packet)

    def new_part(self, config: TrackConfig, at: int) -> None:
        """End the file and begin the next one at media time ``at``, with another configuration."""
        with self._lock:
            self._close(at)
            self._open(config, at)

    def gap(self, start: int, end: int, reason: str) -> None:
        """Note that silence or black stands in for what was not recorded."""
        with self._lock:
            self._track.gaps.append(Gap(start=start, end=end, reason=reason))

    def replace(self, change: Callable[[TrackManifest], TrackManifest]) -> TrackManifest:
        """Let others be the parts and gaps of the track before the one being written."""
        with self._lock:
            changed = change(self.manifest)
            self._track.parts[:-1] = changed.parts[:-1]
            self._track.gaps = changed.gaps
            return self.manifest

    def finish(self, end: int | None = None) -> TrackManifest:
        """Write what is left and close. ``end``: media time (ticks) to which the track runs.

        Packets at or after ``end`` are left out. Finishing twice does nothing.
        """
        with self._lock:
            self._close(end)
            return self.manifest

    def _would_outgrow(self, pts: int) -> bool:
        # A death loses what is pending. So a fragment ends with the packet after which it would
        # be longer than that, should the next come as late as this one does.
        lasted, step = pts - self._pending[0].pts, pts - self._pending[-1].pts
        return lasted + step > self._longest

    def _open(self, config: TrackConfig, offset: int) -> None:
        name, self._name = self._name or next_file(self._track), None
        part = Part(file=f"{self._track.id}/{name}", offset=offset)
        self._track.parts.append(part)
        if self._on_part is not None:
            self._on_part(self.manifest)
        path = self._folder / name
        # Unbuffered: one write() a fragment is what makes a kill harmless.
        self._file = open(path, "wb", buffering=0, opener=_private)  # noqa: SIM115
        self._write(init_segment(config))

    def _close(self, end: int | None) -> None:
        if self._file is None:
            return
        while end is not None and self._pending and self._pending[-1].pts >= end:
            self._pending.pop()
        try:
            if self._pending:
                self._flush(self._pending[-1].pts + self._default_duration if end is None else end)
        finally:
            self._file.close()
            self._file = None

    def _flush(self, end: int) -> None:
        start = self._pending[0].pts
        ends = [packet.pts for packet in self._pending[1:]] + [end]
        samples = [
            Sample(packet.data, until - packet.pts, packet.key)
            for packet, until in zip(self._pending, ends, strict=True)
        ]
        self._pending = []
        self._sequence += 1
        self._write(fragment(self._sequence, start, samples))
        part = self._track.parts[-1]
        part.duration = end - part.offset
        self._track.duration = end

    def _write(self, data: bytes) -> None:
        if self._file is None:
            raise ValueError(f"the track {self._track.id} is finished")
        part = self._track.parts[-1]
        try:
            written = os.write(self._file.fileno(), data)
            if written < len(data):
                raise OSError(errno.ENOSPC, "short write")
        except OSError as error:
            # Half a fragment must not stand between two whole ones.
            self._file.truncate(part.bytes)
            self._file.seek(part.bytes)
            if error.errno not in _FULL:
                raise
            raise StorageFullError(
                f"The disk of {self._folder} is full: the recording stops here, and what was "
                "recorded before is kept. Free some space, or choose another data folder."
            ) from error
        part.bytes += len(data)


def next_file(track: TrackManifest) -> str:
    """A name that no part of the track has."""
    numbers = [int(Path(part.file).stem) for part in track.parts]
    return f"{max(numbers, default=-1) + 1}.mp4"


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
