"""Pictures at a place on the canvas, and how they are laid over one another.

A canvas holds what encoders take: Y, and Cb and Cr at half the size, as BT.709 counts them.
Decoded pictures are that already; what is drawn in RGB becomes it once, not once a frame.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import av
import numpy as np
import numpy.typing as npt
from av.video.plane import VideoPlane
from av.video.reformatter import ColorRange, Colorspace
from PIL import Image

Pixels = npt.NDArray[np.uint8]
_Shares = npt.NDArray[np.uint16]
_Numbers = npt.NDArray[np.float32]
_ALL = 256
"""A share of one: shares are 256ths, so that 8 bits are mixed by 16 bits and a shift."""

_RED, _GREEN, _BLUE = 0.2126, 0.7152, 0.0722
_FROM_RGB = (
    np.array(
        [
            [_RED, _GREEN, _BLUE],
            [-_RED / (2 - 2 * _BLUE), -_GREEN / (2 - 2 * _BLUE), 0.5],
            [0.5, -_GREEN / (2 - 2 * _RED), -_BLUE / (2 - 2 * _RED)],
        ],
        np.float32,
    )
    * np.array([[219], [224], [224]], np.float32)
    / np.float32(255)
)
_OFFSETS = np.array([16, 128, 128], np.float32)


@dataclass(frozen=True, eq=False)
class Plane:
    """Values of one component, whose corner lies at (x, y) of the canvas's plane.

    ``shares``: how much of what is below is covered, in 256ths; None where all is.
    """

    values: Pixels
    x: int
    y: int
    shares: _Shares | None = None

    @cached_property
    def covering(self) -> _Shares:
        """The values times their share: kept, since a still picture is laid over every frame."""
        return self.values * (np.uint16(_ALL) if self.shares is None else self.shares)


Planes = tuple[Plane, Plane, Plane]
"""Y, Cb, Cr. Another object is another picture."""


@dataclass(frozen=True, eq=False)
class Picture:
    """What was drawn: RGB or RGBA pixels to be put at (x, y). Another object is another picture."""

    pixels: Pixels
    x: int
    y: int

    @cached_property
    def planes(self) -> Planes:
        """Where it covers a part of a pair of pixels, their colour covers that part."""
        left, top = self.x & 1, self.y & 1
        height, width, depth = self.pixels.shape
        edges = ((top, (top + height) & 1), (left, (left + width) & 1))
        whole = depth == 3 and edges == ((0, 0), (0, 0))
        rgb = np.pad(self.pixels[:, :, :3], (*edges, (0, 0)), "edge").astype(np.float32)
        values: list[_Numbers] = [
            (rgb @ row + offset).astype(np.float32)
            for row, offset in zip(_FROM_RGB, _OFFSETS, strict=True)
        ]
        x, y = self.x - left, self.y - top
        if whole:
            blue, red = (_rounded(_halved(value)) for value in values[1:])
            half = x // 2, y // 2
            return Plane(_rounded(values[0]), x, y), Plane(blue, *half), Plane(red, *half)
        alpha = np.full((height, width), 255, np.uint8) if depth == 3 else self.pixels[:, :, 3]
        covered = np.pad(alpha, edges).astype(np.float32)
        halves = _halved(covered)
        sums = np.maximum(halves, 1e-6)
        blue, red = (_rounded(_halved(value * covered) / sums) for value in values[1:])
        few = _shares(halves)
        return (
            Plane(_rounded(values[0]), x, y, _shares(covered)),
            Plane(blue, x // 2, y // 2, few),
            Plane(red, x // 2, y // 2, few),
        )


def _halved(values: _Numbers) -> _Numbers:
    """The mean of each square of four."""
    height, width = values.shape
    found: _Numbers = values.reshape(height // 2, 2, width // 2, 2).mean(axis=(1, 3))
    return found


def _rounded(values: npt.NDArray[np.floating[Any]]) -> Pixels:
    found: Pixels = np.clip(np.rint(values), 0, 255).astype(np.uint8)
    return found


def _shares(alpha: _Numbers) -> _Shares:
    found: _Shares = np.rint(alpha * (_ALL / 255)).astype(np.uint16)
    return found


def picture_of(image: Image.Image, x: int, y: int) -> Picture | None:
    """An RGBA image whose corner lies at (x, y), without its clear edges; None if all is clear."""
    box = image.getchannel("A").getbbox()
    if box is None:
        return None
    return Picture(np.asarray(image.crop(box)), x + box[0], y + box[1])


def planes_in(frame: av.VideoFrame) -> tuple[Pixels, Pixels, Pixels]:
    """Views of a yuv420p frame: what is written there is in the frame."""
    y, blue, red = (_view(plane) for plane in frame.planes)
    return y, blue, red


def _view(plane: VideoPlane) -> Pixels:
    rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
    return rows[: plane.height, : plane.width]


def marked(frame: av.VideoFrame) -> av.VideoFrame:
    """The frame, said to be what the encoders take."""
    frame.colorspace, frame.color_range = Colorspace.ITU709, ColorRange.MPEG
    return frame


class Canvas:
    """A frame to lay pictures on. Encoders keep none, so it is the same one every time."""

    def __init__(self, width: int, height: int, background: tuple[int, int, int]) -> None:
        self._frame = marked(av.VideoFrame(width, height, "yuv420p"))
        self._planes = planes_in(self._frame)
        values = _FROM_RGB @ np.array(background) + _OFFSETS
        self._empty = [int(value) for value in np.rint(values)]

    def lay(self, shown: list[tuple[Planes, float]]) -> av.VideoFrame:
        """(picture, opacity) pairs over the background, lowest first. Good until the next call."""
        for at, below in enumerate(self._planes):
            if not (shown and _covers(below, shown[0][0][at], shown[0][1])):
                below[:] = self._empty[at]
            for picture, opacity in shown:
                _lay(below, picture[at], opacity)
        return self._frame


def _covers(below: Pixels, plane: Plane, opacity: float) -> bool:
    height, width = plane.values.shape
    whole = plane.x <= 0 and plane.y <= 0 and plane.shares is None and opacity >= 1
    return whole and plane.x + width >= below.shape[1] and plane.y + height >= below.shape[0]


def _lay(canvas: Pixels, plane: Plane, opacity: float) -> None:
    height, width = plane.values.shape
    left, top = max(plane.x, 0), max(plane.y, 0)
    right = min(plane.x + width, canvas.shape[1])
    bottom = min(plane.y + height, canvas.shape[0])
    share = np.uint16(round(opacity * _ALL))
    if left >= right or top >= bottom or share <= 0:
        return
    inner = slice(top - plane.y, bottom - plane.y), slice(left - plane.x, right - plane.x)
    below = canvas[top:bottom, left:right]
    if plane.shares is None and share == _ALL:
        below[:] = plane.values[inner]
        return
    if plane.shares is None:
        mixed = below * (_ALL - share)
        mixed += plane.values[inner] * share
    elif share == _ALL:
        mixed = below * (_ALL - plane.shares[inner])
        mixed += plane.covering[inner]
    else:
        shares = (plane.shares[inner].astype(np.uint32) * share >> 8).astype(np.uint16)
        mixed = below * (_ALL - shares)
        mixed += plane.values[inner] * shares
    mixed += np.uint16(_ALL // 2)
    mixed >>= np.uint16(8)
    below[:] = mixed
