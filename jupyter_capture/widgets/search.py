"""The panel that finds: a query, and its hits, each played where it stands."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import traitlets

from jupyter_capture.client._display import shots_html
from jupyter_capture.client.search import Shot
from jupyter_capture.errors import InvalidRequestError
from jupyter_capture.widgets._asked import STATIC
from jupyter_capture.widgets._panel import Panel

if TYPE_CHECKING:
    from jupyter_capture.client.connection import Connection

MODES = ("hybrid", "keyword", "semantic")
SHOWN = 6
"""Hits that a saved notebook shows, as text."""


class SearchPanel(Panel):
    """Find moments by what was said, and play them.

    ``scope`` is a `Video`, an `Audio`, a `CaptureSession`, a `Collection`, the id of one, or
    "collection" for all that ``collection_id`` holds. Setting ``query`` searches.

    Traits that can be observed: ``query``, ``mode``, ``scope`` (an id, or "collection"), ``limit``,
    ``results`` and ``selected``, the hit that was added to a timeline last: dicts of ``video_id``,
    ``collection_id``, ``title``, ``start``, ``end`` (seconds), ``text``, ``score``, ``channel``.
    A session that is still recorded is searched as it goes on; its hits have a ``session_id`` and
    no ``video_id`` yet, and are no `shots`.
    `shots` are the results as objects that play; `on_add` tells of hits that are added.
    """

    _esm: ClassVar[Path] = STATIC / "search.js"
    _css: ClassVar[Path] = STATIC / "search.css"

    query = traitlets.Unicode("").tag(sync=True)
    mode = traitlets.Enum(MODES, default_value="hybrid").tag(sync=True)
    scope = traitlets.Unicode("collection").tag(sync=True)
    collection_id = traitlets.Unicode("default").tag(sync=True)
    limit = traitlets.Int(50, min=1, max=1000).tag(sync=True)
    results = traitlets.List(traitlets.Dict()).tag(sync=True)
    selected = traitlets.Dict().tag(sync=True)

    def __init__(
        self,
        query: str = "",
        scope: Any = "collection",
        *,
        mode: str = "hybrid",
        limit: int = 50,
        connection: Connection | None = None,
    ) -> None:
        place, collection = _place(scope)
        self._adders: dict[Callable[[Shot], None], Callable[[Any], None]] = {}
        own = getattr(scope, "_connection", None)
        super().__init__(
            connection or own,
            query=query,
            mode=mode,
            limit=limit,
            scope=place,
            collection_id=collection,
        )

    def __repr__(self) -> str:
        return f"SearchPanel(query={self.query!r}, results={len(self.results)})"

    @property
    def shots(self) -> list[Shot]:
        """The results as shots, best first; those that can be played already."""
        return [self.shot(hit) for hit in self.results if hit.get("video_id")]

    def shot(self, hit: dict[str, Any]) -> Shot:
        """A hit of ``results``, or ``selected``, as a shot that plays."""
        if not hit.get("video_id"):
            raise InvalidRequestError(
                "This was found in a session that is still recorded: it plays once that has "
                "stopped. Search again then."
            )
        return Shot(
            self.connection,
            str(hit["video_id"]),
            float(hit["end"]),
            str(hit.get("title", "")),
            float(hit["start"]),
            float(hit["end"]),
            str(hit.get("text", "")),
            float(hit.get("score", 0.0)),
            collection_id=str(hit.get("collection_id", "default")),
            channel=str(hit.get("channel", "")) or None,
        )

    def on_add(self, callback: Callable[[Shot], None], remove: bool = False) -> None:
        """Call ``callback(shot)`` whenever "Timeline" is pressed at a hit."""
        if not remove:
            self._adders[callback] = lambda hit: callback(self.shot(hit))
            self._on_emitted("add", self._adders[callback])
        elif callback in self._adders:
            self._on_emitted("add", self._adders.pop(callback), remove=True)

    def _stands_in(self) -> dict[str, str]:
        head = f"<div><b>Search</b> “{escape(self.query)}”</div>"
        html = head + (shots_html(self.shots[:SHOWN], []) if self.results else "")
        return {"text/plain": repr(self), "text/html": html}


def _place(scope: Any) -> tuple[str, str]:
    """(an id or "collection", the collection)."""
    if isinstance(scope, str):
        known = scope == "collection" or scope.startswith(("m-", "a-", "cap-", "c-", "default"))
        if not known:
            raise InvalidRequestError(
                f"{scope!r} is no place to search in. Give a video, a session, a collection, the "
                'id of one (m-…, a-…, cap-…, c-…, default), or "collection".'
            )
        return ("collection", scope) if scope.startswith(("c-", "default")) else (scope, "default")
    id = getattr(scope, "id", None)
    if not isinstance(id, str):
        raise InvalidRequestError(f"{scope!r} is no video, session or collection to search in.")
    collection = getattr(scope, "collection_id", None)
    return ("collection", id) if collection is None else (id, str(collection))
