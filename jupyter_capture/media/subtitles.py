"""ASS subtitles as pictures, drawn as libass would."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache

from PIL import Image

from jupyter_capture.media.ass import OLD_PLACES, PLACES, RESOLUTION, Event, Script
from jupyter_capture.media.colours import CLEAR
from jupyter_capture.media.letters import em_of_line, family_warning, width_of
from jupyter_capture.media.picture import Picture, picture_of
from jupyter_capture.media.text import Block, Run, block_of, stand
from jupyter_capture.wire.editor import CaptionAsset, SubtitleStyle

_KEPT = 8


class Subtitles:
    """A script on a canvas of ``size``."""

    def __init__(self, script: Script, size: tuple[int, int]) -> None:
        self._script = script
        self._size = size
        self._drawn = lru_cache(maxsize=_KEPT)(self._draw)

    def at(self, time: float) -> Picture | None:
        """What is shown at ``time`` (seconds); the same object while it stays so."""
        there = [n for n, e in enumerate(self._script.events) if e.start <= time < e.end]
        return self._drawn(tuple(there)) if there else None

    def _draw(self, numbers: tuple[int, ...]) -> Picture | None:
        canvas = Image.new("RGBA", self._size)
        taken: dict[str, float] = {}  # how high the lines stand that share a place
        for event in sorted((self._script.events[n] for n in numbers), key=lambda e: e.layer):
            place = PLACES[event.style.place]
            block = self._block(event, place)
            left, right, vertical = self._scaled(event.style.margins)
            at = None
            if event.at is not None:
                at = (event.at[0] * self._across, event.at[1] * self._down)
            else:
                vertical += taken.get(place, 0)
                taken[place] = taken.get(place, 0) + block.height
            picture = stand(block, self._size, place, (left, right, vertical),
                            event.style.angle, at)  # fmt: skip
            if picture is not None:
                corner = (max(0, picture.x), max(0, picture.y))
                cut = (max(0, -picture.x), max(0, -picture.y))
                if corner[0] < canvas.width and corner[1] < canvas.height:
                    canvas.alpha_composite(Image.fromarray(picture.pixels), corner, cut)
        return picture_of(canvas, 0, 0)

    @property
    def _across(self) -> float:
        return self._size[0] / self._script.resolution[0]

    @property
    def _down(self) -> float:
        return self._size[1] / self._script.resolution[1]

    def _scaled(self, margins: tuple[float, float, float]) -> tuple[float, float, float]:
        return margins[0] * self._across, margins[1] * self._across, margins[2] * self._down

    def _block(self, event: Event, place: str) -> Block:
        left, right, _ = self._scaled(event.style.margins)
        lines = [
            part
            for line in event.lines
            for part in _broken([self._run(run, event.style.boxed) for run in line],
                                self._size[0] - left - right)
        ]  # fmt: skip
        first = event.style.look
        align = next((side for side in ("left", "right") if side in place), "center")
        backdrop = first.outline_fill if event.style.boxed else CLEAR
        return block_of(lines, align, 0, backdrop, first.outline * self._down)

    def _run(self, run: Run, boxed: bool) -> Run:
        look, scale = run.look, self._down
        size = em_of_line(look.face.family, look.face.size * scale)
        return Run(
            run.text,
            replace(
                look,
                face=replace(look.face, size=size, spacing=look.face.spacing * self._across),
                outline=0 if boxed else look.outline * scale,
                shadow=(look.shadow[0] * scale, look.shadow[1] * scale),
            ),
        )


def _broken(runs: list[Run], room: float) -> Iterator[list[Run]]:
    """A line as it is, or broken at spaces where it is wider than ``room``."""
    if sum(width_of(run.text, run.look.face) for run in runs) <= room:
        yield runs
        return
    line: list[Run] = []
    used = 0.0
    for run in runs:
        for word in re.findall(r"\S+\s*|\s+", run.text):
            width = width_of(word.rstrip(), run.look.face)
            if line and used + width > room:
                yield line
                line, used = [], 0.0
            line.append(Run(word, run.look))
            used += width_of(word, run.look.face)
    if line:
        yield line


def caption_asset(style: SubtitleStyle, size: tuple[int, int]) -> CaptionAsset:
    """Captions of what is said on a picture of ``size``, in an older style's words."""
    across, down = size[0] / RESOLUTION[0], size[1] / RESOLUTION[1]
    has_outline = style.border_style == 4
    # VideoDB's classes fill in Arial: no family in particular, where it is not installed.
    is_chosen = style.font_name != "Arial" or family_warning("Arial") is None
    family = style.font_name if is_chosen else ""
    return CaptionAsset.model_validate(
        {
            "type": "caption",
            "font": {
                "font_name": family,
                "font_size": em_of_line(family, style.font_size * down),
                "bold": style.bold,
                "italic": style.italic,
                "underline": style.underline,
                "strikeout": style.strike_out,
                "scale_x": style.scale_x * 100,
                "scale_y": style.scale_y * 100,
                "spacing": style.spacing * across,
                "angle": style.angle,
            },
            "primary_color": style.primary_colour,
            "secondary_color": style.secondary_colour,
            "back_color": style.back_colour,
            "border": {
                "style": "opaque_box" if style.border_style == 3 else "outline_and_shadow",
                "outline": style.outline * down if has_outline else 0,
                "outline_color": style.outline_colour,
                "shadow": style.shadow * down,
            },
            "position": {
                "alignment": PLACES[OLD_PLACES[style.alignment]],
                "margin_l": round(style.margin_l * across),
                "margin_r": round(style.margin_r * across),
                "margin_v": round(style.margin_v * down),
            },
        }
    )
