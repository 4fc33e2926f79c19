"""How loud a channel is."""

from __future__ import annotations

import math
import threading

import numpy as np

from jupyter_capture.recorder.sources.base import Pcm

FLOOR = -100.0
"""dBFS of digital silence, and of a channel that gives nothing."""


class LevelMeter:
    """Collects samples in one thread; gives their level (RMS, dBFS) to another."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._power = 0.0
        self._count = 0
        self.last = FLOOR

    def add(self, pcm: Pcm) -> None:
        with self._lock:
            self._power += float(np.square(pcm, dtype=np.float64).sum())
            self._count += pcm.size

    def take(self) -> float:
        """The level since the last call, -100 to 0."""
        with self._lock:
            mean = self._power / self._count if self._count else 0.0
            self._power, self._count = 0.0, 0
            self.last = max(FLOOR, round(10 * math.log10(mean), 1)) if mean > 1e-10 else FLOOR
            return self.last
