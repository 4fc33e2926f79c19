"""The windows of an X server, asked in X11's own words."""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from jupyter_capture.errors import DeviceError
from jupyter_capture.recorder.sources.xscreens import connected, read_exactly

_GET_ATTRIBUTES, _GET_GEOMETRY, _QUERY_TREE, _INTERN_ATOM, _GET_PROPERTY = 3, 14, 15, 16, 20
_TRANSLATE = 40
_WM_NAME = 39
_VIEWABLE = 2
_SMALLEST = 16
_LONGEST_NAME = 256


@dataclass(frozen=True)
class XWindow:
    """``width`` and ``height`` are of the part that lies on the screen, which begins at ``left``
    and ``top`` of the window."""

    id: int
    name: str
    width: int
    height: int
    left: int = 0
    top: int = 0


def windows(display: str, environ: Mapping[str, str] = os.environ) -> list[XWindow]:
    """The windows that can be seen and have a name. Raises DeviceError if X does not answer."""
    with _asking(display, environ) as x:
        found = [x.window(number) for number in x.top_windows()]
    return [window for window in found if window is not None and window.name]


def window(display: str, number: int, environ: Mapping[str, str] = os.environ) -> XWindow | None:
    """One window; None where it is not there or not shown."""
    with _asking(display, environ) as x:
        return x.window(number)


class _X:
    """A connection on which one question is asked at a time."""

    def __init__(self, line: socket.socket, root: int) -> None:
        self._line = line
        self._root = root

    def __enter__(self) -> _X:
        return self

    def __exit__(self, *_: object) -> None:
        self._line.close()

    def top_windows(self) -> list[int]:
        """Those that a window manager lists, else the children of the root."""
        listed = self._property(self._root, self._atom("_NET_CLIENT_LIST"))
        if listed:
            return list(struct.unpack(f"<{len(listed) // 4}I", listed))
        answer = self._ask(_QUERY_TREE, struct.pack("<I", self._root))
        count = struct.unpack_from("<H", answer, 16)[0] if answer else 0
        return list(struct.unpack_from(f"<{count}I", answer, 32)) if answer else []

    def window(self, number: int) -> XWindow | None:
        shown = self._ask(_GET_ATTRIBUTES, struct.pack("<I", number))
        place = self._ask(_GET_GEOMETRY, struct.pack("<I", number))
        if shown is None or place is None or shown[26] != _VIEWABLE:
            return None
        at = self._ask(_TRANSLATE, struct.pack("<IIhh", number, self._root, 0, 0))
        screen = self._ask(_GET_GEOMETRY, struct.pack("<I", self._root))
        if at is None or screen is None:
            return None
        x, y = struct.unpack_from("<hh", at, 12)
        size, limit = struct.unpack_from("<HH", place, 16), struct.unpack_from("<HH", screen, 16)
        left, top = max(0, -x), max(0, -y)
        width = min(size[0], limit[0] - x) - left
        height = min(size[1], limit[1] - y) - top
        if min(width, height) < _SMALLEST:
            return None
        return XWindow(number, self._name(number), width, height, left, top)

    def _name(self, number: int) -> str:
        modern = self._property(number, self._atom("_NET_WM_NAME"))
        if modern:
            return modern.decode("utf-8", "replace")
        return self._property(number, _WM_NAME).decode("latin-1")

    def _atom(self, name: str) -> int:
        text = name.encode()
        body = struct.pack("<HH", len(text), 0) + text.ljust(-(-len(text) // 4) * 4, b"\0")
        answer = self._ask(_INTERN_ATOM, body)
        return int(struct.unpack_from("<I", answer, 8)[0]) if answer else 0

    def _property(self, number: int, atom: int) -> bytes:
        body = struct.pack("<5I", number, atom, 0, 0, _LONGEST_NAME)
        answer = self._ask(_GET_PROPERTY, body)
        if answer is None:
            return b""
        count = struct.unpack_from("<I", answer, 16)[0] * answer[1] // 8
        return answer[32 : 32 + count]

    def _ask(self, opcode: int, body: bytes) -> bytes | None:
        """The answer; None where the server knows of no such thing, as of a window that closed."""
        self._line.sendall(struct.pack("<BBH", opcode, 0, 1 + len(body) // 4) + body)
        while True:
            head = read_exactly(self._line, 32)
            if head[0] == 0:
                return None
            if head[0] == 1:
                return head + read_exactly(self._line, struct.unpack_from("<I", head, 4)[0] * 4)


def _asking(display: str, environ: Mapping[str, str]) -> _X:
    line, setup = connected(display, environ)
    return _X(line, root_of(setup))


def root_of(setup: bytes) -> int:
    """The root window of the first screen, from what a server says of itself."""
    vendor, _, _, formats = struct.unpack_from("<HHBB", setup, 16)
    return int(struct.unpack_from("<I", setup, 32 + -(-vendor // 4) * 4 + formats * 8)[0])


def named(found: list[XWindow]) -> Iterator[tuple[str, XWindow]]:
    """(channel id, window)."""
    for each in found:
        yield f"window:{each.id:#x}", each


def number_of(channel_id: str) -> int:
    """The window that ``window:0x1c00007`` or ``window:29360135`` names. Raises DeviceError."""
    text = channel_id.partition(":")[2]
    try:
        return int(text, 0)
    except ValueError as error:
        raise DeviceError(
            f"{channel_id!r} names no window: something like window:0x1c00007 is expected. "
            "`list_channels()` lists those that are open."
        ) from error
