"""Real parts, started once for the whole run: a desktop, an engine, a recording."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from jupyter_capture.client.connection import Connection, connect
from jupyter_capture.client.engine import answers, read_locator
from jupyter_capture.client.session import CaptureSession
from jupyter_capture.demo.script import SLIDES
from jupyter_capture.demo.webhook import WebhookReceiver
from jupyter_capture.desktop import VirtualDesktop

BUDGET = "Let us start with the budget discussion. We have twelve thousand for travel."
HIRING = "After that we talk about hiring two engineers."
UNKEPT = "The secret word is pineapple."


@dataclass(frozen=True)
class Engine:
    """An engine process on a data folder of its own. ``env`` is what it was started with."""

    data_dir: Path
    env: dict[str, str]
    process: subprocess.Popen[bytes]


@dataclass(frozen=True)
class Recorded:
    """An exported session: display and microphone kept, system audio live only.

    ``said`` was spoken into the microphone, ``unkept`` over the speakers. ``stop_seconds`` is
    the time from asking to stop until it was exported.
    """

    session: CaptureSession
    said: tuple[str, ...]
    unkept: str
    stop_seconds: float
    webhooks: list[dict[str, Any]]


@pytest.fixture(scope="session")
def desktop() -> Iterator[VirtualDesktop]:
    """A display of 1280x720 with slides that change every 3 s, and a sound server."""
    with VirtualDesktop() as made:
        made.show(SLIDES, 3.0)
        yield made


@pytest.fixture(scope="session")
def engine(desktop: VirtualDesktop, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    data_dir = tmp_path_factory.mktemp("library")
    env = {**os.environ, **desktop.env, "JUPYTER_CAPTURE_DATA_DIR": str(data_dir)}
    env["JUPYTER_CAPTURE_LOG_LEVEL"] = "debug"  # what is never logged is not logged then either
    started = start_engine(data_dir, env)
    yield started
    end_process(started.process)


@pytest.fixture(scope="session")
def connection(engine: Engine) -> Iterator[Connection]:
    """A client of `engine`."""
    with connect(data_dir=engine.data_dir) as made:
        yield made


@pytest.fixture(scope="session")
def webhooks() -> Iterator[WebhookReceiver]:
    """Takes webhooks of any session; ask it for those of yours."""
    with WebhookReceiver() as receiver:
        yield receiver


@pytest.fixture(scope="session")
def recorded(
    desktop: VirtualDesktop, connection: Connection, webhooks: WebhookReceiver
) -> Recorded:
    """About 8 s about a budget. Read it, but make a session of your own to change anything."""
    session = connection.create_capture_session(end_user_id="tests", callback_url=webhooks.url)
    # From the first slide on, so that the same ones are in it each time.
    desktop.show(SLIDES, 3.0)
    session.start(
        [
            {"name": "display:1", "store": True},
            {"name": "mic:default", "store": True},
            {"name": "system_audio:default", "store": False},
        ],
        primary_video_channel_id="display:1",
    )
    desktop.say(UNKEPT, "speakers", wait=False)
    desktop.say(BUDGET)
    desktop.say(HIRING)
    asked = time.monotonic()
    session.stop()
    took = time.monotonic() - asked
    webhooks.wait_for("capture_session.exported", session.id)
    bodies = [b for b in webhooks.bodies if b["capture_session_id"] == session.id]
    return Recorded(session, (BUDGET, HIRING), UNKEPT, took, bodies)


def start_engine(data_dir: Path, env: dict[str, str], *arguments: str) -> Engine:
    """Start an engine and return once it answers. End it with `end_process`."""
    command = [sys.executable, "-m", "jupyter_capture.engine", "--data-dir", str(data_dir)]
    log = data_dir / "engine.log"
    with log.open("ab") as file:
        process = subprocess.Popen(
            [*command, *arguments],
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            start_new_session=True,
        )
    deadline = time.monotonic() + 60
    while True:
        locator = read_locator(data_dir)
        if locator is not None and locator.pid == process.pid and answers(locator):
            return Engine(data_dir, env, process)
        if process.poll() is not None or time.monotonic() > deadline:
            end_process(process)
            pytest.fail(f"The engine did not start. Its log:\n{log.read_text()[-4000:]}")
        time.sleep(0.05)


def end_process(process: subprocess.Popen[bytes]) -> None:
    """Ask it to end, and make sure."""
    process.terminate()
    killer = threading.Timer(20, process.kill)
    killer.start()
    try:
        process.wait()
    finally:
        killer.cancel()
