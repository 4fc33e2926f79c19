"""Scenes of a video: the text on its screen, as indexes and as collections; scenes brought."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Request

from jupyter_capture.engine.library import AssetRow
from jupyter_capture.engine.routes._scenes import (
    collection,
    collection_id,
    indexed,
    record,
)
from jupyter_capture.engine.routes._screen import check_picture, read_screen
from jupyter_capture.engine.routes.video import Row
from jupyter_capture.engine.services import Services, services_of
from jupyter_capture.errors import InvalidRequestError, NotFoundError, NotOfferedError
from jupyter_capture.wire import Ok, Processing
from jupyter_capture.wire.library import Index, IndexScene
from jupyter_capture.wire.scenes import (
    SceneCollectionAnswer,
    SceneCollectionBrief,
    SceneCollectionPage,
    SceneIndex,
    SceneIndexed,
    SceneIndexPage,
    SceneIndexRecords,
    SceneIndexRequest,
)

router = APIRouter(prefix="/video/{video_id}", tags=["scenes"])
Get = Annotated[Services, Depends(services_of)]
_OTHERS = ("spoken_word", "cells")
Asked = Annotated[SceneIndexRequest, Body(default_factory=SceneIndexRequest)]


@router.get("/index/scene")
def listed(row: Row, services: Get) -> Ok[SceneIndexPage]:
    found = [
        SceneIndex(
            scene_index_id=index.index_id,
            video_id=row.id,
            name=index.name,
            extraction_type="screen_text" if _is_screen(services, row, index) else "records",
            record_count=index.record_count,
        )
        for index in _indexes(services, row)
    ]
    return Ok(data=SceneIndexPage(scene_indexes=found))


@router.post("/index/scene", response_model=None)
def create(row: Row, services: Get, http: Request, request: Asked) -> Processing | Ok[SceneIndexed]:
    """The same answer again, at once, where its screen was read already (unless ``force``)."""
    if request.extraction_type == "transcript":
        raise NotOfferedError(
            "index_audio is not offered by the local engine: it has a language model describe "
            "what was said. index_spoken_words() indexes the words themselves."
        )
    if request.scenes is not None:
        return Ok(data=_brought(services, row, request))
    check_picture(services, row)
    known = services.finder.screen_index(row)
    if known is None or request.force:
        return read_screen(
            services, row, http, force=request.force, callback_url=request.callback_url
        )
    answer = indexed(known)
    services.callbacks.tell(request.callback_url, _done(answer.model_dump()))
    return Ok(data=answer)


@router.get("/index/scene/{index_id}")
def records(row: Row, index_id: str, services: Get) -> Ok[SceneIndexRecords]:
    index = _one(services, row, index_id)
    found = [record(each) for each in services.finder.records(index.index_id)]
    return Ok(data=SceneIndexRecords(scene_index_id=index_id, scene_index_records=found))


@router.delete("/index/scene/{index_id}")
def delete(row: Row, index_id: str, services: Get) -> Ok[dict[str, str]]:
    services.finder.delete_index(_one(services, row, index_id).index_id)
    return Ok(data={"scene_index_id": index_id})


@router.get("/scenes")
def collections(row: Row, services: Get) -> Ok[SceneCollectionPage]:
    index = services.finder.screen_index(row)
    found = (
        [SceneCollectionBrief(scene_collection_id=collection_id(index), video_id=row.id)]
        if index
        else []
    )
    return Ok(data=SceneCollectionPage(scene_collections=found))


@router.post("/scenes", response_model=None)
def extract(
    row: Row, services: Get, http: Request, request: Asked
) -> Processing | Ok[SceneCollectionAnswer]:
    check_picture(services, row)
    known = services.finder.screen_index(row)
    if known is not None and not request.force:
        answer = collection(services, row, known)
        services.callbacks.tell(request.callback_url, _done(answer.model_dump()))
        return Ok(data=answer)
    return read_screen(
        services,
        row,
        http,
        force=request.force,
        callback_url=request.callback_url,
        answer="collection",
    )


@router.get("/scenes/{scenes_id}")
def one_collection(row: Row, scenes_id: str, services: Get) -> Ok[SceneCollectionAnswer]:
    return Ok(data=collection(services, row, _screen(services, row, scenes_id)))


@router.delete("/scenes/{scenes_id}")
def delete_collection(row: Row, scenes_id: str, services: Get) -> Ok[dict[str, str]]:
    """Its index goes too: it is the same."""
    services.finder.delete_index(_screen(services, row, scenes_id).index_id)
    return Ok(data={"scene_collection_id": scenes_id})


def _brought(services: Services, row: AssetRow, request: SceneIndexRequest) -> SceneIndexed:
    name = request.name or "scenes"
    if name in ("screen_text", *_OTHERS):
        raise InvalidRequestError(f"{name!r} is the engine's own index. Give yours another name.")
    scenes = [
        IndexScene(start=one.start, end=one.end, text=one.description, data=one.metadata or {})
        for one in request.scenes or []
    ]
    made = services.finder.add_records(row, name, scenes)
    return SceneIndexed(scene_index_id=made.index_id)


def _indexes(services: Services, row: AssetRow) -> list[Index]:
    return [one for one in services.finder.indexes_of(row) if one.name not in _OTHERS]


def _is_screen(services: Services, row: AssetRow, index: Index) -> bool:
    screen = services.finder.screen_index(row)
    return screen is not None and screen.index_id == index.index_id


def _one(services: Services, row: AssetRow, index_id: str) -> Index:
    found = _indexes(services, row)
    for index in found:
        if index.index_id == index_id:
            return index
    known = ", ".join(index.index_id for index in found)
    raise NotFoundError(
        f"{row.id} has no scene index {index_id!r}. "
        + (f"It has: {known}." if known else "It has none: index_screen_text() makes one.")
    )


def _screen(services: Services, row: AssetRow, scenes_id: str) -> Index:
    index = services.finder.screen_index(row)
    if index is None or collection_id(index) != scenes_id:
        known = f"It has {collection_id(index)}." if index else "extract_scenes() makes one."
        raise NotFoundError(f"{row.id} has no scene collection {scenes_id!r}. {known}")
    return index


def _done(answer: dict[str, Any]) -> dict[str, Any]:
    """As a job's callback tells it, where there was nothing left to do."""
    done = {"event": "job.done", "success": True, "status": "done", "kind": "screen"}
    return {**done, "data": answer}
