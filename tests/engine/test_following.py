"""Who follows a session gets its states and levels, though another websocket was named for it."""

from __future__ import annotations

import asyncio
from typing import Any

from engine_harness import LIVE_MIC, SCREEN, Bench

from jupyter_capture import CaptureClient


async def states(events: Any, until: str) -> list[str]:
    found = []
    async for event in events:
        if str(event.get("event", "")).startswith("capture_session."):
            found.append(str(event["status"]))
            if event["status"] == until:
                break
    return found


async def test_a_recording_is_followed_and_one_channel_paused(common: Bench) -> None:
    client = CaptureClient(connection=common.connection)
    async with common.connection.connect_websocket() as named:
        session = common.connection.create_capture_session(ws_connection_id=named.connection_id)
        await client.start_session(session.id, [SCREEN, LIVE_MIC])
        followed = asyncio.create_task(states(client.events(), "exported"))
        to_named = asyncio.create_task(states(named.receive(), "exported"))
        await client.pause("mic")
        assert client._current().status == "active"
        await client.resume("mic")
        await client.pause()
        await client.resume()
        await client.stop_session()
        assert (await followed)[-4:] == ["active", "stopping", "stopped", "exported"]
        assert (await to_named)[-3:] == ["stopping", "stopped", "exported"]
    await asyncio.to_thread(session.delete)
