"""Ids that are none, or of another kind, are said before anything is asked of a server."""

from __future__ import annotations

from typing import Any

import pytest
from client_harness import Server, ok

from jupyter_capture import editor, errors
from jupyter_capture.client.connection import Connection


@pytest.mark.parametrize("id", [None, "", "/", 5])
@pytest.mark.parametrize("call", ["get_video", "get_audio", "get_image", "delete_video"])
def test_no_id_is_said_with_where_ids_come_from(
    server: Server, conn: Connection, call: str, id: Any
) -> None:
    server.on("GET", "/collection/default", ok({"id": "default"}))
    collection = conn.get_collection()
    with pytest.raises(errors.InvalidRequestError, match=rf"^{call}\(\) was given .* exported"):
        getattr(collection, call)(id)
    assert server.calls() == ["GET /collection/default"]


def test_no_id_of_a_session_is_said(conn: Connection) -> None:
    with pytest.raises(errors.InvalidRequestError, match="was given None"):
        conn.get_capture_session(None)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("make", "id", "match"),
    [
        (editor.VideoAsset, "a-1", "is an audio; it takes a video"),
        (editor.VideoAsset, "img-1", "is an image; it takes a video"),
        (editor.ImageAsset, "m-1", "is a video; it takes an image"),
        (editor.AudioAsset, "cap-1", "is a session; it takes an audio or a video"),
    ],
)
def test_an_asset_of_another_kind_is_refused(make: Any, id: str, match: str) -> None:
    with pytest.raises(errors.InvalidRequestError, match=match):
        make(id)


def test_the_sound_of_a_video_and_ids_of_other_servers_will_do() -> None:
    assert editor.AudioAsset("m-1").id == "m-1"
    assert editor.VideoAsset("video-of-elsewhere").id == "video-of-elsewhere"


def test_deleting_tells_which_assets_still_hold_the_same_media(
    server: Server, conn: Connection
) -> None:
    server.on("GET", "/collection/default", ok({"id": "default"}))
    server.on("GET", "/audio/a-1", ok({"id": "a-1"}))
    server.on("DELETE", "/audio/a-1", ok({"id": "a-1", "shared_with": ["m-1"]}))
    server.on("DELETE", "/video/m-1", ok())
    collection = conn.get_collection()
    assert collection.get_audio("a-1").delete() == ["m-1"]
    assert collection.delete_audio("a-1") == ["m-1"]
    assert collection.delete_video("m-1") == []
