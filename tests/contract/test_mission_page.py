"""Every code block of the page that this project follows, run as it is written there.

Only ``cap-xxx`` becomes a session's id, and ``videodb.editor`` is read as
``jupyter_capture.editor``. The names that the page leaves undefined are supplied.
"""

from __future__ import annotations

import ast
import asyncio
import json
import subprocess
import sys
import webbrowser
from pathlib import Path
from types import FrameType
from typing import Any

import httpx
import pytest

from jupyter_capture.client.capture import CaptureClient
from jupyter_capture.client.connection import Connection
from tests.conftest import Recorded

PAGE = Path(__file__).with_name("mission_page.txt")


def code_blocks(text: str) -> list[str]:
    """The stretches of a page of prose that are Python (or JSON) and more than single words."""
    lines = text.splitlines()
    blocks: list[str] = []
    at = 0
    while at < len(lines):
        block = _longest(lines[at:])
        if block:
            blocks.append("\n".join(block))
        at += len(block) or 1
    return blocks


def _longest(lines: list[str]) -> list[str]:
    if not lines[0].strip():
        return []
    for end in range(len(lines), 0, -1):
        try:
            found = ast.parse("\n".join(lines[:end])).body
        except SyntaxError:
            continue
        # A heading of one word parses as a name.
        code = [one for one in found if not isinstance(getattr(one, "value", None), ast.Name)]
        return lines[: code[-1].end_lineno] if code else []
    return []


BLOCKS = code_blocks(PAGE.read_text())
QUICK, START, WEBHOOK, ON_EXPORTED, EDITOR, SEARCH = range(6)


def run(number: int, names: dict[str, Any], session_id: str = "") -> dict[str, Any]:
    """Run a block with ``names`` at hand; returns what it defined."""
    source = BLOCKS[number].replace("cap-xxx", session_id)
    source = source.replace("from videodb.editor ", "from jupyter_capture.editor ")
    code = compile(source, PAGE.name, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    waiting = eval(code, names)
    if waiting is not None:
        asyncio.run(waiting)
    return names


def decoded(stream_url: str) -> dict[str, Any]:
    """What a player makes of a stream."""
    command = [sys.executable, "-m", "jupyter_capture.demo.decode", stream_url]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.fixture(autouse=True)
def _no_window(monkeypatch: pytest.MonkeyPatch) -> None:
    """From an interactive terminal play() opens the browser, which these tests leave alone."""
    monkeypatch.setattr(webbrowser, "open", lambda address: True)


def test_the_page_has_six_blocks_in_this_order() -> None:
    starts = [block.splitlines()[0] for block in BLOCKS]
    assert starts == [
        "# After capture_session.exported webhook",
        "# In desktop client",
        "{",
        "def on_exported(payload: dict):",
        "from videodb.editor import Timeline, Track, Clip, VideoAsset, AudioAsset",
        "video = coll.get_video(exported_video_id)",
    ]
    assert BLOCKS[START].rstrip().endswith(")")


def test_the_quick_example_finds_the_budget_discussion_and_plays_it(
    connection: Connection, recorded: Recorded, capsys: pytest.CaptureFixture[str]
) -> None:
    names = {"conn": connection, "coll": connection.get_collection()}
    run(QUICK, names, recorded.session.id)
    said = capsys.readouterr().out.splitlines()
    shots = names["results"].shots
    assert [f"{shot.start}s: {shot.text}" for shot in shots] == said
    assert "budget" in shots[0].text.lower()
    assert httpx.get(shots[0].player_url).status_code == 200
    found = decoded(shots[0].stream_url)
    assert found["frames"] > 0
    assert found["audio_seconds"] == pytest.approx(shots[0].length, abs=0.25)


def test_a_channel_is_stored_or_not_as_start_session_says(connection: Connection) -> None:
    session = connection.create_capture_session(end_user_id="page")
    client = CaptureClient(connection=connection)
    run(START, {"client": client, "cap_id": session.id})
    assert session.refresh().status == "active"
    session.stop()
    exported = {stream.name: stream.exported_asset_id for stream in session.rtstreams}
    assert exported["display:1"].startswith("m-")
    assert exported["mic:default"].startswith("a-")
    assert exported["system_audio:default"] is None
    assert "system_audio:default" not in {file.channel_id for file in session.storage}
    assert session.exported_video_id


def test_the_webhook_has_the_pages_fields(recorded: Recorded) -> None:
    page = json.loads(BLOCKS[WEBHOOK])
    body = next(body for body in recorded.webhooks if body["event"] == page["event"])
    assert body["status"] == page["status"]
    assert body["capture_session_id"] == recorded.session.id
    assert body["data"]["exported_video_id"] == recorded.session.exported_video_id
    assert page.keys() <= body.keys()
    assert page["data"].keys() <= body["data"].keys()


def test_on_exported_finds_all_assets_from_the_real_webhook(
    connection: Connection, recorded: Recorded
) -> None:
    on_exported = run(ON_EXPORTED, {"conn": connection})["on_exported"]
    seen: dict[str, Any] = {}

    def watch(frame: FrameType, event: str, _: object) -> None:
        if event == "return" and frame.f_code is on_exported.__code__:
            seen.update(frame.f_locals)

    body = next(b for b in recorded.webhooks if b["event"] == "capture_session.exported")
    sys.setprofile(watch)
    try:
        on_exported(body)
    finally:
        sys.setprofile(None)
    collection = connection.get_collection()
    assert seen["video_id"] == recorded.session.exported_video_id
    assert collection.get_audio(seen["mic_asset_id"]).channel_id == "mic:default"
    assert collection.get_video(seen["display_asset_id"]).channel_id == "display:1"


def test_the_timeline_of_display_and_mic_plays_and_says_what_it_shortened(
    connection: Connection, recorded: Recorded
) -> None:
    with pytest.warns(UserWarning, match="shortened"):
        names = run(EDITOR, {"conn": connection}, recorded.session.id)
    assert len(names["timeline"].warnings) == 2
    found = decoded(names["stream_url"])
    assert (found["width"], found["height"]) == (1280, 720)
    assert found["frames"] > 0
    assert found["audio_seconds"] == pytest.approx(recorded.session.duration, abs=0.25)


def test_captured_content_is_searchable_after_export(
    connection: Connection, recorded: Recorded, capsys: pytest.CaptureFixture[str]
) -> None:
    names = {
        "coll": connection.get_collection(),
        "exported_video_id": recorded.session.exported_video_id,
    }
    run(SEARCH, names)
    assert names["video"].id == recorded.session.exported_video_id
    said = capsys.readouterr().out.splitlines()
    assert [f"{shot.start}s: {shot.text}" for shot in names["results"].shots] == said
