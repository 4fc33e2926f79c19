"""Where the desktop of this process is: the engine may have been started on none, or another."""

from __future__ import annotations

import os

from jupyter_capture.wire.capture import DESKTOP


def surroundings() -> dict[str, str]:
    """The variables that say where screen and sound are, as far as they are set here."""
    return {name: os.environ[name] for name in DESKTOP if os.environ.get(name)}
