"""The recorder's second Unix socket: what browsers send comes in here, handed on by the engine.

A message is its length (four bytes, big endian) and its bytes. To the recorder: the length of a
JSON header, again four bytes, the header, and a chunk's media. From the recorder: JSON alone. Each
connection is one channel's, named in its first message: ``{"attach": "mic:browser"}``. Then
``hello`` (of which take, up to where), chunks (``take``, ``seq``, ``at``, in the last one of a take
``why``) and ``bye``; in answer ``welcome``, ``ack``, ``again``, and ``over`` when all is stored.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import socket
import struct
import threading
import time
from pathlib import Path
from typing import Any

from jupyter_capture.errors import EngineError
from jupyter_capture.recorder.sources.browser import BrowserPictures, BrowserSound
from jupyter_capture.recorder.sources.browser_feed import Feed
from jupyter_capture.settings import private_dir

log = logging.getLogger(__name__)

LARGEST = 16 * 1024 * 1024
"""Bytes of a message: the engine takes no larger one from a browser."""
_LINES = 4
"""Connections of a channel: one, and those that were lost and do not know it. The oldest goes."""
_BROKEN = (OSError, ValueError, LookupError, TypeError, ArithmeticError, MemoryError)
_OVER = {"type": "over", "message": "The recording has ended."}
_ON_THE_WAY = 5.0  # s
_COMING_BACK = 15.0
_MAKING = 5.0


class BrowserIntake:
    """The sources of one session's browser channels. Listens from the first one on."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._feeds: dict[str, Feed] = {}
        self._sources: list[BrowserPictures | BrowserSound] = []
        self._server: socket.socket | None = None
        self._lines: dict[socket.socket, str | None] = {}
        self._lock = threading.Lock()
        self._made = threading.Condition()
        self._over = False

    def pictures(self, channel_id: str, fps: int) -> BrowserPictures:
        source = BrowserPictures(self._feed(channel_id), fps)
        self._sources.append(source)
        return source

    def sound(self, channel_id: str) -> BrowserSound:
        source = BrowserSound(self._feed(channel_id))
        self._sources.append(source)
        return source

    @property
    def deserted(self) -> bool:
        """Whether there are sources, and nobody will share any of them again."""
        feeds = list(self._feeds.values())
        return bool(feeds) and all(feed.hopeless for feed in feeds)

    def catch_up(self, moment: int, *, longest: float = _COMING_BACK) -> None:
        """Wait until all that was taken before ``moment`` (monotonic ns) was read, for at most
        ``longest`` seconds, and fewer where it cannot be the connection's fault."""
        begun = time.monotonic()
        while behind := [source for source in self._sources if source.behind(moment)]:
            lost = any(not source.connected for source in behind)
            if time.monotonic() - begun > min(longest, _COMING_BACK if lost else _ON_THE_WAY):
                log.warning("%s came too late", ", ".join(each.channel_id for each in behind))
                return
            time.sleep(0.02)

    def close(self) -> None:
        """Tell all browsers that it is over, and hang up."""
        self._over = True
        for source in self._sources:
            source.end()
        if self._server is None:
            return
        self._server.close()
        self._path.unlink(missing_ok=True)
        with self._lock:
            lines = list(self._lines)
        for line in lines:
            with contextlib.suppress(OSError):
                _send(line, _OVER)
                line.shutdown(socket.SHUT_RDWR)

    def _feed(self, channel_id: str) -> Feed:
        if self._server is None:
            self._server = _listening(self._path)
            threading.Thread(target=self._accept, name="browser intake", daemon=True).start()
        with self._made:
            self._made.notify_all()
            return self._feeds.setdefault(channel_id, Feed(channel_id))

    def _asked(self, channel_id: str) -> Feed:
        """Browsers may come before the last of the channels is made. Raises LookupError."""
        with self._made:
            self._made.wait_for(lambda: channel_id in self._feeds, _MAKING)
            return self._feeds[channel_id]

    def _accept(self) -> None:
        server = self._server
        while server is not None:
            try:
                line, _ = server.accept()
            except OSError:
                return  # closed
            try:
                threading.Thread(target=self._serve, args=(line,), daemon=True).start()
            except RuntimeError:  # no more threads now; there will be
                line.close()

    def _serve(self, line: socket.socket) -> None:
        with self._lock:
            self._lines[line] = None
        feed: Feed | None = None
        connection = 0
        line.settimeout(None)
        try:
            with line, line.makefile("rb") as incoming:
                while (message := _receive(incoming)) is not None:
                    header, data = message
                    if feed is None:
                        feed = self._asked(header["attach"])
                        self._make_room(line, feed.channel_id)
                        connection = feed.connect()
                        continue
                    answer = _answer(feed, connection, header, data)
                    if answer is not None:
                        _send(line, answer)
        except _BROKEN as error:
            if not self._over:
                log.warning("a browser's connection broke (%r)", error)
        finally:
            with self._lock:
                self._lines.pop(line, None)
            if feed is not None:
                feed.disconnect()

    def _make_room(self, line: socket.socket, channel_id: str) -> None:
        """``line`` is the channel's newest."""
        with self._lock:
            self._lines[line] = channel_id
            lines = [each for each, name in self._lines.items() if name == channel_id]
            for old in lines[:-_LINES]:
                self._lines[old] = None
                with contextlib.suppress(OSError):
                    old.shutdown(socket.SHUT_RDWR)


def _answer(
    feed: Feed, connection: int, header: dict[str, Any], data: bytes
) -> dict[str, Any] | None:
    match header.get("type", "chunk"):
        case "hello":
            return feed.hello(header)
        case "bye":
            feed.leave(connection)
            return None
        case _:
            return feed.chunk(header, data)


def _receive(incoming: Any) -> tuple[dict[str, Any], bytes] | None:
    """Raises ValueError for what is no message."""
    prefix = incoming.read(4)
    if len(prefix) < 4:
        return None
    (length,) = struct.unpack(">I", prefix)
    if not 4 <= length <= LARGEST:
        raise ValueError(f"a message of {length} bytes")
    message = incoming.read(length)
    if len(message) < length:
        return None
    (head,) = struct.unpack_from(">I", message)
    header = json.loads(message[4 : 4 + head])
    if not isinstance(header, dict):
        raise ValueError("a header that is no object")
    return header, message[4 + head :]


def _send(line: socket.socket, answer: dict[str, Any]) -> None:
    body = json.dumps(answer).encode()
    line.sendall(struct.pack(">I", len(body)) + body)


def _listening(path: Path) -> socket.socket:
    """Raises EngineError where the socket cannot be made."""
    server = socket.socket(socket.AF_UNIX)
    before = os.umask(0o177)
    try:
        private_dir(path.parent)
        path.unlink(missing_ok=True)
        server.bind(str(path))
        server.listen(16)
    except OSError as error:
        server.close()
        raise EngineError(
            f"The recorder cannot listen to browsers at {path}: {error}. The path must lie in a "
            "folder of this user and be shorter than 108 bytes."
        ) from error
    finally:
        os.umask(before)
    return server
