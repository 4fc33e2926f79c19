from __future__ import annotations

import numpy as np

from jupyter_capture.media.mix import Mixer, limit


def tone(count: int, level: float, channels: int = 1) -> np.ndarray:
    return np.full((count, channels), level, np.float32)


def test_stems_settle_as_far_as_all_have_arrived_and_mono_goes_to_both_sides():
    mixer = Mixer({"mic": 1, "system": 2})
    mixer.add("mic", 0, tone(960, 0.25))
    assert mixer.take(1000) is None
    right = np.zeros((480, 2), np.float32)
    right[:, 1] = 0.5
    mixer.add("system", 0, right)
    mixed = mixer.take(1000)
    assert mixed
    assert (mixed.position, len(mixed.mix)) == (0, 480)
    assert mixed.stems["mic"].shape == (480, 1)
    assert mixed.stems["system"].shape == (480, 2)
    assert np.allclose(mixed.mix, [[0.25, 0.75]])
    assert mixed.missing == {"mic": [], "system": []}
    assert mixer.take(1000) is None


def test_a_stem_that_stays_out_is_waited_for_one_watermark_then_silent():
    mixer = Mixer({"mic": 1, "system": 1}, watermark=48000)
    mixer.add("mic", 0, tone(60000, 0.25))
    assert mixer.take(48000) is None
    mixed = mixer.take(60000)
    assert mixed
    assert len(mixed.mix) == 12000
    assert mixed.missing == {"mic": [], "system": [(0, 12000)]}
    assert not mixed.stems["system"].any()
    assert np.allclose(mixed.mix, 0.25)


def test_what_comes_too_late_is_dropped_from_stem_and_mix_alike():
    mixer = Mixer({"mic": 1, "system": 1}, watermark=100)
    mixer.add("mic", 0, tone(1000, 0.25))
    assert mixer.take(700)  # settles 0 to 600
    assert mixer.add("system", 500, tone(200, 0.5)) == 100
    assert mixer.add("system", 0, tone(50, 0.5)) == 50
    mixed = mixer.finish(1000)
    assert mixed
    assert mixed.position == 600
    assert np.allclose(mixed.stems["system"][:100], 0.5)
    assert np.allclose(mixed.mix[:100], 0.75)
    assert np.allclose(mixed.mix[100:], 0.25)
    assert mixed.missing["system"] == [(700, 1000)]


def test_holes_between_blocks_are_silence_and_told():
    mixer = Mixer({"mic": 1})
    mixer.add("mic", 100, tone(100, 0.3))
    mixer.add("mic", 400, tone(100, 0.3))
    mixer.add("mic", 200, tone(50, 0.3))
    mixed = mixer.finish(600)
    assert mixed
    assert mixed.missing["mic"] == [(0, 100), (250, 400), (500, 600)]
    heard = np.flatnonzero(mixed.stems["mic"][:, 0])
    assert (heard[0], heard[-1], len(heard)) == (100, 499, 250)


def test_stems_and_mix_are_equally_long_whatever_the_order_of_blocks():
    noise = np.random.default_rng(5)
    mixer = Mixer({"a": 1, "b": 2}, watermark=4800)
    totals = {"a": 0, "b": 0, "mix": 0}
    ends = {"a": 0, "b": 0}
    pieces = []
    for now in range(0, 96000, 1200):
        for name, channels in (("a", 1), ("b", 2)):
            while ends[name] < now - noise.integers(0, 9000):
                count = int(noise.integers(1, 1500))
                mixer.add(name, ends[name], tone(count, 0.1, channels))
                ends[name] += count
        pieces.append(mixer.take(now))
    pieces.append(mixer.finish(96256))
    at = 0
    for piece in filter(None, pieces):
        assert piece.position == at
        at += len(piece.mix)
        for name in ("a", "b"):
            totals[name] += len(piece.stems[name])
        totals["mix"] += len(piece.mix)
    assert set(totals.values()) == {96256}


def test_a_stem_that_joins_later_is_heard_from_there_on():
    mixer = Mixer({"mic": 1})
    mixer.add("mic", 0, tone(1000, 0.25))
    assert mixer.take(600)
    assert mixer.add_stem("system", 2) == 600
    mixer.add("system", 600, tone(400, 0.5, 2))
    mixed = mixer.take(1000)
    assert mixed
    assert np.allclose(mixed.mix, 0.75)


def test_loud_sums_are_bent_below_one_and_quiet_ones_untouched():
    quiet = np.linspace(-0.8, 0.8, 999, dtype=np.float32)[:, None]
    assert (limit(quiet) == quiet).all()
    loud = np.linspace(-3, 3, 999, dtype=np.float32)[:, None]
    bent = limit(loud)
    assert bent.dtype == np.float32
    assert np.abs(bent).max() <= 1
    assert (np.diff(bent[:, 0]) >= 0).all()
    mixer = Mixer({"a": 1, "b": 1})
    for name in ("a", "b"):
        mixer.add(name, 0, tone(10, 0.9))
    mixed = mixer.finish(10)
    assert mixed
    assert 0.95 < mixed.mix.max() <= 1


def test_no_stems_settle_nothing():
    assert Mixer({}).take(5) is None
    assert Mixer({}).finish(5) is None
    assert Mixer({}).arrived(5)


def test_nobody_waits_for_a_stem_that_is_known_to_be_absent():
    mixer = Mixer({"mic": 1, "system": 1})
    mixer.set_absent("system", True)
    mixer.add("mic", 0, tone(960, 0.25))
    mixed = mixer.take(1000)
    assert mixed
    assert len(mixed.mix) == 960
    assert mixed.missing["system"] == [(0, 960)]
    assert mixer.arrived(960)
    mixer.set_absent("system", False)
    mixer.add("mic", 960, tone(960, 0.25))
    assert mixer.take(2000) is None


def test_a_stem_that_joins_after_hours_brings_no_backlog() -> None:
    mixer = Mixer({})
    hour = 3600 * 48000
    assert mixer.take(hour) is None
    joined = mixer.add_stem("mic", 1)
    assert hour - 48000 <= joined <= hour
    mixed = mixer.take(hour + 96000)
    assert mixed is None or len(mixed.mix) <= 3 * 48000
