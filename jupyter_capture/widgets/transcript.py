"""What was said in a video, word by word, beside the player that says it."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import traitlets

from jupyter_capture.client.search import Shot
from jupyter_capture.errors import InvalidRequestError
from jupyter_capture.widgets._asked import STATIC
from jupyter_capture.widgets._panel import Panel

if TYPE_CHECKING:
    from jupyter_capture.client.connection import Connection


class TranscriptView(Panel):
    """The words follow the player; a click on one goes there; words that are selected make a clip.

    ``video`` is a `Video` or an `Audio`, or the id of one. ``start`` in seconds.

    Traits that can be observed: ``video_id``, ``time`` (where the player was when it last paused
    or was sought, seconds) and ``clip``, what was selected last: a dict of ``video_id``,
    ``collection_id``, ``start``, ``end`` (seconds) and ``text``. `shot` is the clip as an object
    that plays; `on_clip` tells of each. The words themselves are no part of the widget's state.
    A double click on a word corrects it, in the engine's transcript and for every search.
    """

    _esm: ClassVar[Path] = STATIC / "transcript.js"
    _css: ClassVar[Path] = STATIC / "transcript.css"

    video_id = traitlets.Unicode("").tag(sync=True)
    collection_id = traitlets.Unicode("default").tag(sync=True)
    title = traitlets.Unicode("").tag(sync=True)
    start = traitlets.Float(0.0, min=0.0).tag(sync=True)
    time = traitlets.Float(0.0).tag(sync=True)
    clip = traitlets.Dict().tag(sync=True)

    def __init__(
        self, video: Any, *, start: float = 0.0, connection: Connection | None = None
    ) -> None:
        id = video if isinstance(video, str) else getattr(video, "id", None)
        if not isinstance(id, str) or not id.startswith(("m-", "a-")):
            raise InvalidRequestError(
                f"{video!r} is no video or audio with words. Give one, or its id (m-…, a-…)."
            )
        self._clippers: dict[Callable[[Shot], None], Callable[[Any], None]] = {}
        super().__init__(
            connection or getattr(video, "_connection", None),
            video_id=id,
            collection_id=getattr(video, "collection_id", None) or "default",
            title=getattr(video, "name", None) or "",
            start=start,
        )

    def __repr__(self) -> str:
        return f"TranscriptView(video_id={self.video_id})"

    @property
    def shot(self) -> Shot | None:
        """The clip that was selected last, as a shot that plays."""
        return self._shot(self.clip) if self.clip else None

    def on_clip(self, callback: Callable[[Shot], None], remove: bool = False) -> None:
        """Call ``callback(shot)`` whenever words were selected and made a clip."""
        if not remove:
            self._clippers[callback] = lambda clip: callback(self._shot(clip))
            self._on_emitted("clip", self._clippers[callback])
        elif callback in self._clippers:
            self._on_emitted("clip", self._clippers.pop(callback), remove=True)

    def _shot(self, clip: dict[str, Any]) -> Shot:
        return Shot(
            self.connection,
            str(clip["video_id"]),
            float(clip["end"]),
            self.title,
            float(clip["start"]),
            float(clip["end"]),
            str(clip.get("text", "")),
            collection_id=str(clip.get("collection_id", "default")),
        )

    def _stands_in(self) -> dict[str, str]:
        name = escape(self.title or self.video_id)
        html = f"<div><b>Transcript</b> of {name}. Run the cell again to read it.</div>"
        return {"text/plain": repr(self), "text/html": html}
