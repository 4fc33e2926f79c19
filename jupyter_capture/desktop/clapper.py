"""A clapperboard: a flash on the virtual screen and a click from its speakers, at one moment;
and how far the two lie apart in what was recorded of them."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Sequence
from itertools import pairwise
from types import TracebackType

import numpy as np
import numpy.typing as npt
from PIL import Image

from jupyter_capture.desktop.virtual import VirtualDesktop
from jupyter_capture.desktop.window import Root

RATE = 48000
_BLOCK = RATE // 100
_PIPE = 4096
_AHEAD = _PIPE / 4 / RATE  # seconds of sound in the pipe
_CLICK_SECONDS = 0.03
_LOWEST, _HIGHEST = 500.0, 6000.0  # Hz
_NEAR = 0.5  # seconds between a flash and its click, at most
_LIKE = 0.5  # how much of what is heard must be the click, 1: all
FLASH_SECONDS = 0.25
DARK_SECONDS = 0.15
"""Between two flashes: several frames of a recording, else they would be one."""


Samples = npt.NDArray[np.float32]


def click(rate: int = RATE) -> Samples:
    """The click, in -1…1. Its pitch rises: so it fits itself at one place alone, and where it
    begins is found to the sample, whatever an encoder smears before it."""
    at = np.arange(round(_CLICK_SECONDS * rate)) / rate
    sweep = _LOWEST + (_HIGHEST - _LOWEST) / 2 * at / _CLICK_SECONDS
    return np.sin(2 * np.pi * sweep * at).astype(np.float32)


def offsets(
    bright: Sequence[tuple[float, bool]], pcm: Samples, frame: float, rate: int = RATE
) -> list[float | None]:
    """Seconds from each flash to the beginning of its click; None where no click is near.

    ``bright``: when (seconds) each picture was taken, and whether the flash is on it. ``pcm``: the
    sound (n,) from second 0 on. ``frame``: seconds between two pictures taken: the flash came at
    some moment since the picture before, so the middle is the best guess and half of it the error.
    """
    flashes = [at - frame / 2 for (_, was), (at, now) in pairwise(bright) if now and not was]
    return [_to_click(flash, pcm, rate) for flash in flashes]


def _to_click(flash: float, pcm: Samples, rate: int) -> float | None:
    wanted = click(rate)
    first = max(0, round((flash - _NEAR) * rate))
    heard = pcm[first : round((flash + _NEAR) * rate) + len(wanted)].astype(np.float64)
    if len(heard) < len(wanted):
        return None
    size = 1 << (len(heard) + len(wanted)).bit_length()
    spectrum = np.fft.rfft(heard, size) * np.conj(np.fft.rfft(wanted, size))
    likeness = np.fft.irfft(spectrum, size)[: len(heard) - len(wanted) + 1]
    at = int(np.argmax(likeness))
    energy = np.square(heard[at : at + len(wanted)]).sum() * np.square(wanted).sum()
    if likeness[at] <= _LIKE * np.sqrt(energy) or energy < 1e-6:
        return None
    return (first + at) / rate - flash


class Clapper:
    """Plays silence without a break, so that a click needs no start, and is heard at once.

    ``late`` (seconds) is how long a click is on its way through the sound server; the flash waits
    as long.
    """

    late = _AHEAD

    def __init__(self, desktop: VirtualDesktop) -> None:
        self._root = Root(desktop.display)
        self._white = Image.new("RGB", self._root.size, "white")
        self._black = Image.new("RGB", self._root.size, "black")
        self._root.show(self._black)
        self._player = subprocess.Popen(
            ["pacat", "--playback", "--raw", "--format=s16le", f"--rate={RATE}", "--channels=2",
             "--device=speakers", "--latency-msec=20", "--process-time-msec=5"],
            env={**os.environ, **desktop.env},
            stdin=subprocess.PIPE,
            bufsize=0,
            pipesize=_PIPE,
        )  # fmt: skip
        self._click = np.repeat((click() * 26000).astype("<i2"), 2)
        self._wanted = threading.Event()
        self._heard = threading.Event()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._play, name="clapper", daemon=True)

    def __enter__(self) -> Clapper:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._over.set()
        self._thread.join()
        if self._player.stdin is not None:
            self._player.stdin.close()
        self._player.terminate()
        self._player.wait()
        self._root.close()

    def clap(self) -> None:
        """One flash and one click; returns once the screen was dark again for a while."""
        self._heard.clear()
        self._wanted.set()
        self._heard.wait()
        time.sleep(self.late)
        self._root.show(self._white)
        time.sleep(FLASH_SECONDS)
        self._root.show(self._black)
        time.sleep(DARK_SECONDS)

    def _play(self) -> None:
        pipe = self._player.stdin
        if pipe is None:
            return
        silence = bytes(_BLOCK * 4)
        while not self._over.is_set():
            # The pipe is short, so this waits until the server wants more: nothing piles up.
            if self._wanted.is_set():
                self._wanted.clear()
                self._heard.set()
                pipe.write(self._click.tobytes())
            else:
                pipe.write(silence)
