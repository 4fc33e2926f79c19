"""Every code block of VideoDB's page "Storage and search", as it is written there."""

from __future__ import annotations

import textwrap
from typing import Any

import pytest
from client_harness import FOUND, SESSION, STREAM, VIDEO, Server, job, ok, processing

import jupyter_capture
from jupyter_capture.client.connection import Connection

QUICK = """
# After capture_session.exported webhook
cap = conn.get_capture_session("cap-xxx")

# Get the muxed video
video_id = cap.exported_video_id
video = coll.get_video(video_id)

# Search the captured content
video.index_spoken_words()
results = video.search("budget discussion")
for shot in results.shots:
    print(f"{shot.start}s: {shot.text}")
    shot.play()
"""
START = """
# In desktop client
await client.start_session(
    capture_session_id=cap_id,
    channels=[
        {"name": "mic:default", "store": True},      # Will persist
        {"name": "display:1", "store": True},        # Will persist
        {"name": "system_audio:default", "store": False}  # Ephemeral
    ]
)
"""
HOOK = """
def on_exported(payload: dict):
    cap = conn.get_capture_session(payload["capture_session_id"])

    # Muxed video
    video_id = payload["data"]["exported_video_id"]

    # Raw channel assets
    mics = cap.get_rtstream("mic")
    if mics:
        mic_asset_id = mics[0].exported_asset_id

    displays = cap.get_rtstream("display")
    if displays:
        display_asset_id = displays[0].exported_asset_id
    return video_id, mic_asset_id, display_asset_id
"""
EDIT = """
from jupyter_capture.editor import Timeline, Track, Clip, VideoAsset, AudioAsset

cap = conn.get_capture_session("cap-xxx")
display_asset_id = cap.get_rtstream("display")[0].exported_asset_id
mic_asset_id = cap.get_rtstream("mic")[0].exported_asset_id

timeline = Timeline(conn)
timeline.resolution = "1280x720"

# Video track
video_track = Track()
video_track.add_clip(0, Clip(asset=VideoAsset(id=display_asset_id), duration=60))
timeline.add_track(video_track)

# Audio track (mic only)
audio_track = Track()
audio_track.add_clip(0, Clip(asset=AudioAsset(id=mic_asset_id, volume=1.0), duration=60))
timeline.add_track(audio_track)

stream_url = timeline.generate_stream()
"""
AFTER = """
video = coll.get_video(exported_video_id)

# Index for search
video.index_spoken_words()

# Search
results = video.search("action items from the meeting")
for shot in results.shots:
    print(f"{shot.start}s: {shot.text}")
    shot.play()
"""


@pytest.fixture
def page(server: Server, conn: Connection) -> dict[str, Any]:
    """The names that the page leaves undefined."""
    server.on("GET", "/collection/default", ok({"id": "default", "name": "Default"}))
    server.on("GET", "/collection/default/capture/session/cap-xxx", ok(SESSION))
    server.on("GET", "/video/m-1", ok(VIDEO))
    server.on("POST", "/video/m-1/index", processing())
    done = job("done", 100, response={"success": True, "data": {}})
    server.on("GET", "/async-response/job-1", job("processing", 10), done)
    server.on("POST", "/video/m-1/search/v2", ok(FOUND))
    server.on("POST", "/video/m-1/stream", ok(STREAM))
    server.on("POST", "/editor", ok(STREAM))
    return {"conn": conn, "coll": conn.get_collection(), "exported_video_id": "m-1"}


def test_the_quick_example(page: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    exec(QUICK, page)
    printed = capsys.readouterr().out.splitlines()
    assert printed == ["1.5s: the <budget> discussion", "7.0s: the other one"]


async def test_storage_control(page: dict[str, Any], server: Server, conn: Connection) -> None:
    active = {**SESSION, "status": "active"}
    server.on("POST", "/capture/session/start", ok({"session_id": "cap-1", "status": "starting"}))
    starting = {**SESSION, "status": "starting"}
    server.on("GET", "/collection/default/capture/session/cap-1", ok(starting), ok(active))
    page["client"] = jupyter_capture.CaptureClient(connection=conn)
    page["cap_id"] = "cap-1"
    body = f"async def block():\n{textwrap.indent(START, '    ')}"
    exec(body, page)
    await page["block"]()
    posted = server.body(server.calls().index("POST /capture/session/start"))
    assert posted["session_id"] == "cap-1"
    assert [(each["channel_id"], each["store"]) for each in posted["channels"]] == [
        ("mic:default", True),
        ("display:1", True),
        ("system_audio:default", False),
    ]


def test_the_webhook(page: dict[str, Any]) -> None:
    exec(HOOK, page)
    payload = {"capture_session_id": "cap-xxx", "data": {"exported_video_id": "m-1"}}
    assert page["on_exported"](payload) == ("m-1", "a-1", "m-2")


def test_display_video_and_mic_audio_only(page: dict[str, Any], server: Server) -> None:
    exec(EDIT, page)
    assert page["stream_url"] == STREAM["stream_url"]
    video, audio = server.body()["timeline"]["tracks"]
    assert video["clips"][0]["clip"]["asset"]["id"] == "m-2"
    assert audio["clips"][0]["clip"]["asset"]["id"] == "a-1"
    assert {video["clips"][0]["clip"]["duration"], audio["clips"][0]["clip"]["duration"]} == {60}


def test_after_export(page: dict[str, Any], server: Server) -> None:
    exec(AFTER, page)
    assert server.body(server.calls().index("POST /video/m-1/search/v2")) == {
        "query": "action items from the meeting"
    }
