"""Executed cells of a session, ``notebook:cells``: a channel of ours alone."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends

from jupyter_capture.engine.routes.capture import mine
from jupyter_capture.engine.services import Services, services_of
from jupyter_capture.wire import Ok
from jupyter_capture.wire.cells import CellChapter, CellChapters, CellPage, CellsRequest

router = APIRouter(tags=["capture"])
Get = Annotated[Services, Depends(services_of)]
Mine = Annotated[str, Depends(mine)]


@router.get("/capture/session/{session_id}/cells")
def listed(session_id: Mine, services: Get) -> Ok[CellPage]:
    """Those that were kept, in order of time."""
    return Ok(data=services.cells.page(session_id))


@router.post("/capture/session/{session_id}/cells")
def add(session_id: Mine, request: CellsRequest, services: Get) -> Ok[CellPage]:
    """Take in what was executed; answers the cells that are kept, with their media time."""
    found = services.cells.add(session_id, request.cells)
    for cell, kept in found:
        data = {**cell.model_dump(mode="json"), "kept": kept}
        services.records.publish(session_id, {"channel": "cells", "data": data})
    cells = [cell for cell, kept in found if kept]
    return Ok(data=CellPage(store=services.cells.state(session_id), cells=cells))


@router.get("/video/{asset_id}/chapters")
def chapters(asset_id: str, services: Get) -> Ok[CellChapters]:
    """By the cells that ran while it was recorded; empty for any other video."""
    row = services.library.asset(asset_id, "video")
    found = [
        CellChapter(start=each.start, end=each.end, title=each.title)
        for each in services.cells.chapters_of(row.id)
    ]
    return Ok(data=CellChapters(chapters=found))
