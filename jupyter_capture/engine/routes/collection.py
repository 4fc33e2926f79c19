"""Collections, and searches over all that one holds."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends

from jupyter_capture.engine.services import Services, services_of
from jupyter_capture.wire import Ok
from jupyter_capture.wire.library import (
    Collection,
    CollectionCreate,
    CollectionPage,
    SearchAnswer,
    SearchRequest,
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
    wanted = CollectionCreate.model_validate({**known, **request})
    return Ok(data=services.library.update_collection(collection_id, **wanted.model_dump()))


@router.delete("/{collection_id}")
def delete(collection_id: str, services: Get) -> Ok[dict[str, str]]:
    services.library.delete_collection(collection_id)
    return Ok(data={"id": collection_id})


@router.post("/{collection_id}/search")
@router.post("/{collection_id}/search/v2")
def search(collection_id: str, request: SearchRequest, services: Get) -> Ok[SearchAnswer]:
    return Ok(data=services.finder.in_collection(collection_id, request))
