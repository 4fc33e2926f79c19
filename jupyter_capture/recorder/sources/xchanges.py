"""Whether anything changed on an X screen, as the server tells it (its DAMAGE extension).

Most of what recording a still screen costs is to fetch every picture and to find it equal to the
one before. A server that says when something was drawn saves both.
"""

from __future__ import annotations

import os
import select
import socket
import struct
from collections.abc import Mapping

from jupyter_capture.errors import DeviceError
from jupyter_capture.recorder.sources.xscreens import connected
from jupyter_capture.recorder.sources.xwindows import root_of

_QUERY_POINTER, _QUERY_EXTENSION = 38, 98
_QUERY_VERSION, _CREATE, _SUBTRACT = 0, 1, 3
_WHEN_NOT_EMPTY = 3
_NAME = b"DAMAGE"
_PATIENCE = 1.0  # s
_REPLY = 1


class ScreenChanges:
    """What was drawn on the first screen of a display, in any window, and where the pointer is."""

    def __init__(self, line: socket.socket, setup: bytes) -> None:
        self._line = line
        self._line.setblocking(False)
        self._root = root_of(setup)
        self._damage: int = struct.unpack_from("<I", setup, 4)[0]
        self._unread = b""
        self._event = 0
        self._damaged = True
        self._moved = False
        self._pointer = b""

    @classmethod
    def of(cls, display: str, environ: Mapping[str, str] = os.environ) -> ScreenChanges | None:
        """None where the server cannot tell."""
        try:
            changes = cls(*connected(display, environ))
        except DeviceError:
            return None
        try:
            if changes._begin():
                return changes
        except (OSError, struct.error):
            pass
        changes.close()
        return None

    def close(self) -> None:
        self._line.close()

    def any(self) -> bool:
        """Whether the screen may look otherwise than at the last call. A picture fetched after
        this call shows all that it tells. Raises OSError where the server does not answer."""
        self._take_in()
        changed, self._damaged, self._moved = self._damaged or self._moved, False, False
        if changed:
            # The server must have heard that before it is asked for the picture: what is drawn
            # from then on is news.
            self._send(self._major, _SUBTRACT, struct.pack("<III", self._damage, 0, 0))
            self._ask_pointer()
            self._await_reply()
            self._moved = False
        else:
            self._ask_pointer()  # the answer is read at the next call: nobody waits for it
        return changed

    def _begin(self) -> bool:
        self._send(_QUERY_EXTENSION, 0, struct.pack("<HH", len(_NAME), 0) + _NAME.ljust(8, b"\0"))
        present, self._major, self._event = self._await_reply()[8:11]
        if not present:
            return False
        self._send(self._major, _QUERY_VERSION, struct.pack("<II", 1, 1))
        self._await_reply()
        create = struct.pack("<IIB3x", self._damage, self._root, _WHEN_NOT_EMPTY)
        self._send(self._major, _CREATE, create)
        return True

    def _ask_pointer(self) -> None:
        self._send(_QUERY_POINTER, 0, struct.pack("<I", self._root))

    def _send(self, opcode: int, detail: int, body: bytes) -> None:
        self._line.send(struct.pack("<BBH", opcode, detail, 1 + len(body) // 4) + body)

    def _await_reply(self) -> bytes:
        """The next reply that was not read yet; all earlier ones are, when this is called."""
        while True:
            if not select.select([self._line], [], [], _PATIENCE)[0]:
                raise OSError("the X server does not answer")
            if (reply := self._take_in()) is not None:
                return reply

    def _take_in(self) -> bytes | None:
        """Read what the server said by now; the last reply in it."""
        try:
            while data := self._line.recv(4096):
                self._unread += data
            raise OSError("the X server hung up")
        except BlockingIOError:
            pass
        reply = None
        while len(self._unread) >= 32:
            said, self._unread = self._unread[:32], self._unread[32:]
            if said[0] == _REPLY:
                reply = said
                self._note_pointer(said)
            elif said[0] & 127 == self._event:
                self._damaged = True
        return reply

    def _note_pointer(self, reply: bytes) -> None:
        place = reply[16:20]
        self._moved |= place != self._pointer
        self._pointer = place
