"""Microphones and the sound of the machine, off Linux, through SoundCard."""

from __future__ import annotations

import time
from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np

from jupyter_capture.errors import DeviceError, UnknownChannelError
from jupyter_capture.recorder.sources.base import SAMPLE_RATE, Sound, SourceLostError

_BLOCK = 960  # 20 ms


class CardSound:
    """``mic:<device>`` (mono) or ``system_audio:<device>`` (stereo: what that output plays)."""

    def __init__(
        self, channel_id: str, library: Callable[[], Any] = lambda: import_module("soundcard")
    ) -> None:
        self.channel_id = channel_id
        prefix, _, self._device = channel_id.partition(":")
        self._loopback = prefix == "system_audio"
        self.channels = 2 if self._loopback else 1
        self._library = library
        self._recorder: Any = None

    def open(self) -> None:
        try:
            card = self._library()
            device = self._find(card)
            recorder = device.recorder(SAMPLE_RATE, channels=self.channels, blocksize=_BLOCK)
            recorder.__enter__()
        except UnknownChannelError:
            raise
        except Exception as error:
            # SoundCard raises whatever the platform gives it.
            raise DeviceError(
                f"{self.channel_id} cannot be opened ({error!r}). Check that it is plugged in, and "
                "that this program may use it in the system's privacy settings."
            ) from error
        self._recorder = recorder

    def read(self) -> Sound:
        try:
            pcm = self._recorder.record(_BLOCK)
        except Exception as error:
            raise SourceLostError(f"the sound device is gone ({error!r})") from error
        return Sound(time.monotonic_ns(), np.ascontiguousarray(pcm, np.float32))

    def close(self) -> None:
        recorder, self._recorder = self._recorder, None
        if recorder is not None:
            recorder.__exit__(None, None, None)

    def _find(self, card: Any) -> Any:
        if self._device == "default":
            if not self._loopback:
                return card.default_microphone()
            return card.get_microphone(card.default_speaker().id, include_loopback=True)
        found = [
            one
            for one in card.all_microphones(include_loopback=self._loopback)
            if one.isloopback == self._loopback and self._device in (str(one.id), one.name)
        ]
        if not found:
            raise UnknownChannelError(f"There is no {self.channel_id!r} here.")
        return found[0]
