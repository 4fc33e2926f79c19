"""Timelines that are kept: what the client sends, what it makes of the answers."""

from __future__ import annotations

from typing import Any

import pytest
from client_harness import Server, failure, ok

from jupyter_capture.client.connection import CLOUD_URL, Connection, connect
from jupyter_capture.editor import Clip, TextAsset, Timeline, Track
from jupyter_capture.errors import ConflictError, InvalidRequestError, NotOfferedError

PATH = "/engine/timelines"


def title(conn: Connection) -> Timeline:
    timeline, track = Timeline(conn), Track()
    track.add_clip(0, Clip(TextAsset("Budget"), 2))
    timeline.add_track(track)
    return timeline


def kept(version: int = 1, name: str = "Cut", **more: Any) -> dict[str, Any]:
    return {"id": "tl-1", "name": name, "version": version, "missing": [], **more}


def test_it_is_kept_under_a_name_then_again_as_it_is_then(server: Server, conn: Connection) -> None:
    timeline = title(conn)
    server.on("POST", PATH, ok(kept()))
    assert timeline.keep("Cut") is timeline
    assert (timeline.id, timeline.name) == ("tl-1", "Cut")
    assert server.body() == {"name": "Cut", **timeline.to_json()}
    assert "id=tl-1, name='Cut'" in repr(timeline)

    server.on("PATCH", f"{PATH}/tl-1", ok(kept(2)))
    timeline.keep()
    assert (server.body()["version"], server.body()["name"]) == (1, "Cut")
    timeline.keep("Other")
    assert (server.body()["version"], server.body()["name"]) == (2, "Other")
    timeline.keep("Third", copy=True)
    assert server.calls()[-1] == f"POST {PATH}"


def test_what_is_listed_can_be_changed_renamed_and_deleted(
    server: Server, conn: Connection
) -> None:
    content = title(conn).to_json()
    server.on("GET", PATH, ok({"timelines": [kept(3, **content)]}))
    server.on("GET", f"{PATH}/tl-1", ok(kept(3, **content)))
    (listed,) = conn.get_timelines()
    assert listed.to_json() == conn.get_timeline("tl-1").to_json() == content
    server.on("PATCH", f"{PATH}/tl-1", ok(kept(3, name="New")))
    listed.rename("New")
    assert (server.body(), listed.name) == ({"name": "New"}, "New")
    server.on("DELETE", f"{PATH}/tl-1", ok({"id": "tl-1"}))
    listed.delete()
    assert (listed.id, listed.name) == (None, None)
    with pytest.raises(InvalidRequestError, match="not kept"):
        listed.delete()


def test_what_shows_something_deleted_says_so_and_is_kept_with_a_warning(
    server: Server, conn: Connection
) -> None:
    gone = {"track": 1, "clip": 2, "asset_id": "m-9", "name": "Old <b>", "start": 4.5}
    server.on("GET", f"{PATH}/tl-1", ok(kept(missing=[gone], **title(conn).to_json())))
    timeline = conn.get_timeline("tl-1")
    words = "Clip 2 of track 1, at 4.5 s, shows Old <b>, which was deleted."
    assert timeline.missing == [words]
    assert "Old &lt;b&gt;" in timeline._html()
    server.on("PATCH", f"{PATH}/tl-1", ok(kept(2, missing=[gone])))
    with pytest.warns(UserWarning, match="which was deleted"):
        timeline.keep()


def test_what_cannot_be_kept_is_said_before_it_is_sent(server: Server, conn: Connection) -> None:
    with pytest.raises(InvalidRequestError, match=r"under a name"):
        title(conn).keep()
    with pytest.raises(InvalidRequestError, match=r"under a name"):
        title(conn).keep("  ")
    with pytest.raises(InvalidRequestError, match="The timeline is empty"):
        Timeline(conn).keep("Cut")
    with pytest.raises(InvalidRequestError, match="no id"):
        conn.get_timeline("")
    assert server.sent == []
    server.on("POST", PATH, failure(409, "“Cut” was changed elsewhere", "CONFLICT"))
    timeline = title(conn)
    with pytest.raises(ConflictError, match="changed elsewhere"):
        timeline.keep("Cut")
    assert timeline.id is None


def test_videodbs_service_keeps_none() -> None:
    with connect("sk-secret", CLOUD_URL) as cloud:
        for call in (cloud.get_timelines, lambda: title(cloud).keep("Cut")):
            with pytest.raises(NotOfferedError, match="keeps no timelines"):
                call()
