"""``forget``: the last minutes of a recording."""

from __future__ import annotations

from typing import Annotated

import typer


def forget(
    length: Annotated[str, typer.Argument(help="How much: 30s, 2m, 1h.")],
    session: Annotated[
        str | None, typer.Argument(help="Id; else the one that records, else the newest.")
    ] = None,
) -> None:
    """Erase the last minutes of a recording for good, while it goes on or afterwards."""
    from jupyter_capture.client._length import seconds_of
    from jupyter_capture.client.connection import connect
    from jupyter_capture.errors import NotFoundError

    seconds = seconds_of(length)
    connection = connect()
    found = connection.list_capture_sessions()
    chosen = [
        one for one in found if one.id == session or (session is None and one.status in _HELD)
    ]
    chosen.sort(key=lambda one: one.status not in _RUNNING)
    if not chosen:
        raise NotFoundError("There is no such recording. `jupyter-capture sessions` lists them.")
    chosen[0].forget(seconds)
    typer.echo(f"The last {length} of {chosen[0].id} were erased.")


_RUNNING = ("active", "paused")
_HELD = (*_RUNNING, "exported", "stopped")
