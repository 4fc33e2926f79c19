"""Text as pictures: lines of runs, each with its look, laid out as a block; and text assets."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil

from PIL import Image, ImageDraw

from jupyter_capture.errors import InvalidRequestError
from jupyter_capture.media.colours import CLEAR, Colour, colour
from jupyter_capture.media.letters import Face, Mask, height_of, mask_of, width_of
from jupyter_capture.media.picture import Picture, picture_of
from jupyter_capture.wire.editor import Background, Clip, TextAsset

_MOST_PIXELS = 50_000_000


@dataclass(frozen=True)
class Look:
    """How a run is drawn. Sizes in pixels; ``box`` is a rectangle behind the run alone.

    ``swept``: the share of the run, from its beginning, that ``sweep`` fills instead.
    """

    face: Face
    fill: Colour = (255, 255, 255, 255)
    outline: float = 0
    outline_fill: Colour = (0, 0, 0, 255)
    shadow: tuple[float, float] = (0, 0)
    shadow_fill: Colour = CLEAR
    box: Colour = CLEAR
    sweep: Colour = CLEAR
    swept: float = 0

    @property
    def stroke(self) -> int:
        return max(1, round(self.outline)) if self.outline > 0 else 0


@dataclass(frozen=True)
class Run:
    text: str
    look: Look


Line = Sequence[Run]


@dataclass(frozen=True)
class Block:
    """``image`` (RGBA) reaches ``margin`` pixels beyond the layout's (width, height) all around."""

    image: Image.Image
    margin: int
    width: int
    height: int


@dataclass(frozen=True)
class _Set:
    """A run in its place: the pen's start on the baseline, and how far it goes."""

    run: Run
    x: float
    baseline: int
    width: float
    top: int
    bottom: int


def block_of(
    lines: Sequence[Line],
    align: str = "center",
    spacing: float = 0,
    backdrop: Colour = CLEAR,
    padding: float = 0,
) -> Block:
    """Draw lines. ``backdrop``: a box behind each line, ``padding`` pixels larger all around."""
    widths = [sum(width_of(run.text, run.look.face) for run in line) for line in lines]
    width = ceil(max(widths, default=0))
    looks = [run.look for line in lines for run in line]
    reach = [look.stroke + max(map(abs, look.shadow)) + look.face.size / 2 for look in looks]
    margin = ceil(max([*reach, padding], default=0)) + 1
    placed: list[_Set] = []
    boxes: list[tuple[float, int, float, int]] = []
    top = 0
    for line, length in zip(lines, widths, strict=True):
        heights = [height_of(run.look.face) for run in line]
        up = max((each[0] for each in heights), default=0)
        down = max((each[1] for each in heights), default=0)
        x = {"left": 0.0, "right": width - length}.get(align, (width - length) / 2)
        boxes.append((x, top, x + length, top + up + down))
        for run in line:
            advance = width_of(run.text, run.look.face)
            placed.append(_Set(run, x, top + up, advance, top, top + up + down))
            x += advance
        top += up + down + round(spacing)
    height = max(0, top - round(spacing))
    image = _clear(width + 2 * margin, height + 2 * margin)
    if backdrop[3]:
        for box in boxes:
            _rectangle(image, box, padding, margin, backdrop)
    _draw(image, placed, margin)
    return Block(image, margin, width, height)


def _clear(width: int, height: int) -> Image.Image:
    if width * height > _MOST_PIXELS:
        raise InvalidRequestError(
            f"a text of {width}x{height} pixels is too large: use a smaller size, or less text"
        )
    return Image.new("RGBA", (width, height))


def _draw(image: Image.Image, placed: Sequence[_Set], margin: int) -> None:
    """Boxes below shadows below outlines below letters, so that no run covers its neighbour."""
    for each in placed:
        if each.run.look.box[3]:
            size = each.run.look.face.size
            box = (each.x, each.top, each.x + each.width, each.bottom)
            _rectangle(image, box, size * 0.16, margin, each.run.look.box, round(size * 0.16))
    for each in placed:
        look = each.run.look
        if look.shadow_fill[3] and look.shadow != (0, 0):
            mask = mask_of(each.run.text, look.face, look.stroke)
            dx, dy = look.shadow
            _lay(image, mask, each.x + margin + dx, each.baseline + margin + dy, look.shadow_fill)
    for each in placed:
        look = each.run.look
        if look.stroke and look.outline_fill[3]:
            mask = mask_of(each.run.text, look.face, look.stroke)
            _lay(image, mask, each.x + margin, each.baseline + margin, look.outline_fill)
    for each in placed:
        look = each.run.look
        mask = mask_of(each.run.text, look.face)
        _lay(image, mask, each.x + margin, each.baseline + margin, look.fill)
        if mask is not None and look.swept > 0:
            part = _swept(mask, look.swept, is_rtl(each.run.text))
            _lay(image, part, each.x + margin, each.baseline + margin, look.sweep)


def _swept(mask: Mask, share: float, from_right: bool) -> Mask:
    width = max(1, round(mask.image.width * min(share, 1)))
    left = mask.image.width - width if from_right else 0
    part = mask.image.crop((left, 0, left + width, mask.image.height))
    return Mask(part, mask.x + left, mask.y)


def _lay(image: Image.Image, mask: Mask | None, x: float, y: float, fill: Colour) -> None:
    if mask is None or not fill[3]:
        return
    alpha = mask.image if fill[3] == 255 else mask.image.point([v * fill[3] // 255
                                                                for v in range(256)])  # fmt: skip
    solid = Image.new("RGBA", mask.image.size, fill)
    solid.putalpha(alpha)
    left, top = round(x) + mask.x, round(y) + mask.y
    cut = (max(0, -left), max(0, -top))
    image.alpha_composite(solid, (max(0, left), max(0, top)), cut)


def _rectangle(
    image: Image.Image,
    box: tuple[float, float, float, float],
    padding: float,
    margin: int,
    fill: Colour,
    radius: int = 0,
) -> None:
    layer = Image.new("RGBA", image.size)
    corners = (
        round(box[0] - padding) + margin,
        round(box[1] - padding * (0.3 if radius else 1)) + margin,
        round(box[2] + padding) + margin - 1,
        round(box[3] + padding * (0.3 if radius else 1)) + margin - 1,
    )
    ImageDraw.Draw(layer).rounded_rectangle(corners, radius, fill)
    image.alpha_composite(layer)


def is_rtl(text: str) -> bool:
    """Whether the first letter that has a direction is written from right to left."""
    for letter in text:
        kind = unicodedata.bidirectional(letter)
        if kind in ("L", "R", "AL"):
            return kind != "L"
    return False


def wrapped(text: str, face: Face, width: float) -> list[str]:
    """Lines no wider than ``width`` pixels: broken at spaces, and within a word that is longer."""
    lines: list[str] = []
    for paragraph in text.split("\n"):
        held = ""
        for word in paragraph.split(" "):
            longer = f"{held} {word}" if held else word
            if not held or width_of(longer, face) <= width:
                held = longer
            else:
                lines.append(held)
                held = word
            while width_of(held, face) > width and len(held) > 1:
                fits = _that_fit(held, face, width)
                lines.append(held[:fits])
                held = held[fits:]
        lines.append(held)
    return lines


def tabbed(line: str, face: Face, tabsize: int) -> str:
    """With spaces for tabs, up to the next multiple of ``tabsize`` spaces' width, or near it."""
    first, *rest = line.split("\t")
    space = width_of(" ", face)
    for piece in rest:
        used = width_of(first, face) / space
        first += " " * max(1, round(tabsize - used % tabsize)) + piece
    return first


def _that_fit(text: str, face: Face, width: float) -> int:
    low, high = 1, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if width_of(text[:middle], face) <= width else (low, middle - 1)
    return low


def stand(
    block: Block,
    size: tuple[int, int],
    place: str,
    margins: tuple[float, float, float] = (0, 0, 0),
    angle: float = 0,
    at: tuple[float, float] | None = None,
) -> Picture | None:
    """A block on a canvas of ``size``, as ASS places lines.

    ``place`` names two of bottom, middle, top and left, center, right; ``margins``: left, right,
    vertical. ``at``: the point at which that corner stands instead. ``angle`` in degrees.
    """
    left, right, vertical = margins
    x = left + (size[0] - left - right - block.width) / 2
    y = (size[1] - block.height) / 2
    if at is not None:
        x, y = at[0] - block.width / 2, at[1] - block.height / 2
    if "left" in place:
        x = left if at is None else at[0]
    elif "right" in place:
        x = (size[0] - right if at is None else at[0]) - block.width
    if "top" in place:
        y = vertical if at is None else at[1]
    elif "bottom" in place:
        y = (size[1] - vertical if at is None else at[1]) - block.height
    image = block.image
    if angle % 360:
        image = image.rotate(angle, Image.Resampling.BICUBIC, expand=True)
    dx = (image.width - block.image.width) / 2 + block.margin
    dy = (image.height - block.image.height) / 2 + block.margin
    return picture_of(image, round(x - dx), round(y - dy))


# ---- text assets


def text_picture(clip: Clip, asset: TextAsset, width: int, height: int) -> Picture | None:
    """A text on a canvas of this size, where its clip says.

    Fit does not apply: letters have their size, times the clip's scale. The text stands in its
    box as ``alignment`` says; without a box, ``alignment`` says where on the canvas, unless
    ``position`` does.
    """
    if clip.scale <= 0:
        return None
    image, body = _boxed(asset, clip.scale, width)
    left, top, right, bottom = body
    across = round(asset.width * clip.scale) if asset.width else right - left
    down = round(asset.height * clip.scale) if asset.height else bottom - top
    alignment = asset.alignment
    x = _at(_either(clip.position, alignment.horizontal, asset.width, "left", "right"),
            "left", "right", width - across)  # fmt: skip
    y = _at(_either(clip.position, alignment.vertical, asset.height, "top", "bottom"),
            "top", "bottom", height - down)  # fmt: skip
    x += _at(alignment.horizontal, "left", "right", across - (right - left))
    y += _at(alignment.vertical, "top", "bottom", down - (bottom - top))
    x, y = x + round(clip.offset.x * width), y + round(clip.offset.y * height)
    return picture_of(image, x - left, y - top)


def text_size(asset: TextAsset, canvas: int) -> tuple[int, int]:
    """Width and height of the letters alone, on a canvas of this width."""
    back = asset.background or Background()
    bare = asset.model_copy(
        update={"background": back.model_copy(update={"width": 0, "height": 0})}
    )
    left, top, right, bottom = _boxed(bare, 1, canvas)[1]
    edges = 2 * round(back.border_width)
    return right - left - edges, bottom - top - edges


def _either(position: str, alignment: str, boxed: int | None, low: str, high: str) -> str:
    return position if boxed or low in position or high in position else alignment


def _at(place: str, low: str, high: str, room: int) -> int:
    if low in place:
        return 0
    return room if high in place else room // 2


def _boxed(
    asset: TextAsset, scale: float, canvas: int
) -> tuple[Image.Image, tuple[int, int, int, int]]:
    """The text with its background, and which part of the image is its body."""
    look = look_of(asset, scale)
    room = (asset.width or canvas / max(scale, 0.01)) * scale
    back = asset.background
    edge = round(back.border_width * scale) if back else 0
    text = "\n".join(tabbed(line, look.face, asset.tabsize) for line in asset.text.splitlines())
    lines = [[Run(line, look)] for line in wrapped(text, look.face, max(1, room - 2 * edge))]
    align = asset.alignment.horizontal
    if back:
        align = next((s for s in ("left", "right") if s in back.text_alignment), "center")
    block = block_of(lines, align, asset.line_spacing * scale)
    if back is None:
        m = block.margin
        return block.image, (m, m, m + block.width, m + block.height)
    wide = max(block.width, round(back.width * scale)) + 2 * edge
    high = max(block.height, round(back.height * scale)) + 2 * edge
    margin = block.margin
    image = _clear(wide + 2 * margin, high + 2 * margin)
    image.paste(colour(back.color, back.opacity), (margin, margin, margin + wide, margin + high))
    x = edge + _at(back.text_alignment, "left", "right", wide - 2 * edge - block.width)
    y = edge + _at(back.text_alignment, "top", "bottom", high - 2 * edge - block.height)
    image.alpha_composite(block.image, (x, y))
    return image, (margin, margin, margin + wide, margin + high)


def look_of(asset: TextAsset, scale: float = 1) -> Look:
    """Raises InvalidRequestError for what is no colour."""
    font, border, shadow = asset.font, asset.border, asset.shadow
    look = Look(Face(font.family, font.size * scale), colour(font.color, font.opacity))
    if border and border.width:
        fill = colour(border.color, font.opacity)
        look = replace(look, outline=border.width * scale, outline_fill=fill)
    if shadow and (shadow.x or shadow.y):
        fill = colour(shadow.color, font.opacity)
        look = replace(look, shadow=(shadow.x * scale, shadow.y * scale), shadow_fill=fill)
    if asset.background:
        colour(asset.background.color)
    return look
