"""API keys."""

from __future__ import annotations

from pydantic import Field

from jupyter_capture.wire._base import Wire


class KeyCreate(Wire):
    label: str = Field("", max_length=200)


class KeyCreated(Wire):
    key: str


class Key(Wire):
    """A key without its value. Unix seconds."""

    id: str
    label: str = ""
    created_at: int
    expires_at: int | None = None
    revoked_at: int | None = None


class KeyPage(Wire):
    keys: list[Key]
