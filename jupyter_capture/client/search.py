"""Search results: shots that play."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, overload

from jupyter_capture.client import _display
from jupyter_capture.client._fields import number, objects, table, text
from jupyter_capture.client._fields import text as text_of
from jupyter_capture.client._playable import Playable
from jupyter_capture.client._urls import is_fresh, media_url
from jupyter_capture.errors import InvalidRequestError

if TYPE_CHECKING:
    from jupyter_capture.client.connection import Connection

POSTERS = 6
"""Shots of a result that are shown with a poster; the others are shown as text."""


class Shot(Playable):
    """A stretch of a video in which something was found.

    ``start`` and ``end`` in seconds of the video, ``search_score`` 0 to 1, ``channel`` where the
    words came from (``mic:default``, ``display:1``), if known; ``source``: whether they were said
    (``spoken_word``) or read on the screen (``screen_text``).
    """

    def __init__(
        self,
        _connection: Connection,
        video_id: str,
        video_length: float,
        video_title: str,
        start: float,
        end: float,
        text: str | None = None,
        search_score: float | None = None,
        scene_index_id: str | None = None,
        scene_index_name: str | None = None,
        metadata: dict[str, Any] | None = None,
        stream_url: str | None = None,
        player_url: str | None = None,
        *,
        collection_id: str = "default",
        channel: str | None = None,
    ) -> None:
        self._connection = _connection
        self.video_id = video_id
        self.video_length = video_length
        self.video_title = video_title
        self.start = start
        self.end = end
        self.text = text or ""
        self.search_score = search_score
        self.scene_index_id = scene_index_id
        self.scene_index_name = scene_index_name
        self.metadata = metadata or {}
        self.stream_url = media_url(stream_url)
        self.player_url = media_url(player_url)
        self.collection_id = collection_id
        self.channel = channel
        self.source = text_of(self.metadata, "source")

    def __repr__(self) -> str:
        score = "" if self.search_score is None else f", search_score={self.search_score:.3g}"
        return (
            f"Shot(video_id={self.video_id}, start={self.start:g}, end={self.end:g}, "
            f"text={self.text!r}{score})"
        )

    def __getitem__(self, key: str) -> Any:
        return self.__dict__[key]

    @property
    def length(self) -> float:
        return self.end - self.start

    def generate_stream(self) -> str:
        """The address of an HLS stream of this shot alone, exact to the frame."""
        if self.stream_url and is_fresh(self.stream_url):
            return self.stream_url
        kind = "audio" if self.video_id.startswith("a-") else "video"
        request = {"timeline": [(self.start, self.end)], "length": self.video_length}
        answer = self._connection.http.post(f"{kind}/{self.video_id}/stream", request)
        return self._take_stream(answer)

    def _file_name(self) -> str:
        return f"{self.video_id}-{self.start:.0f}s.mp4"

    def _poster(self, width: int = 640) -> str | None:
        # At its very start the screen may still show what was there before.
        inside = min(self.start + 0.5, (self.start + self.end) / 2)
        return self._connection.poster(self.video_id, inside, width)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return _display.bundle(self, include, lambda: _display.shots_html([self], [self._poster()]))


class SearchResult(Playable):
    """Shots, best first: iterate, index, or take ``shots``. `play` shows them one after another."""

    def __init__(self, _connection: Connection, query: str = "", **answer: Any) -> None:
        self._connection = _connection
        self.query = query
        self.warnings: list[Any] = list(answer.get("warnings") or [])
        results = objects(answer, "results")
        self.shots: list[Shot] = [
            _shot(_connection, result, doc)
            for result in results
            # VideoDB's older search has no list of hits for each video: a result is a hit.
            for doc in (objects(result, "docs") if "docs" in result else [result])
        ]
        self.shots.sort(key=lambda shot: -(shot.search_score or 0.0))
        self.collection_id = self.shots[0].collection_id if self.shots else "default"

    def __repr__(self) -> str:
        return f"SearchResult(query={self.query!r}, shots={self.shots})"

    def __iter__(self) -> Iterator[Shot]:
        return iter(self.shots)

    def __len__(self) -> int:
        return len(self.shots)

    @overload
    def __getitem__(self, index: int) -> Shot: ...
    @overload
    def __getitem__(self, index: slice) -> list[Shot]: ...
    def __getitem__(self, index: int | slice) -> Shot | list[Shot]:
        return self.shots[index]

    def get_shots(self) -> list[Shot]:
        return self.shots

    def compile(self) -> str:
        """The address of one HLS stream of all shots, in this order."""
        if self.stream_url and is_fresh(self.stream_url):
            return self.stream_url
        if not self.shots:
            raise InvalidRequestError(
                f"Nothing was found for {self.query!r}, so there is nothing to play. "
                "Try other words, or mode='semantic' for words that mean the same."
            )
        request = [
            {
                "video_id": shot.video_id,
                "collection_id": shot.collection_id,
                "shots": [(shot.start, shot.end)],
            }
            for shot in self.shots
        ]
        return self._take_stream(self._connection.http.post("compile", request))

    def generate_stream(self) -> str:
        """The same as `compile`."""
        return self.compile()

    def _file_name(self) -> str:
        return "shots.mp4"

    def _html(self) -> str:
        if not self.shots:
            return _display.note_html(f"Nothing found for “{self.query}”.")
        posters = [shot._poster(320) for shot in self.shots[:POSTERS]]
        return _display.shots_html(self.shots, posters)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return _display.bundle(self, include, self._html)


def run_search(
    connection: Connection,
    path: str,
    query: str,
    *,
    newer: dict[str, Any],
    older: dict[str, Any],
    score_threshold: float | None = None,
) -> SearchResult:
    """Ask VideoDB's newer search, or its older one where a name of that is used."""
    if not query.strip():
        raise InvalidRequestError("The query is empty. Write the words that you look for.")
    newer = {name: value for name, value in newer.items() if value is not None}
    older = {name: value for name, value in older.items() if value is not None}
    if newer and older:
        raise InvalidRequestError(
            f"{', '.join(newer)} and {', '.join(older)} do not go together; use the former."
        )
    request: dict[str, Any] = {"query": query, **newer, **older}
    if score_threshold is not None:
        request["score_threshold"] = score_threshold
    where = f"{path}/search" if older else f"{path}/search/v2"
    answer = connection.http.post(where, request, title="Searching", show_progress=True)
    found = dict(answer) if isinstance(answer, dict) else {}
    found.pop("query", None)
    return SearchResult(connection, query, **found)


def _shot(connection: Connection, result: dict[str, Any], doc: dict[str, Any]) -> Shot:
    metadata = table(doc, "metadata")
    score = doc.get("score")
    return Shot(
        connection,
        text(result, "video_id", "id") or "",
        number(result, "length"),
        text(result, "title") or "",
        number(doc, "start"),
        number(doc, "end"),
        text(doc, "text"),
        float(score) if isinstance(score, int | float) else None,
        text(doc, "scene_index_id"),
        text(doc, "scene_index_name"),
        metadata,
        text(doc, "stream_link", "stream_url"),
        text(doc, "player_url"),
        collection_id=text(result, "collection_id") or "default",
        channel=text(doc, "channel") or text(metadata, "channel"),
    )
