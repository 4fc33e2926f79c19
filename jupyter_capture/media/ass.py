"""ASS subtitles, read strictly: their text, times and basic styles.

Read: PlayResX/Y, styles (font, size, colours, bold, italic, underline, strikeout, scales,
spacing, angle, border, alignment, margins) and events; in their text ``\\N``, ``\\n``, ``\\h`` and
the overrides b, i, u, s, c, 1c, 3c, 4c, alpha, 1a, an, a, pos, fs, fn, fscx, fscy, fsp, bord,
shad and r. What else ASS knows (movement, clips, drawings, karaoke) is passed over.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from jupyter_capture.errors import InvalidRequestError
from jupyter_capture.media.colours import Colour, ass_colour
from jupyter_capture.media.letters import Face
from jupyter_capture.media.text import Look, Run

PLACES = {
    1: "bottom_left", 2: "bottom_center", 3: "bottom_right",
    4: "middle_left", 5: "middle_center", 6: "middle_right",
    7: "top_left", 8: "top_center", 9: "top_right",
}  # fmt: skip
OLD_PLACES = {1: 1, 2: 2, 3: 3, 5: 7, 6: 8, 7: 9, 9: 4, 10: 5, 11: 6}
"""The alignments of SSA, as ``\\a`` and VideoDB's SubtitleStyle count them, as those of ASS."""

RESOLUTION = (384, 288)  # what a script without PlayRes means
_LARGEST = 2_000_000
_EVENT = "Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text"
_TIME = re.compile(r"\s*(\d+):(\d{1,2}):(\d{1,2})(?:[.:](\d{1,3}))?\s*")
_POS = re.compile(r"pos\(\s*(-?[\d.]+)\s*,\s*(-?[\d.]+)\s*\)")


@dataclass(frozen=True)
class Style:
    """Sizes in the script's own pixels. ``boxed``: a box instead of an outline."""

    look: Look = field(default_factory=lambda: Look(Face("Arial", 18), outline=2))
    place: int = 2
    margins: tuple[float, float, float] = (10, 10, 10)
    angle: float = 0
    boxed: bool = False


@dataclass(frozen=True)
class Event:
    """Seconds. ``lines`` of runs; ``at``: where ``\\pos`` puts it, in the script's pixels."""

    layer: int
    start: float
    end: float
    style: Style
    lines: tuple[tuple[Run, ...], ...]
    at: tuple[float, float] | None


@dataclass(frozen=True)
class Script:
    resolution: tuple[float, float]
    events: tuple[Event, ...]

    @property
    def families(self) -> set[str]:
        return {run.look.face.family for e in self.events for line in e.lines for run in line}


def decode(src: str) -> str:
    """The text of a base64-encoded file. Raises InvalidRequestError."""
    if len(src) > _LARGEST:
        raise InvalidRequestError(f"the subtitles are larger than {_LARGEST // 1_000_000} MB")
    try:
        data = base64.b64decode("".join(src.split()), validate=True)
        return data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except (binascii.Error, UnicodeDecodeError, ValueError) as error:
        raise InvalidRequestError(
            'src is neither "auto" nor a base64-encoded ASS file in UTF-8'
        ) from error


def read_script(text: str) -> Script:
    """Raises InvalidRequestError that names the line which is broken."""
    return _Reader().read(text)


class _Reader:
    def __init__(self) -> None:
        self._section = ""
        self._formats: dict[str, list[str]] = {"events": _names(_EVENT)}
        self._styles: dict[str, Style] = {}
        self._events: list[Event] = []
        self._size: dict[str, float] = {}

    def read(self, text: str) -> Script:
        for number, line in enumerate(text.splitlines(), 1):
            try:
                self._line(line.strip("\ufeff").strip())
            except (InvalidRequestError, ValueError) as error:
                said = error.message if isinstance(error, InvalidRequestError) else str(error)
                raise InvalidRequestError(
                    f"line {number} of the ASS subtitles is broken: {said} ({line.strip()[:80]!r})"
                ) from error
        if not self._events:
            raise InvalidRequestError("the ASS subtitles have no Dialogue line under [Events]")
        width, height = self._size.get("playresx"), self._size.get("playresy")
        if width is None and height is None:
            width, height = RESOLUTION
        width = width or (height or 0) * 4 / 3
        return Script((width, height or width * 3 / 4), tuple(self._events))

    def _line(self, line: str) -> None:
        if not line or line[0] in ";!":
            return
        if line[0] == "[":
            self._section = line.strip("[]").strip().lower()
            return
        name, colon, rest = line.partition(":")
        name = name.strip().lower()
        if self._section == "script info":
            if name in ("playresx", "playresy"):
                self._size[name] = _positive(rest)
        elif "styles" in self._section or self._section == "events":
            if not colon:
                raise ValueError("it has no name and colon")
            section = "events" if self._section == "events" else "styles"
            if name == "format":
                self._formats[section] = _names(rest)
            elif name == "style" and section == "styles":
                fields = self._fields(section, rest)
                self._styles[fields["name"].strip("*")] = _style(fields, self._section)
            elif name == "dialogue" and section == "events":
                self._events.append(self._event(self._fields(section, rest)))

    def _fields(self, section: str, rest: str) -> dict[str, str]:
        names = self._formats.get(section)
        if not names:
            raise ValueError("no Format line stands before it")
        values = rest.split(",", len(names) - 1)
        if len(values) < len(names):
            raise ValueError(f"it has {len(values)} fields where Format lists {len(names)}")
        fields = {name: value.strip() for name, value in zip(names, values, strict=True)}
        needed = ("start", "end", "text") if section == "events" else ("name",)
        if lacking := [name for name in needed if name not in fields]:
            raise ValueError(f"Format does not list {lacking[0]!r}")
        return fields

    def _event(self, fields: dict[str, str]) -> Event:
        start, end = _time(fields["start"]), _time(fields["end"])
        if end <= start:
            raise ValueError("it ends before it starts")
        named = self._styles.get(fields.get("style", "").strip("*"))
        style = named or self._styles.get("Default") or Style()
        left, right, vertical = (
            float(fields.get(name) or 0) or usual
            for name, usual in zip(("marginl", "marginr", "marginv"), style.margins, strict=True)
        )
        style = replace(style, margins=(left, right, vertical))
        lines, place, at = _text(fields["text"], style, self._styles)
        layer = int(fields["layer"]) if fields.get("layer", "").isdigit() else 0
        return Event(layer, start, end, replace(style, place=place), lines, at)


def _names(rest: str) -> list[str]:
    return [name.strip().lower() for name in rest.split(",")]


def _positive(text: str) -> float:
    value = float(text)
    if not 1 <= value <= 16384:
        raise ValueError("a size from 1 to 16384 is accepted")
    return value


def _time(text: str) -> float:
    match = _TIME.fullmatch(text)
    if not match:
        raise ValueError(f"{text.strip()!r} is no time: h:mm:ss.cc is accepted")
    hours, minutes, seconds = int(match[1]), int(match[2]), int(match[3])
    return hours * 3600 + minutes * 60 + seconds + float(f"0.{match[4] or 0}")


def _number(fields: dict[str, str], name: str, usual: float) -> float:
    try:
        value = float(fields[name]) if fields.get(name) else usual
    except ValueError:
        raise ValueError(f"{name} is {fields[name]!r}, not a number") from None
    if not -10_000 <= value <= 10_000:
        raise ValueError(f"{name} is {fields[name]!r}, which is out of range")
    return value


def _paint(fields: dict[str, str], name: str, usual: Colour) -> Colour:
    text = fields.get(name, "")
    if text.lstrip("-").isdigit():  # SSA writes them as decimal numbers
        text = f"&H{int(text) & 0xFFFFFFFF:08X}"
    return ass_colour(text) if text else usual


def _style(fields: dict[str, str], section: str) -> Style:
    bold, italic, under, struck = (
        _number(fields, name, 0) != 0 for name in ("bold", "italic", "underline", "strikeout")
    )
    face = Face(
        fields.get("fontname", "Arial").lstrip("@"), max(1.0, _number(fields, "fontsize", 18)),
        bold, italic, under, struck,
        _scale(_number(fields, "scalex", 100)), _scale(_number(fields, "scaley", 100)),
        _number(fields, "spacing", 0),
    )  # fmt: skip
    deep = _number(fields, "shadow", 0)
    look = Look(
        face,
        _paint(fields, "primarycolour", (255, 255, 255, 255)),
        max(0.0, _number(fields, "outline", 2)),
        _paint(fields, "outlinecolour", (0, 0, 0, 255)),
        (deep, deep),
        _paint(fields, "backcolour", (0, 0, 0, 255)),
    )
    place = int(_number(fields, "alignment", 2))
    if "+" not in section:
        place = OLD_PLACES.get(place, 0)
    if place not in PLACES:
        raise ValueError(f"alignment is {fields['alignment']!r}, not one that ASS knows")
    left, right, vertical = (
        _number(fields, name, 10) for name in ("marginl", "marginr", "marginv")
    )
    margins = (left, right, vertical)
    boxed = _number(fields, "borderstyle", 1) in (3, 4)
    return Style(look, place, margins, _number(fields, "angle", 0), boxed)


def _scale(percent: float) -> float:
    return min(max(percent, 1), 1000) / 100


# ---- an event's text


def _text(
    text: str, style: Style, styles: dict[str, Style]
) -> tuple[tuple[tuple[Run, ...], ...], int, tuple[float, float] | None]:
    """(lines of runs, where they stand, and at which point)."""
    look, place = style.look, style.place
    at: tuple[float, float] | None = None
    lines: list[list[Run]] = [[]]
    for part in re.split(r"(\{[^}]*\})", text):
        if part[:1] == "{" and part[-1:] == "}":
            for tag in part[1:-1].split("\\")[1:]:
                if match := _POS.fullmatch(tag.strip()):
                    at = float(match[1]), float(match[2])
                elif match := re.fullmatch(r"an?(\d{1,2})", tag.strip()):
                    number = int(match[1])
                    number = number if tag[:2] == "an" else OLD_PLACES.get(number, number)
                    place = number if number in PLACES else place
                else:
                    look = _override(tag.strip(), look, style.look, styles)
            continue
        pieces = part.replace("\\h", "\u00a0").replace("\\n", " ").split("\\N")
        for number, piece in enumerate(pieces):
            if number:
                lines.append([])
            if piece:
                lines[-1].append(Run(piece, look))
    empty = Run("", style.look)
    return tuple(tuple(line or [empty]) for line in lines), place, at


def _override(tag: str, look: Look, plain: Look, styles: dict[str, Style]) -> Look:
    for pattern, change in _OVERRIDES:
        if match := re.fullmatch(pattern, tag):
            return change(look, match[1], plain)
    if tag[:1] == "r":
        return styles[tag[1:]].look if tag[1:] in styles else plain
    return look


def _faced(**names: Callable[[str], object]) -> Callable[[Look, str, Look], Look]:
    """Changes one field of a look's face; without a value it is the style's again."""
    ((name, read),) = names.items()

    def change(look: Look, value: str, plain: Look) -> Look:
        new: Any = read(value) if value else getattr(plain.face, name)
        return replace(look, face=replace(look.face, **{name: new}))

    return change


def _painted(name: str) -> Callable[[Look, str, Look], Look]:
    def change(look: Look, value: str, plain: Look) -> Look:
        old: Colour = getattr(look, name)
        new: Any = (*ass_colour(value)[:3], old[3]) if value else getattr(plain, name)
        return replace(look, **{name: new})

    return change


def _cleared(*names: str) -> Callable[[Look, str, Look], Look]:
    def change(look: Look, value: str, plain: Look) -> Look:
        opacity = 255 - int(value, 16)
        new: dict[str, Any] = {name: (*getattr(look, name)[:3], opacity) for name in names}
        return replace(look, **new)

    return change


def _is_bold(value: str) -> bool:
    return int(value) == 1 or int(value) >= 600


def _is_set(value: str) -> bool:
    return int(value) != 0


_NUMBER = r"([\d.]+)?"
_PAINT = r"(&H[0-9A-Fa-f]+&?)?"
_OVERRIDES: list[tuple[str, Callable[[Look, str, Look], Look]]] = [
    (r"b(\d+)?", _faced(bold=_is_bold)),
    (r"i(\d)?", _faced(italic=_is_set)),
    (r"u(\d)?", _faced(underline=_is_set)),
    (r"s(\d)?", _faced(strikeout=_is_set)),
    (r"fn(.*)", _faced(family=str)),
    (rf"fs{_NUMBER}", _faced(size=lambda value: max(1.0, float(value)))),
    (rf"fscx{_NUMBER}", _faced(scale_x=lambda value: _scale(float(value)))),
    (rf"fscy{_NUMBER}", _faced(scale_y=lambda value: _scale(float(value)))),
    (r"fsp(-?[\d.]+)?", _faced(spacing=float)),
    (rf"1?c{_PAINT}", _painted("fill")),
    (rf"3c{_PAINT}", _painted("outline_fill")),
    (rf"4c{_PAINT}", _painted("shadow_fill")),
    (r"1a&H([0-9A-Fa-f]{1,2})&?", _cleared("fill")),
    (r"alpha&H([0-9A-Fa-f]{1,2})&?", _cleared("fill", "outline_fill", "shadow_fill")),
    (rf"bord{_NUMBER}", lambda look, value, plain: replace(
        look, outline=float(value) if value else plain.outline)),
    (rf"shad{_NUMBER}", lambda look, value, plain: replace(
        look, shadow=(float(value), float(value)) if value else plain.shadow)),
]  # fmt: skip
