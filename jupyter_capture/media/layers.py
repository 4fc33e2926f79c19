"""Draws the layers of a timeline: one class a kind of layer, each giving a picture at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import av
import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError

from jupyter_capture.errors import MediaError
from jupyter_capture.media.timeline import Placed, Scene
from jupyter_capture.wire.editor import Clip, Crop, ImageAsset, VideoAsset

Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Box:
    """Which part of a source (pixels: left, top, width, height) goes where on the canvas."""

    source: tuple[int, int, int, int]
    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True)
class Picture:
    """RGB or RGBA pixels to be put at (x, y)."""

    pixels: Pixels
    x: int
    y: int


class Layer(Protocol):
    """A clip being drawn. Times are asked for in rising order, in ticks of the timeline."""

    placed: Placed

    def at(self, time: int) -> Picture | None:
        """The same object again as long as nothing changed."""


def place(clip: Clip, width: int, height: int, scene: Scene) -> Box | None:
    """Where a source of this size goes; None where nothing of it is left.

    ``offset`` is a share of the canvas, right and down.
    """
    crop = clip.asset.crop if isinstance(clip.asset, VideoAsset | ImageAsset) else Crop()
    left, top = crop.left, crop.top
    width, height = width - left - crop.right, height - top - crop.bottom
    if width < 1 or height < 1:
        return None
    shown_width: float = scene.width
    shown_height: float = scene.height
    if clip.fit == "crop":
        factor = max(scene.width / width, scene.height / height)
        inner_width = min(width, max(1, round(scene.width / factor)))
        inner_height = min(height, max(1, round(scene.height / factor)))
        left, top = left + (width - inner_width) // 2, top + (height - inner_height) // 2
        width, height = inner_width, inner_height
    elif clip.fit == "contain":
        factor = min(scene.width / width, scene.height / height)
        shown_width, shown_height = width * factor, height * factor
    elif clip.fit is None:
        shown_width, shown_height = width, height
    across, down = round(shown_width * clip.scale), round(shown_height * clip.scale)
    if across < 1 or down < 1:
        return None
    x = _anchor(clip.position, "left", "right", scene.width - across)
    y = _anchor(clip.position, "top", "bottom", scene.height - down)
    x, y = x + round(clip.offset.x * scene.width), y + round(clip.offset.y * scene.height)
    return Box((left, top, width, height), x, y, across, down)


def _anchor(position: str, low: str, high: str, room: int) -> int:
    if low in position:
        return 0
    return room if high in position else room // 2


class VideoLayer:
    def __init__(self, placed: Placed, scene: Scene, start: int, end: int) -> None:
        self.placed = placed
        self._scene = scene
        track = placed.source.video
        if track is None:
            raise MediaError(f"{placed.name} holds no pictures")
        self._frames = track.frames(
            placed.source_time(max(start, placed.start)), placed.source_time(min(end, placed.end))
        )
        self._next = next(self._frames, None)
        self._current: Picture | None = None

    def at(self, time: int) -> Picture | None:
        newest: av.VideoFrame | None = None
        wanted = self.placed.source_time(time)
        first = self._current is None
        while self._next is not None and (first or (self._next.pts or 0) <= wanted):
            newest, first = self._next, False
            self._next = next(self._frames, None)
        if newest is not None:
            self._current = self._draw(newest)
        return self._current

    def _draw(self, frame: av.VideoFrame) -> Picture | None:
        box = place(self.placed.clip, frame.width, frame.height, self._scene)
        if box is None:
            return None
        left, top, width, height = box.source
        if (width, height) == (frame.width, frame.height):
            pixels = frame.reformat(box.width, box.height, "rgb24").to_ndarray()
        else:
            whole = np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)
            part = np.ascontiguousarray(whole[top : top + height, left : left + width])
            inner = av.VideoFrame.from_ndarray(part, format="rgb24")
            pixels = inner.reformat(box.width, box.height, "rgb24").to_ndarray()
        return Picture(pixels.astype(np.uint8, copy=False), box.x, box.y)


class ImageLayer:
    def __init__(self, placed: Placed, scene: Scene, start: int, end: int) -> None:
        self.placed = placed
        path = placed.source.image
        if path is None:
            raise MediaError(f"{placed.name} holds no image")
        try:
            with Image.open(path) as opened:
                image = opened.convert("RGBA")
        except (OSError, UnidentifiedImageError) as error:
            raise MediaError(f"{placed.name}: the image cannot be read ({error})") from error
        box = place(placed.clip, image.width, image.height, scene)
        self._picture: Picture | None = None
        if box is not None:
            left, top, width, height = box.source
            shown = image.resize(
                (box.width, box.height), box=(left, top, left + width, top + height)
            )
            self._picture = Picture(np.asarray(shown), box.x, box.y)

    def at(self, time: int) -> Picture | None:
        return self._picture


_KINDS: dict[str, Callable[[Placed, Scene, int, int], Layer]] = {
    "video": VideoLayer,
    "image": ImageLayer,
}


def open_layer(placed: Placed, scene: Scene, start: int, end: int) -> Layer:
    """A layer to be drawn between two times (ticks) of the timeline."""
    return _KINDS[placed.clip.asset.type](placed, scene, start, end)


def compose(scene: Scene, pictures: list[tuple[Picture, float]]) -> Pixels:
    """RGB pixels: (picture, opacity) pairs over the background, from the lowest up."""
    canvas = np.empty((scene.height, scene.width, 3), np.uint8)
    canvas[:] = scene.background
    for picture, opacity in pictures:
        _paste(canvas, picture, opacity)
    return canvas


def _paste(canvas: Pixels, picture: Picture, opacity: float) -> None:
    height, width = picture.pixels.shape[:2]
    left, top = max(picture.x, 0), max(picture.y, 0)
    right = min(picture.x + width, canvas.shape[1])
    bottom = min(picture.y + height, canvas.shape[0])
    if left >= right or top >= bottom:
        return
    pixels = picture.pixels[
        top - picture.y : bottom - picture.y, left - picture.x : right - picture.x
    ]
    below = canvas[top:bottom, left:right]
    if pixels.shape[2] == 3 and opacity >= 1:
        below[:] = pixels
        return
    share = np.full((*pixels.shape[:2], 1), opacity, np.float32)
    if pixels.shape[2] == 4:
        share *= pixels[:, :, 3:] / np.float32(255)
    mixed = pixels[:, :, :3] * share + below * (1 - share)
    below[:] = np.rint(mixed).astype(np.uint8)
