"""The timeline editor in a real JupyterLab, on a real recording."""

from __future__ import annotations

import ast
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import av
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.conftest import Engine, Recorded

from .lab import Lab

Spans = list[list[tuple[float, float]]]
AXE = Path(__file__).parent.parent.parent / "labextension" / "node_modules" / "axe-core" / "axe.js"
_SETUP = """\
from jupyter_capture import connect
from jupyter_capture.editor import CaptionAsset, Clip, Timeline, Track, VideoAsset
from jupyter_capture.widgets import TimelineEditor
conn = connect()
video = conn.get_collection().get_video("{video}")
def two_clips():
    timeline, track = Timeline(conn), Track()
    track.add_clip(0, Clip(VideoAsset(video.id), 3))
    track.add_clip(5, Clip(VideoAsset(video.id, start=4), 3))
    timeline.add_track(track)
    return timeline
editor = TimelineEditor(two_clips())
editor
"""
_READY = """async () => {
  const panel = window.jupyterapp.shell.currentWidget;
  await panel.context.ready; await panel.sessionContext.ready; }"""
_RUN = "async () => { await window.jupyterapp.commands.execute('notebook:run-all-cells'); }"
_SAVE = "async () => { await window.jupyterapp.commands.execute('docmanager:save'); }"
_ASK = """async ([code, value]) => {
  const { kernel } = window.jupyterapp.shell.currentWidget.sessionContext.session;
  const expressions = { user_expressions: { value }, silent: false, store_history: false };
  const reply = await kernel.requestExecute({ code, ...expressions }).done;
  const { status, user_expressions, evalue } = reply.content;
  if (status !== "ok") throw new Error(evalue);
  return user_expressions.value.data?.["text/plain"] ?? user_expressions.value.evalue; }"""
_DROP = """([element, shot, x, y]) => {
  const dataTransfer = new DataTransfer();
  dataTransfer.setData("application/x-jupyter-capture-clip+json", JSON.stringify(shot));
  for (const name of ["dragover", "drop"]) {
    const at = { clientX: x, clientY: y, bubbles: true, cancelable: true };
    element.dispatchEvent(new DragEvent(name, { ...at, dataTransfer })); } }"""
_SPANS = (
    "[[(round(i.start, 3), round(i.clip.duration, 3)) for i in t.clips]"
    " for t in editor.timeline.tracks]"
)


@pytest.fixture(scope="module")
def lab(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    folder: Path = tmp_path_factory.mktemp("timeline")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_CAPTURE_DATA_DIR", str(engine.data_dir))
        with Lab(folder) as running:
            yield running


_AXE_RUN = """async (selector) => {
  const { violations } = await axe.run(selector, { resultTypes: ["violations"] });
  return violations.filter((each) => ["serious", "critical"].includes(each.impact))
    .map(({ id, nodes }) => [id, nodes.map((node) => node.html.slice(0, 200))]); }"""
_THEME = """async (theme) => {
  const { commands, shell } = window.jupyterapp;
  await commands.execute("apputils:change-theme", { theme });
  shell.collapseLeft(); }"""


class Editor:
    """A page with the editor, and the kernel behind it."""

    def __init__(self, page: Page, lab: Lab, recorded: Recorded) -> None:
        self.page = page
        self.file = lab.folder / "cut.ipynb"
        self.video = str(recorded.session.exported_video_id)
        lab.write(self.file.name, _SETUP.format(video=self.video))
        page.goto(lab.url(self.file.name))
        page.locator(".jp-Notebook .jp-CodeCell").first.wait_for(timeout=60_000)
        page.evaluate(_READY)
        page.evaluate(_RUN)
        self.root = page.locator(".jc-timeline")
        self.root.wait_for(timeout=60_000)
        self.clips = self.root.locator(".jc-tl-clip")
        expect(self.clips).to_have_count(2)
        self.root.locator(".jc-tl-board").scroll_into_view_if_needed()

    def python(self, value: str, code: str = "") -> str:
        """``value`` in the kernel, after ``code``."""
        return str(self.page.evaluate(_ASK, [code, value]))

    def spans(self) -> Spans:
        """Of each track, the starts and durations that Python knows, seconds."""
        return ast.literal_eval(self.python(_SPANS))

    def once(self, holds: Callable[[Spans], bool]) -> Spans:
        """What Python knows, once it is so: an edit takes its time to the kernel."""
        deadline = time.monotonic() + 10
        while not holds(found := self.spans()):
            assert time.monotonic() < deadline, f"Python still has {found}"
            self.page.wait_for_timeout(50)
        return found

    def until(self, spans: list[list[list[float]]]) -> None:
        """Wait for Python to have these."""
        wanted = [[tuple(clip) for clip in track] for track in spans]
        self.once(lambda found: found == wanted)

    def drag(self, clip: Locator, by: float, at: float = 0.5) -> None:
        """Press a clip at a share of its width, pull it by seconds, let go."""
        clip.scroll_into_view_if_needed()
        box = clip.bounding_box()
        assert box is not None
        x, y = box["x"] + box["width"] * at, box["y"] + 40
        self.page.mouse.move(x, y)
        self.page.mouse.down()
        pixels = by * self.pixels_a_second()
        self.page.mouse.move(x + pixels / 2, y, steps=3)
        self.page.mouse.move(x + pixels, y, steps=3)
        self.page.mouse.up()

    def pixels_a_second(self) -> float:
        boxes = [self.clips.nth(n).bounding_box() for n in (0, 1)]
        assert boxes[0] is not None
        assert boxes[1] is not None
        first, second = self.spans()[0]
        return (boxes[1]["x"] - boxes[0]["x"]) / (second[0] - first[0])

    def button(self, name: str) -> Locator:
        return self.root.get_by_role("button", name=name)


@pytest.fixture(scope="module")
def opened(browser: Browser, lab: Lab, recorded: Recorded) -> Iterator[Editor]:
    """One page and one kernel for all of these tests, and no script of the page may fail."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(15_000)
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = context.new_page()
    broken: list[str] = []
    page.on("pageerror", lambda error: broken.append(str(error)))
    shown = Editor(page, lab, recorded)
    page.add_script_tag(path=AXE)
    yield shown
    context.close()
    assert broken == []


@pytest.fixture
def editor(opened: Editor) -> Editor:
    """The editor with two clips again: 0 to 3 s and 5 to 8 s."""
    # What a test left may look the same: the page shows none of it first.
    opened.python("None", "editor.timeline = Timeline(conn)")
    expect(opened.clips).to_have_count(0)
    expect(opened.root.locator(".jc-player")).to_have_count(0)
    opened.python("None", "editor.timeline = two_clips()")
    opened.until([[[0, 3], [5, 3]]])
    expect(opened.clips).to_have_count(2)
    opened.root.get_by_role("slider", name="Playhead").press("Home")
    opened.button("Show all of it").click()
    opened.root.get_by_role("tab", name="Clip").click()
    return opened


def test_a_clip_is_dragged_trimmed_and_undone_and_python_has_a_say(
    editor: Editor, lab: Lab
) -> None:
    editor.drag(editor.clips.nth(1), by=-1.93)
    # It snaps to the end of the first.
    editor.until([[[0, 3], [3, 3]]])
    editor.drag(editor.clips.nth(1), by=-1, at=0.99)
    expect(editor.button("Undo: trim end")).to_be_enabled()
    start, length = editor.once(lambda spans: spans[0][1][1] < 3)[0][1]
    assert start == 3
    assert 1.6 < length < 2.4
    editor.button("Undo: trim end").click()
    editor.button("Undo: move").click()
    editor.until([[[0, 3], [5, 3]]])

    # Python adds a title; it shows, and a shot is dropped beside it from a search.
    editor.python("None", "editor.add('The <b>plan</b>', at=1)")
    expect(editor.clips).to_have_count(3)
    expect(editor.clips.first).to_have_text("The <b>plan</b>")
    lane = editor.root.locator(".jc-tl-lane").last
    box = editor.clips.last.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] + 5, box["y"] + 30
    shot = {"video_id": editor.video, "start": 1.5, "end": 3.5}
    editor.page.evaluate(_DROP, [lane.element_handle(), shot, x, y])
    editor.until([[[0, 3], [5, 3], [8, 2]], [[1, 4]]])

    editor.page.evaluate(_SAVE)
    saved = editor.file.read_text()
    assert "The &lt;b&gt;plan" in saved or "TimelineEditor(" in saved
    assert "stm-" not in saved
    assert "127.0.0.1" not in saved

    path = lab.folder / "cut.mp4"
    editor.python("None", f"editor.save({str(path)!r}, show_progress=False)")
    with av.open(path) as file:
        assert file.streams.video[0].width == 1280
        assert float(file.duration or 0) / av.time_base == pytest.approx(10, abs=0.2)
    with editor.page.expect_download() as saving:
        editor.button("Save as a video file").click()
    assert Path(saving.value.path()).read_bytes() == path.read_bytes()


def test_the_copied_code_builds_what_is_on_the_page(editor: Editor) -> None:
    editor.clips.nth(1).click()
    editor.button("Into the corner").click()
    editor.button("Duplicate").click()
    editor.button("Copy the Python").click()
    expect(editor.root.get_by_role("status").last).to_contain_text("Copied")
    code = editor.page.evaluate("() => navigator.clipboard.readText()")
    editor.until([[[0, 3], [5, 3], [8, 3]]])
    same = "space['timeline'].to_json() == editor.timeline.to_json()"
    assert editor.python(same, f"space = {{}}; exec({code!r}, space)") == "True"
    assert "position=Position.bottom_right" in code


def test_it_can_be_read_by_everyone_in_both_themes(editor: Editor, lab: Lab) -> None:
    page = editor.page
    editor.python(
        "None", "editor.add('Our plan', at=1); editor.add(Clip(CaptionAsset(), 3), track=2)"
    )
    expect(editor.clips).to_have_count(4)
    editor.clips.first.click()
    for theme in ("Light", "Dark"):
        page.evaluate(_THEME, f"JupyterLab {theme}")
        expect(editor.root).to_have_attribute("data-theme", theme.lower())
        for width in (1280, 700):
            page.set_viewport_size({"width": width, "height": 1000})
            found: list[object] = page.evaluate(_AXE_RUN, ".jc-timeline")
            assert found == []
            shown = editor.root.evaluate("root => root.scrollWidth - root.clientWidth")
            assert shown <= 0, "nothing hangs over the side"
            editor.root.screenshot(path=lab.folder / f"timeline-{theme.lower()}-{width}.png")
    page.evaluate(_THEME, "JupyterLab Light")
    page.set_viewport_size({"width": 1280, "height": 900})


def test_all_of_it_works_by_keyboard_alone(editor: Editor) -> None:
    press = editor.page.keyboard.press
    editor.root.get_by_role("slider", name="Playhead").focus()
    press("l")
    press("Tab")
    expect(editor.clips.nth(0)).to_be_focused()
    expect(editor.clips.nth(0)).to_have_attribute("aria-pressed", "true")
    press("s")
    editor.until([[[0, 1], [1, 2], [5, 3]]])
    expect(editor.clips.nth(1)).to_be_focused()
    press("Shift+ArrowRight")
    editor.until([[[0, 1], [2, 2], [5, 3]]])
    press("ArrowUp")
    editor.until([[[0, 1], [5, 3]], [[2, 2]]])
    press("Control+c")
    press("Delete")
    editor.until([[[0, 1], [5, 3]]])
    press("Control+v")
    editor.until([[[0, 1], [1, 2], [5, 3]]])
    for _ in range(5):
        press("Control+z")
    editor.until([[[0, 3], [5, 3]]])
    press("Control+Shift+z")
    editor.until([[[0, 1], [1, 2], [5, 3]]])
    # None of these keys was the notebook's.
    expect(editor.page.locator(".jp-CodeCell")).to_have_count(1)


def test_the_preview_is_made_again_at_the_same_time(editor: Editor) -> None:
    video = editor.root.locator("video")
    player = editor.root.locator(".jc-player")
    expect(player).to_have_count(1)
    expect(player).to_have_attribute("data-state", "ready")
    for _ in range(2):
        editor.root.get_by_role("slider", name="Playhead").press("l")
    expect(editor.root.locator(".jc-tl-time b")).to_have_text("0:02.00")
    before = video.evaluate("video => { video.was = true; return video.currentTime; }")
    assert before == pytest.approx(2, abs=0.05)
    editor.clips.nth(1).click()
    editor.button("Delete (Del)").click()
    # Another player takes its place, at the same time.
    editor.page.wait_for_function(
        "() => [...document.querySelectorAll('.jc-timeline video')].every(video => !video.was)"
    )
    assert video.evaluate("video => video.currentTime") == pytest.approx(2, abs=0.05)
    expect(editor.root.locator(".jc-tl-time b")).to_have_text("0:02.00")


def test_deleted_words_and_silences_are_cut_and_come_back_in_one_step(editor: Editor) -> None:
    editor.python("None", "video.index_spoken_words(show_progress=False)")
    editor.python("None", "editor.timeline = Timeline(conn); editor.add(video)")
    expect(editor.clips).to_have_count(1)
    (((_, whole),),) = editor.spans()
    editor.root.get_by_role("tab", name="Words").click()
    words = editor.root.locator(".jc-tl-said")
    budget = words.filter(has_text="budget").first
    budget.click()
    editor.page.keyboard.press("Shift+ArrowRight")
    editor.page.keyboard.press("Delete")
    expect(editor.clips).to_have_count(2)
    expect(words.filter(has_text="budget")).to_have_count(0)
    # The words of all pieces are there to read on.
    expect(words.filter(has_text="start")).to_have_count(1)
    expect(words.filter(has_text="travel")).to_have_count(1)
    (pieces,) = editor.once(lambda spans: len(spans[0]) == 2)
    assert pieces[0][0] + pieces[0][1] == pytest.approx(pieces[1][0])
    assert 0.3 < whole - sum(length for _, length in pieces) < 2.5
    editor.button("Undo: cut 2 words").click()
    editor.until([[[0, whole]]])
    pause = editor.root.get_by_role("spinbutton", name="Silences over")
    pause.fill("0.3")  # there is half a second between two of the sentences
    pause.press("Tab")
    tidy = editor.button("Cut silences and fillers")
    expect(tidy).to_contain_text("silence")
    tidy.click()
    expect(editor.button("Undo: cut silences and fillers")).to_be_enabled()
    editor.once(lambda spans: sum(length for _, length in spans[0]) < whole - 0.2)
    editor.button("Undo: cut silences and fillers").click()
    editor.until([[[0, whole]]])


def test_what_the_engine_says_of_a_clip_names_it(editor: Editor) -> None:
    note = editor.root.get_by_role("status").filter(has_text="was shortened")
    editor.python("None", "editor.add(Clip(VideoAsset(video.id, start=1), 500), track=1)")
    expect(note).to_contain_text("asks for 500 s")
    note.get_by_role("button").click()
    expect(editor.clips.first).to_have_attribute("aria-pressed", "true")
