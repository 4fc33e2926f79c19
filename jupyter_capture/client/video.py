"""A video: the muxed recording, a screen alone, or an upload."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from jupyter_capture.client import _display
from jupyter_capture.client._fields import objects, text, whole
from jupyter_capture.client._previews import SHEET_BYTES, pictures_of
from jupyter_capture.client._urls import file_answer
from jupyter_capture.client.image import Image
from jupyter_capture.client.scene import Seen
from jupyter_capture.errors import CaptureError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


class Video(Seen):
    """``length`` in seconds, ``width`` and ``height`` in pixels where known."""

    _kind: ClassVar[str] = "video"

    def _update(self, fields: dict[str, Any]) -> None:
        super()._update(fields)
        self.width = whole(fields, "width")
        self.height = whole(fields, "height")
        self.thumbnail_url = text(fields, "thumbnail_url")

    @property
    def chapters(self) -> list[dict[str, Any]]:
        """A chapter (``start``, ``end``, ``title``) for each cell that ran while it was recorded
        with its cells; none of other videos, nor where nothing answers."""
        if self.session_id is None or self._connection.is_cloud:
            return []
        try:
            return objects(self._connection.http.get(f"{self._path}/chapters"), "chapters")
        except CaptureError:
            return []  # a player plays without them

    def generate_thumbnail(self, time: float | None = None) -> str | Image | None:
        """The address of the default thumbnail, or an `Image` of the moment ``time`` (seconds)."""
        if time is not None:
            request = {"time": time}
            answer = self._connection.http.post(f"{self._path}/thumbnail", request) or {}
            return Image.of(self._connection, answer, self.collection_id)
        if self.thumbnail_url is None:
            answer = self._connection.http.get(f"{self._path}/thumbnail") or {}
            self.thumbnail_url = text(answer, "thumbnail_url")
        return self.thumbnail_url

    def get_thumbnails(self) -> list[Image]:
        answer = self._connection.http.get(f"{self._path}/thumbnails")
        found = objects({"all": answer}, "all")
        return [Image.of(self._connection, item, self.collection_id) for item in found]

    def sprite(self) -> npt.NDArray[np.uint8]:
        """Small pictures of all of it: an array (count, height, width, 3), RGB.

        Picture ``i`` of ``count`` was on screen about ``(i + 0.5) * length / count`` seconds in:
        one a second, at most 100. Raises `InvalidRequestError` where there is no picture.
        """
        answer = self._connection.http.get(f"{self._path}/sprite") or {}
        return pictures_of(answer, self._connection.http.fetch_url(answer["url"], SHEET_BYTES))

    def remove_storage(self) -> None:
        """Delete the media and keep the words."""
        self._connection.http.delete(f"{self._path}/storage")

    def download(self, name: str | None = None) -> dict[str, Any]:
        """Have an MP4 made; the answer's ``download_url`` serves it. `save` does all of it."""
        request = self._download_request(self.generate_stream(), name or self.name)
        request.update(self._format("video.mp4"))
        answer = self._connection.http.post(
            "download", request, title="Preparing the file", show_progress=True
        )
        return file_answer(answer)

    def _html(self) -> str:
        poster = self._connection.poster(self.id, min(1.0, self.length / 2), width=640)
        return _display.media_html("Video", self.id, self.name, self.length, poster)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return _display.bundle(self, include, self._html)
