"""The sidebar in a real JupyterLab below a base URL, recording the virtual desktop."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from jupyter_capture.client.connection import Connection
from jupyter_capture.desktop import VirtualDesktop
from tests.conftest import BUDGET, Engine

from .lab import Lab

AXE = Path(__file__).parent.parent.parent / "labextension" / "node_modules" / "axe-core" / "axe.js"
_AXE_RUN = """async (selector) => {
  const { violations } = await axe.run(selector, { resultTypes: ["violations"] });
  return violations.filter((each) => ["serious", "critical"].includes(each.impact))
    .map(({ id, nodes }) => [id, nodes.map((node) => node.html.slice(0, 160)
      + " " + node.failureSummary)]); }"""
_THEME = """async (theme) => {
  await window.jupyterapp.commands.execute('apputils:change-theme', { theme }); }"""
_RUN = "async (command) => { await window.jupyterapp.commands.execute(command); }"
_READY = """async () => {
  const app = window.jupyterapp;
  await app.restored;
  await app.shell.currentWidget.sessionContext.ready; }"""
_SOURCES = """() => [...window.jupyterapp.shell.currentWidget.content.model.sharedModel.cells]
  .map((cell) => cell.getSource())"""
SIDEBAR = "[id='jupyter-capture:sidebar']"


@pytest.fixture(scope="module")
def lab(
    engine: Engine, desktop: VirtualDesktop, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Lab]:
    folder: Path = tmp_path_factory.mktemp("sidebar")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {**desktop.env, **engine.env}.items():
            patch.setenv(name, value)
        with Lab(folder, "/user/ada/") as running:
            yield running


def opened(page: Page, lab: Lab, name: str, *cells: str) -> Locator:
    """The sidebar beside a new notebook."""
    lab.write(name, *cells)
    page.goto(lab.url(name))
    page.wait_for_function("window.jupyterapp?.shell?.currentWidget?.sessionContext")
    page.evaluate(_READY)
    page.evaluate(_RUN, "jupyter-capture:open")
    sidebar = page.locator(SIDEBAR)
    expect(sidebar.get_by_role("tab", name="Record")).to_be_visible()
    return sidebar


def turn(sidebar: Locator, name: str) -> None:
    sidebar.get_by_role("tab", name=name).click()


def pictures(page: Page, folder: Path, name: str) -> None:
    """As it looks in both themes; and axe finds nothing serious in either."""
    page.add_script_tag(path=AXE)
    for theme in ("Light", "Dark"):
        page.evaluate(_THEME, f"JupyterLab {theme}")
        page.locator("#jupyterlab-splash").wait_for(state="detached")
        page.screenshot(path=folder / f"{name}-{theme.lower()}.png")
        found: list[Any] = page.evaluate(_AXE_RUN, SIDEBAR)
        assert found == [], json.dumps(found, indent=1)


def test_record_reload_stop_find_and_insert(
    page: Page, lab: Lab, connection: Connection, desktop: VirtualDesktop
) -> None:
    sidebar = opened(page, lab, "story.ipynb", "")
    record = sidebar.get_by_role("button", name="Record", exact=True)
    expect(record).to_be_enabled(timeout=30_000)
    pictures(page, lab.folder, "record")
    record.click()
    expect(sidebar.get_by_role("button", name="Stop")).to_be_enabled(timeout=30_000)
    status = page.locator(".jc-status")
    expect(status).to_have_text(re.compile(r"0:\d\dStop"))
    desktop.say(BUDGET)
    pictures(page, lab.folder, "recording")

    page.reload()
    page.wait_for_function("window.jupyterapp")
    expect(sidebar.get_by_role("button", name="Stop")).to_be_enabled(timeout=30_000)
    page.evaluate("window.jupyterapp.shell.activateById('jp-running-sessions')")
    running = page.locator("#jp-running-sessions")
    expect(running).to_contain_text(re.compile("Recording 20"))
    page.screenshot(path=lab.folder / "running.png")

    status.get_by_role("button", name="Stop").click()
    expect(page.locator(".Toastify")).to_contain_text("is recorded", timeout=60_000)
    page.screenshot(path=lab.folder / "stopped.png")
    expect(status).to_be_hidden()
    page.locator(".Toastify").get_by_role("button", name="Show").click()

    library = sidebar.locator(".jc-library")
    row = library.locator(".jc-lib-row", has_text=re.compile("Recording 20")).first
    expect(row).to_be_visible()
    expect(library).to_contain_text("used")
    expect(row.locator("img")).to_have_attribute("src", re.compile("^/user/ada/|^http"))
    row.get_by_role("button", name=re.compile("^Rename")).click()
    field = row.get_by_role("textbox", name="Name")
    field.fill("Budget talk")
    field.press("Enter")
    mine = library.locator(".jc-lib-row", has_text="Budget talk")
    expect(mine).to_be_visible()
    pictures(page, lab.folder, "library")

    turn(sidebar, "Search")
    sidebar.get_by_role("searchbox", name="What was said").fill("budget discussion")
    sidebar.get_by_role("button", name="Search").click()
    hits = sidebar.locator(".jc-search .jc-hit")
    expect(hits.first).to_contain_text("budget", timeout=30_000)
    pictures(page, lab.folder, "search")
    hits.first.get_by_role("button", name="Insert").click()
    (source,) = page.evaluate(_SOURCES)
    assert "generate_stream(timeline=[(" in source
    page.evaluate(_RUN, "notebook:run-cell")
    player = page.locator(".jp-OutputArea .jc-player")
    player.get_by_role("button", name="Play", exact=True).click(timeout=30_000)
    expect(player).to_have_attribute("data-state", "ready", timeout=30_000)

    # Dragged onto a cell, it becomes one above it.
    hits.first.locator(".jc-hit-play").drag_to(page.locator(".jp-CodeCell").first)
    expect(page.locator(".jp-CodeCell")).to_have_count(2)
    assert page.evaluate(_SOURCES)[0] == source

    # It also plays where it stands.
    hits.first.locator(".jc-hit-play").click()
    inside = sidebar.locator(".jc-search .jc-player")
    expect(inside).to_have_attribute("data-state", "ready", timeout=30_000)

    turn(sidebar, "Library")
    mine.get_by_role("button", name=re.compile("^Delete")).click()
    expect(mine).to_have_count(0)
    library.get_by_role("button", name="Undo").click()
    expect(mine).to_be_visible()
    library.get_by_role("searchbox").fill("talk budg")
    expect(library).to_contain_text(re.compile(r"1 (of \d+ )?recording"))
    mine.get_by_role("button", name=re.compile("^Delete")).click()
    with page.expect_response(lambda answer: answer.request.method == "DELETE") as deleted:
        expect(library).to_contain_text("is deleted, with all its channels.")
    assert deleted.value.ok
    names = [video.name for video in connection.get_collection().get_videos()]
    assert "Budget talk" not in names


def test_an_engine_that_does_not_start_is_explained(page: Page, lab: Lab) -> None:
    said = "The engine did not start: its disk is full. Free some space."
    refusal = {"success": False, "message": said, "error_code": "ENGINE_FAILED"}
    body = json.dumps(refusal)
    asked = re.compile(r"/jupyter-capture/health(\?\d+)?$")
    page.route(asked, lambda route: route.fulfill(status=503, body=body), times=1)
    sidebar = opened(page, lab, "engine.ipynb", "")
    expect(sidebar.locator(".jc-note")).to_contain_text(said)
    sidebar.get_by_role("button", name="Try again").click()
    expect(sidebar.get_by_role("button", name="Record", exact=True)).to_be_enabled(timeout=30_000)


def test_notebook_7_loads_it_without_an_error(context: BrowserContext, lab: Lab) -> None:
    page = context.new_page()
    broken: list[str] = []
    page.on("console", lambda told: broken.append(told.text) if told.type == "error" else None)
    page.on("pageerror", lambda error: broken.append(f"{error}\n{error.stack}"))
    lab.write("seven.ipynb", "1")
    with page.expect_response(re.compile("/lab/extensions/jupyter-capture/static/remoteEntry")):
        page.goto(lab.url("seven.ipynb", "notebooks"))
    page.wait_for_function(
        "window.jupyterapp?.isPluginActivated('jupyter-capture:sidebar')", timeout=30_000
    )
    expect(page.locator(".jp-Notebook .jp-CodeCell")).to_be_visible()
    assert [each for each in broken if "jupyter-capture" in each] == []
