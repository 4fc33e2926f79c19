"""What the magics say: lines of text for sessions, and what is shown inline."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_capture.client._display import clock, megabytes
from jupyter_capture.client._frontend import front_end
from jupyter_capture.magics.channels import CELLS

if TYPE_CHECKING:
    from jupyter_capture.client._playable import Playable
    from jupyter_capture.client.session import CaptureSession
    from jupyter_capture.client.video import Video
    from jupyter_capture.wire.cells import Cell

_MIX = {"mix": "all sound, mixed"}


def say(*lines: str) -> None:
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    sys.stdout.flush()


def display(data: dict[str, str]) -> None:
    """Show a MIME bundle."""
    from IPython.display import display as show_it

    show_it(data, raw=True)  # type: ignore[no-untyped-call]


def show_player(playable: Playable) -> None:
    """The player in a notebook, under what is saved of it."""
    from jupyter_capture.widgets import player

    player.show(playable)


def display_object(shown: object) -> None:
    from IPython.display import display as show_it

    show_it(shown)  # type: ignore[no-untyped-call]


def show(video: Video) -> None:
    """The player in a notebook, where a click plays it; the name of the video elsewhere."""
    if front_end() == "notebook":
        from jupyter_capture.widgets import player

        player.show(video)
    else:
        say(repr(video))


def channel_lines(session: CaptureSession) -> list[str]:
    """One for each channel: kept or live only, and its level where it has one."""
    rows = [(channel.id, channel.store) for channel in session.channels]
    if session.cells is not None:
        rows.append((CELLS, session.cells))
    width = max((len(name) for name, _ in rows), default=0)
    lines = []
    for name, kept in rows:
        level = session.levels.get(name)
        loud = "" if level is None else f"{level:.0f} dB"
        lines.append(f"  {name:{width}}  {'kept' if kept else 'live only':9}  {loud}".rstrip())
    return lines


def session_lines(session: CaptureSession) -> list[str]:
    return [
        f"{session.id} {_named(session)}is {session.status}, {clock(session.duration or 0.0)}",
        *channel_lines(session),
        *_trouble(session),
    ]


def session_row(session: CaptureSession) -> str:
    size = megabytes(sum(item.bytes for item in session.storage))
    length = clock(session.duration or 0.0)
    video = session.exported_video_id or "-"
    row = f"{session.id}  {session.status:9}  {length:>9}  {size:>9}  {video}  {_named(session)}"
    return row.rstrip()


def ended_lines(session: CaptureSession) -> list[str]:
    """Where the files are, and how large."""
    lines = [f"{session.id} {_named(session)}is {session.status}: {clock(session.duration or 0)}"]
    files: list[tuple[str, int, Path]] = [
        (item.channel_id, item.bytes, Path(item.path)) for item in session.storage
    ]
    if files:
        size = megabytes(sum(item[1] for item in files))
        lines.append(f"Files in {files[0][2].parent}, {size} in all:")
        width = max(len(_MIX.get(name, name)) for name, _, _ in files)
        lines += [
            f"  {_MIX.get(name, name):{width}}  {megabytes(size):>8}  {path.name}"
            for name, size, path in files
        ]
    if session.exported_video_id:
        lines.append(f"Video {session.exported_video_id}")
    elif not any(channel.store for channel in session.channels):
        lines.append("Nothing was kept, so there is no video.")
    return [*lines, *_trouble(session)]


def nothing_records(named: CaptureSession | None, last: CaptureSession | None) -> str:
    """The line of a stop that has nothing to stop."""
    ended = named or last
    said = "Nothing is recording." if named is None else f"{named.id} does not record."
    if ended is None or ended.status == "created":
        return f"{said} %capture_start begins."
    way = ": %play plays it" if ended.exported_video_id else ""
    return f"{said} {ended.id} is {ended.status} already{way}."


def offer(cell: Cell) -> None:
    """After the traceback of a cell that failed while it was recorded."""
    which = f" {cell.number}" if cell.number is not None else ""
    say(f"This moment is recorded: %play --cell{which} plays it after %capture_stop.")


def _named(session: CaptureSession) -> str:
    name: Any = session.metadata.get("name")
    return f"“{name}” " if name else ""


def _trouble(session: CaptureSession) -> list[str]:
    lines = [f"Warning: {warning}" for warning in session.warnings]
    return [*lines, f"Error: {session.error}"] if session.error else lines
