from __future__ import annotations

import itertools
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import av
import numpy as np
import pytest

from jupyter_capture.errors import StorageFullError
from jupyter_capture.media.encode import AacEncoder, EncodedPacket, H264Encoder
from jupyter_capture.media.fmp4 import VideoTrackConfig, parse_config, read_init, scan
from jupyter_capture.media.writer import TrackWriter
from jupyter_capture.wire.recorder import AudioCodec, TrackManifest, VideoCodec

SIZE = VideoCodec(width=160, height=96, fps=15)


def picture(shade: int, width: int = 160, height: int = 96) -> np.ndarray:
    return np.full((height, width, 3), shade, np.uint8)


def video(folder: Path, **options) -> tuple[TrackWriter, H264Encoder]:
    encoder = H264Encoder(SIZE)
    return TrackWriter(folder, "trk-1", "display:1", SIZE, encoder.config, **options), encoder


def fragments(path: Path):
    with open(path, "rb") as file:
        return list(scan(file))


def test_fragments_begin_at_keys_last_half_a_second_at_most_and_join_without_holes(tmp_path: Path):
    writer, encoder = video(tmp_path)
    for index in range(60):
        for packet in encoder.encode(picture(index * 4), index * 6000, key=index in (0, 20)):
            writer.add(packet)
    track = writer.finish(60 * 6000)
    refs = fragments(tmp_path / "trk-1" / "0.mp4")
    times = [0, 42000, 84000, 120000, 162000, 204000, 246000, 288000, 330000]
    assert [ref.time for ref in refs] == times
    assert all(a.time + a.duration == b.time for a, b in itertools.pairwise(refs))
    assert [ref.time for ref in refs if ref.key] == [0, 120000]
    assert refs[-1].time + refs[-1].duration == track.duration == 360000
    assert track.kind == "video"
    assert track.parts[0].file == "trk-1/0.mp4"
    assert track.bytes == (tmp_path / track.parts[0].file).stat().st_size
    with av.open(str(tmp_path / track.parts[0].file)) as stored:
        shades = [frame.to_ndarray(format="gray").mean() for frame in stored.decode(video=0)]
    assert len(shades) == 60


def test_each_fragment_is_on_the_disk_as_soon_as_it_is_whole(tmp_path: Path):
    writer, encoder = video(tmp_path)
    path = tmp_path / "trk-1" / "0.mp4"
    for index in range(30):
        for packet in encoder.encode(picture(index), index * 6000, key=index == 0):
            writer.add(packet)
        refs = fragments(path)
        assert writer.end == (refs[-1].time + refs[-1].duration if refs else 0)
        assert index * 6000 - writer.end <= 45000
        assert writer.manifest.bytes == path.stat().st_size
    writer.finish()


def test_media_times_are_absolute_and_the_last_packet_lasts_to_the_end(tmp_path: Path):
    writer, encoder = video(tmp_path, offset=54_000_000)
    writer.add(encoder.encode(picture(9), 54_000_000, key=True)[0])
    writer.add(encoder.encode(picture(9), 54_006_000)[0])
    track = writer.finish(54_090_000)
    (ref,) = fragments(tmp_path / "trk-1" / "0.mp4")
    assert (ref.time, ref.duration) == (54_000_000, 90_000)
    assert (track.parts[0].offset, track.parts[0].duration) == (54_000_000, 90_000)
    assert track.duration == 54_090_000


def test_packets_past_the_end_are_left_out(tmp_path: Path):
    writer, encoder = video(tmp_path)
    for index in range(3):
        writer.add(encoder.encode(picture(9), index * 6000, key=index == 0)[0])
    assert writer.finish(6000).duration == 6000
    assert writer.finish(999_999).duration == 6000


def test_time_that_stands_still_is_refused(tmp_path: Path):
    writer, _ = video(tmp_path)
    writer.add(EncodedPacket(b"a", 100, True))
    with pytest.raises(ValueError, match="time 100 follows 100"):
        writer.add(EncodedPacket(b"b", 100, False))
    writer.finish()


def test_a_change_of_size_begins_a_new_part_known_before_its_first_byte(tmp_path: Path):
    seen: list[list[tuple[str, int, bool]]] = []

    def on_part(track: TrackManifest) -> None:
        seen.append([(p.file, p.offset, (tmp_path / p.file).exists()) for p in track.parts])

    writer, encoder = video(tmp_path, on_part=on_part)
    writer.add(encoder.encode(picture(50), 0, key=True)[0])
    wider = H264Encoder(SIZE.model_copy(update={"width": 320}))
    writer.new_part(wider.config, 30_000)
    writer.add(wider.encode(picture(90, 320), 30_000, key=True)[0])
    track = writer.finish(60_000)
    assert seen[0] == [("trk-1/0.mp4", 0, False)]
    assert seen[1] == [("trk-1/0.mp4", 0, True), ("trk-1/1.mp4", 30_000, False)]
    assert [(part.offset, part.duration) for part in track.parts] == [(0, 30_000), (30_000, 30_000)]
    sizes = []
    for part in track.parts:
        with open(tmp_path / part.file, "rb") as file:
            config = parse_config(read_init(file))
            assert isinstance(config, VideoTrackConfig)
            sizes.append(config.width)
    assert sizes == [160, 320]
    assert fragments(tmp_path / "trk-1" / "1.mp4")[0].time == 30_000


def test_audio_runs_in_whole_packets_and_gaps_are_listed(tmp_path: Path):
    codec = AudioCodec(channels=1, bitrate=48000)
    encoder = AacEncoder(codec)
    writer = TrackWriter(tmp_path, "trk-a", "mic:default", codec, encoder.config)
    pcm = np.zeros((92 * 1024, 1), np.float32)
    for packet in [*encoder.encode(pcm), *encoder.finish()]:
        writer.add(packet)
    writer.gap(48000, 96000, "device gone")
    track = writer.finish(92 * 1024)
    refs = fragments(tmp_path / track.parts[0].file)
    assert {ref.duration for ref in refs} == {23 * 1024}
    assert track.duration == 92 * 1024
    assert track.kind == "audio"
    assert [(gap.start, gap.end, gap.reason) for gap in track.gaps] == [
        (48000, 96000, "device gone")
    ]


def test_a_track_of_nothing_is_a_readable_file_of_no_length(tmp_path: Path):
    writer, _ = video(tmp_path)
    track = writer.finish(0)
    assert track.duration == 0
    with open(tmp_path / track.parts[0].file, "rb") as file:
        parse_config(read_init(file))
        assert list(scan(file)) == []


_ENDLESS = """
import sys, time
from pathlib import Path
sys.path.insert(0, sys.argv[2])
import numpy as np
from test_writer import SIZE, picture
from jupyter_capture.media.encode import H264Encoder
from jupyter_capture.media.writer import TrackWriter
encoder = H264Encoder(SIZE)
writer = TrackWriter(Path(sys.argv[1]), "trk-1", "display:1", SIZE, encoder.config)
noise = np.random.default_rng(1)
print("ready", flush=True)
index = 0
while True:
    frame = noise.integers(0, 255, (96, 160, 3), dtype=np.uint8)
    writer.add(encoder.encode(frame, index * 6000, key=index % 15 == 0)[0])
    index += 1
"""


def test_a_kill_at_any_moment_leaves_a_readable_file(tmp_path: Path):
    for attempt in range(3):
        folder = tmp_path / str(attempt)
        process = subprocess.Popen(
            [sys.executable, "-c", _ENDLESS, str(folder), str(Path(__file__).parent)],
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        )
        assert process.stdout
        assert process.stdout.readline() == b"ready\n"
        path = folder / "trk-1" / "0.mp4"
        while path.stat().st_size < 200_000 * (attempt + 1):
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        refs = fragments(path)
        assert refs[-1].offset + refs[-1].size == path.stat().st_size
        with av.open(str(path)) as stored:
            decoded = sum(1 for _ in stored.decode(video=0))
        assert decoded * 6000 == refs[-1].time + refs[-1].duration


def test_a_full_disk_is_one_clear_error_and_leaves_whole_fragments(tmp_path: Path):
    writer, encoder = video(tmp_path)
    noise = np.random.default_rng(1)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))

    def record() -> None:
        for index in range(200):
            frame = noise.integers(0, 255, (96, 160, 3), dtype=np.uint8)
            writer.add(encoder.encode(frame, index * 6000, key=index == 0)[0])

    try:
        with pytest.raises(StorageFullError, match="Free some space"):
            record()
        writer.finish()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)
    path = tmp_path / "trk-1" / "0.mp4"
    refs = fragments(path)
    assert refs
    assert refs[-1].offset + refs[-1].size == path.stat().st_size == writer.manifest.bytes
    assert refs[-1].time + refs[-1].duration == writer.end
