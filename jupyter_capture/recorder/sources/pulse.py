"""Microphones and the sound of the machine, from PulseAudio or PipeWire, through SoundCard."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Mapping
from typing import Any

import numpy as np

from jupyter_capture.errors import CaptureError, DeviceError, UnknownChannelError
from jupyter_capture.recorder.sources.base import SAMPLE_RATE, Pcm, Sound, SourceLostError

_BLOCK = 960  # 20 ms
_LOOK = 0.047  # s
"""How often the sound that came is fetched. Each waking costs more than the sound in it; and no
multiple of a block, so that some block of every half second has only just come."""
_LOOK_AT_FIRST = 0.004
_FIRST_SECONDS = 1.0
"""While the place of the sound is found out."""
_lock = threading.Lock()


def sound_server() -> Any:
    """The SoundCard module, connected. Raises DeviceError where no sound server answers.

    Importing it connects, and asserts that it worked; a connection that broke is made anew.
    """
    with _lock:
        try:
            import soundcard
            from soundcard import pulseaudio

            if pulseaudio._pulse._pa_context_get_state(pulseaudio._pulse.context) != (
                pulseaudio._pa.PA_CONTEXT_READY
            ):
                pulseaudio._pulse = pulseaudio._PulseAudio()
        except (AssertionError, OSError, ImportError) as error:
            raise DeviceError(
                "No sound server answers, so neither microphone nor system audio can be "
                "recorded. Start PulseAudio (Debian package pulseaudio: `pulseaudio --start`) or "
                "PipeWire with pipewire-pulse, or set PULSE_SERVER to a running one."
            ) from error
        return soundcard


class PulseSound:
    """``mic:<device>`` (mono) or ``system_audio:<device>`` (stereo: what that sink plays).

    A device is ``default``, or an id or name as `jupyter_capture.recorder.channels` lists it.
    """

    def __init__(self, channel_id: str, environ: Mapping[str, str] = os.environ) -> None:
        self.channel_id = channel_id
        prefix, _, self._device = channel_id.partition(":")
        self._loopback = prefix == "system_audio"
        self.channels = 2 if self._loopback else 1
        self._recorder: Any = None
        self._opened: str | None = None
        self._settled = 0.0

    def open(self) -> None:
        soundcard = sound_server()
        try:
            device = self._again(soundcard) if self._opened else self._find(soundcard)
            recorder = _recorder(device.id, self.channels)
            recorder.__enter__()
        except CaptureError:
            raise
        except Exception as error:
            # SoundCard raises IndexError, AssertionError, TypeError and RuntimeError alike.
            raise DeviceError(
                f"{self.channel_id} cannot be opened: the sound server refused ({error!r}). "
                "Check it with `pactl info` and `pactl list short sources`."
            ) from error
        self._recorder, self._opened, self._settled = recorder, device.id, 0.0

    def read(self) -> Sound:
        while True:
            fast = time.monotonic() < self._settled or not self._settled
            time.sleep(_LOOK_AT_FIRST if fast else _LOOK)
            try:
                pcm = self._recorder.take()
            except Exception as error:
                raise SourceLostError(f"the sound device is gone ({error!r})") from error
            if len(pcm):
                self._settled = self._settled or time.monotonic() + _FIRST_SECONDS
                return Sound(time.monotonic_ns(), pcm)

    def close(self) -> None:
        recorder, self._recorder = self._recorder, None
        if recorder is None:
            return
        pulse = sound_module()._pulse
        if pulse._pa_stream_get_state(recorder.stream) == sound_module()._pa.PA_STREAM_READY:
            recorder.__exit__(None, None, None)

    def _again(self, soundcard: Any) -> Any:
        """The device of before, not what ``default`` means by now: that may be live only."""
        for device in soundcard.all_microphones(include_loopback=True):
            if device.id == self._opened:
                return device
        raise DeviceError(f"{self.channel_id} is not back: {self._opened} is not there.")

    def _find(self, soundcard: Any) -> Any:
        if self._loopback:
            return self._find_monitor(soundcard)
        microphones = soundcard.all_microphones()
        if self._device == "default":
            if not microphones:
                raise DeviceError(
                    f"{self.channel_id} cannot be recorded: the sound server has no microphone. "
                    "Plug one in, or check `pactl list short sources`."
                )
            chosen = soundcard.default_microphone()
            return microphones[0] if chosen.isloopback else chosen
        return _named(self.channel_id, self._device, "mic", microphones)

    def _find_monitor(self, soundcard: Any) -> Any:
        speakers = soundcard.all_speakers()
        if self._device == "default":
            if not speakers:
                raise DeviceError(
                    f"{self.channel_id} cannot be recorded: the sound server has no output. "
                    "Check `pactl list short sinks`."
                )
            speaker = soundcard.default_speaker()
        else:
            speaker = _named(self.channel_id, self._device, "system_audio", speakers)
        return soundcard.get_microphone(f"{speaker.id}.monitor", include_loopback=True)


def sound_module() -> Any:
    from soundcard import pulseaudio

    return pulseaudio


def _recorder(device: str, channels: int) -> Any:
    """SoundCard's recorder, tied to its device.

    Left to itself, the server moves the stream of a device that vanishes to any other one: then a
    channel that is live only would end up in the track of one that is kept.
    """
    pulseaudio = sound_module()
    base: Any = pulseaudio._Recorder

    class Tied(base):  # type: ignore[misc]
        def _connect_stream(self, attributes: Any) -> None:
            flags = pulseaudio._pa.PA_STREAM_ADJUST_LATENCY | pulseaudio._pa.PA_STREAM_DONT_MOVE
            connect = pulseaudio._pulse._pa_stream_connect_record
            connect(self.stream, self._id.encode(), attributes, flags)

        def take(self) -> Pcm:
            """All that came since the last time, (n, channels). Raises where the stream failed."""
            pulse, pa, ffi = pulseaudio._pulse, pulseaudio._pa, pulseaudio._ffi
            data, size = ffi.new("void**"), ffi.new("size_t*")
            pieces: list[bytes] = []
            with pulse._lock_mainloop():
                if pa.pa_stream_get_state(self.stream) != pa.PA_STREAM_READY:
                    raise RuntimeError("its stream has ended")
                while pa.pa_stream_readable_size(self.stream):
                    if pa.pa_stream_peek(self.stream, data, size) < 0 or not size[0]:
                        break
                    there = data[0] != ffi.NULL  # else a hole of that size
                    pieces.append(bytes(ffi.buffer(data[0], size[0]) if there else size[0]))
                    pa.pa_stream_drop(self.stream)
            return np.frombuffer(b"".join(pieces), np.float32).reshape(-1, self.channels)

    return Tied(device, SAMPLE_RATE, channels, _BLOCK)


def _named(channel_id: str, device: str, prefix: str, devices: list[Any]) -> Any:
    for found in devices:
        if device in (found.id, found.name):
            return found
    known = ", ".join([f"{prefix}:default", *(f"{prefix}:{found.id}" for found in devices)])
    raise UnknownChannelError(f"There is no {channel_id!r} here. On this machine: {known}.")
