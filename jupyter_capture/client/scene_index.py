"""What is said or seen on a stream, as records, and the alerts that watch them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jupyter_capture.client._fields import objects, table, text
from jupyter_capture.errors import EngineError

if TYPE_CHECKING:
    from jupyter_capture.client.connection import Connection


class RTStreamSceneIndex:
    """An index of a stream. ``status`` is ``connected`` while words come in, then ``stopped``.

    ``extraction_type`` is ``transcript`` where they are said, else they are read on the screen.
    """

    def __init__(
        self, _connection: Connection, rtstream_index_id: str, rtstream_id: str, **fields: Any
    ) -> None:
        self._connection = _connection
        self.rtstream_index_id = rtstream_index_id
        self.rtstream_id = rtstream_id
        self.extraction_type = text(fields, "extraction_type")
        self.extraction_config = table(fields, "extraction_config")
        self.prompt = text(fields, "prompt")
        self.name = text(fields, "name")
        self.status = text(fields, "status")
        self.warnings: list[str] = list(fields.get("warnings") or [])

    @classmethod
    def of(cls, connection: Connection, rtstream_id: str, fields: Any) -> RTStreamSceneIndex:
        data = fields if isinstance(fields, dict) else {}
        index_id = text(data, "rtstream_index_id")
        if index_id is None:
            raise EngineError("The server answered without an index.")
        own = ("rtstream_index_id", "rtstream_id")
        rest = {key: value for key, value in data.items() if key not in own}
        return cls(connection, index_id, rtstream_id, **rest)

    def __repr__(self) -> str:
        return (
            f"RTStreamSceneIndex(rtstream_index_id={self.rtstream_index_id}, "
            f"rtstream_id={self.rtstream_id}, name={self.name!r}, status={self.status})"
        )

    def get_scenes(
        self,
        start: float | None = None,
        end: float | None = None,
        page: int = 1,
        page_size: int = 100,
    ) -> dict[str, Any]:
        """``scenes``: what was said or seen, each with ``start`` and ``end`` in Unix seconds and
        its ``description``; ``next_page``: whether there is more."""
        query = {"start": start, "end": end, "page": page, "page_size": page_size}
        sent = {key: value for key, value in query.items() if value is not None}
        answer = self._connection.http.get(self._scene_path, sent) or {}
        return {
            "scenes": objects(answer, "scene_index_records"),
            "next_page": bool(answer.get("next_page")),
        }

    def start(self) -> None:
        """Let words come in again, and its alerts fire."""
        self._connection.http.patch(f"{self._scene_path}/status", {"action": "start"})
        self.status = "connected"

    def stop(self) -> None:
        """Let no alert fire any more. A stream's transcript goes on; a screen is read no more once
        no index of it is connected."""
        self._connection.http.patch(f"{self._scene_path}/status", {"action": "stop"})
        self.status = "stopped"

    def create_alert(
        self, event_id: str, callback_url: str | None = None, ws_connection_id: str | None = None
    ) -> str:
        """Have somebody told when the event's words are said or meant; the alert's id.

        ``callback_url`` gets a signed webhook, the websocket an event of the channel ``alert``. Of
        a channel that is live only nothing is stored: the webhook is sent once, not retried.
        """
        request = {
            "event_id": event_id,
            "callback_url": callback_url,
            "ws_connection_id": ws_connection_id,
        }
        sent = {key: value for key, value in request.items() if value}
        answer = self._connection.http.post(self._alert_path, sent) or {}
        alert_id = text(answer, "alert_id")
        if alert_id is None:
            raise EngineError("The server answered without an alert_id.")
        return alert_id

    def list_alerts(self) -> list[dict[str, Any]]:
        return objects(self._connection.http.get(self._alert_path), "alerts")

    def enable_alert(self, alert_id: str) -> None:
        self._connection.http.patch(f"{self._alert_path}/{alert_id}/status", {"action": "enable"})

    def disable_alert(self, alert_id: str) -> None:
        self._connection.http.patch(f"{self._alert_path}/{alert_id}/status", {"action": "disable"})

    @property
    def _scene_path(self) -> str:
        return f"rtstream/{self.rtstream_id}/index/scene/{self.rtstream_index_id}"

    @property
    def _alert_path(self) -> str:
        return f"rtstream/{self.rtstream_id}/index/{self.rtstream_index_id}/alert"
