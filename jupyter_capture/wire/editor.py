"""Timelines, as `videodb.editor` writes them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_core import PydanticCustomError

from jupyter_capture.wire._base import Wire

Fit = Literal["crop", "cover", "contain"]
Position = Literal[
    "top", "bottom", "left", "right", "center",
    "top_left", "top_right", "bottom_left", "bottom_right",
]  # fmt: skip
Filter = Literal["blur", "boost", "contrast", "darken", "greyscale", "lighten", "muted", "negative"]
Transit = Literal["fade"]
CaptionAnimation = Literal[
    "box_highlight", "color_highlight", "reveal", "karaoke", "impact", "supersize"
]
CaptionAlignment = Literal[
    "bottom_left", "bottom_center", "bottom_right",
    "middle_left", "middle_center", "middle_right",
    "top_left", "top_center", "top_right",
]  # fmt: skip


class Crop(Wire):
    """Pixels cut off each edge of the source."""

    top: int = Field(0, ge=0)
    right: int = Field(0, ge=0)
    bottom: int = Field(0, ge=0)
    left: int = Field(0, ge=0)


class Offset(Wire):
    """Shares of the canvas's width and height, right and down."""

    x: float = Field(0.0, allow_inf_nan=False)
    y: float = Field(0.0, allow_inf_nan=False)


class Transition(Wire):
    in_: Transit | None = Field(None, alias="in")
    out: Transit | None = None
    duration: float = Field(0.5, ge=0, allow_inf_nan=False)


class Font(Wire):
    """``size`` in pixels."""

    family: str = Field("Clear Sans", max_length=200)
    size: float = Field(48, ge=1, le=2000, allow_inf_nan=False)
    color: str = "#FFFFFF"
    opacity: float = Field(1.0, ge=0, le=1)


class Border(Wire):
    """The outline of letters, pixels."""

    color: str = "#000000"
    width: float = Field(0.0, ge=0, le=200)


class Shadow(Wire):
    """Pixels right and down."""

    color: str = "#000000"
    x: float = Field(0.0, ge=0, le=1000)
    y: float = Field(0.0, ge=0, le=1000)


class Background(Wire):
    """The box behind a text, pixels. A size of 0 is that of the text."""

    width: float = Field(0.0, ge=0, le=8192)
    height: float = Field(0.0, ge=0, le=8192)
    color: str = "#000000"
    border_width: float = Field(0.0, ge=0, le=1000)
    opacity: float = Field(1.0, ge=0, le=1)
    text_alignment: Position = "center"


class Alignment(Wire):
    """Where a text stands in its box."""

    horizontal: Literal["left", "center", "right"] = "center"
    vertical: Literal["top", "center", "bottom"] = "center"


class FontStyling(Wire):
    """``font_size`` and ``spacing`` in pixels, scales in per cent, ``angle`` in degrees."""

    font_name: str = Field("Clear Sans", max_length=200)
    font_size: float = Field(30, ge=1, le=2000, allow_inf_nan=False)
    bold: bool = False
    italic: bool = False
    underline: bool = False
    strikeout: bool = False
    scale_x: float = Field(100, gt=0, le=1000, allow_inf_nan=False)
    scale_y: float = Field(100, gt=0, le=1000, allow_inf_nan=False)
    spacing: float = Field(0.0, ge=-200, le=200)
    angle: float = Field(0.0, allow_inf_nan=False)


class BorderAndShadow(Wire):
    """Pixels; the colour as ASS writes it, ``&HAABBGGRR``."""

    style: Literal["outline_and_shadow", "opaque_box"] = "outline_and_shadow"
    outline: float = Field(1, ge=0, le=200)
    outline_color: str = "&H00000000"
    shadow: float = Field(0, ge=0, le=200)


class Positioning(Wire):
    """Margins in pixels."""

    alignment: CaptionAlignment = "bottom_center"
    margin_l: int = Field(30, ge=0)
    margin_r: int = Field(30, ge=0)
    margin_v: int = Field(30, ge=0)


class VideoAsset(Wire):
    type: Literal["video"]
    id: str
    start: float = Field(0.0, ge=0, allow_inf_nan=False)
    volume: float = Field(1.0, ge=0, le=5)
    crop: Crop = Field(default_factory=Crop)


class AudioAsset(Wire):
    type: Literal["audio"]
    id: str
    start: float = Field(0.0, ge=0, allow_inf_nan=False)
    volume: float = Field(1.0, ge=0, le=5)


class ImageAsset(Wire):
    """With ``width`` and ``height`` (pixels) it is stretched to them, whatever its clip's fit."""

    type: Literal["image"]
    id: str
    crop: Crop = Field(default_factory=Crop)
    width: int | None = Field(None, ge=1, le=8192)
    height: int | None = Field(None, ge=1, le=8192)


class TextAsset(Wire):
    """``width`` and ``height`` of its box in pixels, which text is wrapped to."""

    type: Literal["text"]
    text: str = Field(max_length=10_000)
    font: Font = Field(default_factory=Font)
    border: Border | None = None
    shadow: Shadow | None = None
    background: Background | None = None
    alignment: Alignment = Field(default_factory=Alignment)
    tabsize: int = Field(4, ge=1, le=64)
    line_spacing: float = Field(0.0, ge=0, le=1000)
    width: int | None = Field(None, ge=1, le=8192)
    height: int | None = Field(None, ge=1, le=8192)


class CaptionAsset(Wire):
    """``src``: "auto", or a base64-encoded ASS file. Colours as ``&HAABBGGRR``. VideoDB's SDK
    always gives a ``border``; without one the words stand in a box that is half clear."""

    type: Literal["caption"]
    src: str = "auto"
    font: FontStyling = Field(default_factory=FontStyling)
    primary_color: str = "&H00FFFFFF"
    secondary_color: str = "&H000000FF"
    back_color: str = "&H00000000"
    border: BorderAndShadow | None = None
    position: Positioning = Field(default_factory=Positioning)
    animation: CaptionAnimation | None = None


AnyAsset = Annotated[
    VideoAsset | AudioAsset | ImageAsset | TextAsset | CaptionAsset, Field(discriminator="type")
]


class Clip(Wire):
    asset: AnyAsset
    duration: float = Field(gt=0, allow_inf_nan=False)
    transition: Transition | None = None
    effect: str | None = None
    filter: Filter | None = None
    scale: float = Field(1.0, ge=0, le=10)
    opacity: float = Field(1.0, ge=0, le=1)
    fit: Fit | None = "crop"
    position: Position = "center"
    offset: Offset = Field(default_factory=Offset)
    z_index: int = 0

    @field_validator("fit", mode="before")
    @classmethod
    def _none_in_words(cls, value: Any) -> Any:
        """The SDK's ``Fit.none`` arrives as the text "None"."""
        return None if isinstance(value, str) and value.lower() == "none" else value


class TrackItem(Wire):
    start: float = Field(ge=0, allow_inf_nan=False)
    clip: Clip


class Track(Wire):
    clips: list[TrackItem] = Field(default_factory=list)
    z_index: int = 0


class Timeline(Wire):
    background: str = "#000000"
    resolution: str = "1280x720"
    tracks: list[Track] = Field(default_factory=list)

    @model_validator(mode="wrap")
    @classmethod
    def _named(cls, value: Any, check: Any) -> Any:
        """Name the place of what is wrong in words: tracks and clips are counted from 1."""
        try:
            return check(value)
        except ValidationError as error:
            raise PydanticCustomError("timeline", "{found}", {"found": _words(error)}) from error


def _words(error: ValidationError) -> str:
    found = error.errors()[0]
    match found["loc"]:
        case ("tracks", int(track), "clips", int(clip), *rest):
            where = [
                f"clip {clip + 1} of track {track + 1}",
                *map(str, rest[rest[:1] == ["clip"] :]),
            ]
        case ("tracks", int(track), *rest):
            where = [f"track {track + 1}", *map(str, rest)]
        case place:
            where = list(map(str, place))
    return f"{where[0] if where else ''}: {'.'.join(where[1:])}: {found['msg']}".replace(": :", ":")


class EditorRequest(Wire):
    timeline: Timeline | None = None
    timeline_url: str | None = None


class SubtitleStyle(Wire):
    """As VideoDB's ``SubtitleStyle``: sizes for a picture of 384x288, scales as factors."""

    font_name: str = Field("Arial", max_length=200)
    font_size: float = Field(18, ge=1, le=288)
    primary_colour: str = "&H00FFFFFF"
    secondary_colour: str = "&H000000FF"
    outline_colour: str = "&H00000000"
    back_colour: str = "&H00000000"
    bold: bool = False
    italic: bool = False
    underline: bool = False
    strike_out: bool = False
    scale_x: float = Field(1.0, gt=0, le=10)
    scale_y: float = Field(1.0, gt=0, le=10)
    spacing: float = Field(0, ge=-50, le=50)
    angle: float = Field(0, allow_inf_nan=False)
    border_style: Literal[1, 3, 4] = 4
    outline: float = Field(1.0, ge=0, le=50)
    shadow: float = Field(0.0, ge=0, le=50)
    alignment: Literal[1, 2, 3, 5, 6, 7, 9, 10, 11] = 2
    margin_l: float = Field(10, ge=0, le=384)
    margin_r: float = Field(10, ge=0, le=384)
    margin_v: float = Field(10, ge=0, le=288)


class WorkflowRequest(Wire):
    type: str
    subtitle_style: SubtitleStyle = Field(default_factory=SubtitleStyle)
