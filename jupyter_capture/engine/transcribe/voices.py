"""Where somebody speaks: a recording cut at pauses into pieces that Whisper hears at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

RATE = 16_000
Pcm = npt.NDArray[np.float32]
Read = Callable[[float, float], Pcm]
"""(start, end) in seconds -> the sound there."""

BLOCK = 120.0  # seconds looked at for voices at a time
PIECE = 28.0  # the longest piece (seconds); Whisper's window is 30
_GAP = 3.0  # a longer silence ends a piece
_PAD = 0.3  # silence kept around a voice, for its soft beginnings and ends


@dataclass(frozen=True)
class Stretch:
    """Sound from ``start`` (seconds) on, with ``voices`` in it (start, end), or none (empty).
    Whoever goes on at ``until`` misses nothing."""

    start: float
    until: float
    pcm: Pcm
    voices: tuple[tuple[float, float], ...] = ()


def stretches(read: Read, start: float, end: float, over: bool = True) -> Iterator[Stretch]:
    """The pieces from ``start`` to ``end`` (seconds), in order, without overlap.

    ``over``: nothing comes after ``end``. Else what may go on there is left for the next time, so
    that a recording which grows is cut as one that is whole.
    """
    while end - start > 1 / RATE:
        stop = min(start + BLOCK, end)
        block = np.ascontiguousarray(read(start, stop), dtype=np.float32)
        if not len(block):
            return
        voices = _voices(block)
        groups = _grouped(voices)
        last = over and stop >= end
        resume = stop
        if not last and groups and groups[-1][1] >= len(block) - _GAP * RATE:
            # More of it may come. It is much shorter than a block, so the next one holds it whole.
            resume = start + groups.pop()[0] / RATE
        for first, ended in groups:
            within = tuple(
                (start + voice[0] / RATE, start + voice[1] / RATE)
                for voice in voices
                if first <= voice[0] < ended
            )
            yield Stretch(start + first / RATE, start + ended / RATE, block[first:ended], within)
        if resume == start:
            return  # all that there is may go on
        yield Stretch(resume, resume, block[:0])
        start = resume


def _voices(block: Pcm) -> list[tuple[int, int]]:
    """Where somebody speaks: sample ranges of at most ``PIECE`` seconds."""
    from faster_whisper.vad import VadOptions, get_speech_timestamps

    found = get_speech_timestamps(
        block,
        VadOptions(
            min_speech_duration_ms=150,
            min_silence_duration_ms=500,
            max_speech_duration_s=PIECE,
            speech_pad_ms=int(_PAD * 1000),
        ),
    )
    return [(int(voice["start"]), int(voice["end"])) for voice in found]


def _grouped(voices: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    groups: list[tuple[int, int]] = []
    for first, stop in voices:
        near = groups and first - groups[-1][1] <= _GAP * RATE
        if near and stop - groups[-1][0] <= PIECE * RATE:
            groups[-1] = (groups[-1][0], stop)
        else:
            groups.append((first, stop))
    return groups
