"""Live transcripts, the indexes made of them, events and alerts."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, model_validator

from jupyter_capture.wire._base import Wire


class TranscriptAction(Wire):
    """``ws_connection_id``: the websocket that gets the words, besides those named before."""

    action: Literal["start", "stop"]
    ws_connection_id: str | None = None
    engine: str | None = None


class TranscriptStatus(Wire):
    rtstream_id: str
    status: Literal["running", "stopped"]
    engine: str
    updated_at: int


class TranscriptSegment(Wire):
    """Unix seconds."""

    text: str
    start: float
    end: float
    is_final: bool = True


class TranscriptPage(Wire):
    segments: list[TranscriptSegment]
    total_count: int
    page: int
    page_size: int
    has_next: bool


class LiveIndex(Wire):
    """``status`` is ``connected`` while words come in, else ``stopped``."""

    rtstream_index_id: str
    rtstream_id: str
    extraction_type: str
    extraction_config: dict[str, Any] | None = None
    prompt: str | None = None
    name: str | None = None
    status: Literal["connected", "stopped"]
    warnings: list[str] = Field(default_factory=list)


class SceneRecord(Wire):
    """What was said, in Unix seconds; ``description`` is the text under VideoDB's name."""

    start: float
    end: float
    text: str
    description: str


class ScenePage(Wire):
    scene_index_records: list[SceneRecord]
    next_page: bool


class EventCreate(Wire):
    """``event_prompt`` says what is waited for; "quoted words" must be said as they are."""

    event_prompt: str = Field(min_length=1, max_length=2000)
    label: str = Field(min_length=1, max_length=200)


class AlertEvent(Wire):
    event_id: str
    event_prompt: str
    label: str


class AlertCreate(Wire):
    event_id: str
    callback_url: str | None = None
    ws_connection_id: str | None = None


class Alert(Wire):
    alert_id: str
    event_id: str
    prompt: str
    label: str
    callback_url: str | None = None
    status: Literal["enabled", "disabled"]


class AlertSwitch(Wire):
    """The SDK sends an ``action``, VideoDB's reference has a ``status``; either will do."""

    status: Literal["enabled", "disabled"]

    @model_validator(mode="before")
    @classmethod
    def _accept_action(cls, data: Any) -> Any:
        if isinstance(data, dict) and data.get("action") in ("enable", "disable"):
            return {"status": f"{data['action']}d"}
        return data
