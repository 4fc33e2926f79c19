"""Videos."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Query, Request

from jupyter_capture.engine.library import AssetRow
from jupyter_capture.engine.routes import _assets
from jupyter_capture.engine.routes._recorded import router_of
from jupyter_capture.engine.routes._scenes import record
from jupyter_capture.engine.routes.editor import Saved, save
from jupyter_capture.engine.services import Services, services_of
from jupyter_capture.errors import InvalidRequestError, NotOfferedError
from jupyter_capture.wire import Ok
from jupyter_capture.wire.library import (
    DownloadRequest,
    QueryRequest,
    SearchAnswer,
    SemanticRequest,
    VideoPage,
)
from jupyter_capture.wire.scenes import SceneIndexRecord

router = router_of("video")
Get = Annotated[Services, Depends(services_of)]


def row_of(video_id: str, services: Get) -> AssetRow:
    return services.library.asset(video_id, "video")


Row = Annotated[AssetRow, Depends(row_of)]


@router.get("")
def listed(services: Get, collection_id: str = "default") -> Ok[VideoPage]:
    services.library.collection(collection_id)
    rows = services.library.assets(collection_id, "video")
    return Ok(data=VideoPage(videos=[services.asset(row) for row in rows]))


@router.get("/{video_id}/thumbnail")
def thumbnail(
    row: Row,
    services: Get,
    timestamp: Annotated[float | None, Query(ge=0)] = None,
    width: Annotated[int | None, Query(ge=16, le=4096)] = None,
) -> Ok[dict[str, str]]:
    """The address of a JPEG of the picture at ``timestamp`` (seconds)."""
    at = min(row.length / 10, 1.0) if timestamp is None else timestamp
    if at >= row.length:
        raise InvalidRequestError(f"{row.id} is {row.length:.2f} s long; {at:g} s is past its end.")
    what = f"{row.id}@{round(at * 1000)}@{width or 640}"
    return Ok(data={"thumbnail_url": services.ticketed("thumbnail", what)})


@router.get("/{video_id}/index")
def index_status(
    row: Row, services: Get, index_type: str = "spoken_word"
) -> Ok[dict[str, str]] | Ok[list[SceneIndexRecord]]:
    """Scenes are told as a list."""
    if index_type == "scene":
        found = services.finder.screen_index(row)
        scenes = services.finder.records(found.index_id) if found else []
        return Ok(data=[record(each) for each in scenes])
    done = services.finder.is_indexed(row.id)
    return Ok(data={"status": "done" if done else "none", "index_type": "spoken_word"})


@router.post("/{video_id}/semantic-search")
def semantic_search(row: Row, request: SemanticRequest, services: Get) -> Ok[SearchAnswer]:
    return Ok(data=services.finder.in_asset(row, _assets.semantic(request)))


@router.post("/{video_id}/query")
def query(row: Row, request: QueryRequest, services: Get) -> Ok[SearchAnswer]:
    """What was said, in order of time."""
    if request.filter or request.sort:
        raise NotOfferedError(
            "query() answers records in order of time; leave filter and sort out."
        )
    return Ok(data=services.finder.in_order(row, request.index_name, request.limit))


@router.delete("/{video_id}/storage")
def remove_storage(row: Row) -> Ok[dict[str, str]]:
    """Streams are made from the stored tracks, so there is no second copy to remove."""
    return Ok(data={"id": row.id, "message": "There is no second copy; delete() frees the bytes."})


@router.post("/{video_id}/download")
def download(row: Row, services: Get, http: Request) -> Saved:
    shots = [(row.id, 0.0, row.length)]
    stream_id, _, _ = services.streams.of_shots(shots)
    return save(services, http, stream_id, DownloadRequest(stream_link="", name=row.name))
