"""What is too old, or too much: told, and deleted."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends

from jupyter_capture.engine.services import Services, services_of
from jupyter_capture.wire import Ok
from jupyter_capture.wire.retention import PurgeAnswer, PurgeRequest

router = APIRouter(tags=["engine"])
Get = Annotated[Services, Depends(services_of)]


@router.post("/purge")
def purge(request: PurgeRequest, services: Get) -> Ok[PurgeAnswer]:
    """Delete sessions and uploads, oldest first, by their age and by what all of them take."""
    return Ok(data=services.retention.purge(request))
