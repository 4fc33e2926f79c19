"""Indexes of a video as things of their own: listed, looked into, added, deleted."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from jupyter_capture.engine.routes.video import Row
from jupyter_capture.engine.services import Services, services_of
from jupyter_capture.errors import NotFoundError, NotOfferedError
from jupyter_capture.wire import Ok
from jupyter_capture.wire.library import Index, IndexCreate, IndexPage, IndexRecord, RecordPage

router = APIRouter(prefix="/video/{video_id}", tags=["indexes"])
Get = Annotated[Services, Depends(services_of)]


@router.get("/indexes")
def listed(
    row: Row, services: Get, name: str | None = None, use_for: str | None = None
) -> Ok[IndexPage] | Ok[Index]:
    found = services.finder.indexes_of(row)
    if name is not None:
        return Ok(data=_one(found, "name", name))
    return Ok(data=IndexPage(indexes=[each for each in found if use_for in (None, "semantic")]))


@router.post("/indexes")
def create(row: Row, request: IndexCreate, services: Get) -> Ok[Index]:
    """An index of records that the caller brings."""
    if request.source.scenes is None:
        raise NotOfferedError(
            "An index of an understanding needs a language model, which this engine does not "
            'bring. Give records of your own: {"scenes": [{"start": 0, "end": 5, "text": "…"}]}.'
        )
    made = services.finder.add_records(row, request.name or "records", request.source.scenes)
    return Ok(data=made)


@router.get("/indexes/{index_id}")
def get(row: Row, index_id: str, services: Get) -> Ok[Index]:
    return Ok(data=_one(services.finder.indexes_of(row), "index_id", index_id))


@router.get("/indexes/{index_id}/records")
def records(
    row: Row,
    index_id: str,
    services: Get,
    limit: Annotated[int, Query(ge=1, le=1000)] = 20,
    cursor: Annotated[int, Query(ge=0)] = 0,
) -> Ok[RecordPage]:
    _one(services.finder.indexes_of(row), "index_id", index_id)
    found = services.finder.records(index_id)
    page = [
        IndexRecord(
            video_id=row.id,
            scene_id=str(each.id),
            start=each.start,
            end=each.end,
            data={"text": each.text, "channel": each.channel_id},
        )
        for each in found[cursor : cursor + limit]
    ]
    following = cursor + limit if cursor + limit < len(found) else None
    return Ok(data=RecordPage(records=page, next_cursor=following))


@router.delete("/indexes/{index_id}")
def delete(row: Row, index_id: str, services: Get) -> Ok[dict[str, str]]:
    _one(services.finder.indexes_of(row), "index_id", index_id)
    services.finder.delete_index(index_id)
    return Ok(data={"index_id": index_id})


def _one(found: list[Index], field: str, value: str) -> Index:
    for index in found:
        if getattr(index, field) == value:
            return index
    known = ", ".join(f"{index.name} ({index.index_id})" for index in found) or "none"
    raise NotFoundError(f"There is no index {value!r} on this video. It has: {known}.")
