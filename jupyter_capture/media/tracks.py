"""A stored track: its parts' fragments as one index, its samples, its pictures and its sound.

The index of a part is kept beside it (``0.mp4`` → ``0.idx``) once the file has come to rest, so
that opening hours of recording reads a few hundred kilobytes. A file that is still growing is
read from the last known fragment on.
"""

from __future__ import annotations

import contextlib
import itertools
import time as clock
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import av
import numpy as np
import numpy.typing as npt
from av.codec.context import Flags

from jupyter_capture.errors import MediaError
from jupyter_capture.media import fmp4
from jupyter_capture.media.track_index import (
    AT_REST_SECONDS,
    FRAGMENT,
    Fragments,
    goes_on,
    read_idx,
    within,
    write_idx,
)
from jupyter_capture.wire.recorder import TrackManifest

Config = fmp4.VideoTrackConfig | fmp4.AudioTrackConfig
Times = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]

AAC_FRAME = 1024
_LAST = 1 << 56
"""Ticks: thousands of years."""


@dataclass(frozen=True)
class StoredSample:
    """A sample and when it is shown (ticks of session media time), and the part it came from."""

    time: int
    duration: int
    data: bytes
    key: bool
    part: int


@dataclass
class StoredTrack:
    """Read access to one track. Safe to share between threads while nobody calls `refresh`.

    ``times`` are those of the fragments and ``keys`` those of the key frames, in ticks.
    ``damage`` says what could not be read; all else is there.
    """

    folder: Path
    manifest: TrackManifest
    fragments: Fragments = field(default_factory=lambda: np.empty(0, FRAGMENT))
    times: Times = field(default_factory=lambda: np.empty(0, np.int64))
    keys: Times = field(default_factory=lambda: np.empty(0, np.int64))
    damage: list[str] = field(default_factory=list)
    _inits: dict[int, bytes] = field(default_factory=dict)
    _configs: dict[int, Config] = field(default_factory=dict)

    @classmethod
    def open(cls, folder: Path, manifest: TrackManifest) -> StoredTrack:
        """``folder``: what the names of the parts are relative to, such as the session's folder."""
        track = cls(folder, manifest)
        track.refresh()
        return track

    def refresh(self, manifest: TrackManifest | None = None) -> None:
        """See what has been written since. ``manifest``: where it has new parts."""
        if manifest is not None and not goes_on(self.manifest, manifest):
            self.fragments = np.empty(0, FRAGMENT)
            self._inits, self._configs = {}, {}  # others may hold a copy of this track
        self.manifest = manifest or self.manifest
        parts = [self._index_part(number) for number in range(len(self.manifest.parts))]
        parts = [part for part in parts if len(part)]
        for before, after in itertools.pairwise(parts):
            before["duration"] = np.clip(after["time"][0] - before["time"], 0, before["duration"])
        found = np.concatenate(parts) if parts else np.empty(0, FRAGMENT)
        self.fragments = found[found["duration"] > 0]
        # Searching a column of a structured array would copy it each time.
        self.times = np.ascontiguousarray(self.fragments["time"])
        self.keys = self.times[self.fragments["key"]]

    @property
    def id(self) -> str:
        return self.manifest.id

    @property
    def timescale(self) -> int:
        return self.manifest.timescale

    @property
    def start(self) -> int:
        """When the first sample is shown (ticks)."""
        return int(self.times[0]) if len(self.fragments) else 0

    @property
    def end(self) -> int:
        """When the last sample ends (ticks); 0 where nothing is stored."""
        last = self.fragments[-1:]
        return int((last["time"] + last["duration"])[0]) if len(last) else 0

    def path(self, part: int) -> Path:
        return self.folder / self.manifest.parts[part].file

    def _open(self, part: int) -> BinaryIO:
        try:
            return self.path(part).open("rb")
        except OSError as error:
            raise MediaError(
                f"{self.path(part).name} of track {self.id} cannot be read: {error.strerror}"
            ) from error

    def init(self, part: int) -> bytes:
        """The init segment of a part. Raises MediaError where it is missing or damaged."""
        if part not in self._inits:
            with self._open(part) as file:
                self._inits[part] = fmp4.read_init(file)
        return self._inits[part]

    def config(self, part: int) -> Config:
        """What the samples of a part are."""
        if part not in self._configs:
            self._configs[part] = fmp4.parse_config(self.init(part))
        return self._configs[part]

    def part_at(self, time: int) -> int:
        """The part whose picture or sound is there at ``time``; the nearest one outside."""
        if not len(self.fragments):
            raise MediaError(f"nothing was recorded into track {self.id}")
        at = int(np.searchsorted(self.times, time, "right")) - 1
        return int(self.fragments["part"][max(at, 0)])

    def part_starts(self) -> list[tuple[int, int]]:
        """(part, time of its first sample), of all parts that hold something."""
        parts, first = np.unique(self.fragments["part"], return_index=True)
        return [(int(part), int(self.times[at])) for part, at in zip(parts, first, strict=True)]

    def previous_key(self, time: int) -> int:
        """The last key frame at or before ``time``, or the first one of all."""
        keys = self.keys
        if not len(keys):
            raise MediaError(f"track {self.id} holds no key frame")
        return int(keys[max(int(np.searchsorted(keys, time, "right")) - 1, 0)])

    def size_between(self, start: int, end: int) -> int:
        """About how many bytes the samples between two times (ticks) take."""
        times = self.times
        first = max(int(np.searchsorted(times, start, "right")) - 1, 0)
        return int(self.fragments["size"][first : int(np.searchsorted(times, end))].sum())

    # ---- samples

    def samples(self, start: int, end: int) -> Iterator[StoredSample]:
        """The samples that begin in [start, end) ticks.

        Each lasts until the next one begins: over a hole in the data the picture stays. Raises
        MediaError at a damaged fragment, after all that comes before it.
        """
        times = self.times
        first = max(int(np.searchsorted(times, start, "right")) - 1, 0)
        last = int(np.searchsorted(times, end, "left"))
        with contextlib.ExitStack() as stack:
            opened = -1
            for at in range(first, last):
                row = self.fragments[at]
                if row["part"] != opened:
                    opened = int(row["part"])
                    file = stack.enter_context(self._open(opened))
                following = int(times[at + 1]) if at + 1 < len(times) else None
                ref = fmp4.FragmentRef(
                    int(row["offset"]), int(row["size"]), int(row["time"]),
                    int(row["duration"]), bool(row["key"]),
                )  # fmt: skip
                try:
                    samples = fmp4.read_samples(file, ref)
                except MediaError as error:
                    raise MediaError(
                        f"track {self.id} is damaged at {ref.time / self.timescale:.3f} s "
                        f"({self.path(opened).name}): {error.message}"
                    ) from error
                for sample in _timed(samples, ref.time, following, opened):
                    if start <= sample.time < end:
                        yield sample

    # ---- pictures and sound

    def frames(self, start: int, end: int) -> Iterator[av.VideoFrame]:
        """The pictures on screen in [start, end) ticks; ``pts`` is session media time in ticks.

        The first one is that which is on screen at ``start``, so its ``pts`` may lie before (or,
        where the track begins later, after). Raises MediaError at damage.
        """
        if not len(self.fragments):
            raise MediaError(f"nothing was recorded into track {self.id}")
        start = max(start, self.start)
        held: av.VideoFrame | None = None
        try:
            for frame in self._decode(self.previous_key(start), max(end, start + 1)):
                if frame.pts is not None and frame.pts > start:
                    if held is not None:
                        yield held
                        held = None
                    yield frame
                else:
                    held = frame
        except MediaError:
            if held is not None:
                yield held
            raise
        if held is not None:
            yield held

    def _decode(self, start: int, end: int) -> Iterator[av.VideoFrame]:
        decoder: av.VideoCodecContext | None = None
        part = -1
        try:
            for sample in self.samples(start, end):
                if decoder is None or sample.part != part:
                    if decoder is not None:
                        yield from decoder.decode(None)
                    part = sample.part
                    decoder = self._decoder(part)
                packet = av.Packet(sample.data)
                packet.pts = packet.dts = sample.time
                yield from decoder.decode(packet)
            if decoder is not None:
                yield from decoder.decode(None)
        except av.error.FFmpegError as error:
            raise MediaError(
                f"track {self.id} has a damaged picture after {start / self.timescale:.3f} s: "
                f"{error}"
            ) from error

    def _decoder(self, part: int) -> av.VideoCodecContext:
        config = self.config(part)
        if not isinstance(config, fmp4.VideoTrackConfig):
            raise MediaError(f"track {self.id} is sound and has no pictures")
        decoder = av.VideoCodecContext.create("h264", "r")
        decoder.extradata = config.avcc
        decoder.flags |= Flags.low_delay
        decoder.thread_count = 1
        return decoder

    def pcm(self, start: float, end: float, rate: int, mono: bool = True) -> Floats:
        """The sound between two times (seconds): exactly ``round((end - start) * rate)`` samples.

        Shape (n,) if ``mono``, else (n, channels). Silence where nothing is stored.
        """
        native = self.timescale
        first = round(start * native)
        sound = self._sound(first, max(round(end * native), first))
        if mono:
            sound = sound.mean(axis=1, keepdims=True, dtype=np.float32)
        count = max(round((end - start) * rate), 0)
        out = resample(sound, native, rate, count)
        return out[:, 0] if mono else out

    def _sound(self, start: int, end: int) -> Floats:
        """Float samples in [start, end) ticks, of shape (n, channels)."""
        if not len(self.fragments):
            channels = getattr(self.manifest.codec, "channels", 1)
            return np.zeros((end - start, channels), np.float32)
        part, decoder = -1, None
        out: Floats | None = None
        try:
            # An AAC packet is whole only together with the one before it.
            for sample in self.samples(start - 2 * AAC_FRAME, end):
                if decoder is None or sample.part != part:
                    part = sample.part
                    decoder, channels = self._sound_decoder(part)
                    if out is None:
                        out = np.zeros((end - start, channels), np.float32)
                at = sample.time - start
                for frame in decoder.decode(av.Packet(sample.data)):
                    _put(out, at, frame.to_ndarray().T)  # type: ignore[arg-type]
                    at += frame.samples
        except av.error.FFmpegError as error:
            raise MediaError(
                f"track {self.id} has damaged sound near {start / self.timescale:.3f} s: {error}"
            ) from error
        if out is None:
            config = self.config(self.part_at(start))
            channels = config.channels if isinstance(config, fmp4.AudioTrackConfig) else 1
            out = np.zeros((end - start, channels), np.float32)
        return out

    def _sound_decoder(self, part: int) -> tuple[av.AudioCodecContext, int]:
        config = self.config(part)
        if not isinstance(config, fmp4.AudioTrackConfig):
            raise MediaError(f"track {self.id} is pictures and has no sound")
        decoder = av.AudioCodecContext.create("aac", "r")
        decoder.extradata = config.asc
        return decoder, config.channels

    # ---- the index

    def _index_part(self, number: int) -> Fragments:
        path = self.path(number)
        part = self.manifest.parts[number]
        idx = path.with_suffix(".idx")
        try:
            status = path.stat()
        except OSError:
            self._note(f"{path.name} of track {self.id} is missing")
            return np.empty(0, FRAGMENT)
        cached = read_idx(idx, status)
        if cached is not None:
            cached["part"] = number
            return within(cached, part)
        known = self.fragments[self.fragments["part"] == number]
        known = known if part.whole else known[:0]
        found = self._scan_part(path, known)
        found["part"] = number
        # What is damaged is scanned each time it is opened, so that each time it is said.
        whole = not any(path.name in damage for damage in self.damage)
        if whole and clock.time() - status.st_mtime > AT_REST_SECONDS:
            write_idx(idx, status, found)
        return within(found, part)

    def _note(self, damage: str) -> None:
        if damage not in self.damage:
            self.damage.append(damage)

    def _scan_part(self, path: Path, known: Fragments) -> Fragments:
        # The newest known one may have been shortened by a part that came after it.
        known = known[:-1]
        start = int(known["offset"][-1] + known["size"][-1]) if len(known) else 0
        rows: list[tuple[int, int, int, int, int, bool]] = []
        at: int | None = start
        with path.open("rb") as file:
            while at is not None:
                try:
                    for ref in fmp4.scan(file, at):
                        if ref.time + ref.duration > _LAST:
                            raise MediaError(f"a fragment claims to end at {ref.time:,} ticks")
                        rows.append((ref.time, ref.duration, ref.offset, ref.size, 0, ref.key))
                        at = ref.offset + ref.size
                    break
                except MediaError as error:
                    self._note(f"{path.name} of track {self.id}: {error.message}")
                    at = fmp4.find_fragment(file, at + 8)
        return np.concatenate([known, np.array(rows, FRAGMENT)])


def _timed(
    samples: list[fmp4.Sample], time: int, following: int | None, part: int
) -> Iterator[StoredSample]:
    for at, sample in enumerate(samples):
        duration = sample.duration
        if following is not None and (at == len(samples) - 1 or time + duration > following):
            duration = following - time
        if duration <= 0:
            return
        yield StoredSample(time, duration, sample.data, sample.key, part)
        time += duration


def _put(out: Floats, at: int, block: Floats) -> None:
    """Copy ``block`` into ``out`` at ``at``, as far as it lies within; channels are matched."""
    block = matched(block, out.shape[1])
    low, high = max(at, 0), min(at + len(block), len(out))
    if low < high:
        out[low:high] = block[low - at : high - at]


def matched(sound: Floats, channels: int) -> Floats:
    """(n, any) as (n, channels): through mono where the numbers differ."""
    if sound.shape[1] == channels:
        return sound
    return np.repeat(sound.mean(axis=1, keepdims=True, dtype=np.float32), channels, axis=1)


def resample(sound: Floats, native: int, rate: int, count: int) -> Floats:
    """(n, channels) at another rate, as exactly ``count`` samples."""
    if native != rate and len(sound):
        layout = "mono" if sound.shape[1] == 1 else "stereo"
        resampler = av.AudioResampler("fltp", layout, rate)
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(sound.T), "fltp", layout)
        frame.sample_rate = native
        blocks = [*resampler.resample(frame), *resampler.resample(None)]
        sound = np.concatenate([block.to_ndarray().T for block in blocks])
    if len(sound) < count:
        sound = np.pad(sound, ((0, count - len(sound)), (0, 0)))
    return np.ascontiguousarray(sound[:count], np.float32)
