"""The outline of a stored sound: its lowest and highest sample in each short stretch."""

from __future__ import annotations

from math import ceil

import numpy as np
import numpy.typing as npt

from jupyter_capture.errors import MediaError
from jupyter_capture.media.tracks import StoredTrack

RATES = (50, 10, 2)
"""Buckets a second, the finest first. Each is made of the one before."""
MOST_CHANNELS = 2

Peaks = npt.NDArray[np.int8]

_RATE = 48000
_BLOCK = 60
"""Seconds decoded at a time."""


def waveform(track: StoredTrack, seconds: float) -> Peaks:
    """Shape (buckets, channels, 2), the last axis (lowest, highest), full scale ±127.

    ``RATES[0]`` buckets a second over exactly ``seconds``; silence where nothing is stored, and
    where what is stored is damaged.
    """
    count = ceil(seconds * RATES[0])
    channels = min(getattr(track.manifest.codec, "channels", 1), MOST_CHANNELS)
    out = np.zeros((count, channels, 2), np.int8)
    per_block = _BLOCK * RATES[0]
    for first in range(0, count, per_block):
        last = min(first + per_block, count)
        try:
            sound = track.pcm(first / RATES[0], last / RATES[0], _RATE, mono=False)
        except MediaError:
            continue
        buckets = sound[:, :channels].reshape(last - first, _RATE // RATES[0], -1)
        out[first:last, :, 0] = _bytes(buckets.min(axis=1))
        out[first:last, :, 1] = _bytes(buckets.max(axis=1))
    return out


def coarser(peaks: Peaks, rate: int) -> Peaks:
    """The same at another of `RATES`."""
    step = RATES[0] // rate
    whole = ceil(len(peaks) / step) * step
    # What is added at the end must not show: it repeats the last bucket.
    padded = np.concatenate([peaks, np.repeat(peaks[-1:], whole - len(peaks), axis=0)])
    groups = padded.reshape(-1, step, *peaks.shape[1:])
    return np.stack([groups[..., 0].min(axis=1), groups[..., 1].max(axis=1)], axis=-1)


def _bytes(values: npt.NDArray[np.float32]) -> Peaks:
    return np.clip(np.rint(values * 127), -127, 127).astype(np.int8)
