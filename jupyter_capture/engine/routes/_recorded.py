"""The calls that videos and audios answer alike, and images as far as they can."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Body, Depends, Query, Request

from jupyter_capture.engine.library import AssetRow
from jupyter_capture.engine.routes import _assets, _transcript
from jupyter_capture.engine.services import Services, services_of
from jupyter_capture.wire import Ok, Processing
from jupyter_capture.wire.library import (
    Asset,
    AssetUpdate,
    IndexRequest,
    SearchAnswer,
    SearchRequest,
    StreamAnswer,
    StreamRequest,
    Transcript,
    TranscriptRequest,
)

Get = Annotated[Services, Depends(services_of)]


def _row(asset_id: str, http: Request, services: Get) -> AssetRow:
    """The first folder of the path says what it must be: /video/…, /audio/… or /image/…"""
    return services.library.asset(asset_id, http.scope["path"].split("/")[1])


Row = Annotated[AssetRow, Depends(_row)]


def router_of(kind: Literal["video", "audio", "image"]) -> APIRouter:
    """A router at ``/<kind>`` with all of these; an image has no length, and so neither a stream
    nor words."""
    router = APIRouter(prefix=f"/{kind}", tags=[kind])
    router.get("/{asset_id}")(get)
    router.patch("/{asset_id}")(update)
    router.delete("/{asset_id}")(delete)
    if kind == "image":
        return router
    router.post("/{asset_id}/stream")(stream)
    router.post("/{asset_id}/index")(index)
    router.get("/{asset_id}/transcription")(transcription)
    router.post("/{asset_id}/transcription")(transcribe)
    router.post("/{asset_id}/search")(search)
    router.post("/{asset_id}/search/v2")(search)
    return router


def get(row: Row, services: Get) -> Ok[Asset]:
    return Ok(data=services.asset(row))


def update(row: Row, request: AssetUpdate, services: Get) -> Ok[Asset]:
    services.library.rename(row.id, request.name)
    return Ok(data=services.asset(services.library.asset(row.id)))


def delete(row: Row, services: Get) -> Ok[dict[str, object]]:
    return _assets.delete(services, row)


def stream(
    row: Row, services: Get, request: Annotated[StreamRequest, Body(default_factory=StreamRequest)]
) -> Ok[StreamAnswer]:
    return Ok(data=_assets.stream_of(services, row, request))


def index(
    row: Row,
    services: Get,
    http: Request,
    request: Annotated[IndexRequest, Body(default_factory=IndexRequest)],
) -> Processing | Ok[dict[str, object]]:
    return _assets.index_spoken_words(services, row, request, http)


def transcription(
    row: Row,
    services: Get,
    segmenter: str = "word",
    length: Annotated[int, Query(ge=1, le=86400)] = 1,
    start: float = 0,
    end: float = -1,
) -> Ok[Transcript]:
    return Ok(data=_transcript.transcript(services, row, segmenter, length, start, end))


def transcribe(
    row: Row,
    services: Get,
    http: Request,
    request: Annotated[TranscriptRequest, Body(default_factory=TranscriptRequest)],
) -> Processing | Ok[dict[str, object]]:
    asked = IndexRequest(
        force=request.force,
        language_code=request.language_code,
        callback_url=request.callback_url,
    )
    return _assets.index_spoken_words(services, row, asked, http)


def search(row: Row, request: SearchRequest, services: Get) -> Ok[SearchAnswer]:
    return Ok(data=_assets.search_in(services, row, request))
