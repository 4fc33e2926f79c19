"""Audios."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body, Depends, Query, Request

from jupyter_capture.engine.library import AssetRow
from jupyter_capture.engine.routes import _assets
from jupyter_capture.engine.services import Services, services_of
from jupyter_capture.wire import Ok, Processing
from jupyter_capture.wire.library import (
    Asset,
    AssetUpdate,
    AudioPage,
    IndexRequest,
    SearchAnswer,
    SearchRequest,
    StreamAnswer,
    StreamRequest,
    Transcript,
)

router = APIRouter(prefix="/audio", tags=["audio"])
Get = Annotated[Services, Depends(services_of)]


def row_of(audio_id: str, services: Get) -> AssetRow:
    return services.library.asset(audio_id, "audio")


Row = Annotated[AssetRow, Depends(row_of)]


@router.get("")
def listed(services: Get, collection_id: str = "default") -> Ok[AudioPage]:
    services.library.collection(collection_id)
    rows = services.library.assets(collection_id, "audio")
    return Ok(data=AudioPage(audios=[services.asset(row) for row in rows]))


@router.get("/{audio_id}")
def get(row: Row, services: Get) -> Ok[Asset]:
    return Ok(data=services.asset(row))


@router.patch("/{audio_id}")
def update(row: Row, request: AssetUpdate, services: Get) -> Ok[Asset]:
    services.library.rename(row.id, request.name)
    return Ok(data=services.asset(services.library.asset(row.id)))


@router.delete("/{audio_id}")
def delete(row: Row, services: Get) -> Ok[dict[str, object]]:
    return _assets.delete(services, row)


@router.post("/{audio_id}/stream")
def stream(
    row: Row, services: Get, request: Annotated[StreamRequest, Body(default_factory=StreamRequest)]
) -> Ok[StreamAnswer]:
    return Ok(data=_assets.stream_of(services, row, request))


@router.post("/{audio_id}/generate_url")
def generate_url(row: Row, services: Get) -> Ok[dict[str, str | None]]:
    return Ok(data={"signed_url": services.asset(row).stream_url})


@router.post("/{audio_id}/index")
@router.post("/{audio_id}/transcription")
def index(
    row: Row,
    services: Get,
    http: Request,
    request: Annotated[IndexRequest, Body(default_factory=IndexRequest)],
) -> Processing | Ok[dict[str, object]]:
    return _assets.index_spoken_words(services, row, request, http)


@router.get("/{audio_id}/transcription")
def transcription(
    row: Row,
    services: Get,
    segmenter: str = "word",
    length: Annotated[int, Query(ge=1, le=86400)] = 1,
    start: float = 0,
    end: float = -1,
) -> Ok[Transcript]:
    return Ok(data=_assets.transcript(services, row, segmenter, length, start, end))


@router.post("/{audio_id}/search")
@router.post("/{audio_id}/search/v2")
def search(row: Row, request: SearchRequest, services: Get) -> Ok[SearchAnswer]:
    return Ok(data=_assets.search_in(services, row, request))
