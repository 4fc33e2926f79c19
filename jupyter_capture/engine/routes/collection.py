"""Collections, and searches over all that one holds."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends
from pydantic import ValidationError

from jupyter_capture.engine.routes._assets import semantic
from jupyter_capture.engine.services import Services, services_of
from jupyter_capture.errors import InvalidRequestError, NotOfferedError
from jupyter_capture.wire import Ok
from jupyter_capture.wire.library import (
    Asset,
    Collection,
    CollectionCreate,
    CollectionPage,
    QueryRequest,
    SearchAnswer,
    SearchRequest,
    SemanticRequest,
    TitleRequest,
)

router = APIRouter(prefix="/collection", tags=["collection"])
Get = Annotated[Services, Depends(services_of)]


@router.get("")
def listed(services: Get) -> Ok[CollectionPage]:
    return Ok(data=CollectionPage(collections=services.library.collections()))


@router.post("")
def create(request: CollectionCreate, services: Get) -> Ok[Collection]:
    made = services.library.create_collection(request.name, request.description, request.is_public)
    return Ok(data=made)


@router.get("/{collection_id}")
def get(collection_id: str, services: Get) -> Ok[Collection]:
    return Ok(data=services.library.collection(collection_id))


@router.patch("/{collection_id}")
def update(
    collection_id: str, services: Get, request: Annotated[dict[str, Any], Body()]
) -> Ok[Collection]:
    known = services.library.collection(collection_id).model_dump()
    try:
        wanted = CollectionCreate.model_validate({**known, **request})
    except ValidationError as error:
        found = error.errors()[0]
        where = ".".join(str(part) for part in found["loc"])
        raise InvalidRequestError(f"{where}: {found['msg']}.") from error
    return Ok(data=services.library.update_collection(collection_id, **wanted.model_dump()))


@router.delete("/{collection_id}")
def delete(collection_id: str, services: Get) -> Ok[dict[str, str]]:
    services.library.delete_collection(collection_id)
    return Ok(data={"id": collection_id})


@router.post("/{collection_id}/search")
@router.post("/{collection_id}/search/v2")
def search(collection_id: str, request: SearchRequest, services: Get) -> Ok[SearchAnswer]:
    return Ok(data=services.finder.in_collection(collection_id, request))


@router.post("/{collection_id}/semantic-search")
def semantic_search(
    collection_id: str, request: SemanticRequest, services: Get
) -> Ok[SearchAnswer]:
    return Ok(data=services.finder.in_collection(collection_id, semantic(request)))


@router.post("/{collection_id}/query")
def query(collection_id: str, request: QueryRequest, services: Get) -> Ok[SearchAnswer]:
    """Video by video, in order of time."""
    services.library.collection(collection_id)
    if request.filter or request.sort:
        raise NotOfferedError(
            "query() answers records in order of time; leave filter and sort out."
        )
    answer = SearchAnswer(results=[])
    for row in services.library.assets(collection_id, "video"):
        if services.finder.indexes_of(row):
            found = services.finder.in_order(row, request.index_name, request.limit)
            answer.results += found.results
    return Ok(data=answer)


@router.post("/{collection_id}/search/title")
def search_title(
    collection_id: str, request: TitleRequest, services: Get
) -> Ok[list[dict[str, Asset]]]:
    """The videos whose name holds all the words, newest first."""
    services.library.collection(collection_id)
    words = request.query.casefold().split()
    rows = services.library.assets(collection_id, "video")
    found = [row for row in rows if all(word in row.name.casefold() for word in words)]
    return Ok(data=[{"video": services.asset(row)} for row in found])
