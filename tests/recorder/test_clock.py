from __future__ import annotations

import pytest

from jupyter_capture.recorder.clock import NS, MediaClock, Span, ticks


class Hands:
    """Clocks set by hand."""

    def __init__(self) -> None:
        self.monotonic = 50 * NS
        self.wall = 1000.0

    def clock(self) -> MediaClock:
        return MediaClock(lambda: self.monotonic, lambda: self.wall)

    def pass_by(self, seconds: float) -> None:
        self.monotonic += int(seconds * NS)
        self.wall += seconds


def test_media_time_is_the_time_since_the_start_less_the_pauses():
    hands = Hands()
    clock = hands.clock()
    assert clock.now() == 0
    assert clock.media(hands.monotonic) is None
    hands.pass_by(1)
    clock.start()
    hands.pass_by(2)
    assert clock.now() == 2 * NS
    assert clock.pause()
    assert not clock.pause()
    hands.pass_by(10)
    assert clock.now() == 2 * NS
    assert clock.resume()
    assert not clock.resume()
    hands.pass_by(3)
    assert clock.now() == 5 * NS
    assert clock.wall_clock == [(0, 1001), (2, 1013)]
    assert clock.media(51 * NS) == 0
    assert clock.media(51 * NS - 1) is None
    assert clock.media(53 * NS) is None
    assert clock.media(62 * NS) is None
    assert clock.media(63 * NS) == 2 * NS
    clock.stop(4 * NS)
    assert clock.media(65 * NS - 1) == 4 * NS - 1
    assert clock.media(65 * NS) is None
    assert clock.now() == 4 * NS


def test_samples_are_split_where_a_pause_cuts_them():
    hands = Hands()
    clock = hands.clock()
    clock.start()
    hands.pass_by(1)
    clock.pause()
    hands.pass_by(1)
    clock.resume()
    begin = 50 * 48000
    assert list(clock.spans(begin - 100, 300, 48000)) == [Span(0, 100, 200)]
    assert list(clock.spans(begin + 47900, 300, 48000)) == [Span(47900, 0, 100)]
    assert list(clock.spans(begin + 60000, 300, 48000)) == []
    assert list(clock.spans(begin, 100_000, 48000)) == [
        Span(0, 0, 48000),
        Span(48000, 96000, 4000),
    ]


@pytest.mark.parametrize("rate", [48000, 90000])
def test_ticks_are_rounded_to_the_nearest(rate: int):
    assert ticks(NS, rate) == rate
    assert ticks(NS // 3, rate) == rate // 3
    assert ticks(0, rate) == 0
