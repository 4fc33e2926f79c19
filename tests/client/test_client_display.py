"""What objects show in a notebook, which saves it: words, small pictures, no ticket, no script."""

from __future__ import annotations

import base64
from typing import Any

import httpx
import pytest
from client_harness import FOUND, SECRET, SESSION, STREAM, VIDEO, Server, ok

from jupyter_capture import editor
from jupyter_capture.client import _display
from jupyter_capture.client._frontend import front_end
from jupyter_capture.client.connection import Connection
from jupyter_capture.client.search import SearchResult
from jupyter_capture.client.session import CaptureSession
from jupyter_capture.client.video import Video

JPEG = b"\xff\xd8\xff" + b"j" * 500
THUMBNAIL = {"thumbnail_url": "http://127.0.0.1:9/thumbnail/t.99999999999.c0ffee"}


def everything(conn: Connection) -> list[Any]:
    video = Video(conn, **{k: v for k, v in VIDEO.items() if k != "type"})
    results = SearchResult(conn, "<script>alert(1)</script>", **FOUND)
    results[0].generate_stream()
    timeline = editor.Timeline(conn)
    track = editor.Track()
    track.add_clip(0, editor.Clip(editor.TextAsset("<script>x</script>"), 2))
    track.add_clip(2, editor.Clip(editor.VideoAsset("m-1", start=3), 2))
    timeline.add_track(track)
    timeline.generate_stream()
    session = CaptureSession(conn, "cap-1", "default")
    session._update({**SESSION, "warnings": ["<script>w</script>"]})
    empty = SearchResult(conn, "<script>none</script>", results=[])
    return [video, results[0], results, timeline, session, empty]


@pytest.fixture
def served(server: Server) -> Server:
    server.on("GET", "/video/m-1/thumbnail", ok(THUMBNAIL))
    server.on("GET", "/thumbnail/t.99999999999.c0ffee", httpx.Response(200, content=JPEG))
    for path in ("/video/m-1/stream", "/editor"):
        server.on("POST", path, ok(STREAM))
    return server


def test_a_saved_notebook_holds_no_ticket_no_script_and_little_weight(
    served: Server, conn: Connection
) -> None:
    for shown in everything(conn):
        bundle = shown._repr_mimebundle_()
        assert set(bundle) == {"text/plain", "text/html"}
        assert SECRET not in bundle["text/plain"] + bundle["text/html"]
        assert "<script" not in bundle["text/html"]
        assert "http" not in bundle["text/html"]
        assert len(bundle["text/html"]) < 40_000


def test_shots_show_when_and_what_was_said(served: Server, conn: Connection) -> None:
    html = SearchResult(conn, "budget", **FOUND)._repr_mimebundle_()["text/html"]
    assert "the &lt;budget&gt; discussion" in html
    assert "0:01.5–0:03.0" in html
    assert "mic:default" in html
    assert base64.b64encode(JPEG).decode() in html
    pictured = [r for r in served.sent if r.url.path == "/video/m-1/thumbnail"]
    assert [r.url.params["timestamp"] for r in pictured] == ["2.0", "7.5"]  # inside of the shots


def test_a_timeline_shows_a_picture_of_its_first_video(served: Server, conn: Connection) -> None:
    timeline = next(each for each in everything(conn) if isinstance(each, editor.Timeline))
    html = timeline._repr_mimebundle_()["text/html"]
    assert base64.b64encode(JPEG).decode() in html
    asked = next(request for request in served.sent if request.url.path.endswith("thumbnail"))
    assert asked.url.params["timestamp"] == "3.0"


def test_a_session_shows_what_is_kept_and_what_is_live_only(conn: Connection) -> None:
    session = CaptureSession.of(conn, SESSION, "default")
    html = session._repr_mimebundle_()["text/html"]
    assert html.count("kept") == 2
    assert html.count("live only") == 1
    assert "0.1 MB" in html


def test_a_picture_that_is_sent_as_such_is_taken(server: Server, conn: Connection) -> None:
    picture = httpx.Response(200, content=JPEG, headers={"content-type": "image/jpeg"})
    server.on("GET", "/video/m-1/thumbnail", picture)
    assert conn.poster("m-1", 1.0) == _display.poster_uri(JPEG)


def test_without_a_picture_the_words_are_shown(server: Server, conn: Connection) -> None:
    server.on("GET", "/video/m-1/thumbnail", httpx.ConnectError("away"))
    assert conn.poster("m-1", 1.0) is None
    html = SearchResult(conn, "x", **FOUND)._repr_mimebundle_()["text/html"]
    assert "<img" not in html
    assert "discussion" in html


@pytest.mark.parametrize("content", [b"", b"<svg/>", b"\xff\xd8" + b"x" * 50_000])
def test_what_is_no_small_jpeg_is_left_out(
    served: Server, conn: Connection, content: bytes
) -> None:
    answer = httpx.Response(200, content=content)
    served.on("GET", "/thumbnail/t.99999999999.c0ffee", answer)
    assert conn.poster("m-1", 1.0) is None


def test_posters_can_be_off(served: Server, conn: Connection) -> None:
    conn.posters = False
    assert conn.poster("m-1", 1.0) is None
    assert not served.sent


def test_the_html_is_only_made_where_it_is_shown(
    server: Server, conn: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    results = SearchResult(conn, "x", **FOUND)
    assert set(results._repr_mimebundle_(include={"text/plain"})) == {"text/plain"}
    monkeypatch.setattr("jupyter_capture.client._frontend.front_end", lambda: "terminal")
    assert set(results._repr_mimebundle_()) == {"text/plain"}
    assert not server.sent


def test_ipython_shows_the_html_and_masks_addresses(served: Server, conn: Connection) -> None:
    from IPython.core.formatters import DisplayFormatter

    formatter = DisplayFormatter()
    results = SearchResult(conn, "x", **FOUND)
    data, _ = formatter.format(results)  # type: ignore[no-untyped-call]
    assert "discussion" in data["text/html"]
    data, _ = formatter.format(results[0].play())  # type: ignore[no-untyped-call]
    assert SECRET not in data["text/plain"]


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0, "0:00.0"), (75.25, "1:15.2"), (59.96, "1:00.0"), (3600, "1:00:00.0"), (-1, "0:00.0")],
)
def test_a_clock_reads_like_one(seconds: float, shown: str) -> None:
    assert _display.clock(seconds) == shown


def test_here_is_a_script() -> None:
    assert front_end() == "script"
