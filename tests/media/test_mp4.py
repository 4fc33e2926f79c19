"""One file to keep: every frame and sample of the plan, its index in front."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest
from track_maker import FRAME, frames_of, make_audio, make_video, number_in, pulses

from jupyter_capture.errors import MediaError
from jupyter_capture.media import mp4
from jupyter_capture.media.cut import Cut, make_plan
from jupyter_capture.media.probe import probe
from jupyter_capture.media.tracks import StoredTrack

SECOND = 90000
PICTURES = [(at * FRAME, at, at % 30 == 0) for at in range(0, 150, 1) if at % 5 != 3]


@pytest.fixture
def video(tmp_path: Path) -> StoredTrack:
    return make_video(tmp_path / "v", [PICTURES], 10 * SECOND)


@pytest.fixture
def audio(tmp_path: Path) -> StoredTrack:
    return make_audio(tmp_path / "a", [(0, pulses(10))])


def test_the_file_holds_what_the_stream_holds(
    tmp_path: Path, video: StoredTrack, audio: StoredTrack
) -> None:
    plan = make_plan([Cut(video, audio, 95_000, 400_000), Cut(video, audio, 0, 3 * SECOND)])
    fractions: list[float] = []
    path = tmp_path / "clip.mp4"
    assert mp4.write_mp4(plan, path, fractions.append)
    with av.open(str(path)) as container:
        frames = [(f.pts, number_in(f)) for f in container.decode(video=0)]
        assert float(container.duration / av.time_base) == pytest.approx(plan.seconds, abs=0.03)
    with av.open(str(path)) as container:
        sound = np.concatenate([f.to_ndarray()[0] for f in container.decode(audio=0)])
    assert frames == frames_of(plan)
    assert len(sound) == sum(segment.packets for segment in plan.audio) * 1024
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    data = path.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a", "clip.mp4", "v"]


@pytest.mark.parametrize("kind", ["video", "audio"])
def test_one_kind_alone_is_a_file_too(
    tmp_path: Path, video: StoredTrack, audio: StoredTrack, kind: str
) -> None:
    cut = Cut(video, None, 5, SECOND) if kind == "video" else Cut(None, audio, 5, SECOND)
    assert mp4.write_mp4(make_plan([cut]), tmp_path / "one.mp4")
    found = probe(tmp_path / "one.mp4")
    assert (found.video is not None, bool(found.audio)) == (kind == "video", kind == "audio")
    assert found.duration == pytest.approx(1.0, abs=0.03)


def test_a_cancelled_file_leaves_nothing_behind(tmp_path: Path, video: StoredTrack) -> None:
    plan = make_plan([Cut(video, None, 0, 9 * SECOND)])
    left = iter([False, False, True])
    assert not mp4.write_mp4(plan, tmp_path / "clip.mp4", cancelled=lambda: next(left))
    assert [p.name for p in tmp_path.iterdir()] == ["v"]


def test_sound_of_two_forms_becomes_one(tmp_path: Path, audio: StoredTrack) -> None:
    stereo = make_audio(tmp_path / "s", [(0, pulses(4, channels=2))])
    plan = make_plan([Cut(None, audio, 0, 3 * SECOND), Cut(None, stereo, 0, 3 * SECOND)])
    assert len(plan.audio_inits) == 2
    assert mp4.write_mp4(plan, tmp_path / "both.mp4")
    with av.open(str(tmp_path / "both.mp4")) as container:
        frames = [frame.to_ndarray() for frame in container.decode(audio=0)]
    sound = np.concatenate(frames, axis=1)
    assert sound.shape[0] == 2
    assert sound.shape[1] == pytest.approx(6 * 48000, abs=1024)
    for second in range(6):
        assert float(np.abs(sound[:, second * 48000 + 3000 : second * 48000 + 6000]).max()) > 0.2


def test_pictures_of_two_sizes_are_all_there(tmp_path: Path, video: StoredTrack) -> None:
    other = make_video(tmp_path / "o", [PICTURES], 10 * SECOND, [(480, 360)])
    plan = make_plan([Cut(video, None, 0, 2 * SECOND), Cut(other, None, 0, 2 * SECOND)])
    assert mp4.write_mp4(plan, tmp_path / "two.mp4")
    with av.open(str(tmp_path / "two.mp4")) as container:
        sizes = [(frame.width, number_in(frame)) for frame in container.decode(video=0)]
    numbers = [number for time, number, _ in PICTURES if time < 2 * SECOND]
    assert sizes == [(320, n) for n in numbers] + [(480, n) for n in numbers]


def test_a_probe_says_what_a_file_holds(tmp_path: Path) -> None:
    path = tmp_path / "foreign.mkv"
    with av.open(str(path), "w") as output:
        stream = output.add_stream("libx264", rate=25, options={"bf": "2", "g": "50"})
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for number in range(150):
            pixels = np.full((48, 64, 3), number, np.uint8)
            output.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        output.mux(stream.encode(None))
    found = probe(path)
    assert found.video is not None
    assert (found.video.codec, found.video.width, found.video.height) == ("h264", 64, 48)
    assert found.video.fps == 25
    assert found.video.b_frames
    assert found.video.longest_gop == pytest.approx(2.0)
    assert found.duration == pytest.approx(6.0, abs=0.1)
    assert not found.is_image
    assert found.audio == ()


@pytest.mark.parametrize("content", [b"", b"hello world\n" * 500, b"\x00" * 4096])
def test_what_is_no_media_is_said(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "notes.txt"
    path.write_bytes(content)
    with pytest.raises(MediaError, match=r"notes\.txt"):
        probe(path)


def test_a_playlist_that_points_elsewhere_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "other.ts").write_bytes(b"\x47" * 1880)
    path = tmp_path / "list.m3u8"
    path.write_text("#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nother.ts\n#EXT-X-ENDLIST\n")
    with pytest.raises(MediaError, match=r"list\.m3u8 cannot be read as media"):
        probe(path)


def test_an_image_is_known_as_one(tmp_path: Path) -> None:
    from PIL import Image

    Image.new("RGB", (31, 17), "red").save(tmp_path / "dot.png")
    found = probe(tmp_path / "dot.png")
    assert found.is_image
    assert found.video is not None
    assert (found.video.width, found.video.height) == (31, 17)
