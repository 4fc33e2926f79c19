"""VideoDB's official SDK, unmodified, against an engine that serves."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import videodb
from videodb.capture import CaptureClient

from jupyter_capture.client.connection import connect
from jupyter_capture.demo.webhook import WebhookReceiver
from jupyter_capture.desktop import VirtualDesktop
from jupyter_capture.videodb import use_local_recorder
from tests.conftest import BUDGET, HIRING, Engine, end_process, start_engine


@dataclass(frozen=True)
class Served:
    """An engine whose whole API is open to ``key`` at ``url``."""

    engine: Engine
    url: str
    key: str


@dataclass(frozen=True)
class SdkSession:
    """A session that the SDK recorded; ``events`` are those of its CaptureClient."""

    session: Any
    token: str
    events: list[dict[str, Any]]
    webhooks: list[dict[str, Any]]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def served(desktop: VirtualDesktop, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    data_dir = tmp_path_factory.mktemp("served")
    env = {**os.environ, **desktop.env, "JUPYTER_CAPTURE_DATA_DIR": str(data_dir)}
    port = free_port()
    engine = start_engine(data_dir, env, "--port", str(port))
    with connect(data_dir=data_dir) as own:
        key = own.http.post("keys", {"label": "contract"})["key"]
    yield Served(engine, f"http://127.0.0.1:{port}", key)
    end_process(engine.process)


@pytest.fixture(scope="session")
def sdk(served: Served) -> videodb.Connection:
    return videodb.connect(api_key=served.key, base_url=served.url)


@pytest.fixture(scope="session")
def sdk_session(
    served: Served,
    sdk: videodb.Connection,
    desktop: VirtualDesktop,
    webhooks: WebhookReceiver,
    tmp_path_factory: pytest.TempPathFactory,
) -> SdkSession:
    """VideoDB's quickstart: session, token, CaptureClient, webhook, exported."""
    patch = pytest.MonkeyPatch()
    for name, value in desktop.env.items():
        patch.setenv(name, value)
    try:
        use_local_recorder()
        session = sdk.create_capture_session(end_user_id="sdk", callback_url=webhooks.url)
        token = sdk.generate_client_token()
        events = asyncio.run(_record(served.url, token, session.id, desktop))
    finally:
        patch.undo()
    webhooks.wait_for("capture_session.exported", session.id)
    bodies = [body for body in webhooks.bodies if body["capture_session_id"] == session.id]
    return SdkSession(sdk.get_capture_session(session.id), token, events, bodies)


async def _record(
    url: str, token: str, session_id: str, desktop: VirtualDesktop
) -> list[dict[str, Any]]:
    client = CaptureClient(client_token=token, base_url=url)
    try:
        assert await client.request_permission("microphone")
        assert await client.request_permission("screen_capture")
        channels = await client.list_channels()
        screen, mic = channels.displays.default, channels.mics.default
        screen.store = mic.store = True
        screen.is_primary = True
        speakers = channels.system_audio.default
        await client.start_session(session_id, [screen, mic, speakers])
        await asyncio.to_thread(desktop.say, BUDGET)
        await mic.pause()
        await asyncio.to_thread(desktop.say, "This is said while the microphone is paused.")
        await mic.resume()
        await asyncio.to_thread(desktop.say, HIRING)
        await client.stop_session()
        events = []
        async for event in client.events():
            events.append(event)
            if event["event"] in ("recording:stopped", "recording:error"):
                break
        return events
    finally:
        await client.shutdown()
