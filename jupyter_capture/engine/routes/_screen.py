"""Starts to read the text on a screen."""

from __future__ import annotations

from typing import Any

from fastapi import Request

from jupyter_capture.engine.library import AssetRow
from jupyter_capture.engine.routes.status import ticket_for
from jupyter_capture.engine.screen import check_installed
from jupyter_capture.engine.services import Services
from jupyter_capture.errors import InvalidRequestError
from jupyter_capture.wire import Processing


def check_picture(services: Services, row: AssetRow, name: str | None = None) -> None:
    """Raises InvalidRequestError where there is nothing to see."""
    if not any(track.kind == "video" for track in services.library.tracks_of(row.id)):
        raise InvalidRequestError(
            f"{name or row.id} has no picture, so there is no text to read on it. A recording with "
            "a display has, and so has the display's own stream."
        )


def read_screen(
    services: Services,
    row: AssetRow,
    http: Request,
    *,
    force: bool = False,
    callback_url: str | None = None,
    **more: Any,
) -> Processing:
    """Raises NotOfferedError where the extra is missing."""
    check_picture(services, row)
    check_installed()
    services.webhooks.check(callback_url)
    args = {"asset_id": row.id, "force": force, **more}
    key = ":".join(["screen", row.id, str(force), *map(str, more.values())])
    job_id = services.jobs.submit("screen", key, args)
    services.callbacks.promise(job_id, callback_url)
    return ticket_for(http, job_id, callback_url)
