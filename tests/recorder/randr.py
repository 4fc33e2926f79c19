"""Gives a display another size, in X11's own words."""

from __future__ import annotations

import struct

from jupyter_capture.recorder.sources.xscreens import connected, read_exactly
from jupyter_capture.recorder.sources.xwindows import root_of

_QUERY_EXTENSION, _GET_INPUT_FOCUS = 98, 43
_VERSION, _SET_SIZE, _RESOURCES, _SET_CRTC = 0, 7, 8, 21


def resize(display: str, width: int, height: int) -> None:
    """The screen has that size when this returns."""
    line, setup = connected(display)
    with line:

        def send(opcode: int, minor: int, body: bytes) -> None:
            line.sendall(struct.pack("<BBH", opcode, minor, 1 + len(body) // 4) + body)

        def ask(opcode: int, minor: int = 0, body: bytes = b"") -> bytes:
            send(opcode, minor, body)
            while True:
                head = read_exactly(line, 32)
                assert head[0] != 0, f"X error {head[1]}"
                if head[0] == 1:
                    return head + read_exactly(line, struct.unpack_from("<I", head, 4)[0] * 4)

        root = root_of(setup)
        randr = ask(_QUERY_EXTENSION, 0, struct.pack("<HH", 5, 0) + b"RANDR\0\0\0")[9]
        ask(randr, _VERSION, struct.pack("<II", 1, 2))
        told = ask(randr, _RESOURCES, struct.pack("<I", root))
        times, count = told[8:16], struct.unpack_from("<H", told, 16)[0]
        for crtc in struct.unpack_from(f"<{count}I", told, 32):
            # What is shown on none of its outputs may have any size.
            ask(
                randr,
                _SET_CRTC,
                struct.pack("<I", crtc) + times + struct.pack("<hhIHxx", 0, 0, 0, 1),
            )
        send(randr, _SET_SIZE, struct.pack("<IHHII", root, width, height, width // 4, height // 4))
        ask(_GET_INPUT_FOCUS)
