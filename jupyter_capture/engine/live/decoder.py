"""Utterances to words: finals before drafts, and no draft that nobody waits for any more."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from jupyter_capture.engine.live.endpoint import RATE, Utterance
from jupyter_capture.engine.transcribe import Transcriber, Word, sentences

DRAFT_EVERY = 1.0
"""Seconds between two drafts of a channel, at least."""
_TAIL = 0.15
_WAITING = 40
"""Utterances that may wait; on a machine that cannot keep up the oldest are left out."""

Say = Callable[[dict[str, Any]], None]
Words = Sequence[Word]
"""Seconds from the utterance's start."""


class Decoder:
    """Decodes on a thread of its own. ``load`` makes the transcriber, when it is first needed."""

    def __init__(
        self, load: Callable[[], Transcriber], say: Say, fail: Callable[[Exception], None]
    ) -> None:
        self._load = load
        self._say = say
        self._fail = fail
        self._resting = False
        self._transcriber: Transcriber | None = None
        self._finals: deque[Utterance | str | None] = deque()
        self._drafts: dict[str, Utterance] = {}
        self._decoded: dict[str, tuple[tuple[str, int, int], Words]] = {}
        self._drafted: dict[str, float] = {}
        self._waiting = threading.Condition()
        self._took = 0.0
        self._thread = threading.Thread(target=self._run, name="decoder", daemon=True)

    def start(self) -> None:
        self._thread.start()

    @property
    def pace(self) -> float:
        """Seconds between two drafts that this machine can bear without holding up finals."""
        return max(DRAFT_EVERY, 2 * self._took)

    def final(self, utterance: Utterance) -> None:
        with self._waiting:
            self._drafts.pop(utterance.channel_id, None)
            waiting = [each for each in self._finals if isinstance(each, Utterance)]
            if len(waiting) >= _WAITING:
                self._finals.remove(waiting[0])
            self._finals.append(utterance)
            self._resting = False
            self._waiting.notify()

    def draft(self, utterance: Utterance) -> None:
        with self._waiting:
            self._drafts[utterance.channel_id] = utterance
            self._resting = False
            self._waiting.notify()

    def end(self, channel_id: str | None = None) -> None:
        """Say when all of a channel is decoded; with None, of all of them: then the thread ends."""
        with self._waiting:
            self._finals.append(channel_id)
            self._waiting.notify()

    def rest(self) -> None:
        """Nobody listens for now: when all is decoded, the model's memory is somebody else's."""
        with self._waiting:
            self._resting = True

    def join(self) -> None:
        self._thread.join()

    def _run(self) -> None:
        try:
            self._model()
            self._say({"ready": True})
            self._work()
        except Exception as error:
            self._fail(error)

    def _work(self) -> None:
        while True:
            with self._waiting:
                self._waiting.wait_for(lambda: self._finals or self._drafts)
                final = bool(self._finals)
                task = self._finals.popleft() if final else self._drafts.popitem()[1]
            if task is None:
                return
            if isinstance(task, str):
                self._say({"ended": task})
                if self._resting:
                    self._transcriber = None
            elif final:
                words = self._words(task)
                self._hand_on(task, words)
                self._tell(task, words, True)
            else:
                self._draft(task)

    def _draft(self, utterance: Utterance) -> None:
        words = self._words(utterance)
        with self._waiting:
            if any(
                isinstance(each, Utterance) and each.key == utterance.key for each in self._finals
            ):
                return  # it is over by now, and the final comes next
        now = time.monotonic()
        if now - self._drafted.get(utterance.channel_id, 0.0) >= DRAFT_EVERY:
            self._drafted[utterance.channel_id] = now
            self._tell(utterance, words, False)

    def _hand_on(self, utterance: Utterance, words: Words) -> None:
        """A kept channel is transcribed for its index too: not what was decoded here."""
        if utterance.kept:
            self._say(
                {
                    "decoded": utterance.channel_id,
                    "start": utterance.start,
                    "end": utterance.start + len(utterance.pcm) / RATE,
                    "words": [
                        (word, utterance.start + start, utterance.start + end)
                        for word, start, end in words
                    ],
                }
            )

    def _tell(self, utterance: Utterance, words: Words, final: bool) -> None:
        found = sentences(words)
        if not found:
            return
        self._say(
            {
                "channel_id": utterance.channel_id,
                "text": " ".join(sentence.text for sentence in found),
                "is_final": final,
                "start": utterance.start + found[0].start,
                "end": utterance.start + found[-1].end,
                "kept": utterance.kept,
            }
        )

    def _words(self, utterance: Utterance) -> Words:
        """Decoded once: a draft after which only silence came is the final."""
        key, known = self._decoded.get(utterance.channel_id, (None, ()))
        if key == utterance.key:
            return known
        began = time.monotonic()
        words = self._model().words(utterance.pcm)
        self._took = time.monotonic() - began
        if utterance.tail >= _TAIL:  # else its last sound may have been cut short
            self._decoded[utterance.channel_id] = (utterance.key, words)
        return words

    def _model(self) -> Transcriber:
        if self._transcriber is None:
            self._transcriber = self._load()
        return self._transcriber
