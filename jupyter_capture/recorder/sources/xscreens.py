"""The sizes of an X server's screens, asked in X11's own words.

x11grab takes a seventh of a second to tell, and cannot say how many screens there are.
"""

from __future__ import annotations

import os
import re
import socket
import struct
from collections.abc import Mapping
from pathlib import Path

from jupyter_capture.errors import DeviceError

_COOKIE = b"MIT-MAGIC-COOKIE-1"
_LOCAL, _ANY = 256, 65535


def display_problem(environ: Mapping[str, str]) -> str | None:
    """Why there is no X display to record, and what to do; None where there is one to try."""
    if environ.get("DISPLAY"):
        return None
    if environ.get("WAYLAND_DISPLAY"):
        return (
            "This is a Wayland session without X: a program cannot record its screen from "
            "outside. Log in to an X11 (Xorg) session, or record from the browser."
        )
    return (
        "No screen: DISPLAY is not set. Start from a graphical session, set DISPLAY to a running "
        "X server, or start a virtual one (Debian package xvfb): "
        "Xvfb :99 -screen 0 1280x720x24 & export DISPLAY=:99"
    )


def screens(display: str, environ: Mapping[str, str] = os.environ) -> list[tuple[int, int]]:
    """Width and height of each screen of ``$DISPLAY``. Raises DeviceError if it does not answer."""
    line, setup = connected(display, environ)
    line.close()
    return _sizes(setup)


def connected(display: str, environ: Mapping[str, str] = os.environ) -> tuple[socket.socket, bytes]:
    """A connection to an X server, and what it said of itself. Raises DeviceError."""
    found = re.fullmatch(r"(?P<host>[^:]*):(?P<number>\d+)(\.\d+)?", display)
    if not found:
        raise DeviceError(
            f"DISPLAY={display!r} does not name an X display; something like `:0` is expected."
        )
    host, number = found["host"], int(found["number"])
    try:
        line = _connect(host, number)
        try:
            return line, _ask(line, _cookie(number, environ))
        except BaseException:
            line.close()
            raise
    except (OSError, struct.error) as error:
        raise DeviceError(
            f"The X display {display} does not answer ({error}). Set DISPLAY to a running X "
            "server, or start a virtual one: Xvfb :99 -screen 0 1280x720x24 & export DISPLAY=:99"
        ) from error


def _connect(host: str, number: int) -> socket.socket:
    if host not in ("", "unix"):
        return socket.create_connection((host, 6000 + number), timeout=3)
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(3)
    try:
        connection.connect(f"/tmp/.X11-unix/X{number}")
    except OSError:
        connection.close()
        raise
    return connection


def _ask(connection: socket.socket, cookie: bytes) -> bytes:
    name = _COOKIE if cookie else b""
    connection.sendall(
        struct.pack("<BxHHHH2x", ord("l"), 11, 0, len(name), len(cookie))
        + name.ljust(-(-len(name) // 4) * 4, b"\0")
        + cookie.ljust(-(-len(cookie) // 4) * 4, b"\0")
    )
    status, reason_size, _, _, units = struct.unpack("<BBHHH", read_exactly(connection, 8))
    body = read_exactly(connection, units * 4)
    if status != 1:
        reason = body[:reason_size].decode("latin-1").strip()
        raise OSError(f"it refused: {reason}")
    return body


def _sizes(body: bytes) -> list[tuple[int, int]]:
    vendor_size, _, count, formats = struct.unpack_from("<HHBB", body, 16)
    at = 32 + -(-vendor_size // 4) * 4 + formats * 8
    sizes: list[tuple[int, int]] = []
    for _ in range(count):
        width, height = struct.unpack_from("<HH", body, at + 20)
        sizes.append((width, height))
        depths = body[at + 39]
        at += 40
        for _ in range(depths):
            at += 8 + 24 * struct.unpack_from("<H", body, at + 2)[0]
    return sizes


def _cookie(number: int, environ: Mapping[str, str]) -> bytes:
    """The cookie for a local display from the Xauthority file; empty where none is needed."""
    path = Path(environ.get("XAUTHORITY") or Path.home() / ".Xauthority")
    try:
        data = path.read_bytes()
    except OSError:
        return b""
    for family, display, name, cookie in _entries(data):
        mine = display in (b"", str(number).encode()) and family in (_LOCAL, _ANY)
        if mine and name == _COOKIE:
            return cookie
    return b""


def _entries(data: bytes) -> list[tuple[int, bytes, bytes, bytes]]:
    entries, at = [], 0
    while at + 2 <= len(data):
        family = struct.unpack_from(">H", data, at)[0]
        at += 2
        fields = []
        for _ in range(4):
            size = struct.unpack_from(">H", data, at)[0]
            fields.append(data[at + 2 : at + 2 + size])
            at += 2 + size
        entries.append((family, fields[1], fields[2], fields[3]))
    return entries


def read_exactly(connection: socket.socket, size: int) -> bytes:
    data = bytearray()
    while len(data) < size:
        more = connection.recv(size - len(data))
        if not more:
            raise OSError("it closed the connection")
        data += more
    return bytes(data)
