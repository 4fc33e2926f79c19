"""VideoDB's older timeline in the words of the newer one, which `render` draws."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from jupyter_capture.errors import InvalidRequestError
from jupyter_capture.media.colours import colour
from jupyter_capture.media.lengths import length_of
from jupyter_capture.media.text import text_size
from jupyter_capture.wire.editor import (
    Alignment,
    AudioAsset,
    Background,
    Border,
    Clip,
    Font,
    ImageAsset,
    Offset,
    Shadow,
    TextAsset,
    Timeline,
    Track,
    TrackItem,
    Transition,
    VideoAsset,
)
from jupyter_capture.wire.timeline import OldAsset

Stretch = tuple[float, float]


@dataclass(frozen=True)
class Known:
    """What there is to know of an asset: seconds and pixels."""

    id: str
    length: float = 0.0
    width: int | None = None
    height: int | None = None


Find = Callable[[str, str], Known]
"""The asset of an id and a kind ("video", "audio", "image"). Raises NotFoundError."""


def shot_of(asset: OldAsset, kind: str, find: Find) -> tuple[Known, float, float]:
    """What is played of an asset: from where to where, its seconds."""
    found = find(asset.asset_id, kind)
    end = found.length if asset.end is None else min(asset.end, found.length)
    if not asset.start < end:
        raise InvalidRequestError(
            f"{found.id} from {asset.start:g} s to {end:g} s holds nothing. Its start must lie "
            "before its end."
        )
    return found, asset.start, end


def newer(assets: list[OldAsset], find: Find) -> tuple[Timeline, list[str]]:
    """The same as a timeline of the newer kind, of the first video's size; and warnings.

    It lasts as long as its videos. Raises InvalidRequestError where there is none, or where a
    length or a time cannot be; NotFoundError.
    """
    shots = [shot_of(each, "video", find) for each in assets if each.overlay_start is None]
    if not shots:
        raise InvalidRequestError("A timeline needs at least one video. Add one with add_inline().")
    size = shots[0][0].width or 1280, shots[0][0].height or 720
    # An odd size cannot be encoded.
    size = size[0] + size[0] % 2, size[1] + size[1] % 2
    whole = sum(end - start for _, start, end in shots)
    warnings: list[str] = []
    laid = [_laid(each, whole, size, find, warnings) for each in assets if _is_over(each)]
    alone = [stretch for _, stretch in laid if stretch]
    tracks = [_pictures(shots, alone), *(track for track, _ in laid)]
    return Timeline(resolution=f"{size[0]}x{size[1]}", tracks=tracks), warnings


def _is_over(asset: OldAsset) -> bool:
    return asset.overlay_start is not None


def _laid(
    asset: OldAsset, whole: float, size: tuple[int, int], find: Find, warnings: list[str]
) -> tuple[Track, Stretch | None]:
    """An overlay as a track, and when it silences the videos."""
    start = asset.overlay_start or 0.0
    if start >= whole:
        raise InvalidRequestError(
            f"{asset.asset_id} begins at {start:g} s, but the videos end at {whole:.2f} s: give it "
            "an earlier start, or add another video"
        )
    room = whole - start
    if asset.asset_id.startswith("a-"):
        found, begin, end = shot_of(asset, "audio", find)
        if end - begin > room + 0.05:
            warnings.append(f"{found.id} ends with the videos, at {whole:.2f} s: it was shortened")
        length = min(end - begin, room)
        stretch = (start, start + length) if asset.disable_other_tracks else None
        return Track(clips=_sound(asset, start, begin, length)), stretch
    clip = _image(asset, size, find) if asset.text is None else _text(asset, size, warnings)
    clip.duration = min(room, asset.duration or room)
    return Track(clips=[TrackItem(start=start, clip=clip)]), None


def _pictures(shots: list[tuple[Known, float, float]], alone: list[Stretch]) -> Track:
    """The videos, cut where a sound that is to be heard ``alone`` begins and ends."""
    clips, at = [], 0.0
    for found, start, end in shots:
        last = at + end - start
        inner = {edge for stretch in alone for edge in stretch if at < edge < last}
        edges = sorted({at, last, *inner})
        for begin, finish in pairwise(edges):
            muted = any(low <= begin and finish <= high for low, high in alone)
            asset = VideoAsset(
                type="video", id=found.id, start=start + begin - at, volume=0.0 if muted else 1.0
            )
            clip = Clip(asset=asset, duration=finish - begin, fit="contain")
            clips.append(TrackItem(start=begin, clip=clip))
        at = last
    return Track(clips=clips)


def _sound(asset: OldAsset, at: float, begin: float, length: float) -> list[TrackItem]:
    """One clip; two where it comes and goes in different times."""
    come, go = asset.fade_in_duration, asset.fade_out_duration
    if come + go > length:
        come, go = (each * length / (come + go) for each in (come, go))
    if not come or not go or come == go:
        parts = [(0.0, length, come, go)]
    else:
        parts = [(0.0, come, come, 0.0), (come, length, 0.0, go)]
    return [_piece(asset.asset_id, at, begin, *part) for part in parts]


def _piece(
    asset_id: str, at: float, begin: float, low: float, high: float, come: float, go: float
) -> TrackItem:
    fade: dict[str, Any] = {"in": "fade" if come else None, "out": "fade" if go else None}
    transition = Transition(**fade, duration=come or go) if come or go else None
    sound = AudioAsset(type="audio", id=asset_id, start=begin + low)
    clip = Clip(asset=sound, duration=high - low, transition=transition)
    return TrackItem(start=at + low, clip=clip)


def _image(asset: OldAsset, size: tuple[int, int], find: Find) -> Clip:
    if not asset.asset_id.startswith("img-"):
        raise InvalidRequestError(
            f"{asset.asset_id} cannot be laid over a video: an audio, an image or a text can"
        )
    found = find(asset.asset_id, "image")
    names = _canvas(size) | {"iw": found.width or 1, "ih": found.height or 1}
    wide = _side("width", asset.width, names)
    high = _side("height", asset.height, names)
    if wide is None or high is None:  # -1, as in ffmpeg: as the other asks for
        factor = (wide or 0) / names["iw"] or (high or 0) / names["ih"] or 1.0
        wide, high = round(names["iw"] * factor), round(names["ih"] * factor)
    names |= {"overlay_w": wide, "overlay_h": high, "w": wide, "h": high}
    image = ImageAsset(type="image", id=found.id, width=max(1, wide), height=max(1, high))
    x, y = (length_of(name, getattr(asset, name), names) for name in "xy")
    return _at(image, x, y, size)


def _side(name: str, written: float | str, names: dict[str, float]) -> int | None:
    value = round(length_of(name, written, names))
    if value == -1:
        return None
    if not 1 <= value <= 8192:
        raise InvalidRequestError(f"{name} is {value}: 1 to 8192 pixels are accepted, or -1")
    return value


def _text(asset: OldAsset, size: tuple[int, int], warnings: list[str]) -> Clip:
    style, text = asset.style, asset.text or ""
    edge = _edge(style.boxborderw) if style.box else 0.0
    drawn = TextAsset(
        type="text",
        text=text,
        font=Font(family=style.font, size=style.fontsize, color=_colour(style.fontcolor)),
        border=Border(color=_colour(style.bordercolor), width=style.borderw),
        shadow=Shadow(color=_colour(style.shadowcolor), x=style.shadowx, y=style.shadowy),
        background=Background(
            width=style.boxw,
            height=style.boxh,
            color=_colour(style.boxcolor),
            border_width=edge,
            text_alignment=_aligned(style.text_align),
        )
        if style.box
        else None,
        alignment=Alignment(horizontal="left", vertical="top"),
        tabsize=style.tabsize,
        line_spacing=style.line_spacing,
    )
    if style.fontcolor_expr:
        warnings.append(f"{text[:40]!r} keeps its fontcolor: fontcolor_expr is not computed")
    across, down = text_size(drawn, size[0])
    names = _canvas(size) | {"text_w": across, "text_h": down, "tw": across, "th": down}
    names |= {"w": size[0], "h": size[1], "lh": style.fontsize, "line_h": style.fontsize}
    x, y = (length_of(name, getattr(style, name), names) for name in "xy")
    clip = _at(drawn, x - edge, y - edge, size)
    clip.opacity = style.alpha
    return clip


def _at(asset: ImageAsset | TextAsset, x: float, y: float, size: tuple[int, int]) -> Clip:
    offset = Offset(x=x / size[0], y=y / size[1])
    return Clip(asset=asset, duration=1.0, position="top_left", offset=offset)


def _canvas(size: tuple[int, int]) -> dict[str, float]:
    return {"main_w": size[0], "main_h": size[1], "W": size[0], "H": size[1]}


def _edge(written: float | str) -> float:
    """The first of ``10`` or ``10|20|10|20``: all edges are alike here."""
    value = length_of("boxborderw", str(written).split("|")[0], {})
    return max(0.0, min(value, 1000.0))


def _colour(written: str) -> str:
    """ffmpeg's ``0xRRGGBB`` and ``name@0.5`` in CSS's way."""
    name, _, share = written.partition("@")
    name = f"#{name[2:]}" if name[:2].lower() == "0x" else name
    try:
        alpha = max(0.0, min(1.0, float(share))) if share else 1.0
        red, green, blue, clear = colour(name, alpha)
    except ValueError as error:
        raise InvalidRequestError(f"{written!r}: what follows @ must be a number") from error
    return f"#{red:02x}{green:02x}{blue:02x}{clear:02x}"


def _aligned(written: str) -> Any:
    """ffmpeg's letters: T, M or B, and L, C or R."""
    letters = written.upper()
    down = next((word for letter, word in _DOWN if letter in letters), "")
    across = next((word for letter, word in _ACROSS if letter in letters), "")
    return "_".join(filter(None, (down, across))) or "center"


_DOWN = (("T", "top"), ("B", "bottom"))
_ACROSS = (("C", ""), ("R", "right"), ("L", "left"))
