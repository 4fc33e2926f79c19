"""Live streams: one for each channel of a session."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jupyter_capture.client._fields import text
from jupyter_capture.client._urls import MediaUrl, media_url

if TYPE_CHECKING:
    from jupyter_capture.client.connection import Connection


@dataclass(frozen=True)
class RTStreamExport:
    """What a stream became. ``video_id`` is the asset's id, an audio's too."""

    video_id: str | None
    name: str | None = None
    stream_url: MediaUrl | None = None
    player_url: MediaUrl | None = None
    duration: float | None = None


class RTStream:
    """A channel of a session, live and, once exported, as an asset.

    ``name`` is the channel (``mic:default``), ``channel_id`` its category (``mic``, ``screen``,
    ``system_audio``, ``camera``), ``exported_asset_id`` the ``m-…`` or ``a-…`` of a kept one.
    """

    def __init__(self, _connection: Connection, id: str, **fields: Any) -> None:
        self._connection = _connection
        self.id = id
        self._update(fields)

    @classmethod
    def of(cls, connection: Connection, fields: dict[str, Any]) -> RTStream:
        rest = {k: v for k, v in fields.items() if k not in ("id", "rtstream_id")}
        return cls(connection, text(fields, "rtstream_id", "id") or "", **rest)

    def _update(self, fields: dict[str, Any]) -> None:
        self.name = text(fields, "name") or ""
        self.channel_id = text(fields, "channel_id") or ""
        self.collection_id = text(fields, "collection_id") or "default"
        self.session_id = text(fields, "session_id")
        self.status = text(fields, "status")
        self.store = bool(fields.get("store"))
        self.exported_asset_id = text(fields, "exported_asset_id")
        self.media_types: list[str] = list(fields.get("media_types") or [])
        self.created_at: int | str | None = fields.get("created_at")
        self.sample_rate = fields.get("sample_rate")
        self.stream_url: MediaUrl | None = None
        self.player_url: MediaUrl | None = None

    @property
    def rtstream_id(self) -> str:
        return self.id

    def __repr__(self) -> str:
        return (
            f"RTStream(id={self.id}, name={self.name!r}, channel_id={self.channel_id}, "
            f"status={self.status}, exported_asset_id={self.exported_asset_id})"
        )

    def refresh(self) -> None:
        self._update(self._connection.http.get(f"rtstream/{self.id}") or {})

    def export(self, name: str | None = None) -> RTStreamExport:
        """The asset that the stream's recording is. Asking again answers the same asset."""
        request = {} if name is None else {"name": name}
        answer = self._connection.http.post(f"rtstream/{self.id}/export", request) or {}
        self.exported_asset_id = text(answer, "video_id") or self.exported_asset_id
        return RTStreamExport(
            self.exported_asset_id,
            text(answer, "name"),
            media_url(answer.get("stream_url")),
            media_url(answer.get("player_url")),
            answer.get("duration"),
        )

    def generate_stream(
        self, start: float, end: float, player_config: dict[str, str] | None = None
    ) -> str | None:
        """The player's address of a stretch; ``start`` and ``end`` in Unix seconds."""
        query: dict[str, Any] = {"start": start, "end": end}
        for field, parameter in (
            ("title", "player_title"),
            ("description", "player_description"),
            ("slug", "player_slug_prefix"),
        ):
            if player_config and player_config.get(field):
                query[parameter] = player_config[field]
        answer = self._connection.http.get(f"rtstream/{self.id}/stream", query) or {}
        self.stream_url = media_url(answer.get("stream_url"))
        self.player_url = media_url(answer.get("player_url"))
        return self.player_url
