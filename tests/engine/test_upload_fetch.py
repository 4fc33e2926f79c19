"""Uploads from an http(s) address."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from engine_harness import App
from upload_harness import ended, name, nothing_left

from tests.media.foreign_maker import make

Make = Callable[..., App]


class Web(BaseHTTPRequestHandler):
    files: dict[str, tuple[int, dict[str, str], bytes]]

    def do_GET(self) -> None:
        status, headers, body = self.files[self.path.partition("?")[0]]
        self.send_response(status)
        for key, value in headers.items():
            self.send_header(key, value)
        if "content-length" not in headers:
            self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture
def web() -> Iterator[Callable[..., str]]:
    """Serves what it is given, and answers its address."""
    files: dict[str, tuple[int, dict[str, str], bytes]] = {}
    handler = type("Handler", (Web,), {"files": files})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()

    def serve(path: str, body: bytes = b"", status: int = 200, **headers: str) -> str:
        files[path] = (status, {k.replace("_", "-"): v for k, v in headers.items()}, body)
        return f"http://127.0.0.1:{server.server_port}{path}"

    yield serve
    server.shutdown()
    thread.join()
    server.server_close()


async def test_an_address_is_fetched(app: App, web: Callable[..., str], tmp_path: Path) -> None:
    content = make(tmp_path / "a.flac", None, "flac", seconds=1.0).read_bytes()
    web("/files/My%20Talk.flac", content, content_type="audio/flac")
    moved = web("/old", status=302, location="/files/My%20Talk.flac")
    answer = await ended(app, await name(app, moved.replace("/old", "/files/My%20Talk.flac")))
    assert answer["data"]["name"] == "My Talk"
    assert answer["data"]["length"] == pytest.approx(1.0, abs=0.03)
    named = await ended(app, await name(app, moved, name="Moved"))
    assert named["data"]["name"] == "Moved"


async def test_an_address_that_gives_no_media_is_said(
    make_app: Make, web: Callable[..., str]
) -> None:
    app = make_app(upload_limit_mb=1)
    cases = [
        (web("/404", b"no", 404), "INVALID_REQUEST", "404"),
        (web("/page", b"<html>", content_type="text/html"), "INVALID_REQUEST", "web page"),
        (web("/large", b"x" * 1_200_000), "TOO_LARGE", "1 MB"),
        (web("/loop", status=302, location="/loop"), "INVALID_REQUEST", "redirects"),
        (web("/file", status=302, location="file:///etc/passwd"), "INVALID_REQUEST", "fetched"),
        (web("/short", b"x" * 10, content_length="100"), "INVALID_REQUEST", "/short"),
        (web("/empty", b""), "NOT_MEDIA", "empty"),
        ("http://127.0.0.1:9/a.mp4?token=secret", "INVALID_REQUEST", "fetched"),
        ("http://169.254.169.254/latest/meta-data?x=secret", "INVALID_REQUEST", "metadata"),
        (web("/in", status=302, location="http://10.0.0.1/a.mp4"), "INVALID_REQUEST", "private"),
    ]
    answers = [await name(app, url, name="x") for url, _, _ in cases]
    for (url, code, words), answer in zip(cases, answers, strict=True):
        said = await ended(app, answer)
        assert said["error_code"] == code, (url, said)
        assert words in said["message"]
        assert "secret" not in said["message"]
    assert nothing_left(app)


@pytest.mark.parametrize(
    "url",
    ["", "file:///etc/passwd", "ftp://example.org/a.mp4", "a.mp4", "http://", "http://[::1/a",
     "http://127.0.0.1:99999/a", "data:audio/wav;base64,AAAA", "https:///a"],
)  # fmt: skip
async def test_what_is_no_address_is_refused_at_once(app: App, url: str) -> None:
    answer = await name(app, url)
    assert answer.status_code == 400
    assert answer.json()["error_code"] == "INVALID_REQUEST"
