"""The engine's streams in a real browser: while it records, with captions, saved as a page."""

from __future__ import annotations

import time
from pathlib import Path

import av
import pytest
from playwright.sync_api import Page, expect

from jupyter_capture.client.connection import Connection
from jupyter_capture.desktop import VirtualDesktop
from tests.conftest import Recorded

TRACK = "document.querySelector('video').textTracks[0]"


def wait_until(page: Page, script: str, seconds: float = 30.0) -> object:
    """The first true value of a script. The page's policy forbids Playwright's own waiting."""
    deadline = time.monotonic() + seconds
    while not (value := page.evaluate(script)):
        assert time.monotonic() < deadline, f"{script} is {value}"
        page.wait_for_timeout(50)
    return value


def opened(page: Page, url: str) -> None:
    page.goto(url)
    expect(page.locator(".jc-player")).to_have_attribute("data-state", "ready", timeout=30_000)


def test_a_running_session_is_watched_near_its_end_and_to_its_end(
    desktop: VirtualDesktop, connection: Connection, page: Page
) -> None:
    session = connection.create_capture_session()
    session.start([{"name": "display:1", "store": True}, {"name": "mic:default", "store": True}])
    session.generate_stream()
    opened(page, str(session.player_url))
    page.evaluate("document.querySelector('video').muted = true")
    page.get_by_role("button", name="Play", exact=True).click()
    wait_until(page, "document.querySelector('video').currentTime > 1")
    known = page.evaluate("document.querySelector('video').duration")
    wait_until(page, f"document.querySelector('video').duration > {known} + 1")
    session.stop()
    length = session.refresh().duration
    assert length
    wait_until(page, f"Math.abs(document.querySelector('video').duration - {length}) < 0.5")
    page.get_by_label("Position").fill(str(length - 1))
    wait_until(page, "document.querySelector('video').ended")
    session.delete()


@pytest.fixture(scope="module")
def indexed(recorded: Recorded) -> Recorded:
    video = recorded.session.get_video()
    assert video is not None
    video.index_spoken_words(show_progress=False)
    return recorded


def test_the_captions_button_shows_what_is_said(indexed: Recorded, page: Page) -> None:
    video = indexed.session.get_video()
    assert video is not None
    video.generate_stream()
    opened(page, str(video.player_url))
    button = page.get_by_role("button", name="Captions")
    expect(button).to_have_attribute("aria-pressed", "false")
    button.click()
    expect(button).to_have_attribute("aria-pressed", "true")
    wait_until(page, f"{TRACK}?.cues?.length > 0")
    cues = page.evaluate(f"[...{TRACK}.cues].map((cue) => [cue.startTime, cue.text])")
    said = video.get_transcript(segmenter="sentence")
    assert cues[0][0] == pytest.approx(said[0]["start"], abs=0.05)
    assert "budget" in " ".join(text for _, text in cues).lower()
    assert page.evaluate(f"{TRACK}.language") == "en"


def test_a_saved_page_plays_without_anything_else(
    indexed: Recorded, page: Page, tmp_path: Path
) -> None:
    video = indexed.session.get_video()
    assert video is not None
    path = video.save(tmp_path / "for a colleague.html", show_progress=False)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url[:5]))
    page.goto(path.as_uri())
    wait_until(page, "document.querySelector('video').readyState >= 2")
    length = page.evaluate("document.querySelector('video').duration")
    assert length == pytest.approx(video.length, abs=0.1)
    row = page.locator("#lines button").first
    assert "budget" in page.locator("#lines").inner_text().lower()
    page.evaluate("document.querySelector('video').muted = true")
    row.click()
    wait_until(page, "!document.querySelector('video').paused")
    expect(row).to_have_attribute("aria-current", "true")
    page.evaluate(f"{TRACK}.mode = 'hidden'")  # as the browser's own captions menu does
    assert page.evaluate(f"{TRACK}.cues.length") == page.locator("#lines button").count()
    assert set(asked) <= {"file:", "blob:"}


def test_captions_disturb_neither_ffmpeg_nor_chromiums_own_hls(
    indexed: Recorded, page: Page
) -> None:
    video = indexed.session.get_video()
    assert video is not None
    url = str(video.generate_stream())
    with av.open(url) as file:
        assert {stream.type for stream in file.streams} == {"video", "audio", "subtitle"}
        frames = sum(1 for _ in file.decode(video=0))
    assert frames > video.length
    page.evaluate(
        """(url) => { const video = document.createElement('video');
          document.body.append(video); video.muted = true; video.src = url; void video.play(); }""",
        url,
    )
    wait_until(page, "document.querySelector('video').currentTime > 0.5")
    length = page.evaluate("document.querySelector('video').duration")
    assert length == pytest.approx(video.length, abs=0.1)
