"""The engine as a process: found, started, alone on its folder, ended."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from engine_harness import Bench, alive, wait_for
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect as open_websocket

from jupyter_capture.client.engine import answers, read_locator
from jupyter_capture.engine.__main__ import _take
from jupyter_capture.engine.lock import EngineLock
from jupyter_capture.engine.server import Place, Server
from jupyter_capture.errors import EngineError
from jupyter_capture.settings import Settings


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def run_another(data_dir: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "jupyter_capture.engine", "--data-dir", str(data_dir)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_the_first_request_starts_it_and_what_it_writes_is_private(bench: Bench) -> None:
    assert not bench.data_dir.exists()
    status = bench.connection.status()
    locator = json.loads((bench.data_dir / "engine.json").read_text())
    assert locator["pid"] == status.pid
    assert alive(status.pid)
    assert mode(Path(locator["socket"])) == 0o600
    assert mode(Path(locator["socket"]).parent) == 0o700
    for path in [bench.data_dir, *bench.data_dir.rglob("*")]:
        assert mode(path) == (0o700 if path.is_dir() else 0o600), path


def test_a_second_engine_on_a_folder_ends_at_once(bench: Bench) -> None:
    pid = bench.engine_pid
    second = run_another(bench.data_dir)
    assert second.returncode == 3
    assert second.stderr == f"An engine already serves {bench.data_dir}.\n"
    assert bench.engine_pid == pid


def test_one_that_waits_for_an_ending_engine_takes_its_place(tmp_path: Path) -> None:
    ending, next_one = EngineLock(tmp_path / "engine.lock"), EngineLock(tmp_path / "engine.lock")
    assert ending.take()
    (tmp_path / "engine.json").touch()
    assert not _take(next_one, tmp_path / "engine.json")
    (tmp_path / "engine.json").unlink()
    threading.Timer(0.3, ending.release).start()
    assert _take(next_one, tmp_path / "engine.json")
    next_one.release()


def test_an_engine_that_was_killed_is_replaced(bench: Bench) -> None:
    media = bench.connection.status().media_url
    killed = bench.kill_engine()
    locator = read_locator(bench.data_dir)
    assert locator is not None
    assert not answers(locator)
    status = bench.connection.status()
    assert status.pid != killed
    assert status.media_url == media  # the same folder, the same port


def test_it_ends_when_idle_and_takes_its_files_down(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JUPYTER_CAPTURE_IDLE_MINUTES", "0.005")
    pid = bench.engine_pid
    locator = read_locator(bench.data_dir)
    assert locator is not None
    wait_for(lambda: not alive(pid), what="the end of the idle engine")
    assert not (bench.data_dir / "engine.json").exists()
    assert not Path(locator.socket).exists()
    assert bench.log().rstrip().endswith("ended")


def test_an_open_websocket_keeps_it_and_a_gone_one_does_not(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JUPYTER_CAPTURE_IDLE_MINUTES", "0.005")
    address = bench.connection.http.get("collection/default/websocket")["websocket_url"]
    with open_websocket(address) as line:
        assert json.loads(line.recv())["connection_id"].startswith("ws-")
        pid = read_locator(bench.data_dir).pid  # type: ignore[union-attr]
        # Idle for several times the limit, as the socket's own clock says.
        with pytest.raises(TimeoutError):
            line.recv(timeout=2)
        assert alive(pid)
    wait_for(lambda: not alive(pid), what="the end after the websocket's")


def test_it_ends_within_seconds_though_a_websocket_is_open(bench: Bench) -> None:
    address = bench.connection.http.get("collection/default/websocket")["websocket_url"]
    with open_websocket(address) as line:
        line.recv()
        pid = bench.engine_pid
        os.kill(pid, signal.SIGTERM)
        wait_for(lambda: not (bench.data_dir / "engine.json").exists(), 2, "the locator's end")
        wait_for(lambda: not alive(pid), 12, "the end of the engine")
    assert "Traceback" not in bench.log()
    assert bench.log().rstrip().endswith("ended")


def test_a_websocket_without_a_good_ticket_is_refused(bench: Bench) -> None:
    media = bench.connection.status().media_url.replace("http", "ws")
    with pytest.raises(InvalidStatus) as refused:
        open_websocket(f"{media}/events/all.9999999999.{'0' * 32}")
    assert refused.value.response.status_code == 403
    assert "Traceback" not in bench.log()


async def test_a_port_that_cannot_be_had_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(EngineError, match=f"Port {port} cannot be used"):
            await Server(Settings(data_dir=tmp_path), Place("127.0.0.1", port)).run()


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "example.org", "::"])
async def test_it_listens_on_loopback_alone_unless_it_has_tls(tmp_path: Path, host: str) -> None:
    with pytest.raises(EngineError, match="TLS is needed"):
        await Server(Settings(data_dir=tmp_path), Place(host, 0)).run()
