"""What is found in a recording that still goes on."""

from __future__ import annotations

from pydantic import Field

from jupyter_capture.wire._base import Wire


class Moment(Wire):
    """Seconds of the session's media time; score 0 to 1. It plays once the session is exported."""

    start: float
    end: float
    text: str
    score: float
    channel: str


class Moments(Wire):
    """Best first. ``listening``: channels whose sound is transcribed as it comes, and since when
    (media seconds). What was said before is found as it is transcribed, a minute or two later."""

    moments: list[Moment] = Field(default_factory=list)
    listening: dict[str, float] = Field(default_factory=dict)
