"""Small stored tracks with known content, and what a player would make of a stream."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import av
import numpy as np

from jupyter_capture.media import cut, fmp4
from jupyter_capture.media.encode import AacEncoder, H264Encoder
from jupyter_capture.media.plan import Plan
from jupyter_capture.media.tracks import StoredTrack
from jupyter_capture.wire.recorder import AudioCodec, Part, TrackManifest, VideoCodec

FRAME = 6000
"""Ticks of a frame at 15 fps."""
BITS = 12


def picture(number: int, width: int = 320, height: int = 240) -> np.ndarray:
    """RGB pixels that say ``number`` in black and white columns."""
    pixels = np.full((height, width, 3), 128, np.uint8)
    for bit in range(BITS):
        left, right = width * bit // BITS, width * (bit + 1) // BITS
        pixels[: height // 2, left:right] = 235 if number >> bit & 1 else 16
    pixels[height // 2 :, :, 0] = number * 37 % 256
    return pixels


def number_in(frame: av.VideoFrame) -> int:
    """What `picture` was given; also of a scaled one."""
    grey = frame.to_ndarray(format="gray")
    height, width = grey.shape
    values = [grey[height // 4, (2 * bit + 1) * width // (2 * BITS)] for bit in range(BITS)]
    return sum(1 << bit for bit, value in enumerate(values) if value > 128)


def make_video(
    folder: Path,
    parts: Sequence[Sequence[tuple[int, int, bool]]],
    end: int,
    sizes: Sequence[tuple[int, int]] = ((320, 240),),
) -> StoredTrack:
    """``parts``: lists of (time in ticks, number, key), the last of each shown until the next."""
    folder.mkdir(parents=True, exist_ok=True)
    manifest = TrackManifest(
        id="trk-video", channel_id="display:1", kind="video", timescale=90000,
        codec=VideoCodec(width=sizes[0][0], height=sizes[0][1], fps=15, preset="ultrafast"),
    )  # fmt: skip
    for index, pictures in enumerate(parts):
        width, height = sizes[index % len(sizes)]
        codec = manifest.codec.model_copy(update={"width": width, "height": height})
        encoder = H264Encoder(codec)
        stop = parts[index + 1][0][0] if index + 1 < len(parts) else end
        times = [time for time, _, _ in pictures] + [stop]
        fragments, held, begin = [], [], times[0]
        for at, (time, number, key) in enumerate(pictures):
            if held and (key or time - begin >= 45000):
                fragments.append((begin, held))
                held, begin = [], time
            (packet,) = encoder.encode(picture(number, width, height), time, key)
            held.append(fmp4.Sample(packet.data, times[at + 1] - time, packet.key))
        fragments.append((begin, held))
        data = fmp4.init_segment(fmp4.VideoTrackConfig(width, height, encoder.avcc))
        data += b"".join(fmp4.fragment(n + 1, *fragment) for n, fragment in enumerate(fragments))
        (folder / f"{index}.mp4").write_bytes(data)
        manifest.parts.append(Part(file=f"{index}.mp4", offset=times[0], bytes=len(data)))
    manifest.duration = end
    return StoredTrack.open(folder, manifest)


def make_audio(
    folder: Path, parts: Sequence[tuple[int, np.ndarray]], rate: int = 48000
) -> StoredTrack:
    """``parts``: (media time in samples, float samples (n, channels))."""
    folder.mkdir(parents=True, exist_ok=True)
    manifest = TrackManifest(
        id="trk-audio", channel_id="mic:default", kind="audio", timescale=rate,
        codec=AudioCodec(rate=rate, channels=parts[0][1].shape[1], bitrate=96000),
    )  # fmt: skip
    for index, (offset, sound) in enumerate(parts):
        channels = sound.shape[1]
        encoder = AacEncoder(AudioCodec(rate=rate, channels=channels, bitrate=96000))
        packets = [*encoder.encode(sound.astype(np.float32)), *encoder.finish()]
        data = fmp4.init_segment(fmp4.AudioTrackConfig(rate, channels, encoder.asc))
        for at in range(0, len(packets), 23):
            samples = [fmp4.Sample(packet.data, 1024, True) for packet in packets[at : at + 23]]
            data += fmp4.fragment(at + 1, offset + at * 1024, samples)
        (folder / f"{index}.mp4").write_bytes(data)
        manifest.parts.append(Part(file=f"{index}.mp4", offset=offset, bytes=len(data)))
    return StoredTrack.open(folder, manifest)


def pulses(seconds: float, rate: int = 48000, channels: int = 1) -> np.ndarray:
    """A short burst of sound at the start of each second, of another pitch each time."""
    at = np.arange(round(seconds * rate)) / rate
    whole = np.floor(at)
    sound = np.sin(2 * np.pi * (400 + 100 * (whole % 8)) * (at - whole)) * (at - whole < 0.2)
    return np.repeat(sound[:, None] * 0.5, channels, axis=1).astype(np.float32)


def frames_of(plan: Plan) -> list[tuple[int, int]]:
    """(pts in ticks, number) of every picture, decoded from the segments' bytes."""
    out, decoder, current = [], None, -1
    for index, segment in enumerate(plan.video):
        if segment.init != current or segment.discontinuity:
            if decoder:
                out += [(f.pts, number_in(f)) for f in decoder.decode(None)]
            decoder, current = av.CodecContext.create("h264", "r"), segment.init
            config = fmp4.parse_config(cut.init(plan, "video", current))
            decoder.extradata = config.avcc
        time, samples = fmp4.parse_fragment(cut.segment(plan, "video", index))
        assert time == segment.start
        assert samples[0].key
        for sample in samples:
            packet = av.Packet(sample.data)
            packet.pts = packet.dts = time
            out += [(f.pts, number_in(f)) for f in decoder.decode(packet)]
            time += sample.duration
        assert time == segment.end
    return out + [(f.pts, number_in(f)) for f in decoder.decode(None)]


@contextlib.contextmanager
def served(plan: Plan) -> Iterator[str]:
    """The URL of the plan's master playlist on a loopback server."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = answer(plan, self.path.lstrip("/"))
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/master.m3u8"
        finally:
            server.shutdown()
            thread.join()


def answer(plan: Plan, path: str) -> bytes:
    if path == "master.m3u8":
        return cut.master(plan).encode()
    if path in ("video.m3u8", "audio.m3u8"):
        return cut.playlist(plan, path[:5]).encode()
    folder, _, name = path.partition("/")
    kind = {"v": "video", "a": "audio"}[folder]
    if name.startswith("init-"):
        return cut.init(plan, kind, int(name[5:-4]))
    return cut.segment(plan, kind, int(name[:-4]))
