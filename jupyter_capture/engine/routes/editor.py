"""Timelines, compilations and downloads."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import parse_qs, urlsplit

from fastapi import APIRouter, Depends, Request
from pydantic import ValidationError

from jupyter_capture.engine.routes.status import ticket_for
from jupyter_capture.engine.saving import check, check_chapters, is_quick
from jupyter_capture.engine.services import Services, services_of
from jupyter_capture.errors import InvalidRequestError, NotOfferedError
from jupyter_capture.media.subtitles import caption_asset
from jupyter_capture.wire import Ok, Processing
from jupyter_capture.wire.editor import EditorRequest, Timeline, WorkflowRequest
from jupyter_capture.wire.library import (
    CompileItem,
    DownloadAnswer,
    DownloadRequest,
    EditorDownloadRequest,
    StreamAnswer,
)

router = APIRouter(tags=["editor"])
Get = Annotated[Services, Depends(services_of)]
Saved = Processing | Ok[DownloadAnswer]


@router.post("/editor")
def editor(request: EditorRequest, services: Get) -> Ok[StreamAnswer]:
    if request.timeline is None:
        if not request.timeline_url:
            raise InvalidRequestError('The body needs a "timeline" with resolution and tracks.')
        request = _sent(services.uploads.take_text(request.timeline_url))
    if request.timeline is None:
        raise InvalidRequestError('The uploaded file needs a "timeline" with resolution and tracks')
    return Ok(data=services.stream_answer(*services.streams.of_timeline(request.timeline)))


def _sent(content: bytes) -> EditorRequest:
    """A timeline that came as a file, since it was too long for a body."""
    try:
        return EditorRequest.model_validate_json(content)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(str(part) for part in found["loc"]) or "the uploaded file"
        raise InvalidRequestError(f"The timeline is not valid. {where}: {found['msg']}.") from error


@router.post("/video/{video_id}/workflow")
def workflow(video_id: str, request: WorkflowRequest, services: Get) -> Ok[StreamAnswer]:
    """``add_subtitles``: a stream of the video with what is said in it written below."""
    if request.type != "add_subtitles":
        raise NotOfferedError(f"The workflow {request.type!r} is not offered; add_subtitles is.")
    row = services.library.asset(video_id, "video")
    picture, _ = services.library.stored(row.id)
    if picture is None:
        raise InvalidRequestError(f"{row.id} has no picture that subtitles could stand on.")
    config = picture.config(0)
    width, height = getattr(config, "width", 1280), getattr(config, "height", 720)
    caption = caption_asset(request.subtitle_style, (width, height))
    shown = {"type": "video", "id": row.id}
    tracks = [
        {"clips": [{"start": 0, "clip": {"asset": asset, "duration": row.length}}]}
        for asset in (shown, caption.model_dump())
    ]
    timeline = Timeline.model_validate({"resolution": f"{width}x{height}", "tracks": tracks})
    return Ok(data=services.stream_answer(*services.streams.of_timeline(timeline)))


@router.post("/compile")
def compile(request: list[CompileItem], services: Get) -> Ok[StreamAnswer]:
    asked = [(item.video_id, start, end) for item in request for start, end in item.shots]
    # The SDK's insert_video at a video's very start or end asks for a shot of nothing, too.
    shots = [shot for shot in asked if shot[1] != shot[2]] or asked
    return Ok(data=services.stream_answer(*services.streams.of_shots(shots)))


@router.post("/download")
def download(request: DownloadRequest, services: Get, http: Request) -> Saved:
    return save(services, http, stream_in(services, request.stream_link), request)


@router.post("/editor/download")
def editor_download(request: EditorDownloadRequest, services: Get, http: Request) -> Saved:
    return save(services, http, stream_in(services, request.stream_url), request)


def save(
    services: Services,
    http: Request,
    stream_id: str,
    request: DownloadRequest | EditorDownloadRequest,
) -> Saved:
    """Have a file made of a stream. What cannot be saved so is said at once.

    Who names a format, as VideoDB's SDK never does, gets a quick one at once; all else is a job.
    """
    stream_id = services.streams.settled(stream_id)
    ready = services.streams.get(stream_id)
    format, chapters = request.format, request.chapters
    check_chapters(ready, format, chapters, services.cells.chapters_of)
    check(services.streams, ready, format)
    if "format" in request.model_fields_set and is_quick(ready, format):
        return Ok(data=services.saved_at_once(stream_id, request.name, format, chapters))
    args = {"stream_id": stream_id, "name": request.name, "format": format, "chapters": chapters}
    key = f"download:{stream_id}:{format}:{chapters}"
    return ticket_for(http, services.jobs.submit("download", key, args))


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
