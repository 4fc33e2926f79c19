"""Where somebody begins and ends to speak, found while the sound comes in."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

RATE = 16_000
CHUNK = 512
"""Samples that the voice detector hears at a time: 32 ms."""
SILENCE = 0.4
"""Seconds without a voice that end an utterance."""
LONGEST = 15.0
"""Seconds at which an utterance is cut, at its quietest place of late."""

_VOICE = 0.5
_NO_VOICE = 0.35
_SECONDS = CHUNK / RATE
_BEFORE = 10  # chunks kept before a voice, for its soft beginning
_AFTER = 0.3  # seconds kept of the silence after it
_SHORTEST = 4  # chunks with a voice; fewer are a click
_CUT_WITHIN = 4.0  # seconds
_HOLE = 0.25  # seconds that may be missing between two blocks, or come twice

Pcm = npt.NDArray[np.float32]
Voice = Callable[[Pcm], float]


class SileroVoice:
    """How likely it is that a chunk holds a voice (0 to 1), given those before it.

    The detector is the one that comes with faster-whisper, fed chunk by chunk.
    """

    def __init__(self) -> None:
        from faster_whisper.vad import get_vad_model

        self._session = get_vad_model().session
        self.reset()

    def reset(self) -> None:
        self._memory = {name: np.zeros((1, 1, 128), np.float32) for name in ("h", "c")}
        self._context = np.zeros(64, np.float32)

    def __call__(self, chunk: Pcm) -> float:
        heard = np.concatenate([self._context, chunk])[None, :]
        found, self._memory["h"], self._memory["c"] = self._session.run(
            None, {"input": heard, **self._memory}
        )
        self._context = chunk[-64:]
        return float(np.ravel(found)[0])


@dataclass(frozen=True)
class Chunk:
    pcm: Pcm
    voice: float
    unix: float
    kept: bool


@dataclass(frozen=True)
class Utterance:
    """Sound with a voice in it, 16 kHz. ``start``: Unix seconds; ``kept``: all of it is stored.

    ``number`` and ``voiced`` tell whether two are the same: only silence may have come between.
    """

    channel_id: str
    number: int
    voiced: int
    start: float
    pcm: Pcm
    kept: bool
    tail: float
    """Seconds of silence since the last voice."""

    @property
    def key(self) -> tuple[str, int, int]:
        return self.channel_id, self.number, self.voiced


@dataclass
class Endpointer:
    """Cuts the sound of one channel into utterances."""

    channel_id: str
    voice: SileroVoice
    _rest: Pcm = field(default_factory=lambda: np.zeros(0, np.float32))
    _before: deque[Chunk] = field(default_factory=lambda: deque(maxlen=_BEFORE))
    _chunks: list[Chunk] = field(default_factory=list)
    _last_voice: int = -1  # its place among the chunks
    _open: bool = False
    _number: int = 0
    _next: float | None = None

    def hear(self, unix: float, pcm: Pcm, kept: bool) -> list[Utterance]:
        """The next block, heard at a Unix time; the utterances that ended with it."""
        ended = []
        if self._next is not None and abs(unix - self._next) > _HOLE:
            ended += self.finish()
        self._next = unix + len(pcm) / RATE
        start = unix - len(self._rest) / RATE
        sound = np.concatenate([self._rest, pcm])
        whole = len(sound) // CHUNK * CHUNK
        for place in range(0, whole, CHUNK):
            piece = sound[place : place + CHUNK]
            ended += self._take(Chunk(piece, self.voice(piece), start + place / RATE, kept))
        self._rest = sound[whole:]
        return ended

    def finish(self) -> list[Utterance]:
        """What is open ends here; whatever comes next has nothing to do with it."""
        ended = list(self._close())
        self._before.clear()
        self._rest = np.zeros(0, np.float32)
        self._next = None
        self.voice.reset()
        return ended

    @property
    def open(self) -> Utterance | None:
        """What is being said, as far as it was heard."""
        return self._utterance(len(self._chunks)) if self._open else None

    @property
    def silence(self) -> float:
        """Seconds since the last voice of what is being said."""
        return (len(self._chunks) - 1 - self._last_voice) * _SECONDS

    def _take(self, chunk: Chunk) -> Iterator[Utterance]:
        if not self._open:
            if chunk.voice < _VOICE:
                self._before.append(chunk)
                return
            self._open = True
            self._number += 1
            self._chunks = [*self._before]
            self._last_voice = len(self._chunks)
            self._before.clear()
        self._chunks.append(chunk)
        if chunk.voice >= (_VOICE if self.silence > _SECONDS else _NO_VOICE):
            self._last_voice = len(self._chunks) - 1
        if self.silence >= SILENCE:
            yield from self._close()
        elif len(self._chunks) * _SECONDS >= LONGEST:
            yield from self._cut()

    def _close(self) -> Iterator[Utterance]:
        if not self._open:
            return
        spoken = sum(chunk.voice >= _VOICE for chunk in self._chunks)
        if spoken >= _SHORTEST:
            yield self._utterance(self._last_voice + 1 + round(_AFTER / _SECONDS))
        self._before.extend(self._chunks[self._last_voice + 1 :])
        self._chunks, self._open = [], False

    def _cut(self) -> Iterator[Utterance]:
        recent = range(len(self._chunks) - round(_CUT_WITHIN / _SECONDS), len(self._chunks))
        at = min(recent, key=lambda place: self._chunks[place].voice)
        yield self._utterance(at)
        self._number += 1
        self._chunks = self._chunks[at:]
        self._last_voice = max(0, self._last_voice - at)

    def _utterance(self, count: int) -> Utterance:
        chunks = self._chunks[:count]
        return Utterance(
            self.channel_id,
            self._number,
            self._last_voice,
            chunks[0].unix,
            np.concatenate([chunk.pcm for chunk in chunks]),
            all(chunk.kept for chunk in chunks),
            self.silence,
        )
