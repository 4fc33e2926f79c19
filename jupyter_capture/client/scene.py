"""What is written on a video's screen: scenes, as VideoDB calls them, of text that was read."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from jupyter_capture.client._envelope import result_of
from jupyter_capture.client._fields import number, objects, table, text
from jupyter_capture.client._urls import MediaUrl, media_url
from jupyter_capture.client.recorded import Recorded
from jupyter_capture.errors import CaptureError, InvalidRequestError, NotOfferedError

if TYPE_CHECKING:
    from jupyter_capture.client.connection import Connection


@dataclass(frozen=True)
class Frame:
    """A picture of a scene; ``frame_time`` in seconds of the video."""

    id: str
    video_id: str
    scene_id: str
    url: MediaUrl | None
    frame_time: float
    description: str = ""


@dataclass(frozen=True)
class Scene:
    """A stretch of a video (seconds), and the text that was on its screen then."""

    video_id: str
    start: float
    end: float
    description: str = ""
    id: str | None = None
    frames: Sequence[Frame] = ()
    metadata: dict[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        return {
            "start": self.start,
            "end": self.end,
            "description": self.description,
            "metadata": self.metadata,
        }


class SceneCollection:
    """The scenes of a video, each with a picture. ``delete`` deletes the index that it shows."""

    def __init__(self, _connection: Connection, video_id: str, fields: dict[str, Any]) -> None:
        self._connection = _connection
        self.id = text(fields, "scene_collection_id") or ""
        self.video_id = video_id
        self.config = table(fields, "config")
        self.scenes = [_scene(video_id, found) for found in objects(fields, "scenes")]

    def __repr__(self) -> str:
        return f"SceneCollection(id={self.id}, video_id={self.video_id}, scenes={self.scenes})"

    def delete(self) -> None:
        self._connection.http.delete(f"video/{self.video_id}/scenes/{self.id}")


class Seen(Recorded):
    """An asset with a picture, on which text may be read."""

    def index_screen_text(
        self,
        force: bool = False,
        callback_url: str | None = None,
        *,
        wait: bool = True,
        show_progress: bool = True,
    ) -> str | None:
        """Read the text on the screen and make it searchable; ends when that is done.

        The index's id. What was read already is answered at once; ``force`` reads it again. With
        ``wait=False`` or a ``callback_url`` it only begins here, in the background: None while it
        goes on. The address is told of the end. An hour of a busy screen takes half an hour. Raises
        NotOfferedError where the engine lacks the extra ``jupyter-capture[screen]``.
        """
        request = {"force": force, "callback_url": callback_url}
        if not wait:
            path = f"{self._path}/index/scene"
            found = result_of(self._connection.http.envelope("POST", path, request))
            return text(found, "scene_index_id") if isinstance(found, dict) else None
        return self._index_scenes(request, show_progress)

    def index_words(self, *, show_progress: bool = True) -> None:
        """Index what was said and, where the engine can read it, what was on the screen.

        What is indexed already takes no time. Raises InvalidRequestError where it has neither
        sound nor a screen that can be read.
        """
        refused: list[CaptureError] = []
        try:
            self.index_spoken_words(show_progress=show_progress)
        except InvalidRequestError as error:
            refused.append(error)
        try:
            self.index_screen_text(show_progress=show_progress)
        except (InvalidRequestError, NotOfferedError) as error:
            refused.append(error)
        if len(refused) == 2:
            raise refused[0]

    def index_visuals(
        self,
        prompt: str | None = None,
        batch_config: dict[str, Any] | None = None,
        model_name: str | None = None,
        model_config: dict[str, Any] | None = None,
        name: str | None = None,
        callback_url: str | None = None,
    ) -> str | None:
        """`index_screen_text` under VideoDB's name, with a warning: the local engine reads text
        and describes no pictures, so the prompt and the models change nothing there."""
        request = {
            "extraction_type": "time",
            "extraction_config": batch_config,
            "prompt": prompt,
            "model_name": model_name,
            "model_config": model_config or {},
            "name": name,
            "callback_url": callback_url,
        }
        return self._index_scenes(request, warn=True)

    def index_scenes(
        self,
        extraction_type: str = "shot",
        extraction_config: dict[str, Any] | None = None,
        prompt: str | None = None,
        metadata: dict[str, Any] | None = None,
        model_name: str | None = None,
        model_config: dict[str, Any] | None = None,
        name: str | None = None,
        scenes: Sequence[Scene] | None = None,
        callback_url: str | None = None,
    ) -> str | None:
        """As `index_visuals`; with ``scenes``, an index of those, as they are described."""
        request = {
            "extraction_type": extraction_type,
            "extraction_config": extraction_config or {},
            "prompt": prompt,
            "metadata": metadata or {},
            "model_name": model_name,
            "model_config": model_config,
            "name": name,
            "scenes": [scene.to_json() for scene in scenes] if scenes else None,
            "callback_url": callback_url,
        }
        return self._index_scenes(request, warn=True)

    def list_scene_index(self) -> list[dict[str, Any]]:
        """Dicts with ``scene_index_id``, ``name``, ``status`` and ``record_count``."""
        return objects(self._connection.http.get(f"{self._path}/index/scene"), "scene_indexes")

    def get_scene_index(self, scene_index_id: str) -> list[dict[str, Any]]:
        """Its records: ``start`` and ``end`` (seconds), ``description``, and in ``metadata`` the
        ``boxes`` of its lines in pixels of the frame (``text``, ``x``, ``y``, ``w``, ``h``)."""
        answer = self._connection.http.get(f"{self._path}/index/scene/{scene_index_id}")
        return objects(answer, "scene_index_records")

    def delete_scene_index(self, scene_index_id: str) -> None:
        self._connection.http.delete(f"{self._path}/index/scene/{scene_index_id}")

    def get_scenes(self) -> list[dict[str, Any]] | None:
        """The records of the screen's text; None where it was not read yet."""
        found = self._connection.http.get(f"{self._path}/index", {"index_type": "scene"})
        return objects({"scenes": found}, "scenes") or None

    def extract_scenes(
        self,
        extraction_type: str = "shot",
        extraction_config: dict[str, Any] | None = None,
        force: bool = False,
        callback_url: str | None = None,
    ) -> SceneCollection | None:
        """What is on the screen, with a picture of each scene. The text is read for it, where it
        was not yet; how to cut is up to the text. None with a ``callback_url``."""
        request = {
            "extraction_type": extraction_type,
            "extraction_config": extraction_config or {},
            "force": force,
            "callback_url": callback_url,
        }
        answer = self._connection.http.post(
            f"{self._path}/scenes", request, title="Reading screen text", show_progress=True
        )
        return self._scene_collection(answer)

    def get_scene_collection(self, collection_id: str) -> SceneCollection | None:
        return self._scene_collection(
            self._connection.http.get(f"{self._path}/scenes/{collection_id}")
        )

    def list_scene_collection(self) -> list[dict[str, Any]]:
        """Dicts with ``scene_collection_id`` and ``status``."""
        return objects(self._connection.http.get(f"{self._path}/scenes"), "scene_collections")

    def delete_scene_collection(self, collection_id: str) -> None:
        """Its index goes too: it is the same."""
        self._connection.http.delete(f"{self._path}/scenes/{collection_id}")

    def _index_scenes(
        self, request: dict[str, Any], show_progress: bool = True, *, warn: bool = False
    ) -> str | None:
        answer = self._connection.http.post(
            f"{self._path}/index/scene",
            request,
            title="Reading screen text",
            show_progress=show_progress,
        )
        found = answer if isinstance(answer, dict) else {}
        for warning in (found.get("warnings") or []) if warn else []:
            warnings.warn(str(warning), UserWarning, stacklevel=3)
        return text(found, "scene_index_id")

    def _scene_collection(self, answer: Any) -> SceneCollection | None:
        fields = table(answer, "scene_collection") if isinstance(answer, dict) else {}
        return SceneCollection(self._connection, self.id, fields) if fields else None


def _scene(video_id: str, fields: dict[str, Any]) -> Scene:
    scene_id = text(fields, "scene_id") or ""
    frames = [
        Frame(
            text(found, "frame_id") or "",
            video_id,
            scene_id,
            media_url(found.get("url")),
            number(found, "frame_time"),
            text(found, "description") or "",
        )
        for found in objects(fields, "frames")
    ]
    return Scene(
        video_id,
        number(fields, "start"),
        number(fields, "end"),
        text(fields, "description") or "",
        scene_id,
        frames,
        table(fields, "metadata"),
    )
