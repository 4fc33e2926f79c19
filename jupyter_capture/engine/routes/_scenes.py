"""What is written on the screen of a video, as the scenes that VideoDB makes of one."""

from __future__ import annotations

from typing import Any

from jupyter_capture.engine.library import AssetRow
from jupyter_capture.engine.services import Services
from jupyter_capture.errors import NotFoundError
from jupyter_capture.wire.library import Index
from jupyter_capture.wire.scenes import (
    Scene,
    SceneCollection,
    SceneCollectionAnswer,
    SceneFrame,
    SceneIndexed,
    SceneIndexRecord,
)

READS_TEXT = (
    "What is indexed is the text on the screen. Pictures are not described: prompts and models "
    "need a vision model, which this engine does not bring."
)
_COLLECTION = "sc-"


def indexed(index: Index) -> SceneIndexed:
    return SceneIndexed(scene_index_id=index.index_id, warnings=[READS_TEXT])


def record(row: Any) -> SceneIndexRecord:
    """``row``: of the table ``segments``."""
    metadata: dict[str, Any] = {"channel": row.channel_id}
    if row.boxes is not None:
        metadata["boxes"] = row.boxes
    return SceneIndexRecord(start=row.start, end=row.end, description=row.text, metadata=metadata)


def collection_id(index: Index) -> str:
    return _COLLECTION + index.index_id


def collection(services: Services, video: AssetRow, index: Index) -> SceneCollectionAnswer:
    made = SceneCollection(
        scene_collection_id=collection_id(index),
        video_id=video.id,
        scenes=[_scene(services, video, row) for row in services.finder.records(index.index_id)],
    )
    return SceneCollectionAnswer(scene_collection=made, warnings=[READS_TEXT])


def told(services: Services, asset_id: str, *, as_collection: bool) -> dict[str, Any]:
    """What a job that read a screen answers. Raises NotFoundError where it was deleted since."""
    video = services.library.asset(asset_id)
    index = services.finder.screen_index(video)
    if index is None:
        raise NotFoundError(f"The index of {asset_id}'s screen text was deleted meanwhile.")
    answer = collection(services, video, index) if as_collection else indexed(index)
    return answer.model_dump()


def _scene(services: Services, video: AssetRow, row: Any) -> Scene:
    # Once all of it is on the screen; a change takes a moment.
    at = min(row.start + 0.5, (row.start + row.end) / 2)
    frame = SceneFrame(
        frame_id=f"{row.id}-0",
        url=services.ticketed("thumbnail", f"{video.id}@{round(at * 1000)}@1280"),
        frame_time=round(at, 3),
        description=row.text,
    )
    found = record(row)
    return Scene(
        scene_id=str(row.id),
        start=found.start,
        end=found.end,
        description=found.description,
        metadata=found.metadata,
        frames=[frame],
    )
