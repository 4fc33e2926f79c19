"""The sound of one channel for whoever listens while it is recorded."""

from __future__ import annotations

import base64
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from jupyter_capture.recorder.channel import Tell
from jupyter_capture.recorder.clock import MediaClock
from jupyter_capture.recorder.sources.base import SAMPLE_RATE, Pcm
from jupyter_capture.wire.recorder import HEARD_RATE, Report

_STEP = SAMPLE_RATE // HEARD_RATE
_BLOCK = SAMPLE_RATE // 10
_TAPS = 63
_CUTOFF = 7200 / SAMPLE_RATE


def _low_pass() -> npt.NDArray[np.float32]:
    """What lies above half of the lower rate would come back as noise."""
    at = np.arange(_TAPS) - _TAPS // 2
    taps = np.sinc(2 * _CUTOFF * at) * np.hamming(_TAPS)
    normed: npt.NDArray[np.float32] = (taps / taps.sum()).astype(np.float32)
    return normed


class Ear:
    """Turns the blocks of a channel into ``pcm`` reports, in memory alone.

    ``wanted``: whether anybody listens at the moment. While nobody does, a block costs nothing
    but that question.
    """

    _LOW_PASS = _low_pass()

    def __init__(
        self, channel_id: str, clock: MediaClock, tell: Tell, wanted: Callable[[str], bool]
    ) -> None:
        self._channel_id = channel_id
        self._clock = clock
        self._tell = tell
        self._wanted = wanted
        self._parts: list[npt.NDArray[np.float32]] = []
        self._before = np.zeros(_TAPS - 1, np.float32)
        self._first = 0
        self._next: int | None = None
        self._kept = True

    @property
    def open(self) -> bool:
        """Whether to hand blocks to `hear`."""
        if self._wanted(self._channel_id):
            return True
        if self._parts:
            self._forget()
        return False

    def hear(self, position: int, pcm: Pcm, kept: bool) -> None:
        """Samples (n, channels) at 48 kHz from a media sample on; ``kept``: they are stored."""
        if self._next != position:
            self._forget()
            self._first = position
        self._parts.append(pcm.mean(axis=1, dtype=np.float32))
        self._next = position + len(pcm)
        self._kept = self._kept and kept
        if self._next - self._first >= _BLOCK:
            self._say()

    def _say(self) -> None:
        sound = np.concatenate(self._parts)
        whole = len(sound) // _STEP * _STEP
        fed = np.concatenate([self._before, sound[:whole]])
        low = np.convolve(fed, self._LOW_PASS, "valid")[::_STEP]
        samples = np.clip(low * 32767, -32768, 32767).astype("<i2")
        at = self._first / SAMPLE_RATE
        data = {
            "channel_id": self._channel_id,
            "at": at,
            "unix": self._clock.unix(at),
            "kept": self._kept,
            "pcm": base64.b64encode(samples.tobytes()).decode(),
        }
        self._before = fed[-(_TAPS - 1) :]
        self._parts = [sound[whole:]]
        self._first += whole
        self._kept = True
        self._tell(Report(report="pcm", data=data))

    def _forget(self) -> None:
        self._parts = []
        self._before = np.zeros(_TAPS - 1, np.float32)
        self._next = None
        self._kept = True
