"""Foreign media files with a clapper: a white flash and a beep at known times."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from jupyter_capture.media.tracks import StoredTrack

CLAPS = (1.0, 2.5, 4.0)
SECONDS = 5.0
_FLASH = 0.2


def flashing(time: float, claps: Sequence[float] = CLAPS) -> bool:
    return any(clap <= time + 1e-6 < clap + _FLASH for clap in claps)


def picture(time: float, width: int, height: int) -> np.ndarray:
    pixels = np.full((height, width, 3), 40, np.uint8)
    if flashing(time):
        pixels[:] = 235
    pixels[: height // 4, : max(1, int(width * (time % 1)))] = (200, 30, 30)
    return pixels


def beeps(start: float, end: float, rate: int, channels: int) -> np.ndarray:
    """Float samples (channels, n)."""
    time = np.arange(round((end - start) * rate)) / rate + start
    loud = np.zeros(len(time))
    for clap in CLAPS:
        loud[(time >= clap) & (time < clap + _FLASH)] = 0.5
    return np.tile((loud * np.sin(2 * np.pi * 1000 * time)).astype(np.float32), (channels, 1))


def make(
    path: Path,
    video: str | None = "libx264",
    audio: str | None = "aac",
    *,
    seconds: float = SECONDS,
    fps: float = 25,
    times: Sequence[float] | None = None,
    size: tuple[int, int] = (160, 120),
    pixels: str = "yuv420p",
    rate: int = 48000,
    channels: int = 2,
    video_from: float = 0.0,
    audio_from: float = 0.0,
    options: dict[str, str] | None = None,
    container: dict[str, str] | None = None,
    holes: Sequence[tuple[float, float]] = (),
    marks: tuple[int, int] | None = None,
) -> Path:
    """``times`` of the pictures, else ``fps``; ``marks``: colour primaries and transfer."""
    with av.open(str(path), "w", options=container or {}) as out:
        pictures = out.add_stream(video, rate=Fraction(fps).limit_denominator()) if video else None
        if pictures is not None:
            pictures.width, pictures.height = size
            pictures.pix_fmt = pixels
            pictures.options = options or {}
            pictures.codec_context.time_base = Fraction(1, 1000 if times else 90000)
            if video == "mpeg4":
                pictures.codec_context.time_base = Fraction(1, 1000)
            if video == "gif":
                pictures.codec_context.time_base = Fraction(1, 100)
            if marks:
                pictures.codec_context.color_primaries, pictures.codec_context.color_trc = marks
                pictures.codec_context.colorspace = 9
        sound = out.add_stream(audio, rate=rate) if audio else None
        if sound is not None:
            sound.codec_context.layout = {1: "mono", 2: "stereo", 6: "5.1"}[channels]
        if pictures is not None:
            shown = times or [at / fps for at in range(round(seconds * fps))]
            for time in shown:
                if time < video_from - 1e-6:
                    continue
                frame = av.VideoFrame.from_ndarray(picture(time, *size), format="rgb24")
                base = pictures.codec_context.time_base
                frame.pts, frame.time_base = round(Fraction(time) / base), base
                out.mux(pictures.encode(frame))
            out.mux(pictures.encode(None))
        if sound is not None:
            block = 0.5
            at = audio_from
            while at < seconds:
                until = min(at + block, seconds)
                if not any(low <= at < high for low, high in holes):
                    samples = beeps(at, until, rate, channels)
                    frame = av.AudioFrame.from_ndarray(samples, "fltp", sound.layout.name)
                    frame.sample_rate = rate
                    frame.pts, frame.time_base = round(at * rate), Fraction(1, rate)
                    out.mux(sound.encode(frame))
                at = until
            out.mux(sound.encode(None))
    return path


def turn(path: Path, quarter: bytes) -> None:
    """Write another display matrix into the first track header of an MP4."""
    data = bytearray(path.read_bytes())
    at = data.index(b"tkhd") + 4
    assert data[at] == 0
    data[at + 40 : at + 40 + 36] = quarter
    path.write_bytes(bytes(data))


CLOCKWISE = struct.pack(">9i", 0, 0x10000, 0, -0x10000, 0, 0, 0, 0, 0x40000000)


def seen(track: StoredTrack) -> list[float]:
    """When flashes begin in a stored picture track (seconds)."""
    found, bright = [], False
    for frame in track.frames(0, track.end):
        now = float(frame.to_ndarray(format="gray")[frame.height // 2 :].mean()) > 140
        if now and not bright:
            found.append((frame.pts or 0) / 90000)
        bright = now
    return found


def heard(track: StoredTrack) -> list[float]:
    """When beeps begin in a stored sound track (seconds)."""
    rate = 48000
    pcm = np.abs(track.pcm(0, track.end / track.timescale, rate))
    loud = pcm > 0.1
    edges = np.flatnonzero(loud)
    starts = [edge for at, edge in enumerate(edges) if at == 0 or edge - edges[at - 1] > rate // 10]
    return [float(start) / rate for start in starts]
