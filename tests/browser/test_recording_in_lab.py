"""Recording from the browser within JupyterLab, as a Hub serves it: below a prefix, by HTTPS, with
a password, over a network that fails."""

from __future__ import annotations

import base64
import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import BrowserContext, Locator, Page, Route, expect

from jupyter_capture.client.connection import Connection
from jupyter_capture.client.session import CaptureSession
from jupyter_capture.wire.recorder import TrackManifest
from tests.conftest import BUDGET, Engine

from .lab import Lab
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

PASSWORD = "open sesame"
LOST = 20.0
"""Seconds without a network."""
_READY = """async () => {
  const app = window.jupyterapp;
  await app.restored;
  await app.shell.currentWidget.sessionContext.ready; }"""
_RUN = "async (command) => { await window.jupyterapp.commands.execute(command); }"
SIDEBAR = "[id='jupyter-capture:sidebar']"
TAB = ("display:browser", "system_audio:browser")


@pytest.fixture(scope="module")
def lab(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    folder: Path = tmp_path_factory.mktemp("recording")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in engine.env.items():
            patch.setenv(name, value)
        with Lab(folder, "/user/ada/", PASSWORD) as running:
            yield running


@pytest.fixture
def wire(lab: Lab) -> Iterator[Wire]:
    with Wire(lab.port) as wire:
        yield wire


@pytest.fixture
def ada(launch: Launch) -> Iterator[BrowserContext]:
    """Her browser, in which a tab claps that it shares when it is asked what."""
    chromium = launch("--auto-select-tab-capture-source-by-title=Clapper")
    context = chromium.new_context(
        ignore_https_errors=True, viewport={"width": 1280, "height": 900}
    )
    context.set_default_timeout(15_000)
    context.new_page().set_content(CLAPPER)
    yield context
    context.close()


def logged_in(context: BrowserContext, lab: Lab, wire: Wire) -> Page:
    """A notebook with a session's panel, and the sidebar beside it."""
    lab.write("talk.ipynb", "from jupyter_capture.widgets import SessionPanel\nSessionPanel()")
    page = context.new_page()
    # JupyterLab says itself that its server cannot be reached; this one has read it.
    page.add_locator_handler(
        page.get_by_role("dialog"), lambda said: said.get_by_role("button").last.click()
    )
    page.goto(f"{lab.root(wire.port)}lab/tree/talk.ipynb?reset")
    page.locator("[name=password]").fill(lab.password)
    page.locator("#login_submit").click()
    page.wait_for_function("window.jupyterapp?.shell?.currentWidget?.sessionContext")
    page.evaluate(_READY)
    page.evaluate(_RUN, "notebook:run-all-cells")
    return page


def talk(tab: Page, text: str, folder: Path) -> None:
    wav = folder / "said.wav"
    subprocess.run(["flite", "-voice", "slt", "-t", text, "-o", str(wav)], check=True)
    sound = base64.b64encode(wav.read_bytes()).decode()
    tab.evaluate("(sound) => new Audio('data:audio/wav;base64,' + sound).play()", sound)


def record(panel: Locator, connection: Connection, *channels: str) -> CaptureSession:
    """Begin, and wait for it to have begun."""
    choose(panel, *channels)
    panel.get_by_role("button", name="Record", exact=True).click()
    expect(panel).to_have_attribute("data-status", "active", timeout=30_000)
    recordings = connection.status().recordings
    assert len(recordings) == 1
    return connection.get_capture_session(recordings[0])


def until_seen(engine: Engine, session: CaptureSession, page: Page, gaps: int) -> None:
    """Pictures of the browser are stored, and so many gaps between them: a busy one shares a while
    before it shows anything."""
    deadline = time.monotonic() + 40
    manifest = folder_of(engine, session) / "manifest.json"
    track = None
    while time.monotonic() < deadline:
        track = manifest.exists() and tracks_of(engine, session).get("display:browser")
        going_on = track and any(gap.end == track.duration for gap in track.gaps)
        if track and track.duration and not going_on:
            between = [gap for gap in track.gaps if gap.start > 0]
            if len(between) == gaps:
                return
        page.wait_for_timeout(100)
    raise AssertionError(track)


def missing(track: TrackManifest) -> float:
    """Seconds, without those of the first one, in which it begins."""
    gaps = [gap for gap in track.gaps if gap.end > track.timescale]
    return sum(gap.end - gap.start for gap in gaps) / track.timescale


def of_another_version(route: Route) -> None:
    """As an update leaves it that was made while something recorded."""
    answer = route.fetch()
    told = {**answer.json(), "warning": "The engine that runs is of version 0.0.1."}
    route.fulfill(response=answer, json=told)


def test_recording_in_a_notebook_and_in_the_sidebar(
    ada: BrowserContext,
    lab: Lab,
    wire: Wire,
    connection: Connection,
    engine: Engine,
    tmp_path: Path,
) -> None:
    page = logged_in(ada, lab, wire)
    panel = page.locator(".jp-OutputArea .jc-session")
    sidebar = page.locator(f"{SIDEBAR} .jc-session")

    # 20 s without a network, in the middle of it: nothing is lost, nor out of step.
    session = record(panel, connection, *TAB)
    page.wait_for_timeout(2000)
    wire.cut()
    expect(panel.get_by_text("The connection is lost")).to_be_visible()
    page.wait_for_timeout(1000 * LOST)
    wire.mend()
    expect(panel.get_by_text("The connection is lost")).to_be_hidden()
    page.route(re.compile("/jupyter-capture/health"), of_another_version, times=1)
    page.evaluate(_RUN, "jupyter-capture:open")
    expect(page.locator(SIDEBAR)).to_contain_text("The engine that runs is of version 0.0.1")
    expect(sidebar).to_have_attribute("data-status", "active")
    expect(sidebar.locator("[data-channel='display:browser']")).to_contain_text("shared here")
    page.wait_for_timeout(1000 * EVERY)
    sidebar.get_by_role("button", name="Stop").click()
    until(session, page, "exported")
    tracks, folder = tracks_of(engine, session), folder_of(engine, session)
    # A busy browser leaves out a moment of sound by itself.
    assert all(missing(track) < LOST / 100 for track in tracks.values())
    seen = flashes(folder / tracks["display:browser"].parts[-1].file)
    heard = clicks(folder / tracks["system_audio:browser"].parts[0].file)
    assert len(heard) > LOST / EVERY
    claps = ada.pages[0].evaluate("claps")
    assert shaken(heard[1:], claps) < 0.1, f"{heard} {claps}"
    assert len(seen) == pytest.approx(len(heard), abs=1), (seen, heard)
    apart = [min(abs(flash - click) for click in heard) for flash in seen[1:]]
    assert np.median(apart) < 0.12

    # A page that is loaded again has nothing of the browser's, until it is given it again.
    sidebar.get_by_role("button", name="Record again").click()
    session = record(sidebar, connection, "display:1", "display:browser")
    until_seen(engine, session, page, gaps=0)
    page.reload()
    shared = sidebar.locator("[data-channel='display:browser']")
    expect(shared).to_contain_text("not shared here", timeout=30_000)
    shared.get_by_role("button", name=re.compile("^Share")).click()
    expect(shared).to_contain_text(re.compile("· shared here"))
    until_seen(engine, session, page, gaps=1)
    page.locator(".jc-status").get_by_role("button", name="Stop").click()
    until(session, page, "exported")
    tracks, folder = tracks_of(engine, session), folder_of(engine, session)
    (gap,) = [gap for gap in tracks["display:browser"].gaps if gap.start > 0]
    assert gap.end < tracks["display:browser"].duration
    assert not tracks["display:1"].gaps

    # Who closes the page has stopped. This one is Notebook 7's.
    page.goto(f"{lab.root(wire.port)}notebooks/talk.ipynb")
    page.wait_for_function("window.jupyterapp?.shell?.currentWidget?.sessionContext")
    page.evaluate(_READY)
    page.evaluate(_RUN, "notebook:run-all-cells")
    session = record(panel, connection, "display:browser")
    page.close()
    page = ada.new_page()
    until(session, page, "exported", seconds=GONE + 40)
    assert session.metadata["stop_reason"] == "browser"

    # The page on which a browser records lies at the Jupyter server, too.
    page.goto(f"{lab.root(wire.port)}jupyter-capture/engine/record")
    ada.pages[0].set_content("<title>Clapper</title>")  # it only talks
    session = record(page.locator(".jc-session"), connection, *TAB)
    page.get_by_role("button", name="Live transcript").click()
    expect(page.get_by_role("log")).to_contain_text("Nothing was said yet", timeout=30_000)
    talk(ada.pages[0], BUDGET, tmp_path)
    expect(page.get_by_role("log")).to_contain_text("budget", timeout=60_000)
    page.get_by_role("button", name="Stop", exact=True).click()
    until(session, page, "exported")
    player = page.locator(".jc-player")
    player.get_by_role("button", name="Play", exact=True).click()
    expect(player).to_have_attribute("data-state", "ready", timeout=30_000)
