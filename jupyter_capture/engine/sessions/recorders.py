"""Recorder processes: started, attached to, spoken with. They outlive this engine."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from pydantic import ValidationError

from jupyter_capture.engine.sessions.spare import Spare, is_on
from jupyter_capture.errors import (
    CaptureError,
    ConflictError,
    DeviceError,
    EngineError,
    StorageFullError,
    from_response,
)
from jupyter_capture.wire.capture import ChannelList
from jupyter_capture.wire.recorder import Command, RecorderSpec, Report

logger = logging.getLogger(__name__)

CONNECT_SECONDS = 20.0
END_SECONDS = 5.0
LOG = "recorder.log"
PID = "recorder.pid"
_LOG_TAIL = 2000

OnReport = Callable[[str, Report], None]
OnLost = Callable[[str], None]


class Link:
    """The line to one recorder. Reports come on a thread of its own."""

    def __init__(self, session_id: str, line: socket.socket) -> None:
        self.session_id = session_id
        self._socket = line
        self._lock = threading.Lock()

    def send(self, command: Command) -> None:
        try:
            with self._lock:
                self._socket.sendall(command.model_dump_json().encode() + b"\n")
        except OSError as error:
            raise ConflictError(
                f"The recorder of {self.session_id} does not answer ({error}). What it recorded "
                "is safe; the session is being closed."
            ) from error

    def listen(self, on_report: OnReport, on_lost: OnLost) -> None:
        def run() -> None:
            ended = False
            with contextlib.suppress(OSError), self._socket.makefile("rb") as lines:
                for line in lines:
                    try:
                        report = Report.model_validate_json(line)
                    except ValidationError:
                        logger.warning("recorder of %s sent no report", self.session_id)
                        continue
                    # A failed command is told to its sender; the recording goes on.
                    failed = report.report == "failed" and "cmd" not in report.data
                    ended = ended or failed or report.report == "stopped"
                    try:
                        on_report(self.session_id, report)
                    except Exception:
                        # The next one must be heard, whatever became of this one.
                        logger.exception("%s of %s", report.report, self.session_id)
            self._socket.close()
            if not ended:
                on_lost(self.session_id)

        threading.Thread(target=run, name=f"recorder-{self.session_id}", daemon=True).start()

    def close(self) -> None:
        """Let go of the recorder without ending it."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)


def start(spec: RecorderSpec, folder: Path, spare: Spare | None = None) -> Link:
    """Start a recorder on ``folder`` and attach to it; ``spare`` may have one in reserve. Raises
    what kept it from running, and StorageFullError where its folder cannot be written."""
    try:
        (folder / "spec.json").write_text(spec.model_dump_json(), encoding="utf-8")
        log = (folder / LOG).open("ab")
    except OSError as error:
        raise StorageFullError(
            f"{folder} cannot be written ({error.strerror}). Free some space, or choose another "
            "folder with JUPYTER_CAPTURE_DATA_DIR."
        ) from error
    with log:
        reserved = spare and spare.take(folder, folder / LOG, spec.environment)
        if reserved:
            link = _attached(reserved, spec, folder)  # still loading, it is ahead of a new one
            if link is not None:
                return link
        process = subprocess.Popen(
            [sys.executable, "-m", "jupyter_capture.recorder", str(folder)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,  # neither our signals nor our end are its own
            env={**os.environ, **spec.environment},
        )
    link = _attached(process, spec, folder)
    if link is None:
        raise last_words(folder)
    return link


def _attached(process: subprocess.Popen[bytes], spec: RecorderSpec, folder: Path) -> Link | None:
    """The line to a recorder that was started; None of one that hung, which is ended. Raises what
    it said of its end."""
    threading.Thread(target=process.wait, daemon=True).start()
    draft = folder / f"{PID}.new"
    draft.write_text(str(process.pid))
    draft.replace(folder / PID)  # whoever looks for it finds it whole
    deadline = time.monotonic() + CONNECT_SECONDS
    while time.monotonic() < deadline:
        line = _connect(spec.socket)
        if line is not None:
            return Link(spec.session_id, line)
        if process.poll() is not None:
            raise last_words(folder)
        time.sleep(0.02)
    process.kill()
    process.wait()
    return None


def end(folder: Path, seconds: float = END_SECONDS) -> None:
    """End the recorder that still works on ``folder`` though nobody can speak with it, if any."""
    pid = _alive(folder)
    if pid is None:
        return
    logger.warning("ending the recorder of %s (process %d)", folder.name, pid)
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if _alive(folder) is None:
                return
            time.sleep(0.02)


def _alive(folder: Path) -> int | None:
    """The process that records into ``folder``: its number may be another's by now."""
    try:
        pid = int((folder / PID).read_text())
    except (OSError, ValueError):
        return None
    return pid if is_on(pid, folder / LOG) else None


def last_words(folder: Path) -> CaptureError:
    """Why a recorder could not start: the last line of its log, where it says so."""
    lines = (folder / LOG).read_text(errors="replace")[-_LOG_TAIL:].strip().splitlines()
    if not lines:
        return DeviceError(
            "The recorder could not start and said nothing. `jupyter-capture doctor` may know why."
        )
    try:
        report = Report.model_validate_json(lines[-1])
    except ValidationError:
        return DeviceError(f"The recorder could not start: {lines[-1]}")
    return from_response(500, report.error_code, report.error or "The recorder could not start.")


def surroundings(folder: Path) -> str:
    """Which desktop was asked for: that of who asked, else that of who started the engine."""
    told: dict[str, str] = {}
    with contextlib.suppress(OSError, ValidationError):
        spec = RecorderSpec.model_validate_json((folder / "spec.json").read_bytes())
        told = spec.environment
    names = ("DISPLAY", "PULSE_SERVER")
    environment = {**os.environ, **told}
    known = ", ".join(f"{name}={environment.get(name) or '(not set)'}" for name in names)
    return (
        f"The engine (process {os.getpid()}) looked for the desktop at {known}. What is not set "
        "where you start the recording is that of the engine; set it there to record another one."
    )


def attach(session_id: str, path: str) -> Link | None:
    """The line to a recorder that still runs, or None."""
    line = _connect(path)
    return None if line is None else Link(session_id, line)


def _connect(path: str) -> socket.socket | None:
    line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        line.connect(path)
    except (FileNotFoundError, ConnectionRefusedError):
        line.close()
        return None
    except OSError as error:
        line.close()
        raise EngineError(
            f"The recorder's socket {path} cannot be used: {error}. Set XDG_RUNTIME_DIR to a short "
            "path in a folder of your own."
        ) from error
    return line


def list_channels(environment: Mapping[str, str] = MappingProxyType({})) -> ChannelList:
    """What this machine can record, as the recorder sees it. ``environment``: where the desktop
    is, where that is another one than the engine's."""
    command = [sys.executable, "-m", "jupyter_capture.recorder.channels"]
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=20,
            check=True,
            env={**os.environ, **environment},
        )
        return ChannelList.model_validate_json(done.stdout)
    except subprocess.TimeoutExpired as error:
        raise EngineError(
            "The machine's devices did not answer within 20 s. Look at the sound server and the "
            "display, then try again."
        ) from error
    except (subprocess.CalledProcessError, ValidationError) as error:
        said = getattr(error, "stderr", b"") or b""
        raise EngineError(
            f"The channels could not be listed: {said.decode(errors='replace')[-500:] or error}"
        ) from error
