"""Draws the layers of a timeline: one class a kind of layer, each giving a picture at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import av
import numpy as np
from av.video.reformatter import ColorRange, Colorspace, VideoReformatter
from PIL import Image, UnidentifiedImageError

from jupyter_capture.errors import MediaError
from jupyter_capture.media.encode import as_frame, matrix_of
from jupyter_capture.media.filters import filtered, filtered_planes, is_of_planes
from jupyter_capture.media.picture import (
    Picture,
    Pixels,
    Plane,
    Planes,
    marked,
    picture_of,
    planes_in,
)
from jupyter_capture.media.plan import TICKS
from jupyter_capture.media.scene import Placed, Scene
from jupyter_capture.wire.editor import CaptionAsset, Clip, Crop, ImageAsset, Offset, VideoAsset

_MOST_LEFT = 16


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

    def at(self, time: int) -> Planes | None:
        """The same object again as long as nothing changed."""

    def goes_on(self, time: int) -> bool:
        """Whether ``time`` can be asked for now, without a waste of work."""


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
    wanted = clip.asset if isinstance(clip.asset, ImageAsset) else None
    if wanted and wanted.width and wanted.height:
        shown_width, shown_height = wanted.width, wanted.height
    elif clip.fit == "crop":
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
    def __init__(self, placed: Placed, scene: Scene, start: int) -> None:
        self.placed = placed
        self._scene = scene
        self._scaler = VideoReformatter()
        track = placed.source.video
        if track is None:
            raise MediaError(f"{placed.name} holds no pictures")
        self._track = track
        begin = placed.source_time(max(start, placed.start))
        self._frames = track.frames(begin, placed.source_time(placed.end))
        self._next = next(self._frames, None)
        self._asked = begin
        self._is_broken = False
        self._current: Planes | None = None

    def at(self, time: int) -> Planes | None:
        newest: av.VideoFrame | None = None
        self._asked = wanted = self.placed.source_time(time)
        first = self._current is None
        while self._next is not None and (first or (self._next.pts or 0) <= wanted):
            newest, first = self._next, False
            self._advance()
        if newest is not None:
            self._current = self._draw(newest)
        return self._current

    def _advance(self) -> None:
        try:
            self._next = next(self._frames, None)
        except MediaError:
            # What can be read stays on screen, as where a track is copied.
            self._next, self._is_broken = None, True

    def goes_on(self, time: int) -> bool:
        wanted = self.placed.source_time(time)
        if self._is_broken or self._current is None or wanted < self._asked:
            return False
        return self._next is None or self._track.previous_key(wanted) <= (self._next.pts or 0)

    def _draw(self, frame: av.VideoFrame) -> Planes | None:
        box = place(self.placed.clip, frame.width, frame.height, self._scene)
        if box is None:
            return None
        name = self.placed.clip.filter
        shown = self._scaled(_part(self._scaled(frame, frame.width, frame.height), box.source),
                             box.width, box.height)  # fmt: skip
        if not is_of_planes(name):
            colours = shown.reformat(format="rgb24", src_colorspace=Colorspace.ITU709).to_ndarray()
            altered = filtered(name, colours.astype(np.uint8, copy=False), self._scene.height)
            shown = self._scaled(as_frame(altered), box.width, box.height)
        planes: Sequence[Pixels] = planes_in(shown)
        if name is not None and is_of_planes(name):
            planes = filtered_planes(name, planes, self._scene.height)
        # Of an odd place or size the colour is half a pixel off at most.
        half = (box.x + 1 - box.width % 2) // 2, (box.y + 1 - box.height % 2) // 2
        return (
            Plane(planes[0], box.x, box.y),
            Plane(planes[1], *half),
            Plane(planes[2], *half),
        )

    def _scaled(self, frame: av.VideoFrame, width: int, height: int) -> av.VideoFrame:
        """In the canvas's own form; the same frame where it is so already."""
        return marked(
            self._scaler.reformat(
                frame,
                width,
                height,
                "yuv420p",
                src_colorspace=matrix_of(frame),
                dst_colorspace=Colorspace.ITU709,
                dst_color_range=ColorRange.MPEG,
                threads=1,
            )
        )


def _part(frame: av.VideoFrame, source: tuple[int, int, int, int]) -> av.VideoFrame:
    """(left, top, width, height) of a yuv420p frame."""
    left, top, width, height = source
    if (width, height) == (frame.width, frame.height):
        return frame
    part = marked(av.VideoFrame(width, height, "yuv420p"))
    for to, plane in zip(planes_in(part), planes_in(frame), strict=True):
        if to.shape != (height, width):
            left, top = source[0] // 2, source[1] // 2
        to[:] = plane[top : top + to.shape[0], left : left + to.shape[1]]
    return part


class ImageLayer:
    def __init__(self, placed: Placed, scene: Scene, start: int) -> None:
        self.placed = placed
        path = placed.source.image
        if path is None:
            raise MediaError(f"{placed.name} holds no image")
        try:
            with Image.open(path) as opened:
                image = opened.convert("RGBA")
        except (OSError, UnidentifiedImageError) as error:
            raise MediaError(f"{placed.name}: the image cannot be read ({error})") from error
        shown = _shown(placed.clip, image, scene)
        self._planes = shown.planes if shown else None

    def at(self, time: int) -> Planes | None:
        return self._planes

    def goes_on(self, time: int) -> bool:
        return True


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

    def __init__(self, placed: Placed, scene: Scene, start: int) -> None:
        if placed.drawn is None:
            raise MediaError(f"{placed.name} was not drawn")
        self.placed = placed
        self._drawn = placed.drawn
        self._scene = scene
        self._before: Picture | None = None
        self._after: Planes | None = None

    def at(self, time: int) -> Planes | None:
        picture = self._drawn.at((time - self.placed.start) / TICKS)
        if picture is not self._before:
            altered = self._altered(picture)
            self._before, self._after = picture, altered.planes if altered else None
        return self._after

    def goes_on(self, time: int) -> bool:
        return True

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


_KINDS: dict[str, Callable[[Placed, Scene, int], Layer]] = {
    "video": VideoLayer,
    "image": ImageLayer,
    "text": DrawnLayer,
    "caption": DrawnLayer,
}


class Stage:
    """The layers of a scene that is drawn stretch by stretch, perhaps by several threads.

    A layer that was left goes on where it stood, if that is of use; else it is opened anew.
    """

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self._left: dict[int, Layer] = {}
        self._lock = threading.Lock()

    def enter(self, placed: Placed, start: int) -> Layer:
        """The layer of a clip of the scene, to be drawn from ``start`` (ticks) on."""
        with self._lock:
            layer = self._left.pop(id(placed), None)
        if layer is not None and layer.goes_on(max(start, placed.start)):
            return layer
        return _KINDS[placed.clip.asset.type](placed, self.scene, start)

    def leave(self, layers: Sequence[Layer]) -> None:
        with self._lock:
            self._left.update((id(layer.placed), layer) for layer in layers)
            while len(self._left) > _MOST_LEFT:
                self._left.pop(next(iter(self._left)))
