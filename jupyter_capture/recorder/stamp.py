"""Places blocks of sound on the line of monotonic time."""

from __future__ import annotations

from collections import deque

import numpy as np

from jupyter_capture.recorder.clock import NS, ticks
from jupyter_capture.recorder.sources.base import SAMPLE_RATE, Pcm, Sound

_WINDOW = NS // 2
_SURE_AFTER = NS // 4
_JUMP = SAMPLE_RATE * 60 // 1000
_CLOSE = SAMPLE_RATE * 2 // 1000
_STRETCH = 200  # at most one sample in 200: half a percent, which nobody hears


class SoundStamper:
    """Gives each block the monotonic sample at which it was heard, by the clock of its arrival.

    A block may arrive late, never early, so the earliest of the last half second tells the
    truth. Blocks are joined without holes while the device keeps up; small drift is stretched
    away; only where sound was lost for good does a hole open.
    """

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget the past: the device was opened anew."""
        self._next: int | None = None
        self._errors: deque[tuple[int, int]] = deque()

    def place(self, sound: Sound, rough: bool = False) -> tuple[int, Pcm]:
        """The first sample's place, and the block, perhaps a little stretched or shortened.

        ``rough``: nothing is recorded yet, so the estimate may jump.
        """
        count = len(sound.pcm)
        by_clock = ticks(sound.moment, SAMPLE_RATE) - count
        if self._next is None:
            self._next = by_clock
        self._note(sound.moment, by_clock - self._next)
        error = min(error for _, error in self._errors)
        pcm = sound.pcm
        if rough or (error > _JUMP and self._sure(sound.moment)):
            self._shift(error)
        elif error < -_JUMP:
            pcm = pcm[-error:]
            self._forgive(count - len(pcm))
        elif abs(error) > _CLOSE and count:
            wanted = max(-(count // _STRETCH), min(count // _STRETCH, error))
            pcm = _stretched(pcm, count + wanted)
            self._forgive(-wanted)
        first = self._next
        self._next = first + len(pcm)
        return first, pcm

    def _note(self, moment: int, error: int) -> None:
        self._errors.append((moment, error))
        while moment - self._errors[0][0] > _WINDOW:
            self._errors.popleft()

    def _sure(self, moment: int) -> bool:
        return moment - self._errors[0][0] >= _SURE_AFTER

    def _shift(self, error: int) -> None:
        self._next = (self._next or 0) + error
        self._forgive(-error)

    def _forgive(self, samples: int) -> None:
        """The line moved: what was measured before is off by so much less."""
        self._errors = deque((moment, error + samples) for moment, error in self._errors)


def _stretched(pcm: Pcm, count: int) -> Pcm:
    if count == len(pcm) or count < 1:
        return pcm
    at = np.linspace(0, len(pcm) - 1, count)
    columns = [np.interp(at, np.arange(len(pcm)), pcm[:, side]) for side in range(pcm.shape[1])]
    return np.stack(columns, axis=1).astype(np.float32)
