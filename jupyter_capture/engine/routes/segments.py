"""The bytes of streams: init segments, and segments copied or rendered when a player asks."""

from __future__ import annotations

import re

from fastapi import APIRouter
from fastapi.responses import Response

from jupyter_capture.engine.routes.media import FIXED, Stream
from jupyter_capture.errors import NotFoundError
from jupyter_capture.media import cut
from jupyter_capture.media.plan import Kind

router = APIRouter(tags=["media"])

SEGMENT = "video/iso.segment"
_KINDS: dict[str, Kind] = {"v": "video", "a": "audio"}


@router.get("/stream/{token}/{letter}/{name}")
def segment(letter: str, name: str, stream: Stream) -> Response:
    kind = _KINDS.get(letter)
    found = re.fullmatch(r"(init-)?(\d{1,9})\.(?:mp4|m4s)", name)
    if kind is None or found is None:
        raise NotFoundError(f"There is no segment {letter}/{name}.")
    number = int(found[2])
    make = cut.init if found[1] else cut.segment
    data = make(stream.plan, kind, number)
    return Response(data, media_type=SEGMENT, headers=FIXED)
