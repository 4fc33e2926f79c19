"""Hears the channels of one recording and says what is spoken there, or what is written.

What it hears and what it says lies in memory alone: sound and pictures come over a socket, words
go out over a pipe, and nothing is written or logged, because a channel may be live only.

In, one JSON object a line: the order (``socket``, ``threads``, and either ``see`` or ``model``,
``cache`` and ``models``), then ``{"listen": channel}`` and ``{"unlisten": channel}``. Out:
``{"heard": channel}`` and ``{"refused": channel, "error", "error_code"}``, ``{"ended": channel}``
after its last words, and the words themselves; ``{"ready": true}`` once the model is loaded,
``{"lost": true}`` once nothing comes any more, though words may still be decoded,
``{"broken", "error_code"}`` where it cannot be. It ends with its engine, whose end is that of
standard input, and with the recording.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import resource
import socket
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from jupyter_capture.engine.live.decoder import DRAFT_EVERY, Decoder
from jupyter_capture.engine.live.endpoint import Endpointer, SileroVoice
from jupyter_capture.engine.live.line import Line, Say, give_up, obey
from jupyter_capture.engine.live.process import UNREACHABLE
from jupyter_capture.engine.live.seeing import Seeing
from jupyter_capture.engine.models import find_speech_model
from jupyter_capture.engine.screen import Reader
from jupyter_capture.engine.transcribe import Transcriber
from jupyter_capture.media.limits import give_back_every
from jupyter_capture.wire.recorder import Report

_PROBABLY_OVER = 0.2  # seconds of silence after which what was said is decoded, perhaps for good


def main() -> int:
    # Whatever a library prints must not end up between our lines; no dump of our memory either.
    out = os.fdopen(os.dup(sys.stdout.fileno()), "w", buffering=1)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    give_back_every()
    order = json.loads(sys.stdin.readline())
    line = socket.socket(socket.AF_UNIX)
    try:
        line.connect(order["socket"])
    except OSError:
        return UNREACHABLE
    said = threading.Lock()

    def say(message: dict[str, Any]) -> None:
        with said, contextlib.suppress(BrokenPipeError):
            out.write(json.dumps(message) + "\n")

    def fail(error: Exception, what: str) -> None:
        give_up(error, f"live {what}", say)

    if order.get("see"):
        os.nice(5)  # the recording goes first, and so do words
        seeing = Seeing(line, Reader(order["threads"]), say, lambda error: fail(error, "screen"))
        threading.Thread(target=obey, args=(seeing,), daemon=True).start()
        seeing.start()
        seeing.run()
        say({"lost": True})
        seeing.join()
    else:
        _hear(line, order, say, lambda error: fail(error, "transcript"))
    out.flush()
    # The thread that waits for the engine's word would keep the interpreter from its end.
    os._exit(0)


def _hear(
    line: socket.socket, order: dict[str, Any], say: Say, fail: Callable[[Exception], None]
) -> None:
    def load() -> Transcriber:
        model = find_speech_model(order["model"], Path(order["cache"]), Path(order["models"]))
        return Transcriber(model, order["threads"])

    decoder = Decoder(load, say, fail)
    hearing = Hearing(line, decoder, say)
    threading.Thread(target=obey, args=(hearing,), daemon=True).start()
    decoder.start()
    hearing.run()
    say({"lost": True})
    decoder.end()
    decoder.join()


class Hearing(Line):
    """Cuts what comes over the line into utterances."""

    def __init__(self, line: socket.socket, decoder: Decoder, say: Say) -> None:
        super().__init__(line, say)
        self._decoder = decoder
        self._ends: dict[str, Endpointer] = {}
        self._offered: dict[str, tuple[float, Any]] = {}

    def take(self, report: Report) -> None:
        if report.report == "pcm":
            self._hear(report.data)

    def begin(self, channel_id: str) -> None:
        self._ends.setdefault(channel_id, Endpointer(channel_id, SileroVoice()))

    def end(self, channel_id: str) -> None:
        end = self._ends.pop(channel_id, None)
        for utterance in end.finish() if end else ():
            self._decoder.final(utterance)
        self._decoder.end(channel_id)
        if not self._ends:
            self._decoder.rest()  # once that is done

    def over(self) -> None:
        for end in self._ends.values():
            for utterance in end.finish():
                self._decoder.final(utterance)

    def _hear(self, data: dict[str, Any]) -> None:
        end = self._ends.get(data["channel_id"])
        if end is None:
            return
        samples = np.frombuffer(base64.b64decode(data["pcm"]), "<i2").astype(np.float32)
        samples /= 32768
        for utterance in end.hear(data["unix"], samples, data["kept"]):
            self._decoder.final(utterance)
        self._offer(end)

    def _offer(self, end: Endpointer) -> None:
        """A draft, once in a while, and when it is probably the whole utterance."""
        utterance = end.open
        if utterance is None:
            return
        at, last = self._offered.get(end.channel_id, (0.0, None))
        over = end.silence >= _PROBABLY_OVER and last != (utterance.key, True)
        speaking = end.silence < _PROBABLY_OVER / 2
        now = time.monotonic()
        due = speaking and now - at >= self._decoder.pace
        long_enough = len(utterance.pcm) >= DRAFT_EVERY * 16_000
        if over or (due and long_enough):
            self._offered[end.channel_id] = (now, (utterance.key, over))
            self._decoder.draft(utterance)
