"""The eight filters of a clip, as VideoDB names them.

Those of colour are one matrix each: a colour c becomes M·c + offset, cut off at 0 and 255. Grey is
what BT.709 calls luma. ``blur`` is a Gaussian of a 60th of the canvas's height.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageFilter

from jupyter_capture.media.picture import Pixels
from jupyter_capture.wire.editor import Filter

Matrix = tuple[float, ...]
"""Rows of R, G, B: three factors and an offset, as Pillow takes them."""

_LUMA = (0.2126, 0.7152, 0.0722)
_BLUR = 60
_RADII = 3  # of a blur, in pixels of the smaller picture on which a large one is done


def _matrix(saturation: float, contrast: float, lift: float = 0.0) -> Matrix:
    """Colours drawn towards their grey, then spread about the middle, then lifted."""
    rows: list[float] = []
    for row in range(3):
        mixed = [(1 - saturation) * luma for luma in _LUMA]
        mixed[row] += saturation
        rows += [*(contrast * share for share in mixed), 127.5 * (1 - contrast) + lift]
    return tuple(rows)


# Saturation, contrast, lift. Darker and lighter are about an end of the scale, not its middle.
_COLOURS: dict[Filter, tuple[float, float, float]] = {
    "greyscale": (0.0, 1.0, 0.0),
    "contrast": (1.0, 1.4, 0.0),
    "boost": (1.5, 1.2, 0.0),
    "muted": (0.45, 0.8, 0.0),
    "darken": (1.0, 0.6, -127.5 * 0.4),
    "lighten": (1.0, 0.6, 127.5 * 0.4),
    "negative": (1.0, -1.0, 0.0),
}
MATRICES: dict[Filter, Matrix] = {name: _matrix(*found) for name, found in _COLOURS.items()}

_OF_PLANES = {"blur", "greyscale", "muted", "darken", "lighten", "negative"}
"""Those that cut nothing off in RGB are the same in Y, Cb and Cr, each for itself."""


def is_of_planes(name: Filter | None) -> bool:
    return name is None or name in _OF_PLANES


def filtered_planes(name: Filter, planes: Sequence[Pixels], canvas_height: int) -> list[Pixels]:
    """Y, Cb and Cr of BT.709 through a filter for which `is_of_planes` holds."""
    images = [Image.fromarray(plane) for plane in planes]
    if name == "blur":
        radii = (canvas_height / _BLUR / share for share in (1, 2, 2))
        found = [_soft(image, radius) for image, radius in zip(images, radii, strict=True)]
        return [np.asarray(image) for image in found]
    saturation, contrast, lift = _COLOURS[name]
    middle = 16 + (127.5 * (1 - contrast) + lift) * 219 / 255
    luma = _curve(contrast, middle - 16 * contrast)
    colour = _curve(saturation * contrast, 128 * (1 - saturation * contrast))
    curves = (luma, colour, colour)
    return [np.asarray(image.point(curve)) for image, curve in zip(images, curves, strict=True)]


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
    return _soft(image, canvas_height / _BLUR)


def _soft(image: Image.Image, radius: float) -> Image.Image:
    """Large blurs on a smaller picture: nothing fine is left to be lost."""
    less = max(1, round(radius / _RADII))
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
