"""Words that were misheard are put right: a call of ours alone."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends

from jupyter_capture.engine.services import Services, services_of
from jupyter_capture.wire import Ok
from jupyter_capture.wire.library import Correction, CorrectionRequest

router = APIRouter(tags=["library"])
Get = Annotated[Services, Depends(services_of)]


@router.patch("/video/{video_id}/transcript")
def video(video_id: str, request: CorrectionRequest, services: Get) -> Ok[Correction]:
    """Put ``text`` in the place of the words from ``start`` to ``end``; answers the new words."""
    row = services.library.asset(video_id, "video")
    return Ok(data=services.corrections.correct(row.id, request))


@router.patch("/audio/{audio_id}/transcript")
def audio(audio_id: str, request: CorrectionRequest, services: Get) -> Ok[Correction]:
    row = services.library.asset(audio_id, "audio")
    return Ok(data=services.corrections.correct(row.id, request))
