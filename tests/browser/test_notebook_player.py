"""The inline player in a real JupyterLab: plays over the widget, saves no address."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from jupyter_capture.client.engine import read_locator
from jupyter_capture.local import end_engine
from tests.media.foreign_maker import make

from .lab import Lab
from .playing import plays_past
from .server import MediaServer

_PLAYER = """\
from pathlib import Path
from jupyter_capture.widgets.player import ShotPlayer
url = Path("address.txt").read_text()
player = ShotPlayer(url, title="The budget discussion", start=3)
player
"""

# Playwright's own waiting cannot see a model: Lab's application object can.
_READY = """async () => {
  const panel = window.jupyterapp.shell.currentWidget;
  await panel.context.ready; await panel.sessionContext.ready; }"""
_RUN = "async () => { await window.jupyterapp.commands.execute('notebook:run-all-cells'); }"
_SAVE = "async () => { await window.jupyterapp.commands.execute('docmanager:save'); }"


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    folder: Path = tmp_path_factory.mktemp("lab")
    with Lab(folder) as running:
        yield running


def run_notebook(page: Page, lab: Lab, *cells: str) -> None:
    lab.write("talk.ipynb", *cells)
    page.goto(lab.url("talk.ipynb"))
    page.locator(".jp-Notebook .jp-CodeCell").first.wait_for(timeout=60_000)
    page.evaluate(_READY)
    page.evaluate(_RUN)


def test_a_player_in_a_notebook_plays_and_leaves_no_address_in_the_file(
    page: Page, lab: Lab, media_server: MediaServer
) -> None:
    (lab.folder / "address.txt").write_text(f"{media_server.url}/stream/good/master.m3u8")
    asked = len(media_server.asked)
    run_notebook(page, lab, _PLAYER)
    player = page.locator(".jp-OutputArea .jc-player")
    expect(player).to_have_attribute("data-state", "poster", timeout=30_000)
    assert media_server.asked[asked:] == []
    player.get_by_role("button", name="Play", exact=True).click()
    expect(player).to_have_attribute("data-state", "ready")
    expect(player.locator(".jc-now")).to_have_text("0:04", timeout=10_000)

    # Keys act on the player, not on the notebook around it ("m" would make a Markdown cell).
    player.locator("video").click()
    page.keyboard.press("m")
    expect(player.get_by_role("button", name="Sound on")).to_be_visible()
    expect(page.locator(".jp-MarkdownCell")).to_have_count(0)

    page.evaluate(_SAVE)
    saved = (lab.folder / "talk.ipynb").read_text()
    assert "The budget discussion" in saved
    assert "/stream/" not in saved
    assert media_server.url not in saved


def test_a_segment_that_arrived_broken_once_is_asked_for_again_and_plays(
    page: Page, lab: Lab, media_server: MediaServer
) -> None:
    (lab.folder / "address.txt").write_text(f"{media_server.url}/stream/good/master.m3u8")
    broken: list[str] = []

    def first_is_broken(route: Route) -> None:
        if broken:
            route.fallback()
        else:
            broken.append(route.request.url)
            sent = route.fetch()
            head, _, media = sent.body().partition(b"mdat")
            route.fulfill(response=sent, body=head + b"mdat" + b"\xff" * len(media))

    page.route(re.compile(r"video.*\.m4s$"), first_is_broken)
    run_notebook(page, lab, _PLAYER)
    player = page.locator(".jp-OutputArea .jc-player")
    player.get_by_role("button", name="Play", exact=True).click(timeout=30_000)
    plays_past(page, ".jp-OutputArea", 4)
    assert len(broken) == 1


def test_an_error_of_the_kernel_reads_well_in_the_player(page: Page, lab: Lab) -> None:
    run_notebook(
        page,
        lab,
        "from jupyter_capture.errors import GoneError\n"
        "from jupyter_capture.widgets.player import ShotPlayer\n"
        "def renew():\n"
        "    raise GoneError('That recording was deleted. Record it again.')\n"
        "ShotPlayer(renew=renew)",
    )
    player = page.locator(".jp-OutputArea .jc-player")
    player.get_by_role("button", name="Play", exact=True).click(timeout=30_000)
    expect(player.get_by_role("alert")).to_contain_text("was deleted. Record it again.")


_OWN = """\
import jupyter_capture
from jupyter_capture.widgets.player import player_of
own = jupyter_capture.connect(data_dir="own")
player_of(own.upload("talk.mp4", show_progress=False))
"""


def test_an_engine_killed_while_it_plays_is_started_again_and_it_plays_on(
    page: Page, lab: Lab
) -> None:
    # Longer than what a player loads ahead.
    make(lab.folder / "talk.mp4", seconds=90.0, fps=5)
    run_notebook(page, lab, _OWN)
    data_dir = lab.folder / "own"
    try:
        player = page.locator(".jp-OutputArea .jc-player")
        player.get_by_role("button", name="Play", exact=True).click(timeout=60_000)
        plays_past(page, ".jp-OutputArea", 1)
        killed = read_locator(data_dir)
        assert killed is not None
        os.kill(killed.pid, signal.SIGKILL)
        page.evaluate("() => { document.querySelector('.jp-OutputArea video').currentTime = 70; }")
        plays_past(page, ".jp-OutputArea", 72)
    finally:
        end_engine(data_dir)
