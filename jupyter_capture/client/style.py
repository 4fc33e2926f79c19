"""How clips and words look: the enums and small values of ``videodb.editor``."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from jupyter_capture.client._checks import at_least, finite, one_of, within


class AssetType(StrEnum):
    video = "video"
    image = "image"
    audio = "audio"
    text = "text"
    caption = "caption"


class Fit(StrEnum):
    """How a picture fills the frame: ``crop`` fills it and cuts what is over, ``cover``
    stretches, ``contain`` shows all of it, ``none`` leaves its size."""

    crop = "crop"
    cover = "cover"
    contain = "contain"
    none = "none"


class Position(StrEnum):
    top = "top"
    bottom = "bottom"
    left = "left"
    right = "right"
    center = "center"  # type: ignore[assignment]
    top_left = "top_left"
    top_right = "top_right"
    bottom_left = "bottom_left"
    bottom_right = "bottom_right"


class Filter(StrEnum):
    blur = "blur"
    boost = "boost"
    contrast = "contrast"
    darken = "darken"
    greyscale = "greyscale"
    lighten = "lighten"
    muted = "muted"
    negative = "negative"


class TextAlignment(StrEnum):
    top = "top"
    top_right = "top_right"
    right = "right"
    bottom_right = "bottom_right"
    bottom = "bottom"
    bottom_left = "bottom_left"
    left = "left"
    top_left = "top_left"
    center = "center"  # type: ignore[assignment]


class HorizontalAlignment(StrEnum):
    left = "left"
    center = "center"  # type: ignore[assignment]
    right = "right"


class VerticalAlignment(StrEnum):
    top = "top"
    center = "center"  # type: ignore[assignment]
    bottom = "bottom"


class CaptionBorderStyle(StrEnum):
    outline_and_shadow = "outline_and_shadow"
    opaque_box = "opaque_box"


class CaptionAlignment(StrEnum):
    bottom_left = "bottom_left"
    bottom_center = "bottom_center"
    bottom_right = "bottom_right"
    middle_left = "middle_left"
    middle_center = "middle_center"
    middle_right = "middle_right"
    top_left = "top_left"
    top_center = "top_center"
    top_right = "top_right"


class CaptionAnimation(StrEnum):
    box_highlight = "box_highlight"
    color_highlight = "color_highlight"
    reveal = "reveal"
    karaoke = "karaoke"
    impact = "impact"
    supersize = "supersize"


class _Value:
    """Compares and shows itself by what it sends."""

    def to_json(self) -> dict[str, Any]:
        raise NotImplementedError

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and other.to_json() == self.to_json()

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        shown = ", ".join(f"{k}={v!r}" for k, v in self.to_json().items() if v is not None)
        return f"{type(self).__name__}({shown})"


class Offset(_Value):
    """Moves a clip by fractions of the frame's size."""

    def __init__(self, x: float = 0, y: float = 0) -> None:
        self.x = finite("x", x)
        self.y = finite("y", y)

    def to_json(self) -> dict[str, Any]:
        return {"x": self.x, "y": self.y}


class Crop(_Value):
    """Pixels cut off each edge of the source."""

    def __init__(self, top: int = 0, right: int = 0, bottom: int = 0, left: int = 0) -> None:
        self.top = at_least("top", top, 0)
        self.right = at_least("right", right, 0)
        self.bottom = at_least("bottom", bottom, 0)
        self.left = at_least("left", left, 0)

    def to_json(self) -> dict[str, Any]:
        return {"top": self.top, "right": self.right, "bottom": self.bottom, "left": self.left}


class Transition(_Value):
    """How a clip comes and goes, like ``in_="fade"``; ``duration`` in seconds."""

    def __init__(
        self, in_: str | None = None, out: str | None = None, duration: float = 0.5
    ) -> None:
        self.in_ = in_
        self.out = out
        self.duration = at_least("duration", duration, 0)

    def to_json(self) -> dict[str, Any]:
        return {"in": self.in_, "out": self.out, "duration": self.duration}


class Font(_Value):
    """``size`` in pixels, ``color`` as "#RRGGBB", ``opacity`` 0 to 1."""

    def __init__(
        self,
        family: str = "Clear Sans",
        size: int = 48,
        color: str = "#FFFFFF",
        opacity: float = 1.0,
    ) -> None:
        self.family = family
        self.size = at_least("size", size, 1)
        self.color = color
        self.opacity = within("opacity", opacity, 0, 1)

    def to_json(self) -> dict[str, Any]:
        return {
            "family": self.family,
            "size": self.size,
            "color": self.color,
            "opacity": self.opacity,
        }


class Border(_Value):
    """The outline of letters; ``width`` in pixels."""

    def __init__(self, color: str = "#000000", width: float = 0.0) -> None:
        self.color = color
        self.width = at_least("width", width, 0)

    def to_json(self) -> dict[str, Any]:
        return {"color": self.color, "width": self.width}


class Shadow(_Value):
    """The shadow of letters; ``x`` and ``y`` in pixels."""

    def __init__(self, color: str = "#000000", x: float = 0.0, y: float = 0.0) -> None:
        self.color = color
        self.x = at_least("x", x, 0)
        self.y = at_least("y", y, 0)

    def to_json(self) -> dict[str, Any]:
        return {"color": self.color, "x": self.x, "y": self.y}


class Background(_Value):
    """The box behind a text; sizes in pixels."""

    def __init__(
        self,
        width: float = 0.0,
        height: float = 0.0,
        color: str = "#000000",
        border_width: float = 0.0,
        opacity: float = 1.0,
        text_alignment: TextAlignment = TextAlignment.center,
    ) -> None:
        self.width = at_least("width", width, 0)
        self.height = at_least("height", height, 0)
        self.color = color
        self.border_width = at_least("border_width", border_width, 0)
        self.opacity = within("opacity", opacity, 0, 1)
        self.text_alignment = one_of("text_alignment", text_alignment, TextAlignment)

    def to_json(self) -> dict[str, Any]:
        return {
            "width": self.width,
            "height": self.height,
            "color": self.color,
            "border_width": self.border_width,
            "opacity": self.opacity,
            "text_alignment": str(self.text_alignment),
        }


class Alignment(_Value):
    def __init__(
        self,
        horizontal: HorizontalAlignment = HorizontalAlignment.center,
        vertical: VerticalAlignment = VerticalAlignment.center,
    ) -> None:
        self.horizontal = one_of("horizontal", horizontal, HorizontalAlignment)
        self.vertical = one_of("vertical", vertical, VerticalAlignment)

    def to_json(self) -> dict[str, Any]:
        return {"horizontal": str(self.horizontal), "vertical": str(self.vertical)}


class FontStyling(_Value):
    """The font of captions; scales in per cent, ``angle`` in degrees."""

    def __init__(
        self,
        name: str = "Clear Sans",
        size: int = 30,
        bold: bool = False,
        italic: bool = False,
        underline: bool = False,
        strikeout: bool = False,
        scale_x: float = 100,
        scale_y: float = 100,
        spacing: float = 0.0,
        angle: float = 0.0,
    ) -> None:
        self.name = name
        self.size = at_least("size", size, 1)
        self.bold = bold
        self.italic = italic
        self.underline = underline
        self.strikeout = strikeout
        self.scale_x = finite("scale_x", scale_x)
        self.scale_y = finite("scale_y", scale_y)
        self.spacing = finite("spacing", spacing)
        self.angle = finite("angle", angle)

    def to_json(self) -> dict[str, Any]:
        return {
            "font_name": self.name,
            "font_size": self.size,
            "bold": self.bold,
            "italic": self.italic,
            "underline": self.underline,
            "strikeout": self.strikeout,
            "scale_x": self.scale_x,
            "scale_y": self.scale_y,
            "spacing": self.spacing,
            "angle": self.angle,
        }


class BorderAndShadow(_Value):
    """The outline and shadow of captions, in pixels; colours as "&HAABBGGRR"."""

    def __init__(
        self,
        style: CaptionBorderStyle = CaptionBorderStyle.outline_and_shadow,
        outline: int = 1,
        outline_color: str = "&H00000000",
        shadow: int = 0,
    ) -> None:
        self.style = one_of("style", style, CaptionBorderStyle)
        self.outline = at_least("outline", outline, 0)
        self.outline_color = outline_color
        self.shadow = at_least("shadow", shadow, 0)

    def to_json(self) -> dict[str, Any]:
        return {
            "style": str(self.style),
            "outline": self.outline,
            "outline_color": self.outline_color,
            "shadow": self.shadow,
        }


class Positioning(_Value):
    """Where captions stand; margins in pixels."""

    def __init__(
        self,
        alignment: CaptionAlignment = CaptionAlignment.bottom_center,
        margin_l: int = 30,
        margin_r: int = 30,
        margin_v: int = 30,
    ) -> None:
        self.alignment = one_of("alignment", alignment, CaptionAlignment)
        self.margin_l = at_least("margin_l", margin_l, 0)
        self.margin_r = at_least("margin_r", margin_r, 0)
        self.margin_v = at_least("margin_v", margin_v, 0)

    def to_json(self) -> dict[str, Any]:
        return {
            "alignment": str(self.alignment),
            "margin_l": self.margin_l,
            "margin_r": self.margin_r,
            "margin_v": self.margin_v,
        }
