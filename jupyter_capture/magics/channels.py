"""From the words of %capture_start to the channels that are asked for."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError

from jupyter_capture.magics.commands import in_magics

if TYPE_CHECKING:
    from jupyter_capture.client.connection import Connection

DEFAULT_CHANNELS = ("display:1", "mic:default", "system_audio:default")
CELLS = "notebook:cells"


class NothingHereError(UsageError):
    """This machine has nothing to record; a browser may."""


@dataclass
class Wanted:
    """``missing``: lines on what of the default set is not on this machine."""

    kept: list[str]
    live: list[str]
    missing: list[str] = field(default_factory=list)

    @property
    def requests(self) -> list[dict[str, Any]]:
        rows = [*((name, True) for name in self.kept), *((name, False) for name in self.live)]
        # Ours comes last, wherever it was named.
        rows.sort(key=lambda row: row[0] == CELLS)
        return [{"name": name, "store": store} for name, store in rows]


def wanted_channels(connection: Connection, args: Namespace) -> Wanted:
    """Raises NothingHereError where nothing can be recorded, UsageError where a channel is named
    twice."""
    live = [_full(name) for name in args.ephemeral or []]
    kept = [_full(name) for name in args.channels]
    if both := sorted(set(kept) & set(live)):
        raise UsageError(f"{both[0]} cannot be both kept and live only. Name it once.")
    found = Wanted(kept, live)
    usual = not [name for name in kept if name != CELLS]
    if usual:
        _add_default(found, connection)
    if args.cells and CELLS not in (*found.kept, *found.live):
        found.kept.append(CELLS)
    if args.ephemeral == []:
        found.kept, found.live = [], [*found.kept, *found.live]
    if not [name for name in (*found.kept, *found.live) if name != CELLS]:
        raise (NothingHereError if usual else UsageError)(_nothing(found.missing))
    return found


def _add_default(found: Wanted, connection: Connection) -> None:
    listed = connection.get_channels()
    here = {info.channel_id for info in listed.channels}
    absent = [name for name in DEFAULT_CHANNELS if name not in here]
    if absent:
        why = in_magics(" ".join(" ".join(listed.problems).split()))
        found.missing = [f"Not on this machine: {', '.join(absent)}. {why}".rstrip()]
    found.live = [name for name in found.live if name not in absent]
    found.kept += [name for name in DEFAULT_CHANNELS if name in here and name not in found.live]


def _nothing(missing: list[str]) -> str:
    if not missing:
        return "Nothing was named to record."
    return (
        f"{missing[0]} jupyter-capture demo shows all of it on a virtual screen; "
        "jupyter-capture doctor says what is missing."
    )


def _full(name: str) -> str:
    from jupyter_capture.client.channel import full_name

    return CELLS if name == "cells" else full_name(name)
