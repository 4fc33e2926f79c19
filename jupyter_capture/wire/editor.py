"""Timelines, as `videodb.editor` writes them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, field_validator

from jupyter_capture.wire._base import Wire

Fit = Literal["crop", "cover", "contain"]
Position = Literal[
    "top", "bottom", "left", "right", "center",
    "top_left", "top_right", "bottom_left", "bottom_right",
]  # fmt: skip
Filter = Literal["blur", "boost", "contrast", "darken", "greyscale", "lighten", "muted", "negative"]


class Crop(Wire):
    """Pixels cut off each edge of the source."""

    top: int = Field(0, ge=0)
    right: int = Field(0, ge=0)
    bottom: int = Field(0, ge=0)
    left: int = Field(0, ge=0)


class Offset(Wire):
    x: float = 0.0
    y: float = 0.0


class Transition(Wire):
    in_: str | None = Field(None, alias="in")
    out: str | None = None
    duration: float = 0.5


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
    type: Literal["image"]
    id: str
    crop: Crop = Field(default_factory=Crop)


class TextAsset(Wire):
    type: Literal["text"]
    text: str
    font: dict[str, Any] = Field(default_factory=dict)
    border: dict[str, Any] | None = None
    shadow: dict[str, Any] | None = None
    background: dict[str, Any] | None = None
    alignment: dict[str, Any] = Field(default_factory=dict)
    tabsize: int = Field(4, ge=1)
    line_spacing: float = Field(0.0, ge=0)
    width: int | None = Field(None, ge=1)
    height: int | None = Field(None, ge=1)


class CaptionAsset(Wire):
    type: Literal["caption"]
    src: str = "auto"
    font: dict[str, Any] = Field(default_factory=dict)
    primary_color: str = "&H00FFFFFF"
    secondary_color: str = "&H000000FF"
    back_color: str = "&H00000000"
    border: dict[str, Any] = Field(default_factory=dict)
    position: dict[str, Any] = Field(default_factory=dict)
    animation: str | None = None


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


class EditorRequest(Wire):
    timeline: Timeline | None = None
    timeline_url: str | None = None
