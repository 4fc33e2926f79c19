"""The engine's advice is in Python, as its API is. Here it is for who types commands."""

from __future__ import annotations

import re

_HINTS = [
    (re.compile(said), instead)
    for said, instead in (
        (
            r"`collection\.get_videos\(\)` and `get_audios\(\)` list what there is",
            "`jupyter-capture sessions` lists what there is",
        ),
        (
            r"`connection\.list_capture_sessions\(\)` lists them",
            "`jupyter-capture sessions` lists them",
        ),
        (
            r"[Cc]all index_\w+\(\)(?: or index_\w+\(\))? on (?:it|a video) first",
            "`jupyter-capture search` indexes it",
        ),
        (r"Keep it with store=True, or name another", "Keep it with --channel, or name another"),
        (r"[Ss]tart it first, or delete it", "It was never started"),
        (r"Create a new session to record again", "`jupyter-capture record` begins a new one"),
    )
]


def in_commands(message: str) -> str:
    """What the client says to programs, said to someone at a command line; in one line."""
    for said, instead in _HINTS:
        message = said.sub(instead, message)
    return " ".join(message.split())
