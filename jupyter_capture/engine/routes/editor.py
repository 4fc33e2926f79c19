"""Timelines, compilations and downloads."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import parse_qs, urlsplit

from fastapi import APIRouter, Depends, Request

from jupyter_capture.engine.routes.status import ticket_for
from jupyter_capture.engine.services import Services, services_of
from jupyter_capture.errors import InvalidRequestError, NotOfferedError
from jupyter_capture.wire import Ok, Processing
from jupyter_capture.wire.editor import EditorRequest
from jupyter_capture.wire.library import (
    CompileItem,
    DownloadRequest,
    EditorDownloadRequest,
    StreamAnswer,
)

router = APIRouter(tags=["editor"])
Get = Annotated[Services, Depends(services_of)]


@router.post("/editor")
def editor(request: EditorRequest, services: Get) -> Ok[StreamAnswer]:
    if request.timeline is None:
        if request.timeline_url:
            raise NotOfferedError("Timelines above 100 kB are not taken yet by this version.")
        raise InvalidRequestError('The body needs a "timeline" with resolution and tracks.')
    return Ok(data=services.stream_answer(*services.streams.of_timeline(request.timeline)))


@router.post("/compile")
def compile(request: list[CompileItem], services: Get) -> Ok[StreamAnswer]:
    shots = [(item.video_id, start, end) for item in request for start, end in item.shots]
    return Ok(data=services.stream_answer(*services.streams.of_shots(shots)))


@router.post("/download")
def download(request: DownloadRequest, services: Get, http: Request) -> Processing:
    return _download(services, http, request.stream_link, request.name)


@router.post("/editor/download")
def editor_download(request: EditorDownloadRequest, services: Get, http: Request) -> Processing:
    return _download(services, http, request.stream_url, "timeline")


def _download(services: Services, http: Request, link: str, name: str) -> Processing:
    stream_id = stream_in(services, link)
    services.streams.get(stream_id)
    args = {"stream_id": stream_id, "name": name}
    return ticket_for(http, services.jobs.submit("download", f"download:{stream_id}", args))


def stream_in(services: Services, link: str) -> str:
    """The stream that a stream_url or player_url of this engine plays."""
    parts = urlsplit(link)
    folders = parts.path.strip("/").split("/")
    if "stream" in folders[:-1]:
        token = folders[folders.index("stream") + 1]
    else:
        token = parse_qs(parts.query).get("v", [""])[0]
    if not token:
        raise InvalidRequestError(
            f"{link!r} is not a stream of this engine. Give the stream_url that "
            "generate_stream() answered."
        )
    return services.tickets.check("stream", token)
