"""A picture: a thumbnail, or an upload."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jupyter_capture.client._fields import text
from jupyter_capture.client._urls import MediaUrl, media_url

if TYPE_CHECKING:
    from jupyter_capture.client.connection import Connection


class Image:
    """``url`` serves it, while its ticket lasts."""

    def __init__(self, _connection: Connection, id: str, collection_id: str, **fields: Any) -> None:
        self._connection = _connection
        self.id = id
        self.collection_id = collection_id
        self.name = text(fields, "name") or ""
        self.url = media_url(fields.get("url"))

    @classmethod
    def of(cls, connection: Connection, fields: dict[str, Any], collection_id: str) -> Image:
        rest = {k: v for k, v in fields.items() if k not in ("id", "collection_id")}
        home = text(fields, "collection_id") or collection_id
        return cls(connection, text(fields, "id") or "", home, **rest)

    def __repr__(self) -> str:
        return f"Image(id={self.id}, name={self.name!r})"

    def generate_url(self) -> MediaUrl | None:
        """An address that serves the picture while its ticket lasts."""
        path = f"image/{self.id}/generate_url?collection_id={self.collection_id}"
        answer = self._connection.http.post(path) or {}
        return media_url(text(answer, "signed_url", "image_url"))

    def delete(self) -> None:
        self._connection.http.delete(f"image/{self.id}")
