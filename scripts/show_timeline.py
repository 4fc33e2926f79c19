"""Records the timeline editor with this very software, as docs/images/timeline-editor.webp.

``PYTHONPATH=. python scripts/show_timeline.py [FILE]`` needs what the tests need, and xdotool: a
virtual desktop, Chromium on it with JupyterLab, and a recording of both while clips are dragged,
trimmed, split, brought back and saved. The pointer is the desktop's own, so that it is recorded.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import av
from PIL import Image
from playwright.sync_api import FloatRect, Locator, Page, sync_playwright

from jupyter_capture.client.connection import Connection, connect
from jupyter_capture.client.session import CaptureSession
from jupyter_capture.demo.script import SLIDES
from jupyter_capture.desktop import VirtualDesktop
from tests.browser.conftest import QUIET
from tests.browser.lab import Lab
from tests.conftest import BUDGET, HIRING, end_process, start_engine

SIZE = (1280, 980)
WIDTH = 860
RATE = 8
"""Pictures a second."""
LARGEST = 1_500_000
FILE = Path(__file__).parent.parent / "docs" / "images" / "timeline-editor.webp"
Box = tuple[float, float, float, float]
"""Left, top, right, bottom (pixels of the desktop)."""
CELL = """\
from jupyter_capture import connect
from jupyter_capture.editor import Clip, Fit, Timeline, Track, VideoAsset
from jupyter_capture.widgets import TimelineEditor
conn = connect()
timeline, track = Timeline(conn), Track()
timeline.background = "#f9f2ec"
track.add_clip(0, Clip(VideoAsset("{video}"), 3, fit=Fit.contain))
track.add_clip(4.5, Clip(VideoAsset("{video}", start=3.5), 4, fit=Fit.contain))
timeline.add_track(track)
editor = TimelineEditor(timeline)
editor
"""
_READY = """async () => {
  const { commands, shell } = window.jupyterapp;
  const panel = shell.currentWidget;
  await panel.context.ready; await panel.sessionContext.ready;
  shell.collapseLeft(); shell.mode = "single-document";
  await commands.execute("notebook:run-all-cells"); }"""


class Pointer:
    """The desktop's own pointer, moved as a hand moves it. Pixels of the page."""

    def __init__(self, page: Page, env: dict[str, str]) -> None:
        self._env = env
        self._page = page
        self._at = (SIZE[0] / 2, SIZE[1] / 2)
        self.top = int(page.evaluate("window.screenY + window.outerHeight - window.innerHeight"))

    def _do(self, *command: object) -> None:
        subprocess.run(["xdotool", *map(str, command)], env=self._env, check=True)

    def go(self, x: float, y: float, seconds: float = 0.6) -> None:
        steps = max(2, int(seconds * 25))
        (from_x, from_y), self._at = self._at, (x, y)
        for step in range(1, steps + 1):
            share = step / steps
            eased = share * share * (3 - 2 * share)
            now = (from_x + (x - from_x) * eased, from_y + (y - from_y) * eased)
            self._do("mousemove", round(now[0]), round(now[1]) + self.top)
            self._page.wait_for_timeout(1000 * seconds / steps)

    def click(self, target: Locator) -> None:
        self.go(*middle(target))
        self._do("click", 1)
        self._page.wait_for_timeout(500)

    def drag(self, x: float, y: float, by: float) -> None:
        self.go(x, y)
        self._page.wait_for_timeout(250)
        self._do("mousedown", 1)
        self.go(x + by, y, 1.0)
        self._page.wait_for_timeout(250)
        self._do("mouseup", 1)
        self._page.wait_for_timeout(700)


def box_of(target: Locator) -> FloatRect:
    box = target.bounding_box()
    if box is None:
        raise SystemExit(f"{target} is not on the page.")
    return box


def middle(target: Locator) -> tuple[float, float]:
    box = box_of(target)
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def recorded(desktop: VirtualDesktop, connection: Connection) -> CaptureSession:
    """Something to cut: slides, and what is said to them."""
    desktop.show(SLIDES, 2.5)
    name = {"name": "Planning meeting"}
    session = connection.create_capture_session(end_user_id="show", metadata=name)
    channels = [{"name": "display:1", "store": True}, {"name": "mic:default", "store": True}]
    session.start(channels, primary_video_channel_id="display:1")
    desktop.say(BUDGET)
    desktop.say(HIRING)
    session.stop()
    return connection.get_capture_session(session.id)


def cut(page: Page, pointer: Pointer) -> None:
    """What a person does at the editor."""
    editor = page.locator(".jc-timeline")
    clips = editor.locator(".jc-tl-clip")
    box = box_of(clips.nth(1))
    second = box["width"] / 4
    y = box["y"] + 40
    # Moved to the end of the first, where it snaps; then trimmed at its end.
    pointer.drag(box["x"] + 90, y, -1.45 * second)
    end = box_of(clips.nth(1))
    pointer.drag(end["x"] + end["width"] - 3, y, -1.2 * second)
    # Split where the playhead is; and brought back.
    ruler = box_of(editor.locator(".jc-tl-ruler"))
    pointer.drag(ruler["x"] + 60, ruler["y"] + 13, 3.7 * second)
    pointer.click(editor.get_by_role("button", name="Split"))
    pointer.click(editor.get_by_role("button", name="Delete"))
    pointer.click(editor.get_by_role("button", name="Undo"))
    # The preview of what was before goes as soon as the new one shows its picture.
    editor.locator(".jc-player").nth(1).wait_for(state="detached")
    pointer.click(editor.locator(".jc-player .jc-play"))
    page.wait_for_timeout(1500)
    with page.expect_download(timeout=120_000) as saving:
        pointer.click(editor.get_by_role("button", name="Save as a video file"))
    saving.value.path()
    page.wait_for_timeout(1500)


def filmed(folder: Path, desktop: VirtualDesktop, env: dict[str, str]) -> tuple[Path, Box]:
    """The recording, as an mp4 file, and where on it the editor is."""
    connection = connect(data_dir=Path(env["JUPYTER_CAPTURE_DATA_DIR"]))
    source = recorded(desktop, connection)
    os.environ.update(env)
    with Lab(folder) as lab, sync_playwright() as playwright:
        lab.write("cut.ipynb", CELL.format(video=source.exported_video_id))
        window = [f"--window-size={SIZE[0]},{SIZE[1]}", "--window-position=0,0", "--kiosk"]
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"),
            headless=False,
            args=[*QUIET, *window],
            ignore_default_args=["--enable-automation"],
            env={**env},
        )
        page = browser.new_context(no_viewport=True).new_page()
        page.goto(lab.url("cut.ipynb"))
        page.locator(".jp-Notebook .jp-CodeCell").first.wait_for(timeout=60_000)
        page.evaluate(_READY)
        editor = page.locator(".jc-timeline")
        editor.wait_for(timeout=60_000)
        editor.locator("video").wait_for(timeout=30_000)
        editor.evaluate("element => element.scrollIntoView({ block: 'center' })")
        page.wait_for_timeout(2_000)
        pointer = Pointer(page, env)
        session = connection.create_capture_session(end_user_id="show")
        box = box_of(editor)
        top = box["y"] + pointer.top
        place = (box["x"] - 6, top - 6, box["x"] + box["width"] + 6, top + box["height"] + 6)
        session.start([{"name": "display:1", "store": True}], primary_video_channel_id="display:1")
        page.wait_for_timeout(800)
        cut(page, pointer)
        session.stop()
        browser.close()
    made = connection.get_capture_session(session.id).exported_video_id
    video = connection.get_collection().get_video(str(made))
    return video.save(folder / "editor.mp4", show_progress=False), place


def animated(video: Path, place: Box, to: Path) -> None:
    """As few bytes as it takes to stay below `LARGEST`."""
    pictures: list[Image.Image] = []
    with av.open(video) as file:
        due = 0.0
        for frame in file.decode(video=0):
            if frame.time is not None and frame.time >= due:
                due += 1 / RATE
                picture = Image.fromarray(frame.to_ndarray(format="rgb24")).crop(
                    (round(place[0]), round(place[1]), round(place[2]), round(place[3]))
                )
                height = round(picture.height * WIDTH / picture.width)
                pictures.append(picture.resize((WIDTH, height), Image.Resampling.LANCZOS))
    # A still stretch is one picture, shown for as long.
    shown = [pictures[0]]
    lengths = [0]
    for picture in pictures:
        if picture.tobytes() != shown[-1].tobytes():
            shown.append(picture)
            lengths.append(0)
        lengths[-1] += 1000 // RATE
    for quality in (70, 55, 40, 30, 20):
        shown[0].save(
            to,
            save_all=True,
            append_images=shown[1:],
            duration=lengths,
            loop=0,
            quality=quality,
            method=4,
            minimize_size=True,
        )
        if to.stat().st_size <= LARGEST:
            print(f"{to}: {len(shown)} pictures, {sum(lengths) / 1000:.0f} s, quality {quality}")
            return
    raise SystemExit(f"{to} is larger than {LARGEST} bytes at any quality.")


Filmed = Callable[[Path, VirtualDesktop, dict[str, str]], tuple[Path, Box]]
"""The recording, as an mp4 file, and the part of it to show."""


def film(size: tuple[int, int], filmed: Filmed, to: Path) -> None:
    """On a desktop and with a library of their own."""
    if missing := [name for name in ("xdotool", "chromium") if not shutil.which(name)]:
        raise SystemExit(f"This needs {' and '.join(missing)}: apt-get install them.")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        data = folder / "library"
        data.mkdir()
        with VirtualDesktop(f"{size[0]}x{size[1]}") as desktop:
            env = {**os.environ, **desktop.env, "JUPYTER_CAPTURE_DATA_DIR": str(data)}
            engine = start_engine(data, env)
            try:
                began = time.monotonic()
                video, place = filmed(folder, desktop, env)
                print(f"filmed in {time.monotonic() - began:.0f} s")
                animated(video, place, to)
            finally:
                end_process(engine.process)


if __name__ == "__main__":
    film(SIZE, filmed, Path(sys.argv[1]) if len(sys.argv) > 1 else FILE)
