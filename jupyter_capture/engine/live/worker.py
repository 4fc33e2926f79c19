"""Hears the channels of one recording and says what is spoken there.

It is connected to the recorder directly, so the engine never carries sound. What it hears and
what it says lies in memory alone: sound comes over a socket, words go out over a pipe, and nothing
is written or logged, because a channel may be live only.

In, one JSON object a line: the order (``socket``, ``model``, ``cache``, ``threads``), then
``{"listen": channel}`` and ``{"unlisten": channel}``. Out: ``{"heard": channel}`` and
``{"refused": channel, "error", "error_code"}``, ``{"ended": channel}`` after its last words, and
the words themselves; ``{"ready": true}`` once the model is loaded, ``{"broken", "error_code"}``
where it cannot be. It ends with its engine, whose end is that of standard input, and with the
recording.
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
from collections import deque
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import ValidationError

from jupyter_capture.engine.live.decoder import DRAFT_EVERY, Decoder
from jupyter_capture.engine.live.endpoint import Endpointer, SileroVoice
from jupyter_capture.engine.live.process import BROKEN, UNREACHABLE
from jupyter_capture.engine.models import find_speech_model
from jupyter_capture.engine.transcribe import Transcriber
from jupyter_capture.errors import CaptureError, EngineError
from jupyter_capture.wire.recorder import Command, Report

_PROBABLY_OVER = 0.2  # seconds of silence after which what was said is decoded, perhaps for good


def main() -> int:
    # Whatever a library prints must not end up between our lines; no dump of our memory either.
    out = os.fdopen(os.dup(sys.stdout.fileno()), "w", buffering=1)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
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

    def load() -> Transcriber:
        model = find_speech_model(order["model"], Path(order["cache"]))
        return Transcriber(model, order["threads"])

    def fail(error: Exception) -> None:
        if not isinstance(error, CaptureError):  # which may quote what was said
            error = EngineError(f"The live transcript failed ({type(error).__name__}).")
        say({"broken": error.message, "error_code": error.code})
        out.flush()
        os._exit(BROKEN)

    decoder = Decoder(load, say, fail)
    hearing = Hearing(line, decoder, say)
    threading.Thread(target=_obey, args=(hearing,), daemon=True).start()
    decoder.start()
    hearing.run()
    decoder.end()
    decoder.join()
    out.flush()
    # The thread that waits for the engine's word would keep the interpreter from its end.
    os._exit(0)


class Hearing:
    """The line to the recorder: asks for channels, cuts what comes into utterances."""

    def __init__(self, line: socket.socket, decoder: Decoder, say: Any) -> None:
        self._line = line
        self._decoder = decoder
        self._say = say
        self._ends: dict[str, Endpointer] = {}
        self._offered: dict[str, tuple[float, Any]] = {}
        self._asked: deque[tuple[str, str]] = deque()
        self._lock = threading.Lock()

    def ask(self, cmd: Any, channel_id: str) -> None:
        with self._lock:
            self._asked.append((cmd, channel_id))
            with contextlib.suppress(OSError):  # the recording is over
                command = Command(cmd=cmd, channel_id=channel_id)
                self._line.sendall(command.model_dump_json(exclude_none=True).encode() + b"\n")

    def run(self) -> None:
        """Until the recording ends."""
        with contextlib.suppress(OSError), self._line.makefile("rb") as lines:
            for line in lines:
                if not line.startswith(b'{"report":"levels"') and self._on_report(line):
                    break
        for end in self._ends.values():
            for utterance in end.finish():
                self._decoder.final(utterance)

    def _on_report(self, line: bytes) -> bool:
        """Whether it was the last one."""
        try:
            report = Report.model_validate_json(line)
        except ValidationError:
            return False
        answers = report.report == "status" or (report.report == "failed" and "cmd" in report.data)
        if report.report == "pcm":
            self._hear(report.data)
        elif answers and self._asked:
            self._on_answer(report)
        return report.report == "stopped" or (report.report == "failed" and not answers)

    def _on_answer(self, report: Report) -> None:
        cmd, channel_id = self._asked.popleft()
        if cmd == "listen" and report.report == "failed":
            said = {"error": report.error, "error_code": report.error_code}
            self._say({"refused": channel_id, **said})
        elif cmd == "listen":
            self._ends.setdefault(channel_id, Endpointer(channel_id, SileroVoice()))
            self._say({"heard": channel_id})
        else:
            end = self._ends.pop(channel_id, None)
            for utterance in end.finish() if end else ():
                self._decoder.final(utterance)
            self._decoder.end(channel_id)
            if not self._ends:
                self._decoder.rest()  # once that is done

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


def _obey(hearing: Hearing) -> None:
    for line in sys.stdin:
        said = json.loads(line)
        for cmd in ("listen", "unlisten"):
            if cmd in said:
                hearing.ask(cmd, said[cmd])
    os._exit(1)  # the engine has ended
