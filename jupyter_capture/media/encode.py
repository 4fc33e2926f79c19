"""The two encoders of the track profile: H.264 without B frames, and AAC.

Everything that ends in a stored track or next to one in a stream is encoded here, so that the
same settings give the same SPS and PPS, and segments join without a discontinuity.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import av
import numpy as np
import numpy.typing as npt
from av.codec.context import Flags
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType
from av.video.reformatter import (
    ColorPrimaries,
    ColorRange,
    Colorspace,
    ColorTrc,
    Interpolation,
    VideoReformatter,
)

from jupyter_capture.errors import MediaError
from jupyter_capture.media.fmp4 import AudioTrackConfig, VideoTrackConfig
from jupyter_capture.wire.recorder import AudioCodec, VideoCodec

VIDEO_TIMESCALE = 90000
AAC_FRAME = 1024
"""Samples of one AAC packet."""

Pcm = npt.NDArray[np.float32]
Picture = av.VideoFrame | npt.NDArray[np.uint8]

_NEVER = 1_000_000  # frames: key frames are forced, x264 adds none by itself
# The matrices a frame may be marked with, as swscale numbers them: 6 is 5 by another name.
_MATRICES = {1: 1, 4: 4, 5: 5, 6: 5, 7: 7, 9: 9}
_TWO_THREADS_FROM = 1280 * 720 + 1


@dataclass(frozen=True)
class EncodedPacket:
    """One access unit. ``pts`` in ticks: 1/90000 s of video, samples of audio."""

    data: bytes
    pts: int
    key: bool


def even_size(width: int, height: int, max_height: int | None = None) -> tuple[int, int]:
    """The codec size for a picture: scaled down to ``max_height``, odd sides made even by one."""
    if max_height is not None and height > max_height:
        width, height = round(width * max_height / height), max_height
    return max(2, width + width % 2), max(2, height + height % 2)


def avcc_of(extradata: bytes) -> bytes:
    """The avcC record of an encoder's extradata, whether avcC already or Annex B."""
    if extradata[:1] == b"\x01":
        return extradata
    units = [unit for unit in _annexb_units(extradata) if unit]
    sps = [unit for unit in units if unit[0] & 31 == 7]
    pps = [unit for unit in units if unit[0] & 31 == 8]
    if not sps or not pps:
        raise MediaError(
            "The H.264 encoder gave no SPS and PPS; a libx264 with global headers is needed."
        )
    record = bytes([1]) + sps[0][1:4] + b"\xff" + bytes([0xE0 | len(sps)])
    record += b"".join(struct.pack(">H", len(unit)) + unit for unit in sps)
    record += bytes([len(pps)]) + b"".join(struct.pack(">H", len(unit)) + unit for unit in pps)
    # High profiles carry chroma format (4:2:0), bit depths (8, 8) and no SPS extensions.
    return record + b"\xfd\xf8\xf8\x00" if sps[0][1] in (100, 110, 122, 144) else record


def _annexb_units(data: bytes) -> list[bytes]:
    return [unit.rstrip(b"\x00") for unit in data.split(b"\x00\x00\x01")[1:]]


class H264Encoder:
    """libx264 in the track profile. Every frame gives its packet at once: nothing is held back.

    Pictures may be ``av.VideoFrame`` of any format, or arrays of 8 bits: (h, w, 3) RGB or
    (h, w, 4) BGR0. They are padded by one row or column where the codec's size is the next even
    one, and scaled otherwise.
    """

    def __init__(self, codec: VideoCodec) -> None:
        if codec.width % 2 or codec.height % 2 or min(codec.width, codec.height) < 2:
            raise MediaError(
                f"A track of {codec.width}x{codec.height} cannot be encoded: both sides must be "
                "even. Ask `even_size()` for the size to use."
            )
        self.codec = codec
        self._reformatter = VideoReformatter()
        self._context = _x264(codec)
        self.avcc = avcc_of(bytes(self._context.extradata or b""))
        self.config = VideoTrackConfig(codec.width, codec.height, self.avcc, VIDEO_TIMESCALE)

    def encode(self, frame: Picture, pts: int, key: bool = False) -> list[EncodedPacket]:
        """Encode one picture, shown from ``pts`` (1/90000 s, rising) on; ``key`` forces an IDR."""
        picture = self._fit(frame)
        # A frame that already fits is the caller's own: its marks are put back.
        marks = picture.pts, picture.time_base or Fraction(0, 1), picture.pict_type
        picture.pts, picture.time_base = pts, Fraction(1, VIDEO_TIMESCALE)
        # A captured frame calls itself I, and x264 would make each an IDR.
        picture.pict_type = PictureType.I if key else PictureType.NONE
        packets = _packets(self._context.encode(picture))
        picture.pts, picture.time_base, picture.pict_type = marks
        return packets

    def finish(self) -> list[EncodedPacket]:
        """End the track. Gives nothing but where an encoder held frames back after all."""
        return _packets(self._context.encode(None))

    def _fit(self, frame: Picture) -> av.VideoFrame:
        width, height = self.codec.width, self.codec.height
        picture = as_frame(frame)
        lacking = width - picture.width, height - picture.height
        if lacking != (0, 0) and set(lacking) <= {0, 1}:
            picture = _padded(picture, *lacking)
        # At its own size a picture is only halved in its colour differences. Swscale takes the mean
        # of two across anyway; one of two down costs 0.2 dB of a page of coloured text, and saves a
        # third of the time.
        kept = (picture.width, picture.height) == (width, height)
        return self._reformatter.reformat(
            picture,
            width,
            height,
            "yuv420p",
            interpolation=Interpolation.POINT if kept else None,
            src_colorspace=matrix_of(picture),
            dst_colorspace=Colorspace.ITU709,
            dst_color_range=ColorRange.MPEG,
            threads=1,
        )


def _x264(codec: VideoCodec) -> VideoCodecContext:
    context = av.CodecContext.create("libx264", "w")
    context.width, context.height = codec.width, codec.height
    context.pix_fmt = "yuv420p"
    context.time_base = Fraction(1, VIDEO_TIMESCALE)
    context.framerate = Fraction(codec.fps)
    context.color_range = ColorRange.MPEG
    context.colorspace = Colorspace.ITU709
    context.color_primaries = ColorPrimaries.BT709
    context.color_trc = ColorTrc.BT709
    context.thread_count = 2 if codec.width * codec.height >= _TWO_THREADS_FROM else 1
    context.flags |= Flags.global_header
    context.options = {
        "preset": codec.preset,
        "tune": "zerolatency",
        "crf": str(codec.crf),
        "bf": "0",
        "g": str(_NEVER),
        # qcomp: x264's 0.6 spends 30 to 60 % of a key frame again on polishing a still picture.
        "x264-params": "stitchable=1:annexb=0:scenecut=0:qcomp=0.9",
    }
    context.open()
    return context


def as_frame(picture: Picture) -> av.VideoFrame:
    """A picture as ``av.VideoFrame``, without a change of its format."""
    if isinstance(picture, av.VideoFrame):
        return picture
    if picture.dtype != np.uint8 or picture.ndim != 3 or picture.shape[2] not in (3, 4):
        raise MediaError(
            f"An array of {picture.dtype} and shape {picture.shape} is no picture: "
            "(height, width, 3) RGB or (height, width, 4) BGR0 of uint8 is accepted."
        )
    layout = "rgb24" if picture.shape[2] == 3 else "bgra"
    return av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), layout)


def _padded(picture: av.VideoFrame, right: int, bottom: int) -> av.VideoFrame:
    """The picture with its last column or row repeated once."""
    colours = picture.to_ndarray(format="rgb24")
    return as_frame(np.pad(colours, ((0, bottom), (0, right), (0, 0)), mode="edge"))


def matrix_of(picture: av.VideoFrame) -> int:
    """The colour matrix of a picture. Unmarked YUV below 720 lines is BT.601 by custom."""
    if picture.format.is_rgb:
        return int(Colorspace.DEFAULT)
    if picture.colorspace in _MATRICES:
        return _MATRICES[picture.colorspace]
    return int(Colorspace.ITU709 if picture.height >= 720 else Colorspace.ITU601)


class AacEncoder:
    """AAC-LC. Packet k covers the samples from k·1024 on; the priming packet is dropped.

    ``start``: the sample of the first packet, for an encoder that goes on where another ended.
    """

    def __init__(self, codec: AudioCodec, start: int = 0) -> None:
        self.codec = codec
        context: Any = av.CodecContext.create("aac", "w")
        context.sample_rate = codec.rate
        context.layout = self._layout = {1: "mono", 2: "stereo"}[codec.channels]
        context.format = "fltp"
        context.bit_rate = codec.bitrate
        context.time_base = Fraction(1, codec.rate)
        context.open()
        self._context = context
        self._held: Pcm = np.zeros((0, codec.channels), np.float32)
        self._start = self._position = start
        self.asc = bytes(context.extradata)
        self.config = AudioTrackConfig(codec.rate, codec.channels, self.asc)

    def encode(self, pcm: Pcm) -> list[EncodedPacket]:
        """Take float32 samples (n, channels) in -1…1; give the packets that became complete."""
        if pcm.ndim != 2 or pcm.shape[1] != self.codec.channels:
            raise MediaError(
                f"Audio of shape {pcm.shape} does not fit a track of {self.codec.channels} "
                "channels: (samples, channels) is accepted."
            )
        held = np.concatenate((self._held, pcm.astype(np.float32, copy=False)))
        whole = len(held) // AAC_FRAME * AAC_FRAME
        self._held = held[whole:]
        packets: list[EncodedPacket] = []
        for at in range(0, whole, AAC_FRAME):
            packets += self._encode_frame(held[at : at + AAC_FRAME])
        return packets

    def finish(self) -> list[EncodedPacket]:
        """End the track: the last samples, padded with silence to a whole packet."""
        packets: list[EncodedPacket] = []
        if len(self._held):
            lacking = AAC_FRAME - len(self._held)
            packets += self.encode(np.zeros((lacking, self.codec.channels), np.float32))
        if self._position > self._start:
            packets += self._kept(self._context.encode(None))
        return packets

    def _encode_frame(self, pcm: Pcm) -> list[EncodedPacket]:
        frame = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(pcm.T), format="fltp", layout=self._layout
        )
        frame.sample_rate = self.codec.rate
        frame.pts = self._position
        frame.time_base = Fraction(1, self.codec.rate)
        self._position += AAC_FRAME
        return self._kept(self._context.encode(frame))

    def _kept(self, packets: list[Any]) -> list[EncodedPacket]:
        """Without the priming packet, nor what a flush pads beyond the samples given."""
        return [
            packet
            for packet in _packets(packets, True)
            if self._start <= packet.pts < self._position
        ]


def _packets(packets: list[Any], audio: bool = False) -> list[EncodedPacket]:
    return [
        EncodedPacket(bytes(packet), packet.pts, audio or packet.is_keyframe)
        for packet in packets
        if packet.pts is not None
    ]
