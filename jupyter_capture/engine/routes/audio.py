"""Audios."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends

from jupyter_capture.engine.routes._recorded import Row, router_of
from jupyter_capture.engine.services import Services, services_of
from jupyter_capture.wire import Ok
from jupyter_capture.wire.library import AudioPage

router = router_of("audio")
Get = Annotated[Services, Depends(services_of)]


@router.get("")
def listed(services: Get, collection_id: str = "default") -> Ok[AudioPage]:
    services.library.collection(collection_id)
    rows = services.library.assets(collection_id, "audio")
    return Ok(data=AudioPage(audios=[services.asset(row) for row in rows]))


@router.post("/{asset_id}/generate_url")
def generate_url(row: Row, services: Get) -> Ok[dict[str, str | None]]:
    return Ok(data={"signed_url": services.asset(row).stream_url})
