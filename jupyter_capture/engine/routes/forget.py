"""What a recording is to be without: minutes that are forgotten, channels that are paused."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends

from jupyter_capture.engine.routes.capture import Mine
from jupyter_capture.engine.services import Services, services_of
from jupyter_capture.wire import Ok
from jupyter_capture.wire.capture import ChannelPause, ForgetRequest, Forgotten

router = APIRouter(tags=["capture"])
Get = Annotated[Services, Depends(services_of)]


@router.post("/capture/session/{session_id}/forget")
def forget(session_id: Mine, request: ForgetRequest, services: Get) -> Ok[Forgotten]:
    """Erase the last ``seconds``, or from ``start`` to ``end``, while recording and afterwards."""
    return Ok(data=services.forgetting.forget(session_id, request))


@router.post("/capture/session/{session_id}/channel")
def channel(session_id: Mine, request: ChannelPause, services: Get) -> Ok[ChannelPause]:
    """Pause one channel, which is a gap then, or let it go on. The others are not touched."""
    services.sessions.pause_channel(session_id, request.channel_id, request.paused)
    return Ok(data=request)
