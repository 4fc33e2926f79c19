"""VideoDB's SDK listens, live: transcripts, indexes, events and alerts, and its own websocket."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

import pytest
import videodb
from videodb.exceptions import InvalidRequestError

from jupyter_capture.client.connection import connect
from jupyter_capture.demo.webhook import WebhookReceiver
from jupyter_capture.desktop import VirtualDesktop
from tests.conftest import BUDGET, HIRING
from tests.contract.conftest import Served

PROMPT = "Detect when someone talks about the budget"


@dataclass(frozen=True)
class Heard:
    """What the SDK was told while `BUDGET` and `HIRING` were said into a microphone that is kept,
    and then, when the index had stopped, that this was the budget discussion."""

    sdk: videodb.Connection
    session_id: str
    event_id: str
    alert_id: str
    started: dict[str, Any]
    stopped: dict[str, Any]
    transcript: dict[str, Any]
    index: Any
    found: Any
    listed: list[str]
    scenes: dict[str, Any]
    alerts: list[list[dict[str, Any]]]
    events: list[dict[str, Any]]

    def finals(self) -> list[str]:
        return [
            event["data"]["text"].lower()
            for event in self.events
            if event["channel"] == "transcript" and event["data"]["is_final"]
        ]


@pytest.fixture(scope="module")
def heard(
    served: Served, sdk: videodb.Connection, desktop: VirtualDesktop, webhooks: WebhookReceiver
) -> Heard:
    session = sdk.create_capture_session(end_user_id="live")
    with connect(data_dir=served.engine.data_dir) as own:
        recording = own.get_capture_session(session.id)
        recording.start([{"name": "mic:default", "store": True}])
        try:
            return asyncio.run(_listen(sdk, session.id, desktop, webhooks.url))
        finally:
            recording.stop()


async def _listen(
    sdk: videodb.Connection, session_id: str, desktop: VirtualDesktop, url: str
) -> Heard:
    mic = sdk.get_capture_session(session_id).get_rtstream("mic")[0]
    events: list[dict[str, Any]] = []
    async with sdk.connect_websocket() as websocket:

        async def take_down(until: str) -> None:
            async for event in websocket.receive():
                if event.get("rtstream_id") == mic.id:
                    events.append(event)
                    data = event["data"]
                    if data.get("is_final") and until in data["text"].lower():
                        return

        def speak(*texts: str) -> None:
            for text in texts:
                desktop.say(text)

        async def say(until: str, *texts: str) -> None:
            voice = asyncio.to_thread(speak, *texts)
            await asyncio.wait_for(asyncio.gather(voice, take_down(until)), 60)

        there = websocket.connection_id
        started = await asyncio.to_thread(mic.start_transcript, ws_connection_id=there)
        event_id = sdk.create_event(event_prompt=PROMPT, label="budget")
        index = await asyncio.to_thread(mic.index_spoken_words, name="words")
        alert_id = index.create_alert(event_id, callback_url=url, ws_connection_id=there)
        await say("engineers", BUDGET, HIRING)
        alerts = [index.list_alerts()]
        index.disable_alert(alert_id)
        alerts.append(index.list_alerts())
        index.enable_alert(alert_id)
        index.stop()
        await say("today", "That was the budget discussion, and we are finished for today.")
        transcript, scenes = mic.get_transcript(), index.get_scenes()
        listed = [one.rtstream_index_id for one in mic.list_scene_indexes()]
        found = mic.get_scene_index(index.rtstream_index_id)
        stopped = await asyncio.to_thread(mic.stop_transcript)
    return Heard(
        sdk, session_id, event_id, alert_id, started, stopped, transcript, index, found, listed,
        scenes, alerts, events,
    )  # fmt: skip


def test_finals_come_on_the_websocket_of_the_sdk(heard: Heard) -> None:
    said = " ".join(heard.finals())
    assert "budget discussion" in said
    assert "hiring two engineers" in said
    for event in heard.events:
        assert event["rtstream_name"] == "mic:default"
        assert isinstance(event["data"]["start"], int)


def test_a_transcript_starts_stops_and_is_read_meanwhile(heard: Heard) -> None:
    assert heard.started["status"] == "running"
    assert heard.stopped["status"] == "stopped"
    texts = [each["text"].lower() for each in heard.transcript["segments"]]
    assert texts == heard.finals()
    assert heard.transcript["has_next"] is False


def test_an_alert_fires_on_its_sentence_and_while_its_index_runs(
    heard: Heard, webhooks: WebhookReceiver
) -> None:
    fired = [event["data"] for event in heard.events if event["channel"] == "alert"]
    assert {each["alert_id"] for each in fired} == {heard.alert_id}
    assert fired
    assert all("budget" in each["text"].lower() for each in fired)
    assert not any("hiring" in each["text"].lower() for each in fired)
    assert not any("today" in each["text"].lower() for each in fired)
    body = webhooks.wait_for("alert", heard.session_id)
    assert (body["event_id"], body["label"]) == (heard.event_id, "budget")


def test_events_and_alerts_are_listed_and_switched(heard: Heard) -> None:
    assert {"event_id": heard.event_id, "event_prompt": PROMPT, "label": "budget"} in (
        heard.sdk.list_events()
    )
    (enabled,), (disabled,) = heard.alerts
    assert enabled["alert_id"] == disabled["alert_id"] == heard.alert_id
    assert (enabled["status"], disabled["status"]) == ("enabled", "disabled")
    assert enabled["prompt"] == PROMPT


def test_a_live_index_holds_what_was_said_as_scenes(heard: Heard) -> None:
    assert heard.index.extraction_type == "transcript"
    assert heard.listed == [heard.index.rtstream_index_id]
    assert (heard.found.name, heard.found.status) == ("words", "stopped")
    texts = [each["description"].lower() for each in heard.scenes["scenes"]]
    assert texts == heard.finals()
    assert heard.scenes["next_page"] is False


def test_a_microphone_shows_nothing_and_a_stopped_recording_says_nothing(heard: Heard) -> None:
    mic = heard.sdk.get_capture_session(heard.session_id).get_rtstream("mic")[0]
    with pytest.raises(InvalidRequestError, match="no picture"):
        mic.index_visuals()
    with pytest.raises(InvalidRequestError, match="does not record"):
        mic.start_transcript()
