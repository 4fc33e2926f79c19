"""An overview in a real JupyterLab, drawn by software: points are seen, and a click plays one."""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect

from tests.conftest import Engine, Recorded

from .conftest import QUIET
from .lab import Lab
from .playing import plays_past
from .test_notebook_player import run_notebook

_GL = ["--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
_FIRST = (90, 169, 230)
"""The colour of the first channel's points."""


@pytest.fixture
def lab(engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lab]:
    for name, value in engine.env.items():
        monkeypatch.setenv(name, value)
    with Lab(tmp_path) as running:
        yield running


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """In a browser that draws three dimensions without a graphics card."""
    chromium = shutil.which("chromium")
    drawing = browser.browser_type.launch(executable_path=chromium, args=[*QUIET, *_GL])
    opened = drawing.new_page(viewport={"width": 1280, "height": 1100})
    yield opened
    drawing.close()


def place_of_a_point(canvas: Locator) -> dict[str, float] | None:
    """Where a point is seen on it: the middle one of the pixels that have its hue."""
    picture = Image.open(io.BytesIO(canvas.screenshot())).convert("RGB")
    pixels = np.asarray(picture).astype(float)
    strength = pixels.max(axis=2, keepdims=True).clip(1)
    alike = np.abs(pixels / strength - np.array(_FIRST) / max(_FIRST)).max(axis=2) < 0.12
    rows, columns = np.nonzero(alike & (strength[..., 0] > 60))
    if len(rows) < 20:
        return None
    middle = np.argsort(columns)[len(columns) // 2]
    return {"x": float(columns[middle]), "y": float(rows[middle])}


def test_a_click_on_a_point_of_an_overview_plays_its_moment(
    page: Page, lab: Lab, recorded: Recorded
) -> None:
    video = recorded.session.get_video()
    assert video is not None
    video.index_spoken_words(show_progress=False)
    shown = f"from jupyter_capture.widgets import Overview\nOverview({video.id!r})"
    run_notebook(page, lab, shown)
    canvas = page.locator(".jp-OutputArea canvas").first
    expect(canvas).to_be_visible(timeout=60_000)
    place = None
    for _ in range(100):
        place = place_of_a_point(canvas)
        if place is not None:
            break
    assert place is not None, "no point is seen"
    told = page.get_by_text("· mic:default ·").or_(page.get_by_text("· display:1 ·"))
    for step in range(100):
        # What lies under the pointer is known once it has been drawn.
        canvas.hover(position={"x": place["x"] - step % 2, "y": place["y"]})
        if told.count():
            break
    canvas.click(position=place)
    player = page.locator(".jp-OutputArea .jc-player")
    expect(player).to_have_attribute("data-state", "poster", timeout=30_000)
    player.get_by_role("button", name="Play", exact=True).click()
    plays_past(page, ".jp-OutputArea", 1)
