"""Pixels at a place on the canvas, and how they are laid over one another."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from PIL import Image

Pixels = npt.NDArray[np.uint8]
_Shares = npt.NDArray[np.uint16]
_ALL = 256
"""A share of one: shares are 256ths, so that 8 bits are mixed by 16 bits and a shift."""


@dataclass(frozen=True, eq=False)
class Picture:
    """RGB or RGBA pixels to be put at (x, y). Another object is another picture."""

    pixels: Pixels
    x: int
    y: int

    # Kept, since a still picture is laid over every frame.

    @cached_property
    def shares(self) -> _Shares:
        """(h, w, 1): how much of a pixel below is covered, in 256ths. RGBA only."""
        alpha = self.pixels[:, :, 3:].astype(np.uint16)
        return alpha + (alpha >> 7)

    @cached_property
    def covering(self) -> _Shares:
        """(h, w, 3): the colours, times their share. RGBA only."""
        return self.pixels[:, :, :3] * self.shares


def picture_of(image: Image.Image, x: int, y: int) -> Picture | None:
    """An RGBA image whose corner lies at (x, y), without its clear edges; None if all is clear."""
    box = image.getchannel("A").getbbox()
    if box is None:
        return None
    return Picture(np.asarray(image.crop(box)), x + box[0], y + box[1])


def compose(
    size: tuple[int, int],
    background: tuple[int, int, int],
    pictures: list[tuple[Picture, float]],
) -> Pixels:
    """RGB pixels of (width, height): (picture, opacity) pairs over the background, lowest first."""
    canvas = np.empty((size[1], size[0], 3), np.uint8)
    if not (pictures and _covers(canvas, *pictures[0])):
        canvas[:] = background
    for picture, opacity in pictures:
        _paste(canvas, picture, opacity)
    return canvas


def _covers(canvas: Pixels, picture: Picture, opacity: float) -> bool:
    height, width, depth = picture.pixels.shape
    whole = picture.x <= 0 and picture.y <= 0
    whole = whole and picture.x + width >= canvas.shape[1]
    return whole and picture.y + height >= canvas.shape[0] and depth == 3 and opacity >= 1


def _paste(canvas: Pixels, picture: Picture, opacity: float) -> None:
    height, width, depth = picture.pixels.shape
    left, top = max(picture.x, 0), max(picture.y, 0)
    right = min(picture.x + width, canvas.shape[1])
    bottom = min(picture.y + height, canvas.shape[0])
    if left >= right or top >= bottom or opacity <= 0:
        return
    inner = (
        slice(top - picture.y, bottom - picture.y),
        slice(left - picture.x, right - picture.x),
    )
    below = canvas[top:bottom, left:right]
    if depth == 3 and opacity >= 1:
        below[:] = picture.pixels[inner]
        return
    share = np.uint16(round(opacity * _ALL))
    if depth == 3:
        mixed = below * (_ALL - share)
        mixed += picture.pixels[inner] * share
    elif share == _ALL:
        mixed = below * (_ALL - picture.shares[inner])
        mixed += picture.covering[inner]
    else:
        shares = (picture.shares[inner].astype(np.uint32) * share >> 8).astype(np.uint16)
        mixed = below * (_ALL - shares)
        mixed += picture.pixels[:, :, :3][inner] * shares
    mixed += np.uint16(_ALL // 2)
    mixed >>= np.uint16(8)
    below[:] = mixed
