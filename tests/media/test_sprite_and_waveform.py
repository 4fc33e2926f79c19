"""Sprite sheets show the right pictures, waveforms the right peaks."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from track_maker import BITS, FRAME, make_audio, make_video

from jupyter_capture.media.sprite import MOST, sheet_of, sprite, sprite_map
from jupyter_capture.media.waveform import RATES, coarser, waveform


def numbers_on(data: bytes, sheet) -> list[int]:
    """What `picture` was given, of each cell."""
    grey = np.asarray(Image.open(io.BytesIO(data)).convert("L"))
    assert grey.shape == (sheet.rows * sheet.height, sheet.columns * sheet.width)
    found = []
    for number in range(sheet.count):
        x, y = sheet.place(number)
        cell = grey[y : y + sheet.height, x : x + sheet.width]
        columns = [(2 * bit + 1) * sheet.width // (2 * BITS) for bit in range(BITS)]
        line = cell[sheet.height // 4]
        found.append(sum(1 << bit for bit, at in enumerate(columns) if line[at] > 128))
    return found


@pytest.mark.parametrize("every", [1, 15, 75])
def test_a_sprite_shows_a_picture_of_each_second(tmp_path: Path, every: int) -> None:
    pictures = [(at * FRAME, at, at % every == 0) for at in range(12 * 15)]
    track = make_video(tmp_path, [pictures], 12 * 90000 - 3000)
    sheet = sheet_of((320, 240), 11.97)
    assert (sheet.count, sheet.columns, sheet.rows, sheet.interval) == (12, 10, 2, 1.0)
    for second, number in enumerate(numbers_on(sprite(track, sheet), sheet)):
        assert second * 15 <= number <= second * 15 + 7


def test_a_still_screen_is_on_every_picture_of_its_sprite(tmp_path: Path) -> None:
    track = make_video(tmp_path, [[(0, 77, True), (4 * 90000, 1234, True)]], 8 * 90000)
    sheet = sheet_of((320, 240), 8.0)
    assert numbers_on(sprite(track, sheet), sheet) == [77] * 4 + [1234] * 4


def test_a_long_video_has_no_more_pictures_than_fit() -> None:
    sheet = sheet_of((1920, 1080), 3 * 3600.0)
    assert (sheet.count, sheet.rows, sheet.interval) == (MOST, 10, 108.0)
    assert (sheet.width, sheet.height) == (160, 90)
    assert sheet_of((1080, 1920), 5).height == 160


def test_a_damaged_stretch_is_black_and_the_rest_is_there(tmp_path: Path) -> None:
    pictures = [(at * FRAME, 4095, at % 15 == 0) for at in range(3 * 15)]
    track = make_video(tmp_path, [pictures], 3 * 90000)
    middle = track.fragments[track.fragments["time"] == 90000][0]
    path = track.path(0)
    data = bytearray(path.read_bytes())
    at = int(middle["offset"])
    data[at : at + int(middle["size"])] = bytes(int(middle["size"]))
    path.write_bytes(data)
    sheet = sheet_of((320, 240), 3.0)
    assert numbers_on(sprite(track, sheet), sheet) == [4095, 0, 4095]


def test_the_map_names_the_place_of_each_second() -> None:
    text = sprite_map(sheet_of((320, 240), 11.5), 11.5, "../x")
    cues = text.split("\n\n")
    assert cues[0] == "WEBVTT"
    assert cues[1] == "00:00:00.000 --> 00:00:01.000\n../x#xywh=0,0,160,120"
    assert cues[12] == "00:00:11.000 --> 00:00:11.500\n../x#xywh=160,120,160,120\n"


def test_a_waveform_is_loud_where_the_sound_is_and_silent_elsewhere(tmp_path: Path) -> None:
    sound = np.zeros((48000 * 3, 2), np.float32)
    at = np.arange(48000) / 48000
    sound[48000:96000, 0] = 0.5 * np.sin(2 * np.pi * 440 * at)
    peaks = waveform(make_audio(tmp_path, [(0, sound)]), 3.0)
    assert peaks.shape == (150, 2, 2)
    assert peaks.dtype == np.int8
    assert (abs(peaks[:48]) <= 2).all()
    assert (abs(peaks[103:]) <= 2).all()
    assert peaks[55:95, 0, 1] == pytest.approx(63, abs=6)
    assert peaks[55:95, 0, 0] == pytest.approx(-63, abs=6)
    assert (abs(peaks[:, 1]) <= 6).all()


def test_a_waveform_lasts_as_long_as_the_asset_whatever_is_stored(tmp_path: Path) -> None:
    track = make_audio(tmp_path, [(0, np.full((48000, 1), 0.3, np.float32))])
    assert waveform(track, 61.234).shape == (3062, 1, 2)
    assert not waveform(track, 61.234)[60:].any()


def test_a_coarser_waveform_keeps_every_peak() -> None:
    peaks = np.zeros((51, 1, 2), np.int8)
    peaks[17, 0, 1], peaks[50, 0, 0] = 99, -55
    for rate in RATES:
        found = coarser(peaks, rate)
        assert len(found) == -(-51 * rate // 50)
        assert found[17 * rate // 50, 0, 1] == 99
        assert found[-1, 0, 0] == -55
