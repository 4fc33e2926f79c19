"""VideoDB's older timeline: videos in a row, sound laid over them."""

from __future__ import annotations

from pydantic import Field

from jupyter_capture.wire._base import Wire


class OldAsset(Wire):
    """One with ``overlay_start`` lies over the others. Seconds."""

    asset_id: str
    start: float = Field(0.0, ge=0, allow_inf_nan=False)
    end: float | None = Field(None, ge=0, allow_inf_nan=False)
    overlay_start: float | None = Field(None, ge=0, allow_inf_nan=False)
    disable_other_tracks: bool = True
    fade_in_duration: float = 0.0
    fade_out_duration: float = 0.0


class OldTimeline(Wire):
    request_type: str = "compile"
    timeline: list[OldAsset]
