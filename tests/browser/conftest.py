"""A real browser, and a stream of synthetic media served as the engine serves its own.

Playwright's sync API leaves its event loop running in this thread for as long as it is started.
So browser and server live for this folder's tests alone: asynchronous tests elsewhere are free.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from .media import write_stream
from .server import MediaServer
from .sharing import Launch

QUIET = [
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
]


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, which plays H.264 and AAC; Playwright's own does not."""
    chromium = shutil.which("chromium")
    assert chromium, "The browser tests need Debian's chromium: apt-get install chromium"
    expect.set_options(timeout=15_000)
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium, args=QUIET)
        yield running
        running.close()


@pytest.fixture(scope="package")
def media_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MediaServer]:
    """Serves ``/watch``, ``/embed``, ``/static`` and one stream of 12 s under the token "good"."""
    folder: Path = tmp_path_factory.mktemp("stream")
    write_stream(folder, seconds=12)
    with MediaServer(folder) as server:
        yield server


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    fresh = browser.new_context(viewport={"width": 1280, "height": 900})
    fresh.set_default_timeout(15_000)
    yield fresh
    fresh.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A page on which no script may fail."""
    opened = context.new_page()
    broken: list[str] = []
    opened.on("pageerror", lambda error: broken.append(str(error)))
    yield opened
    assert broken == []


@pytest.fixture(scope="module")
def launch(browser: Browser) -> Iterator[Launch]:
    """Browsers that answer what they are asked about sharing by themselves."""
    made: list[Browser] = []

    def start(*flags: str, **more: object) -> Browser:
        started = browser.browser_type.launch(
            executable_path=shutil.which("chromium"),
            args=[*QUIET, *flags],
            ignore_default_args=["--mute-audio"],
            **more,
        )
        made.append(started)
        return started

    yield start
    for each in made:
        each.close()
