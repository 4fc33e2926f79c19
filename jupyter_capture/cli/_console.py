"""What the commands share: a connection, and how they speak."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

    from jupyter_capture.client.connection import Connection


def connect() -> Connection:
    from jupyter_capture.client.connection import connect

    return connect()


def console() -> Console:
    from rich.console import Console

    return Console()


def say(console: Console, text: str) -> None:
    """As it is: no wrapping and no markup, so that it can be piped and copied."""
    console.print(text, soft_wrap=True, markup=False, highlight=False)
