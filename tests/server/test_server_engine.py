"""A real engine through a real Jupyter server, below a Hub's prefix and over HTTPS."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from server_harness import JupyterServer, wait_for
from websockets.exceptions import InvalidStatus

from jupyter_capture.client.engine import read_locator

GB = 1 << 30
SHARE = 48 << 20


@pytest.fixture(scope="module")
def film(ada: JupyterServer) -> str:
    """The id of a video that was recorded through the server, whose every step was asked there."""
    with ada.connection() as connection:
        session = connection.create_capture_session()
        with ada.program() as program:
            address = connection.http.get("collection/default/websocket")["websocket_url"]
            with ada.websocket(urlsplit(address).path, program) as events:
                assert "connection_id" in json.loads(events.recv())
                before = last_activity(ada, program)
                session.start([{"name": "display:1", "store": True}])
                heard: set[str | None] = set()
                while "capture_session.active" not in heard:
                    heard.add(json.loads(events.recv(60)).get("event"))
            # Nobody asks for anything meanwhile: what records alone keeps the server active.
            assert program.get("/health?start=0").json()["engine"]["recordings"] == [session.id]
            for _ in range(2):
                seen = before
                before = wait_for(lambda: newer(ada, program, seen), what="activity")  # noqa: B023
            session.stop()
            found = wait_for(lambda: quiet(ada, program), what="an end of the activity")
            assert found
    assert session.exported_video_id
    return session.exported_video_id


def last_activity(server: JupyterServer, program: httpx.Client) -> str:
    return str(program.get(f"{server.root}api/status?no_track_activity=1").json()["last_activity"])


def newer(server: JupyterServer, program: httpx.Client, than: str) -> str:
    found = last_activity(server, program)
    return found if found > than else ""


def quiet(server: JupyterServer, program: httpx.Client) -> bool:
    """Whether nothing counted as activity while the engine was looked at several times."""
    before, until = last_activity(server, program), time.monotonic() + 1.0
    while time.monotonic() < until:
        if last_activity(server, program) != before:
            return False
    return True


def test_a_recording_plays_below_the_prefix_by_range_and_in_a_page(
    ada: JupyterServer, film: str
) -> None:
    with ada.browser() as browser:
        video = browser.get(f"/engine/video/{film}").json()["data"]
        stream = ada.through(video["stream_url"])
        master = browser.get(stream)
        assert master.headers["content-type"].startswith("application/vnd.apple.mpegurl")
        folder = stream.rpartition("/")[0]
        segments = browser.get(f"{folder}/video.m3u8").text.split()
        init = next(line for line in segments if "init" in line).split('"')[1]
        assert browser.get(f"{folder}/{init}").content[4:8] == b"ftyp"
        page = browser.get(ada.through(video["player_url"]), headers={"Accept": "text/html"})
        prefix = "/user/ada%40home/jupyter-capture/engine"
        assert f'data-src="{prefix}/stream/' in page.text
        assert f'src="{prefix}/static/watch.js"' in page.text
        assert "sandbox" not in page.headers["content-security-policy"]
        framed = browser.get(ada.through(video["player_url"]).replace("/watch?", "/embed?"))
        assert "frame-ancestors 'self'" in framed.headers["content-security-policy"]
        assert browser.head(stream).headers["content-type"] == master.headers["content-type"]


def test_two_gigabytes_come_in_ranges_and_the_servers_memory_stays_flat(
    ada: JupyterServer, film: str
) -> None:
    with ada.program() as program:
        video = program.get(f"/engine/video/{film}").json()["data"]
        asked = {"stream_link": video["stream_url"], "name": "film", "format": "mp4"}
        saved = program.post("/engine/download", json=asked).json()["data"]
        url = ada.through(saved["download_url"])
        os.truncate(next((ada.data_dir / "cache" / "downloads").iterdir()), 2 * GB)
        head = program.head(url)
        assert (head.status_code, head.content) == (200, b"")
        assert int(head.headers["content-length"]) == 2 * GB
        assert head.headers["accept-ranges"] == "bytes"
        program.get(url, headers={"Range": "bytes=0-0"})
        before = ada.peak()
        for start in (0, GB, 2 * GB - SHARE):
            asked = {"Range": f"bytes={start}-{start + SHARE - 1}"}
            with program.stream("GET", url, headers=asked) as answer:
                assert answer.status_code == 206
                told = answer.headers
                assert told["content-range"] == f"bytes {start}-{start + SHARE - 1}/{2 * GB}"
                assert int(told["content-length"]) == SHARE
                assert sum(len(chunk) for chunk in answer.iter_raw()) == SHARE
        with program.stream("GET", url) as whole:
            seen = 0
            for chunk in whole.iter_raw():
                seen += len(chunk)
                if seen > 8 * SHARE:
                    break  # and gone
        assert ada.peak() - before < 24 << 20
        past = program.get(url, headers={"Range": f"bytes={3 * GB}-"})
        assert past.status_code == 416


def test_an_engine_that_died_is_there_again_for_the_next_request(
    ada: JupyterServer, film: str
) -> None:
    with ada.program() as program:
        before = program.get("/health").json()["engine"]["pid"]
        os.kill(before, signal.SIGKILL)
        wait_for(lambda: _gone(before), what="its end")
        answer = program.post("/engine/collection/default/capture/session", json={})
        assert answer.status_code == 200, answer.text
        assert program.get("/health").json()["engine"]["pid"] != before


def test_two_users_have_an_engine_each_and_no_way_to_the_others(
    ada: JupyterServer, bob: JupyterServer, film: str
) -> None:
    with bob.browser() as his, ada.browser() as hers:
        own = his.get("/engine/video?collection_id=default")
        assert own.json()["data"]["videos"] == []
        engines = [each.get("/health").json()["engine"] for each in (hers, his)]
        assert engines[0]["pid"] != engines[1]["pid"]
        assert engines[1]["data_dir"] == str(bob.data_dir)
        environment = Path(f"/proc/{engines[0]['pid']}/environ").read_bytes()
        assert ada.token.encode() not in environment
        told = f"{ada.engine_url}/video?collection_id=default"
        known = "; ".join(f"{cookie.name}={cookie.value}" for cookie in his.cookies.jar)
        assert httpx.get(told, headers={"Cookie": known}).status_code == 403
        videos = hers.get(told).json()["data"]["videos"]
        assert film in [video["id"] for video in videos]
        sockets = [Path(read_locator(each.data_dir).socket) for each in (ada, bob)]  # type: ignore[union-attr]
        assert [path.stat().st_mode & 0o777 for path in sockets] == [0o600, 0o600]
        assert his.post("/engine/collection", json={"name": "mine"}).status_code == 200
        socket = his.get("/engine/collection/default/websocket").json()["data"]["websocket_url"]
        with bob.websocket(urlsplit(socket).path, his, origin=his.headers["Origin"]) as events:
            assert "connection_id" in json.loads(events.recv())
        with pytest.raises(InvalidStatus, match="403"):
            bob.websocket("/events/expired", his)


def test_looking_whether_something_records_neither_starts_an_engine_nor_keeps_it_awake(
    bob: JupyterServer,
) -> None:
    with bob.browser() as browser:
        pid = browser.get("/health").json()["engine"]["pid"]
        wait_for(lambda: _gone(pid), 60, "the end of an idle engine")
        for _ in range(20):
            assert browser.get("/health?start=0").json()["engine"] is None
        assert read_locator(bob.data_dir) is None


def _gone(pid: int) -> bool:
    """Whether no thread of it runs any more: until then its sockets are open."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        return state == "Z" and len(os.listdir(f"/proc/{pid}/task")) == 1
    except (FileNotFoundError, ProcessLookupError):
        return True
