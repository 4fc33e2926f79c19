"""What a clip can show or sound: the assets of ``videodb.editor``."""

from __future__ import annotations

from typing import Any

from jupyter_capture.client._checks import at_least, one_of, some_id, within
from jupyter_capture.client.style import (
    Alignment,
    AssetType,
    Background,
    Border,
    BorderAndShadow,
    CaptionAnimation,
    Crop,
    Font,
    FontStyling,
    Positioning,
    Shadow,
    _Value,
)
from jupyter_capture.errors import InvalidRequestError


class BaseAsset(_Value):
    type: AssetType

    @property
    def label(self) -> str:
        """A few words that tell it from others."""
        return str(getattr(self, "id", str(self.type)))


class VideoAsset(BaseAsset):
    """A video, or a part of it: ``start`` in its own seconds, ``volume`` 0 to 5."""

    type = AssetType.video

    def __init__(
        self, id: str, start: float = 0, volume: float = 1, crop: Crop | None = None
    ) -> None:
        self.id = some_id("VideoAsset", id, "m-")
        self.start = at_least("start", start, 0)
        self.volume = within("volume", volume, 0, 5)
        self.crop = crop if crop is not None else Crop()

    def to_json(self) -> dict[str, Any]:
        return {
            "type": str(self.type),
            "id": self.id,
            "start": self.start,
            "volume": self.volume,
            "crop": self.crop.to_json(),
        }


class ImageAsset(BaseAsset):
    """A picture."""

    type = AssetType.image

    def __init__(self, id: str, crop: Crop | None = None) -> None:
        self.id = some_id("ImageAsset", id, "img-")
        self.crop = crop if crop is not None else Crop()

    def to_json(self) -> dict[str, Any]:
        return {"type": str(self.type), "id": self.id, "crop": self.crop.to_json()}


class AudioAsset(BaseAsset):
    """A sound, or a part of it: ``start`` in its own seconds, ``volume`` 0 to 5."""

    type = AssetType.audio

    def __init__(self, id: str, start: float = 0, volume: float = 1) -> None:
        self.id = some_id("AudioAsset", id, "a-", "m-")
        self.start = at_least("start", start, 0)
        self.volume = within("volume", volume, 0, 5)

    def to_json(self) -> dict[str, Any]:
        return {
            "type": str(self.type),
            "id": self.id,
            "start": self.start,
            "volume": self.volume,
        }


class TextAsset(BaseAsset):
    """Words on the picture; ``width`` and ``height`` of their box in pixels."""

    type = AssetType.text

    def __init__(
        self,
        text: str,
        font: Font | None = None,
        border: Border | None = None,
        shadow: Shadow | None = None,
        background: Background | None = None,
        alignment: Alignment | None = None,
        tabsize: int = 4,
        line_spacing: float = 0,
        width: int | None = None,
        height: int | None = None,
    ) -> None:
        if not isinstance(text, str):
            raise InvalidRequestError(f"text is {text!r}; it must be a str.")
        self.text = text
        self.font = font if font is not None else Font()
        self.border = border
        self.shadow = shadow
        self.background = background
        self.alignment = alignment if alignment is not None else Alignment()
        self.tabsize = at_least("tabsize", tabsize, 1)
        self.line_spacing = at_least("line_spacing", line_spacing, 0)
        self.width = None if width is None else at_least("width", width, 1)
        self.height = None if height is None else at_least("height", height, 1)

    @property
    def label(self) -> str:
        return f"“{self.text[:60]}”"

    def to_json(self) -> dict[str, Any]:
        data: dict[str, Any] = {
            "type": str(self.type),
            "text": self.text,
            "font": self.font.to_json(),
            "alignment": self.alignment.to_json(),
            "tabsize": self.tabsize,
            "line_spacing": self.line_spacing,
        }
        for name, value in (
            ("border", self.border),
            ("shadow", self.shadow),
            ("background", self.background),
        ):
            if value is not None:
                data[name] = value.to_json()
        if self.width is not None:
            data["width"] = self.width
        if self.height is not None:
            data["height"] = self.height
        return data


class CaptionAsset(BaseAsset):
    """Subtitles: ``src`` "auto" takes the words of the timeline's videos, which must be indexed
    first; else a base64-encoded ASS file. Colours as "&HAABBGGRR". Without a ``border`` the
    server chooses one; this machine's engine one that can be read on light and dark pictures."""

    type = AssetType.caption

    def __init__(
        self,
        src: str = "auto",
        font: FontStyling | None = None,
        primary_color: str = "&H00FFFFFF",
        secondary_color: str = "&H000000FF",
        back_color: str = "&H00000000",
        border: BorderAndShadow | None = None,
        position: Positioning | None = None,
        animation: CaptionAnimation | None = None,
    ) -> None:
        self.src = src
        self.font = font if font is not None else FontStyling()
        self.primary_color = primary_color
        self.secondary_color = secondary_color
        self.back_color = back_color
        self.border = border
        self.position = position if position is not None else Positioning()
        self.animation = (
            None if animation is None else one_of("animation", animation, CaptionAnimation)
        )

    def to_json(self) -> dict[str, Any]:
        data: dict[str, Any] = {
            "type": str(self.type),
            "src": self.src,
            "font": self.font.to_json(),
            "primary_color": self.primary_color,
            "secondary_color": self.secondary_color,
            "back_color": self.back_color,
            "position": self.position.to_json(),
        }
        if self.border is not None:
            data["border"] = self.border.to_json()
        if self.animation is not None:
            data["animation"] = str(self.animation)
        return data


AnyAsset = VideoAsset | ImageAsset | AudioAsset | TextAsset | CaptionAsset
