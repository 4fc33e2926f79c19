"""What a query says beside its words: ``channel:cells fit_transform``."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from jupyter_capture.errors import InvalidRequestError

T = TypeVar("T")

# What stands in quotes is a phrase, whatever it says.
_CHANNEL = re.compile(r"\"[^\"]*\"|(?<!\S)channel:(?P<name>\S*)", re.IGNORECASE)
_SPOKEN = "spoken_word"
CELLS = "cells"

# By name: whether an index (its kind, the channel of its track) is one of that channel.
_KINDS: Mapping[str, Callable[[str, str], bool]] = {
    "mic": lambda kind, channel: kind == _SPOKEN and channel.startswith("mic:"),
    "system": lambda kind, channel: kind == _SPOKEN and channel.startswith("system_audio:"),
    "screen": lambda kind, _: kind in ("screen_text", "scene"),
    "cells": lambda kind, _: kind == CELLS,
}
_ALSO = {"system_audio": "system", "display": "screen", "notebook": "cells"}


def channel_of(query: str) -> tuple[str, str | None]:
    """The query without ``channel:…``, and which channel that named.

    Raises InvalidRequestError where it names none, or two.
    """
    names = [
        found["name"].lower() for found in _CHANNEL.finditer(query) if found["name"] is not None
    ]
    if not names:
        return query, None
    known = {_ALSO.get(name.partition(":")[0], name.partition(":")[0]) for name in names}
    if len(known) > 1 or not known <= _KINDS.keys():
        raise InvalidRequestError(
            f"channel:{names[-1]} is no channel to search in. Use one of "
            f"{', '.join(f'channel:{name}' for name in _KINDS)}."
        )
    rest = _CHANNEL.sub(lambda found: "" if found["name"] is not None else found[0], query)
    return " ".join(rest.split()), known.pop()


def of_channel(rows: Sequence[T], name: str, channels: Mapping[str, str]) -> list[T]:
    """The indexes of a channel; ``channels`` by id of track."""
    wanted = _KINDS[name]

    def fits(row: Any) -> bool:
        return wanted(row.kind, channels.get(row.track_id) or "")

    return [row for row in rows if fits(row)]
