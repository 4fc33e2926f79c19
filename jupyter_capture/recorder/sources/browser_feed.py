"""What a browser sends of one channel: numbered chunks, put in order, kept until they are read.

A *take* is one run of the browser's recorder, whose chunks are one file of media when joined. They
are numbered from 0. Every chunk says at which moment of the browser's clock it was cut off; one may
be empty, and then tells that nothing new was there to see or to hear until then.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from jupyter_capture.recorder.clock import NS

PATIENCE = 60 * NS
"""For so long a browser that lost its connection may come back with what it kept."""
_LEFT = NS // 2
LARGEST_PICTURE = 36_000_000
"""Pixels: 8K."""
_LONGEST = 16384  # pixels of a side
_BYTES = 48 * 1024 * 1024
_CHUNKS = 1000
"""What waits to be read, at most (and the chunk beyond it): who sends more is kept waiting. A
browser that comes back after a minute has a quarter of that."""


@dataclass(frozen=True)
class Chunk:
    """``at``: the browser's clock (ns) when it was cut off; ``arrived``: ours. ``why`` is set in
    the last one of a take that ended."""

    take: int
    number: int
    at: int
    arrived: int
    data: bytes
    why: str | None = None


class Feed:
    """One writer (the connection), one reader (the source). All moments are monotonic ns.

    `hello()` and `chunk()` give what is to be answered. ``size``: of the pictures, as the browser
    told it.
    """

    def __init__(self, channel_id: str, clock: Callable[[], int] = time.monotonic_ns) -> None:
        self.channel_id = channel_id
        self.size = (0, 0)
        self._clock = clock
        self._chunks: deque[Chunk] = deque()
        self._bytes = 0
        self._over = False
        self._there = threading.Condition()
        self._take: int | None = None
        self._next = 0
        self._ended: str | None = None
        self._ended_at = 0
        self._connections = 0
        self._silent_since = clock()
        self._latest = 0
        self._left = False

    # -- the connection's side

    def connect(self) -> int:
        """The number of this connection, for `leave()`."""
        with self._there:
            self._connections += 1
            self._latest += 1
            self._left = False
            return self._latest

    def disconnect(self) -> None:
        with self._there:
            self._connections -= 1
            self._silent_since = self._clock()
            self._there.notify_all()

    def leave(self, connection: int) -> None:
        """The page said that it is being closed. What shared before another did does not count."""
        with self._there:
            if connection != self._latest:
                return
            self._left = True
            self._silent_since = self._clock()
            self._there.notify_all()

    def hello(self, header: dict[str, Any]) -> dict[str, Any]:
        """What of a take is here already. ``take`` is None where nothing can be gone on with."""
        with self._there:
            width, height = int(header.get("width") or 0), int(header.get("height") or 0)
            if (
                0 < width <= _LONGEST
                and 0 < height <= _LONGEST
                and width * height <= LARGEST_PICTURE
            ):
                self.size = (width, height)
            known = self._take is not None and header.get("take") == self._take
            return {
                "type": "welcome",
                "take": self._take if known else None,
                "next": self._next if known else 0,
            }

    def chunk(self, header: dict[str, Any], data: bytes) -> dict[str, Any]:
        """``ack`` with what is here without a hole; ``again`` with what is wanted next. Waits for
        room. Raises LookupError, TypeError, ValueError or ArithmeticError for what is no chunk."""
        take, number = int(header["take"]), int(header["seq"])
        at = int(float(header["at"]) * 1_000_000)
        with self._there:
            self._there.wait_for(self._has_room)
            if self._take is not None and take < self._take:
                return {"type": "ack", "take": take, "seq": number}  # of no use any more
            if take != self._take:
                if number:
                    return {"type": "again", "take": take, "next": 0}
                self._take, self._next, self._ended = take, 0, None
            if number > self._next:
                return {"type": "again", "take": take, "next": self._next}
            if number == self._next:
                self._next += 1
                why = str(header["why"]) if header.get("why") else None
                if why:
                    self._ended, self._ended_at = why, self._clock()
                self._chunks.append(Chunk(take, number, at, self._clock(), data, why))
                self._bytes += len(data)
                self._there.notify_all()
            return {"type": "ack", "take": take, "seq": self._next - 1}

    # -- the source's side

    @property
    def sending(self) -> bool:
        """Whether a take is on its way that has not ended."""
        with self._there:
            return self._take is not None and self._ended is None and self._why_gone() is None

    def get(self, timeout: float) -> Chunk | None:
        """The next chunk, waiting for it so long (seconds)."""
        with self._there:
            if not self._chunks:
                self._there.wait(timeout)
            if not self._chunks:
                return None
            chunk = self._chunks.popleft()
            self._bytes -= len(chunk.data)
            self._there.notify_all()
            return chunk

    def waited(self, chunk: Chunk) -> int:
        """For how long (ns) a chunk has been here."""
        return self._clock() - chunk.arrived

    def reset(self) -> None:
        """Nothing more is wanted of this take: the browser is to begin another."""
        with self._there:
            self._chunks.clear()
            self._bytes = 0
            self._take = None
            self._there.notify_all()

    def end(self) -> None:
        """Nobody will read any more: nobody is kept waiting."""
        with self._there:
            self._over = True
            self._there.notify_all()

    @property
    def gone(self) -> str | None:
        """Why nothing more will come; None while it may, or while some is still to be read."""
        with self._there:
            return None if self._chunks else self._why_gone()

    @property
    def hopeless(self) -> bool:
        """Whether it is gone, and long enough so that nobody waits for it to come back."""
        with self._there:
            now = self._clock()
            if self._left:
                return now - self._silent_since > _LEFT
            if self._connections:
                return self._ended is not None and now - self._ended_at > PATIENCE
            return now - self._silent_since > PATIENCE

    @property
    def connected(self) -> bool:
        with self._there:
            return self._connections > 0

    def _has_room(self) -> bool:
        return self._over or (self._bytes < _BYTES and len(self._chunks) < _CHUNKS)

    def _why_gone(self) -> str | None:
        if self._ended is not None:
            return self._ended
        if self._left:
            return "the page that recorded was closed"
        if self._connections or self._clock() - self._silent_since <= PATIENCE:
            return None
        return "the browser's connection was lost" if self._latest else "no browser shares it"
