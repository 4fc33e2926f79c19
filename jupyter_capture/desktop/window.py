"""Draws slides on a display, by speaking X11's own protocol over its socket.

Python builds often come without tkinter, and a GUI toolkit would be a heavy guest for ten
slides. A slide becomes the background of the root window: the server repaints it by itself when
a window above it closes, and it stays when the connection ends.
"""

from __future__ import annotations

import socket
import struct
from dataclasses import dataclass
from types import TracebackType

from PIL import Image, ImageDraw, ImageFont

from jupyter_capture.errors import DeviceError

_CHANGE_WINDOW, _GET_INPUT_FOCUS, _CREATE_PIXMAP, _FREE_PIXMAP = 2, 43, 53, 54
_CREATE_GC, _CLEAR_AREA, _PUT_IMAGE = 55, 61, 72
_BACK_PIXMAP = 1
_Z_PIXMAP = 2


@dataclass(frozen=True)
class Slide:
    """A page of text: a title and lines below it."""

    title: str
    lines: tuple[str, ...] = ()
    color: str = "#16324f"

    def draw(self, size: tuple[int, int]) -> Image.Image:
        width, height = size
        image = Image.new("RGB", size, "#f7f4ec")
        pen = ImageDraw.Draw(image)
        pen.rectangle((0, 0, width, height // 6), fill=self.color)
        pen.text((width // 20, height // 24), self.title, "white", _font(height // 12))
        for row, line in enumerate(self.lines):
            top = height // 4 + row * height // 10
            pen.text((width // 20, top), line, self.color, _font(height // 18))
        return image


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


class Root:
    """The root window of a local display that asks for no cookie, such as our own Xvfb."""

    def __init__(self, display: str) -> None:
        self._socket = _connect(display)
        self._set_up(display)
        self._pixmap = 0
        self._gc = self._next_id()
        self._request(_CREATE_GC, 0, struct.pack("<III", self._gc, self.root, 0))

    def _set_up(self, display: str) -> None:
        self._socket.sendall(struct.pack("<BxHHHH2x", ord("l"), 11, 0, 0, 0))
        status, reason_size, _, _, units = struct.unpack("<BBHHH", self._read(8))
        body = self._read(units * 4)
        if status != 1:
            reason = body[:reason_size].decode("latin-1")
            raise DeviceError(f"The display {display} refused a drawing client: {reason}")
        _, self._base, _, _, vendor_size, self._max_units, _, formats, order = struct.unpack_from(
            "<IIIIHHBBB", body
        )
        screen = 32 + (vendor_size + 3) // 4 * 4 + formats * 8
        self.root = struct.unpack_from("<I", body, screen)[0]
        self.size: tuple[int, int] = struct.unpack_from("<HH", body, screen + 20)
        self._depth = body[screen + 38]
        self._last: int = self._base
        if self._depth != 24 or order != 0:
            raise DeviceError(f"The display {display} is not 24 bit, least significant byte first.")

    def show(self, image: Image.Image) -> None:
        """Put the image on the screen; it is there when this returns."""
        width, height = self.size
        pixels = image.resize(self.size).tobytes("raw", "BGRX")
        pixmap = self._next_id()
        self._request(
            _CREATE_PIXMAP, self._depth, struct.pack("<IIHH", pixmap, self.root, width, height)
        )
        rows = max(1, (self._max_units * 4 - 24) // (width * 4))
        for top in range(0, height, rows):
            count = min(rows, height - top)
            head = struct.pack(
                "<IIHHhhBBxx", pixmap, self._gc, width, count, 0, top, 0, self._depth
            )
            strip = pixels[top * width * 4 : (top + count) * width * 4]
            self._request(_PUT_IMAGE, _Z_PIXMAP, head + strip)
        self._request(_CHANGE_WINDOW, 0, struct.pack("<III", self.root, _BACK_PIXMAP, pixmap))
        self._request(_CLEAR_AREA, 0, struct.pack("<IhhHH", self.root, 0, 0, 0, 0))
        if self._pixmap:
            self._request(_FREE_PIXMAP, 0, struct.pack("<I", self._pixmap))
        self._pixmap = pixmap
        self._round_trip()

    def close(self) -> None:
        self._socket.close()

    def __enter__(self) -> Root:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.close()

    def _next_id(self) -> int:
        number, self._last = self._last, self._last + 1
        return number

    def _request(self, opcode: int, detail: int, body: bytes) -> None:
        units = 1 + len(body) // 4
        self._socket.sendall(struct.pack("<BBH", opcode, detail, units) + body)

    def _round_trip(self) -> None:
        """Any request with an answer: once it comes, all requests before it were carried out."""
        self._request(_GET_INPUT_FOCUS, 0, b"")
        while True:
            answer = self._read(32)
            if answer[0] == 0:
                raise DeviceError(f"The display refused to draw (X error {answer[1]}).")
            if answer[0] == 1:
                return

    def _read(self, size: int) -> bytes:
        data = bytearray()
        while len(data) < size:
            more = self._socket.recv(size - len(data))
            if not more:
                raise DeviceError("The display closed the connection. Is Xvfb still running?")
            data += more
        return bytes(data)


def _connect(display: str) -> socket.socket:
    number = display.removeprefix(":").partition(".")[0]
    connection = socket.socket(socket.AF_UNIX)
    try:
        connection.connect(f"/tmp/.X11-unix/X{number}")
    except OSError as error:
        connection.close()
        raise DeviceError(f"No display answers at {display}: {error}") from error
    return connection
