"""An audio: one channel's sound, or an upload."""

from __future__ import annotations

from typing import Any, ClassVar

from jupyter_capture.client import _display
from jupyter_capture.client._fields import text
from jupyter_capture.client._urls import MediaUrl, media_url
from jupyter_capture.client.recorded import Recorded


class Audio(Recorded):
    """``length`` in seconds."""

    _kind: ClassVar[str] = "audio"

    def generate_url(self) -> MediaUrl | None:
        """An address that serves the sound as a file while its ticket lasts."""
        path = f"{self._path}/generate_url?collection_id={self.collection_id}"
        answer = self._connection.http.post(path) or {}
        return media_url(text(answer, "signed_url", "stream_url"))

    def _file_name(self) -> str:
        return f"{self.id}.mp4" if self._connection.is_cloud else f"{self.id}.m4a"

    def _html(self) -> str:
        return _display.media_html("Audio", self.id, self.name, self.length, None)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return _display.bundle(self, include, self._html)
