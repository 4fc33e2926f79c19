"""Text on a screen while it is recorded: kept, and live only, of which nothing is written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from engine_harness import MIC, Bench, reach
from live_harness import Ear, files_open_by, files_with, workers_of
from screen_harness import PAGES, Page, show

from jupyter_capture.client.connection import connect
from jupyter_capture.client.rtstream import RTStream
from jupyter_capture.client.scene_index import RTStreamSceneIndex
from jupyter_capture.client.session import CaptureSession
from jupyter_capture.demo.webhook import WebhookReceiver
from jupyter_capture.desktop import VirtualDesktop
from jupyter_capture.errors import InvalidRequestError

SECRET = Page(("Zeppelin forecast", "Helium: 4 700 litres"))
LATER = Page(("Thank you", "Questions to Mildred"))
UNSEEN = Page(("Nobody reads this page",))


@dataclass(frozen=True)
class Seen:
    """What was told of a display while `SECRET`, then `LATER` was on it, and once the index had
    stopped, `UNSEEN`; what there is of it afterwards."""

    session: CaptureSession
    screen: RTStream
    index: RTStreamSceneIndex
    events: list[dict[str, Any]]
    alerts: list[dict[str, Any]]
    scenes: list[dict[str, Any]]
    open_files: set[Path]
    written: list[Path]
    told: dict[str, Any]


@pytest.fixture(scope="module")
def writing() -> Iterator[VirtualDesktop]:
    with VirtualDesktop() as made:
        show(made.display, PAGES[0])
        yield made


@pytest.fixture(scope="module")
def bench(writing: VirtualDesktop, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    data_dir = tmp_path_factory.mktemp("seen")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in writing.env.items():
            patch.setenv(name, value)
        made = Bench(data_dir, connect(data_dir=data_dir))
        made.connection.status()
    yield made
    made.close()


def look_on(bench: Bench, writing: VirtualDesktop, hook: WebhookReceiver, store: bool) -> Seen:
    connection = bench.connection
    show(writing.display, PAGES[0])
    with Ear(connection) as ear:
        session = connection.create_capture_session(ws_connection_id=ear.connection_id)
        session.start([{"name": "display:1", "store": store}, MIC])
        screen = next(one for one in session.refresh().rtstreams if one.name == "display:1")
        index = screen.index_visuals()
        event = connection.create_event('Tell me when "helium" is on the screen', "helium")
        index.create_alert(event, hook.url)
        ear.wait(lambda: ear.events("visual_index", screen.id))
        show(writing.display, SECRET)
        ear.wait(lambda: ear.events("alert", screen.id))
        # The stream is read once in two seconds, so a page must be there that long.
        reach(session, (session.refresh().duration or 0) + 2.2)
        show(writing.display, LATER)
        ear.wait(lambda: "Mildred" in str(ear.events("visual_index", screen.id)))
        told = hook.wait_for("alert", session.id)
        scenes = index.get_scenes()["scenes"]
        open_files = {path for pid in workers_of(bench.engine_pid) for path in files_open_by(pid)}
        index.stop()
        show(writing.display, UNSEEN)
        session.stop()
        events = [event for _, event in ear.events("visual_index", screen.id)]
        alerts = [event for _, event in ear.events("alert", screen.id)]
    screen.refresh()
    words = ("zeppelin", "mildred", "litres")
    written = [path for word in words for path in files_with(bench.data_dir, word)]
    return Seen(
        session, screen, index, events, alerts, scenes, open_files, written, told
    )  # fmt: skip


@pytest.fixture(scope="module")
def live_only(bench: Bench, writing: VirtualDesktop, webhooks: WebhookReceiver) -> Seen:
    return look_on(bench, writing, webhooks, False)


@pytest.fixture(scope="module")
def kept(bench: Bench, writing: VirtualDesktop, webhooks: WebhookReceiver) -> Seen:
    return look_on(bench, writing, webhooks, True)


def texts(seen: Seen) -> list[str]:
    return [event["data"]["text"] for event in seen.events]


@pytest.mark.parametrize("which", ["live_only", "kept"])
def test_what_comes_to_the_screen_is_told_once_while_it_is_recorded(
    which: str, request: pytest.FixtureRequest
) -> None:
    seen: Seen = request.getfixturevalue(which)
    assert texts(seen) == [" ".join(page.lines) for page in (PAGES[0], SECRET, LATER)]
    assert [scene["description"] for scene in seen.scenes] == texts(seen)
    times = [scene["start"] for scene in seen.scenes]
    assert times == sorted(times)
    assert [event["data"]["start"] for event in seen.events] == [round(at * 1000) for at in times]
    assert {event["data"]["rtstream_index_id"] for event in seen.events} == {
        seen.index.rtstream_index_id
    }
    assert seen.index.warnings


@pytest.mark.parametrize("which", ["live_only", "kept"])
def test_an_alert_fires_when_the_words_are_on_the_screen(
    which: str, request: pytest.FixtureRequest
) -> None:
    seen: Seen = request.getfixturevalue(which)
    (alert,) = seen.alerts
    assert alert["data"]["label"] == "helium"
    assert alert["data"]["explanation"] == "It was seen: helium."
    assert seen.told["rtstream_id"] == seen.screen.id
    assert "Helium" in seen.told["text"]


def test_nothing_of_a_live_only_screen_is_written_to_any_file(
    live_only: Seen, bench: Bench
) -> None:
    assert live_only.screen.exported_asset_id is None
    assert not live_only.written
    inside = {path for path in live_only.open_files if bench.data_dir in path.parents}
    assert inside <= {bench.data_dir / "engine.log"}


def test_once_it_has_stopped_a_kept_screen_is_read_as_its_stream(kept: Seen) -> None:
    index = kept.screen.index_visuals()
    assert index.status == "ready"
    scenes = index.get_scenes()["scenes"]
    assert any("Helium" in scene["description"] for scene in scenes)
    (live,) = [scene for scene in kept.scenes if "Helium" in scene["description"]]
    (read,) = [scene for scene in scenes if "Helium" in scene["description"]]
    assert abs(live["start"] - read["start"]) < 3


def test_a_microphone_has_no_text_and_a_screen_no_transcript(kept: Seen) -> None:
    mic = next(one for one in kept.session.refresh().rtstreams if one.name == "mic:default")
    with pytest.raises(InvalidRequestError, match="no picture"):
        mic.index_visuals()
    with pytest.raises(InvalidRequestError, match="no sound"):
        kept.screen.index_spoken_words()
    with pytest.raises(InvalidRequestError, match="no sound"):
        kept.screen.get_transcript()
