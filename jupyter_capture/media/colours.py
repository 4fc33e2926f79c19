"""Colours as timelines write them: CSS's way, and that of ASS."""

from __future__ import annotations

import re

from PIL import ImageColor

from jupyter_capture.errors import InvalidRequestError

Colour = tuple[int, int, int, int]
"""Red, green, blue and opacity, 0 to 255."""

CLEAR: Colour = (0, 0, 0, 0)
_LEGIBLE = 2.5
"""The least contrast that large bold letters are left with."""


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


def legible(letters: Colour, below: Colour) -> Colour:
    """``letters``, or black or white where they could not be read on what is ``below``."""
    if _contrast(letters, below) >= _LEGIBLE:
        return letters
    plain: list[Colour] = [(0, 0, 0, letters[3]), (255, 255, 255, letters[3])]
    return max(plain, key=lambda each: _contrast(each, below))


def _contrast(a: Colour, b: Colour) -> float:
    """1 to 21, as WCAG counts it."""
    low, high = sorted((_lightness(a), _lightness(b)))
    return (high + 0.05) / (low + 0.05)


def _lightness(of: Colour) -> float:
    linear = [(c / 3294.6 if c <= 10 else ((c / 255 + 0.055) / 1.055) ** 2.4) for c in of[:3]]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
