"""What the demo's virtual desktop shows and says."""

from __future__ import annotations

import threading
from types import TracebackType

from jupyter_capture.desktop import Slide, VirtualDesktop

QUERY = "budget discussion"
WORD = "budget"
"""Must be in the best shot."""
SEEN_WORD = "cloud"
"""Stands on a slide only: nobody says it."""
UNKEPT_WORD = "pineapple"
"""Said over the speakers only, which are live only: must be nowhere in what is kept."""

SLIDES = [
    Slide("Planning the next quarter", ("Agenda", "1. Budget", "2. Hiring", "3. Next steps")),
    Slide("Budget", ("Travel: 12 000", "Cloud: 48 000", "Training: 9 000"), "#5b2a3c"),
    Slide("Hiring", ("Two engineers", "One designer, from May"), "#1f4d3a"),
    Slide("Next steps", ("Anna writes the report", "We meet again on Friday"), "#4a3b76"),
]
SLIDE_SECONDS = 4.5

SPOKEN = [
    "Welcome to the planning meeting.",
    "Let us start with the budget discussion.",
    "We have twelve thousand for travel this quarter.",
    "After that we talk about hiring two engineers.",
    "Anna will write the report by Friday.",
]
PLAYED = "This comes from the speakers. The secret word is pineapple."


class Presentation:
    """Slides, a voice at the microphone and another one over the speakers.

    It goes on (``around`` again and again, where asked) until the ``with`` block ends.
    """

    def __init__(self, desktop: VirtualDesktop, *, around: bool = False) -> None:
        self._desktop = desktop
        self._around = around
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._speak, name="presentation")

    def __enter__(self) -> Presentation:
        self._desktop.show(SLIDES, SLIDE_SECONDS)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()

    def _speak(self) -> None:
        while True:
            self._desktop.say(PLAYED, "speakers", wait=False)
            for line in SPOKEN:
                if self._ended.wait(0.4):
                    return
                self._desktop.say(line)
            if not self._around:
                return
