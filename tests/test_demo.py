from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from jupyter_capture.client.connection import Connection
from jupyter_capture.demo.webhook import WebhookReceiver
from jupyter_capture.errors import RequestTimeoutError
from jupyter_capture.local import running_engine

if TYPE_CHECKING:
    from tests.conftest import Recorded


def demo(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "jupyter_capture.cli", "demo", "--virtual", *arguments]
    root = str(Path(__file__).parent.parent)
    env = {**os.environ, "PYTHONPATH": root}
    return subprocess.run(
        command, cwd=cwd, env=env, capture_output=True, text=True, timeout=240, check=False
    )


def decode(url: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "jupyter_capture.demo.decode", url]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def test_the_demo_finds_what_was_said_and_leaves_nothing_running(tmp_path: Path) -> None:
    done = demo("--no-notebook", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    told = done.stdout
    assert "created → starting → active → stopping → stopped → exported" in told
    assert '"event": "capture_session.exported"' in told
    assert "live only, nothing exported" in told
    assert "/watch?v=" in told
    assert "the best shot shows a slide with “cloud”" in told
    assert "✗" not in told
    assert running_engine(tmp_path / "demo-output" / "library") is None


def test_the_demo_does_not_clear_a_folder_that_is_not_its_own(tmp_path: Path) -> None:
    treasure = tmp_path / "demo-output" / "library" / "treasure.txt"
    treasure.parent.mkdir(parents=True)
    treasure.write_text("mine")
    done = demo("--no-notebook", cwd=tmp_path)
    assert done.returncode == 1
    assert "is not a library of this demo" in done.stderr
    assert treasure.read_text() == "mine"


def test_a_foreign_player_decodes_picture_and_sound_of_a_recording(
    connection: Connection, recorded: Recorded
) -> None:
    video = connection.get_collection().get_video(str(recorded.session.exported_video_id))
    done = decode(video.generate_stream())
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["width"], found["height"]) == (1280, 720)
    assert found["frames"] > 1
    assert found["audio_seconds"] == pytest.approx(video.length, abs=0.1)


def test_a_stream_that_is_not_there_fails_to_decode(webhooks: WebhookReceiver) -> None:
    assert decode(webhooks.url).returncode != 0


def test_webhooks_are_kept_with_their_headers_and_can_be_waited_for() -> None:
    with WebhookReceiver() as receiver:
        body = {"event": "capture_session.active", "capture_session_id": "cap-1"}
        answer = httpx.post(receiver.url, json=body, headers={"webhook-id": "msg-1"})
        assert answer.status_code == 204
        assert receiver.wait_for("capture_session.active", "cap-1") == body
        assert receiver.headers[0]["webhook-id"] == "msg-1"
        with pytest.raises(RequestTimeoutError, match=r"capture_session\.exported"):
            receiver.wait_for("capture_session.exported", seconds=0.05)
