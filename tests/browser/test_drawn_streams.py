"""A timeline that is composed and mixed plays to its end, with hls.js and in Chromium alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from jupyter_capture.media.plan import Plan
from jupyter_capture.media.render import Source, plan_timeline
from jupyter_capture.wire.editor import Timeline
from tests.media.track_maker import FRAME, answer, make_audio, make_video, pulses

from .server import MediaServer

SECONDS = 5

_PLAY = """
async (url) => {
    const video = document.createElement('video');
    video.muted = true;
    document.body.replaceChildren(video);
    video.src = url;
    await video.play();
    await new Promise((resolve, reject) => {
        video.onended = resolve;
        video.onerror = () => reject(new Error(video.error.message));
    });
    const {totalVideoFrames, corruptedVideoFrames} = video.getVideoPlaybackQuality();
    return [video.duration, totalVideoFrames, corruptedVideoFrames];
}
"""


class PlanServer(MediaServer):
    """Makes a plan's playlists and segments when they are asked for."""

    def __init__(self, plan: Plan) -> None:
        super().__init__(Path())
        self.plan = plan

    def answer(self, path: str) -> tuple[int, dict[str, str], bytes]:
        parts = urlsplit(path).path.strip("/").split("/")
        if parts[0] != "stream":
            return super().answer(path)
        kind = "application/vnd.apple.mpegurl" if path.endswith(".m3u8") else "video/mp4"
        headers = {"content-type": kind, "access-control-allow-origin": "*"}
        return 200, headers, answer(self.plan, "/".join(parts[2:]))


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    """A recording, itself again in its corner, a title, and two sounds mixed; copied at its end."""
    folder = tmp_path_factory.mktemp("drawn")
    pictures = [(n * FRAME, n, n % 15 == 0) for n in range(SECONDS * 15)]
    sound = pulses(SECONDS, channels=2).astype(np.float32)
    source = Source(
        make_video(folder / "v", [pictures], SECONDS * 90000),
        make_audio(folder / "a", [(0, sound)]),
    )
    video = {"type": "video", "id": "m"}

    def clip(asset: dict[str, Any], **more: Any) -> dict[str, Any]:
        return {"start": 0, "clip": {"asset": asset, "duration": 3, **more}}

    tracks = [
        [{"start": 0, "clip": {"asset": video, "duration": SECONDS}}],
        [clip(video, scale=0.4, position="bottom_right")],
        [clip({"type": "text", "text": "Title"}, transition={"in": "fade"})],
    ]
    content = {"resolution": "320x240", "tracks": [{"clips": each} for each in tracks]}
    return plan_timeline(Timeline.model_validate(content), {"m": source})


@pytest.fixture
def server(plan: Plan) -> Iterator[PlanServer]:
    with PlanServer(plan) as running:
        yield running


def test_chromium_alone_plays_it_to_the_end(page: Page, server: PlanServer) -> None:
    page.goto(server.url + "/static/watch.css")
    duration, frames, broken = page.evaluate(_PLAY, server.url + "/stream/good/master.m3u8")
    assert duration == pytest.approx(SECONDS, abs=0.1)
    assert frames >= SECONDS * 15 * 0.8
    assert broken == 0


def test_hls_js_plays_it_to_the_end(page: Page, server: PlanServer) -> None:
    page.goto(server.url + "/watch?v=good")
    expect(page.locator(".jc-player")).to_have_attribute("data-state", "ready")
    page.keyboard.press("k")
    for _ in range(1500):
        if page.evaluate("document.querySelector('video').ended"):
            break
        page.wait_for_timeout(20)
    state = "(v => [v.ended, v.duration, v.error?.message ?? ''])(document.querySelector('video'))"
    ended, duration, error = page.evaluate(state)
    assert (ended, error) == (True, "")
    assert duration == pytest.approx(SECONDS, abs=0.1)
