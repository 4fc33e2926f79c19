"""Scenes: what is written on the screen, under VideoDB's names."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from jupyter_capture.wire._base import Wire


class SceneBrought(Wire):
    """A scene that a caller describes. Seconds from the video's start."""

    start: float = Field(ge=0, allow_inf_nan=False)
    end: float = Field(ge=0, allow_inf_nan=False)
    description: str | None = None
    metadata: dict[str, Any] | None = None


class SceneIndexRequest(Wire):
    """``extraction_type`` "transcript" would be what was said, in a model's words; any other is
    what is written on the screen, unless ``scenes`` are brought."""

    extraction_type: str | None = None
    extraction_config: dict[str, Any] | None = None
    prompt: str | None = None
    name: str | None = Field(None, max_length=200)
    force: bool = False
    callback_url: str | None = None
    scenes: list[SceneBrought] | None = None


class SceneIndex(Wire):
    scene_index_id: str
    video_id: str
    name: str
    status: Literal["ready"] = "ready"
    extraction_type: Literal["screen_text", "records"]
    record_count: int


class SceneIndexPage(Wire):
    scene_indexes: list[SceneIndex]


class SceneIndexRecord(Wire):
    """Seconds. ``description`` is the text; ``metadata`` has its ``channel``, and its lines'
    ``boxes`` in pixels of the frame: ``text``, ``x``, ``y``, ``w``, ``h``."""

    start: float
    end: float
    description: str
    metadata: dict[str, Any] = Field(default_factory=dict)


class SceneIndexRecords(Wire):
    scene_index_id: str
    status: Literal["ready"] = "ready"
    scene_index_records: list[SceneIndexRecord]


class SceneIndexed(Wire):
    """What indexing scenes answers."""

    scene_index_id: str
    warnings: list[str] = Field(default_factory=list)


class SceneFrame(Wire):
    """``url`` is a JPEG of the moment ``frame_time`` (seconds)."""

    frame_id: str
    url: str
    frame_time: float
    description: str


class Scene(Wire):
    scene_id: str
    start: float
    end: float
    description: str
    metadata: dict[str, Any] = Field(default_factory=dict)
    frames: list[SceneFrame]


class SceneCollection(Wire):
    """The index of the screen's text with a picture of each scene: another view of the same."""

    scene_collection_id: str
    video_id: str
    config: dict[str, Any] = Field(default_factory=dict)
    scenes: list[Scene]


class SceneCollectionAnswer(Wire):
    scene_collection: SceneCollection
    warnings: list[str] = Field(default_factory=list)


class SceneCollectionBrief(Wire):
    scene_collection_id: str
    video_id: str
    status: Literal["ready"] = "ready"
    config: dict[str, Any] = Field(default_factory=dict)


class SceneCollectionPage(Wire):
    scene_collections: list[SceneCollectionBrief]
