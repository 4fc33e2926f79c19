"""A film saved as one page, with names and words that would be programs: none of them runs."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page, expect

from jupyter_capture.media.chapters import Chapter
from jupyter_capture.media.page import write_page
from jupyter_capture.media.webvtt import Line

EVIL = "<img src=x onerror='window.ran=1'></script><script>window.ran=1</script>{{1}}"


def test_a_saved_page_shows_names_words_and_chapters_as_they_are(
    page: Page, tmp_path: Path
) -> None:
    film = tmp_path / "film.mp4"
    film.write_bytes(b"no film")
    target = tmp_path / "saved.html"
    write_page(target, film, EVIL, [Line(0, 1, EVIL)], [Chapter(0, EVIL)], picture=True)
    page.goto(target.as_uri())
    expect(page.locator("h1")).to_have_text(EVIL)
    expect(page.locator("#chapters button")).to_contain_text(EVIL)
    expect(page.locator("#lines button")).to_contain_text(EVIL)
    assert page.title() == EVIL
    assert page.locator("img, main script").count() == 0
    # Read by another way than the page's own world, whose policy forbids to evaluate.
    session = page.context.new_cdp_session(page)
    answer = session.send("Runtime.evaluate", {"expression": "String(window.ran)"})
    assert answer["result"]["value"] == "undefined"
