"""The sidebar in a real JupyterLab below a base URL, recording the virtual desktop."""

from __future__ import annotations

import json
import re
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, Response, expect

from jupyter_capture.client.connection import Connection
from jupyter_capture.client.editor import Timeline
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
_THEMED = """(theme) => document.body.dataset.jpThemeName === theme
  && !document.querySelector("#jupyterlab-splash")"""
_CUT = """(side) => {
  const edge = side.getBoundingClientRect().right;
  return [...side.querySelectorAll("button, input, select")]
    .filter((each) => each.checkVisibility() && each.getBoundingClientRect().right > edge + 0.5)
    .map((each) => each.outerHTML.slice(0, 160)); }"""
NARROW, USUAL = 260, 400
_RUN = "async (command) => { await window.jupyterapp.commands.execute(command); }"
_SETTINGS = """async (query) => {
  await window.jupyterapp.commands.execute("settingeditor:open", { query }); }"""
_READY = """async () => {
  const app = window.jupyterapp;
  await app.restored;
  await app.shell.currentWidget.sessionContext.ready; }"""
_SOURCES = """() => [...window.jupyterapp.shell.currentWidget.content.model.sharedModel.cells]
  .map((cell) => cell.getSource())"""
_WATCH_ROW = """(row) => {
  const { id } = row.dataset;
  const list = row.parentElement;
  window.blinked = 0;
  new MutationObserver(() => {
    const now = [...list.children].find((each) => each.dataset.id === id);
    if (!now?.hasChildNodes()) window.blinked += 1;
  }).observe(list, { childList: true, subtree: true }); }"""
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


def widen(page: Page, width: int) -> None:
    """The sidebar, by its edge, to so many pixels, or to the least that it allows."""
    box = page.locator(SIDEBAR).bounding_box()
    assert box is not None
    edge, middle = box["x"] + box["width"] + 1, box["y"] + box["height"] / 2
    page.mouse.move(edge, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + width + 1, middle, steps=3)
    page.mouse.up()


def pictures(page: Page, folder: Path, name: str) -> None:
    """As it looks in both themes, narrow and wide; nothing is cut off at its edge, and axe finds
    nothing serious."""
    page.add_script_tag(path=AXE)
    sidebar = page.locator(SIDEBAR)
    for theme in ("Light", "Dark"):
        page.evaluate(_THEME, f"JupyterLab {theme}")
        page.wait_for_function(_THEMED, arg=f"JupyterLab {theme}")
        for width in (NARROW, USUAL):
            widen(page, width)
            cut: list[str] = sidebar.evaluate(_CUT)
            assert cut == [], f"{name} at {width} pixels"
            page.screenshot(path=folder / f"{name}-{theme.lower()}-{width}.png")
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

    library = sidebar.locator(".jc-library[aria-label=Library]")
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

    upload(page, lab, library)

    turn(sidebar, "Search")
    sidebar.get_by_role("searchbox", name="What was said").fill("budget discussion")
    sidebar.get_by_role("button", name="Search").click()
    # The library is shared: others spoke of the budget too.
    hits = sidebar.locator(".jc-search .jc-hit", has_text="Budget talk")
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

    keep_a_timeline(page, lab, sidebar, connection)

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
    bid_farewell(page, lab, sidebar, connection)


def upload(page: Page, lab: Lab, library: Locator) -> None:
    """A file of sound is listed once it was taken in; what is none is refused by its name."""
    tone, none = lab.folder / "Tone.one.wav", lab.folder / "Letter.mp4"
    with wave.open(str(tone), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(16_000))
    none.write_text("Dear Ada")
    library.locator("input[type=file]").set_input_files([none, tone])
    notes = page.locator(".Toastify")
    expect(notes).to_contain_text("“Letter.mp4” could not be taken in", timeout=30_000)
    expect(notes).to_contain_text("“Tone.one” is in the library.", timeout=30_000)
    expect(notes).not_to_contain_text("undefined")
    expect(library.locator(".jc-lib-row", has_text="Tone.one")).to_be_visible()


def keep_a_timeline(page: Page, lab: Lab, sidebar: Locator, connection: Connection) -> None:
    """A hit becomes a timeline: by hand in a tab, then in the notebook; kept from both."""
    turn(sidebar, "Timelines")
    view = sidebar.locator(".jc-library[aria-label=Timelines]")
    expect(view).to_contain_text("No timeline is kept yet")
    view.get_by_role("button", name="New").click()
    tab = page.locator(".jc-timeline-tab")
    expect(tab.get_by_role("button", name="Keep in the library")).to_be_disabled()
    turn(sidebar, "Search")
    hits = sidebar.locator(".jc-search .jc-hit", has_text="Budget talk")
    hit = hits.first.locator(".jc-hit-play")
    hit.drag_to(tab.locator(".jc-tl-scroll"), target_position={"x": 34, "y": 40})
    expect(tab.locator(".jc-tl-clip")).to_have_count(1)
    expect(tab.locator(".jc-tl-inspector .jc-tl-title")).to_have_text("Budget talk")
    tab.get_by_role("button", name="Keep in the library").click()
    name = tab.get_by_role("textbox", name="Name of the timeline")
    name.press("Enter")
    expect(name).to_be_focused()  # a name is needed
    name.fill("Budget cut")
    name.press("Enter")
    expect(tab.locator(".jc-tl-note")).to_contain_text("Kept in the library as “Budget cut”.")
    expect(page.locator(".lm-TabBar-tabLabel", has_text="Budget cut")).to_be_visible()
    page.screenshot(path=lab.folder / "tab.png")
    (kept,) = connection.get_timelines()
    assert (kept.name, len(kept.tracks[0].clips)) == ("Budget cut", 1)

    turn(sidebar, "Timelines")
    row = view.locator(".jc-lib-row", has_text="Budget cut")
    expect(row).to_contain_text("1 clip")
    expect(row.locator("img")).to_have_attribute("src", re.compile("^/user/ada/|^http"))
    pictures(page, lab.folder, "timelines")
    row.locator(".jc-hit-play").click()
    player = row.locator(".jc-player")
    expect(player).to_have_attribute("data-state", "ready", timeout=30_000)
    let_others_change(page, view, row, connection.get_timeline(str(kept.id)))
    expect(player).to_have_attribute("data-state", "ready")
    row.locator(".jc-hit-play").click()

    # In the notebook it is the editor, and what is changed there is kept from there.
    row.get_by_role("button", name="Insert").click()
    page.evaluate(_RUN, "notebook:run-cell")
    editor = page.locator(".jp-OutputArea .jc-timeline")
    kept_button = editor.locator(".jc-tl-tool", has_text="Kept")
    expect(kept_button).to_be_visible(timeout=30_000)
    editor.locator(".jc-tl-ruler").click()
    page.keyboard.press("t")
    editor.get_by_role("button", name="Keep the changes").click()
    expect(kept_button).to_be_visible()
    assert len(connection.get_timeline(str(kept.id)).tracks) == 2
    cells = page.locator(".jp-Notebook .jp-CodeCell")
    before = cells.count()
    row.locator(".jc-hit-play").drag_to(cells.first)
    expect(cells).to_have_count(before + 1)
    assert f"get_timeline('{kept.id}')" in page.evaluate(_SOURCES)[0]

    # The tab has the timeline of before: it does not write over what was kept elsewhere.
    row.get_by_role("button", name="Open Budget cut in the editor").click()
    expect(tab).to_be_visible()
    tab.locator(".jc-tl-ruler").click()
    page.keyboard.press("t")
    tab.get_by_role("button", name="Keep the changes").click()
    expect(tab.locator(".jc-tl-note")).to_contain_text("was changed elsewhere")
    assert len(connection.get_timeline(str(kept.id)).tracks) == 2

    page.locator(".lm-TabBar-tab", has_text="New timeline").locator(
        ".lm-TabBar-tabCloseIcon"
    ).click()
    page.get_by_role("button", name="Close without keeping").click()
    expect(tab).to_have_count(0)

    row.get_by_role("button", name="Rename").click()
    row.get_by_role("textbox", name="Name").fill("Short cut")
    row.get_by_role("textbox", name="Name").press("Enter")
    expect(view.locator(".jc-lib-row", has_text="Short cut")).to_be_visible()


def let_others_change(page: Page, view: Locator, row: Locator, again: Timeline) -> None:
    """What others do to a list shows when the pointer comes to it, and a row that is there stays
    there: it may be what is pressed next, and what plays in it plays on."""

    def look() -> None:
        page.locator("#jp-main-dock-panel").hover()
        view.hover()

    row.evaluate(_WATCH_ROW)
    other = again.keep("Another cut", copy=True)
    look()
    expect(view.locator(".jc-lib-row")).to_have_count(2)
    other.delete()
    look()
    expect(view.locator(".jc-lib-row")).to_have_count(1)
    assert page.evaluate("window.blinked") == 0


def is_laid_out(answer: Response, name: str) -> bool:
    """Whether JupyterLab has written down that this tab is open."""
    if "/lab/api/workspaces/" not in answer.url or answer.request.method != "PUT":
        return False
    kept = json.loads(answer.request.post_data or "{}").get("data", {})
    return answer.ok and name in json.dumps(kept.get("layout-restorer:data", {}).get("main"))


def bid_farewell(page: Page, lab: Lab, sidebar: Locator, connection: Connection) -> None:
    """Its recording is gone: the timeline says so, and goes too, unless one thinks better of it.
    Its editor's tab is there again when JupyterLab was loaded anew."""
    turn(sidebar, "Timelines")
    page.evaluate(_RUN, "docmanager:save")
    (kept,) = connection.get_timelines()
    sidebar.get_by_role("button", name="New").click()
    with page.expect_response(lambda answer: is_laid_out(answer, f"timelines:{kept.id}")):
        sidebar.get_by_role("button", name="Open Short cut in the editor").click()
    page.reload()
    page.wait_for_function("window.jupyterapp")
    tab = page.locator(".lm-TabBar-tabLabel", has_text="Short cut")
    expect(tab).to_be_visible(timeout=30_000)
    expect(page.locator(".lm-TabBar-tabLabel", has_text="New timeline")).to_have_count(0)
    tab.click()
    expect(page.locator(".jc-timeline-tab .jc-tl-clip")).to_have_count(2)
    # JupyterLab writes down which view it was a moment after it was turned to.
    turn(sidebar, "Timelines")
    view = sidebar.locator(".jc-library[aria-label=Timelines]")
    row = view.locator(".jc-lib-row", has_text="Short cut")
    expect(row).to_contain_text(re.compile(r"The clip at 0:\d\d is missing"), timeout=30_000)
    page.screenshot(path=lab.folder / "missing.png")
    row.get_by_role("button", name="Delete Short cut").click()
    expect(row).to_have_count(0)
    view.get_by_role("button", name="Undo").click()
    expect(row).to_be_visible()
    row.get_by_role("button", name="Delete Short cut").click()
    with page.expect_response(lambda answer: answer.request.method == "DELETE"):
        expect(view).to_contain_text("is deleted. What it shows stays.")
    assert connection.get_timelines() == []


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
    reach(page, sidebar)


def reach(page: Page, sidebar: Locator) -> None:
    """It is there where people look for it: in the palette, the launcher and the settings."""
    page.evaluate(_RUN, "apputils:activate-command-palette")
    page.keyboard.type("timelines")
    page.locator(".lm-CommandPalette-item", has_text="Show the Timelines").click()
    expect(sidebar.locator(".jc-library[aria-label=Timelines]")).to_be_visible()

    page.evaluate(_RUN, "launcher:create")
    page.locator(".jp-LauncherCard[data-category=Other]", has_text="Record").click()
    expect(sidebar.get_by_role("button", name="Record", exact=True)).to_be_visible()

    page.evaluate(_SETTINGS, "Capture")
    editor = page.locator(".jp-SettingsPanel")
    expect(editor.locator("[id$=_name]")).to_have_value("Recording {date} {time}")
    expect(editor.get_by_label("Show recordings in the status bar")).to_be_checked()


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
