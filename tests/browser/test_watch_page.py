"""The watch page in a real browser: it plays, obeys the keyboard, and fails in plain words."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from .server import TITLE, MediaServer

FPS = 15


def video(page: Page, what: str) -> float:
    """A property of the page's <video>; booleans as 0 and 1."""
    return float(page.evaluate(f"document.querySelector('video').{what}"))


def until(page: Page, what: str, low: float, high: float = float("inf")) -> float:
    """Waits until ``low <= what < high``. The page's policy forbids Playwright's own waiting."""
    deadline = time.monotonic() + 15
    while not low <= (value := video(page, what)) < high:
        assert time.monotonic() < deadline, f"{what} is {value}, not within {low} and {high}"
        page.wait_for_timeout(20)
    return value


def opened(page: Page, server: MediaServer, path: str = "/watch?v=good") -> Page:
    page.goto(server.url + path)
    expect(page.locator(".jc-player")).to_have_attribute("data-state", "ready")
    return page


@pytest.fixture
def watch(page: Page, media_server: MediaServer) -> Page:
    """A watch page that shows its first picture."""
    return opened(page, media_server)


def test_a_click_plays_and_another_pauses(watch: Page) -> None:
    assert video(watch, "currentTime") == 0
    assert video(watch, "paused")
    watch.get_by_role("button", name="Play", exact=True).click()
    until(watch, "currentTime", 1)
    watch.locator("video").click()
    until(watch, "paused", 1)
    # The page is told of the last moment in an event of its own, a little after the pause.
    stopped = f"0:{int(video(watch, 'currentTime')):02d}"
    expect(watch.locator(".jc-now")).to_have_text(stopped)
    assert watch.locator(".jc-length").inner_text() == "0:12"


def test_it_plays_to_the_end_and_from_the_beginning_again(watch: Page) -> None:
    watch.get_by_label("Position").fill("11")
    watch.keyboard.press("k")
    until(watch, "ended", 1)
    watch.keyboard.press("k")
    until(watch, "currentTime", 0.2, 5)


def test_the_end_key_goes_to_the_end(watch: Page) -> None:
    # Until the last segment is there, the end is the playlist's 12 s and not the sound's 12.02.
    watch.keyboard.press("End")
    until(watch, "currentTime", 12)
    assert video(watch, "paused")


def test_the_keyboard_plays_seeks_and_steps(watch: Page) -> None:
    watch.keyboard.press("Space")
    until(watch, "currentTime", 0.3)
    watch.keyboard.press("k")
    until(watch, "paused", 1)
    at = video(watch, "currentTime")
    watch.keyboard.press("ArrowRight")
    assert video(watch, "currentTime") == pytest.approx(at + 5, abs=0.01)
    watch.keyboard.press("ArrowLeft")
    assert video(watch, "currentTime") == pytest.approx(at, abs=0.01)
    frame = int(at * FPS + 1e-3)
    watch.keyboard.press(".")
    assert video(watch, "currentTime") == pytest.approx((frame + 1.5) / FPS, abs=0.005)
    watch.keyboard.press(",")
    assert video(watch, "currentTime") == pytest.approx((frame + 0.5) / FPS, abs=0.005)


def test_a_step_shows_the_next_picture(watch: Page) -> None:
    picture = """() => { const v = document.querySelector('video');
      const c = new OffscreenCanvas(640, 1).getContext('2d');
      c.drawImage(v, 0, 316, 640, 1, 0, 0, 640, 1);
      const { data } = c.getImageData(0, 0, 640, 1);
      let n = 0; for (let i = 0; i < 640; i++) if (data[i * 4] < 150) n++; return n; }"""
    widths = []
    for _ in range(6):
        watch.keyboard.press(".")
        until(watch, "seeking", 0, 1)
        watch.wait_for_timeout(100)
        widths.append(watch.evaluate(picture))
    steps = [b - a for a, b in pairwise(widths)]
    assert sum(steps) == pytest.approx(3 * 5, abs=2), widths
    assert min(steps) >= 1, widths


def test_speed_sound_and_full_screen_have_keys(watch: Page) -> None:
    watch.keyboard.press(">")
    assert video(watch, "playbackRate") == 1.25
    watch.keyboard.press("m")
    assert video(watch, "muted")
    watch.keyboard.press("f")
    expect(watch.locator(".jc-full")).to_have_attribute("aria-label", "Leave full screen (f)")
    watch.keyboard.press("f")
    expect(watch.locator(".jc-full")).to_have_attribute("aria-label", "Full screen (f)")


def test_the_speed_menu_and_the_seek_bar_work(watch: Page) -> None:
    watch.get_by_label("Speed").select_option("2")
    assert video(watch, "playbackRate") == 2
    watch.get_by_label("Position").fill("7")
    assert video(watch, "currentTime") == pytest.approx(7, abs=0.01)
    assert watch.locator(".jc-now").inner_text() == "0:07"


def test_captions_are_off_until_asked_for(watch: Page) -> None:
    button = watch.get_by_role("button", name="Captions")
    expect(button).to_have_attribute("aria-pressed", "false")
    watch.keyboard.press("k")
    button.click()
    expect(button).to_have_attribute("aria-pressed", "true")
    until(watch, "textTracks[0].activeCues?.length ?? 0", 1)
    text = "document.querySelector('video').textTracks[0].activeCues[0].text"
    assert watch.evaluate(text).strip() == "The budget discussion"
    watch.keyboard.press("c")
    expect(button).to_have_attribute("aria-pressed", "false")


@pytest.mark.parametrize("ending", ["#t=0:05", "&t=5s"])
def test_an_address_can_name_a_start(page: Page, media_server: MediaServer, ending: str) -> None:
    opened(page, media_server, "/watch?v=good" + ending)
    assert until(page, "currentTime", 4.9, 5.2)
    page.keyboard.press("k")
    until(page, "currentTime", 5.5)


def test_the_title_is_text_and_nothing_is_asked_of_another_host(
    page: Page, media_server: MediaServer
) -> None:
    asked: list[str] = []
    violations: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: violations.append(message.text))
    opened(page, media_server)
    page.keyboard.press("c")
    page.keyboard.press("k")
    until(page, "currentTime", 0.5)
    assert page.title() == TITLE
    assert page.locator("h1").inner_text() == TITLE
    assert all(url.startswith((media_server.url, "blob:", "data:")) for url in asked)
    assert violations == []


@pytest.mark.parametrize(
    ("token", "words"),
    [
        ("expired", "This link has expired"),
        ("deleted", "not here any more"),
        ("broken", "could not prepare this video"),
        ("nonsense", "not a video stream"),
    ],
)
def test_what_cannot_play_says_why(
    page: Page, media_server: MediaServer, token: str, words: str
) -> None:
    page.goto(f"{media_server.url}/watch?v={token}")
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text(words)
    assert "raw words" not in alert.inner_text()
    expect(page.get_by_role("button", name="Try again")).to_be_visible()


def test_an_engine_that_ends_is_named_and_trying_again_goes_on_where_it_was(
    page: Page, media_server: MediaServer
) -> None:
    page.route("**/video-*.m4s", lambda route: route.abort("connectionrefused"))
    page.goto(f"{media_server.url}/watch?v=good#t=4")
    expect(page.get_by_role("alert")).to_contain_text("cannot be reached", timeout=20_000)
    assert page.locator(".jc-now").inner_text() == "0:04"
    page.unroute_all()
    page.get_by_role("button", name="Try again").click()
    until(page, "currentTime", 4.3, 8)
    expect(page.get_by_role("alert")).to_be_hidden()


def test_a_browser_without_media_source_plays_natively(
    context: BrowserContext, media_server: MediaServer
) -> None:
    context.add_init_script("delete window.MediaSource; delete window.ManagedMediaSource")
    page = opened(context.new_page(), media_server, "/watch?v=good&t=3")
    page.keyboard.press("k")
    until(page, "currentTime", 3.5)
    assert not any(path.endswith("hls.js") for path in media_server.asked[-20:])
    page.goto(f"{media_server.url}/watch?v=deleted")
    expect(page.get_by_role("alert")).to_contain_text("not here any more")


def test_sound_alone_plays_in_a_low_player(page: Page, media_server: MediaServer) -> None:
    opened(page, media_server, "/watch?v=sound")
    page.keyboard.press("k")
    until(page, "currentTime", 0.5)
    box = page.locator(".jc-stage").bounding_box()
    assert box is not None
    assert box["height"] < 150


@pytest.mark.parametrize("width", [320, 400, 1280])
@pytest.mark.parametrize("path", ["/watch?v=good", "/embed?v=good"])
def test_nothing_is_cut_off_at_any_width(
    page: Page, media_server: MediaServer, width: int, path: str
) -> None:
    page.set_viewport_size({"width": width, "height": 700})
    opened(page, media_server, path)
    assert page.evaluate("document.documentElement.scrollWidth") == width
    for control in page.locator(".jc-row > :visible").all():
        box = control.bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
    expect(page.get_by_role("button", name="Full screen")).to_be_visible()


def test_the_page_follows_the_systems_colour_scheme(watch: Page) -> None:
    def brightness(selector: str) -> float:
        colour = watch.evaluate(
            f"getComputedStyle(document.querySelector('{selector}')).backgroundColor"
        )
        channels = [float(x) for x in colour.strip("rgba()").split(",")[:3]]
        return sum(channels) / 3

    watch.emulate_media(color_scheme="light")
    assert brightness("body") > 200
    assert brightness(".jc-player") > 200
    watch.emulate_media(color_scheme="dark")
    assert brightness("body") < 60
    assert brightness(".jc-player") < 60
