"""Sprite sheets and waveforms: what seek bars and timelines show of an asset."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from jupyter_capture.engine.library import AssetRow
from jupyter_capture.engine.routes.status import ticket_for
from jupyter_capture.engine.services import Services, services_of
from jupyter_capture.errors import InvalidRequestError
from jupyter_capture.media.sprite import sprite_map
from jupyter_capture.media.waveform import RATES
from jupyter_capture.wire import Ok, Processing
from jupyter_capture.wire.library import Sprite, Waveform

router = APIRouter(tags=["media"])
Get = Annotated[Services, Depends(services_of)]
Rate = Annotated[int, Query(description="Buckets a second.")]

# A notebook's page has another origin. What a ticket opens, its holder may read.
_HEADERS = {
    "access-control-allow-origin": "*",
    "x-content-type-options": "nosniff",
    "cache-control": "private, max-age=86400",
}


@router.get("/video/{video_id}/sprite")
def sprite(video_id: str, services: Get) -> Ok[Sprite]:
    """The picture itself is made when its address is first asked."""
    row = services.library.asset(video_id, "video")
    sheet = services.previews.sheet(row)
    url = services.ticketed("sprite", row.id)
    return Ok(data=Sprite(url=url, map_url=f"{url}/map.vtt", **vars(sheet)))


@router.get("/video/{video_id}/waveform")
def video_waveform(
    video_id: str, services: Get, http: Request, rate: Rate = RATES[0]
) -> Ok[Waveform] | Processing:
    return _waveform(services, http, services.library.asset(video_id, "video"), rate)


@router.get("/audio/{audio_id}/waveform")
def audio_waveform(
    audio_id: str, services: Get, http: Request, rate: Rate = RATES[0]
) -> Ok[Waveform] | Processing:
    return _waveform(services, http, services.library.asset(audio_id, "audio"), rate)


@router.get("/sprite/{token}")
def sheet(token: str, services: Get) -> Response:
    row = services.library.asset(services.tickets.check("sprite", token))
    data = services.previews.sprite(row)
    return Response(data, media_type="image/jpeg", headers=_HEADERS)


@router.get("/sprite/{token}/map.vtt")
def sheet_map(token: str, services: Get) -> Response:
    """WebVTT: which part of the sheet belongs to which time."""
    row = services.library.asset(services.tickets.check("sprite", token))
    text = sprite_map(services.previews.sheet(row), row.length, f"../{token}")
    return Response(text, media_type="text/vtt", headers=_HEADERS)


def _waveform(
    services: Services, http: Request, row: AssetRow, rate: int
) -> Ok[Waveform] | Processing:
    if rate not in RATES:
        known = ", ".join(map(str, RATES))
        raise InvalidRequestError(f"A waveform has {known} buckets a second, not {rate}.")
    if services.previews.has_waveform(row):
        return Ok(data=services.previews.waveform(row, rate))
    args = {"asset_id": row.id, "rate": rate}
    job_id = services.jobs.submit("waveform", f"waveform:{row.id}:{rate}", args)
    return ticket_for(http, job_id)
