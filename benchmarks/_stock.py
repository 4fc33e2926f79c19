"""Recordings for benchmarks: tracks of any length with something to see, made in a moment.

A few seconds are encoded; a longer track repeats their fragments at later times.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from jupyter_capture.media import fmp4
from jupyter_capture.media.encode import AacEncoder, H264Encoder
from jupyter_capture.media.tracks import StoredTrack
from jupyter_capture.wire.recorder import AudioCodec, Part, TrackManifest, VideoCodec

TICKS = 90000
RATE = 48000
LOOP = 10
"""Seconds that are encoded."""


@dataclass(frozen=True)
class Recording:
    video: StoredTrack
    audio: StoredTrack


def recording(
    folder: Path, seconds: int, size: tuple[int, int] = (1280, 720), fps: int = 30, seed: int = 0
) -> Recording:
    """``seconds`` (a multiple of ten) of a desktop on which something always moves, and a voice."""
    folder.mkdir(parents=True)
    return Recording(_video(folder, seconds, size, fps, seed), _audio(folder, seconds, seed))


def _video(folder: Path, seconds: int, size: tuple[int, int], fps: int, seed: int) -> StoredTrack:
    codec = VideoCodec(width=size[0], height=size[1], fps=fps)
    encoder = H264Encoder(codec)
    tick = TICKS // fps
    fragments: list[list[fmp4.Sample]] = []
    for number in range(LOOP * fps):
        key = number % (2 * fps) == 0
        (packet,) = encoder.encode(_desktop(number, size, seed), number * tick, key)
        if number % (fps // 2) == 0:
            fragments.append([])
        fragments[-1].append(fmp4.Sample(packet.data, tick, packet.key))
    return _stored(folder, f"video-{seed}", codec, fragments, encoder.config, seconds, TICKS)


def _audio(folder: Path, seconds: int, seed: int) -> StoredTrack:
    codec = AudioCodec(rate=RATE, channels=2, bitrate=96000)
    encoder = AacEncoder(codec)
    at = np.arange(LOOP * RATE) / RATE
    voice = np.sin(at * 2 * np.pi * (220 + 40 * seed)) * (0.2 + 0.1 * np.sin(at * 9))
    packets = encoder.encode(np.repeat(voice[:, None], 2, 1).astype(np.float32))
    # A whole number of fragments, so that a loop is as long as another.
    samples = [fmp4.Sample(packet.data, 1024, True) for packet in packets]
    fragments = [samples[at : at + 23] for at in range(0, len(samples) // 23 * 23, 23)]
    config = fmp4.AudioTrackConfig(RATE, 2, encoder.asc)
    return _stored(folder, f"audio-{seed}", codec, fragments, config, seconds, RATE)


def _stored(
    folder: Path,
    name: str,
    codec: VideoCodec | AudioCodec,
    fragments: list[list[fmp4.Sample]],
    config: fmp4.VideoTrackConfig | fmp4.AudioTrackConfig,
    seconds: int,
    timescale: int,
) -> StoredTrack:
    time = count = 0
    path = folder / name / "0.mp4"
    path.parent.mkdir()
    with path.open("wb") as file:
        file.write(fmp4.init_segment(config))
        while time < seconds * timescale:
            for samples in fragments:
                file.write(fmp4.fragment(count + 1, time, samples))
                time, count = time + sum(sample.duration for sample in samples), count + 1
    kind = "video" if isinstance(codec, VideoCodec) else "audio"
    part = Part(file=f"{name}/0.mp4", offset=0, bytes=path.stat().st_size)
    manifest = TrackManifest(
        id=f"trk-{name}", channel_id="display:1" if kind == "video" else "mic:default", kind=kind,
        timescale=timescale, codec=codec, parts=[part], duration=time,
    )  # fmt: skip
    return StoredTrack.open(folder, manifest)


def _desktop(number: int, size: tuple[int, int], seed: int) -> np.ndarray:
    """A slide with lines of "text" that scroll, and a window in which all changes."""
    width, height = size
    pixels = np.full((height, width, 3), (244 - 40 * seed, 245, 248), np.uint8)
    pixels[: height // 10] = (44, 62, 96)
    rows = np.random.default_rng(seed).random((60, width // 8)) > 0.4
    for line in range(14):
        top = height // 6 + line * height // 20
        marks = rows[(line + number // 15) % 60].repeat(8)
        pixels[top : top + height // 60, : len(marks)][:, marks] = (60, 66, 80)
    y, x = np.mgrid[0 : height // 3, 0 : width // 3]
    wave = 128 + 100 * np.sin(x / 23 + number / 9) * np.cos(y / 17 - number / 13)
    scene = np.stack([wave, np.roll(wave, 40, 1), 255 - wave], 2).astype(np.uint8)
    pixels[-height // 3 - 20 : -20, -width // 3 - 20 : -20][: height // 3, : width // 3] = scene
    return pixels
