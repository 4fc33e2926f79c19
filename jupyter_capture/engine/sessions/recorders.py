"""Recorder processes: started, attached to, spoken with. They outlive this engine."""

from __future__ import annotations

import contextlib
import logging
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from pydantic import ValidationError

from jupyter_capture.errors import ConflictError, DeviceError, EngineError
from jupyter_capture.wire.capture import ChannelList
from jupyter_capture.wire.recorder import Command, RecorderSpec, Report

logger = logging.getLogger(__name__)

CONNECT_SECONDS = 20.0
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
                    on_report(self.session_id, report)
            self._socket.close()
            if not ended:
                on_lost(self.session_id)

        threading.Thread(target=run, name=f"recorder-{self.session_id}", daemon=True).start()

    def close(self) -> None:
        """Let go of the recorder without ending it."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)


def start(spec: RecorderSpec, folder: Path) -> Link:
    """Start a recorder on ``folder`` and attach to it. Raises DeviceError where it cannot run."""
    (folder / "spec.json").write_text(spec.model_dump_json(), encoding="utf-8")
    log = (folder / "recorder.log").open("ab")
    with log:
        process = subprocess.Popen(
            [sys.executable, "-m", "jupyter_capture.recorder", str(folder)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,  # neither our signals nor our end are its own
        )
    threading.Thread(target=process.wait, daemon=True).start()
    deadline = time.monotonic() + CONNECT_SECONDS
    while time.monotonic() < deadline:
        line = _connect(spec.socket)
        if line is not None:
            return Link(spec.session_id, line)
        if process.poll() is not None:
            break
        time.sleep(0.02)
    else:
        process.kill()
    raise DeviceError(f"The recorder could not start: {_tail(folder / 'recorder.log')}")


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
    return line


def _tail(log: Path) -> str:
    lines = log.read_text(errors="replace")[-_LOG_TAIL:].strip().splitlines()
    return lines[-1] if lines else "it said nothing. `jupyter-capture doctor` may know why."


def list_channels() -> ChannelList:
    """What this machine can record, as the recorder sees it."""
    command = [sys.executable, "-m", "jupyter_capture.recorder", "--channels"]
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=20, check=True
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
