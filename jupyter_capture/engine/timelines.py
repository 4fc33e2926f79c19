"""Timelines that are kept under a name.

A timeline names assets; it does not hold them. So an asset can be deleted while a timeline shows
it: which of its clips are missing is looked up whenever somebody asks, never written down.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Literal, Protocol

from sqlalchemy import Connection, Row, delete, select

from jupyter_capture.engine.ids import new_id, now
from jupyter_capture.engine.schema import assets, timelines
from jupyter_capture.engine.store import Store
from jupyter_capture.errors import ConflictError, GoneError, InvalidRequestError, NotFoundError
from jupyter_capture.wire.editor import Timeline
from jupyter_capture.wire.timeline import KeptChange, KeptTimeline, MissingClip

Known = dict[str, tuple[str, bool]]
"""Assets by their ids: what they are called, and whether they are there."""
Numbered = tuple[int, int, dict[str, Any]]
"""A clip with its place on its track, and the numbers of that track and its own."""
_AT_ONCE = 500
_WIDTH = 192  # pixels of a picture in a list
_TOLD = 3  # missing clips that a message names


class Ticketed(Protocol):
    def __call__(self, use: Literal["thumbnail", "image"], what: str) -> str: ...


class Timelines:
    """``ticketed`` gives the address of an image, or of a thumbnail (``<video>@<ms>@<width>``)."""

    def __init__(self, store: Store, ticketed: Ticketed) -> None:
        self._store = store
        self._ticketed = ticketed

    def all(self, *, whole: bool = False) -> list[KeptTimeline]:
        """Those changed last come first; ``whole``: with what is on them."""
        newest = select(timelines).order_by(timelines.c.updated_at.desc(), timelines.c.id)
        with self._store.read() as connection:
            rows = connection.execute(newest).all()
            known = _known(connection, rows)
        return [self._told(row, known, whole=whole) for row in rows]

    def get(self, timeline_id: str) -> KeptTimeline:
        """Raises NotFoundError."""
        with self._store.read() as connection:
            row = _row(connection, timeline_id)
            known = _known(connection, [row])
        return self._told(row, known, whole=True)

    def keep(self, name: str, timeline: Timeline) -> KeptTimeline:
        """Raises InvalidRequestError for an empty name, or a timeline without clips."""
        values = {"id": new_id("tl"), "name": _named(name), "timeline": _content(timeline)}
        times = {"created_at": now(), "updated_at": time.time()}
        with self._store.write() as connection:
            connection.execute(timelines.insert().values(**values, version=1, **times))
        return self.get(str(values["id"]))

    def change(self, timeline_id: str, asked: KeptChange) -> KeptTimeline:
        """Rename it, put another in its place, or both. Raises NotFoundError, and ConflictError
        where it is not of the version any more that was asked for; also as `keep`."""
        values: dict[str, Any] = {}
        if asked.name is not None:
            values["name"] = _named(asked.name)
        content = None if asked.timeline is None else _content(asked.timeline)
        with self._store.write() as connection:
            row = _row(connection, timeline_id)
            if asked.version not in (None, row.version):
                raise ConflictError(
                    f"“{row.name}” was changed elsewhere meanwhile. Read it again with "
                    "get_timeline(), or keep yours beside it under another name."
                )
            if content is not None and content != row.timeline:
                values |= {"timeline": content, "version": row.version + 1}
            if values:
                one = timelines.update().where(timelines.c.id == timeline_id)
                connection.execute(one.values(**values, updated_at=time.time()))
        return self.get(timeline_id)

    def delete(self, timeline_id: str) -> None:
        """The recordings that it shows stay. Raises NotFoundError."""
        with self._store.write() as connection:
            _row(connection, timeline_id)
            connection.execute(delete(timelines).where(timelines.c.id == timeline_id))

    def _told(self, row: Row[Any], known: Known, *, whole: bool) -> KeptTimeline:
        items = sorted(_clips(row.timeline), key=lambda each: (each[2]["start"], each[:2]))
        ends = [item["start"] + item["clip"]["duration"] for _, _, item in items]
        return KeptTimeline(
            id=row.id,
            name=row.name,
            length=max(ends, default=0.0),
            clips=len(items),
            tracks=len(row.timeline["tracks"]),
            resolution=row.timeline["resolution"],
            version=row.version,
            created_at=row.created_at,
            updated_at=row.updated_at,
            missing=list(_missing(items, known)),
            thumbnail_url=self._picture(items, known),
            timeline=Timeline.model_validate(row.timeline) if whole else None,
        )

    def _picture(self, items: Iterable[Numbered], known: Known) -> str | None:
        """The first picture in time that is still there; None where there is none."""
        for _, _, item in items:
            asset = item["clip"]["asset"]
            if not known.get(asset.get("id"), ("", False))[1]:
                continue
            if asset["type"] == "image":
                return self._ticketed("image", asset["id"])
            if asset["type"] == "video":
                seconds = asset["start"] + min(1.0, item["clip"]["duration"] / 2)
                return self._ticketed(
                    "thumbnail", f"{asset['id']}@{round(seconds * 1000)}@{_WIDTH}"
                )
        return None


def playable(kept: KeptTimeline) -> Timeline:
    """What is on it. Raises GoneError, which names them, where clips of it are missing."""
    if kept.missing:
        named = [
            f"clip {each.clip} of track {each.track} ({each.name or each.asset_id})"
            for each in kept.missing
        ]
        more = f" and {len(named) - _TOLD} more" if len(named) > _TOLD else ""
        raise GoneError(
            f"“{kept.name}” cannot be played: what {', '.join(named[:_TOLD])}{more} showed was "
            "deleted. Open it in the editor, and delete such clips or put others in their place."
        )
    return kept.timeline or Timeline()


def _row(connection: Connection, timeline_id: str) -> Row[Any]:
    row = connection.execute(select(timelines).where(timelines.c.id == timeline_id)).one_or_none()
    if row is None:
        raise NotFoundError(
            f"There is no timeline {timeline_id!r}. `connection.get_timelines()` lists those that "
            "are kept. One that was deleted is kept anew by `timeline.keep(name, copy=True)`."
        )
    return row


def _named(name: str) -> str:
    shown = "".join(letter for letter in name if letter.isprintable() or letter.isspace())
    if not shown.strip():
        raise InvalidRequestError("The name is empty. A timeline is kept under a name.")
    return " ".join(shown.split())


def _content(timeline: Timeline) -> dict[str, Any]:
    if not any(track.clips for track in timeline.tracks):
        raise InvalidRequestError("The timeline is empty. Put a clip on it before you keep it.")
    return timeline.model_dump(mode="json", by_alias=True)


def _clips(content: dict[str, Any]) -> Iterator[Numbered]:
    """All of them; tracks and clips are counted from 1."""
    for track, each in enumerate(content["tracks"], 1):
        for clip, item in enumerate(each["clips"], 1):
            yield track, clip, item


def _known(connection: Connection, rows: Sequence[Row[Any]]) -> Known:
    shown = {
        item["clip"]["asset"]["id"]
        for row in rows
        for _, _, item in _clips(row.timeline)
        if "id" in item["clip"]["asset"]
    }
    found: Known = {}
    for some in _portions(sorted(shown)):
        its = select(assets.c.id, assets.c.name, assets.c.deleted_at).where(assets.c.id.in_(some))
        found |= {row.id: (row.name, row.deleted_at is None) for row in connection.execute(its)}
    return found


def _portions(ids: Sequence[str]) -> Iterable[Sequence[str]]:
    return (ids[at : at + _AT_ONCE] for at in range(0, len(ids), _AT_ONCE))


def _missing(items: Iterable[Numbered], known: Known) -> Iterator[MissingClip]:
    """In order of time."""
    for track, clip, item in items:
        asset_id = item["clip"]["asset"].get("id")
        name, there = known.get(asset_id, ("", asset_id is None))
        if not there:
            yield MissingClip(
                track=track,
                clip=clip,
                asset_id=asset_id,
                name=name,
                start=item["start"],
                duration=item["clip"]["duration"],
            )
