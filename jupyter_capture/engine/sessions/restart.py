"""A recorder that died is started again, as a new part of the same session."""

from __future__ import annotations

import logging
import time
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from sqlalchemy import Row

from jupyter_capture.engine.sessions import recorders
from jupyter_capture.engine.sessions.spare import Spare
from jupyter_capture.errors import CaptureError
from jupyter_capture.wire.recorder import Manifest, RecorderSpec

logger = logging.getLogger(__name__)

PATIENCE = 10
"""Deaths within a minute after which a session is closed with what there is."""
_MINUTE = 60.0
FRESH = 60.0
"""Seconds. An engine that finds a recorder dead for longer starts none: nobody expects to be
recorded again by then. The recorder touches its manifest every two seconds."""


def again(
    session: Row[Any], folder: Path, deaths: list[float], spare: Spare
) -> recorders.Link | None:
    """The line to a new recorder of a session that was recording; None where it cannot go on.

    ``deaths``: when its recorders died, to which this one is added.
    """
    now = time.monotonic()
    deaths[:] = [*(when for when in deaths if now - when < _MINUTE), now]
    if session.status not in ("active", "paused") or len(deaths) > PATIENCE:
        return None
    recorders.end(folder)  # it may work on with nobody able to speak with it
    try:
        manifest = Manifest.model_validate_json((folder / "manifest.json").read_bytes())
        spec = RecorderSpec.model_validate_json((folder / "spec.json").read_bytes())
    except (OSError, ValidationError):
        return None
    if manifest.status != "recording":
        return None
    logger.warning("the recorder of %s died; it is started again", session.id)
    try:
        return recorders.start(_as_it_is_now(spec, session), folder, spare)
    except CaptureError as error:
        logger.warning("%s cannot go on: %s", session.id, error.message)
        return None


def is_fresh(folder: Path) -> bool:
    """Whether a recorder worked on ``folder`` until a moment ago."""
    try:
        age = time.time() - (folder / "manifest.json").stat().st_mtime
    except OSError:
        return False
    return age < FRESH


def _as_it_is_now(spec: RecorderSpec, session: Row[Any]) -> RecorderSpec:
    """Channels may have been switched since the start."""
    now = {channel["channel_id"]: channel for channel in session.channels}
    channels = [
        each.model_copy(update={"store": now[each.channel_id]["store"]})
        if each.channel_id in now
        else each
        for each in spec.channels
    ]
    paused = [name for name, channel in now.items() if channel.get("paused")]
    return spec.model_copy(update={"channels": channels, "paused": paused, "go_on": True})
