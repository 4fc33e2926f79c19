from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from jupyter_capture._version import __version__
from jupyter_capture.cli.recording import _came, _signals
from jupyter_capture.client.connection import Connection
from jupyter_capture.client.engine import read_locator
from jupyter_capture.desktop import VirtualDesktop
from jupyter_capture.local import end_engine, running_engine

if TYPE_CHECKING:
    from tests.conftest import Engine, Recorded

PROGRAM = [sys.executable, "-m", "jupyter_capture.cli"]


def run(*arguments: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*PROGRAM, *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        env=env or dict(os.environ),
        check=False,
    )


@pytest.fixture
def own_folder(tmp_path: Path) -> dict[str, str]:
    """An environment without display and sound, on an empty data folder; its engine is ended."""
    bare = {
        name: value
        for name, value in os.environ.items()
        if name not in ("DISPLAY", "PULSE_SERVER", "PULSE_RUNTIME_PATH")
    }
    folder = tmp_path / "library"
    yield {**bare, "JUPYTER_CAPTURE_DATA_DIR": str(folder)}
    end_engine(folder)


def assert_one_line(done: subprocess.CompletedProcess[str], *words: str) -> None:
    assert done.returncode == 1, done.stderr
    assert done.stderr.startswith("jupyter-capture: ")
    assert done.stderr.count("\n") == 1
    assert "Traceback" not in done.stderr
    for word in words:
        assert word in done.stderr


def test_version_is_told_without_an_engine(own_folder: dict[str, str]) -> None:
    done = run("--version", env=own_folder)
    assert done.stdout == f"jupyter-capture {__version__}\n"
    assert not Path(own_folder["JUPYTER_CAPTURE_DATA_DIR"]).exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ("record", "--seconds", "never"),
        ("record", "0.1"),
        ("fly",),
        ("search",),
        ("serve", "--port", "99999"),
    ],
)
def test_wrong_usage_ends_with_status_2(arguments: tuple[str, ...]) -> None:
    done = run(*arguments)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_an_empty_query_is_refused_in_one_line() -> None:
    assert_one_line(run("search", "  "), "query is empty")


def test_a_channel_cannot_be_kept_and_live_only() -> None:
    done = run("record", "--channel", "mic", "--live", "mic:default")
    assert_one_line(done, "mic:default", "kept", "live only")


def test_stop_without_an_engine_starts_none(own_folder: dict[str, str]) -> None:
    done = run("stop", env=own_folder)
    assert done.returncode == 0
    assert "Nothing records" in done.stdout
    assert not Path(own_folder["JUPYTER_CAPTURE_DATA_DIR"]).exists()


def test_recording_without_display_and_sound_says_what_to_do(own_folder: dict[str, str]) -> None:
    assert_one_line(run("record", "--seconds", "1", env=own_folder), "display:1")


def test_an_unknown_channel_is_named_together_with_those_there_are(engine: Engine) -> None:
    done = run("record", "--channel", "display:9", "--seconds", "1", env=engine.env)
    assert_one_line(done, "display:9", "display:1")


def test_an_unknown_session_is_named(engine: Engine) -> None:
    assert_one_line(
        run("stop", "cap-nobody", env=engine.env), "cap-nobody", "`jupyter-capture sessions` lists"
    )


def test_a_recording_that_could_not_begin_leaves_no_session(engine: Engine) -> None:
    before = run("sessions", "--all", env=engine.env).stdout
    assert run("record", "1s", "--channel", "display:9", env=engine.env).returncode == 1
    assert run("sessions", "--all", env=engine.env).stdout == before


def test_sessions_lists_what_was_recorded(engine: Engine, recorded: Recorded) -> None:
    done = run("sessions", env=engine.env)
    assert done.returncode == 0, done.stderr
    line = next(line for line in done.stdout.splitlines() if recorded.session.id in line)
    assert "exported" in line
    assert re.search(r" 20\d\d-\d\d-\d\d \d\d:\d\d ", line)
    assert str(recorded.session.exported_video_id) in line


def test_sessions_of_which_nothing_was_recorded_are_counted_only(
    engine: Engine, connection: Connection
) -> None:
    session = connection.create_capture_session(metadata={"name": "Never begun"})
    try:
        short, whole = (run("sessions", *more, env=engine.env).stdout for more in ((), ("--all",)))
    finally:
        session.delete()
    assert session.id not in short
    assert "not shown, of which nothing was recorded: --all" in short
    line = next(line for line in whole.splitlines() if session.id in line)
    assert line.endswith("Never begun")


def test_search_prints_the_words_and_where_they_play(engine: Engine, recorded: Recorded) -> None:
    video_id = str(recorded.session.exported_video_id)
    done = run("search", "budget", "discussion", "--video", video_id, env=engine.env)
    assert done.returncode == 0, done.stderr
    shot, address = done.stdout.splitlines()[:2]
    assert "budget" in shot.lower()
    assert "/watch?v=" in address


def test_search_says_what_it_indexes_where_no_bar_can_be_shown(
    engine: Engine, connection: Connection
) -> None:
    session = connection.create_capture_session(metadata={"name": "Quiet"})
    session.start([{"name": "mic:default", "store": True}])
    try:
        session.stop()
        done = run("search", "budget", "--video", str(session.exported_video_id), env=engine.env)
    finally:
        session.delete()
    assert done.returncode == 0, done.stderr
    assert re.fullmatch(r"Indexing .+, \d s \(1/1\) …\n", done.stderr)


def test_record_keeps_for_so_many_seconds_and_says_where(
    engine: Engine, desktop: VirtualDesktop, connection: Connection
) -> None:
    done = run("record", "2s", "--channel", "mic", "--name", "A word", env=engine.env)
    assert done.returncode == 0, done.stderr
    assert "mic:default" in done.stdout
    assert " exported, " in done.stdout
    path = next(line for line in done.stdout.splitlines() if "trk-" in line).split()[-1]
    assert Path(path).exists()


def test_an_interrupt_ends_a_recording_cleanly(
    engine: Engine, desktop: VirtualDesktop, connection: Connection
) -> None:
    command = [*PROGRAM, "record", "--channel", "display:1", "--live", "mic:default"]
    recording = subprocess.Popen(
        command,
        env={**engine.env, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert recording.stdout is not None
    for line in recording.stdout:
        if line.startswith("Recording "):
            break
    recording.send_signal(signal.SIGINT)
    output, errors = recording.communicate(timeout=60)
    assert recording.returncode == 0, errors
    assert " exported, " in output
    assert "display:1" in output
    assert not [line for line in output.splitlines() if "mic:default" in line and "trk-" in line]


def test_an_interrupt_is_not_lost_wherever_it_comes() -> None:
    class Ended:
        def __del__(self) -> None:
            signal.raise_signal(signal.SIGINT)  # what is raised here is lost

    with _signals() as asked_to_end:
        assert not _came(asked_to_end, 0)
        Ended()
        assert _came(asked_to_end, 0)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)  # who asks again will not wait


@pytest.mark.parametrize(
    ("ignored", "ends"),
    [
        pytest.param(signal.SIGHUP, False, id="with nohup it outlives its terminal"),
        pytest.param(signal.SIGINT, True, id="in the background of a script"),
    ],
)
def test_a_signal_that_was_ignored(ignored: signal.Signals, ends: bool) -> None:
    before = signal.signal(ignored, signal.SIG_IGN)
    try:
        with _signals() as asked_to_end:
            signal.raise_signal(ignored)
            assert _came(asked_to_end, 0) is ends
            signal.raise_signal(signal.SIGTERM)
            assert _came(asked_to_end, 0)
    finally:
        signal.signal(ignored, before)


def test_keys_are_shown_once_and_can_be_revoked(own_folder: dict[str, str]) -> None:
    made = run("keys", "create", "laptop", env=own_folder)
    assert made.returncode == 0, made.stderr
    key = made.stdout.strip()
    assert key.startswith("sk-")
    listed = run("keys", "list", env=own_folder).stdout
    assert "laptop" in listed
    assert key not in listed
    revoked = run("keys", "revoke", listed.split()[0], env=own_folder)
    assert revoked.returncode == 0, revoked.stderr
    assert "revoked" in run("keys", "list", env=own_folder).stdout


def test_stop_engine_ends_the_engine(own_folder: dict[str, str]) -> None:
    folder = Path(own_folder["JUPYTER_CAPTURE_DATA_DIR"])
    assert run("sessions", env=own_folder).returncode == 0
    locator = read_locator(folder)
    assert locator is not None
    done = run("stop", "--engine", env=own_folder)
    assert done.returncode == 0, done.stderr
    assert "ended" in done.stdout
    with pytest.raises(ProcessLookupError):
        os.kill(locator.pid, 0)


def test_serve_answers_to_keys_and_to_nobody_else(own_folder: dict[str, str]) -> None:
    # This leaves an idle engine behind, whose place `serve` takes.
    key = run("keys", "create", env=own_folder).stdout.strip()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    serving = subprocess.Popen(
        [*PROGRAM, "serve", "--port", str(port)], env=own_folder, stderr=subprocess.PIPE, text=True
    )
    assert serving.stderr is not None
    try:
        assert f"http://127.0.0.1:{port}" in serving.stderr.readline()
        folder = Path(own_folder["JUPYTER_CAPTURE_DATA_DIR"])
        while running_engine(folder) is None:
            assert serving.poll() is None
            time.sleep(0.05)
        address = f"http://127.0.0.1:{port}/collection"
        assert httpx.get(address).status_code == 401
        assert httpx.get(address, headers={"x-access-token": "sk-wrong"}).status_code == 401
        assert httpx.get(address, headers={"x-access-token": key}).status_code == 200
        assert_one_line(run("serve", env=own_folder), f"process {serving.pid}", "--engine")
    finally:
        serving.terminate()
        serving.communicate(timeout=30)


def test_the_index_is_made_anew_by_one_command(engine: Engine, recorded: Recorded) -> None:
    recorded.session.get_video().index_spoken_words(show_progress=False)
    done = run("index", "--rebuild", env=engine.env)
    assert done.returncode == 0, done.stderr
    assert re.fullmatch(r"\d+ segments indexed anew, \d+ of them embedded\.\n", done.stdout)
    assert_one_line(run("index", "--rebuild", "m-1", env=engine.env), "name no video")
