"""Stored tracks: the index, samples, pictures and sound, also of files that grow or are damaged."""

from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np
import pytest
from track_maker import FRAME, make_audio, make_video, number_in, pulses

from jupyter_capture.errors import MediaError
from jupyter_capture.media.tracks import StoredTrack

STILL = [(0, 0, True), (2 * FRAME, 1, False), (20 * FRAME, 2, False), (40 * FRAME, 3, True),
         (41 * FRAME, 4, False)]  # fmt: skip
END = 60 * FRAME


def shown(pictures: list[tuple[int, int, bool]], time: int) -> int:
    return [number for at, number, _ in pictures if at <= time][-1]


def test_the_index_knows_fragments_and_keys(tmp_path: Path) -> None:
    track = make_video(tmp_path, [STILL], END)
    assert (track.start, track.end) == (0, END)
    assert track.keys.tolist() == [0, 40 * FRAME]
    assert [sample.time for sample in track.samples(0, END)] == [at for at, _, _ in STILL]
    assert track.previous_key(39 * FRAME) == 0
    assert track.previous_key(40 * FRAME) == 40 * FRAME


@pytest.mark.parametrize("at", range(0, 60, 3))
def test_the_picture_at_a_time_is_the_one_on_screen_then(tmp_path: Path, at: int) -> None:
    track = make_video(tmp_path, [STILL], END)
    frames = list(track.frames(at * FRAME, END))
    assert number_in(frames[0]) == shown(STILL, at * FRAME)
    assert [number_in(frame) for frame in frames] == list(range(shown(STILL, at * FRAME), 5))


def test_a_time_outside_shows_the_nearest_picture(tmp_path: Path) -> None:
    track = make_video(tmp_path, [[(FRAME, 7, True), (2 * FRAME, 8, False)]], END)
    assert [number_in(frame) for frame in track.frames(0, 1)] == [7]
    assert [number_in(frame) for frame in track.frames(END + 9, END + 10)] == [8]


def test_an_index_at_rest_is_kept_beside_the_file_and_used(tmp_path: Path) -> None:
    track = make_video(tmp_path, [STILL], END)
    assert not list(tmp_path.glob("*.idx"))
    past = time.time() - 60
    os.utime(tmp_path / "0.mp4", (past, past))
    first = StoredTrack.open(tmp_path, track.manifest)
    assert (tmp_path / "0.idx").exists()
    again = StoredTrack.open(tmp_path, track.manifest)
    assert again.fragments.tolist() == first.fragments.tolist() == track.fragments.tolist()


def test_a_kept_index_of_another_file_is_not_used(tmp_path: Path) -> None:
    track = make_video(tmp_path, [STILL], END)
    past = time.time() - 60
    os.utime(tmp_path / "0.mp4", (past, past))
    StoredTrack.open(tmp_path, track.manifest)
    make_video(tmp_path, [STILL[:2]], END)
    assert len(StoredTrack.open(tmp_path, track.manifest).fragments) == 1


def test_a_growing_file_is_followed_and_a_half_written_fragment_waits(tmp_path: Path) -> None:
    track = make_video(tmp_path, [STILL], END)
    whole = track.path(0).read_bytes()
    last = int(track.fragments["offset"][-1])
    track.path(0).write_bytes(whole[: last + 30])
    growing = StoredTrack.open(tmp_path, track.manifest)
    assert len(growing.fragments) == len(track.fragments) - 1
    assert not growing.damage
    track.path(0).write_bytes(whole)
    growing.refresh()
    assert growing.fragments.tolist() == track.fragments.tolist()


def test_parts_follow_one_another_and_the_picture_stays_over_a_hole(tmp_path: Path) -> None:
    later = [(50 * FRAME, 5, True), (55 * FRAME, 6, False)]
    track = make_video(tmp_path, [STILL, later], END, sizes=[(320, 240), (160, 128)])
    assert [(part, at) for part, at in track.part_starts()] == [(0, 0), (1, 50 * FRAME)]
    frames = list(track.frames(48 * FRAME, END))
    assert [(number_in(f), f.width) for f in frames] == [(4, 320), (5, 160), (6, 160)]
    assert track.part_at(49 * FRAME) == 0
    assert track.part_at(50 * FRAME) == 1


def test_a_part_that_overlaps_the_next_one_is_cut_short(tmp_path: Path) -> None:
    sound = pulses(2)
    track = make_audio(tmp_path, [(0, sound), (48000, sound)])
    times = [sample.time for sample in track.samples(0, 3 * 48000)]
    assert times == sorted(set(times))
    assert [sample.part for sample in track.samples(48000, 48001)] == [1]


def test_damage_in_a_fragment_is_said_and_what_is_before_it_stays(tmp_path: Path) -> None:
    track = make_video(tmp_path, [STILL], END)
    row = track.fragments[-1]
    data = bytearray(track.path(0).read_bytes())
    data[int(row["offset"]) + 4 : int(row["offset"]) + 60] = b"\xa5" * 56
    track.path(0).write_bytes(data)
    with pytest.raises(MediaError, match=r"damaged at 2\.667"):
        list(track.samples(0, END))
    reopened = StoredTrack.open(tmp_path, track.manifest)
    assert len(reopened.fragments) == len(track.fragments) - 1
    assert "damaged at byte" in reopened.damage[0]


def test_what_lies_behind_a_damaged_fragment_is_found_again(tmp_path: Path) -> None:
    pictures = [(at * FRAME, at, at % 15 == 0) for at in range(60)]
    track = make_video(tmp_path, [pictures], END)
    rows = track.fragments
    data = bytearray(track.path(0).read_bytes())
    for row in (rows[3], rows[4]):
        data[int(row["offset"]) : int(row["offset"]) + 60] = b"\xa5" * 60
    track.path(0).write_bytes(data)
    reopened = StoredTrack.open(tmp_path, track.manifest)
    assert len(reopened.damage) == 1
    kept = [at for at in range(len(rows)) if at not in (3, 4)]
    assert reopened.times.tolist() == [int(rows["time"][at]) for at in kept]
    assert number_in(next(reopened.frames(45 * FRAME, END))) == 45
    past = time.time() - 60
    os.utime(track.path(0), (past, past))
    reopened.refresh()
    reopened.refresh()
    assert len(reopened.damage) == 1
    assert len(StoredTrack.open(tmp_path, track.manifest).damage) == 1


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    track = make_video(tmp_path, [STILL], END)
    track.path(0).unlink()
    track = StoredTrack.open(tmp_path, track.manifest)
    assert "missing" in track.damage[0]
    with pytest.raises(MediaError, match="nothing was recorded"):
        list(track.frames(0, END))


def test_a_file_that_vanished_is_said(tmp_path: Path) -> None:
    track = make_video(tmp_path, [STILL], END)
    track.path(0).unlink()
    with pytest.raises(MediaError, match=r"0\.mp4 of track trk-video cannot be read"):
        list(track.samples(0, END))


@pytest.mark.parametrize("rate", [48000, 16000])
def test_sound_is_exactly_as_long_and_where_it_was(tmp_path: Path, rate: int) -> None:
    sound = pulses(4)
    track = make_audio(tmp_path, [(0, sound)])
    got = track.pcm(0.5, 3.25, rate)
    assert got.shape == (round(2.75 * rate),)
    step = 48000 // rate
    want = sound[24000 : 24000 + len(got) * step : step, 0]
    assert float(np.abs(got - want).max()) < 0.12
    assert float(np.corrcoef(got, want)[0, 1]) > 0.99


def test_sound_outside_the_track_and_between_parts_is_silence(tmp_path: Path) -> None:
    tone = np.full((48000, 2), 0.3) * np.sin(np.arange(48000) / 15)[:, None]
    track = make_audio(tmp_path, [(48000, tone), (3 * 48000, tone)])
    got = track.pcm(0, 6, 8000, mono=False)
    assert got.shape == (48000, 2)
    loud = [float(np.abs(got[at * 8000 + 800 : at * 8000 + 7200]).max()) > 0.1 for at in range(6)]
    assert loud == [False, True, False, True, False, False]


def test_a_fragment_of_an_impossible_time_is_damage(tmp_path: Path) -> None:
    track = make_audio(tmp_path, [(0, np.zeros((48000, 1), np.float32))])
    path = tmp_path / track.manifest.parts[0].file
    data = bytearray(path.read_bytes())
    at = data.rindex(b"tfdt") + 8
    data[at : at + 8] = b"\xff" * 8
    path.write_bytes(bytes(data))
    opened = StoredTrack.open(tmp_path, track.manifest)
    assert "claims to end" in opened.damage[0]
    assert 0 < opened.end < track.end
