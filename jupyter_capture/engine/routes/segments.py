"""The bytes of streams: init segments, and segments copied or rendered when a player asks."""

from __future__ import annotations

import asyncio
import re
from concurrent.futures import Future
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response

from jupyter_capture.engine.renderers import Renderers
from jupyter_capture.engine.routes.media import FIXED, Stream
from jupyter_capture.engine.services import Services, services_of
from jupyter_capture.engine.streams import Ready
from jupyter_capture.errors import NotFoundError
from jupyter_capture.media import cut
from jupyter_capture.media.plan import Kind

router = APIRouter(tags=["media"])
Get = Annotated[Services, Depends(services_of)]

SEGMENT = "video/iso.segment"
_KINDS: dict[str, Kind] = {"v": "video", "a": "audio"}
_AHEAD = 3
"""Segments that are rendered before a player asks for them."""
_LEFT = 499
"""What nginx logs where the client has gone; nobody reads it."""


@router.get("/stream/{token}/{letter}/{name}")
async def segment(
    letter: str, name: str, stream: Stream, services: Get, request: Request
) -> Response:
    kind = _KINDS.get(letter)
    found = re.fullmatch(r"(init-)?(\d{1,9})\.(?:mp4|m4s)", name)
    if kind is None or found is None:
        raise NotFoundError(f"There is no segment {letter}/{name}.")
    number = int(found[2])
    if found[1]:
        data = cut.init(stream.plan, kind, number)
    elif stream.order is not None and cut.is_made(stream.plan, kind, number):
        rendered = await _rendered(services.renderers, stream, kind, number, request)
        if rendered is None:
            return Response(status_code=_LEFT)
        data = rendered
    else:
        data = await run_in_threadpool(services.heads.get, stream.plan, kind, number)
    return Response(data, media_type=SEGMENT, headers=FIXED)


async def _rendered(
    renderers: Renderers, stream: Ready, kind: Kind, number: int, request: Request
) -> bytes | None:
    """None where the player has gone."""
    asked = await run_in_threadpool(_ask, renderers, stream, kind, number)
    if isinstance(asked, bytes):
        return asked
    found = asyncio.wrap_future(asked)
    gone = asyncio.ensure_future(_gone(request))
    try:
        await asyncio.wait((found, gone), return_when=asyncio.FIRST_COMPLETED)
        return found.result() if found.done() else None
    finally:
        gone.cancel()
        if not found.done():
            renderers.leave(asked)


def _ask(renderers: Renderers, stream: Ready, kind: Kind, number: int) -> bytes | Future[bytes]:
    """The segment, or what will be it; and what follows it is rendered next."""
    assert stream.order is not None  # noqa: S101  only what is ordered is made
    asked = renderers.ask(stream.order, kind, number)
    count = len(stream.plan.video if kind == "video" else stream.plan.audio)
    following = range(number + 1, min(number + 1 + _AHEAD, count))
    made = [n for n in following if cut.is_made(stream.plan, kind, n)]
    renderers.ahead(stream.order, kind, made)
    return asked


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
