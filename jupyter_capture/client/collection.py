"""A collection of videos, audios and images."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_capture.client._checks import asked_id
from jupyter_capture.client._fields import objects, text
from jupyter_capture.client.audio import Audio
from jupyter_capture.client.image import Image
from jupyter_capture.client.recorded import shared_with
from jupyter_capture.client.rtstream import RTStream
from jupyter_capture.client.search import SearchResult, run_search
from jupyter_capture.client.video import Video

if TYPE_CHECKING:
    from jupyter_capture.client.connection import Connection
    from jupyter_capture.client.session import CaptureSession


class Collection:
    """Everything recorded goes into ``default``, unless another collection is named."""

    def __init__(
        self,
        _connection: Connection,
        id: str,
        name: str | None = None,
        description: str | None = None,
        is_public: bool = False,
    ) -> None:
        self._connection = _connection
        self.id = id
        self.name = name or ""
        self.description = description or ""
        self.is_public = is_public

    @classmethod
    def of(cls, connection: Connection, fields: dict[str, Any], id: str = "default") -> Collection:
        return cls(
            connection,
            text(fields, "id") or id,
            text(fields, "name"),
            text(fields, "description"),
            bool(fields.get("is_public")),
        )

    def __repr__(self) -> str:
        return f"Collection(id={self.id}, name={self.name!r}, is_public={self.is_public})"

    def get_videos(self) -> list[Video]:
        return [self._video(item) for item in objects(self._get("video"), "videos")]

    def get_video(self, video_id: str) -> Video:
        return self._video(self._one("video", video_id))

    def delete_video(self, video_id: str) -> list[str]:
        """The ids of the assets that still hold the same media (see `Video.delete`)."""
        return self._delete("video", video_id)

    def get_audios(self) -> list[Audio]:
        return [self._audio(item) for item in objects(self._get("audio"), "audios")]

    def get_audio(self, audio_id: str) -> Audio:
        return self._audio(self._one("audio", audio_id))

    def delete_audio(self, audio_id: str) -> list[str]:
        """The ids of the assets that still hold the same media (see `Audio.delete`)."""
        return self._delete("audio", audio_id)

    def get_images(self) -> list[Image]:
        found = objects(self._get("image"), "images")
        return [Image.of(self._connection, item, self.id) for item in found]

    def get_image(self, image_id: str) -> Image:
        return Image.of(self._connection, self._one("image", image_id), self.id)

    def delete_image(self, image_id: str) -> None:
        self._delete("image", image_id)

    def get_rtstream(self, id: str) -> RTStream:
        return RTStream.of(self._connection, self._connection.http.get(f"rtstream/{id}") or {})

    def list_rtstreams(self, **filters: Any) -> list[RTStream]:
        """Filters: ``limit``, ``offset``, ``status``, ``name``, ``ordering``."""
        found = objects(self._connection.http.get("rtstream", filters), "results")
        return [RTStream.of(self._connection, item) for item in found]

    def search(
        self,
        query: str,
        search_type: str | None = None,
        index_type: str | None = None,
        result_threshold: int | None = None,
        score_threshold: float | None = None,
        *,
        mode: str | None = None,
        top_k: int | None = None,
    ) -> SearchResult:
        """Shots of all its videos in which ``query`` was said, best first (see `Video.search`)."""
        return run_search(
            self._connection,
            f"collection/{self.id}",
            query,
            newer={"mode": mode, "top_k": top_k},
            older={
                "search_type": search_type,
                "index_type": index_type,
                "result_threshold": result_threshold,
            },
            score_threshold=score_threshold,
        )

    def upload(
        self, source: str | Path | None = None, **options: Any
    ) -> Video | Audio | Image | None:
        """Put a file or an address into this collection (see `Connection.upload`)."""
        return self._connection.upload(source, collection_id=self.id, **options)

    def create_capture_session(self, end_user_id: str = "local", **options: Any) -> CaptureSession:
        return self._connection.create_capture_session(end_user_id, self.id, **options)

    def get_capture_session(self, session_id: str) -> CaptureSession:
        return self._connection.get_capture_session(session_id, self.id)

    def list_capture_sessions(self, status: str | None = None) -> list[CaptureSession]:
        return self._connection.list_capture_sessions(status=status, collection_id=self.id)

    def make_public(self) -> None:
        self._share(True)

    def make_private(self) -> None:
        self._share(False)

    def delete(self) -> None:
        self._connection.http.delete(f"collection/{self.id}")

    def _share(self, public: bool) -> None:
        self._connection.http.patch(f"collection/{self.id}", {"is_public": public})
        self.is_public = public

    def _get(self, path: str) -> dict[str, Any]:
        found = self._connection.http.get(path, {"collection_id": self.id})
        return found if isinstance(found, dict) else {}

    def _one(self, kind: str, id: str) -> dict[str, Any]:
        return self._get(f"{kind}/{asked_id(f'get_{kind}()', id)}")

    def _delete(self, kind: str, id: str) -> list[str]:
        """The ids of the assets that still hold the same media."""
        path = f"{kind}/{asked_id(f'delete_{kind}()', id)}"
        return shared_with(self._connection.http.delete(path, {"collection_id": self.id}))

    def _video(self, fields: dict[str, Any]) -> Video:
        return Video(self._connection, **_owned(fields, self.id))

    def _audio(self, fields: dict[str, Any]) -> Audio:
        return Audio(self._connection, **_owned(fields, self.id))


def _owned(fields: dict[str, Any], collection_id: str) -> dict[str, Any]:
    return {**fields, "collection_id": text(fields, "collection_id") or collection_id}
