"""A whole life is gone through at the finest level of the log; then the logs are searched."""

from __future__ import annotations

import logging
import re
import struct
import sys
from collections.abc import Iterator

import httpx
import pytest
from engine_harness import wait_for
from sqlalchemy import text

from jupyter_capture import logs
from jupyter_capture.client.connection import Connection
from jupyter_capture.demo.webhook import WebhookReceiver
from jupyter_capture.desktop import VirtualDesktop
from jupyter_capture.desktop.window import Root
from jupyter_capture.engine.store import Store
from jupyter_capture.errors import CaptureError
from jupyter_capture.wire.library import UploadRequest
from tests.conftest import Engine, Recorded

TITLE = "Pineapple dismissals 2027"
HOOK_SECRET = "hook-secret-5d41"
WORDS = ("budget", "hiring", "engineers", "travel", "secret word")
TICKET = re.compile(r"\.\d{10}\.[0-9a-f]{32}")
TOKEN = re.compile(r"\b(sk|st|whsec)[-_][\w+/=-]{16,}")


@pytest.fixture
def window(desktop: VirtualDesktop) -> Iterator[int]:
    """One whose title is nobody's business."""
    with Root(desktop.display) as root:
        number = root._next_id()
        place = struct.pack("<IIhhHHHHIII", number, root.root, 9, 9, 120, 90, 0, 1, 0, 2, 255)
        root._request(1, 24, place)
        head = struct.pack("<IIIB3xI", number, 39, 31, 8, len(TITLE))
        root._request(18, 0, head + TITLE.encode().ljust(-(-len(TITLE) // 4) * 4, b"\0"))
        root._request(8, 0, struct.pack("<I", number))
        root._round_trip()
        yield number


def test_logs_hold_no_token_no_word_and_no_window_title(
    engine: Engine, connection: Connection, recorded: Recorded, window: int
) -> None:
    assert engine.env["JUPYTER_CAPTURE_LOG_LEVEL"] == "debug"
    video = recorded.session.get_video()
    assert video is not None
    video.index_spoken_words()
    assert video.search("budget discussion").shots
    stream = video.generate_stream()
    media = connection.status().media_url
    tickets = [
        stream,
        stream.replace("/stream/", "/download/"),
        f"{media}/watch?v={stream.split('/')[-2]}",
        f"{media}/upload/{stream.split('/')[-2]}",
        f"{media}/stream/{stream.split('/')[-2][:-1]}0/master.m3u8",
    ]
    for url in tickets:
        httpx.get(
            url, headers={"x-access-token": "sk-" + "s" * 40, "cookie": "token=sk-" + "c" * 40}
        )
    connection.http.post("keys", {"label": "seen once"})
    connection.generate_client_token()
    with pytest.raises(CaptureError):
        connection.http.post("video/m-none/search", {"query": "secret word budget"})
    with WebhookReceiver() as receiver:
        receiver.status = 500
        url = f"{receiver.url}/{HOOK_SECRET}"
        titled = next(each for each in connection.channels() if TITLE in each.name)
        session = connection.create_capture_session(callback_url=url)
        session.start([{"name": titled.channel_id, "store": True}])
        session.stop()
        wait_for(lambda: receiver.bodies)
        wait_for(lambda: session.deliveries[0].attempts)
        session.delete()
    found = [engine.data_dir / "engine.log", *engine.data_dir.rglob("recorder.log")]
    assert len(found) > 1
    for path in found:
        said = path.read_text()
        for word in (*WORDS, TITLE, TITLE.split()[0], HOOK_SECRET):
            assert word.lower() not in said.lower(), (path, word)
        assert not TICKET.search(said), path
        assert not TOKEN.search(said), path


def test_an_error_of_the_library_quotes_no_parameters(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    store = Store(tmp_path_factory.mktemp("store") / "library.sqlite3")
    with pytest.raises(Exception, match="no such table") as failed, store.read() as connection:
        connection.execute(text("select :said from nowhere"), {"said": "pineapple"})
    store.close()
    assert "pineapple" not in str(failed.value)


def test_an_error_of_the_wire_quotes_no_input() -> None:
    with pytest.raises(ValueError, match="UploadRequest") as failed:
        UploadRequest.model_validate({"url": ["pineapple"]})
    assert "pineapple" not in str(failed.value)


def test_libraries_say_nothing_fine_whatever_level_ours_has(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    root, ours = logging.getLogger(), logging.getLogger("jupyter_capture")
    kept = root.level, ours.level, root.handlers[:]
    root.handlers.clear()
    try:
        logs.begin(tmp_path_factory.mktemp("logs") / "engine.log", "debug")
        for name in (
            "sqlalchemy.engine",
            "httpx",
            "httpcore.http11",
            "websockets.server",
            "asyncio",
        ):
            assert not logging.getLogger(name).isEnabledFor(logging.INFO), name
        assert logging.getLogger("jupyter_capture.engine").isEnabledFor(logging.DEBUG)
    finally:
        root.handlers[:] = kept[2]
        root.setLevel(kept[0])
        ours.setLevel(kept[1])
        sys.stderr.flush()
