"""Every public method of VideoDB's SDK: each works, or says by itself that it does not."""

from __future__ import annotations

import webbrowser
from collections.abc import Iterator
from typing import Any

import pytest
import videodb

from jupyter_capture.demo.webhook import WebhookReceiver
from jupyter_capture.desktop import VirtualDesktop
from tests.contract.conftest import SdkSession, Served
from tests.contract.surface import PAGE, Bench, load, methods, page

TABLE = load()


@pytest.fixture(scope="module")
def bench(
    served: Served,
    sdk: videodb.Connection,
    sdk_session: SdkSession,
    desktop: VirtualDesktop,
    webhooks: WebhookReceiver,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Bench]:
    collection = sdk.get_collection()
    video = collection.get_video(sdk_session.session.exported_video_id)
    sdk.post(f"video/{video.id}/index", data={}, poll_interval=0.2)
    mic = sdk_session.session.get_rtstream("mic")[0]
    audio = collection.get_audio(mic.export().video_id)
    made = Bench(
        url=served.url,
        key=served.key,
        sdk=sdk,
        collection=collection,
        recorded=sdk_session,
        video=video,
        audio=audio,
        mic=mic,
        folder=tmp_path_factory.mktemp("surface"),
        webhooks=webhooks,
    )
    made.live.update(seen_while_recording(sdk))
    patch = pytest.MonkeyPatch()
    # The SDK asks for a running job every 5 s.
    patch.setattr("videodb._constants.HttpClientDefaultValues.poll_interval", 0.2)
    patch.setattr(webbrowser, "open", lambda url: made.opened.append(url) or True)
    yield made
    patch.undo()


def seen_while_recording(sdk: videodb.Connection) -> dict[str, Any]:
    """What becomes of a stream that is stopped and started within its ``session``, and what is
    answered to who listens to it."""
    session = sdk.create_capture_session(end_user_id="live")
    asked = [{"channel_id": name, "store": True} for name in ("mic:default", "display:1")]
    sdk.post("capture/session/start", data={"session_id": session.id, "channels": asked})
    (stream,) = sdk.get_capture_session(session.id).get_rtstream("mic")
    seen = []
    for call in (stream.stop, stream.start):
        call()
        seen.append(stream.status)
    live = {"switched": seen, **listened(sdk, stream)}
    sdk.post(f"capture/session/{session.id}/stop")
    return {**live, "session": sdk.get_capture_session(session.id)}


def listened(sdk: videodb.Connection, stream: Any) -> dict[str, Any]:
    event_id = sdk.create_event("a budget", "budget")
    states = [stream.start_transcript()["status"]]
    index = stream.index_audio(name="live")
    alert_id = index.create_alert(event_id, "http://127.0.0.1:1")
    switched = []
    for switch in (index.disable_alert, index.enable_alert):
        switch(alert_id)
        switched += [alert["status"] for alert in index.list_alerts()]
    states.append(stream.stop_transcript()["status"])
    return {"event": event_id, "transcript": states, "alert": alert_id, "alerts": switched}


def test_the_table_has_every_public_method_and_no_other() -> None:
    assert sorted(TABLE) == sorted(methods())


@pytest.mark.parametrize("name", sorted(TABLE))
def test_the_table_is_true(bench: Bench, name: str) -> None:
    # One function may show several methods at once.
    assert bench.once(TABLE[name].run, lambda: TABLE[name].run(bench)) is True


def test_the_page_is_what_the_table_says() -> None:
    assert PAGE.read_text() == page(), "docs/compatibility.md is stale: run `make compatibility`"
