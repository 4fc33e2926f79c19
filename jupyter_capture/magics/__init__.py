"""The magics: parse, call the client, show. Loading them starts nothing and imports little."""

from __future__ import annotations

from typing import Any

from jupyter_capture.magics import completion
from jupyter_capture.magics.commands import commands_of, register, unregister
from jupyter_capture.magics.current import Current
from jupyter_capture.magics.inventory import Inventory
from jupyter_capture.magics.playing import Playing
from jupyter_capture.magics.recording import Recording
from jupyter_capture.magics.searching import Searching

__all__ = ["load_ipython_extension", "unload_ipython_extension"]

_KEPT_AS = "_jupyter_capture"


def load_ipython_extension(shell: Any) -> None:
    """Register the magics with ``shell``."""
    current = Current(shell)
    commands = [
        command
        for holder in (Inventory, Recording, Searching, Playing)
        for command in commands_of(holder(current))
    ]
    register(shell, commands)
    completion.register(shell, current, commands)
    setattr(shell, _KEPT_AS, (current, commands))


def unload_ipython_extension(shell: Any) -> None:
    """Take the magics away and close the connection. A recording goes on."""
    current, commands = shell.__dict__.pop(_KEPT_AS, (None, []))
    completion.unregister(shell, commands)
    unregister(shell, commands)
    if current is not None:
        current.close()
