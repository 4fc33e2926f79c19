"""Speech models: what there is, and what lies on this machine."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from jupyter_capture.wire._base import Wire

ModelState = Literal["shipped", "downloaded", "begun", "absent"]


class SpeechModel(Wire):
    """``size``: bytes on this machine, of one whose download was ``begun`` those so far; ``used``:
    it is the one that is set."""

    name: str
    state: ModelState
    multilingual: bool
    size: int = 0
    used: bool = False


class SpeechModelPage(Wire):
    models: list[SpeechModel]


class SpeechModelRequest(Wire):
    name: str = Field(min_length=1, max_length=200)
