"""The engine's process is found, started, and started again: with a real process on a real socket
that stands in for the engine."""

from __future__ import annotations

import contextlib
import gc
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from jupyter_capture.client._http import Http
from jupyter_capture.client._line import Line
from jupyter_capture.client.engine import BASE_URL, LocalEngine, answers, read_locator
from jupyter_capture.errors import EngineError, EngineUnavailableError

STAND_IN = """
import fcntl, http.server, json, os, socketserver, sys
data, = sys.argv[1:]
path = os.path.join(data, "e.sock")
# As with the engine, there is one at a time.
alone = open(os.path.join(data, "e.lock"), "w")
try:
    fcntl.flock(alone, fcntl.LOCK_EX | fcntl.LOCK_NB)
except OSError:
    sys.exit()
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def reply(self):
        self.rfile.read(int(self.headers.get("content-length", 0)))
        end = self.path == "/end"
        if end:
            os.unlink(path)
            alone.close()
        body = json.dumps({"success": True, "data": [os.getpid(), os.getsid(0)]}).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        if end:
            self.send_header("connection", "close")
        self.end_headers()
        self.wfile.write(body)
        if end:
            os._exit(0)
    do_GET = do_POST = reply
    def log_message(self, *args): pass
    def address_string(self): return "local"
class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
if os.path.exists(path):
    os.unlink(path)
server = Server(path, Handler)
with open(os.path.join(data, "engine.json"), "w") as f:
    json.dump({"pid": os.getpid(), "socket": path, "version": "0"}, f)
server.serve_forever()
"""


@pytest.fixture
def local(tmp_path: Path) -> Iterator[LocalEngine]:
    engine = LocalEngine(tmp_path, command=[sys.executable, "-c", STAND_IN, str(tmp_path)])
    yield engine
    engine.close()
    locator = read_locator(tmp_path)
    if locator is not None and answers(locator):
        ending = LocalEngine(tmp_path, command=["/does/not/exist"])
        Http(BASE_URL, transport=ending).post("end")


def test_the_first_request_starts_the_engine(local: LocalEngine) -> None:
    http = Http(BASE_URL, transport=local)
    pid, _ = http.get("engine")
    assert pid != os.getpid()
    assert http.get("engine")[0] == pid


def test_an_engine_that_runs_is_used_by_the_next_connection(local: LocalEngine) -> None:
    pid, _ = Http(BASE_URL, transport=local).get("engine")
    other = LocalEngine(local.data_dir, command=["/does/not/exist"])
    assert Http(BASE_URL, transport=other).get("engine")[0] == pid


def test_the_engine_lives_in_a_session_of_its_own(local: LocalEngine) -> None:
    pid, session = Http(BASE_URL, transport=local).get("engine")
    assert session == pid != os.getsid(0)


def test_the_next_request_starts_an_engine_that_has_ended(local: LocalEngine) -> None:
    http = Http(BASE_URL, transport=local)
    first, _ = http.get("engine")
    http.post("end")
    # A POST too: where nobody listened, nothing was carried out.
    second, _ = http.post("anything", {"a": 1})
    assert second != first


def test_a_locator_that_outlived_its_engine_is_not_trusted(
    local: LocalEngine, tmp_path: Path
) -> None:
    stale = {"pid": 1, "socket": str(tmp_path / "none.sock"), "version": "0"}
    (tmp_path / "engine.json").write_text(json.dumps(stale))
    assert Http(BASE_URL, transport=local).get("engine")[0] != 1


@pytest.mark.parametrize("content", ["", "{", "{}", '{"pid": 1}', "[]", '{"pid": "x"}'])
def test_half_a_locator_is_none(tmp_path: Path, content: str) -> None:
    (tmp_path / "engine.json").write_text(content)
    assert read_locator(tmp_path) is None


def test_an_engine_that_cannot_start_is_quoted(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "raise SystemExit('the port is taken')"]
    engine = LocalEngine(tmp_path, command=command, start_seconds=2.0)
    with pytest.raises(EngineUnavailableError) as caught:
        Http(BASE_URL, transport=engine).post("x")
    message = str(caught.value)
    assert "ended with status 1" in message
    assert "the port is taken" in message
    assert "jupyter-capture doctor" in message
    assert (tmp_path / "engine.log").stat().st_mode & 0o077 == 0


def test_a_program_that_is_missing_is_named(tmp_path: Path) -> None:
    engine = LocalEngine(tmp_path, command=["/does/not/exist"])
    with pytest.raises(EngineUnavailableError, match="/does/not/exist"):
        Http(BASE_URL, transport=engine).post("x")


def test_a_notebooks_folder_shadows_no_module_of_the_engine(tmp_path: Path) -> None:
    script = tmp_path / "queue.py"
    script.write_text("raise SystemExit('shadowed')")
    code = "\n".join(
        [
            "import subprocess, sys",
            "from jupyter_capture.client.engine import _environment",
            "command = [sys.executable, '-m', 'queue']",
            "raise SystemExit(subprocess.run(command, env=_environment()).returncode)",
        ]
    )
    root = Path(__file__).parents[2]
    env = {**os.environ, "PYTHONPATH": str(root), "PYTHONSAFEPATH": "1"}
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=env, check=False)
    assert done.returncode == 0


def test_threads_that_share_a_connection_over_an_engines_deaths_leave_no_socket_open(
    local: LocalEngine,
) -> None:
    http = Http(BASE_URL, transport=local)
    http.get("engine")
    found: list[BaseException] = []

    def ask() -> None:
        for _ in range(40):
            with contextlib.suppress(EngineUnavailableError, EngineError):
                http.get("engine")

    # A socket that nobody closed is an error of the interpreter, said when it is collected.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "unraisablehook", lambda seen: found.append(seen.exc_value))
        threads = [threading.Thread(target=ask) for _ in range(6)]
        for thread in threads:
            thread.start()
        for _ in range(4):
            with contextlib.suppress(EngineUnavailableError, EngineError):
                http.post("end")
        for thread in threads:
            thread.join(60)
        local.close()
        gc.collect()
    assert not found


def test_a_line_that_is_replaced_is_closed_after_its_last_answer_and_not_before(
    local: LocalEngine,
) -> None:
    http = Http(BASE_URL, transport=local)
    http.get("engine")
    line = local._inner
    assert line is not None
    request = httpx.Request("GET", f"{BASE_URL}/engine")
    answer = line.handle_request(request)
    line.retire()
    assert line._transport._pool.connections
    assert json.loads(answer.read())["success"]
    assert not line._transport._pool.connections


def test_a_connection_that_is_refused_is_closed(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as gone:
        gone.bind(str(tmp_path / "e.sock"))
    line = Line(str(tmp_path / "e.sock"))
    with pytest.raises(httpx.ConnectError):
        line.handle_request(httpx.Request("GET", BASE_URL))
    gc.collect()  # what was left open would be an error here
    line.close()
