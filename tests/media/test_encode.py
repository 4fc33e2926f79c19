from __future__ import annotations

from fractions import Fraction

import av
import numpy as np
import pytest

from jupyter_capture.errors import MediaError
from jupyter_capture.media import encode
from jupyter_capture.media.encode import AacEncoder, H264Encoder, avcc_of, even_size
from jupyter_capture.wire.recorder import AudioCodec, VideoCodec


def blocks(width: int, height: int, seed: int = 0) -> np.ndarray:
    colours = np.random.default_rng(seed).integers(0, 255, (height // 16 + 1, width // 16 + 1, 3))
    return np.kron(colours, np.ones((16, 16, 1), int)).astype(np.uint8)[:height, :width]


def decode_video(encoder: H264Encoder, packets: list[encode.EncodedPacket]) -> list[np.ndarray]:
    decoder = av.CodecContext.create("h264", "r")
    decoder.extradata = encoder.avcc
    frames = []
    for packet in packets:
        unit = av.Packet(packet.data)
        unit.pts = unit.dts = packet.pts
        unit.time_base = Fraction(1, 90000)
        frames += decoder.decode(unit)
    frames += decoder.decode(None)
    return [frame.to_ndarray(format="rgb24") for frame in frames]


def decode_audio(encoder: AacEncoder, packets: list[encode.EncodedPacket]) -> np.ndarray:
    decoder = av.CodecContext.create("aac", "r")
    decoder.extradata = encoder.asc
    decoder.sample_rate = encoder.codec.rate
    decoder.layout = "mono" if encoder.codec.channels == 1 else "stereo"
    frames = []
    for packet in packets:
        unit = av.Packet(packet.data)
        unit.pts = packet.pts
        frames += decoder.decode(unit)
    frames += decoder.decode(None)
    return np.concatenate([frame.to_ndarray() for frame in frames], axis=1).T


def units(packet: bytes) -> list[int]:
    kinds, at = [], 0
    while at < len(packet):
        size = int.from_bytes(packet[at : at + 4], "big")
        kinds.append(packet[at + 4] & 31)
        at += 4 + size
    assert at == len(packet)
    return kinds


def test_each_frame_gives_one_length_prefixed_packet_at_once_and_keys_only_where_forced():
    encoder = H264Encoder(VideoCodec(width=320, height=180, fps=15))
    packets = []
    for index in range(40):
        given = encoder.encode(blocks(320, 180, index), index * 6000, key=index in (0, 21))
        assert [packet.pts for packet in given] == [index * 6000]
        packets += given
    assert encoder.finish() == []
    assert [index for index, packet in enumerate(packets) if packet.key] == [0, 21]
    for packet in packets:
        kinds = units(packet.data)
        assert (5 in kinds) == packet.key
        assert set(kinds) <= {1, 5, 6}  # parameter sets stand in avcC alone


def test_a_captured_frame_that_calls_itself_i_is_not_made_a_key():
    encoder = H264Encoder(VideoCodec(width=320, height=180, fps=15))
    keys = []
    for index in range(5):
        frame = av.VideoFrame.from_ndarray(blocks(320, 180), "rgb24")
        frame.pict_type = 1
        keys += [packet.key for packet in encoder.encode(frame, index * 6000, key=index == 0)]
    assert keys == [True, False, False, False, False]


@pytest.mark.parametrize("size", [(320, 180), (1280, 720), (1920, 1080), (1366, 768)])
def test_the_same_settings_give_the_same_avcc_again(size: tuple[int, int]):
    codec = VideoCodec(width=size[0], height=size[1], fps=15)
    first = H264Encoder(codec)
    first.encode(blocks(*size), 900_000_000, key=True)
    other_quality = H264Encoder(codec.model_copy(update={"crf": 35}))
    assert first.avcc == H264Encoder(codec).avcc == other_quality.avcc
    assert first.avcc[:1] == b"\x01"


def test_an_unchanged_frame_costs_few_bytes():
    encoder = H264Encoder(VideoCodec(width=1280, height=720, fps=15))
    first = encoder.encode(blocks(1280, 720), 0, key=True)
    later = [encoder.encode(blocks(1280, 720), index * 45000)[0] for index in range(1, 21)]
    assert sum(len(packet.data) for packet in later) < len(first[0].data) / 10


def test_decoded_pictures_have_the_colours_that_went_in():
    encoder = H264Encoder(VideoCodec(width=320, height=192, fps=15))
    colours = [(255, 0, 0), (0, 255, 0), (0, 0, 255), (250, 250, 250), (12, 90, 160)]
    packets = []
    for index, colour in enumerate(colours):
        rgb = np.full((192, 320, 3), colour, np.uint8)
        bgr0 = np.dstack((rgb[..., ::-1], np.zeros((192, 320, 1), np.uint8)))
        packets += encoder.encode(rgb if index % 2 else bgr0, index * 6000, key=index == 0)
    for colour, picture in zip(colours, decode_video(encoder, packets), strict=True):
        assert np.abs(picture.astype(int) - colour).max() <= 6


def test_a_decoded_frame_can_be_encoded_again_without_a_change_of_colour():
    encoder = H264Encoder(VideoCodec(width=320, height=192, fps=15))
    again = H264Encoder(VideoCodec(width=320, height=192, fps=15))
    picture = blocks(320, 192)
    once = decode_video(encoder, encoder.encode(picture, 0, key=True))[0]
    decoder = av.CodecContext.create("h264", "r")
    decoder.extradata = encoder.avcc
    unit = av.Packet(encoder.encode(picture, 6000, key=True)[0].data)
    frame = (decoder.decode(unit) + decoder.decode(None))[0]
    twice = decode_video(again, again.encode(frame, 0, key=True))[0]
    assert np.abs(once.astype(int) - twice.astype(int)).mean() < 4


def test_odd_pictures_are_padded_and_others_scaled():
    assert even_size(1365, 767) == (1366, 768)
    assert even_size(3840, 2160, 1080) == (1920, 1080)
    assert even_size(640, 480, 1080) == (640, 480)
    encoder = H264Encoder(VideoCodec(width=102, height=100, fps=15))
    picture = blocks(101, 99)
    padded = decode_video(encoder, encoder.encode(picture, 0, key=True))[0]
    assert np.abs(padded[:99, :101].astype(int) - picture).mean() < 25
    white = decode_video(encoder, encoder.encode(np.full((720, 1280, 3), 255, np.uint8), 1, True))
    assert white[0].min() > 245
    with pytest.raises(MediaError, match="even"):
        H264Encoder(VideoCodec(width=101, height=100, fps=15))


def test_an_array_that_is_no_picture_is_refused_with_what_is_accepted():
    encoder = H264Encoder(VideoCodec(width=100, height=100, fps=15))
    with pytest.raises(MediaError, match=r"\(height, width, 3\) RGB"):
        encoder.encode(np.zeros((100, 100), np.uint8), 0)


def test_annex_b_parameter_sets_become_the_same_avcc():
    avcc = H264Encoder(VideoCodec(width=320, height=180, fps=15)).avcc
    sps_size = int.from_bytes(avcc[6:8], "big")
    sps, rest = avcc[8 : 8 + sps_size], avcc[8 + sps_size :]
    pps = rest[3 : 3 + int.from_bytes(rest[1:3], "big")]
    assert avcc_of(b"\x00\x00\x00\x01" + sps + b"\x00\x00\x00\x01" + pps) == avcc
    with pytest.raises(MediaError, match="SPS"):
        avcc_of(b"\x00\x00\x00\x01\x09\x10")


@pytest.mark.parametrize(("channels", "bitrate"), [(1, 48000), (2, 96000)])
@pytest.mark.parametrize("total", [1024, 1025, 47 * 1024, 48000])
def test_packet_k_covers_the_samples_from_k_times_1024(channels: int, bitrate: int, total: int):
    encoder = AacEncoder(AudioCodec(channels=channels, bitrate=bitrate))
    tone = 0.5 * np.sin(2 * np.pi * 440 * np.arange(total) / 48000).astype(np.float32)
    pcm = np.repeat(tone[:, None], channels, axis=1)
    packets = []
    for at in range(0, total, 777):  # blocks of any size
        packets += encoder.encode(pcm[at : at + 777])
    packets += encoder.finish()
    frames = -(-total // 1024)
    assert [packet.pts for packet in packets] == [index * 1024 for index in range(frames)]
    assert all(packet.key for packet in packets)


def test_decoded_sound_lies_where_it_was_put():
    encoder = AacEncoder(AudioCodec(channels=1, bitrate=48000))
    pcm = np.zeros((96 * 1024, 1), np.float32)
    burst = np.arange(9600)
    pcm[48000:57600, 0] = 0.5 * np.sin(2 * np.pi * 1000 * burst / 48000)
    heard = decode_audio(encoder, [*encoder.encode(pcm), *encoder.finish()])
    assert len(heard) == len(pcm)
    loud = np.flatnonzero(np.abs(heard[:, 0]) > 0.2)
    assert abs(loud[0] - 48000) < 240
    assert abs(loud[-1] - 57600) < 240
    lag = np.argmax(np.correlate(heard[47000:60000, 0], pcm[47500:59500, 0], "valid"))
    assert abs(int(lag) - 500) <= 2


def test_an_encoder_of_nothing_gives_nothing():
    assert AacEncoder(AudioCodec(channels=1, bitrate=48000)).finish() == []
    with pytest.raises(MediaError, match="channels"):
        AacEncoder(AudioCodec(channels=2, bitrate=96000)).encode(np.zeros((5, 1), np.float32))


def test_an_encoder_that_goes_on_gives_times_from_there():
    encoder = AacEncoder(AudioCodec(channels=1, bitrate=48000), start=10 * 1024)
    packets = [*encoder.encode(np.zeros((3 * 1024, 1), np.float32)), *encoder.finish()]
    assert [packet.pts for packet in packets] == [10 * 1024, 11 * 1024, 12 * 1024]
