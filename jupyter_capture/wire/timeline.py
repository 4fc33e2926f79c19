"""VideoDB's older timeline: videos in a row, sound, pictures and texts laid over them. And
timelines that are kept under a name, a noun of ours alone."""

from __future__ import annotations

from pydantic import Field

from jupyter_capture.wire._base import Wire
from jupyter_capture.wire.editor import Timeline

Length = float | str
"""Pixels, or a sum of them as ffmpeg writes it: ``(main_w-text_w)/2``."""


class OldStyle(Wire):
    """How a text looks, as ffmpeg's ``drawtext`` names it. Sizes in pixels."""

    fontsize: float = Field(24, ge=1, le=2000, allow_inf_nan=False)
    fontcolor: str = "black"
    fontcolor_expr: str = ""
    alpha: float = Field(1.0, ge=0, le=1)
    font: str = Field("Sans", max_length=200)
    box: bool = True
    boxcolor: str = "white"
    boxborderw: Length = "10"
    boxw: float = Field(0, ge=0, le=8192)
    boxh: float = Field(0, ge=0, le=8192)
    line_spacing: float = Field(0, ge=0, le=1000)
    text_align: str = "T"
    borderw: float = Field(0, ge=0, le=200)
    bordercolor: str = "black"
    shadowcolor: str = "black"
    shadowx: float = Field(0, ge=0, le=1000)
    shadowy: float = Field(0, ge=0, le=1000)
    tabsize: int = Field(4, ge=1, le=64)
    x: Length = "(main_w-text_w)/2"
    y: Length = "(main_h-text_h)/2"


class OldAsset(Wire):
    """One with ``overlay_start`` lies over the others; its id tells its kind. Seconds; sizes and
    places in pixels of the first video. A ``duration`` of None lasts to the end."""

    asset_id: str
    start: float = Field(0.0, ge=0, allow_inf_nan=False)
    end: float | None = Field(None, ge=0, allow_inf_nan=False)
    overlay_start: float | None = Field(None, ge=0, allow_inf_nan=False)
    disable_other_tracks: bool = True
    fade_in_duration: float = Field(0.0, ge=0, allow_inf_nan=False)
    fade_out_duration: float = Field(0.0, ge=0, allow_inf_nan=False)
    duration: float | None = Field(None, gt=0, allow_inf_nan=False)
    width: Length = 100.0
    height: Length = 100.0
    x: Length = 80.0
    y: Length = 20.0
    text: str | None = Field(None, max_length=10_000)
    style: OldStyle = Field(default_factory=OldStyle)


class OldTimeline(Wire):
    request_type: str = "compile"
    timeline: list[OldAsset] = Field(max_length=2000)


class MissingClip(Wire):
    """A clip whose asset was deleted. Tracks and clips are counted from 1; seconds. ``name`` is
    what the asset was called, "" where that is not known any more."""

    track: int
    clip: int
    asset_id: str
    name: str = ""
    start: float
    duration: float


class KeptTimeline(Wire):
    """``length`` in seconds, times in Unix seconds. ``version`` grows with each change of the
    timeline itself, which is there where it was asked for."""

    id: str
    name: str
    length: float
    clips: int
    tracks: int
    resolution: str
    version: int
    created_at: int
    updated_at: float
    missing: list[MissingClip] = Field(default_factory=list)
    thumbnail_url: str | None = None
    timeline: Timeline | None = None


class TimelinePage(Wire):
    timelines: list[KeptTimeline]


class KeepRequest(Wire):
    name: str = Field(min_length=1, max_length=500)
    timeline: Timeline


class KeptChange(Wire):
    """What is left out stays. With a ``version``, only where it is still that one."""

    name: str | None = Field(None, min_length=1, max_length=500)
    timeline: Timeline | None = None
    version: int | None = None
