"""Nobody records unawares."""

from __future__ import annotations

import time

import pytest
from engine_harness import MIC, Bench, wait_for

from jupyter_capture.client.attendance import attend
from jupyter_capture.client.session import CaptureSession

LIMIT = 3.0  # seconds


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch, bench: Bench) -> Bench:
    """An engine that gives a recording up soon. It starts with the first request."""
    monkeypatch.setenv("JUPYTER_CAPTURE_UNATTENDED_MINUTES", str(LIMIT / 60))
    return bench


def started(bench: Bench, *, detach: bool) -> CaptureSession:
    """A recording that its starter leaves alone, as one whose process died does."""
    session = bench.connection.create_capture_session()
    request = {"session_id": session.id, "channels": [MIC], "detach": detach}
    bench.connection.http.post("capture/session/start", request)
    return session


def status(bench: Bench, session: CaptureSession) -> str:
    """From the database: asking the engine would be attending."""
    return str(bench.rows("select status from sessions where id = ?", session.id)[0][0])


def test_a_recording_that_nobody_attends_is_stopped_and_exported(quick: Bench) -> None:
    session = started(quick, detach=False)
    wait_for(lambda: status(quick, session) == "exported", what="its export")
    session.refresh()
    assert session.metadata["stop_reason"] == "unattended"
    assert session.duration >= LIMIT - 0.5


def test_one_that_is_attended_or_detached_goes_on(quick: Bench) -> None:
    attended = started(quick, detach=False)
    over = attend(quick.data_dir, attended.id, every=LIMIT / 8)
    detached = started(quick, detach=True)
    until = time.monotonic() + 3 * LIMIT
    wait_for(lambda: time.monotonic() > until, what="three times the limit")
    assert status(quick, attended) == status(quick, detached) == "active"
    over.set()
    wait_for(lambda: status(quick, attended) == "exported", what="its export")
    detached.stop()
