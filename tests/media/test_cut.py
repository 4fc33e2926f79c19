"""Cuts: exact to the frame, in step with the sound, and decodable through their playlists."""

from __future__ import annotations

import random
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from track_maker import (
    FRAME,
    frames_of,
    make_audio,
    make_video,
    number_in,
    picture,
    pulses,
    served,
)

from jupyter_capture.errors import InvalidRequestError, MediaError, NotFoundError
from jupyter_capture.media import cut, fmp4
from jupyter_capture.media.cut import Cut, make_plan
from jupyter_capture.media.encode import H264Encoder
from jupyter_capture.media.tracks import StoredTrack
from jupyter_capture.media.writer import TrackWriter
from jupyter_capture.wire.recorder import VideoCodec

SECOND = 90000
LENGTH = 30 * SECOND


def screen(seed: int = 1, frames: int = 450) -> list[tuple[int, int, bool]]:
    """A screen as it is recorded: busy and still stretches, keys only now and then."""
    chance = random.Random(seed)
    out = [(0, 0, True)]
    last_key = 0
    for at in range(1, frames):
        busy = at // 60 % 2 == 0
        if at % 7 and not (busy and chance.random() < 0.7):
            continue
        new = busy or at % 14 == 0
        number = len(out) % 4096 if new else out[-1][1]
        key = (busy and at - last_key >= 15) or at - last_key >= 150
        last_key = at if key else last_key
        out.append((at * FRAME, number, key))
    return out


PICTURES = screen()


def shown(time: int, pictures: list[tuple[int, int, bool]] = PICTURES) -> int:
    return [number for at, number, _ in pictures if at <= time][-1]


def on_screen(frames: list[tuple[int, int]], time: int) -> int:
    return [number for pts, number in frames if pts <= time][-1]


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> StoredTrack:
    return make_video(tmp_path_factory.mktemp("video"), [PICTURES], LENGTH)


@pytest.fixture(scope="module")
def audio(tmp_path_factory: pytest.TempPathFactory) -> StoredTrack:
    return make_audio(tmp_path_factory.mktemp("audio"), [(0, pulses(30, channels=2))])


def assert_exact(plan: cut.Plan, cuts: list[Cut]) -> None:
    frames = frames_of(plan)
    assert frames[0][0] == 0
    assert [pts for pts, _ in frames] == sorted({pts for pts, _ in frames})
    begin = 0
    for each in cuts:
        for time in range(each.start, each.end, FRAME // 2):
            assert on_screen(frames, begin + time - each.start) == shown(time)
        assert begin in [pts for pts, _ in frames]
        begin += each.end - each.start
    assert plan.duration == plan.video[-1].end == begin


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    bounds=st.lists(
        st.tuples(st.integers(0, LENGTH - 9000), st.integers(1, 8 * SECOND)),
        min_size=1,
        max_size=3,
    )
)
def test_any_cuts_show_the_source_at_every_half_frame(
    video: StoredTrack, bounds: list[tuple[int, int]]
) -> None:
    cuts = [Cut(video, None, start, min(start + length, LENGTH)) for start, length in bounds]
    plan = make_plan(cuts)
    assert_exact(plan, cuts)
    assert len(plan.video_inits) == 1
    assert not any(segment.discontinuity for segment in plan.video)


@pytest.mark.parametrize("at", [0, 1, FRAME, 61 * FRAME, 75 * FRAME + 17, 449 * FRAME])
def test_a_cut_may_be_shorter_than_a_frame(video: StoredTrack, at: int) -> None:
    cuts = [Cut(video, None, at, at + 3000)]
    plan = make_plan(cuts)
    frames = frames_of(plan)
    assert frames[0] == (0, shown(at))
    assert plan.duration == 3000


def test_a_cut_at_a_key_frame_copies_every_stored_byte(video: StoredTrack) -> None:
    keys = video.keys.tolist()
    plan = make_plan([Cut(video, None, keys[3], LENGTH)])
    assert all(piece.copied for segment in plan.video for piece in segment.pieces)
    copied = [s.data for seg in plan.video for s in cut.samples(plan, seg)]
    assert copied == [sample.data for sample in video.samples(keys[3], LENGTH)]


def test_only_the_head_is_encoded_again(video: StoredTrack) -> None:
    keys = video.keys.tolist()
    plan = make_plan([Cut(video, None, keys[2] + FRAME, LENGTH)])
    again = [piece for seg in plan.video for piece in seg.pieces if not piece.copied]
    assert [(piece.start, piece.end) for piece in again] == [(keys[2] + FRAME, keys[3])]


def test_a_head_of_one_frame_joins_the_stored_key_behind_it(video: StoredTrack) -> None:
    key = video.keys.tolist()[3]
    cuts = [Cut(video, None, key - 100, key + SECOND)]
    assert_exact(make_plan(cuts), cuts)


def test_segments_are_about_two_seconds_and_begin_at_keys(video: StoredTrack) -> None:
    plan = make_plan([Cut(video, None, 0, LENGTH)])
    lengths = [segment.end - segment.start for segment in plan.video]
    assert sum(lengths) == LENGTH
    assert max(lengths) <= 12 * SECOND
    assert sorted(lengths)[len(lengths) // 2] <= 4 * SECOND
    assert all(segment.start in video.keys for segment in plan.video)


def test_sound_stays_within_a_packet_of_the_picture_over_many_cuts(
    video: StoredTrack, audio: StoredTrack
) -> None:
    cuts = [Cut(video, audio, 9001 + n * 77_777, 9001 + n * 77_777 + 61_003) for n in range(30)]
    plan = make_plan(cuts)
    time = 0
    for segment in plan.audio:
        assert segment.time == time
        time += segment.packets * 1024
        begin = 0
        for each in cuts:
            length = each.end - each.start
            if begin <= segment.time / 48000 * SECOND + 512 * 2 < begin + length:
                wanted = each.start / SECOND + segment.time / 48000 - begin / SECOND
                assert abs(segment.source / 48000 - wanted) <= 1024 / 48000
            begin += length
    assert abs(time / 48000 - plan.seconds) <= 512 / 48000
    assert [s.seconds for s in plan.audio]
    for index in range(len(plan.audio)):
        begin, samples = fmp4.parse_fragment(cut.segment(plan, "audio", index))
        assert begin == plan.audio[index].time
        assert len(samples) == plan.audio[index].packets


def test_copied_sound_is_the_stored_packets(audio: StoredTrack) -> None:
    plan = make_plan([Cut(None, audio, 5 * SECOND, 9 * SECOND)])
    copied = [s.data for segment in plan.audio for s in cut.samples(plan, segment)]
    stored = [sample.data for sample in audio.samples(0, 30 * 48000)]
    first = stored.index(copied[0])
    assert abs(first * 1024 - 5 * 48000) <= 512
    assert copied == stored[first : first + len(copied)]


def decode(url: str) -> tuple[list[tuple[float, int]], np.ndarray]:
    with av.open(url) as container:
        frames: list[tuple[float, int]] = []
        sound: list[np.ndarray] = []
        for frame in container.decode():
            if isinstance(frame, av.VideoFrame):
                frames.append((frame.time, number_in(frame)))
            else:
                sound.append(frame.to_ndarray().mean(axis=0))
    return frames, np.concatenate(sound) if sound else np.zeros(0)


def test_a_player_gets_every_frame_and_sample_through_the_playlists(
    video: StoredTrack, audio: StoredTrack
) -> None:
    cuts = [Cut(video, audio, start, start + 4 * SECOND) for start in (100_001, 1_234_567, 0)]
    plan = make_plan(cuts)
    with served(plan) as url:
        frames, sound = decode(url)
    direct = frames_of(plan)
    assert [number for _, number in frames] == [number for _, number in direct]
    start = frames[0][0]
    for (time, _), (pts, _) in zip(frames, direct, strict=True):
        assert time - start == pytest.approx(pts / SECOND, abs=1e-3)
    assert len(sound) == pytest.approx(12 * 48000, abs=1024)


def test_the_sound_heard_is_that_of_the_cut(audio: StoredTrack) -> None:
    with served(make_plan([Cut(None, audio, 2 * SECOND, 7 * SECOND)])) as url:
        frames, sound = decode(url)
    assert frames == []
    want = pulses(30)[2 * 48000 : 7 * 48000, 0]
    size = min(len(sound), len(want))
    lags = range(-600, 601, 8)
    scores = [float(np.dot(sound[700:size - 700], want[700 + lag : size - 700 + lag]))
              for lag in lags]  # fmt: skip
    assert abs(lags[int(np.argmax(scores))]) <= 520
    assert len(sound) == pytest.approx(5 * 48000, abs=1024)


def test_a_missing_picture_is_black_and_missing_sound_is_silent(
    video: StoredTrack, audio: StoredTrack
) -> None:
    both = Cut(video, audio, 0, 3 * SECOND)
    plan = make_plan([both, Cut(None, audio, 0, 3 * SECOND), Cut(video, None, 0, 3 * SECOND)])
    with served(plan) as url:
        frames, sound = decode(url)
    assert {number for time, number in frames if 3.05 < time - frames[0][0] < 5.95} == {0}
    assert len(plan.video_inits) == len(plan.audio_inits) == 1
    loud = [float(np.abs(sound[n * 48000 + 4000 : n * 48000 + 8000]).max()) for n in range(9)]
    assert [level > 0.1 for level in loud] == [True] * 6 + [False] * 3


def test_parts_of_another_size_get_their_own_init_and_a_discontinuity(tmp_path: Path) -> None:
    later = [(at + 10 * SECOND, number, key) for at, number, key in PICTURES if at < 9 * SECOND]
    first = [picture for picture in PICTURES if picture[0] < 10 * SECOND]
    video = make_video(tmp_path / "v", [first, later], 19 * SECOND, [(320, 240), (480, 360)])
    audio = make_audio(tmp_path / "a", [(0, pulses(19))])
    plan = make_plan([Cut(video, audio, 8 * SECOND + 11, 14 * SECOND)])
    assert [config.width for config in plan.video_inits] == [320, 480]
    jumps = [segment.start for segment in plan.video if segment.discontinuity]
    assert jumps == [2 * SECOND - 11]
    assert sum(segment.discontinuity for segment in plan.audio) == 1
    assert cut.playlist(plan, "video").count("#EXT-X-DISCONTINUITY") == 1
    frames = frames_of(plan)
    for time in range(0, 6 * SECOND - 11, FRAME):
        want = shown(8 * SECOND + 11 + time, [*first, *later])
        assert on_screen(frames, time) == want
    with served(plan) as url:
        played, _ = decode(url)
    assert len(played) == len(frames)


def test_a_track_of_another_encoder_gets_an_init_for_its_heads(tmp_path: Path) -> None:
    video = make_video(tmp_path, [PICTURES], LENGTH)
    settings = video.manifest.codec.model_copy(update={"fps": 25})
    foreign = StoredTrack.open(tmp_path, video.manifest.model_copy(update={"codec": settings}))
    cuts = [Cut(foreign, None, 5000, 3 * SECOND)]
    plan = make_plan(cuts)
    assert len(plan.video_inits) == 2
    assert [segment.discontinuity for segment in plan.video][:2] == [False, True]
    assert_exact(plan, cuts)
    with served(plan) as url:
        frames, _ = decode(url)
    assert len(frames) == len(frames_of(plan))


def test_what_the_recorders_writer_wrote_is_cut_without_a_seam(tmp_path: Path) -> None:
    codec = VideoCodec(width=320, height=240, fps=15)
    encoder = H264Encoder(codec)
    config = fmp4.VideoTrackConfig(320, 240, encoder.avcc)
    writer = TrackWriter(tmp_path, "trk-1", "display:1", codec, config)
    for time, number, key in PICTURES:
        for packet in encoder.encode(picture(number), time, key):
            writer.add(packet)
    track = StoredTrack.open(tmp_path, writer.finish(LENGTH))
    assert track.end == LENGTH
    cuts = [Cut(track, None, 4321, 9 * SECOND), Cut(track, None, 77 * FRAME, 12 * SECOND)]
    plan = make_plan(cuts)
    assert plan.video_inits == [config]
    assert_exact(plan, cuts)


def test_sound_of_another_form_is_a_discontinuity_of_both(tmp_path: Path) -> None:
    video = make_video(tmp_path / "v", [PICTURES], LENGTH)
    mono = make_audio(tmp_path / "m", [(0, pulses(5))])
    stereo = make_audio(tmp_path / "s", [(0, pulses(5, channels=2))])
    plan = make_plan([Cut(video, mono, 1000, 3 * SECOND), Cut(video, stereo, SECOND, 3 * SECOND)])
    assert [config.channels for config in plan.audio_inits] == [1, 2]
    for kind in ("video", "audio"):
        assert cut.playlist(plan, kind).count("#EXT-X-DISCONTINUITY") == 1


def test_a_recorder_that_was_restarted_leaves_no_seam(tmp_path: Path) -> None:
    first = [picture for picture in PICTURES if picture[0] < 10 * SECOND]
    later = [(at, number, at == 12 * SECOND or key) for at, number, key in PICTURES
             if at >= 12 * SECOND]  # fmt: skip
    later[0] = (later[0][0], later[0][1], True)
    video = make_video(tmp_path / "v", [first, later], LENGTH)
    sound = pulses(10)
    audio = make_audio(tmp_path / "a", [(0, sound), (12 * 48000 + 333, sound)])
    plan = make_plan([Cut(video, audio, 5 * SECOND, 16 * SECOND)])
    assert len(plan.video_inits) == len(plan.audio_inits) == 1
    frames = frames_of(plan)
    assert on_screen(frames, 6 * SECOND) == first[-1][1]
    with served(plan) as url:
        played, heard = decode(url)
    assert len(played) == len(frames)
    assert len(heard) == pytest.approx(11 * 48000, abs=1024)
    assert float(np.abs(heard[int(5.2 * 48000) : int(6.9 * 48000)]).max()) < 0.01


def test_a_picture_that_ends_early_stays_until_the_cut_ends(tmp_path: Path) -> None:
    video = make_video(tmp_path, [[(0, 1, True), (FRAME, 2, False)]], 2 * FRAME)
    plan = make_plan([Cut(video, None, 0, 7 * SECOND)])
    frames = frames_of(plan)
    assert {number for pts, number in frames if pts >= FRAME} == {2}
    assert plan.video[-1].end == 7 * SECOND
    assert max(segment.end - segment.start for segment in plan.video) <= 3 * SECOND


def test_while_recording_the_list_only_grows(video: StoredTrack, audio: StoredTrack) -> None:
    seen: list[str] = []
    for end in range(SECOND // 2, LENGTH, 17 * FRAME):
        plan = make_plan([Cut(video, audio, 4321, end)], ended=False)
        lines = [
            f"{kind} {n} {segment}"
            for kind, segments in (("v", plan.video), ("a", plan.audio))
            for n, segment in enumerate(segments)
        ]
        assert set(seen) <= set(lines)
        assert len(plan.video) == len(plan.audio)
        assert "RESOLUTION=320x240" in cut.master(plan)
        seen = lines
    assert "PLAYLIST-TYPE:EVENT" in cut.playlist(plan, "video")
    assert len(plan.video) > 8


def test_damage_in_a_copied_fragment_keeps_the_picture_before_it(tmp_path: Path) -> None:
    video = make_video(tmp_path, [PICTURES], LENGTH)
    row = video.fragments[1]
    data = bytearray(video.path(0).read_bytes())
    data[int(row["offset"]) + 8 : int(row["offset"]) + 60] = b"\xa5" * 52
    plan = make_plan([Cut(video, None, 0, 5 * SECOND)])
    video.path(0).write_bytes(data)
    time, samples = fmp4.parse_fragment(cut.segment(plan, "video", 0))
    assert time + sum(sample.duration for sample in samples) == plan.video[0].end


def test_a_cut_that_holds_nothing_is_refused(video: StoredTrack, tmp_path: Path) -> None:
    for cuts in ([], [Cut(video, None, 5, 5)], [Cut(video, None, -1, 5)], [Cut(None, None, 0, 5)]):
        with pytest.raises(InvalidRequestError):
            make_plan(cuts)
    empty = StoredTrack.open(tmp_path, video.manifest.model_copy(update={"parts": []}))
    with pytest.raises(MediaError, match="nothing was recorded"):
        make_plan([Cut(empty, None, 0, 5)])


def test_a_segment_that_is_not_there_is_said(video: StoredTrack) -> None:
    plan = make_plan([Cut(video, None, 0, SECOND)])
    with pytest.raises(NotFoundError, match="no video segment 99"):
        cut.segment(plan, "video", 99)
    with pytest.raises(NotFoundError, match="no audio init segment 0"):
        cut.init(plan, "audio", 0)
