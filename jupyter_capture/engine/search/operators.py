"""What a query says beside its words: ``channel:cells after:yesterday fit_transform``."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from jupyter_capture.errors import InvalidRequestError
from jupyter_capture.wire.query import CHANNELS, OPERATOR, channel_called

T = TypeVar("T")

_SPOKEN = "spoken_word"
CELLS = "cells"

# By name: whether an index (its kind, the channel of its track) is one of that channel.
_KINDS: Mapping[str, Callable[[str, str], bool]] = {
    "mic": lambda kind, channel: kind == _SPOKEN and channel.startswith("mic:"),
    "system": lambda kind, channel: kind == _SPOKEN and channel.startswith("system_audio:"),
    "screen": lambda kind, _: kind in ("screen_text", "scene"),
    "cells": lambda kind, _: kind == CELLS,
}


@dataclass(frozen=True)
class Asked:
    """A query taken apart. ``words`` are what is looked for.

    ``session``: the id of a session or a recording, or a part of its name. ``after`` (inclusive)
    and ``before`` are Unix seconds, between which a recording began.
    """

    words: str
    channel: str | None = None
    session: str | None = None
    after: float | None = None
    before: float | None = None

    @property
    def names_recordings(self) -> bool:
        return any(each is not None for each in (self.session, self.after, self.before))


def read_query(query: str) -> Asked:
    """Raises InvalidRequestError where an operator says what cannot be."""
    said: dict[str, list[str]] = {}

    def take(found: re.Match[str]) -> str:
        key, value = (found["key"] or "").lower(), (found["value"] or "").strip('"').strip()
        if not key or (not value and key != "channel"):
            return found[0]
        said.setdefault(key, []).append(value)
        return ""

    words = OPERATOR.sub(take, query)
    if not said:
        return Asked(query)
    return Asked(
        words=" ".join(words.split()),
        channel=_channel(said["channel"]) if "channel" in said else None,
        session=said["session"][-1] if "session" in said else None,
        after=max((_moment("after", each) for each in said.get("after", [])), default=None),
        before=min((_moment("before", each) for each in said.get("before", [])), default=None),
    )


def _channel(names: Sequence[str]) -> str:
    known = {channel_called(name) for name in names}
    channel = known.pop()
    if known or channel is None:
        raise InvalidRequestError(
            f"channel:{names[-1]} is no channel to search in. Use one of "
            f"{', '.join(f'channel:{name}' for name in CHANNELS)}."
        )
    return channel


def _moment(key: str, value: str) -> float:
    """Of the machine's own time, where no zone is named; a day is its first moment."""
    today = datetime.now(tz=UTC).astimezone().replace(hour=0, minute=0, second=0, microsecond=0)
    named = {"today": today, "yesterday": today - timedelta(days=1)}.get(value.lower())
    try:
        return (named or datetime.fromisoformat(value).astimezone()).timestamp()
    except (ValueError, OverflowError, OSError):
        raise InvalidRequestError(
            f"{key}:{value} names no day. Write it as {key}:2026-11-23, {key}:2026-11-23T14:30, "
            f"{key}:today or {key}:yesterday."
        ) from None


def of_channel(rows: Sequence[T], name: str, channels: Mapping[str, str]) -> list[T]:
    """The indexes of a channel; ``channels`` by id of track."""
    wanted = _KINDS[name]

    def fits(row: Any) -> bool:
        return wanted(row.kind, channels.get(row.track_id) or "")

    return [row for row in rows if fits(row)]
