from __future__ import annotations

from pathlib import Path

import av
import numpy as np

from jupyter_capture.media.fmp4 import parse_config, read_init, scan
from jupyter_capture.recorder.clock import NS
from jupyter_capture.recorder.screen_track import ScreenTrack, same_picture
from jupyter_capture.wire.recorder import TrackManifest


def frame(shade: int, width: int = 160, height: int = 96) -> av.VideoFrame:
    return av.VideoFrame.from_ndarray(np.full((height, width, 4), shade, np.uint8), "bgra")


class Screen:
    def __init__(self, folder: Path, size: tuple[int, int] = (160, 96), max_height: int = 1080):
        self.folder = folder
        self.known: list[TrackManifest] = []
        self.track = ScreenTrack(
            folder, "trk-1", "display:1", size, 15, max_height, self.known.append
        )

    def show(self, at: float, shade: int, **size: int) -> None:
        self.track.show(round(at * NS), frame(shade, **size))

    def play(self, start: float, end: float, shade) -> None:
        for index in range(round(start * 15), round(end * 15)):
            at = index / 15
            self.show(at, shade(at) if callable(shade) else shade)

    def stored(self, part: int = 0) -> list[tuple[float, bool]]:
        """(seconds, key) of each stored picture."""
        with av.open(str(self.folder / "trk-1" / f"{part}.mp4")) as file:
            return [
                (float(packet.pts * packet.time_base), packet.is_keyframe)
                for packet in file.demux(video=0)
                if packet.size
            ]

    def keys(self) -> list[float]:
        return [round(at, 2) for at, key in self.stored() if key]


def test_moving_pictures_get_a_key_at_each_second(tmp_path: Path):
    screen = Screen(tmp_path)
    screen.play(0, 4, lambda at: int(at * 60) % 256)
    screen.track.finish(4 * 90000)
    assert screen.keys() == [0, 1, 2, 3]
    assert len(screen.stored()) == 60


def test_a_still_picture_is_stored_twice_a_second_with_a_key_each_ten(tmp_path: Path):
    screen = Screen(tmp_path)
    screen.play(0, 21, 80)
    track = screen.track.finish(21 * 90000)
    assert screen.keys() == [0, 10, 20]
    times = [at for at, _ in screen.stored()]
    assert max(np.diff(times)) <= 0.54
    assert len(times) <= 48
    assert track.duration == 21 * 90000


def test_the_first_change_in_a_new_second_is_itself_the_key_and_the_only_one(tmp_path: Path):
    screen = Screen(tmp_path)
    screen.play(0, 6, lambda at: 80 if at < 2.3 else 200)
    screen.track.finish(6 * 90000)
    assert screen.keys() == [0, 2.33]


def test_a_second_change_within_a_second_is_stored_and_gets_its_key_in_the_next(tmp_path: Path):
    screen = Screen(tmp_path)
    screen.play(0, 6, lambda at: 80 if at < 2.3 else 200 if at < 2.6 else 120)
    screen.track.finish(6 * 90000)
    first, change, after = screen.keys()
    assert (first, change) == (0, 2.33)
    assert 3 <= after <= 3.54
    assert any(abs(at - 2.6) < 0.05 for at, _ in screen.stored())


def test_another_size_begins_a_new_part(tmp_path: Path):
    screen = Screen(tmp_path)
    screen.play(0, 1, 80)
    screen.show(1, 80, width=200, height=101)
    screen.show(1.5, 90, width=200, height=101)
    track = screen.track.finish(2 * 90000)
    assert [(part.offset, part.duration) for part in track.parts] == [(0, 90000), (90000, 90000)]
    assert [len(known.parts) for known in screen.known] == [1, 2]
    with open(tmp_path / "trk-1" / "1.mp4", "rb") as file:
        config = parse_config(read_init(file))
        assert (config.width, config.height) == (200, 102)
    assert screen.stored(1)[0][1]


def test_tall_screens_are_scaled_down(tmp_path: Path):
    screen = Screen(tmp_path, size=(400, 300), max_height=150)
    screen.show(0, 80, width=400, height=300)
    track = screen.track.finish(90000)
    assert (track.codec.width, track.codec.height) == (200, 150)


def test_missing_pictures_are_black_and_listed(tmp_path: Path):
    screen = Screen(tmp_path)
    screen.play(0, 1, 200)
    for at in (1, 1.25, 1.5, 1.75):
        screen.track.black(round(at * NS), "display gone")
    screen.show(2, 200)
    track = screen.track.finish(3 * 90000)
    assert [(gap.start, gap.end, gap.reason) for gap in track.gaps] == [
        (90000, 180000, "display gone")
    ]
    with av.open(str(tmp_path / "trk-1" / "0.mp4")) as file:
        shades = {
            round(float(picture.pts * picture.time_base), 2): picture.to_ndarray(
                format="gray"
            ).mean()
            for picture in file.decode(video=0)
        }
    assert shades[1.0] < 30
    assert shades[2.0] > 150


def test_an_hour_that_was_not_kept_is_filled_with_few_bytes(tmp_path: Path):
    screen = Screen(tmp_path)
    screen.track.blank(3600 * NS, "not kept")
    screen.show(3600, 200)
    track = screen.track.finish(3601 * 90000)
    assert [(gap.start, gap.end) for gap in track.gaps] == [(0, 3600 * 90000)]
    assert track.bytes < 300_000
    with open(tmp_path / "trk-1" / "0.mp4", "rb") as file:
        refs = list(scan(file))
    assert refs[0].time == 0
    assert refs[-1].time + refs[-1].duration == 3601 * 90000


def test_pictures_differ_by_a_single_byte():
    one, other = frame(7), frame(7)
    assert same_picture(one, other)
    pixels = np.full((96, 160, 4), 7, np.uint8)
    pixels[95, 159, 2] = 8
    assert not same_picture(one, av.VideoFrame.from_ndarray(pixels, "bgra"))
    assert not same_picture(one, frame(7, width=162))
