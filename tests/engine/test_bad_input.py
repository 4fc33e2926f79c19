"""Each wrong request gets one clear message and the status that fits, and harms nothing."""

from __future__ import annotations

import json
import re
from typing import Any

import httpx
import pytest
from engine_harness import MIC, SCREEN, App, Bench

from jupyter_capture.client.engine import read_locator
from jupyter_capture.client.session import CaptureSession
from jupyter_capture.errors import CaptureError, InvalidRequestError, NotFoundError, NotIndexedError


@pytest.fixture(scope="module")
def session(common: Bench) -> CaptureSession:
    return common.record(SCREEN, MIC, seconds=1.5)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/video/m-none", None),
        ("GET", "/audio/a-none", None),
        ("DELETE", "/video/m-none", None),
        ("POST", "/video/m-none/stream", {}),
        ("POST", "/video/m-none/index", {}),
        ("POST", "/video/m-none/search", {"query": "x"}),
        ("GET", "/video/m-none/transcription", None),
        ("GET", "/video/m-none/thumbnail", None),
        ("GET", "/collection/c-none", None),
        ("GET", "/video?collection_id=c-none", None),
        ("POST", "/collection/c-none/search", {"query": "x"}),
        ("POST", "/collection/c-none/capture/session", {}),
        ("GET", "/collection/default/capture/session/cap-none", None),
        ("POST", "/capture/session/cap-none/stop", None),
        ("POST", "/capture/session/cap-none/pause", None),
        ("DELETE", "/capture/session/cap-none", None),
        ("POST", "/capture/session/start", {"session_id": "cap-none", "channels": ["mic:default"]}),
        ("GET", "/rtstream/rts-none", None),
        ("GET", "/async-response/job-none", None),
        ("POST", "/compile", [{"video_id": "m-none", "shots": [[0, 1]]}]),
    ],
)
async def test_an_unknown_id_is_named(app: App, method: str, path: str, body: Any) -> None:
    async with app.local as client:
        answer = await client.request(method, path, json=body)
    assert answer.status_code == 404, answer.text
    assert answer.json()["error_code"] == "NOT_FOUND"
    assert "none'" in answer.json()["message"]
    assert answer.json()["success"] is False


@pytest.mark.parametrize(
    ("path", "content", "word"),
    [
        ("/collection", b"{", "not JSON"),
        ("/collection", b"", "body"),
        ("/collection", b"[]", "dictionary"),
        ("/collection", b'{"name": ""}', "name"),
        ("/collection", b'{"name": "\\ud800"}', "Unicode"),
        ("/capture/session/start", b"{}", "session_id"),
        ("/capture/session/start", b'{"session_id": "cap-1", "channels": [{}]}', "channel_id"),
        ("/capture/session/start", b'{"session_id": "cap-1", "channels": [], "fps": 900}', "fps"),
        ("/capture/session/token", b'{"expires_in": 0}', "expires_in"),
        ("/collection/default/capture/session", b'{"metadata": 5}', "metadata"),
        ("/collection/default/search", b'{"query": 5}', "query"),
        ("/collection/default/search", b'{"query": "x", "top_k": 0}', "top_k"),
        ("/editor", b'{"timeline": {"tracks": [{"clips": [{"start": NaN}]}]}}', "NaN"),
        ("/editor", b"{}", "timeline"),
        ("/download", b'{"stream_link": "https://example.org/"}', "generate_stream"),
    ],
)
async def test_a_body_that_is_none_is_refused_in_words(
    app: App, path: str, content: bytes, word: str
) -> None:
    async with app.local as client:
        headers = {"content-type": "application/json"}
        answer = await client.post(path, content=content, headers=headers)
    assert answer.status_code == 400, answer.text
    assert word in answer.json()["message"]


async def test_an_unknown_address_and_a_wrong_method_say_so(app: App) -> None:
    async with app.local as client:
        assert (await client.get("/nothing/here")).status_code == 404
        answer = await client.put("/collection")
    assert answer.status_code == 405
    assert "PUT /collection" in answer.json()["message"]


async def test_a_collection_keeps_its_good_name(app: App) -> None:
    async with app.local as client:
        made = (await client.post("/collection", json={"name": "Good"})).json()["data"]
        for bad in ({"name": ""}, {"name": 5}, {"name": None}, {"description": []}):
            answer = await client.patch(f"/collection/{made['id']}", json=bad)
            assert answer.status_code == 400, bad
            assert "name" in answer.json()["message"] or "description" in answer.json()["message"]
        assert (await client.get(f"/collection/{made['id']}")).json()["data"] == made
        answer = await client.delete("/collection/default")
        assert answer.status_code == 400


async def test_a_collection_with_a_session_is_not_deleted(app: App) -> None:
    async with app.local as client:
        made = (await client.post("/collection", json={"name": "Good"})).json()["data"]["id"]
        path = f"/collection/{made}/capture/session"
        session = (await client.post(path, json={})).json()["data"]["session_id"]
        answer = await client.delete(f"/collection/{made}")
        assert answer.status_code == 409
        assert session in answer.json()["message"]
        await client.delete(f"/capture/session/{session}")
        assert (await client.delete(f"/collection/{made}")).status_code == 200


async def test_metadata_of_any_kind_is_taken_as_it_is(app: App) -> None:
    async with app.local as client:
        path = "/collection/default/capture/session"
        metadata = {"name": 5, "deep": {"list": [1, None, "ü"]}}
        made = await client.post(path, json={"metadata": metadata})
    assert made.json()["data"]["metadata"] == metadata


def test_a_search_before_indexing_says_what_to_call(common: Bench, session: CaptureSession) -> None:
    video = common.connection.get_collection().get_video(session.exported_video_id)
    with pytest.raises(NotIndexedError, match="index_spoken_words"):
        common.connection.http.post(f"video/{video.id}/search", {"query": "budget"})
    with pytest.raises(NotIndexedError, match="index_spoken_words"):
        video.get_transcript()
    display = next(s for s in session.rtstreams if s.name == "display:1").exported_asset_id
    with pytest.raises(InvalidRequestError, match="no sound"):
        common.connection.http.post(f"video/{display}/index", {})


@pytest.mark.parametrize("query", ["", "   ", "\n"])
def test_an_empty_query_is_refused(common: Bench, session: CaptureSession, query: str) -> None:
    for path in (f"video/{session.exported_video_id}/search", "collection/default/search"):
        with pytest.raises(InvalidRequestError):
            common.connection.http.post(path, {"query": query})


@pytest.mark.parametrize(
    ("shots", "word"),
    [
        ([[0, 0]], "holds nothing"),
        ([[1, 0.5]], "holds nothing"),
        ([[-1, 1]], "holds nothing"),
        ([[float("nan"), 1]], "NaN"),
        ([[0, float("nan")]], "NaN"),
        ([[0, float("inf")]], "Infinity"),
        ([[3600, 3700]], "is 1|is 2|is 3"),
        ([[0, 1], [3600, 3700]], "Shot 2"),
        ([[0]], "timeline"),
        ([["a", "b"]], "timeline"),
    ],
)
def test_a_stream_of_impossible_shots_is_refused(
    common: Bench, session: CaptureSession, shots: Any, word: str
) -> None:
    # Written out, as httpx refuses to write NaN, which other clients do not.
    answer = ask(
        common, f"/video/{session.exported_video_id}/stream", json.dumps({"timeline": shots})
    )
    assert answer.status_code == 400, answer.text
    assert re.search(word, answer.json()["message"])


@pytest.mark.parametrize(
    ("clip", "word"),
    [
        ({"start": -1}, "start"),
        ({"start": float("nan")}, "NaN"),
        ({"duration": 0}, "duration"),
        ({"duration": float("nan")}, "NaN"),
        ({"duration": 1e999}, "Infinity"),
        ({"asset_start": 3600}, "3600"),
        ({"id": "m-none"}, "m-none"),
    ],
)
def test_a_timeline_that_cannot_be_is_refused(
    common: Bench, session: CaptureSession, clip: dict[str, Any], word: str
) -> None:
    answer = timeline(common, {"id": session.exported_video_id, **clip})
    assert answer.status_code == (404 if "id" in clip else 400), answer.text
    assert word in answer.json()["message"]


def test_clips_of_one_track_that_overlap_are_both_named(
    common: Bench, session: CaptureSession
) -> None:
    one = {"id": session.exported_video_id, "duration": 1}
    answer = timeline(common, one, {**one, "start": 0.5})
    assert answer.status_code == 400
    assert "clip 1" in answer.json()["message"].lower()
    assert "2" in answer.json()["message"]


def timeline(common: Bench, *clips: dict[str, Any]) -> httpx.Response:
    items = [
        {
            "start": clip.get("start", 0),
            "clip": {
                "asset": {"type": "video", "id": clip["id"], "start": clip.get("asset_start", 0)},
                "duration": clip.get("duration", 1),
            },
        }
        for clip in clips
    ]
    return ask(common, "/editor", json.dumps({"timeline": {"tracks": [{"clips": items}]}}))


def ask(common: Bench, path: str, content: str) -> httpx.Response:
    locator = read_locator(common.data_dir)
    assert locator is not None
    transport = httpx.HTTPTransport(uds=locator.socket)
    with httpx.Client(transport=transport, base_url="http://jupyter-capture") as client:
        return client.post(path, content=content, headers={"content-type": "application/json"})


def test_after_all_this_the_recording_still_plays(common: Bench, session: CaptureSession) -> None:
    video = common.connection.get_collection().get_video(session.exported_video_id)
    master = httpx.get(video.generate_stream())
    assert master.status_code == 200
    with pytest.raises(NotFoundError):
        common.connection.get_capture_session("cap-none")
    with pytest.raises(CaptureError):
        video.generate_stream([(5, 4)])
    assert "Traceback" not in common.log()
