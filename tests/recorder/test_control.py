from __future__ import annotations

import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from recorder_harness import Client

from jupyter_capture.errors import ConflictError, EngineError
from jupyter_capture.recorder.control import ControlServer
from jupyter_capture.wire.recorder import Command, Report


def answer(command: Command) -> Report:
    if command.cmd == "resume":
        raise ConflictError("Cannot resume: nothing runs.")
    return Report(report="status", data={"did": command.cmd})


@pytest.fixture
def path() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="jc-ctl-") as folder:
        yield Path(folder) / "own" / "s.sock"


@pytest.fixture
def server(path: Path) -> Iterator[ControlServer]:
    server = ControlServer(path, answer)
    server.start()
    yield server
    server.close()
    assert not path.exists()


def test_answers_go_to_the_sender_and_reports_to_all(server: ControlServer, path: Path):
    one, other = Client(path), Client(path)
    one.send("status")
    assert one.wait("status").data == {"did": "status"}
    other.send("resume")
    failed = other.wait("failed")
    assert (failed.error_code, failed.data) == ("CONFLICT", {"cmd": "resume"})
    server.tell(Report(report="levels", data={"at": 1}))
    assert one.next() == other.next() == Report(report="levels", data={"at": 1})
    one.close()
    other.close()


def test_the_socket_is_this_users_alone(server: ControlServer, path: Path):
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_a_client_that_never_reads_is_cut_off_and_the_others_are_served(
    server: ControlServer, path: Path
):
    deaf, other = socket.socket(socket.AF_UNIX), Client(path)
    deaf.connect(str(path))
    other.send("status")
    other.wait("status")
    for index in range(400):
        server.tell(Report(report="warning", data={"message": "x" * 40_000, "index": index}))
        assert other.wait("warning").data["index"] == index
    deaf.settimeout(10)
    received = 0
    while piece := deaf.recv(1 << 20):
        received += len(piece)
    assert received < 400 * 40_000
    deaf.close()
    other.close()


def test_the_last_report_reaches_who_attaches_late(server: ControlServer, path: Path):
    server.tell_last(Report(report="failed", error="no display"), wait=0)
    late = Client(path)
    assert late.wait("failed").error == "no display"
    late.close()


def test_what_devices_did_while_nobody_was_attached_is_told_to_who_comes_next_and_once(
    server: ControlServer, path: Path
):
    for number in range(3):
        server.tell(Report(report="gap", data={"at": number}))
        server.tell(Report(report="levels", data={"at": number}))
    one = Client(path)
    assert [one.next().data["at"] for _ in range(3)] == [0, 1, 2]
    other = Client(path)
    for client in (one, other):
        client.send("status")
        assert client.next().report == "status"
        client.close()


def test_a_socket_that_cannot_be_made_is_a_clear_error(tmp_path: Path):
    long = tmp_path / ("d" * 120) / "s.sock"
    server = ControlServer(long, answer)
    with pytest.raises(EngineError, match="shorter than 108"):
        server.start()
    server.close()
