"""Kept channels are transcribed while they are recorded, as far as the machine keeps up.

One process at a time does it, behind everything else that runs on the machine: it reads what is on
the disk, so the recorder knows nothing of it. It ends with its engine and with the recording.
"""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from queue import SimpleQueue
from typing import Any

from pydantic import ValidationError

from jupyter_capture.engine.home import Home
from jupyter_capture.errors import CaptureError
from jupyter_capture.wire.recorder import MIX, Manifest

logger = logging.getLogger(__name__)

FIRST = 40.0
"""Seconds of sound before a process is started: short recordings need none."""
_LOOK = 2.0  # s
_DEATHS = 3

Orders = SimpleQueue[bytes | None]


class Ahead:
    """``recording`` names the sessions that record."""

    def __init__(
        self, home: Home, options: dict[str, Any], recording: Callable[[], Sequence[str]]
    ) -> None:
        self._home = home
        self._options = options
        self._recording = recording
        self._session: str | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._deaths: dict[str, int] = {}
        self._said: dict[str, list[bytes]] = {}
        self._orders: Orders = SimpleQueue()
        self._lock = threading.Lock()
        self._started = False
        self._over = threading.Event()

    @property
    def pid(self) -> int | None:
        process = self._process
        return process.pid if process else None

    def start(self) -> None:
        self._started = True
        threading.Thread(target=self._watch, name="ahead", daemon=True).start()

    def take(self, session_id: str, said: dict[str, Any]) -> None:
        """What a live transcript heard on a kept channel needs not be heard again: ``decoded`` (the
        channel), ``start``, ``end`` and ``words``, in Unix seconds."""
        # Kept as it is handed over: hours of words take a quarter of the memory.
        line = _line(said)
        with self._lock:
            if self._started and session_id in self._recording():
                self._said.setdefault(session_id, []).append(line)
                if self._session == session_id:
                    self._orders.put(line)

    def end(self, session_id: str) -> None:
        """The recording is over: what is heard by now is kept for the index."""
        with self.held(session_id):
            self._deaths.pop(session_id, None)

    @contextmanager
    def held(self, session_id: str) -> Iterator[None]:
        """Meanwhile nobody reads the session's sound, nor writes what is heard in it."""
        with self._lock:
            if self._session == session_id:
                self._kill()
            self._said.pop(session_id, None)
            yield

    def close(self) -> None:
        self._over.set()
        with self._lock:
            self._kill()

    def _watch(self) -> None:
        while not self._over.wait(_LOOK):
            try:
                with self._lock:
                    self._look()
            except (CaptureError, OSError) as error:
                logger.warning("nothing is transcribed ahead: %s", error)

    def _look(self) -> None:
        running = list(self._recording())
        for session_id in self._said.keys() - running:
            del self._said[session_id]
        if self._process is not None and self._session is not None:
            status = self._process.poll()
            if self._session not in running:
                self._kill()
            elif status is None:
                return
            else:
                self._ended(self._session, status)
        for session_id in running:
            due = self._deaths.get(session_id, 0) < _DEATHS and not self._over.is_set()
            if due and self._sound(session_id) >= FIRST:
                self._begin(session_id)
                return

    def _ended(self, session_id: str, status: int) -> None:
        """It ends by itself where the recording does, or where there is no model."""
        self._kill()
        deaths = self._deaths.get(session_id, 0) + 1 if status else _DEATHS
        self._deaths[session_id] = deaths
        logger.info("what transcribes %s ahead ended with %d", session_id, status)

    def _begin(self, session_id: str) -> None:
        process = subprocess.Popen(
            [sys.executable, "-m", "jupyter_capture.engine.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._session, self._process, self._orders = session_id, process, SimpleQueue()
        order = {
            "home": str(self._home.root),
            "kind": "ahead",
            "args": {"session_id": session_id},
            "options": self._options,
        }
        for line in (_line(order), *self._said.get(session_id, [])):
            self._orders.put(line)
        threading.Thread(
            target=_hand_over, args=(process, self._orders), name="ahead words", daemon=True
        ).start()

    def _kill(self) -> None:
        process, self._process, self._session = self._process, None, None
        if process is not None:
            process.kill()
            process.wait()
            self._orders.put(None)

    def _sound(self, session_id: str) -> float:
        """Seconds of the longest kept sound."""
        path = self._home.session(session_id) / "manifest.json"
        try:
            manifest = Manifest.model_validate_json(path.read_bytes())
        except (OSError, ValidationError):
            return 0.0
        sounds = [track for track in manifest.tracks if track.kind == "audio"]
        return max((one.seconds for one in sounds if one.channel_id != MIX), default=0.0)


def _line(message: dict[str, Any]) -> bytes:
    return json.dumps(message).encode() + b"\n"


def _hand_over(process: subprocess.Popen[bytes], orders: Orders) -> None:
    """On a thread of its own: who comes after everything else may take long to read."""
    if process.stdin is None:
        return
    with suppress(OSError), process.stdin:
        while (line := orders.get()) is not None:
            process.stdin.write(line)
            process.stdin.flush()
