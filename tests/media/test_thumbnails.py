"""Stills: the right picture, no larger than asked."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from track_maker import BITS, FRAME, make_video

from jupyter_capture.errors import MediaError
from jupyter_capture.media.thumbnails import poster, thumbnail
from jupyter_capture.media.tracks import StoredTrack

PICTURES = [(0, 5, True), (10 * FRAME, 1234, False), (30 * FRAME, 77, True)]


def number_of(data: bytes) -> int:
    grey = np.asarray(Image.open(io.BytesIO(data)).convert("L"))
    height, width = grey.shape
    columns = [(2 * bit + 1) * width // (2 * BITS) for bit in range(BITS)]
    return sum(1 << bit for bit, x in enumerate(columns) if grey[height // 4, x] > 128)


@pytest.fixture
def track(tmp_path: Path) -> StoredTrack:
    return make_video(tmp_path, [PICTURES], 40 * FRAME, [(640, 480)])


@pytest.mark.parametrize(("at", "number"), [(0, 5), (9, 5), (10, 1234), (29, 1234), (99, 77)])
def test_the_thumbnail_is_the_picture_on_screen_then(
    track: StoredTrack, at: int, number: int
) -> None:
    assert number_of(thumbnail(track, at * FRAME)) == number


def test_the_width_is_limited_and_the_shape_kept(track: StoredTrack) -> None:
    assert Image.open(io.BytesIO(thumbnail(track, 0, 200))).size == (200, 150)
    assert Image.open(io.BytesIO(thumbnail(track, 0, 4000))).size == (640, 480)


def test_a_poster_keeps_below_its_limit(track: StoredTrack) -> None:
    data = poster(track, 0, limit=4000)
    assert len(data) <= 4000
    assert number_of(data) == 5
    assert len(poster(track, 0)) <= 40_000


def test_a_track_without_pictures_says_so(tmp_path: Path, track: StoredTrack) -> None:
    empty = StoredTrack.open(tmp_path, track.manifest.model_copy(update={"parts": []}))
    with pytest.raises(MediaError, match="nothing was recorded"):
        thumbnail(empty, 0)
