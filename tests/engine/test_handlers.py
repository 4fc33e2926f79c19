"""`cap.on`: functions of the notebook that a session's events call."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import pytest
from engine_harness import MIC, Bench, reach, wait_for

from jupyter_capture.client.connection import connect
from jupyter_capture.client.handlers import Handlers, _between
from jupyter_capture.client.session import CaptureSession
from jupyter_capture.engine.events import Events
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


def test_live_events_of_the_time_without_an_engine_are_told_afterwards_and_once(
    bench: Bench,
) -> None:
    session = bench.begin(MIC, {"name": "notebook:cells", "store": False})
    told: list[str] = []
    session.on("cells", lambda event: told.append(event["data"]["code"]))
    handlers = session._handlers
    assert handlers is not None

    def run(code: str) -> None:
        started = time.time()
        cell = {"code": code, "started": started - 0.1, "ended": started}
        bench.connection.http.post(f"capture/session/{session.id}/cells", {"cells": [cell]})

    wait_for(lambda: handlers._cursor)  # it listens
    run("a = 1")
    wait_for(lambda: told)
    bench.kill_engine()
    run("b = 1")  # which starts another, before anybody can listen to it
    run("c = 1")
    wait_for(lambda: len(told) >= 3)
    run("d = 1")
    wait_for(lambda: told[-1] == "d = 1")
    assert told == ["a = 1", "b = 1", "c = 1", "d = 1"]
    session.stop()


async def test_who_comes_back_gets_what_it_missed_and_nothing_twice() -> None:
    def cells(event: Any) -> Any:
        return event.get("data")

    events = Events()
    for number in range(3):
        events.publish({"channel": "cells", "data": number}, "ws-x", "cap-1")
        events.publish({"channel": "levels", "data": number}, None, "cap-1")
    with events.listening("cap-1") as (first, cursor):
        assert first.queue.empty()  # who is new has missed nothing
        events.publish_all({"channel": "cells", "data": 3}, ["ws-x", "ws-y"], "cap-1")
        got = await first.queue.get()
        assert cells(got) == 3
        assert first.queue.empty()
    events.publish({"channel": "cells", "data": 4}, "ws-x", "cap-1")
    events.publish({"channel": "cells", "data": 5}, "ws-x", "cap-2")

    def missed(follows: str, after: str) -> list[Any]:
        with events.listening(follows, after) as (listener, _):
            return [cells(listener.queue.get_nowait()) for _ in range(listener.queue.qsize())]

    assert missed("cap-1", got["cursor"]) == [4]
    assert missed("cap-1", cursor) == [3, 4]
    assert missed("cap-1", "another-7") == [0, 1, 2, 3, 4]
    assert missed("cap-1", "nonsense") == [0, 1, 2, 3, 4]
    assert missed("cap-2", got["cursor"]) == [5]
    # What is live only is gone when the session stops, also what comes after that.
    events.forget("cap-1", over=True)
    events.publish({"channel": "cells", "data": 6}, None, "cap-1")
    assert missed("cap-1", cursor) == []
    # Of an engine that runs for months, only the latest ends are known.
    for number in range(5000):
        events.forget(f"cap-{number}", over=True)
    events.publish({"channel": "cells", "data": 7}, None, "cap-4999")
    assert missed("cap-4999", cursor) == []
    assert len(events._over) <= 1000


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
    other = common.begin(MIC)  # of which there is always something to tell
    session.delete()
    wait_for(lambda: not threads(session))
    other.stop()
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
