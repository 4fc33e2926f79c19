"""Recording from a browser: its tab and sound, its microphone and camera, and what can go wrong."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from urllib.parse import urlsplit

import av
import httpx
import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from jupyter_capture.client.connection import Connection
from jupyter_capture.client.session import CaptureSession
from jupyter_capture.desktop import VirtualDesktop
from jupyter_capture.wire.recorder import Manifest
from tests.conftest import Engine

from .conftest import QUIET
from .wire import Wire

Launch = Callable[..., Browser]

EVERY = 1.5
CLAPPER = f"""<title>Clapper</title><body style="background: black"><script>
  const sound = new AudioContext(), tone = new OscillatorNode(sound, {{frequency: 1000}});
  const gate = new GainNode(sound, {{gain: 0}});
  tone.connect(gate).connect(sound.destination); tone.start();
  const clap = () => {{
    document.body.style.background = "white"; gate.gain.value = 0.5;
    setTimeout(() => {{ document.body.style.background = "black"; gate.gain.value = 0; }}, 400);
  }};
  setInterval(clap, {EVERY * 1000});
</script>"""


@pytest.fixture(scope="module")
def launch(browser: Browser) -> Iterator[Launch]:
    """Browsers that answer what they are asked about sharing by themselves."""
    made: list[Browser] = []

    def start(*flags: str, **more: object) -> Browser:
        started = browser.browser_type.launch(
            executable_path=shutil.which("chromium"),
            args=[*QUIET, *flags],
            ignore_default_args=["--mute-audio"],
            **more,
        )
        made.append(started)
        return started

    yield start
    for each in made:
        each.close()


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


def until(session: CaptureSession, page: Page, *statuses: str) -> CaptureSession:
    deadline = time.monotonic() + 40
    while session.refresh().status not in statuses:
        assert time.monotonic() < deadline, (session.status, session.error, session.warnings)
        page.wait_for_timeout(50)
    return session


def choose(page: Page, *wanted: str) -> None:
    expect(page.locator(".jc-turn")).to_have_count(4)
    for row in page.locator(".jc-channel").all():
        kind = str(row.get_attribute("data-channel")).partition(":")[0]
        row.locator(".jc-turn").set_checked(kind in wanted)


def manifest_of(engine: Engine, session: CaptureSession) -> Manifest:
    path = next(engine.data_dir.rglob(f"{session.id}/manifest.json"))
    return Manifest.model_validate_json(path.read_bytes())


def flashes(file: Path) -> list[float]:
    """Seconds at which the middle of the picture becomes white."""
    shown = []
    with av.open(str(file)) as stored:
        for frame in stored.decode(video=0):
            grey = frame.to_ndarray(format="gray")
            shown.append((float(frame.time), grey[grey.shape[0] // 2, grey.shape[1] // 2] > 128))
    return [at for (_, before), (at, now) in pairwise(shown) if now and not before]


def clicks(file: Path) -> list[float]:
    """Seconds at which a tone begins."""
    with av.open(str(file)) as stored:
        pcm = np.concatenate([f.to_ndarray().mean(axis=0) for f in stored.decode(audio=0)])
    loud = np.abs(pcm[: len(pcm) // 480 * 480]).reshape(-1, 480).max(axis=1) > 0.05
    return [float(at + 1) / 100 for at in np.flatnonzero(loud[1:] & ~loud[:-1])]


def test_a_tab_and_its_sound_are_recorded_through_a_lost_connection_until_the_tab_is_closed(
    launch: Launch, connection: Connection, engine: Engine, wire: Wire
) -> None:
    chromium = launch("--auto-select-tab-capture-source-by-title=Clapper")
    clapper = chromium.new_page()
    clapper.set_content(CLAPPER)
    page = chromium.new_page()
    session, url = linked(connection, wire)
    page.goto(url)
    choose(page, "display", "system_audio")
    page.get_by_role("button", name="Record", exact=True).click()
    expect(page.locator(".jc-session")).to_have_attribute("data-status", "active", timeout=30_000)
    page.wait_for_timeout(2500)
    wire.cut()
    expect(page.get_by_text("The connection is lost")).to_be_visible()
    page.wait_for_timeout(5000)
    wire.mend()
    expect(page.get_by_text("The connection is lost")).to_be_hidden()
    page.wait_for_timeout(1500)
    clapper.close()
    until(session, page, "exported")
    expect(page.get_by_text("This page may be closed")).to_be_visible()
    tracks = {track.channel_id: track for track in manifest_of(engine, session).tracks}
    folder = next(engine.data_dir.rglob(session.id))
    seen = flashes(folder / tracks["display:browser"].parts[-1].file)
    heard = clicks(folder / tracks["system_audio:browser"].parts[0].file)
    assert len(seen) == pytest.approx(len(heard), abs=1)
    assert len(heard) >= 5
    # None is missing, before, while or after the connection was lost, and none is out of step.
    assert np.diff(heard[1:]) == pytest.approx(EVERY, abs=0.06)
    apart = [min(abs(flash - click) for flash in seen) for click in heard[1:-1]]
    assert np.median(apart) < 0.12
    assert max(apart) < 0.3  # a busy browser is late with a picture now and then


def test_a_microphone_is_kept_a_camera_is_live_only_and_closing_the_page_ends_the_session(
    launch: Launch, connection: Connection, engine: Engine, wire: Wire
) -> None:
    chromium = launch("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
    page = chromium.new_page()
    session, url = linked(connection, wire)
    page.goto(url)
    choose(page, "mic", "camera")
    page.get_by_role("switch", name="Camera of this browser: kept").click()
    page.get_by_role("button", name="Record", exact=True).click()
    expect(page.locator(".jc-session")).to_have_attribute("data-status", "active", timeout=30_000)
    expect(page.get_by_role("meter")).not_to_have_attribute("aria-valuenow", "0")
    other = chromium.new_page()
    page.close()
    until(session, other, "exported")
    assert session.metadata["stop_reason"] == "browser"
    assert not session.metadata.get("recovered")
    tracks = {track.channel_id: track for track in manifest_of(engine, session).tracks}
    assert set(tracks) == {"mic:browser", "mix"}
    folder = next(engine.data_dir.rglob(session.id))
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
    choose(page, "display", "mic")
    page.get_by_role("button", name="Record", exact=True).click()
    expect(page.locator(".jc-session")).to_have_attribute("data-status", "active", timeout=30_000)
    desktop.say("The budget is twelve thousand.")
    page.get_by_role("button", name="Stop", exact=True).click()
    until(session, page, "exported")
    tracks = {track.channel_id: track for track in manifest_of(engine, session).tracks}
    codec = tracks["display:browser"].codec
    assert (codec.width, codec.height) == (1280, 720)
    folder = next(engine.data_dir.rglob(session.id))
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
        choose(page, "mic")
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
    for each in (session, of_another):
        each.delete()
