"""What live transcripts heard on kept channels, so that nobody hears it a second time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from jupyter_capture.engine.transcribe.sentences import Word
from jupyter_capture.engine.transcribe.voices import Stretch

Clock = Callable[[float], float]
"""Unix seconds to media seconds."""

_UNHEARD = 0.5
"""Seconds of a voice that may lie outside of what was heard: two ears cut a little differently."""


@dataclass
class Told:
    """Utterances as a live transcript tells them: ``decoded`` (the channel), ``start``, ``end`` and
    ``words``, in Unix seconds. Any thread may add."""

    _said: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, said: dict[str, Any]) -> None:
        with self._lock:
            self._said.setdefault(said["decoded"], []).append(said)

    def words(self, channel_id: str, stretch: Stretch, clock: Clock) -> tuple[Word, ...] | None:
        """The words of a stretch of a channel's track; None where not all of it was heard."""
        with self._lock:
            spans = [
                (clock(said["start"]), clock(said["end"]), said["words"])
                for said in self._said.get(channel_id, ())
            ]
        near = [span for span in spans if span[1] > stretch.start and span[0] < stretch.until]
        if not near or not all(_covered(voice, near) for voice in stretch.voices):
            return None
        words = [
            (str(word), clock(start), clock(end))
            for _, _, found in near
            for word, start, end in found
        ]
        # An utterance may reach over the stretch's end: then the next one gets the rest.
        return tuple(
            word
            for word in sorted(words, key=lambda word: word[1])
            if stretch.start <= (word[1] + word[2]) / 2 < stretch.until
        )


def _covered(voice: tuple[float, float], spans: list[tuple[float, float, Any]]) -> bool:
    heard = sum(max(0.0, min(voice[1], end) - max(voice[0], start)) for start, end, _ in spans)
    return voice[1] - voice[0] - heard <= _UNHEARD
