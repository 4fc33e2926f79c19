"""Lengths of time as people write them."""

from __future__ import annotations

import re

from jupyter_capture.errors import InvalidRequestError

_LENGTH = re.compile(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d+)?)s?)?", re.IGNORECASE)
_CLOCK = re.compile(r"(?:(\d+):)?(\d+):(\d{2}(?:\.\d+)?)")


def seconds_of(written: str) -> float:
    """``30``, ``30s``, ``2m``, ``1h30m`` and ``1:30`` in seconds. Raises InvalidRequestError."""
    text = "".join(written.split())
    found = _CLOCK.fullmatch(text) or _LENGTH.fullmatch(text)
    hours, minutes, rest = found.groups() if found else (None, None, None)
    length = int(hours or 0) * 3600 + int(minutes or 0) * 60 + float(rest or 0)
    if not length > 0:
        raise InvalidRequestError(
            f"{written!r} is no length of time; write 30s, 2m, 1h30m or 1:30 (minutes:seconds)"
        )
    return length
