"""The eight filters of a clip, as VideoDB names them.

Those of colour are one matrix each: a colour c becomes M·c + offset, cut off at 0 and 255. Grey is
what BT.709 calls luma. ``blur`` is a Gaussian of a 60th of the canvas's height.
"""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageFilter

from jupyter_capture.media.picture import Pixels
from jupyter_capture.wire.editor import Filter

Matrix = tuple[float, ...]
"""Rows of R, G, B: three factors and an offset, as Pillow takes them."""

_LUMA = (0.2126, 0.7152, 0.0722)
_BLUR = 60


def _matrix(saturation: float, contrast: float, lift: float = 0.0) -> Matrix:
    """Colours drawn towards their grey, then spread about the middle, then lifted."""
    rows: list[float] = []
    for row in range(3):
        mixed = [(1 - saturation) * luma for luma in _LUMA]
        mixed[row] += saturation
        rows += [*(contrast * share for share in mixed), 127.5 * (1 - contrast) + lift]
    return tuple(rows)


MATRICES: dict[Filter, Matrix] = {
    "greyscale": _matrix(0.0, 1.0),
    "contrast": _matrix(1.0, 1.4),
    "boost": _matrix(1.5, 1.2),
    "muted": _matrix(0.45, 0.8),
    # Darker and lighter about an end of the scale instead of its middle.
    "darken": _matrix(1.0, 0.6, -127.5 * 0.4),
    "lighten": _matrix(1.0, 0.6, 127.5 * 0.4),
    "negative": _matrix(1.0, -1.0),
}


def filtered(name: Filter | None, pixels: Pixels, canvas_height: int) -> Pixels:
    """RGB or RGBA pixels through a filter; transparency stays, but what is blurred spreads."""
    if name is None:
        return pixels
    image = Image.fromarray(pixels)
    if name == "blur":
        if image.mode == "RGBA":
            return np.asarray(_blurred(image.convert("RGBa"), canvas_height).convert("RGBA"))
        return np.asarray(_blurred(image, canvas_height))
    if image.mode == "RGB":
        return np.asarray(_coloured(image, MATRICES[name]))
    out = _coloured(image.convert("RGB"), MATRICES[name])
    out.putalpha(image.getchannel("A"))
    return np.asarray(out)


def _blurred(image: Image.Image, canvas_height: int) -> Image.Image:
    """Large blurs on a smaller picture: nothing fine is left to be lost."""
    radius = canvas_height / _BLUR
    less = max(1, round(radius / 3))
    small = image.reduce(less) if less > 1 else image
    soft = small.filter(ImageFilter.GaussianBlur(radius / less))
    return soft.resize(image.size, Image.Resampling.BICUBIC) if less > 1 else soft


def _coloured(image: Image.Image, matrix: Matrix) -> Image.Image:
    if _is_diagonal(matrix):
        curves = [_curve(matrix[row * 5], matrix[row * 4 + 3]) for row in range(3)]
        return image.point([value for curve in curves for value in curve])
    return image.convert("RGB", matrix)


def _is_diagonal(matrix: Matrix) -> bool:
    return all(matrix[at] == 0 for at in (1, 2, 4, 6, 8, 9))


def _curve(factor: float, offset: float) -> list[int]:
    return [min(255, max(0, round(factor * value + offset))) for value in range(256)]
