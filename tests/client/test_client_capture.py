"""Sessions, channels and the async client."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from client_harness import SESSION, Server, failure, ok

from jupyter_capture import CaptureClient, CaptureSession, Channel, errors
from jupyter_capture.client.channel import requests
from jupyter_capture.client.connection import Connection

PATH = "/collection/default/capture/session/cap-1"
CHANNELS = {
    "channels": [
        {"channel_id": "mic:usb", "name": "USB", "type": "audio"},
        {"channel_id": "mic:default", "name": "Mic", "type": "audio", "is_default": True},
        {"channel_id": "display:1", "name": "Screen", "type": "video", "width": 1280},
        {"channel_id": "system_audio:default", "name": "Sound", "type": "audio"},
        {"channel_id": "camera:1", "name": "Camera", "type": "video"},
    ],
    "problems": ["No Wayland portal."],
}


def at(status: str, **fields: Any) -> Any:
    return ok({**SESSION, "status": status, **fields})


def session(conn: Connection) -> CaptureSession:
    return CaptureSession(conn, "cap-1", "default")


def test_a_session_has_every_field_of_the_wire(server: Server, conn: Connection) -> None:
    from jupyter_capture.wire.capture import Session

    server.on("GET", PATH, ok(SESSION))
    cap = conn.get_capture_session("cap-1")
    for name in Session.model_fields:
        assert hasattr(cap, name), name
    assert cap.id == cap.session_id == "cap-1"
    assert [channel.id for channel in cap.displays] == ["display:1"]
    assert cap.storage[0].bytes == 123456


def test_display_and_screen_are_the_same_streams(server: Server, conn: Connection) -> None:
    server.on("GET", PATH, ok(SESSION))
    cap = conn.get_capture_session("cap-1")
    ids = {name: [s.id for s in cap.get_rtstream(name)] for name in ("display", "screen")}
    assert ids == {"display": ["rts-1"], "screen": ["rts-1"]}
    assert cap.get_rtstream("display:1")[0].exported_asset_id == "m-2"
    assert cap.get_rtstream("camera") == []
    assert cap.get_rtstream("system_audio")[0].exported_asset_id is None


def test_creating_sends_only_what_was_said(server: Server, conn: Connection) -> None:
    server.on("POST", "/collection/default/capture/session", at("created"))
    cap = conn.create_capture_session(callback_url="http://x", metadata={"a": 1})
    assert cap.status == "created"
    expected = {"end_user_id": "local", "callback_url": "http://x", "metadata": {"a": 1}}
    assert server.body() == expected


def test_starting_waits_until_it_runs(server: Server, conn: Connection) -> None:
    server.on("POST", "/capture/session/start", ok({}))
    server.on("GET", PATH, at("starting"), at("active"))
    cap = session(conn).start(["mic:default"], fps=10)
    assert cap.status == "active"
    posted = server.body(0)
    assert posted["fps"] == 10
    assert posted["channels"][0]["store"] is False


def test_stopping_waits_for_the_export(server: Server, conn: Connection) -> None:
    server.on("POST", "/capture/session/cap-1/stop", ok({}))
    server.on("GET", PATH, at("stopping"), at("stopped"), at("exported"))
    assert session(conn).stop().status == "exported"


def test_a_session_that_keeps_nothing_ends_stopped(server: Server, conn: Connection) -> None:
    live = [{**channel, "store": False} for channel in SESSION["channels"]]  # type: ignore[attr-defined]
    server.on("POST", "/capture/session/cap-1/stop", ok({}))
    server.on("GET", PATH, at("stopped", channels=live, exported_video_id=None))
    cap = session(conn).stop()
    assert cap.status == "stopped"
    assert cap.exported_video_id is None
    assert cap.get_video() is None


def test_a_session_that_failed_says_why(server: Server, conn: Connection) -> None:
    server.on("GET", PATH, at("failed", error="the display went away"))
    with pytest.raises(errors.EngineError, match="the display went away"):
        session(conn).wait("active")


def test_waiting_too_long_names_the_state(server: Server, conn: Connection) -> None:
    server.on("GET", PATH, at("starting"))
    with pytest.raises(errors.RequestTimeoutError, match="still starting"):
        session(conn).wait("active", timeout=0)


def test_export_and_delete(server: Server, conn: Connection) -> None:
    answer = {"session_id": "cap-1", "export_status": "exported", "video_id": "m-1"}
    server.on("POST", f"{PATH}/export", ok(answer))
    server.on("DELETE", "/capture/session/cap-1", ok())
    assert session(conn).export("display:1")["video_id"] == "m-1"
    assert server.body() == {"video_channel_id": "display:1"}
    session(conn).delete()


def test_a_stream_exports_its_asset(server: Server, conn: Connection) -> None:
    server.on("GET", PATH, ok(SESSION))
    server.on("POST", "/rtstream/rts-0/export", ok({"video_id": "a-1", "duration": 3.0}))
    exported = conn.get_capture_session("cap-1").get_rtstream("mic")[0].export()
    assert (exported.video_id, exported.duration) == ("a-1", 3.0)


def test_channels_come_as_dicts_objects_or_names() -> None:
    mic = Channel("mic:default", store=True)
    made = requests([{"name": "display:1", "store": True}, mic, "camera:1"], "display:1")
    assert [(each["channel_id"], each["store"], each["is_primary"]) for each in made] == [
        ("display:1", True, True),
        ("mic:default", True, False),
        ("camera:1", False, False),
    ]


@pytest.mark.parametrize(
    "wrong", [[], [{}], [{"store": True}], [7], [""], [{"name": "m", "store": "yes"}]]
)
def test_what_names_no_channel_is_refused(wrong: list[Any]) -> None:
    with pytest.raises(errors.InvalidRequestError):
        requests(wrong, None)


def test_a_misspelled_field_of_a_channel_is_named() -> None:
    with pytest.raises(errors.InvalidRequestError, match="'stored'"):
        requests([{"name": "mic:default", "stored": True}], None)


async def test_channels_are_grouped_with_the_default_first(
    server: Server, conn: Connection
) -> None:
    server.on("GET", "/capture/channels", ok(CHANNELS))
    client = CaptureClient(connection=conn)
    found = await client.list_channels()
    assert found.mics.default is not None
    assert found.mics.default.id == "mic:default"
    assert [channel.id for channel in found.all()] == [
        "mic:default",
        "mic:usb",
        "display:1",
        "system_audio:default",
    ]
    assert found.problems == ["No Wayland portal."]
    assert await client.request_permission("microphone")
    with pytest.raises(errors.InvalidRequestError, match="microphone, screen_capture"):
        await client.request_permission("camera")


async def test_the_client_records_pauses_and_stops(server: Server, conn: Connection) -> None:
    for command in ("cap-1/stop", "cap-1/pause", "cap-1/resume", "start"):
        server.on("POST", f"/capture/session/{command}", ok({}))
    server.on("GET", PATH, at("active"), at("paused"), at("active"), at("exported"))
    client = CaptureClient(connection=conn)
    await client.start_session("cap-1", ["mic:default"])
    await client.pause()
    await client.resume()
    assert (await client.stop_session()).exported_video_id == "m-1"
    await client.shutdown()
    assert server.http().get(PATH)["status"] == "exported"


async def test_the_loop_goes_on_while_the_client_waits(server: Server, conn: Connection) -> None:
    entered = asyncio.Event()
    loop = asyncio.get_running_loop()

    def slow(request: Any) -> Any:
        # Answers only once the loop has run: a blocked loop would wait here for ever.
        asyncio.run_coroutine_threadsafe(asyncio.sleep(0), loop).result(timeout=10)
        loop.call_soon_threadsafe(entered.set)
        return ok(CHANNELS)

    server.on("GET", "/capture/channels", slow)
    await CaptureClient(connection=conn).list_channels()
    await asyncio.wait_for(entered.wait(), 10)


async def test_events_tell_each_state_once(server: Server, conn: Connection) -> None:
    server.on("POST", "/capture/session/start", ok({}))
    levels = {"mic:default": -20.0}
    states = [at("active"), at("active"), at("active", levels=levels), at("stopping")]
    server.on("GET", PATH, *states, at("exported"))
    client = CaptureClient(connection=conn)
    await client.start_session("cap-1", ["mic:default"])
    events = [event async for event in client.events()]
    assert [event.get("event") or event["channel"] for event in events] == [
        "capture_session.active",
        "levels",
        "capture_session.stopping",
        "capture_session.exported",
    ]
    assert events[-1]["data"]["exported_video_id"] == "m-1"


class Talker:
    """A websocket that says these events, and then ends or waits; ``conn`` is told its address."""

    def __init__(self, server: Server, *events: dict[str, Any], ends: bool = False) -> None:
        self.server, self.events, self.ends = server, events, ends

    async def __aenter__(self) -> None:
        from websockets.asyncio.server import serve

        self._served = await serve(self._talk, "127.0.0.1", 0)
        port = self._served.sockets[0].getsockname()[1]
        answer = ok({"websocket_url": f"ws://127.0.0.1:{port}/"})
        self.server.on("GET", "/collection/default/websocket", answer)

    async def __aexit__(self, *_: object) -> None:
        self._served.close()
        await self._served.wait_closed()

    async def _talk(self, socket: Any) -> None:
        await socket.send('{"connection_id": "ws-1"}')
        for event in self.events:
            await socket.send(json.dumps(event))
        if not self.ends:
            await socket.wait_closed()


def told(status: str, id: str = "cap-1", **data: Any) -> dict[str, Any]:
    event = f"capture_session.{status}"
    return {"event": event, "capture_session_id": id, "status": status, "data": data}


async def test_events_come_over_the_websocket_where_there_is_one(
    server: Server, conn: Connection
) -> None:
    server.on("POST", "/capture/session/start", ok({}))
    server.on("GET", PATH, at("active"), at("active"), at("exported"))
    levels = {"channel": "levels", "capture_session_id": "cap-1", "data": {"mic:default": -20.0}}
    client = CaptureClient(connection=conn)
    await client.start_session("cap-1", ["mic:default"])
    said = [told("starting"), told("active"), levels, told("active", "cap-2"), told("paused"),
            told("active"), told("stopping"), told("stopped")]  # fmt: skip
    async with Talker(server, *said):
        events = [event async for event in client.events()]
    assert [event.get("event", "levels").removeprefix("capture_session.") for event in events] == [
        "active", "levels", "paused", "active", "stopping", "stopped", "exported",
    ]  # fmt: skip
    assert events[1] == levels
    assert server.sent[-3].url.params["session_id"] == "cap-1"
    # Not asked again and again: once at the beginning, once at the end.
    assert server.calls().count(f"GET {PATH}") == 3


async def test_events_go_on_without_the_websocket_when_it_breaks(
    server: Server, conn: Connection
) -> None:
    server.on("POST", "/capture/session/start", ok({}))
    server.on("GET", PATH, *[at("active")] * 3, at("stopping"), at("exported"))
    client = CaptureClient(connection=conn)
    await client.start_session("cap-1", ["mic:default"])
    async with Talker(server, told("paused"), told("active"), ends=True):
        events = [event["status"] async for event in client.events()]
    assert events == ["active", "paused", "active", "stopping", "exported"]


async def test_a_listed_channel_pauses_itself_in_the_session_that_runs(
    server: Server, conn: Connection
) -> None:
    server.on("GET", "/capture/channels", ok(CHANNELS))
    server.on("POST", "/capture/session/start", ok({}))
    server.on("POST", "/capture/session/cap-1/channel", ok({}))
    server.on("GET", PATH, at("active"))
    client = CaptureClient(connection=conn)
    mic = (await client.list_channels()).mics.default
    assert mic is not None
    await client.start_session("cap-1", [mic])
    await mic.pause()
    assert server.body(-2) == {"channel_id": "mic:default", "paused": True}
    await mic.resume()
    assert server.body(-2) == {"channel_id": "mic:default", "paused": False}
    with pytest.raises(errors.ConflictError, match=r'client.pause\("mic:own"\)'):
        await Channel("mic:own").pause()


def test_what_was_recorded_is_forgotten_by_seconds_or_times(
    server: Server, conn: Connection
) -> None:
    path = "/capture/session/cap-1/forget"
    server.on("POST", path, ok({"session_id": "cap-1", "start": 1, "end": 3, "segments": 2}))
    done = session(conn).forget(2)
    assert (done.start, done.end, done.segments) == (1, 3, 2)
    assert server.body() == {"seconds": 2}
    session(conn).forget(start=1, end=3)
    assert server.body() == {"start": 1, "end": 3}


async def test_stopping_what_was_not_started_is_refused(conn: Connection) -> None:
    with pytest.raises(errors.ConflictError, match=r"start_session\(\) first"):
        await CaptureClient(connection=conn).stop_session()


async def test_a_client_token_starts_stops_and_reads_its_own_session_alone(
    server: Server, conn: Connection
) -> None:
    server.on("POST", "/capture/session/start", ok({}))
    server.on("POST", "/capture/session/cap-1/stop", ok({}))
    server.on("GET", "/collection/default/websocket", failure(403, "a client token may not"))
    server.on("GET", "/capture/session/cap-1", at("active"), at("active"), at("exported"))
    client = CaptureClient(connection=conn)
    client._token_only = True
    await client.start_session("cap-1", ["mic:default"])
    names = [event["event"] async for event in client.events()]
    assert names == ["capture_session.active", "capture_session.exported"]
    await client.stop_session()
    server.on("POST", "/capture/session/start", failure(403, "not yours"))
    with pytest.raises(errors.ForbiddenError, match="not yours"):
        await client.start_session("cap-1", ["mic:default"])


async def test_the_websocket_says_its_id_then_events() -> None:
    from websockets.asyncio.server import serve

    from jupyter_capture import WebSocketConnection

    async def talk(socket: Any) -> None:
        await socket.send('{"connection_id": "ws-1"}')
        await socket.send('{"event": "capture_session.active"}')
        await socket.send("no json")

    async with serve(talk, "127.0.0.1", 0) as served:
        port = served.sockets[0].getsockname()[1]
        async with WebSocketConnection(f"ws://127.0.0.1:{port}/?ticket=secret") as ws:
            assert ws.connection_id == "ws-1"
            assert "secret" not in repr(ws)
            events = [event async for event in ws.receive()]
    assert events == [{"event": "capture_session.active"}, {"raw": "no json"}]


async def test_a_websocket_that_cannot_be_opened_says_so() -> None:
    from jupyter_capture import WebSocketConnection

    with pytest.raises(errors.EngineUnavailableError, match="could not be opened"):
        await WebSocketConnection("ws://127.0.0.1:9/").connect()
