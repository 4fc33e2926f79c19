"""The local engine: found by its locator, started where none answers."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import httpx

import jupyter_capture
from jupyter_capture.client._line import Line
from jupyter_capture.errors import EngineUnavailableError
from jupyter_capture.settings import private_dir

BASE_URL = "http://jupyter-capture"
START_SECONDS = 30.0
LOG_LINES = 15
_PING_SECONDS = 5.0
_JUPYTERS = ("JUPYTER_TOKEN", "JUPYTERHUB_", "JPY_")


@dataclass(frozen=True)
class Locator:
    """Where the engine of a data folder listens, as it wrote it into ``engine.json``."""

    pid: int
    socket: str
    version: str


def read_locator(data_dir: Path) -> Locator | None:
    """None where there is none, or only half of one."""
    try:
        found = json.loads((data_dir / "engine.json").read_text())
        return Locator(int(found["pid"]), str(found["socket"]), str(found.get("version", "")))
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None


def listens(path: str) -> bool:
    """Whether anyone listens at a Unix socket. Cheap: it takes about 30 µs."""
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(_PING_SECONDS)
        try:
            probe.connect(path)
        except OSError:
            return False
    return True


def answers(locator: Locator) -> bool:
    """Whether an engine answers at the locator's socket."""
    if not listens(locator.socket):
        return False
    line = Line(locator.socket)
    with httpx.Client(transport=line, base_url=BASE_URL, timeout=_PING_SECONDS) as client:
        try:
            return client.get("/engine").status_code < 500
        except httpx.TransportError:
            return False


def start_command(data_dir: Path) -> list[str]:
    return [sys.executable, "-m", "jupyter_capture.engine", "--data-dir", str(data_dir)]


class LocalEngine(httpx.BaseTransport):
    """Requests to the engine of ``data_dir``. It is started by the first request that needs it,
    and again by the next one after it ended: nothing of that request was carried out then."""

    def __init__(
        self,
        data_dir: Path,
        *,
        command: list[str] | None = None,
        start_seconds: float = START_SECONDS,
    ) -> None:
        self.data_dir = data_dir.absolute()
        self._command = command or start_command(self.data_dir)
        self._start_seconds = start_seconds
        self._lock = threading.Lock()
        self._inner: Line | None = None

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        inner = self._inner
        if inner is None or not listens(inner.path):
            inner = self._attach(inner)
        try:
            return inner.handle_request(request)
        except httpx.ConnectError:
            return self._attach(inner).handle_request(request)

    def close(self) -> None:
        if self._inner is not None:
            self._inner.close()

    def _attach(self, broken: Line | None) -> Line:
        """A line to an engine that answers; ``broken`` is one that does not any more."""
        with self._lock:
            if self._inner is not None and self._inner is not broken:
                return self._inner  # another thread was quicker
            locator = find_or_start(
                self.data_dir, command=self._command, start_seconds=self._start_seconds
            )
            if broken is not None:
                broken.retire()
            self._inner = Line(locator.socket)
            return self._inner


def find_or_start(
    data_dir: Path, *, command: list[str] | None = None, start_seconds: float = START_SECONDS
) -> Locator:
    """An engine that answers for this folder. Takes as long as it takes to start one.

    Raises EngineUnavailableError, which says why and what to do.
    """
    locator = read_locator(data_dir)
    if locator is not None and answers(locator):
        return locator
    process = _spawn(command or start_command(data_dir), data_dir)
    deadline = time.monotonic() + start_seconds
    while time.monotonic() < deadline:
        locator = read_locator(data_dir)
        if locator is not None and answers(locator):
            return locator
        if process.poll() is not None:
            # It may have lost against another starter, whose engine then answers soon.
            deadline = min(deadline, time.monotonic() + start_seconds / 10)
        time.sleep(0.05)
    raise EngineUnavailableError(_why(data_dir, process.poll(), start_seconds))


def _spawn(command: list[str], data_dir: Path) -> subprocess.Popen[bytes]:
    """Start the engine apart from this process: an interrupt or a death here does not end it."""
    private_dir(data_dir)
    log = os.open(data_dir / "engine.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        process = subprocess.Popen(
            command,
            cwd=data_dir,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=log,
            start_new_session=True,
        )
    except OSError as error:
        raise EngineUnavailableError(f"The engine could not be started: {error}") from error
    finally:
        os.close(log)
    # Someone has to reap it when it ends while we live on.
    threading.Thread(target=process.wait, daemon=True, name="jupyter-capture-engine").start()
    return process


def _environment() -> dict[str, str]:
    """A notebook's folder must not shadow the engine's modules: it may hold a ``queue.py``. What
    opens the user's Jupyter is not for the engine."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(_JUPYTERS)}
    env["PYTHONSAFEPATH"] = "1"
    home = Path(jupyter_capture.__file__).resolve().parent.parent
    if home.name not in ("site-packages", "dist-packages"):
        env["PYTHONPATH"] = os.pathsep.join(filter(None, [str(home), env.get("PYTHONPATH")]))
    return env


def _why(data_dir: Path, code: int | None, waited: float) -> str:
    end = f"ended with status {code}" if code is not None else f"did not answer in {waited:.0f} s"
    log = data_dir / "engine.log"
    try:
        lines = log.read_bytes()[-8192:].decode("utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    said = "\n".join(f"  {line}" for line in lines[-LOG_LINES:]) or "  (nothing)"
    return (
        f"The engine for {data_dir} {end}. `jupyter-capture doctor` says what is missing on this "
        f"machine; the end of {log} says:\n{said}"
    )
