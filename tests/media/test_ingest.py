from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest
from foreign_maker import CLAPS, CLOCKWISE, heard, make, picture, seen, turn
from PIL import Image

from jupyter_capture.errors import InvalidRequestError, MediaError
from jupyter_capture.media.cut import Cut, make_plan
from jupyter_capture.media.foreign import Still, look
from jupyter_capture.media.ingest import Ingested, ingest, recognise
from jupyter_capture.media.mp4 import write_mp4
from jupyter_capture.media.tracks import StoredTrack

NO_B = {"bf": "0", "g": "50"}
FRAME = 1 / 25 + 0.002


def ingested(path: Path, **options) -> tuple[Ingested, dict[str, StoredTrack]]:
    number = itertools.count()
    folder = path.with_name(f"{path.name}-tracks")
    done = ingest(look(path, path.name), folder, lambda: f"trk-{next(number)}", fps=30, **options)
    assert done is not None
    return done, {track.kind: StoredTrack.open(folder, track) for track in done.tracks}


def copied(path: Path, kind: str, track: StoredTrack) -> bool:
    """Whether all stored samples are the file's own packets."""
    with av.open(str(path)) as container:
        stream = getattr(container.streams, kind)[0]
        theirs = {bytes(packet) for packet in container.demux(stream)}
    return all(sample.data in theirs for sample in track.samples(0, track.end))


FORMATS = {
    "b-frames.mp4": {},
    "profile.mp4": {"options": NO_B},
    "profile.mov": {"options": NO_B},
    "profile.mkv": {"options": NO_B},
    "44100.mp4": {"options": NO_B, "rate": 44100},
    "pcm.mov": {"video": "mpeg4", "audio": "pcm_s16le"},
    "vp8.webm": {"video": "libvpx", "audio": "libopus", "options": {"deadline": "realtime"}},
    "late-sound.mp4": {"options": NO_B, "audio_from": 0.5},
    "late-picture.mp4": {"options": NO_B, "video_from": 0.52},
    "late-sound.webm": {"video": "libvpx", "audio": "libopus", "audio_from": 0.5},
    "late-picture.mkv": {"audio": "flac", "video_from": 0.52},
}
SOUNDS = {
    "a.wav": ("pcm_s16le", 44100, 2),
    "a.mp3": ("libmp3lame", 44100, 2),
    "a.ogg": ("libopus", 48000, 1),
    "a.opus": ("libopus", 48000, 2),
    "a.flac": ("flac", 22050, 1),
    "a.m4a": ("aac", 48000, 2),
    "6.wav": ("pcm_s16le", 48000, 6),
}


@pytest.mark.parametrize("name", FORMATS)
def test_flash_and_beep_of_a_video_stay_together_and_at_their_time(name: str, tmp_path: Path):
    done, tracks = ingested(make(tmp_path / name, **FORMATS[name]))
    assert done.kind == "video"
    assert done.warnings == []
    assert heard(tracks["audio"]) == pytest.approx(CLAPS, abs=0.012)
    assert seen(tracks["video"]) == pytest.approx(CLAPS, abs=FRAME)
    assert tracks["video"].start == 0


@pytest.mark.parametrize("name", [*FORMATS])
def test_all_tracks_of_an_asset_are_equally_long(name: str, tmp_path: Path):
    done, tracks = ingested(make(tmp_path / name, **FORMATS[name]))
    lengths = {track.end / track.timescale for track in tracks.values()}
    assert lengths == {done.seconds}
    assert {track.seconds for track in done.tracks} == {done.seconds}
    assert done.seconds == pytest.approx(5.0, abs=0.05)


@pytest.mark.parametrize("name", SOUNDS)
def test_sound_is_kept_at_48_khz_mono_or_stereo(name: str, tmp_path: Path):
    codec, rate, channels = SOUNDS[name]
    path = make(tmp_path / name, None, codec, rate=rate, channels=channels)
    done, tracks = ingested(path)
    assert done.kind == "audio"
    assert heard(tracks["audio"]) == pytest.approx(CLAPS, abs=0.005)
    config = tracks["audio"].config(0)
    assert (config.rate, config.channels) == (48000, min(channels, 2))


@pytest.mark.parametrize("name", ["profile.mp4", "profile.mkv", "profile.mov"])
def test_what_fits_the_profile_is_copied(name: str, tmp_path: Path):
    path = make(tmp_path / name, **FORMATS[name])
    _, tracks = ingested(path)
    assert copied(path, "video", tracks["video"])
    assert copied(path, "audio", tracks["audio"])


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"options": {**NO_B, "g": "400", "sc_threshold": "0"}, "seconds": 12.0},
        {"options": NO_B, "pixels": "yuv444p"},
        {"options": NO_B, "pixels": "yuv420p10le"},
        {"options": {**NO_B, "x264-params": "interlaced=1"}},
    ],
    ids=["b-frames", "long-gop", "444", "10-bit", "interlaced"],
)
def test_what_does_not_fit_is_converted_with_a_key_every_two_seconds(options, tmp_path: Path):
    path = make(tmp_path / "a.mp4", **options)
    done, tracks = ingested(path)
    video = tracks["video"]
    assert not copied(path, "video", video)
    assert seen(video) == pytest.approx(CLAPS, abs=FRAME)
    assert np.diff([*video.keys, video.end]).max() <= 2 * 90000 + 1920
    decoded = next(iter(video.frames(0, 90000)))
    assert (decoded.format.name, decoded.width, decoded.height) == ("yuv420p", 160, 120)
    assert done.warnings == []


def test_sound_at_44100_hz_is_converted_and_the_picture_copied(tmp_path: Path):
    path = make(tmp_path / "a.mp4", **FORMATS["44100.mp4"])
    _, tracks = ingested(path)
    assert copied(path, "video", tracks["video"])
    assert tracks["audio"].timescale == 48000


def test_irregular_times_are_kept_and_a_still_has_keys(tmp_path: Path):
    times = [0.0, 0.04, 0.3, 1.0, 1.1, 6.0, 6.5]
    path = make(tmp_path / "a.mkv", "libx264", None, times=times, fps=25)
    _, tracks = ingested(path)
    stored = [sample.time / 90000 for sample in tracks["video"].samples(0, 10**9)]
    for time in times:
        assert min(abs(time - other) for other in stored) < 0.002
    assert np.diff(tracks["video"].keys).max() <= 2 * 90000


def test_more_pictures_a_second_than_are_rendered_are_thinned(tmp_path: Path):
    path = make(tmp_path / "a.mp4", "libx264", None, fps=60, seconds=3.0)
    _, tracks = ingested(path)
    assert len(list(tracks["video"].samples(0, 10**9))) == pytest.approx(90, abs=2)
    assert tracks["video"].manifest.codec.fps == 30


def test_a_turned_video_is_stored_upright(tmp_path: Path):
    path = make(tmp_path / "a.mp4", "libx264", None, options=NO_B)
    turn(path, CLOCKWISE)
    _, tracks = ingested(path)
    frame = next(iter(tracks["video"].frames(54000, 60000)))
    assert (frame.width, frame.height) == (120, 160)
    red = frame.to_ndarray(format="rgb24")[:, :, 0] > 120
    # The bar at the top edge of the picture lies at the right edge of what is shown.
    assert red[:, -15:].mean() > 0.3
    assert red[:, :60].mean() < 0.05


def test_odd_sides_become_even_and_wide_pixels_square(tmp_path: Path):
    _, tracks = ingested(make(tmp_path / "odd.mkv", "ffv1", None, size=(161, 121), pixels="bgr0"))
    config = tracks["video"].config(0)
    assert (config.width, config.height) == (162, 122)
    wide = make(tmp_path / "wide.mp4", "libx264", None, options={**NO_B, "x264-params": "sar=2/1"})
    _, tracks = ingested(wide)
    config = tracks["video"].config(0)
    assert (config.width, config.height) == (320, 120)


def test_high_dynamic_range_becomes_standard(tmp_path: Path):
    path = make(
        tmp_path / "a.mp4", "libx264", None, pixels="yuv420p10le", marks=(9, 16), seconds=1.5
    )
    _, tracks = ingested(path)
    frame = next(iter(tracks["video"].frames(100000, 100001)))
    assert frame.color_trc == 1
    assert seen(tracks["video"]) == pytest.approx([1.0], abs=FRAME)


def test_a_hole_in_the_sound_is_silence(tmp_path: Path):
    path = make(tmp_path / "a.mkv", "libx264", "flac", holes=[(1.5, 2.0), (3.0, 3.5)])
    _, tracks = ingested(path)
    assert heard(tracks["audio"]) == pytest.approx(CLAPS, abs=0.012)


def test_a_hole_in_copied_sound_is_silence(tmp_path: Path):
    path = make(tmp_path / "a.mkv", None, "aac", holes=[(1.5, 2.0), (3.0, 3.5)])
    _, tracks = ingested(path)
    assert heard(tracks["audio"]) == pytest.approx(CLAPS, abs=0.025)


def test_sound_that_goes_on_keeps_the_last_picture_on_screen(tmp_path: Path):
    times = [at / 25 for at in range(25)]
    path = make(tmp_path / "a.mp4", times=times, seconds=14.0, options=NO_B)
    done, tracks = ingested(path)
    assert tracks["video"].end / 90000 == done.seconds > 13.9
    assert np.diff(tracks["video"].keys).max() <= 2 * 90000


def test_a_moving_gif_is_a_video_and_a_still_one_a_picture(tmp_path: Path):
    path = make(tmp_path / "a.gif", "gif", None, pixels="rgb8", fps=10)
    _, tracks = ingested(path)
    assert seen(tracks["video"]) == pytest.approx(CLAPS, abs=0.01)
    assert tracks["video"].end == 5 * 90000
    still = tmp_path / "b.gif"
    Image.fromarray(picture(0.5, 40, 30)).save(still)
    assert recognise(still, "b.gif") == Still(".gif", 40, 30)
    assert recognise(path, "a.gif", "image") == Still(".gif", 160, 120, True)


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".gif", ".bmp"])
def test_pictures_are_recognised_by_what_they_hold(suffix: str, tmp_path: Path):
    drawn = tmp_path / f"a{suffix}"
    Image.fromarray(picture(0.5, 40, 30)).save(drawn)
    lying = drawn.rename(tmp_path / "a.mp4")
    assert recognise(lying, "a.mp4") == Still(suffix, 40, 30)


def test_a_cover_is_no_video(tmp_path: Path):
    sound = make(tmp_path / "a.mp3", None, "libmp3lame")
    cover = tmp_path / "cover.png"
    Image.fromarray(picture(0.5, 40, 30)).save(cover)
    tagged = tmp_path / "tagged.mp3"
    frame = b"\0image/png\0\x03\0" + cover.read_bytes()
    body = b"APIC" + len(frame).to_bytes(4, "big") + b"\0\0" + frame
    size = bytes(len(body) >> shift & 127 for shift in (21, 14, 7, 0))
    tagged.write_bytes(b"ID3\x03\0\0" + size + body + sound.read_bytes())
    with av.open(str(tagged)) as container:
        assert container.streams.video
    done, _ = ingested(tagged)
    assert done.kind == "audio"


def test_a_file_that_is_cut_off_keeps_what_can_be_read_and_says_so(tmp_path: Path):
    whole = make(tmp_path / "whole.mp4", options=NO_B, container={"movflags": "faststart"})
    for name in ("copied.mp4", "converted.mkv"):
        source = whole if name.startswith("copied") else make(tmp_path / "whole.mkv")
        data = source.read_bytes()
        cut = tmp_path / name
        cut.write_bytes(data[: len(data) * 6 // 10])
        done, tracks = ingested(cut)
        assert 1.5 < done.seconds < 4.5
        assert "cut off" in done.warnings[0]
        assert seen(tracks["video"])[:1] == pytest.approx([1.0], abs=FRAME)
        assert {track.end / track.timescale for track in tracks.values()} == {done.seconds}


def spoiled(path: Path, kind: str, spoil: Callable[[bytes, int], bytes]) -> Path:
    """A copy of which each packet of a stream but the first is another."""
    target = path.with_name(f"spoiled-{kind}-{path.name}")
    with av.open(str(path)) as source, av.open(str(target), "w") as out:
        streams = {each.index: out.add_stream_from_template(each) for each in source.streams}
        count = 0
        for packet in (each for each in source.demux() if each.dts is not None):
            made = packet
            if packet.stream.type == kind:
                made = av.Packet(spoil(bytes(packet), count))
                made.pts, made.dts, made.duration = packet.pts, packet.dts, packet.duration
                made.time_base, made.is_keyframe = packet.time_base, packet.is_keyframe
                count += 1
            made.stream = streams[packet.stream.index]
            out.mux(made)
    return target


def test_nothing_is_copied_that_was_not_decoded(tmp_path: Path):
    path = make(tmp_path / "a.mp4", options=NO_B)
    noise = np.random.default_rng(3).bytes(4000)

    def pictures(data: bytes, at: int) -> bytes:  # slices as long as they say, of nothing
        return data if data[4] & 31 != 1 else data[:5] + noise[at : at + len(data) - 5]

    hostile = spoiled(path, "video", pictures)
    done, tracks = ingested(hostile)
    assert not copied(hostile, "video", tracks["video"])
    assert copied(hostile, "audio", tracks["audio"])
    assert len(list(tracks["video"].frames(0, tracks["video"].end))) > 5
    assert {track.end / track.timescale for track in tracks.values()} == {done.seconds}

    hostile = spoiled(path, "audio", lambda data, at: b"\xff" * 40 if at > 90 else data)
    done, tracks = ingested(hostile)
    assert copied(hostile, "video", tracks["video"])
    assert "packets could not be decoded" in done.warnings[0]
    assert not tracks["audio"].pcm(2.2, done.seconds, 48000).any()


def test_what_takes_too_long_to_cut_into_is_not_copied(tmp_path: Path):
    times = [at / 1000 for at in range(1250)]
    path = make(
        tmp_path / "a.mp4",
        times=times,
        options={"bf": "0", "g": "9999", "sc_threshold": "0"},
        size=(32, 32),
    )
    _, tracks = ingested(path)
    assert not copied(path, "video", tracks["video"])


def test_what_is_no_media_is_refused_with_what_is_accepted(tmp_path: Path):
    index_lost = make(tmp_path / "whole.mp4").read_bytes()[:-900]
    bad = {
        "empty.mp4": b"",
        "text.mp4": b"This is a letter, not a film.\n" * 400,
        "noise.mp4": np.random.default_rng(1).bytes(200_000),
        "index-lost.mp4": index_lost,
        "list.m3u8": b"#EXTM3U\n#EXTINF:1,\n/etc/passwd\n#EXT-X-ENDLIST\n",
        "concat.txt": b"ffconcat version 1.0\nfile /etc/passwd\n",
        "page.html": b"<!doctype html><title>no</title>" * 50,
    }
    for name, content in bad.items():
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(MediaError, match="Accepted are videos") as caught:
            recognise(path, "söme/näme\n🎬")
        assert "söme" in str(caught.value)


def test_a_damaged_or_huge_picture_is_refused(tmp_path: Path):
    whole = tmp_path / "a.png"
    Image.fromarray(np.random.default_rng(1).integers(0, 255, (99, 99, 3), np.uint8)).save(whole)
    cut = tmp_path / "cut.png"
    cut.write_bytes(whole.read_bytes()[:9000])
    with pytest.raises(MediaError, match="damaged PNG"):
        recognise(cut, "cut.png")
    huge = tmp_path / "huge.png"
    Image.new("1", (20_000, 20_000)).save(huge)
    with pytest.raises(MediaError, match="pixels"):
        recognise(huge, "huge.png")


def test_a_type_that_was_asked_for_must_be_there(tmp_path: Path):
    sound = make(tmp_path / "a.wav", None, "pcm_s16le", seconds=1.0)
    silent = make(tmp_path / "a.mp4", "libx264", None, seconds=1.0)
    drawn = tmp_path / "a.png"
    Image.fromarray(picture(0.5, 40, 30)).save(drawn)
    for path, wanted in [
        (sound, "video"), (sound, "image"), (silent, "audio"), (silent, "image"),
        (drawn, "video"), (drawn, "audio"),
    ]:  # fmt: skip
        with pytest.raises(InvalidRequestError, match=f'media_type "{wanted}"'):
            recognise(path, path.name, wanted)


def test_the_sound_of_a_video_alone_begins_with_its_first_sample(tmp_path: Path):
    path = make(tmp_path / "a.mp4", options=NO_B)
    done, tracks = ingested(path, sound_only=True)
    assert done.kind == "audio"
    assert set(tracks) == {"audio"}
    assert heard(tracks["audio"]) == pytest.approx(CLAPS, abs=0.012)


@pytest.mark.parametrize("name", ["profile.mp4", "b-frames.mp4"])
def test_a_shot_of_an_upload_is_exact_to_the_frame(name: str, tmp_path: Path):
    _, tracks = ingested(make(tmp_path / name, **FORMATS[name]))
    shot = Cut(tracks["video"], tracks["audio"], 72000, 405000)
    saved = tmp_path / "shot.mp4"
    assert write_mp4(make_plan([shot]), saved)
    with av.open(str(saved)) as container:
        frames = list(container.decode(video=0))
        assert container.duration / 1e6 == pytest.approx(3.7, abs=0.03)
    bright = [float(frame.to_ndarray(format="gray")[60:].mean()) > 140 for frame in frames]
    starts = [
        float(frame.pts * frame.time_base)
        for before, now, frame in zip([False, *bright], bright, frames, strict=False)
        if now and not before
    ]
    assert starts == pytest.approx([clap - 0.8 for clap in CLAPS], abs=FRAME)


def test_progress_rises_and_cancelling_leaves_nothing(tmp_path: Path):
    path = make(tmp_path / "a.mp4")
    said: list[float] = []
    ingested(path, progress=lambda done, _: said.append(done))
    assert said == sorted(said)
    assert len(said) > 10
    assert said[-1] > 0.9
    folder = tmp_path / "cancelled"
    answers = iter([False, False, True, True])
    assert (
        ingest(
            look(path, "a"), folder, lambda: "trk", fps=30, sound_only=True,
            cancelled=lambda: next(answers),
        )
        is None
    )  # fmt: skip
    assert not folder.exists()


def test_a_failure_leaves_nothing(tmp_path: Path):
    path = make(tmp_path / "a.mp4")

    def full(done: float, stage: str) -> None:
        if done > 0.5:
            raise OSError("no")

    with pytest.raises(OSError, match="no"):
        ingested(path, progress=full)
    assert not (tmp_path / "a.mp4-tracks").exists()
