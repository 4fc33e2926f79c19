"""``python -m jupyter_capture.recorder <session folder>`` records what its spec.json says.

Exits with 0 once everything is stored, with 1 where it could not start; then the reason goes to
the attached clients and, as one JSON line, to stdout. SIGTERM stops cleanly; an interrupt from a
terminal or a kernel is not for this process.
``--spare`` waits for a line on stdin that says which folder (``folder``), where its words go
(``log``) and what else is in its ``environment``; it ends where stdin does.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from queue import SimpleQueue
from threading import Thread

from pydantic import ValidationError

from jupyter_capture import logs
from jupyter_capture.errors import CaptureError, EngineError, InvalidRequestError
from jupyter_capture.media.limits import limit_memory
from jupyter_capture.recorder import sources
from jupyter_capture.recorder.control import ControlServer, failure
from jupyter_capture.recorder.session import RecordingSession
from jupyter_capture.wire.capture import is_browser
from jupyter_capture.wire.recorder import RecorderSpec, Report

log = logging.getLogger("jupyter_capture.recorder")

_WAIT_FOR_A_READER = 3.0  # s


def main(arguments: list[str]) -> int:
    if arguments == ["--spare"]:
        return spare()
    if len(arguments) != 1 or arguments[0].startswith("-"):
        sys.stderr.write("usage: python -m jupyter_capture.recorder <session folder>\n")
        return 2
    return run(Path(arguments[0]))


def spare() -> int:
    """Load what a recorder needs, and be one once it is said of what."""
    sources.load()
    line = sys.stdin.readline()
    if not line:
        return 0  # nobody needs it any more
    order = json.loads(line)
    os.environ.update(order["environment"])
    log = os.open(order["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    for stream in (1, 2):
        os.dup2(log, stream)
    os.close(log)
    return run(Path(order["folder"]))


def run(folder: Path) -> int:
    """Record what the spec in a folder says; the exit status."""
    _leave_no_dump()
    try:
        spec = read_spec(folder)
    except CaptureError as error:
        _print(failure(error))
        return 1
    logs.begin(folder / "recorder.log", spec.log_level)
    return record(spec, folder)


def _leave_no_dump() -> None:
    """A dump of our memory would hold what is live only."""
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def read_spec(folder: Path) -> RecorderSpec:
    """Raises InvalidRequestError where there is no spec, or one that cannot be read."""
    try:
        return RecorderSpec.model_validate_json((folder / "spec.json").read_bytes())
    except (OSError, ValidationError) as error:
        raise InvalidRequestError(
            f"{folder} holds no readable spec.json ({error}). The engine writes one before it "
            "starts a recorder."
        ) from error


def record(spec: RecorderSpec, folder: Path) -> int:
    """Record until stopped; the exit status."""
    if any(is_browser(channel.channel_id) for channel in spec.channels):
        limit_memory()  # what a browser sends is media of others
    reports: list[ControlServer] = []
    session = RecordingSession(
        spec,
        folder,
        lambda report: reports[0].tell(report),
        lambda channel_id: reports[0].heard(channel_id),
    )
    control = ControlServer(Path(spec.socket), session.handle)
    reports.append(control)
    _keep_to_itself(session)
    try:
        control.start()
    except CaptureError as error:
        _print(failure(error))
        return 1
    try:
        session.open()
        session.run()
        control.tell_last(session.status().model_copy(update={"report": "stopped"}), 0.5)
    except Exception as error:
        if not isinstance(error, CaptureError):
            log.exception("the recorder failed")
        report = failure(_as_capture_error(error))
        _print(report)
        control.tell_last(report, _WAIT_FOR_A_READER)
        return 1
    finally:
        control.close()
    return 0


def _as_capture_error(error: Exception) -> CaptureError:
    if isinstance(error, CaptureError):
        return error
    return EngineError(f"The recorder failed: {error!r}. What it had stored by then is kept.")


def _keep_to_itself(session: RecordingSession) -> None:
    """A kernel's interrupt goes to its process group and must not end the recording."""
    if os.getsid(0) != os.getpid() and os.getpgrp() != os.getpid():
        os.setsid()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    when_told_to_end(session.stop)


def when_told_to_end(stop: Callable[[], None]) -> None:
    """At a SIGTERM. Its handler interrupts whatever the main thread does, which may hold the very
    lock that ``stop`` takes; a SimpleQueue has none that it could wait for."""
    told = SimpleQueue[int]()

    def wait() -> None:
        told.get()
        stop()

    Thread(target=wait, name="end of the process", daemon=True).start()
    signal.signal(signal.SIGTERM, lambda number, _: told.put(number))


def _print(report: Report) -> None:
    sys.stdout.write(report.model_dump_json(exclude_none=True) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
