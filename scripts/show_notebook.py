"""Takes the README's pictures: JupyterLab and its sidebar, while a search is made and a hit plays.

``PYTHONPATH=. python scripts/show_notebook.py`` needs what `show_timeline` needs. The moving
picture is a recording made with this very software, of its sidebar's search and a notebook's
player; docs/images/notebook.png is how that looks in the end.
"""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from jupyter_capture.client.connection import Connection, connect
from jupyter_capture.client.video import Video
from jupyter_capture.demo.script import SLIDES
from jupyter_capture.desktop import VirtualDesktop
from scripts.show_timeline import Box, Pointer, box_of, film
from tests.browser.conftest import QUIET
from tests.browser.lab import Lab

SIZE = (1440, 1080)
SIDEBAR_WIDTH = 380
IMAGES = Path(__file__).parent.parent / "docs" / "images"
CELLS = ["%load_ext jupyter_capture", "%search budget discussion", "%play"]
SIDEBAR = "[id='jupyter-capture:sidebar']"
QUERY = "hiring engineers"
SAID = (
    "Let us start with the budget discussion. We have twelve thousand for travel.",
    "After that we talk about hiring two engineers, and a designer from May.",
    "Anna writes the report, and we meet again on Friday.",
)
_TIDY = """() => document.querySelectorAll(".jp-NotebookPanel-toolbar .jp-Toolbar-item")
  .forEach((item) => { if (item.textContent.includes("SQL")) item.remove(); })"""
"""A button of another extension, of the peer that the benchmarks measure."""
_READY = """async () => {
  const { commands, restored, shell } = window.jupyterapp;
  await restored;
  const panel = shell.currentWidget;
  await panel.context.ready; await panel.sessionContext.ready;
  await commands.execute("notebook:run-all-cells");
  await commands.execute("jupyter-capture:open"); }"""


def meeting(desktop: VirtualDesktop, connection: Connection) -> Video:
    """Slides, and what is said to them."""
    desktop.show(SLIDES[:1])
    name = {"name": "Planning meeting"}
    session = connection.create_capture_session(end_user_id="show", metadata=name)
    channels = [{"name": "display:1", "store": True}, {"name": "mic:default", "store": True}]
    session.start(channels, primary_video_channel_id="display:1")
    for slide, sentence in zip(SLIDES[1:], SAID, strict=True):
        desktop.show([slide])
        desktop.say(sentence)
        time.sleep(1.5)
    session.stop()
    video = session.get_video()
    if video is None:
        raise SystemExit("Nothing was recorded.")
    video.index_spoken_words(show_progress=False)
    return video


def widen(page: Page) -> None:
    box = box_of(page.locator(SIDEBAR))
    y = box["y"] + box["height"] - 60
    page.mouse.move(box["x"] + box["width"] + 1, y)
    page.mouse.down()
    page.mouse.move(box["x"] + SIDEBAR_WIDTH, y, steps=4)
    page.mouse.up()


def shown(page: Page, pointer: Pointer) -> None:
    """What a person does: looks for something beside the notebook, and plays it; then a cell's."""
    sidebar = page.locator(SIDEBAR)
    pointer.click(sidebar.get_by_role("searchbox", name="What was said"))
    page.keyboard.type(QUERY, delay=70)
    page.keyboard.press("Enter")
    hits = sidebar.locator(".jc-search .jc-hit")
    hits.first.wait_for(timeout=60_000)
    page.wait_for_timeout(900)
    pointer.click(hits.first.locator(".jc-hit-play"))
    page.wait_for_timeout(2_600)
    pointer.click(sidebar.locator(".jc-search .jc-player .jc-play"))
    player = page.locator(".jp-OutputArea .jc-player")
    pointer.click(player.get_by_role("button", name="Play", exact=True))
    page.wait_for_timeout(2_200)


def filmed(folder: Path, desktop: VirtualDesktop, env: dict[str, str]) -> tuple[Path, Box]:
    """The recording, as an mp4 file, and the part of it to show; notebook.png on the way."""
    connection = connect(data_dir=Path(env["JUPYTER_CAPTURE_DATA_DIR"]))
    meeting(desktop, connection)
    os.environ.update(env)
    with Lab(folder) as lab, sync_playwright() as playwright:
        lab.write("meeting.ipynb", *CELLS)
        window = [f"--window-size={SIZE[0]},{SIZE[1]}", "--window-position=0,0", "--kiosk"]
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"),
            headless=False,
            args=[*QUIET, *window],
            ignore_default_args=["--enable-automation"],
            env={**env},
        )
        page = browser.new_context(no_viewport=True).new_page()
        page.goto(lab.url("meeting.ipynb"))
        page.locator(".jp-Notebook .jp-CodeCell").first.wait_for(timeout=60_000)
        page.evaluate(_READY)
        sidebar = page.locator(SIDEBAR)
        sidebar.get_by_role("tab", name="Search").click()
        page.locator(".jp-OutputArea .jc-player").wait_for(timeout=60_000)
        widen(page)
        page.evaluate(_TIDY)
        page.locator(".jp-OutputArea .jc-player").evaluate("e => e.scrollIntoView({block: 'end'})")
        page.wait_for_timeout(1_500)
        pointer = Pointer(page, env)
        session = connection.create_capture_session(end_user_id="show")
        session.start([{"name": "display:1", "store": True}], primary_video_channel_id="display:1")
        page.wait_for_timeout(800)
        shown(page, pointer)
        session.stop()
        page.screenshot(path=IMAGES / "notebook.png")
        browser.close()
    made = connection.get_capture_session(session.id).exported_video_id
    film = connection.get_collection().get_video(str(made))
    place = (0.0, float(pointer.top), float(SIZE[0]), float(SIZE[1]))
    return film.save(folder / "notebook.mp4", show_progress=False), place


if __name__ == "__main__":
    film(SIZE, filmed, IMAGES / "notebook.webp")
