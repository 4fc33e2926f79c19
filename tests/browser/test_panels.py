"""The panels in a real JupyterLab, on real recordings of the virtual desktop."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import av
import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from jupyter_capture.client.connection import Connection
from jupyter_capture.desktop import VirtualDesktop
from jupyter_capture.wire.cells import CELLS
from tests.conftest import BUDGET, HIRING, Engine, Recorded

from .lab import Lab
from .playing import plays_past
from .test_notebook_player import run_notebook

AXE = Path(__file__).parent.parent.parent / "labextension" / "node_modules" / "axe-core" / "axe.js"
_AXE_RUN = """async (selector) => {
  const { violations } = await axe.run(selector, { resultTypes: ["violations"] });
  return violations.filter((each) => ["serious", "critical"].includes(each.impact))
    .map(({ id, nodes }) => [id, nodes.map((node) => node.html.slice(0, 160)
      + " " + node.failureSummary)]); }"""
_SAVE = "async () => { await window.jupyterapp.commands.execute('docmanager:save'); }"
_SHUT_DOWN = """async () => {
  await window.jupyterapp.shell.currentWidget.sessionContext.shutdown(); }"""
_THEME = """async (theme) => {
  const { commands, shell } = window.jupyterapp;
  await commands.execute('apputils:change-theme', { theme });
  shell.collapseLeft(); }"""
_ASK = """async (value) => {
  const { kernel } = window.jupyterapp.shell.currentWidget.sessionContext.session;
  const asked = { code: "", user_expressions: { value }, store_history: false };
  const reply = await kernel.requestExecute(asked).done;
  const { data, evalue } = reply.content.user_expressions.value;
  return data?.["text/plain"] ?? evalue; }"""
_COUNT_SEARCHES = """(panel) => {
  window.searched = 0;
  new MutationObserver(() => { window.searched += panel.ariaBusy === null; })
    .observe(panel, { attributeFilter: ["aria-busy"] }); }"""
EVIL = "<img src=x onerror='window.ran=1'>"
CUT = ("/stream/", "/thumbnail/", "/download/")


@pytest.fixture(scope="module")
def lab(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    folder: Path = tmp_path_factory.mktemp("panels")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in engine.env.items():
            patch.setenv(name, value)
        with Lab(folder) as running:
            yield running


@pytest.fixture
def opened(page: Page) -> Iterator[Page]:
    """Ends the notebook's kernel, so that the next test's is a new one."""
    yield page
    page.evaluate(_SHUT_DOWN)


def ask(page: Page, expression: str) -> str:
    """What Python has for it."""
    return str(page.evaluate(_ASK, expression))


def until(page: Page, holds: Callable[[], bool]) -> None:
    """Wait for what the engine has to be so."""
    deadline = time.monotonic() + 15
    while not holds():
        assert time.monotonic() < deadline
        page.wait_for_timeout(100)


def paused_of(connection: Connection, session_id: str) -> list[str]:
    path = f"/capture/session/{session_id}"
    channels = connection.http.envelope("GET", path)["data"]["channels"]
    return [channel["channel_id"] for channel in channels if channel["paused"]]


def run_cells(connection: Connection, session_id: str, count: int) -> None:
    """Cells as a notebook would tell them: all but the last went well."""
    path = f"/capture/session/{session_id}"
    connection.http.envelope("POST", f"{path}/store", {"channel_id": CELLS, "store": True})
    at = time.time()
    times = [at + 0.05 * number for number in range(count)]
    cells: list[dict[str, Any]] = [
        {"code": EVIL, "number": number, "started": when, "ended": when + 0.01}
        for number, when in enumerate(times, 1)
    ]
    cells[-1] |= {"status": "error", "error": "ValueError"}
    connection.http.envelope("POST", f"{path}/cells", {"cells": cells})


def says(page: Page, expression: str, wanted: str) -> None:
    """Wait for Python to have it: what is done on the page takes its time to the kernel."""
    deadline = time.monotonic() + 15
    while (found := ask(page, expression)) != wanted:
        assert time.monotonic() < deadline, f"{expression} is {found}"
        page.wait_for_timeout(100)


def pictures(page: Page, panel: Locator, folder: Path, name: str) -> None:
    """As it looks in both themes, wide and narrow; and axe finds nothing serious in either."""
    page.add_script_tag(path=AXE)
    for theme in ("Light", "Dark"):
        page.evaluate(_THEME, f"JupyterLab {theme}")
        for width in (1280, 700):
            page.set_viewport_size({"width": width, "height": 900})
            panel.scroll_into_view_if_needed()
            page.screenshot(path=folder / f"{name}-{theme.lower()}-{width}.png")
        found: list[Any] = page.evaluate(_AXE_RUN, ".jc-panel")
        assert found == [], json.dumps(found, indent=1)
    page.set_viewport_size({"width": 1280, "height": 900})


def test_a_recording_with_a_channel_switched_while_it_runs(
    opened: Page, lab: Lab, desktop: VirtualDesktop, connection: Connection, recorded: Recorded
) -> None:
    page = opened
    run_notebook(
        page,
        lab,
        "from jupyter_capture.widgets import SearchPanel, SessionPanel, TimelineEditor\n"
        "panel = SessionPanel()\npanel",
        "SessionPanel()",
        "found = SearchPanel()\nfound",
        "editor = TimelineEditor()\neditor",
    )
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    panel, other = (page.locator(".jc-session").nth(at) for at in (0, 1))
    mic = panel.locator("[data-channel='mic:default']")
    system = panel.locator("[data-channel='system_audio:default']")
    expect(mic.get_by_role("switch")).to_have_text("kept", timeout=60_000)
    expect(panel).to_contain_text("GB left on the disk")
    system.get_by_role("switch").click()
    expect(system.get_by_role("switch")).to_have_text("live only")
    panel.get_by_role("button", name="Record", exact=True).click()
    expect(panel).to_have_attribute("data-status", "active", timeout=30_000)
    says(page, "panel.status, panel.session.id == panel.session_id", "('active', True)")

    desktop.say(BUDGET, wait=False)
    meter = mic.get_by_role("meter")
    expect(meter).to_have_attribute("aria-valuenow", re.compile(r"^[3-9]\d$|^100$"))
    pictures(page, panel, lab.folder, "session")

    # Switched in one panel, while it records: the engine does it, and the other panel follows.
    mic.get_by_role("switch").click()
    expect(mic.get_by_role("switch")).to_have_text("live only")
    session = connection.get_capture_session(ask(page, "panel.session_id").strip("'"))
    assert {c.id: c.store for c in session.channels}["mic:default"] is False
    other.scroll_into_view_if_needed()
    other.hover()
    followed = other.locator("[data-channel='mic:default']").get_by_role("switch")
    expect(followed).to_have_text("live only", timeout=10_000)
    mic.get_by_role("switch").click()
    expect(mic.get_by_role("switch")).to_have_text("kept")

    # Searched while it records; and what is forgotten is not found any more.
    search = page.locator(".jc-search")
    search.get_by_label("Search in").hover()
    search.get_by_label("Search in").select_option(session.id)
    search.get_by_label("What was said").fill("engineers")
    page.keyboard.press("Enter")
    expect(search.locator(".jc-notes")).to_contain_text("recorded still", timeout=30_000)
    desktop.say(HIRING, wait=False)
    expect(search.locator(".jc-hit")).to_have_count(1, timeout=60_000)
    expect(search.locator(".jc-hit-from")).to_contain_text("Microphone")
    says(page, "found.shots", "[]")
    search.locator(".jc-hit-play").focus()  # as with the keys; more is said, and searched again
    search.evaluate(_COUNT_SEARCHES)
    desktop.say(BUDGET, wait=False)
    page.wait_for_function("window.searched", timeout=60_000)
    expect(search.locator(".jc-hit-play")).to_be_focused()
    panel.get_by_role("button", name="Forget").click()
    panel.get_by_role("button", name="Yes, erase it").click()
    expect(panel.get_by_role("button", name="Pause")).to_be_enabled()
    search.get_by_role("button", name="Search").click()
    expect(search.locator(".jc-hit")).to_have_count(0)

    # One channel is paused by itself; cells that ran are told to the session.
    turn = mic.get_by_role("checkbox")
    turn.click()
    expect(panel).to_have_attribute("data-status", "active")
    until(page, lambda: paused_of(connection, session.id) == ["mic:default"])
    expect(turn).not_to_be_checked()
    turn.click()
    until(page, lambda: paused_of(connection, session.id) == [])
    run_cells(connection, session.id, 2)

    panel.get_by_role("button", name="Pause").click()
    expect(panel).to_have_attribute("data-status", "paused")
    panel.get_by_role("button", name="Go on").click()
    expect(panel).to_have_attribute("data-status", "active")
    panel.get_by_role("button", name="Stop").click()
    player = panel.locator(".jc-player")
    expect(player).to_have_attribute("data-state", "poster", timeout=60_000)
    # By its menu of cells it begins where the second one ran.
    player.get_by_label("Chapters").locator("option", has_text=EVIL).last.wait_for(state="attached")
    began = player.get_by_label("Chapters").evaluate("menu => Number(menu.options[2].value)")
    player.get_by_role("button", name="Play", exact=True).click()
    expect(player).to_have_attribute("data-state", "ready", timeout=30_000)
    player.get_by_label("Chapters").select_option(index=2)
    plays_past(page, ".jc-session", began)
    kept = "[c['channel_id'] for c in panel.channels if c['store']]"
    says(page, kept, "['display:1', 'mic:default', 'notebook:cells']")

    with page.expect_download() as saving:
        player.get_by_role("button", name="Save the clip").click()
    with av.open(saving.value.path()) as file:
        assert {stream.type for stream in file.streams} >= {"video", "audio"}
        assert next(file.decode(video=0)).width == 1280
    player.get_by_role("button", name="Copy as code").click()
    expect(player.locator(".jc-said")).to_have_text("Code copied.")
    code = page.evaluate("() => navigator.clipboard.readText()")
    made = connection.get_capture_session(session.id).exported_video_id
    assert ask(
        page, f"exec({code!r}, space := {{}}), space['collection'].get_video('{made}').id"
    ) == (f"(None, '{made}')")

    # The timeline shows where the cells ran; the one that failed says so, and a click goes there.
    ask(page, f"editor.add(editor.connection.get_collection().get_video('{made}'))")
    cells = page.locator(".jc-timeline .jc-tl-cell")
    expect(cells).to_have_text(["2 cells, 1 failed"], timeout=30_000)
    cells.click()
    clock = page.locator(".jc-timeline .jc-tl-time b")
    expect(clock).not_to_have_text("0:00.00")

    # Deleted under the other panel's player, which has not loaded it yet.
    connection.get_collection().delete_video(str(made))
    other.get_by_role("button", name="Play", exact=True).click()
    expect(other.get_by_role("alert")).to_contain_text(re.compile("deleted|no video", re.I))
    assert page.evaluate("window.ran") is None


def test_searching_playing_and_clipping_by_keyboard_alone(
    opened: Page, lab: Lab, recorded: Recorded
) -> None:
    page = opened
    video = recorded.session.exported_video_id
    run_notebook(
        page,
        lab,
        "from jupyter_capture.widgets import SearchPanel, TranscriptView\n"
        f"added, panel = [], SearchPanel(scope='{video}')\npanel.on_add(added.append)\npanel",
        f"words = TranscriptView('{video}')\nwords",
    )
    panel = page.locator(".jc-search")
    expect(page.locator(".jc-word").first).to_be_visible(timeout=60_000)
    panel.get_by_label("What was said").focus()
    page.keyboard.type("budget travel")
    page.keyboard.press("Enter")
    hit = panel.locator(".jc-hit-play").first
    expect(hit.locator("mark").first).to_have_text(re.compile("budget", re.I), timeout=30_000)
    expect(hit.locator("img")).to_have_attribute("src", re.compile("."))
    for _ in range(4):
        page.keyboard.press("Tab")
    expect(hit).to_be_focused()
    pictures(page, panel, lab.folder, "search")
    hit.focus()
    page.keyboard.press("t")
    page.keyboard.press("Enter")
    plays_past(page, ".jc-search", 0.4)  # a hit may be as short as a word or two
    says(page, "[shot.video_id for shot in added]", f"['{video}']")
    says(page, "panel.selected['video_id']", f"'{video}'")
    page.keyboard.press("Escape")
    expect(panel.locator(".jc-player")).to_have_count(0)

    words = page.locator(".jc-transcript")
    third = words.locator(".jc-word").nth(2)
    third.focus()
    page.keyboard.press("Enter")
    plays_past(page, ".jc-transcript", 0.3)
    expect(words.locator(".jc-spoken")).to_have_count(1)
    third.focus()
    for _ in range(3):
        page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("c")
    expect(words.get_by_role("button", name="Make a clip")).to_be_enabled()
    clip = "words.shot.text, 0 < words.shot.length < 4"
    chosen = " ".join(words.locator(".jc-picked").all_inner_texts())
    assert len(chosen.split()) == 4
    says(page, clip, repr((chosen, True)))
    pictures(page, words, lab.folder, "transcript")

    # A word is corrected where it stands, found as it is now, and put back.
    third.focus()
    misheard = third.inner_text()
    page.keyboard.press("e")
    page.keyboard.type("thrown away")
    page.keyboard.press("Escape")
    expect(third).to_have_text(misheard)
    page.keyboard.press("e")
    page.keyboard.type(f"xylophone {EVIL}")
    page.keyboard.press("Enter")
    expect(words.locator(".jc-corrected").first).to_have_text("xylophone")
    expect(words.locator(".jc-corrected").first).to_be_focused()
    heard = f"words.connection.get_collection().get_video('{video}').get_transcript_text()"
    assert f"xylophone {EVIL}" in ask(page, heard)
    words.get_by_role("button", name="Undo").press("Enter")
    expect(words.locator(".jc-corrected")).to_have_count(0)
    assert f" {misheard} " in ask(page, heard)
    assert page.evaluate("window.ran") is None


def test_with_http_cut_off_media_come_in_messages_and_a_killed_kernel_leaves_a_still(
    opened: Page, context: BrowserContext, lab: Lab, recorded: Recorded
) -> None:
    page = opened
    page.route(lambda url: any(part in url for part in CUT), lambda route: route.abort())
    run_notebook(
        page,
        lab,
        "%load_ext jupyter_capture",
        f"%search channel:mic budget discussion --in {recorded.session.id}",
        "%play 1",
        "from jupyter_capture.widgets import SearchPanel\nSearchPanel('budget')",
    )
    player = page.locator(".jp-OutputArea .jc-player").first
    player.get_by_role("button", name="Play", exact=True).click(timeout=60_000)
    plays_past(page, ".jp-OutputArea", 1.5)
    picture = page.locator(".jc-hit-picture").first
    expect(picture).to_have_attribute("src", re.compile("^blob:"), timeout=30_000)
    page.evaluate(_SAVE)
    page.evaluate(_SHUT_DOWN)

    # Reopened where no kernel runs: the picture and the words, and no error of a missing model.
    page.reload()
    still = page.locator(".jc-still").first
    expect(still).to_be_visible(timeout=60_000)
    expect(still.locator("img")).to_be_visible()
    expect(page.get_by_text("Error displaying widget").first).to_be_hidden()
    page.screenshot(path=lab.folder / "reopened.png")


_LARGE = """\
from ipywidgets import Box
from jupyter_capture.widgets import SearchPanel, TranscriptView
from jupyter_capture.widgets._asked import Reply
evil = "<img src=x onerror='window.ran=1'><script>window.ran=1</script>"
def hit(at):
    words = dict(video_id="{video}", collection_id="default", title=evil, text=f"{{at}} " + evil)
    return dict(words, start=0.0, end=1.0, score=0.5, channel="mic:default")
panel = SearchPanel()
panel.results = [hit(at) for at in range(10_000)]
class TenHours(TranscriptView):
    def _request(self, asked):
        if "transcription" not in asked["path"]:
            return super()._request(asked)
        said = [dict(text=evil, start=6.0 * at, end=6.0 * at + 5) for at in range(6_000)]
        return Reply(dict(body=dict(success=True, data=dict(transcript=said, text=""))))
Box([panel], layout=dict(width="300px"))
"""


def test_10000_hits_and_10_hours_of_words_are_drawn_where_they_are_seen_and_never_run(
    opened: Page, lab: Lab, recorded: Recorded
) -> None:
    page = opened
    video = recorded.session.exported_video_id
    run_notebook(page, lab, _LARGE.format(video=video), f"TenHours('{video}')")
    panel, words = page.locator(".jc-search"), page.locator(".jc-transcript")
    expect(panel.locator(".jc-hit-play").first).to_be_visible(timeout=60_000)
    expect(panel.locator(".jc-hit")).to_have_count(10_000)
    box = panel.bounding_box()
    assert box is not None
    assert box["width"] <= 300
    panel.locator(".jc-hit-play").first.press("End")
    expect(panel.locator(".jc-hit").last).to_contain_text("9999 <img")
    assert panel.locator(".jc-hit-play").count() < 100
    expect(words.locator(".jc-word").first).to_be_visible(timeout=30_000)
    words.locator(".jc-block").last.scroll_into_view_if_needed()
    expect(words.locator(".jc-block-time").last).to_have_text("9:59:30", timeout=30_000)
    assert words.locator(".jc-block-time").count() < 100
    assert page.evaluate("window.ran") is None
