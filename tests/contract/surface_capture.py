"""Sessions, their channels and streams, and the websocket."""

from __future__ import annotations

import asyncio
from typing import Any

from videodb.capture import Channels

from tests.contract.surface import Bench, all_work, not_offered, works
from tests.contract.surface_library import BUDGET, SCREEN

LIVE = "while it is recorded, words as they are said; afterwards, those of a kept stream"
ALERTS = "of an index that was made while recording"


def words(b: Bench) -> Any:
    """The index of what the microphone heard."""
    return b.once("words", lambda: b.mic.index_spoken_words())


def moment(b: Bench) -> tuple[float, float]:
    """Unix seconds within the recording."""
    first = b.mic.get_transcript()["segments"][0]
    return first["start"], first["end"]


all_work(
    {
        "client.Connection.create_capture_session": lambda b: (
            b.sdk.create_capture_session(
                end_user_id="someone/\U0001f600", metadata={"a": [1, None]}
            ).status
            == "created"
        ),
        "client.Connection.get_capture_session": lambda b: (
            b.sdk.get_capture_session(b.recorded.session.id).status == "exported"
        ),
        "client.Connection.list_capture_sessions": lambda b: (
            b.recorded.session.id
            in [one.id for one in b.sdk.list_capture_sessions(status="exported")]
        ),
        "client.Connection.generate_client_token": lambda b: b.sdk.generate_client_token(
            60
        ).startswith("st-"),
        "collection.Collection.create_capture_session": lambda b: (
            b.collection.create_capture_session(end_user_id="u").status == "created"
        ),
        "collection.Collection.get_capture_session": lambda b: (
            b.collection.get_capture_session(b.recorded.session.id).exported_video_id == b.video.id
        ),
        "collection.Collection.list_capture_sessions": lambda b: (
            b.recorded.session.id in [one.id for one in b.collection.list_capture_sessions()]
        ),
        "capture_session.CaptureSession.displays": lambda b: (
            [one.id for one in b.recorded.session.displays] == ["display:1"]
        ),
        "capture_session.CaptureSession.get_rtstream": lambda b: (
            len(b.recorded.session.get_rtstream("screen")) == 1
        ),
        "capture_session.CaptureSession.export": lambda b: (
            b.recorded.session.export()["video_id"] == b.video.id
        ),
        "capture.Channels.all": lambda b: Channels().all() == [],
        "capture.Channel.to_dict": lambda b: b.recorded.session.channels[0].to_dict()["store"],
        "capture.ChannelList.default": lambda b: Channels().mics.default is None,
    }
)


@works(
    "capture.CaptureClient.request_permission",
    "capture.CaptureClient.list_channels",
    "capture.CaptureClient.start_session",
    "capture.CaptureClient.stop_session",
    "capture.CaptureClient.events",
    "capture.CaptureClient.shutdown",
    note="with `jupyter_capture.videodb.use_local_recorder()`",
)
def _recorded(b: Bench) -> bool:
    names = [event["event"] for event in b.recorded.events]
    return names == ["recording:started", "recording:stopped"]


@works("capture.Channel.pause", "capture.Channel.resume")
def _paused(b: Bench) -> bool:
    return "paused" not in b.video.get_transcript_text().lower()


@works(
    "client.Connection.connect_websocket",
    "websocket_client.WebSocketConnection.connect",
    "websocket_client.WebSocketConnection.close",
    "websocket_client.WebSocketConnection.receive",
    "websocket_client.WebSocketConnection.send",
)
def _websocket(b: Bench) -> bool:
    async def listen() -> str:
        async with b.sdk.connect_websocket() as socket:
            await socket.send({"anything": "is read and ignored"})
            made = await asyncio.to_thread(
                b.sdk.create_capture_session,
                end_user_id="ws",
                ws_connection_id=socket.connection_id,
            )
            async for event in socket.receive():
                if event.get("capture_session_id") == made.id:
                    return str(event["event"])
        return "nothing"

    return asyncio.run(asyncio.wait_for(listen(), 20)) == "capture_session.created"


# -- streams


@works("rtstream.RTStream.start", "rtstream.RTStream.stop", note="live only from, or kept again")
def _switched(b: Bench) -> bool:
    return b.live["switched"] == ["stopped", "connected"]


@works("rtstream.RTStream.generate_stream", "rtstream.RTStream.get_embed_code")
def _stretch(b: Bench) -> bool:
    assert "/watch?v=" in b.mic.generate_stream(*moment(b))
    return "/embed?v=" in b.mic.get_embed_code()


@works("rtstream.RTStreamShot.generate_stream", "rtstream.RTStreamShot.get_embed_code")
def _shot(b: Bench) -> bool:
    shot = b.mic.search(BUDGET).shots[0]
    assert shot.generate_stream().endswith("master.m3u8")
    return "/embed?v=" in shot.get_embed_code()


all_work(
    {
        "collection.Collection.get_rtstream": lambda b: (
            b.collection.get_rtstream(b.mic.id).name == "mic:default"
        ),
        "collection.Collection.list_rtstreams": lambda b: (
            {
                one.name
                for one in b.collection.list_rtstreams(
                    limit=1, status="exported", name="mic:default"
                )
            }
            == {"mic:default"}
        ),
        "rtstream.RTStream.export": lambda b: b.mic.export().video_id == b.audio.id,
        "rtstream.RTStream.get_transcript": lambda b: (
            "budget" in b.mic.get_transcript(page_size=1)["segments"][0]["text"].lower()
        ),
        "rtstream.RTStream.search": lambda b: (
            "budget" in b.mic.search(BUDGET).shots[0].text.lower()
        ),
        "rtstream.RTStreamSearchResult.get_shots": lambda b: (
            b.collection.legacy_search(BUDGET, namespace="rtstream").get_shots()[0].rtstream_id
            == b.mic.id
        ),
        "rtstream.RTStreamExportResult.get_embed_code": lambda b: (
            "/embed?v=" in b.mic.export().get_embed_code()
        ),
    }
)


@works(
    "rtstream.RTStream.index_spoken_words",
    "rtstream.RTStream.index_audio",
    note=LIVE,
)
def _words(b: Bench) -> bool:
    again = b.mic.index_audio(prompt="ignored")
    return words(b).status == "ready" and again.rtstream_index_id == words(b).rtstream_index_id


@works("rtstream.RTStreamSceneIndex.start", "rtstream.RTStreamSceneIndex.stop")
def _started(b: Bench) -> bool:
    found = b.mic.get_scene_index(words(b).rtstream_index_id)
    found.stop()
    found.start()
    return found.status == "connected"


all_work(
    {
        "rtstream.RTStream.list_scene_indexes": lambda b: (
            words(b).rtstream_index_id
            in [one.rtstream_index_id for one in b.mic.list_scene_indexes()]
        ),
        "rtstream.RTStream.get_scene_index": lambda b: (
            b.mic.get_scene_index(words(b).rtstream_index_id).extraction_type == "transcript"
        ),
        "rtstream.RTStreamSceneIndex.get_scenes": lambda b: (
            "budget" in words(b).get_scenes(page_size=1)["scenes"][0]["description"].lower()
        ),
    }
)


@works("rtstream.RTStream.start_transcript", "rtstream.RTStream.stop_transcript")
def _listened(b: Bench) -> bool:
    return b.live["transcript"] == ["running", "stopped"]


@works(
    "rtstream.RTStream.index_scenes",
    "rtstream.RTStream.index_visuals",
    note=f"{SCREEN}; while it is recorded, what comes to the screen, afterwards what was on it",
)
def _seen(b: Bench) -> bool:
    (screen,) = b.recorded.session.get_rtstream("screen")
    made = screen.index_scenes()
    again = screen.index_visuals(batch_config={"type": "time", "value": 2, "frame_count": 1})
    assert made.rtstream_index_id == again.rtstream_index_id
    return any("Travel" in scene["description"] for scene in made.get_scenes()["scenes"])


@works(
    "rtstream.RTStreamSceneIndex.create_alert",
    "rtstream.RTStreamSceneIndex.list_alerts",
    "rtstream.RTStreamSceneIndex.enable_alert",
    "rtstream.RTStreamSceneIndex.disable_alert",
    note=ALERTS,
)
def _alerts(b: Bench) -> bool:
    assert b.live["alert"].startswith("alert-")
    return b.live["alerts"] == ["disabled", "enabled"]


@works("client.Connection.create_event", "client.Connection.list_events")
def _events(b: Bench) -> bool:
    return b.live["event"] in [event["event_id"] for event in b.sdk.list_events()]


not_offered(
    {
        "collection.Collection.connect_rtstream": lambda b: b.collection.connect_rtstream(
            "rtsp://127.0.0.1/x", "camera"
        ),
    },
    note="streams come from sessions",
)
