"""A screen of one's own to write on, and text that was read from recordings of it."""

from __future__ import annotations

from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageFont

from jupyter_capture.desktop.window import Root

WORDS = "zeppelin forecast"
"""Shown on the second page of `PAGES` alone, and said by nobody."""


@dataclass(frozen=True)
class Page:
    """Lines of text on a window, and whether the caret stands after the last one."""

    lines: tuple[str, ...]
    caret: bool = False

    def draw(self, size: tuple[int, int]) -> Image.Image:
        image = Image.new("RGB", size, "#fbfbf8")
        pen = ImageDraw.Draw(image)
        font = ImageFont.load_default(30)
        for row, line in enumerate(self.lines):
            pen.text((60, 60 + 60 * row), line, "#1c1c1c", font)
        if self.caret and self.lines:
            row = len(self.lines) - 1
            left = 66 + pen.textlength(self.lines[-1], font)
            pen.rectangle((left, 62 + 60 * row, left + 2, 94 + 60 * row), "#1c1c1c")
        return image


PAGES = [
    Page(("Quarterly planning", "Agenda and welcome")),
    Page(("Zeppelin forecast", "Helium: 4 700 litres")),
    Page(("Thank you", "Questions to Mildred")),
]


def show(display: str, page: Page) -> None:
    """It is on the screen when this returns, and stays."""
    with Root(display) as root:
        root.show(page.draw(root.size))
