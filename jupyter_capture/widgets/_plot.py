"""A small flat picture of an overview, for a saved notebook."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

BACKGROUND = "#16181d"
_SIZE = (640, 200)
_RADIUS = 3
_BYTES = 29_500  # as base64 it stays under 40 kB


def picture_of(
    points: Sequence[tuple[float, float, str]],
    length: float,
    screen: npt.NDArray[np.float32] | None,
) -> str:
    """A PNG as a data URI: points (seconds, height from 0 to 1, colour) over time, and below them
    when the screen changed. Empty where there is nothing to see."""
    if not points and screen is None:
        return ""
    from PIL import Image, ImageDraw

    wide, tall = _SIZE
    image = Image.new("RGB", _SIZE, BACKGROUND)
    draw = ImageDraw.Draw(image)
    if screen is not None:
        moving = screen.mean(axis=(0, 1))
        most = float(moving.max()) or 1.0
        step = wide / len(moving)
        for number, much in enumerate(moving):
            left, height = number * step, float(much) / most * tall * 0.25
            draw.rectangle((left, tall - height, left + step, tall), fill="#3b4d66")
    for seconds, y, colour in points:
        x = seconds / max(length, 0.001) * (wide - 1)
        middle = (1.0 - y) * tall * 0.72 + _RADIUS
        draw.ellipse((x - _RADIUS, middle - _RADIUS, x + _RADIUS, middle + _RADIUS), fill=colour)
    out = io.BytesIO()
    image.quantize(16).save(out, "PNG", optimize=True)
    data = out.getvalue()
    if len(data) > _BYTES:
        return ""
    return "data:image/png;base64," + base64.b64encode(data).decode("ascii")
