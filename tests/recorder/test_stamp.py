from __future__ import annotations

import itertools

import numpy as np

from jupyter_capture.recorder.clock import NS
from jupyter_capture.recorder.sources.base import Sound
from jupyter_capture.recorder.stamp import SoundStamper

RATE, BLOCK = 48000, 960


def play(
    stamper: SoundStamper, arrivals: list[float], start: float = 100.0, rough: int = 0
) -> list:
    """Blocks of 20 ms that arrive at these seconds; each sample tells its number."""
    placed = []
    for index, at in enumerate(arrivals):
        pcm = np.arange(index * BLOCK, (index + 1) * BLOCK, dtype=np.float32)[:, None]
        placed.append(stamper.place(Sound(int((start + at) * NS), pcm), rough=index < rough))
    return placed


def error_ms(placed: list, start: float = 100.0) -> np.ndarray:
    """How far (ms) the first sample of each block lies from where it belongs."""
    where = [first - start * RATE - pcm[0, 0] for first, pcm in placed if len(pcm)]
    return np.array(where) / 48


def on_time(count: int) -> np.ndarray:
    return np.arange(1, count + 1) * BLOCK / RATE


def test_jitter_of_arrival_moves_nothing_once_the_clock_is_known():
    noise = np.random.default_rng(3)
    arrivals = on_time(500) + np.abs(noise.normal(0, 0.015, 500)).clip(0, 0.055)
    arrivals = np.maximum.accumulate(arrivals)
    placed = play(SoundStamper(), list(arrivals), rough=10)
    assert all(a[0] + len(a[1]) == b[0] for a, b in itertools.pairwise(placed[10:])), (
        "joined without holes"
    )
    assert np.abs(error_ms(placed)[10:]).max() < 10


def test_a_stall_followed_by_a_burst_loses_and_inserts_nothing():
    arrivals = on_time(300)
    arrivals[100:115] = arrivals[114]  # 0.3 s late, then all at once
    placed = play(SoundStamper(), list(arrivals))
    assert sum(len(pcm) for _, pcm in placed) == 300 * BLOCK
    assert np.abs(error_ms(placed)).max() < 1


def test_lost_sound_opens_a_hole_within_a_third_of_a_second():
    arrivals = on_time(300)
    arrivals[100:] += 0.5
    placed = play(SoundStamper(), list(arrivals))
    moved = [first - 100 * RATE - pcm[0, 0] for first, pcm in placed]
    assert moved[100] == 0
    assert abs(moved[118] / RATE - 0.5) < 0.01
    assert abs(moved[-1] / RATE - 0.5) < 0.005


def test_a_device_that_is_a_little_slow_or_fast_stays_in_step():
    for speed in (0.9995, 1.0005):
        placed = play(SoundStamper(), list(on_time(3000) * speed))
        ends = [first + len(pcm) - 100 * RATE for first, pcm in placed]
        off = np.array(ends) / RATE - on_time(3000) * speed
        assert np.abs(off[100:]).max() < 0.005


def test_a_first_block_that_came_late_is_corrected_at_once_before_the_recording():
    stamper = SoundStamper()
    arrivals = on_time(50)
    arrivals[0] += 0.04
    arrivals[1:3] = arrivals[0]
    placed = play(stamper, list(arrivals), rough=10)
    assert np.abs(error_ms(placed)[10:]).max() < 1


def test_sound_that_seems_to_come_early_is_cut_to_fit():
    stamper = SoundStamper()
    arrivals = on_time(100)
    arrivals[0] += 0.3  # the estimate begins 0.3 s too late
    arrivals = np.maximum.accumulate(arrivals)
    placed = play(stamper, list(arrivals))
    firsts = [first for first, pcm in placed if len(pcm)]
    assert firsts == sorted(firsts)
    assert abs(error_ms(placed)[-1]) < 65
