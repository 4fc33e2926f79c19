"""Engines to kill, recordings to make, receivers that misbehave, and requests without a network."""

from __future__ import annotations

import os
import signal
import sqlite3
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, TypeVar

import httpx
from consistency import inconsistencies
from fastapi import FastAPI

from jupyter_capture.client.connection import Connection
from jupyter_capture.client.engine import read_locator
from jupyter_capture.client.session import CaptureSession
from jupyter_capture.engine.services import Services
from jupyter_capture.engine.sessions.spare import is_on
from jupyter_capture.local import end_engine

T = TypeVar("T")

SCREEN = {"name": "display:1", "store": True}
MIC = {"name": "mic:default", "store": True}
LIVE_MIC = {"name": "mic:default", "store": False}


def wait_for(found: Callable[[], T], seconds: float = 30.0, what: str = "it") -> T:
    """The first true value of ``found()``; fails after ``seconds``."""
    deadline = time.monotonic() + seconds
    while True:
        value = found()
        if value:
            return value
        assert time.monotonic() < deadline, f"{what} did not come within {seconds:g} s"
        time.sleep(0.02)


def alive(pid: int) -> bool:
    """Whether any thread of a process runs; one that nobody has reaped yet does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        # Killed, the first thread is a zombie at once; the files close when the last one ends.
        return state != "Z" or len(os.listdir(f"/proc/{pid}/task")) > 1
    except (FileNotFoundError, ProcessLookupError):
        return False


def kill(pid: int) -> None:
    """-9, and wait until it is gone."""
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: not alive(pid), what=f"the end of {pid}")


@dataclass
class Bench:
    """A data folder with an engine that is started by whoever asks it for something."""

    data_dir: Path
    connection: Connection

    @property
    def engine_pid(self) -> int:
        return self.connection.status().pid

    def kill_engine(self) -> int:
        pid = self.engine_pid
        kill(pid)
        return pid

    def end_engine(self) -> None:
        end_engine(self.data_dir)

    def folder(self, session: CaptureSession) -> Path:
        return self.data_dir / "sessions" / session.id

    def recorder_pid(self, session: CaptureSession) -> int:
        return int((self.folder(session) / "recorder.pid").read_text())

    def begin(self, *channels: dict[str, Any], **session: Any) -> CaptureSession:
        made = self.connection.create_capture_session(**session)
        return made.start(channels)

    def record(
        self, *channels: dict[str, Any], seconds: float = 1.0, **session: Any
    ) -> CaptureSession:
        """A session of about so many seconds, stopped."""
        made = self.begin(*channels, **session)
        reach(made, seconds)
        return made.stop()

    def rows(self, query: str, *values: Any) -> list[Any]:
        """What the library holds."""
        connection = sqlite3.connect(self.data_dir / "library.sqlite3", timeout=30)
        try:
            return connection.execute(query, values).fetchall()
        finally:
            connection.close()

    def log(self) -> str:
        return (self.data_dir / "engine.log").read_text()

    def close(self) -> None:
        """End all that runs, and look whether rows and files agree."""
        self.connection.close()
        locator = read_locator(self.data_dir)
        end_engine(self.data_dir)
        if locator is not None and alive(locator.pid):
            kill(locator.pid)
        for path in self.data_dir.glob("sessions/*/recorder.pid"):
            pid = int(path.read_text())
            if alive(pid) and is_on(pid, path.with_name("recorder.log")):
                kill(pid)
        if (self.data_dir / "library.sqlite3").exists():
            found = [said for said in inconsistencies(self.data_dir) if "cap-unknown" not in said]
            assert not found, found


def reach(session: CaptureSession, seconds: float) -> None:
    """Until so much was recorded."""
    wait_for(lambda: (session.refresh().duration or 0) >= seconds, what=f"{seconds} s")


@dataclass
class App:
    """An application without a process: ``local`` is asked as over the Unix socket."""

    services: Services
    app: FastAPI

    @property
    def local(self) -> httpx.AsyncClient:
        return self._client("http://jupyter-capture")

    @property
    def tcp(self) -> httpx.AsyncClient:
        return self._client("http://127.0.0.1:8000")

    def _client(self, base_url: str) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        return httpx.AsyncClient(transport=transport, base_url=base_url)


@dataclass
class Receiver:
    """Answers POSTs with ``answers`` one after another, the last for ever; 0 hangs until closed."""

    answers: list[int] = field(default_factory=lambda: [204])
    requests: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._closed = threading.Event()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                receiver.requests.append(({k.lower(): v for k, v in self.headers.items()}, body))
                answer = receiver.answers[0]
                if len(receiver.answers) > 1:
                    receiver.answers.pop(0)
                if answer == 0:
                    receiver._closed.wait(60)
                    self.close_connection = True
                    return
                self.send_response(answer)
                if answer in (301, 302, 307):
                    self.send_header("location", f"http://127.0.0.1:{self.server.server_port}/else")
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Says nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        options = {"poll_interval": 0.02}
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs=options)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/hook"

    def close(self) -> None:
        self._closed.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
