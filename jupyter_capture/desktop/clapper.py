"""A clapperboard: a flash on the virtual screen and a click from its speakers, at one moment."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from types import TracebackType

import numpy as np
from PIL import Image

from jupyter_capture.desktop.virtual import VirtualDesktop
from jupyter_capture.desktop.window import Root

RATE = 48000
_BLOCK = RATE // 100
_PIPE = 4096
_AHEAD = _PIPE / 4 / RATE  # seconds of sound in the pipe
_CLICK = RATE // 20
FLASH_SECONDS = 0.25
DARK_SECONDS = 0.15
"""Between two flashes: several frames of a recording, else they would be one."""


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
        time_of = np.arange(_CLICK) / RATE
        tone = np.sin(2 * np.pi * 1500 * time_of) * 26000
        self._click = np.repeat(tone.astype("<i2"), 2)
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
