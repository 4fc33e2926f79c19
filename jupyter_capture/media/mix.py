"""Brings the audio channels into step and mixes them, while they are recorded."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

Pcm = npt.NDArray[np.float32]

RATE = 48000
MIX_CHANNELS = 2
_KNEE = 0.8


@dataclass(frozen=True)
class Mixed:
    """What is settled: samples ``position`` to ``position + len(mix)`` of every stem and the mix.

    ``missing``: for each stem the stretches (samples) that were filled with silence.
    """

    position: int
    stems: dict[str, Pcm]
    mix: Pcm
    missing: dict[str, list[tuple[int, int]]]


def limit(pcm: Pcm) -> Pcm:
    """Bend what is louder than 0.8 softly towards 1, and leave the rest as it is."""
    size = np.abs(pcm)
    if not size.size or size.max() <= _KNEE:
        return pcm
    bent = _KNEE + (1 - _KNEE) * np.tanh((size - _KNEE) / (1 - _KNEE))
    return np.where(size > _KNEE, np.sign(pcm) * bent, pcm).astype(np.float32)


@dataclass
class _Stem:
    channels: int
    samples: Pcm
    filled: int
    absent: bool = False
    covered: list[tuple[int, int]] = field(default_factory=list)


class Mixer:
    """Takes float32 blocks of several stems at sample positions; gives stems and their mix.

    Stems settle together: as far as all of them have arrived, and at the latest ``watermark``
    samples behind the clock. Then what is missing is silence, and what comes later is dropped
    from the stem and the mix alike, so that both always tell the same. Any thread may add.
    """

    def __init__(self, stems: dict[str, int], watermark: int = RATE, position: int = 0) -> None:
        self._lock = threading.Lock()
        self._watermark = watermark
        self._settled = position
        self._stems: dict[str, _Stem] = {}
        for name, channels in stems.items():
            self.add_stem(name, channels)

    @property
    def position(self) -> int:
        """Everything before this sample is settled."""
        with self._lock:
            return self._settled

    def add_stem(self, name: str, channels: int) -> int:
        """Let a stem (1 or 2 channels) join; gives the position from which on it is heard."""
        with self._lock:
            empty = np.zeros((0, channels), np.float32)
            self._stems[name] = _Stem(channels, empty, self._settled)
            return self._settled

    def add(self, stem: str, position: int, pcm: Pcm) -> int:
        """Put samples (n, channels) of a stem in their place; gives how many came too late."""
        with self._lock:
            track = self._stems[stem]
            late = min(len(pcm), max(0, self._settled - position))
            if late == len(pcm):
                return late
            start, end = position + late, position + len(pcm)
            self._grow(track, end)
            track.samples[start - self._settled : end - self._settled] = pcm[late:]
            track.filled = max(track.filled, end)
            _cover(track.covered, start, end)
            return late

    def take(self, now: int) -> Mixed | None:
        """What has settled since the last call, with the clock at sample ``now``; None if none."""
        with self._lock:
            if not self._stems:
                # Nobody is kept: a stem that joins later has silence until then, without a mix.
                self._settled = max(self._settled, now - self._watermark)
                return None
            present = [track.filled for track in self._stems.values() if not track.absent]
            return self._settle(min(now, max(min(present, default=now), now - self._watermark)))

    def finish(self, end: int) -> Mixed | None:
        """Settle everything up to sample ``end``; what lies beyond is dropped."""
        with self._lock:
            return self._settle(end) if self._stems else None

    def arrived(self, end: int) -> bool:
        """Whether every stem has samples up to ``end``."""
        with self._lock:
            return all(track.absent or track.filled >= end for track in self._stems.values())

    def set_absent(self, stem: str, absent: bool) -> None:
        """Whether a stem is known to give nothing for now, so that nobody waits for it."""
        with self._lock:
            self._stems[stem].absent = absent

    def _grow(self, track: _Stem, end: int) -> None:
        lacking = end - self._settled - len(track.samples)
        if lacking > 0:
            more = np.zeros((max(lacking, RATE // 2), track.channels), np.float32)
            track.samples = np.concatenate((track.samples, more))

    def _settle(self, end: int) -> Mixed | None:
        start, count = self._settled, end - self._settled
        if count <= 0:
            return None
        stems: dict[str, Pcm] = {}
        missing: dict[str, list[tuple[int, int]]] = {}
        mix = np.zeros((count, MIX_CHANNELS), np.float32)
        for name, track in self._stems.items():
            self._grow(track, end)
            stems[name] = track.samples[:count].copy()
            missing[name] = _holes(track.covered, start, end)
            mix += stems[name]  # mono goes to both sides
            track.samples = track.samples[count:]
            track.filled = max(track.filled, end)
            track.covered = [(max(a, end), b) for a, b in track.covered if b > end]
        self._settled = end
        return Mixed(start, stems, limit(mix), missing)


def _cover(covered: list[tuple[int, int]], start: int, end: int) -> None:
    """Add a stretch to a list of disjoint ones in order."""
    if covered and covered[-1][0] <= start <= covered[-1][1]:
        covered[-1] = (covered[-1][0], max(end, covered[-1][1]))
        return
    apart = [(a, b) for a, b in covered if b < start or a > end]
    touched = [(a, b) for a, b in covered if not (b < start or a > end)]
    low = min([start, *(a for a, _ in touched)])
    high = max([end, *(b for _, b in touched)])
    covered[:] = sorted([*apart, (low, high)])


def _holes(covered: list[tuple[int, int]], start: int, end: int) -> list[tuple[int, int]]:
    holes, at = [], start
    for low, high in covered:
        if low >= end:
            break
        if low > at:
            holes.append((at, low))
        at = max(at, high)
    if at < end:
        holes.append((at, end))
    return holes
