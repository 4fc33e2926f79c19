"""A screen is fetched where the server says that something was drawn."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from itertools import pairwise

import pytest

from jupyter_capture.desktop import VirtualDesktop
from jupyter_capture.desktop.window import Root
from jupyter_capture.recorder.screen_track import same_picture
from jupyter_capture.recorder.sources.base import Picture
from jupyter_capture.recorder.sources.x11 import X11Screen
from jupyter_capture.recorder.sources.xchanges import ScreenChanges

Paint = Callable[[str], None]
_WARP_POINTER = 41


class Counted(X11Screen):
    fetched = 0

    def _fetch(self) -> Picture:
        self.fetched += 1
        return super()._fetch()


@pytest.fixture
def screen(desktop: VirtualDesktop, paint: Paint) -> Iterator[Counted]:
    paint("black")
    source = Counted("display:1", 30, desktop.env)
    source.open()
    yield source
    source.close()


def colour(picture: Picture) -> tuple[int, ...]:
    pixels = picture.frame.to_ndarray(format="rgb24")[100:140, 100:140]
    return tuple(int(value) for value in pixels.mean(axis=(0, 1)).round())


def test_a_still_screen_is_fetched_twice_a_second_and_a_change_is_in_the_next_picture(
    desktop: VirtualDesktop, screen: Counted, paint: Paint
):
    pictures = [screen.read() for _ in range(30)]
    assert screen.fetched < 10
    assert all(one.moment < other.moment for one, other in pairwise(pictures))
    # The same object, which is known as equal at a glance.
    assert len({id(picture.frame) for picture in pictures}) == 1
    for wanted in ("red", "blue", "lime"):
        paint(wanted)
        seen = colour(screen.read())
        assert seen == {"red": (255, 0, 0), "blue": (0, 0, 255), "lime": (0, 255, 0)}[wanted]
    before = screen.read().frame
    with Root(desktop.display) as root:
        root._request(_WARP_POINTER, 0, struct.pack("<IIhhHHhh", 0, root.root, 0, 0, 0, 0, 60, 60))
        root._round_trip()
    seen = [screen.read().frame for _ in range(3)]  # where it is, is asked a picture before
    assert not same_picture(before, seen[-1])


def test_a_server_that_does_not_tell_of_changes_is_not_trusted_for_long(
    screen: Counted, paint: Paint, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(ScreenChanges, "any", lambda _: False)
    for wanted in ("red", "blue", "lime"):
        paint(wanted)
        seen = [colour(screen.read()) for _ in range(20)]  # half a second at most
        assert seen[-1] != seen[0] or wanted == "red"
    paint("black")
    assert colour(screen.read()) == (0, 0, 0)
