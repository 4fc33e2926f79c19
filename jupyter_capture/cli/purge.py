"""``purge``: what is too old, or too much."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from jupyter_capture.cli._console import connect, say
from jupyter_capture.cli._console import console as new_console
from jupyter_capture.errors import InvalidRequestError

if TYPE_CHECKING:
    from jupyter_capture.wire.retention import PurgeAnswer

_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kMGT]?)i?B?", re.IGNORECASE)
_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}


def purge(
    keep_days: Annotated[
        float | None, typer.Option(min=0, help="Delete what ended longer ago than this.")
    ] = None,
    max_bytes: Annotated[
        str | None,
        typer.Option(help="Delete the oldest until the rest takes no more: 500MB, 20GB."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Delete old recordings and uploads for good, oldest first. Without options, by the settings
    KEEP_DAYS and MAX_BYTES. What was recorded within the last hour stays."""
    console = new_console()
    most = None if max_bytes is None else bytes_of(max_bytes)
    with connect() as connection:
        found = connection.purge(keep_days, most, dry_run=True)
        say(console, told(found))
        if dry_run or not found.deleted:
            return
        if not yes:
            if not sys.stdin.isatty():
                raise InvalidRequestError(
                    "Nobody is there to be asked, so nothing was deleted. Give --yes to delete, or "
                    "--dry-run to look."
                )
            typer.confirm("Delete these for good?", abort=True)
        done = connection.purge(keep_days, most)
    say(console, f"{len(done.deleted)} deleted; {_size(done.bytes)} are left.")


def bytes_of(written: str) -> int:
    """``500MB``, ``20GB`` or ``1000000`` in bytes. Raises InvalidRequestError."""
    found = _SIZE.fullmatch(written.strip())
    if found is None:
        raise InvalidRequestError(f"{written!r} is no size; write 500MB, 20GB or 1000000.")
    return int(float(found[1]) * _UNITS[found[2].lower()])


def told(found: PurgeAnswer) -> str:
    """What would go, a line each, and what would stay."""
    from datetime import UTC, datetime

    lines = []
    for one in found.deleted:
        when = datetime.fromtimestamp(one.ended_at, UTC).astimezone().strftime("%Y-%m-%d %H:%M")
        why = "too old" if one.reason == "age" else "too much"
        lines.append(f"{one.id}  {when}  {_size(one.bytes):>10}  {why:8}  {one.name}".rstrip())
    freed = _size(sum(one.bytes for one in found.deleted))
    if lines:
        lines.append(f"{_counted(len(lines))} due, {freed}; {_size(found.bytes)} stay.")
    else:
        lines.append(f"Nothing is due; {_size(found.bytes)} are held.")
    if found.kept:
        lines.append(
            f"{_counted(found.kept)} due, but recorded within the last hour or in use: kept."
        )
    return "\n".join(lines)


def _counted(number: int) -> str:
    return "1 is" if number == 1 else f"{number} are"


def _size(count: int) -> str:
    from jupyter_capture.client._display import megabytes

    return megabytes(count)
