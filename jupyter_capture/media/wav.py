"""The sound of a plan: decoded, in one form all through, and as a WAV file."""

from __future__ import annotations

import wave
from collections.abc import Callable, Sequence
from pathlib import Path

import av
import numpy as np

from jupyter_capture.errors import InvalidRequestError
from jupyter_capture.media import cut
from jupyter_capture.media.fmp4 import Sample
from jupyter_capture.media.plan import AudioSegment, Plan
from jupyter_capture.media.tracks import AAC_FRAME, Floats, matched, resample

_MOST_BYTES = (1 << 32) - (1 << 16)
"""A WAV file counts its bytes in 32 bits."""


class PlanSound:
    """Decodes packets of any form into that of the widest: ``rate``, one or two ``channels``."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        widest = max(plan.audio_inits, key=lambda config: (config.channels, config.rate))
        self.rate = widest.rate
        self.channels = min(widest.channels, 2)
        self._decoder: av.AudioCodecContext | None = None
        self._form = -1

    def take(self, segment: AudioSegment, samples: Sequence[Sample]) -> Floats:
        """Shape (n, channels)."""
        if self._decoder is None or self._form != segment.init:
            self._form = segment.init
            self._decoder = av.AudioCodecContext.create("aac", "r")
            self._decoder.extradata = self._plan.audio_inits[segment.init].asc
        frames = [f for s in samples for f in self._decoder.decode(av.Packet(s.data))]
        sound: Floats = np.concatenate([frame.to_ndarray().T for frame in frames])
        count = round(segment.packets * AAC_FRAME * self.rate / segment.rate)
        return matched(resample(sound, segment.rate, self.rate, count), self.channels)


def write_wav(plan: Plan, path: Path, progress: Callable[[float], None] | None = None) -> None:
    """16 bit PCM. Raises InvalidRequestError where it is longer than such a file can be."""
    sound = PlanSound(plan)
    size = round(plan.seconds * sound.rate) * sound.channels * 2
    if size > _MOST_BYTES:
        raise InvalidRequestError(
            f"A WAV file holds at most 4 GB; this would take {size / 1e9:.1f}. Save it as .m4a, or "
            "save a shorter shot."
        )
    with wave.open(str(path), "wb") as file:
        file.setnchannels(sound.channels)
        file.setsampwidth(2)
        file.setframerate(sound.rate)
        for segment in plan.audio:
            block = sound.take(segment, cut.samples(plan, segment))
            file.writeframes(np.clip(np.rint(block * 32767), -32768, 32767).astype("<i2").tobytes())
            if progress:
                at = (segment.time + segment.packets * AAC_FRAME) / segment.rate
                progress(min(1.0, at / max(plan.seconds, 1e-9)))
