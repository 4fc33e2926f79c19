"""Search and play in a real JupyterLab, on a real recording: the video plays, nothing leaks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Request, expect

from jupyter_capture.client.connection import Connection
from tests.conftest import Engine, Recorded

from .lab import Lab
from .test_notebook_player import run_notebook

_SAVE = "async () => { await window.jupyterapp.commands.execute('docmanager:save'); }"
_NOW = "() => document.querySelector('.jp-OutputArea .jc-player video').currentTime"
_PLAYS = f"({_NOW})() > 1.5"
_FRAMES = """() => {
  const video = document.querySelector('.jp-OutputArea .jc-player video');
  return video.getVideoPlaybackQuality().totalVideoFrames; }"""


@pytest.fixture(scope="module")
def lab(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A JupyterLab whose kernels find the engine of the tests."""
    folder: Path = tmp_path_factory.mktemp("play")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in engine.env.items():
            patch.setenv(name, value)
        with Lab(folder, "/user/ada/") as running:
            yield running


def test_a_found_shot_plays_in_jupyterlab_and_the_saved_notebook_holds_no_address(
    page: Page, lab: Lab, recorded: Recorded
) -> None:
    run_notebook(
        page,
        lab,
        "%load_ext jupyter_capture",
        f"%search budget discussion --in {recorded.session.id}",
        "%play 1",
    )
    player = page.locator(".jp-OutputArea .jc-player")
    expect(player).to_have_attribute("data-state", "poster", timeout=60_000)
    hits = page.locator(".jp-OutputArea").filter(has_text="for “budget discussion”")
    expect(hits.locator("mark").first).to_have_text("budget")
    expect(hits.locator("img").first).to_be_visible()
    player.get_by_role("button", name="Play", exact=True).click()
    page.wait_for_function(_PLAYS, timeout=30_000)
    assert page.evaluate(_FRAMES) > 0
    page.screenshot(path=lab.folder / "played.png")

    page.evaluate(_SAVE)
    saved = (lab.folder / "talk.ipynb").read_text()
    assert "budget" in saved
    words = re.sub(r"data:image/jpeg;base64,[A-Za-z0-9+/=]+", "(picture)", saved)
    for leak in ("/stream/", "127.0.0.1", "stm-", "application/vnd.jupyter.widget-state"):
        assert leak not in words
    assert len(saved) < 200_000


def test_with_the_engines_port_cut_off_it_plays_below_jupyters_base_url(
    page: Page, lab: Lab, connection: Connection, recorded: Recorded
) -> None:
    asked: list[str] = []

    def note(request: Request) -> None:
        if "/stream/" in request.url:
            asked.append(request.url)

    page.route(f"{connection.status().media_url}/**", lambda route: route.abort())
    page.on("requestfinished", note)
    run_notebook(
        page,
        lab,
        "import jupyter_capture\n"
        "session = jupyter_capture.connect()"
        f".get_capture_session({recorded.session.id!r})\n"
        "session.get_video().play()",
    )
    player = page.locator(".jp-OutputArea .jc-player")
    player.get_by_role("button", name="Play", exact=True).click(timeout=60_000)
    page.wait_for_function(_PLAYS, timeout=30_000)
    assert [url for url in asked if url.endswith(".m4s")]
    assert all("/user/ada/jupyter-capture/engine/stream/" in url for url in asked)
