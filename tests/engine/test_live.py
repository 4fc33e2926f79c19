"""Live transcripts and alerts: real voices, on a kept channel and on one that is live only."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from engine_harness import Bench, alive, kill, wait_for
from live_harness import Ear, files_open_by, files_with, workers_of
from standardwebhooks import Webhook

from jupyter_capture.client.connection import Connection
from jupyter_capture.client.rtstream import RTStream
from jupyter_capture.client.scene_index import RTStreamSceneIndex
from jupyter_capture.client.session import CaptureSession
from jupyter_capture.demo.webhook import WebhookReceiver
from jupyter_capture.desktop import VirtualDesktop
from jupyter_capture.errors import ConflictError, InvalidRequestError, NotFoundError
from tests.conftest import BUDGET, HIRING, Engine

UNKEPT = "The budget for bananas is tiny."
CHANNELS = [
    {"name": "mic:default", "store": True},
    {"name": "system_audio:default", "store": False},
    {"name": "display:1", "store": False},
]


@dataclass(frozen=True)
class Spoken:
    """A session in which `BUDGET` and `HIRING` were said into the microphone, which is kept, and
    `UNKEPT` over the speakers, which are not; what was answered while it recorded."""

    session: CaptureSession
    mic: RTStream
    speakers: RTStream
    indexes: dict[str, RTStreamSceneIndex]
    alerts: dict[str, str]
    ear: Ear
    transcripts: dict[str, list[dict[str, Any]]]
    scenes: list[dict[str, Any]]
    refused: list[Exception]
    open_files: set[Path]


def stream(session: CaptureSession, name: str) -> RTStream:
    session.refresh()
    return next(one for one in session.rtstreams if one.name == name)


@pytest.fixture(scope="module")
def spoken(
    desktop: VirtualDesktop, connection: Connection, engine: Engine, webhooks: WebhookReceiver
) -> Iterator[Spoken]:
    with Ear(connection) as ear:
        session = connection.create_capture_session(ws_connection_id=ear.connection_id)
        session.start(CHANNELS)
        mic, speakers = stream(session, "mic:default"), stream(session, "system_audio:default")
        budget = connection.create_event("Detect when someone talks about the budget", "budget")
        indexes = {one.name: one.index_audio(name=one.name) for one in (mic, speakers)}
        alerts = {name: index.create_alert(budget, webhooks.url) for name, index in indexes.items()}
        refused = []
        with pytest.raises(InvalidRequestError) as error:
            stream(session, "display:1").start_transcript()
        refused.append(error.value)
        with pytest.raises(NotFoundError) as unknown:
            indexes["mic:default"].create_alert("event-none")
        refused.append(unknown.value)
        desktop.say(UNKEPT, "speakers", wait=False)
        desktop.say(BUDGET)
        desktop.say(HIRING)
        ear.wait_for_final(speakers.id, "banana")
        ear.wait_for_final(mic.id, "engineers")
        ear.wait(lambda: len(ear.events("alert")) >= 2)
        transcripts = {one.name: one.get_transcript()["segments"] for one in (mic, speakers)}
        scenes = indexes["mic:default"].get_scenes()["scenes"]
        pids = [engine.process.pid, *workers_of(engine.process.pid)]
        pids.append(int((engine.data_dir / f"sessions/{session.id}/recorder.pid").read_text()))
        assert len(pids) == 3
        opened = {path for pid in pids for path in files_open_by(pid)}
        session.stop()
        wait_for(lambda: not workers_of(engine.process.pid), what="the end of the worker")
        yield Spoken(
            session, mic, speakers, indexes, alerts, ear, transcripts, scenes, refused, opened
        )


def texts(segments: list[dict[str, Any]]) -> str:
    return " ".join(each["text"] for each in segments).lower()


def test_what_is_said_is_told_at_once_on_both_channels(spoken: Spoken) -> None:
    said = " ".join(spoken.ear.finals(spoken.mic.id)).lower()
    assert "let us start with the budget discussion" in said
    assert re.search(r"(twelve thousand|12,?000) for travel", said)
    assert "hiring two engineers" in said
    assert "banana" not in said
    heard = " ".join(spoken.ear.finals(spoken.speakers.id)).lower()
    assert "bananas" in heard
    assert "hiring" not in heard


def test_events_have_the_shape_of_the_protocol(spoken: Spoken) -> None:
    for at, event in spoken.ear.events("transcript"):
        assert set(event) == {"channel", "rtstream_id", "rtstream_name", "data"}
        data = event["data"]
        assert set(data) == {"text", "is_final", "start", "end"}
        assert isinstance(data["start"], int)
        assert data["start"] < data["end"] <= at * 1000


def test_drafts_come_at_most_once_a_second(spoken: Spoken) -> None:
    found = spoken.ear.events("transcript", spoken.mic.id)
    drafts = [at for at, event in found if not event["data"]["is_final"]]
    # Told a second apart at least; a machine that is busy with finals tells none.
    assert len(drafts) <= found[-1][0] - found[0][0] + 2


def test_the_transcript_is_answered_while_it_is_recorded(spoken: Spoken) -> None:
    mic, speakers = spoken.transcripts["mic:default"], spoken.transcripts["system_audio:default"]
    assert "budget discussion" in texts(mic)
    assert "bananas" in texts(speakers)
    assert spoken.session.started_at is not None
    for segment in [*mic, *speakers]:
        assert spoken.session.started_at - 0.5 <= segment["start"] < segment["end"]
    assert texts(spoken.scenes) == texts(mic)
    assert all(each["description"] == each["text"] for each in spoken.scenes)


def test_an_alert_fires_on_the_sentence_it_waits_for_and_on_no_other(spoken: Spoken) -> None:
    (told,) = spoken.ear.events("alert", spoken.mic.id)
    data = told[1]["data"]
    assert "budget" in data["text"].lower()
    assert (data["label"], data["confidence"]) == ("budget", 1.0)
    assert data["alert_id"] == spoken.alerts["mic:default"]
    (other,) = spoken.ear.events("alert", spoken.speakers.id)
    assert "bananas" in other[1]["data"]["text"].lower()


def test_alerts_reach_the_webhook_signed_and_those_of_kept_channels_are_stored_first(
    spoken: Spoken, webhooks: WebhookReceiver, engine: Engine
) -> None:
    def told() -> list[tuple[dict[str, str], dict[str, Any]]]:
        pairs = zip(webhooks.headers, webhooks.bodies, strict=True)
        return [pair for pair in pairs if pair[1].get("alert_id") in spoken.alerts.values()]

    wait_for(lambda: len(told()) == 2, what="both webhooks")
    database = sqlite3.connect(engine.data_dir / "library.sqlite3")
    (secret,) = database.execute("select value from secrets where value like 'whsec_%'").fetchone()
    stored = {row[0] for row in database.execute("select id from deliveries")}
    database.close()
    for headers, body in told():
        text = json.dumps(body, separators=(",", ":"))
        Webhook(secret).verify(text, headers)
        assert (headers["webhook-id"] in stored) == (body["rtstream_id"] == spoken.mic.id)
        assert body["event"] == "alert"


def test_no_word_of_a_live_only_channel_is_in_any_file(spoken: Spoken, engine: Engine) -> None:
    assert any("banana" in text.lower() for text in spoken.ear.finals(spoken.speakers.id))
    assert not files_with(engine.data_dir, "banana")
    assert files_with(engine.data_dir, "budget")  # of the kept one: the search does find words
    libraries = re.compile(r"\.(so|py|pyc|bin|onnx|json|txt|zip)\b|/lib/|/usr/|site-packages|jc-")
    elsewhere = {
        path
        for path in spoken.open_files
        if not path.is_relative_to(engine.data_dir) and not libraries.search(str(path))
    }
    assert not elsewhere


def test_nothing_is_left_of_a_live_only_channel_when_its_session_has_stopped(
    spoken: Spoken,
) -> None:
    with pytest.raises(ConflictError, match="no kept recording"):
        spoken.speakers.get_transcript()
    with pytest.raises(ConflictError, match="does not record"):
        spoken.speakers.start_transcript()
    assert spoken.indexes["system_audio:default"].list_alerts()[0]["status"] == "enabled"
    assert [one.status for one in spoken.mic.list_scene_indexes()] == ["stopped"]


def test_what_cannot_be_listened_to_or_waited_for_is_refused(spoken: Spoken) -> None:
    display, event = spoken.refused
    assert "no sound" in str(display)
    assert "create_event()" in str(event)


def test_the_recording_is_whole_whoever_listened(spoken: Spoken) -> None:
    spoken.session.refresh()
    assert spoken.session.status == "exported"
    assert not spoken.session.metadata.get("recovered")


def test_alerts_and_transcripts_go_on_whoever_dies_worker_engine_or_recorder(
    bench: Bench, desktop: VirtualDesktop, webhooks: WebhookReceiver
) -> None:
    session = bench.begin(CHANNELS[0])
    mic = stream(session, "mic:default")
    index = mic.index_spoken_words()
    event = bench.connection.create_event("hiring people", "hiring")
    alert = index.create_alert(event, webhooks.url)
    recorder = bench.recorder_pid(session)
    (worker,) = workers_of(bench.engine_pid)
    kill(worker)
    (again,) = wait_for(lambda: workers_of(bench.engine_pid), what="another worker")
    assert again != worker
    bench.kill_engine()
    wait_for(lambda: not alive(again), what="the worker's end with its engine")
    assert alive(recorder)
    wait_for(lambda: index_is_heard(bench, mic), what="listening again")
    desktop.say(HIRING)
    wait_for(lambda: alert in [body.get("alert_id") for body in webhooks.bodies], what="the alert")
    assert "engineers" in texts(mic.get_transcript()["segments"])
    assert bench.recorder_pid(session) == recorder
    kill(recorder)
    wait_for(lambda: bench.recorder_pid(session) != recorder, what="another recorder")
    wait_for(lambda: index_is_heard(bench, mic), what="listening to it")
    desktop.say(BUDGET)
    wait_for(lambda: "budget" in texts(mic.get_transcript()["segments"]), what="the next words")
    assert "engineers" in texts(mic.get_transcript()["segments"])
    mic.stop_transcript()
    assert index_is_heard(bench, mic) is False
    session.stop()
    session.refresh()
    assert (session.status, session.metadata.get("recovered")) == ("exported", True)
    session.delete()
    assert bench.rows("select id from alerts") == bench.rows("select id from live_indexes") == []


def index_is_heard(bench: Bench, mic: RTStream) -> bool:
    return [one.status for one in mic.list_scene_indexes()] == ["connected"]
