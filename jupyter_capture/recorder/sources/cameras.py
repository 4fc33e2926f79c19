"""Cameras of Linux (Video4Linux)."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_capture.errors import UnknownChannelError

if TYPE_CHECKING:
    from jupyter_capture.recorder.sources.grab import Grab

_CLASS = Path("/sys/class/video4linux")
_HELP = (
    "Another program may hold it: close that. Else check that this user may read it (group video)."
)


def cameras(known: Path = _CLASS) -> dict[int, str]:
    """Number → name of the devices that give pictures; a camera's other nodes are left out."""
    found: dict[int, str] = {}
    for folder in known.glob("video*"):
        number = re.fullmatch(r"video(\d+)", folder.name)
        if number and _read(folder / "index") in ("0", ""):
            found[int(number[1])] = _read(folder / "name") or folder.name
    return dict(sorted(found.items()))


def camera(channel_id: str, fps: int, known: Path = _CLASS) -> Grab:
    """``camera:<n>`` or ``camera:default``. Raises UnknownChannelError, naming those there are."""
    from jupyter_capture.recorder.sources.grab import Grab

    there = cameras(known)
    name = channel_id.partition(":")[2]
    wanted = next(iter(there), None) if name == "default" else int(name) if name.isdigit() else None
    if wanted not in there:
        listed = ", ".join(f"camera:{number}" for number in there) or "none"
        raise UnknownChannelError(
            f"There is no {channel_id!r} here. Cameras on this machine: {listed}."
        )
    url = f"/dev/video{wanted}"
    return Grab(channel_id, fps, format="v4l2", url=url, options={}, help=_HELP)


def _read(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""
