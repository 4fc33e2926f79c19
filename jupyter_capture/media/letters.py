"""Letters as masks: fonts by family, measured and drawn; shaped with raqm where Pillow has it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from math import ceil, floor
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

_FOLDER = Path(__file__).parent / "fonts"
_SHIPPED = {False: _FOLDER / "DejaVuSans.ttf", True: _FOLDER / "DejaVuSans-Bold.ttf"}
# What stands for no family in particular; "Clear Sans" is what VideoDB's classes fill in.
_NONE_IN_PARTICULAR = {"", "clear sans", "dejavu sans", "sans", "sans-serif"}
# Controls and separators have no shape, and raqm fails at some: they are spaces.
_SHAPELESS = dict.fromkeys([*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029], " ")
_SLANT = 0.2
_LARGEST = 2000.0


@dataclass(frozen=True)
class Face:
    """``size`` in pixels of the em, scales as factors, ``spacing`` in pixels between letters."""

    family: str = ""
    size: float = 48
    bold: bool = False
    italic: bool = False
    underline: bool = False
    strikeout: bool = False
    scale_x: float = 1
    scale_y: float = 1
    spacing: float = 0


@dataclass(frozen=True)
class Mask:
    """Coverage of letters. (x, y): its corner against the pen's start on the baseline."""

    image: Image.Image
    x: int
    y: int


def family_warning(family: str) -> str | None:
    """What to say of a family that is not on this machine."""
    if _known(family.strip().lower()) and _file(family, False) is not None:
        return None
    return f"there is no font {family!r} on this machine: DejaVu Sans is used in its place"


def _known(family: str) -> bool:
    return family in _NONE_IN_PARTICULAR or re.fullmatch(r"[\w -]{1,80}", family) is not None


@lru_cache(maxsize=256)
def _file(family: str, bold: bool) -> str | None:
    """The font's file: ours, or one that is installed under the family's name."""
    name = family.strip().lower()
    if name in _NONE_IN_PARTICULAR:
        return str(_SHIPPED[bold])
    if not _known(name):
        return None  # a path, perhaps: fonts are asked for by name alone
    close = family.strip().replace(" ", "")
    ends = ("-Bold", " Bold", "", "-Regular") if bold else ("", "-Regular")
    for stem in dict.fromkeys((close, family.strip(), close.lower())):
        for end in ends:
            try:
                return str(ImageFont.truetype(f"{stem}{end}.ttf", 10).path)
            except OSError:
                continue
    return None


@lru_cache(maxsize=128)
def _font(family: str, bold: bool, size: float) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(_file(family, bold) or str(_SHIPPED[bold]), size)


def _font_of(face: Face) -> ImageFont.FreeTypeFont:
    size = max(1.0, min(round(face.size * face.scale_y, 1), _LARGEST))
    return _font(face.family, face.bold, size)


def em_of_line(family: str, height: float) -> float:
    """The size at which a line is ``height`` high: how ASS counts sizes."""
    up, down = _font(family, False, 100).getmetrics()
    return height * 100 / (up + down)


def height_of(face: Face) -> tuple[int, int]:
    """(above, below) the baseline, pixels."""
    return _font_of(face).getmetrics()


def width_of(text: str, face: Face) -> float:
    """How far the pen goes, pixels."""
    font = _font_of(face)
    text = text.translate(_SHAPELESS)
    if not face.spacing:
        return font.getlength(text) * face.scale_x / face.scale_y
    return sum(font.getlength(each) * face.scale_x / face.scale_y + face.spacing for each in text)


@lru_cache(maxsize=256)
def mask_of(text: str, face: Face, outline: int = 0) -> Mask | None:
    """None where there is nothing to see, such as a space. ``outline``: pixels all around."""
    text = text.translate(_SHAPELESS)
    mask = _spaced(text, face, outline) if face.spacing else _shaped(text, face, outline)
    if mask is None and not (face.underline or face.strikeout):
        return None
    stretch = face.scale_x / face.scale_y
    if mask is not None and abs(stretch - 1) > 0.001 and not face.spacing:
        width = max(1, round(mask.image.width * stretch))
        image = mask.image.resize((width, mask.image.height), Image.Resampling.BICUBIC)
        mask = Mask(image, round(mask.x * stretch), mask.y)
    if face.underline or face.strikeout:
        mask = _lined(mask, width_of(text, face), face, outline)
    return _slanted(mask) if face.italic and mask else mask


def _shaped(text: str, face: Face, outline: int) -> Mask | None:
    font = _font_of(face)
    box = font.getbbox(text, anchor="ls", stroke_width=outline)
    left, top, right, bottom = floor(box[0]), floor(box[1]), ceil(box[2]), ceil(box[3])
    if right <= left or bottom <= top:
        return None
    image = Image.new("L", (right - left, bottom - top))
    draw = ImageDraw.Draw(image)
    draw.text((-left, -top), text, 255, font, "ls", stroke_width=outline)
    return Mask(image, left, top)


def _spaced(text: str, face: Face, outline: int) -> Mask | None:
    plain = Face(face.family, face.size, face.bold, scale_x=face.scale_x, scale_y=face.scale_y)
    found: list[tuple[Mask, int]] = []
    pen = 0.0
    for each in text:
        mask = mask_of(each, plain, outline)
        if mask is not None:
            found.append((mask, round(pen) + mask.x))
        pen += width_of(each, plain) + face.spacing
    if not found:
        return None
    left, top = min(x for _, x in found), min(mask.y for mask, _ in found)
    right = max(x + mask.image.width for mask, x in found)
    bottom = max(mask.y + mask.image.height for mask, _ in found)
    image = Image.new("L", (right - left, bottom - top))
    for mask, x in found:
        image.paste(255, (x - left, mask.y - top), mask.image)
    return Mask(image, left, top)


def _lined(mask: Mask | None, width: float, face: Face, outline: int) -> Mask:
    """With the lines under and through the letters."""
    thick = max(1, round(face.size * face.scale_y / 16))
    tops = [thick] if face.underline else []
    if face.strikeout:
        tops.append(-round(face.size * face.scale_y * 0.28))
    boxes = [(-outline, top - outline, ceil(width) + outline, top + thick + outline)
             for top in tops]  # fmt: skip
    held = [] if mask is None else [
        (mask.x, mask.y, mask.x + mask.image.width, mask.y + mask.image.height)
    ]  # fmt: skip
    every = boxes + held
    left, top = min(box[0] for box in every), min(box[1] for box in every)
    right, bottom = max(box[2] for box in every), max(box[3] for box in every)
    image = Image.new("L", (right - left, bottom - top))
    if mask is not None:
        image.paste(mask.image, (mask.x - left, mask.y - top))
    for box in boxes:
        corners = (box[0] - left, box[1] - top, box[2] - left, box[3] - top)
        image.paste(255, corners)
    return Mask(image, left, top)


def _slanted(mask: Mask) -> Mask:
    """Leaning to the right about the baseline."""
    width, height = mask.image.size
    baseline = -mask.y
    pad = ceil(max(0.0, _SLANT * (height - baseline)))
    reach = ceil(max(0.0, _SLANT * baseline))
    shift = -(_SLANT * baseline + pad)
    image = mask.image.transform(
        (width + pad + reach, height),
        Image.Transform.AFFINE,
        (1, _SLANT, shift, 0, 1, 0),
        Image.Resampling.BICUBIC,
    )
    return Mask(image, mask.x - pad, mask.y)
