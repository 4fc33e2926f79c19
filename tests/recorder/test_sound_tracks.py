from __future__ import annotations

import itertools
from pathlib import Path

import av
import numpy as np

from jupyter_capture.recorder.sound_tracks import SoundTracks
from jupyter_capture.wire.recorder import MIX


def tracks_in(folder: Path, why: str = "no data", position: int = 0) -> SoundTracks:
    numbers = (f"trk-{number}" for number in itertools.count(1))
    return SoundTracks(folder, lambda: next(numbers), lambda _: None, lambda _: why, position)


def pcm(folder: Path, file: str) -> np.ndarray:
    with av.open(str(folder / file)) as stored:
        return np.concatenate([f.to_ndarray().mean(axis=0) for f in stored.decode(audio=0)])


def tone(count: int, channels: int = 1) -> np.ndarray:
    wave = 0.3 * np.sin(2 * np.pi * 500 * np.arange(count) / 48000)
    return np.repeat(wave[:, None], channels, axis=1).astype(np.float32)


def test_a_channel_kept_from_later_on_is_silent_before_and_as_long_as_the_others(tmp_path: Path):
    tracks = tracks_in(tmp_path)
    tracks.keep("mic:default", 1)
    tracks.add("mic:default", 0, tone(50_000))
    tracks.advance(50_000)
    tracks.keep("system_audio:default", 2)
    tracks.keep("system_audio:default", 2)
    tracks.add("mic:default", 50_000, tone(50_000))
    tracks.add("system_audio:default", 50_000, tone(50_000, 2))
    tracks.finish(98 * 1024)
    stored = {track.channel_id: track for track in tracks.manifests()}
    assert {track.duration for track in stored.values()} == {98 * 1024}
    late = stored["system_audio:default"]
    assert [(gap.start, gap.end, gap.reason) for gap in late.gaps] == [(0, 50_000, "not kept")]
    heard = pcm(tmp_path, late.parts[0].file)
    assert len(heard) == 98 * 1024
    assert np.abs(heard[:48_500]).max() < 0.01
    assert np.abs(heard[51_000:]).max() > 0.25
    assert stored[MIX].gaps == stored["mic:default"].gaps == []


def test_an_hour_before_a_channel_was_kept_is_there_at_once_in_few_bytes(tmp_path: Path):
    tracks = tracks_in(tmp_path, position=3600 * 48000)
    tracks.keep("system_audio:default", 2)
    tracks.finish(3601 * 48000 // 1024 * 1024)
    late = tracks.manifests()[-1]
    assert late.duration == 3601 * 48000 // 1024 * 1024
    assert late.bytes < 6_000_000


def test_gaps_of_one_cause_are_one_and_tiny_ones_are_not_told(tmp_path: Path):
    tracks = tracks_in(tmp_path, why="device gone")
    tracks.keep("mic:default", 1)
    tracks.add("mic:default", 0, tone(10_000))
    tracks.add("mic:default", 10_100, tone(9_900))
    for now in range(70_000, 130_000, 5_000):
        tracks.advance(now)
    tracks.add("mic:default", 100_000, tone(40_000))
    tracks.finish(139_264)
    (gap,) = tracks.manifests()[-1].gaps
    assert (gap.start, gap.end, gap.reason) == (20_000, 100_000, "device gone")


def test_without_a_kept_channel_there_is_nothing(tmp_path: Path):
    tracks = tracks_in(tmp_path)
    tracks.advance(48_000)
    tracks.finish(48_000)
    assert tracks.manifests() == []
    assert list(tmp_path.iterdir()) == []
