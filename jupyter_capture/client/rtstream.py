"""Live streams: one for each channel of a session."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jupyter_capture.client._fields import objects, text
from jupyter_capture.client._urls import MediaUrl, media_url
from jupyter_capture.client.scene_index import RTStreamSceneIndex

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

    # -- what is said

    def start_transcript(
        self, ws_connection_id: str | None = None, engine: str | None = None
    ) -> dict[str, Any]:
        """Have what is said told while it is recorded, kept or live only.

        Words come as events of the channel ``transcript`` to the websocket that is named, else to
        the session's, else to all; ``is_final`` tells drafts from what stays. Every word from now
        on is heard. Raises ConflictError where the session does not record.
        """
        return self._transcription("start", ws_connection_id, engine)

    def stop_transcript(self, engine: str | None = None) -> dict[str, Any]:
        """Returns once all that was said by now was told."""
        return self._transcription("stop", None, engine)

    def get_transcript(
        self,
        page: int = 1,
        page_size: int = 100,
        start: float | None = None,
        end: float | None = None,
        since: float | None = None,
        engine: str | None = None,
    ) -> dict[str, Any]:
        """``segments`` of what was said: ``text``, ``start`` and ``end`` in Unix seconds.

        While it is recorded and a transcript was started: all so far. Afterwards: what a kept
        channel was indexed with; of a channel that is live only nothing is left.
        """
        query = {
            "page": page,
            "page_size": page_size,
            "start": start,
            "end": end,
            "since": since,
            "engine": engine,
        }
        sent = {key: value for key, value in query.items() if value is not None}
        answer = self._connection.http.get(f"rtstream/{self.id}/transcription", sent) or {}
        if "segments" not in answer:
            answer = {**answer, "segments": objects(answer, "transcription_records")}
        return dict(answer)

    def index_spoken_words(
        self,
        prompt: str | None = None,
        name: str | None = None,
        ws_connection_id: str | None = None,
    ) -> RTStreamSceneIndex:
        """What is said as records, to which alerts can be tied.

        While it is recorded the words come in live, from now on; afterwards a kept channel's
        recording is indexed. A ``prompt`` would need a language model: it is answered with a
        warning, and changes nothing.
        """
        request = {
            "extraction_type": "transcript",
            "prompt": prompt,
            "name": name,
            "ws_connection_id": ws_connection_id,
        }
        sent = {key: value for key, value in request.items() if value}
        answer = self._connection.http.post(f"rtstream/{self.id}/index/scene", sent)
        return RTStreamSceneIndex.of(self._connection, self.id, answer)

    index_audio = index_spoken_words

    def index_visuals(
        self,
        prompt: str | None = None,
        batch_config: dict[str, Any] | None = None,
        name: str | None = None,
        ws_connection_id: str | None = None,
    ) -> RTStreamSceneIndex:
        """The text on a display as records, to which alerts can be tied.

        While it is recorded, kept or live only, what is new on the screen comes in, looked at
        every 2 s, as events of the channel ``visual_index``; afterwards a kept channel's
        recording is read. Pictures are not described: a ``prompt`` is answered with a warning.
        """
        return self._index_screen(prompt, batch_config, name, ws_connection_id)

    def index_scenes(
        self,
        extraction_type: str = "time",
        extraction_config: dict[str, Any] | None = None,
        prompt: str | None = None,
        name: str | None = None,
        ws_connection_id: str | None = None,
    ) -> RTStreamSceneIndex:
        """As `index_visuals`; the events come on the channel ``scene_index`` too."""
        config = extraction_config or {"time": 2}
        return self._index_screen(prompt, config, name, ws_connection_id, extraction_type)

    def index_screen_text(
        self, name: str | None = None, ws_connection_id: str | None = None
    ) -> RTStreamSceneIndex:
        """`index_visuals` by its own name."""
        return self._index_screen(None, None, name, ws_connection_id)

    def _index_screen(
        self,
        prompt: str | None,
        config: dict[str, Any] | None,
        name: str | None,
        ws_connection_id: str | None,
        extraction_type: str = "time",
    ) -> RTStreamSceneIndex:
        request = {
            "extraction_type": extraction_type,
            "extraction_config": config,
            "prompt": prompt,
            "name": name,
            "ws_connection_id": ws_connection_id,
        }
        sent = {key: value for key, value in request.items() if value}
        answer = self._connection.http.post(
            f"rtstream/{self.id}/index/scene",
            sent,
            title="Reading screen text",
            show_progress=True,
        )
        return RTStreamSceneIndex.of(self._connection, self.id, answer)

    def list_scene_indexes(self) -> list[RTStreamSceneIndex]:
        answer = self._connection.http.get(f"rtstream/{self.id}/index/scene")
        return [
            RTStreamSceneIndex.of(self._connection, self.id, fields)
            for fields in objects(answer, "scene_indexes")
        ]

    def get_scene_index(self, index_id: str) -> RTStreamSceneIndex:
        answer = self._connection.http.get(f"rtstream/{self.id}/index/{index_id}")
        return RTStreamSceneIndex.of(self._connection, self.id, answer)

    def _transcription(
        self, action: str, ws_connection_id: str | None, engine: str | None
    ) -> dict[str, Any]:
        request = {"action": action, "ws_connection_id": ws_connection_id, "engine": engine}
        sent = {key: value for key, value in request.items() if value}
        answer = self._connection.http.post(f"rtstream/{self.id}/transcription", sent)
        return dict(answer or {})
