"""What is kept for how long, and what is deleted for it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from jupyter_capture.wire._base import Wire


class PurgeRequest(Wire):
    """``keep_days``: what ended longer ago is deleted; ``max_bytes``: the oldest goes until the
    rest takes no more. Without either, the engine's settings. ``dry_run`` deletes nothing."""

    keep_days: float | None = Field(None, ge=0, allow_inf_nan=False)
    max_bytes: int | None = Field(None, ge=0)
    dry_run: bool = False


class Purged(Wire):
    """A session or an upload that was deleted, or would be. ``ended_at`` in Unix seconds."""

    id: str
    kind: Literal["session", "upload"]
    name: str = ""
    ended_at: float
    bytes: int
    reason: Literal["age", "size"]


class PurgeAnswer(Wire):
    """``deleted``: oldest first. ``kept``: how many were due, and are still recorded, were just
    recorded, or are worked on. ``bytes``: what sessions and uploads take now."""

    dry_run: bool
    keep_days: float | None
    max_bytes: int | None
    deleted: list[Purged]
    kept: int
    bytes: int
