"""Draws the layers of a timeline: one class a kind of layer, each giving a picture at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import av
import numpy as np
from PIL import Image, UnidentifiedImageError

from jupyter_capture.errors import MediaError
from jupyter_capture.media.filters import filtered
from jupyter_capture.media.picture import Picture, Pixels, picture_of
from jupyter_capture.media.plan import TICKS
from jupyter_capture.media.scene import Placed, Scene
from jupyter_capture.wire.editor import CaptionAsset, Clip, Crop, ImageAsset, Offset, VideoAsset

_TWICE = 2


@dataclass(frozen=True)
class Box:
    """Which part of a source (pixels: left, top, width, height) goes where on the canvas."""

    source: tuple[int, int, int, int]
    x: int
    y: int
    width: int
    height: int


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
    low_x, cut_left, width, across = _seen(x, across, width, scene.width)
    low_y, cut_top, height, down = _seen(y, down, height, scene.height)
    if min(width, height, across, down) < 1:
        return None
    return Box((left + cut_left, top + cut_top, width, height), low_x, low_y, across, down)


def _anchor(position: str, low: str, high: str, room: int) -> int:
    if low in position:
        return 0
    return room if high in position else room // 2


def _seen(at: int, shown: int, source: int, canvas: int) -> tuple[int, int, int, int]:
    """Without the source's pixels that lie beyond the canvas, which a large scale has many of.

    Returns where the rest lies, how many were cut off before it, the rest, and its shown size.
    """
    factor = shown / source
    before = min(source, int(max(0, -at) / factor))
    after = min(source - before, int(max(0, at + shown - canvas) / factor))
    rest = source - before - after
    if not before and not after:
        return at, 0, source, shown
    low = round(before * factor)
    return at + low, before, rest, round((before + rest) * factor) - low


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
        pixels = _scaled(frame, box)
        name = self.placed.clip.filter
        pixels = filtered(name, pixels, self._scene.height)
        return Picture(pixels, box.x, box.y)


def _scaled(frame: av.VideoFrame, box: Box) -> Pixels:
    """The part of a frame that ``box`` shows, at its size."""
    left, top, width, height = box.source
    if (width, height) == (frame.width, frame.height):
        return _rgb(frame, box.width, box.height)
    across, down = box.width / width, box.height / height
    whole = round(frame.width * across), round(frame.height * down)
    if whole[0] * whole[1] <= _TWICE * box.width * box.height:
        # One conversion, and what is not seen is cut off from its result.
        x = min(round(left * across), whole[0] - box.width)
        y = min(round(top * down), whole[1] - box.height)
        return _rgb(frame, *whole)[y : y + box.height, x : x + box.width]
    part = _rgb(frame, frame.width, frame.height)[top : top + height, left : left + width]
    inner = av.VideoFrame.from_ndarray(np.ascontiguousarray(part), format="rgb24")
    return _rgb(inner, box.width, box.height)


def _rgb(frame: av.VideoFrame, width: int, height: int) -> Pixels:
    pixels = frame.reformat(width, height, "rgb24").to_ndarray()
    return pixels.astype(np.uint8, copy=False)


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
        self._picture = _shown(placed.clip, image, scene)

    def at(self, time: int) -> Picture | None:
        return self._picture


def _shown(clip: Clip, image: Image.Image, scene: Scene) -> Picture | None:
    box = place(clip, image.width, image.height, scene)
    if box is None:
        return None
    left, top, width, height = box.source
    part = image.crop((left, top, left + width, top + height)).convert("RGBa")
    part = part.resize((box.width, box.height), Image.Resampling.BICUBIC).convert("RGBA")
    pixels = filtered(clip.filter, np.asarray(part), scene.height)
    if pixels[:, :, 3].min() == 255:
        return Picture(np.ascontiguousarray(pixels[:, :, :3]), box.x, box.y)
    return picture_of(Image.fromarray(pixels), box.x, box.y)


class DrawnLayer:
    """Texts and captions: drawn once for as long as they stay the same."""

    def __init__(self, placed: Placed, scene: Scene, start: int, end: int) -> None:
        if placed.drawn is None:
            raise MediaError(f"{placed.name} was not drawn")
        self.placed = placed
        self._drawn = placed.drawn
        self._scene = scene
        self._before: Picture | None = None
        self._after: Picture | None = None

    def at(self, time: int) -> Picture | None:
        picture = self._drawn.at((time - self.placed.start) / TICKS)
        if picture is not self._before:
            self._before, self._after = picture, self._altered(picture)
        return self._after

    def _altered(self, picture: Picture | None) -> Picture | None:
        """Filtered, and captions moved by the clip's offset; a text knows its place."""
        clip, scene = self.placed.clip, self._scene
        moved = clip.offset if isinstance(clip.asset, CaptionAsset) else Offset()
        if picture is None or (clip.filter is None and (moved.x, moved.y) == (0, 0)):
            return picture
        pixels, spread = picture.pixels, 0
        if clip.filter == "blur":
            spread = scene.height // 20  # room for what is blurred
            pixels = np.pad(pixels, ((spread, spread), (spread, spread), (0, 0)))
        return Picture(
            filtered(clip.filter, pixels, scene.height),
            picture.x + round(moved.x * scene.width) - spread,
            picture.y + round(moved.y * scene.height) - spread,
        )


_KINDS: dict[str, Callable[[Placed, Scene, int, int], Layer]] = {
    "video": VideoLayer,
    "image": ImageLayer,
    "text": DrawnLayer,
    "caption": DrawnLayer,
}


def open_layer(placed: Placed, scene: Scene, start: int, end: int) -> Layer:
    """A layer to be drawn between two times (ticks) of the timeline."""
    return _KINDS[placed.clip.asset.type](placed, scene, start, end)
