"""The measure of sound against picture, on recordings of which the truth is known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from jupyter_capture.desktop.clapper import FLASH_SECONDS, RATE, click, offsets
from jupyter_capture.media.encode import AAC_FRAME, AacEncoder
from jupyter_capture.media.tracks import StoredTrack
from jupyter_capture.media.writer import TrackWriter
from jupyter_capture.wire.recorder import AudioCodec

FRAME = 1 / 60
FLASHES = np.arange(1, 31) * 1.0137  # at every phase of a picture


def stored(folder: Path, clicks: list[float]) -> np.ndarray:
    """The sound as it comes out of a track, with clicks at these seconds."""
    pcm = np.random.default_rng(1).normal(0, 0.001, (int(33 * RATE), 1)).astype(np.float32)
    for at in clicks:
        pcm[round(at * RATE) :][: len(click())] += 0.8 * click()[:, None]
    codec = AudioCodec(channels=1, bitrate=48000)
    encoder = AacEncoder(codec)
    writer = TrackWriter(folder, "trk-1", "mic:default", codec, encoder.config)
    for packet in [*encoder.encode(pcm), *encoder.finish()]:
        writer.add(packet)
    track = writer.finish(len(pcm) // AAC_FRAME * AAC_FRAME)
    return StoredTrack.open(folder, track).pcm(0, 32, RATE)


def pictures() -> list[tuple[float, bool]]:
    """When each picture was taken, and whether a flash was on the screen by then."""
    taken = np.arange(0, 32, FRAME)
    return [(float(at), any(0 <= at - flash < FLASH_SECONDS for flash in FLASHES)) for at in taken]


@pytest.mark.parametrize("truth", [-0.045, 0.0, 0.012, 0.12])
def test_a_known_offset_is_measured_to_half_a_picture_and_in_the_median_to_a_millisecond(
    tmp_path: Path, truth: float
):
    found = offsets(pictures(), stored(tmp_path, [*(FLASHES + truth)]), FRAME)
    assert len(found) == len(FLASHES)
    errors = np.array([offset for offset in found if offset is not None]) - truth
    assert len(errors) == len(FLASHES)
    assert np.abs(errors).max() < FRAME / 2 + 0.001
    assert abs(np.median(errors)) < 0.001


def test_a_flash_without_a_click_has_no_offset(tmp_path: Path):
    found = offsets(pictures(), stored(tmp_path, [*FLASHES[:-1]]), FRAME)
    assert [offset is None for offset in found] == [False] * 29 + [True]
