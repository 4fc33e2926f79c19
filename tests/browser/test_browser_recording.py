"""Recording from a browser: its tab and sound, its microphone and camera, and what can go wrong."""

from __future__ import annotations

import os
from collections.abc import Iterator
from urllib.parse import urlsplit

import av
import httpx
import numpy as np
import pytest
from playwright.sync_api import expect

from jupyter_capture.client.connection import Connection
from jupyter_capture.client.session import CaptureSession
from jupyter_capture.desktop import VirtualDesktop
from tests.conftest import Engine

from .sharing import (
    CLAPPER,
    EVERY,
    GONE,
    Launch,
    choose,
    clicks,
    flashes,
    folder_of,
    shaken,
    tracks_of,
    until,
)
from .wire import Wire


@pytest.fixture
def wire(connection: Connection) -> Iterator[Wire]:
    port = urlsplit(connection.status().media_url).port
    assert port
    with Wire(port) as wire:
        yield wire


def linked(connection: Connection, wire: Wire) -> tuple[CaptureSession, str]:
    """A session that is not started, and the page that records it."""
    session = connection.create_capture_session(end_user_id="tests")
    answer = connection.http.post(f"/capture/session/{session.id}/record")
    return session, wire.url + "/record#" + answer["record_url"].partition("#")[2]


def test_a_tab_and_its_sound_are_in_step_and_the_session_ends_when_sharing_is_stopped(
    launch: Launch, connection: Connection, engine: Engine, wire: Wire
) -> None:
    chromium = launch("--auto-select-tab-capture-source-by-title=Clapper")
    clapper = chromium.new_page()
    clapper.set_content(CLAPPER)
    page = chromium.new_page()
    session, url = linked(connection, wire)
    page.goto(url)
    choose(page, "display:browser", "system_audio:browser")
    page.get_by_role("button", name="Record", exact=True).click()
    expect(page.locator(".jc-session")).to_have_attribute("data-status", "active", timeout=30_000)
    page.wait_for_timeout(1000 * 4.5 * EVERY)
    claps = clapper.evaluate("claps")
    clapper.close()
    until(session, page, "exported")
    expect(page.get_by_text("This page may be closed")).to_be_visible()
    tracks, folder = tracks_of(engine, session), folder_of(engine, session)
    seen = flashes(folder / tracks["display:browser"].parts[-1].file)
    heard = clicks(folder / tracks["system_audio:browser"].parts[0].file)
    assert len(heard) >= 4
    assert shaken(heard[1:], claps) < 0.1
    assert len(seen) == pytest.approx(len(heard), abs=1), (seen, heard)
    apart = [min(abs(flash - click) for click in heard) for flash in seen[1:]]
    assert np.median(apart) < 0.12
    assert sorted(apart)[-2] < 0.2  # a busy browser is late with a picture now and then


def test_a_microphone_is_kept_a_camera_is_live_only_and_closing_the_page_ends_the_session(
    launch: Launch, connection: Connection, engine: Engine, wire: Wire
) -> None:
    chromium = launch("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
    page = chromium.new_page()
    session, url = linked(connection, wire)
    page.goto(url)
    choose(page, "mic:browser", "camera:browser")
    page.get_by_role("switch", name="Camera of this browser: kept").click()
    page.get_by_role("button", name="Record", exact=True).click()
    expect(page.locator(".jc-session")).to_have_attribute("data-status", "active", timeout=30_000)
    expect(page.get_by_role("meter")).not_to_have_attribute("aria-valuenow", "0")
    other = chromium.new_page()
    page.close()
    until(session, other, "exported", seconds=GONE + 40)
    assert session.metadata["stop_reason"] == "browser"
    assert not session.metadata.get("recovered")
    tracks, folder = tracks_of(engine, session), folder_of(engine, session)
    assert set(tracks) == {"mic:browser", "mix"}
    assert clicks(folder / tracks["mic:browser"].parts[0].file)  # Chromium's own beeps
    # The link is good for this page alone, and the session has ended.
    other.goto(url)
    expect(other.get_by_text("This page may be closed")).to_be_visible()


def test_the_whole_screen_and_a_microphone_of_pulseaudio_are_recorded(
    launch: Launch, connection: Connection, engine: Engine, wire: Wire, desktop: VirtualDesktop
) -> None:
    chromium = launch(
        "--auto-select-desktop-capture-source=Entire screen",
        headless=False,
        env={**os.environ, **desktop.env},
    )
    page = chromium.new_page()
    page.context.grant_permissions(["microphone"])
    session, url = linked(connection, wire)
    page.goto(url)
    choose(page, "display:browser", "mic:browser")
    page.get_by_role("button", name="Record", exact=True).click()
    expect(page.locator(".jc-session")).to_have_attribute("data-status", "active", timeout=30_000)
    desktop.say("The budget is twelve thousand.")
    page.get_by_role("button", name="Stop", exact=True).click()
    until(session, page, "exported")
    tracks, folder = tracks_of(engine, session), folder_of(engine, session)
    codec = tracks["display:browser"].codec
    assert (codec.width, codec.height) == (1280, 720)
    assert clicks(folder / tracks["mic:browser"].parts[0].file)
    with av.open(str(folder / tracks["display:browser"].parts[-1].file)) as stored:
        picture = next(stored.decode(video=0)).to_ndarray(format="gray")
    assert picture.std() > 10  # there is something on it


@pytest.mark.parametrize(
    ("missing", "words"),
    [
        ("delete window.MediaRecorder", "it has no MediaRecorder"),
        (
            "Object.defineProperty(window, 'isSecureContext', {value: false})",
            "only over HTTPS, or from the machine itself",
        ),
        ("", "was not allowed to use the microphone"),
    ],
    ids=["no MediaRecorder", "insecure", "permission denied"],
)
def test_what_keeps_a_browser_from_recording_is_said(
    launch: Launch, connection: Connection, wire: Wire, missing: str, words: str
) -> None:
    page = launch("--use-fake-device-for-media-stream").new_page()
    session, url = linked(connection, wire)
    page.add_init_script(missing)
    page.goto(url)
    if not missing:
        choose(page, "mic:browser")
        page.get_by_role("button", name="Record", exact=True).click()
    expect(page.get_by_text(words)).to_be_visible()
    assert session.refresh().status == "created"
    session.delete()


def test_a_client_token_opens_nothing_but_its_recording(connection: Connection, wire: Wire) -> None:
    session, url = linked(connection, wire)
    token = url.partition("token=")[2]
    of_another = connection.create_capture_session(end_user_id="somebody else")

    def status(path: str, token: str = token) -> int:
        headers = {"x-access-token": token}
        return httpx.get(wire.url + path, headers=headers, timeout=10).status_code

    assert status(f"/capture/session/{session.id}") == 200
    assert status(f"/capture/session/{of_another.id}") == 404
    assert status("/collection/default/video") == 403
    assert status(f"/capture/session/{session.id}", "st-wrong") == 401
    assert status(f"/capture/session/{session.id}", "") == 404
    # A page from elsewhere may ask first (a preflight), and hears of no permission.
    for path in ("/capture/session/start", f"/capture/session/{session.id}/stop", "/record"):
        asks = {"Origin": "https://elsewhere.example", "Access-Control-Request-Method": "POST"}
        asked = httpx.options(wire.url + path, headers=asks, timeout=10)
        assert asked.status_code >= 400
        assert not [name for name in asked.headers if name.startswith("access-control-")]
    for each in (session, of_another):
        each.delete()
