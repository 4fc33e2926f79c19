"""Colours as timelines write them: CSS's way, and that of ASS."""

from __future__ import annotations

import re

from PIL import ImageColor

from jupyter_capture.errors import InvalidRequestError

Colour = tuple[int, int, int, int]
"""Red, green, blue and opacity, 0 to 255."""

CLEAR: Colour = (0, 0, 0, 0)


def colour(text: str, opacity: float = 1.0) -> Colour:
    """Read ``#rrggbb``, ``#rrggbbaa``, a CSS name, or ASS's ``&HAABBGGRR``.

    Raises InvalidRequestError.
    """
    if text.strip()[:1] == "&":
        return ass_colour(text, opacity)
    try:
        found = ImageColor.getrgb(text)
    except ValueError as error:
        raise InvalidRequestError(
            f"{text!r} is no colour: #rrggbb, a CSS colour name or &HAABBGGRR is accepted"
        ) from error
    alpha = found[3] if len(found) == 4 else 255
    return found[0], found[1], found[2], round(alpha * opacity)


def ass_colour(text: str, opacity: float = 1.0) -> Colour:
    """``&HAABBGGRR`` or ``&HBBGGRR``, where AA is how clear it is: 00 covers all."""
    match = re.fullmatch(r"\s*&[Hh]([0-9A-Fa-f]{1,8})&?\s*", text)
    if not match:
        raise InvalidRequestError(
            f"{text!r} is no ASS colour: &HAABBGGRR is accepted, as &H0000FFFF for yellow"
        )
    value = int(match[1], 16)
    alpha = 255 - (value >> 24)
    return value & 255, value >> 8 & 255, value >> 16 & 255, round(alpha * opacity)
