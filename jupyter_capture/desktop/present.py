"""What this machine has: a display that answers, a sound server that answers."""

from __future__ import annotations

import ctypes
import ctypes.util
import os
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Present:
    """``display`` as in ``$DISPLAY``, or None; ``sound`` names the server, or None."""

    display: str | None
    sound: str | None

    @property
    def complete(self) -> bool:
        return self.display is not None and self.sound is not None


def present_desktop(environ: Mapping[str, str] | None = None) -> Present:
    """Ask the display and the sound server themselves: a variable may outlive its server."""
    environ = os.environ if environ is None else environ
    if not sys.platform.startswith("linux"):
        return Present(None, None)
    return Present(_display(environ.get("DISPLAY", "")), _sound(environ))


def _display(name: str) -> str | None:
    library = ctypes.util.find_library("xcb")
    if not name or library is None:
        return None
    xcb = ctypes.CDLL(library)
    xcb.xcb_connect.restype = ctypes.c_void_p
    xcb.xcb_connect.argtypes = [ctypes.c_char_p, ctypes.c_void_p]
    xcb.xcb_connection_has_error.argtypes = [ctypes.c_void_p]
    xcb.xcb_disconnect.argtypes = [ctypes.c_void_p]
    connection = xcb.xcb_connect(name.encode(), None)
    failed = xcb.xcb_connection_has_error(connection)
    xcb.xcb_disconnect(connection)
    return None if failed else name


def _sound(environ: Mapping[str, str]) -> str | None:
    server = environ.get("PULSE_SERVER")
    if server and not server.startswith(("unix:", "/")):
        return server  # a server elsewhere: the recorder finds out whether it answers
    runtime = environ.get("PULSE_RUNTIME_PATH") or environ.get("XDG_RUNTIME_DIR", "") + "/pulse"
    path = server.removeprefix("unix:") if server else f"{runtime}/native"
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(2)
        try:
            connection.connect(path)
        except OSError:
            return None
    return f"unix:{path}"
