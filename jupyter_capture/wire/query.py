"""What a query says beside its words: ``channel:cells after:yesterday fit_transform``.

The engine answers by it; a client knows by it what is to be indexed first.
"""

from __future__ import annotations

import re

# What stands in quotes is a phrase, whatever it says.
OPERATOR = re.compile(
    r"\"[^\"]*\"|(?<!\S)(?P<key>channel|session|after|before):(?P<value>\"[^\"]*\"|\S*)",
    re.IGNORECASE,
)
CHANNELS = ("mic", "system", "screen", "cells")
_ALSO = {"system_audio": "system", "display": "screen", "notebook": "cells"}


def channel_called(name: str) -> str | None:
    """One of `CHANNELS`, by any of its names: ``mic:default`` is ``mic``. None for no channel."""
    kind = name.lower().partition(":")[0]
    known = _ALSO.get(kind, kind)
    return known if known in CHANNELS else None


def channels_asked(query: str) -> list[str]:
    """What a query says after ``channel:``, in its order, as it is written there."""
    found = OPERATOR.finditer(query)
    asked = [each for each in found if (each["key"] or "").lower() == "channel"]
    return [each["value"].strip('"').strip() for each in asked]
