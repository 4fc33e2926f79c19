"""What a foreign file holds."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av

from jupyter_capture.errors import MediaError

OPEN_OPTIONS = {
    # No playlists, scripts or device formats: those open other files, or pages.
    "format_whitelist": "mov,mp4,matroska,webm,avi,flv,mpegts,mpeg,ogg,mp3,wav,w64,aiff,flac,aac,"
    "ac3,eac3,caf,asf,amr,au,dv,mxf,h264,hevc,m4v,mpegvideo,gif,apng,png_pipe,jpeg_pipe,"
    "webp_pipe,bmp_pipe,tiff_pipe",
    "protocol_whitelist": "file",
}
"""For every ``av.open`` of a file that somebody sent."""

_LOOK = 600
"""Packets of the first picture stream that are read to find B frames and key frames."""


@dataclass(frozen=True)
class VideoInfo:
    """``longest_gop``: seconds between key frames, None where the look ahead saw but one.

    ``rotation`` in degrees.
    """

    codec: str
    width: int
    height: int
    fps: Fraction
    pixels: str
    b_frames: bool
    longest_gop: float | None
    rotation: int


@dataclass(frozen=True)
class AudioInfo:
    codec: str
    rate: int
    channels: int


@dataclass(frozen=True)
class Probe:
    """``duration`` in seconds; None where the file does not say (a browser's recording)."""

    container: str
    duration: float | None
    video: VideoInfo | None
    audio: tuple[AudioInfo, ...]
    is_image: bool


def probe(path: Path) -> Probe:
    """Look into a file. Raises MediaError where it holds neither pictures nor sound."""
    try:
        with av.open(str(path), options=OPEN_OPTIONS) as container:
            return _read(path, container)
    except (av.error.FFmpegError, OSError) as error:
        raise MediaError(
            f"{path.name} cannot be read as media ({error}). Files that FFmpeg reads are accepted:"
            " MP4, WebM, MKV, MOV, MP3, WAV, PNG, JPEG and more. Is it whole?"
        ) from error


def _read(path: Path, container: av.container.InputContainer) -> Probe:
    audio = tuple(
        AudioInfo(stream.codec_context.name, stream.rate, stream.channels)
        for stream in container.streams.audio
        if stream.codec_context is not None and stream.rate
    )
    pictures = [stream for stream in container.streams.video if stream.codec_context is not None]
    if not pictures and not audio:
        raise MediaError(f"{path.name} holds neither pictures nor sound that can be decoded")
    name = container.format.name
    duration = container.duration / av.time_base if container.duration is not None else None
    is_image = name.endswith("_pipe")
    video = _video(container, pictures[0]) if pictures else None
    return Probe(name, None if is_image else duration, video, audio, is_image)


def _video(
    container: av.container.InputContainer, stream: av.video.stream.VideoStream
) -> VideoInfo:
    context = stream.codec_context
    fps = stream.average_rate or stream.guessed_rate or Fraction(0)
    first = next(container.decode(stream), None)
    if first is None:
        raise MediaError(f"{container.name} says it has pictures, but none can be decoded")
    reordered, gop = _look_ahead(container, stream)
    return VideoInfo(
        context.name, context.width, context.height, Fraction(fps),
        context.pix_fmt or "", bool(context.has_b_frames) or reordered, gop, first.rotation,
    )  # fmt: skip


def _look_ahead(
    container: av.container.InputContainer, stream: av.video.stream.VideoStream
) -> tuple[bool, float | None]:
    """(whether pictures are stored out of order, longest time between key frames)."""
    reordered, latest, keys = False, None, []
    container.seek(0)
    for number, packet in enumerate(container.demux(stream)):
        if packet.pts is None or number >= _LOOK:
            break
        reordered = reordered or (latest is not None and packet.pts < latest)
        latest = packet.pts if latest is None else max(latest, packet.pts)
        if packet.is_keyframe:
            keys.append(packet.pts)
    base = stream.time_base or Fraction(1)
    gaps = [float((after - before) * base) for before, after in pairwise(keys)]
    return reordered, max(gaps, default=None)
