"""`cap.on`: functions of the notebook that a session's events call."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from engine_harness import MIC, Bench, reach, wait_for

from jupyter_capture.client.connection import connect
from jupyter_capture.client.handlers import Handlers, _between
from jupyter_capture.client.session import CaptureSession
from jupyter_capture.errors import InvalidRequestError

Event = dict[str, Any]


def threads(session: CaptureSession) -> list[str]:
    name = f"events of {session.id}"
    return [each.name for each in threading.enumerate() if each.name == name]


def test_functions_are_called_at_each_state_also_if_the_engine_was_killed_meanwhile(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    session = bench.connection.create_capture_session(callback_url=None)
    told: list[Event] = []
    levels: list[Event] = []

    @session.on("active")
    def breaks(event: Event) -> None:
        raise ZeroDivisionError("mine")

    for state in ("active", "stopping", "stopped", "exported"):
        session.on(state, told.append)
    session.on("levels", levels.append)
    with pytest.raises(InvalidRequestError, match="exported, paused, failed"):
        session.on("finished", told.append)
    session.start([MIC])
    wait_for(lambda: levels and told)
    assert told[0]["data"]["rtstreams"][0]["name"] == "mic:default"
    reach(session, 1)
    bench.kill_engine()
    session.stop()  # which starts another
    wait_for(lambda: len(told) == 4)
    states = [event["event"] for event in told]
    assert states == [f"capture_session.{each}" for each in ("active", *_STOP)]
    assert told[-1]["capture_session_id"] == session.id
    assert told[-1]["data"]["exported_video_id"] == session.exported_video_id
    assert "/watch?v=" in told[-1]["data"]["player_url"]
    said = capsys.readouterr().err
    assert f"breaks(), called as {session.id} is active, failed:" in said
    assert said.count("ZeroDivisionError: mine") == 1
    assert "client/handlers.py" not in said  # a traceback of the notebook's own lines
    wait_for(lambda: not threads(session))

    # Afterwards it is told at once, and nothing is left running.
    late: list[Event] = []
    session.on("capture_session.exported", late.append)
    wait_for(lambda: late)
    assert late[0]["data"]["exported_video_id"] == session.exported_video_id
    wait_for(lambda: not threads(session))


_STOP = ("stopping", "stopped", "exported")


@pytest.mark.parametrize(
    ("last", "status", "passed"),
    [
        ("", "created", ["created"]),
        ("created", "created", []),
        ("", "active", ["created", "starting", "active"]),
        ("active", "paused", ["paused"]),
        ("created", "paused", ["starting", "active", "paused"]),
        ("paused", "active", ["active"]),
        ("paused", "stopped", ["stopping", "stopped"]),
        ("active", "exported", ["stopping", "stopped", "exported"]),
        ("stopping", "active", []),
        ("exported", "stopped", []),
        ("active", "failed", ["failed"]),
    ],
)
def test_states_that_were_passed_unseen_are_told_in_order(
    last: str, status: str, passed: list[str]
) -> None:
    assert _between(last, status) == passed


def test_a_function_that_is_registered_within_another_is_called_too(
    common: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    session = common.connection.create_capture_session()
    told: list[str] = []

    @session.on("created")
    def first(_: Event) -> None:
        session.on("created", lambda event: told.append(event["status"]))

    wait_for(lambda: told == ["created"])
    session.delete()
    wait_for(lambda: not threads(session))
    assert f"No more events of {session.id}" in capsys.readouterr().err


def test_an_engine_is_not_started_for_it(tmp_path: Path) -> None:
    with connect(data_dir=tmp_path / "library") as connection:
        connection.data_dir.mkdir()
        session = CaptureSession(connection, "cap-1", "default")
        session.on("exported", print)
        handlers = session._handlers
        wait_for(lambda: handlers.away)
        assert list(connection.data_dir.iterdir()) == []
        connection.data_dir.rmdir()
        wait_for(lambda: not threads(session))


def test_a_session_that_is_not_listened_to_has_no_thread() -> None:
    made = CaptureSession(None, "cap-1", "default")  # type: ignore[arg-type]
    assert made._handlers is None
    Handlers(made)
    assert not threads(made)
