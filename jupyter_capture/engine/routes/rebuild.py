"""Makes the index of all words anew: a call of ours alone."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body, Depends, Request

from jupyter_capture.engine.routes.status import ticket_for
from jupyter_capture.engine.services import Services, services_of
from jupyter_capture.wire import Processing

router = APIRouter(tags=["engine"])
Get = Annotated[Services, Depends(services_of)]


@router.post("/index/rebuild")
def rebuild(
    services: Get, http: Request, every: Annotated[bool, Body(embed=True)] = False
) -> Processing:
    """From the stored words. ``every``: the vectors that are sound are made anew, too."""
    job_id = services.jobs.submit("rebuild", f"rebuild:{every}", {"every": every})
    return ticket_for(http, job_id)
