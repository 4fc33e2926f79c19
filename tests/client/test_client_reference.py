"""Every noun of our client against answers of the shapes in VideoDB's OpenAPI reference."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from client_harness import Server, ok

from jupyter_capture import editor, errors
from jupyter_capture.client.connection import CLOUD_URL, Connection

VIDEO = {
    "id": "m-12345", "name": "video.mp4", "description": "Video description",
    "collection_id": "default", "length": 120.5, "size": 1048576, "created_at": "2025-01-01",
    "stream_url": "https://stream.videodb.io/v/12345",
    "player_url": "https://console.videodb.io/player/12345",
    "thumbnail_url": "https://assets.videodb.io/thumb/12345.jpg",
}  # fmt: skip
AUDIO = {"id": "a-12345", "name": "audio.mp3", "collection_id": "default", "length": 60.0,
         "size": 524288, "created_at": "2025-01-01"}  # fmt: skip
IMAGE = {"id": "img-12345", "name": "image.jpg", "collection_id": "default", "width": 1920,
         "height": 1080, "url": "https://assets.videodb.io/img/12345.jpg"}  # fmt: skip
COLLECTION = {"id": "default", "name": "My Collection", "description": "Of films",
              "is_public": False, "owner": "u-12345", "created_at": "2025-01-01"}  # fmt: skip
RTSTREAM = {"id": "rts-12345", "name": "My Stream", "status": "connected", "sample_rate": 30,
            "media_types": ["video", "audio"], "collection_id": "default"}  # fmt: skip
SESSION = {"session_id": "cap-12345", "end_user_id": "user-123", "status": "created",
           "collection_id": "default", "ws_connection_id": "conn-123", "metadata": {},
           "created_at": "2025-01-01"}  # fmt: skip
HITS = {"query": "search query", "results": [
    {"video_id": "m-12345", "start": 10.5, "end": 20.3, "text": "matched content", "score": 0.95},
]}  # fmt: skip
PLAYS = {
    "stream_url": "https://stream.videodb.io/v/9",
    "player_url": "https://console.videodb.io/9",
}


RTINDEX = {"rtstream_index_id": "scene-idx-12345", "extraction_type": "time",
           "status": "running", "prompt": "Describe it", "name": "My Scene Index"}  # fmt: skip
SAID = {"start": 1700000000, "end": 1700000010, "text": "Hello world"}
SEEN = {"start": 1700000000, "end": 1700000010, "description": "Scene description"}


def job() -> Any:
    data = {"id": "job-123", "output_url": f"{CLOUD_URL}/async-response/job-123"}
    return ok(data, status="processing")


def done(data: Any) -> Any:
    return ok(None, status="done", response={"success": True, "data": data})


@pytest.fixture
def cloud(server: Server) -> Iterator[Connection]:
    made = server.http(CLOUD_URL, own_outputs=False)
    server.on("GET", "/collection/default", ok(COLLECTION))
    server.on("GET", "/video/m-12345", ok(VIDEO))
    server.on("GET", "/audio/a-12345", ok(AUDIO))
    server.on("GET", "/image/img-12345", ok(IMAGE))
    server.on("GET", "/rtstream/rts-12345", ok(RTSTREAM))
    server.on("GET", "/rtstream/rts-12345/index/scene-idx-12345", ok(RTINDEX))
    with Connection(made, posters=False) as connection:
        yield connection


def video(c: Connection) -> Any:
    return c.get_collection().get_video("m-12345")


def stream(c: Connection) -> Any:
    return c.get_collection().get_rtstream("rts-12345")


def rtindex(c: Connection) -> Any:
    return stream(c).get_scene_index("scene-idx-12345")


def _renamed(found: Any) -> str:
    found.update(name="Updated")
    return str(found.name)


def timeline(c: Connection) -> Any:
    made, track = editor.Timeline(c), editor.Track()
    track.add_clip(0, editor.Clip(editor.VideoAsset("m-12345"), duration=1))
    made.add_track(track)
    return made


CALLS: dict[str, tuple[str, Any, Callable[[Connection], Any], Any]] = {
    "collections": (
        "GET /collection", ok({"collections": [COLLECTION], "default_collection": "default"}),
        lambda c: [each.name for each in c.get_collections()], ["My Collection"],
    ),
    "videos": (
        "GET /video", ok({"videos": [VIDEO]}),
        lambda c: [each.length for each in c.get_collection().get_videos()], [120.5],
    ),
    "audios": (
        "GET /audio", ok({"audios": [AUDIO]}),
        lambda c: [each.name for each in c.get_collection().get_audios()], ["audio.mp3"],
    ),
    "images": (
        "GET /image", ok({"images": [IMAGE]}),
        lambda c: [each.url for each in c.get_collection().get_images()], [IMAGE["url"]],
    ),
    "an image's address": (
        "POST /image/img-12345/generate_url", ok({"image_url": IMAGE["url"]}),
        lambda c: c.get_collection().get_image("img-12345").generate_url(), IMAGE["url"],
    ),
    "an audio's address": (
        "POST /audio/a-12345/generate_url", ok({"stream_url": "https://stream.videodb.io/a/1"}),
        lambda c: c.get_collection().get_audio("a-12345").generate_url(),
        "https://stream.videodb.io/a/1",
    ),
    "a stream": (
        "POST /video/m-12345/stream", ok({"stream_url": "https://stream.videodb.io/v/12345"}),
        lambda c: video(c).generate_stream([(1, 2)]), "https://stream.videodb.io/v/12345",
    ),
    "a thumbnail": (
        "POST /video/m-12345/thumbnail", job(), lambda c: video(c).generate_thumbnail(1).id,
        "img-12345",
    ),
    "thumbnails": (
        "GET /video/m-12345/thumbnails", ok([{"timestamp": 10.5, "url": IMAGE["url"]}]),
        lambda c: [each.url for each in video(c).get_thumbnails()], [IMAGE["url"]],
    ),
    "a transcript": (
        "GET /video/m-12345/transcription",
        ok({"transcript": [{"text": "Hello world", "start": 1.5, "end": 3.2}]}, status="completed"),
        lambda c: video(c).get_transcript(segmenter="sentence"),
        [{"text": "Hello world", "start": 1.5, "end": 3.2}],
    ),
    "an index": (
        "POST /video/m-12345/index", job(), lambda c: video(c).index_spoken_words(), None,
    ),
    "usage": (
        "GET /billing/usage", ok({"credit_balance": 100.5}),
        lambda c: c.check_usage()["credit_balance"], 100.5,
    ),
    "a download": (
        "POST /download", job(),
        lambda c: c.download("https://stream.videodb.io/v/12345")["id"], "img-12345",
    ),
    "a timeline": (
        "POST /editor", job(), lambda c: timeline(c).generate_stream(), PLAYS["stream_url"],
    ),
    "streams": (
        "GET /rtstream", ok({"results": [RTSTREAM], "count": 1, "next": None, "previous": None}),
        lambda c: [each.status for each in c.get_collection().list_rtstreams()], ["connected"],
    ),
    "an export": (
        "POST /rtstream/rts-12345/export",
        ok({"video_id": "m-12345", "name": "Exported Recording", "duration": 123.45, **PLAYS}),
        lambda c: stream(c).export().video_id, "m-12345",
    ),
    "an event": (
        "POST /rtstream/event", ok({"event_id": "event-12345"}),
        lambda c: c.create_event("a person enters", "entry"), "event-12345",
    ),
    "events": (
        "GET /rtstream/event", ok({"events": [{"event_id": "event-12345", "label": "entry"}]}),
        lambda c: [each["event_id"] for each in c.list_events()], ["event-12345"],
    ),
    "sessions": (
        "GET /collection/default/capture/session",
        ok({"sessions": [SESSION], "next_page": "x"}),
        lambda c: [(each.id, each.status) for each in c.list_capture_sessions()],
        [("cap-12345", "created")],
    ),
    "a session": (
        "GET /collection/default/capture/session/cap-12345", ok(SESSION),
        lambda c: c.get_capture_session("cap-12345").metadata, {},
    ),
    "a collection that is made": (
        "POST /collection", ok(COLLECTION),
        lambda c: c.create_collection("My Collection").description, "Of films",
    ),
    "a renamed video": (
        "PATCH /video/m-12345", ok({**VIDEO, "name": "Updated"}),
        lambda c: _renamed(video(c)), "Updated",
    ),
    "a video that is deleted": (
        "DELETE /video/m-12345", ok(None), lambda c: video(c).delete(), [],
    ),
    "scene indexes of a video": (
        "GET /video/m-12345/index/scene",
        ok({"scene_indexes": [{"scene_index_id": "scene-idx-1", "status": "done"}]}),
        lambda c: [each["scene_index_id"] for each in video(c).list_scene_index()],
        ["scene-idx-1"],
    ),
    "a stream's stretch": (
        "GET /rtstream/rts-12345/stream", ok(PLAYS),
        lambda c: stream(c).generate_stream(1700000000, 1700003600), PLAYS["player_url"],
    ),
    "a stream's transcript": (
        "GET /rtstream/rts-12345/transcription",
        ok({"transcription_records": [SAID], "next_page": False, "total_count": 1}),
        lambda c: stream(c).get_transcript(since=1700000000)["segments"], [SAID],
    ),
    "a transcript that is started": (
        "POST /rtstream/rts-12345/transcription", ok({"status": "running", "engine": "default"}),
        lambda c: stream(c).start_transcript()["status"], "running",
    ),
    "a stream's index": (
        "POST /rtstream/rts-12345/index/scene", ok(RTINDEX),
        lambda c: stream(c).index_visuals("Describe the scene").status, "running",
    ),
    "a stream's indexes": (
        "GET /rtstream/rts-12345/index/scene", ok({"scene_indexes": [RTINDEX]}),
        lambda c: [each.rtstream_index_id for each in stream(c).list_scene_indexes()],
        ["scene-idx-12345"],
    ),
    "a stream's scenes": (
        "GET /rtstream/rts-12345/index/scene/scene-idx-12345",
        ok({"scene_index_records": [SEEN], "next_page": False}),
        lambda c: rtindex(c).get_scenes(), {"scenes": [SEEN], "next_page": False},
    ),
    "an index that is stopped": (
        "PATCH /rtstream/rts-12345/index/scene/scene-idx-12345/status", ok(None),
        lambda c: rtindex(c).stop(), None,
    ),
    "an alert": (
        "POST /rtstream/rts-12345/index/scene-idx-12345/alert", ok({"alert_id": "alert-12345"}),
        lambda c: rtindex(c).create_alert("event-12345", "https://webhook.example.com/alert"),
        "alert-12345",
    ),
    "alerts": (
        "GET /rtstream/rts-12345/index/scene-idx-12345/alert",
        ok({"alerts": [{"alert_id": "alert-12345", "status": "enabled"}]}),
        lambda c: [each["status"] for each in rtindex(c).list_alerts()], ["enabled"],
    ),
    "an alert that is switched off": (
        "PATCH /rtstream/rts-12345/index/scene-idx-12345/alert/alert-12345/status", ok(None),
        lambda c: rtindex(c).disable_alert("alert-12345"), None,
    ),
    "a client token": (
        "POST /capture/session/token", ok({"token": "st-xxx", "expires_in": 86400}),
        lambda c: c.generate_client_token(), "st-xxx",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CALLS)
def test_an_answer_of_the_reference_is_understood(
    server: Server, cloud: Connection, name: str
) -> None:
    asked, answer, call, expected = CALLS[name]
    method, path = asked.split()
    server.on(method, path, answer)
    server.on("GET", "/async-response/job-123", done({**IMAGE, **PLAYS}))
    assert call(cloud) == expected
    assert asked in server.calls()


def test_an_upload_goes_to_a_foreign_address_and_waits_for_its_job(
    server: Server, cloud: Connection, tmp_path: Path
) -> None:
    path = tmp_path / "talk.mp4"
    path.write_bytes(b"film")
    s3 = {"upload_url": "https://s3.example.com/put", "video_id": "m-12345"}
    server.on("GET", "/collection/default/upload_url", ok(s3))
    server.on("POST", "/put", ok())
    server.on("POST", "/collection/default/upload", job())
    server.on("GET", "/async-response/job-123", done(VIDEO))
    made = cloud.upload(path, show_progress=False)
    assert made is not None
    assert (made.id, made.name) == ("m-12345", "video.mp4")
    assert "x-access-token" not in server.sent[1].headers
    assert "filename" not in server.body(2)


def test_a_websocket_that_is_no_longer_there_is_said(server: Server, cloud: Connection) -> None:
    server.on("GET", "/collection/default/websocket", ok({"websocket_url": "ws://127.0.0.1:9/x"}))
    with pytest.raises(errors.EngineUnavailableError):
        asyncio.run(cloud.connect_websocket().connect())


@pytest.mark.parametrize("where", ["video/m-12345", "collection/default"])
def test_flat_hits_are_shots(server: Server, cloud: Connection, where: str) -> None:
    for path in (f"/{where}/search", f"/{where}/search/v2"):
        server.on("POST", path, ok(HITS))
    place = video(cloud) if where.startswith("video") else cloud.get_collection()
    (shot,) = place.search("search query").shots
    assert (shot.video_id, shot.start, shot.end) == ("m-12345", 10.5, 20.3)
    assert (shot.text, shot.search_score) == ("matched content", 0.95)
