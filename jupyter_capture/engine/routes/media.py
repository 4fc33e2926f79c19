"""What tickets open: streams, pictures, files, and the pages that play them."""

from __future__ import annotations

import time
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import FileResponse, HTMLResponse, Response

from jupyter_capture.engine.door import prefix_of
from jupyter_capture.engine.pages import page_headers, refusal_page, watch_page
from jupyter_capture.engine.saving import TYPES, file_of, stream_in
from jupyter_capture.engine.services import Services, services_of
from jupyter_capture.engine.streams import Ready
from jupyter_capture.errors import CaptureError, InvalidRequestError, NotFoundError
from jupyter_capture.media import cut, hls, webvtt
from jupyter_capture.media.plan import TICKS
from jupyter_capture.media.thumbnails import poster

router = APIRouter(tags=["media"])
Get = Annotated[Services, Depends(services_of)]

_FIRST_SEGMENT_SECONDS = 15.0
PLAYLIST = "application/vnd.apple.mpegurl"
# A notebook's page has another origin. What a ticket opens, its holder may read.
_OPEN = {"access-control-allow-origin": "*", "x-content-type-options": "nosniff"}
FIXED = {**_OPEN, "cache-control": "private, max-age=86400, immutable"}
_FRESH = {**_OPEN, "cache-control": "no-store"}


def stream_of(token: str, services: Get) -> Ready:
    return services.streams.get(services.tickets.check("stream", token))


Stream = Annotated[Ready, Depends(stream_of)]


def _begun(services: Services, token: str, stream: Ready) -> Ready:
    """Players give up on a playlist that is empty, as a recording's is in its first seconds."""
    deadline = time.monotonic() + _FIRST_SEGMENT_SECONDS
    while not stream.plan.ended and not (stream.plan.video or stream.plan.audio):
        if time.monotonic() > deadline:
            break
        time.sleep(0.25)
        stream = stream_of(token, services)
    return stream


@router.get("/stream/{token}/master.m3u8")
def master(token: str, stream: Stream, services: Get) -> Response:
    """Subtitles are in it as soon as what is heard was indexed."""
    stream = _begun(services, token, stream)
    text = cut.master(stream.plan, services.streams.captions(stream))
    return Response(text, media_type=PLAYLIST, headers=_FRESH)


@router.get("/stream/{token}/captions.m3u8")
def captions_playlist(stream: Stream) -> Response:
    text = hls.text_playlist("captions.vtt", stream.plan.seconds)
    return Response(text, media_type=PLAYLIST, headers=_FRESH)


@router.get("/stream/{token}/captions.vtt")
def captions(stream: Stream, services: Get) -> Response:
    text = webvtt.webvtt(services.streams.lines(stream), mapped=True)
    return Response(text, media_type=webvtt.TYPE, headers=_FRESH)


@router.get("/stream/{token}/{kind}.m3u8")
def playlist(kind: str, stream: Stream) -> Response:
    if kind not in ("video", "audio"):
        raise NotFoundError(f"There is no playlist {kind}.m3u8, only video and audio.")
    text = cut.playlist(stream.plan, "video" if kind == "video" else "audio")
    return Response(text, media_type=PLAYLIST, headers=_FRESH)


@router.get("/watch")
def watch(v: str, services: Get, request: Request) -> HTMLResponse:
    return _page(services, v, request, embed=False)


@router.get("/embed")
def embed(v: str, services: Get, request: Request) -> HTMLResponse:
    return _page(services, v, request, embed=True)


def _page(services: Services, token: str, request: Request, embed: bool) -> HTMLResponse:
    base = prefix_of(request)
    try:
        stream_id = services.tickets.check("stream", token)
        title = services.streams.title(stream_id)
        html, status = watch_page(token, title, embed, base=base), 200
    except CaptureError as error:
        # A person gets a page; a program what every other call answers.
        if "text/html" not in request.headers.get("accept", ""):
            raise
        html, status = refusal_page(error.message, embed, base=base), error.status
    return HTMLResponse(html, status, headers=page_headers(embed))


@router.get("/thumbnail/{token}")
def thumbnail(token: str, services: Get) -> Response:
    """A JPEG of at most 40 kB."""
    asset_id, _, rest = services.tickets.check("thumbnail", token).partition("@")
    milliseconds, _, width = rest.partition("@")
    services.library.asset(asset_id)
    video, _ = services.library.stored(asset_id)
    if video is None:
        raise InvalidRequestError(f"{asset_id} has no picture.")
    time = min(int(milliseconds) * TICKS // 1000, max(video.end - 1, 0))
    data = poster(video, time, int(width or 640))
    return Response(data, media_type="image/jpeg", headers=FIXED)


@router.get("/download/{token}")
def download(token: str, services: Get) -> FileResponse:
    what = services.tickets.check("download", token)
    services.streams.get(stream_in(what))
    path = file_of(services.home, what)
    if path is None:
        raise NotFoundError("This file is not there any more. Ask for the download again.")
    kind = TYPES[path.suffix[1:]]
    return FileResponse(path, media_type=kind, filename=f"video{path.suffix}", headers=_OPEN)
