"""The track format: what is written is read back, and FFmpeg agrees with us."""

from __future__ import annotations

import io
from fractions import Fraction

import av
import numpy as np
import pytest
from av.codec.context import Flags
from hypothesis import given
from hypothesis import strategies as st

from jupyter_capture.errors import MediaError
from jupyter_capture.media import fmp4

VIDEO = fmp4.VideoTrackConfig(320, 240, b"\x01\x42\xc0\x0d\xff\xe1\x00\x00\x01\x00\x00")
AUDIO = fmp4.AudioTrackConfig(48000, 2, bytes.fromhex("119056e500"))
SAMPLES = st.lists(
    st.builds(
        fmp4.Sample,
        data=st.binary(max_size=200),
        duration=st.integers(0, 2**32 - 1),
        key=st.booleans(),
    ),
    min_size=1,
    max_size=12,
)


def encode_video(count: int) -> tuple[fmp4.VideoTrackConfig, list[fmp4.Sample]]:
    encoder = av.CodecContext.create("libx264", "w")
    encoder.width, encoder.height, encoder.pix_fmt = 320, 240, "yuv420p"
    encoder.time_base, encoder.framerate = Fraction(1, 90000), Fraction(15)
    encoder.options = {
        "bf": "0", "preset": "ultrafast", "tune": "zerolatency", "x264-params": "annexb=0"
    }  # fmt: skip
    encoder.flags |= Flags.global_header
    packets = []
    for i in range(count):
        pixels = np.full((240, 320, 3), 10 * i % 256, np.uint8)
        frame = av.VideoFrame.from_ndarray(pixels, format="rgb24").reformat(format="yuv420p")
        frame.pts = i * 6000
        packets += encoder.encode(frame)
    packets += encoder.encode(None)
    samples = [fmp4.Sample(bytes(packet), 6000, packet.is_keyframe) for packet in packets]
    return fmp4.VideoTrackConfig(320, 240, bytes(encoder.extradata or b"")), samples


def encode_audio(seconds: int) -> tuple[fmp4.AudioTrackConfig, list[fmp4.Sample]]:
    encoder = av.CodecContext.create("aac", "w")
    encoder.sample_rate, encoder.layout, encoder.format = 48000, "stereo", "fltp"
    encoder.flags |= Flags.global_header
    frames = seconds * 48000 // 1024
    tone = np.sin(np.arange(frames * 1024) / 20).astype(np.float32) / 4
    packets = []
    for i in range(frames):
        block = np.stack([tone[i * 1024 : i * 1024 + 1024]] * 2)
        frame = av.AudioFrame.from_ndarray(block, format="fltp", layout="stereo")
        frame.sample_rate, frame.pts = 48000, i * 1024
        packets += encoder.encode(frame)
    samples = [fmp4.Sample(bytes(packet), 1024, True) for packet in packets]
    return fmp4.AudioTrackConfig(48000, 2, bytes(encoder.extradata or b"")), samples


def whole_file(
    config: fmp4.VideoTrackConfig | fmp4.AudioTrackConfig,
    samples: list[fmp4.Sample],
    start: int = 0,
    each: int = 8,
) -> bytes:
    parts, time = [fmp4.init_segment(config)], start
    for number, at in enumerate(range(0, len(samples), each), 1):
        parts.append(fmp4.fragment(number, time, samples[at : at + each]))
        time += sum(sample.duration for sample in samples[at : at + each])
    return b"".join(parts)


@given(groups=st.lists(SAMPLES, max_size=5), start=st.integers(0, 2**63))
def test_what_is_written_is_read_back(groups: list[list[fmp4.Sample]], start: int) -> None:
    data, time, times = fmp4.init_segment(VIDEO), start, []
    for number, samples in enumerate(groups, 1):
        data += fmp4.fragment(number, time, samples)
        times.append(time)
        time += sum(sample.duration for sample in samples)
    file = io.BytesIO(data)
    refs = list(fmp4.scan(file))
    assert [ref.time for ref in refs] == times
    assert [ref.key for ref in refs] == [samples[0].key for samples in groups]
    assert [fmp4.read_samples(file, ref) for ref in refs] == groups
    assert sum(ref.duration for ref in refs) == time - start


@given(samples=SAMPLES, cut=st.integers(0, 10_000))
def test_a_cut_off_tail_is_left_out_and_the_rest_is_read(
    samples: list[fmp4.Sample], cut: int
) -> None:
    whole = fmp4.init_segment(VIDEO) + fmp4.fragment(1, 0, samples)
    tail = fmp4.fragment(2, 9, samples)
    file = io.BytesIO(whole + tail[: cut % len(tail)])
    refs = list(fmp4.scan(file))
    assert len(refs) == 1
    assert fmp4.read_samples(file, refs[0]) == samples
    file = io.BytesIO(whole + tail)
    assert len(list(fmp4.scan(file, start=len(whole)))) == 1


@pytest.mark.parametrize("config", [VIDEO, AUDIO])
def test_the_init_segment_says_what_was_put_in(
    config: fmp4.VideoTrackConfig | fmp4.AudioTrackConfig,
) -> None:
    init = fmp4.init_segment(config)
    file = io.BytesIO(init + fmp4.fragment(1, 0, [fmp4.Sample(b"x", 1, True)]))
    assert fmp4.read_init(file) == init
    assert fmp4.parse_config(init) == config


def test_ffmpeg_decodes_our_video_at_its_absolute_times() -> None:
    config, samples = encode_video(40)
    data = whole_file(config, samples, start=600 * 90000)
    with av.open(io.BytesIO(data)) as container:
        stream = container.streams.video[0]
        frames = list(container.decode(stream))
    assert [frame.pts for frame in frames] == [600 * 90000 + i * 6000 for i in range(40)]
    assert (frames[0].width, frames[0].height) == (320, 240)
    assert stream.codec_context.extradata == config.avcc


def test_ffmpeg_decodes_our_audio() -> None:
    config, samples = encode_audio(2)
    with av.open(io.BytesIO(whole_file(config, samples, each=24))) as container:
        stream = container.streams.audio[0]
        assert (stream.rate, stream.channels) == (48000, 2)
        frames = list(container.decode(stream))
    assert sum(frame.samples for frame in frames) == len(samples) * 1024
    assert float(np.abs(frames[-1].to_ndarray()).max()) > 0.2


def test_ffmpegs_own_fragmented_file_has_a_header_we_read() -> None:
    config, _ = encode_audio(1)
    target = io.BytesIO()
    with av.open(
        target, "w", format="mp4", options={"movflags": "empty_moov+default_base_moof"}
    ) as output:
        stream = output.add_stream("aac", rate=48000, layout="stereo")
        frame = av.AudioFrame.from_ndarray(np.zeros((2, 1024), np.float32), "fltp", "stereo")
        frame.sample_rate = 48000
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            output.mux(packet)
    read = fmp4.parse_config(fmp4.read_init(target))
    assert isinstance(read, fmp4.AudioTrackConfig)
    assert (read.rate, read.channels) == (48000, 2)
    assert read.asc[:2] == config.asc[:2]


def test_damage_is_said_after_all_that_comes_before_it() -> None:
    sample = fmp4.Sample(b"abc", 1, True)
    good = fmp4.init_segment(VIDEO) + fmp4.fragment(1, 0, [sample])
    refs = fmp4.scan(io.BytesIO(good + b"\x07" * 64))
    assert next(refs).duration == 1
    with pytest.raises(MediaError, match="damaged at byte"):
        next(refs)


def test_zeros_after_a_power_cut_are_a_cut_off_tail() -> None:
    good = fmp4.init_segment(VIDEO) + fmp4.fragment(1, 0, [fmp4.Sample(b"abc", 1, True)])
    assert len(list(fmp4.scan(io.BytesIO(good + bytes(4096))))) == 1


def test_a_file_without_a_whole_header_is_said() -> None:
    with pytest.raises(MediaError, match="nothing was recorded"):
        fmp4.read_init(io.BytesIO(fmp4.init_segment(VIDEO)[:100]))
    with pytest.raises(MediaError, match="not a stored track"):
        fmp4.read_init(io.BytesIO(b"RIFF....WAVEfmt "))
