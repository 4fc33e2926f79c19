"""What a browser would send: media in chunks, over the recorder's second socket."""

from __future__ import annotations

import io
import json
import socket
import struct
import time
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from jupyter_capture.wire.recorder import browser_socket

TICK = 0.25
FPS = 20
SIZE = (320, 180)


class _Growing(io.BytesIO):
    """The muxer writes and never goes back, as with a browser's recorder."""

    def seekable(self) -> bool:
        return False


def _cut(codec: str, seconds: float, claps: list[float]) -> list[bytes]:
    """Chunks of `TICK` seconds each: black, and white for 0.3 s at each clap; or silence and 1 kHz
    for as long."""
    out = _Growing()
    options = {"live": "1", "flush_packets": "1", "cluster_time_limit": "1"}
    chunks, sent = [], 0
    with av.open(out, "w", format="matroska", options=options) as container:
        stream: Any
        if codec == "libopus":
            stream = container.add_stream(codec, rate=48000, layout="mono")
            step = 960 / 48000
        else:
            fast = {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0"}
            stream = container.add_stream(codec, rate=FPS, options=fast)
            stream.width, stream.height, stream.pix_fmt = *SIZE, "yuv420p"
            step = 1 / FPS
        for number in range(round(seconds / step)):
            at = number * step
            on = any(clap <= at < clap + 0.3 for clap in claps)
            frame: av.AudioFrame | av.VideoFrame
            if codec == "libopus":
                time_of = (np.arange(960) + number * 960) / 48000
                tone = 0.5 * np.sin(2 * np.pi * 1000 * time_of) * on
                frame = av.AudioFrame.from_ndarray(
                    tone[None].astype(np.float32), format="flt", layout="mono"
                )
                frame.rate, frame.pts, frame.time_base = 48000, number * 960, Fraction(1, 48000)
            else:
                picture = np.full((SIZE[1], SIZE[0], 3), 255 * on, np.uint8)
                frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
                frame.pts, frame.time_base = number, Fraction(1, FPS)
            container.mux(stream.encode(frame))
            if at + step >= (len(chunks) + 1) * TICK - 1e-9:
                chunks.append(out.getvalue()[sent:])
                sent = len(out.getvalue())
    return chunks


def sound(seconds: float, claps: list[float]) -> list[bytes]:
    return _cut("libopus", seconds, claps)


def pictures(seconds: float, claps: list[float]) -> list[bytes]:
    return _cut("libvpx", seconds, claps)


@dataclass
class Tab:
    """One channel's connection. ``origin``: what the browser's clock shows at our time 0, in s."""

    path: Path
    channel_id: str
    origin: float = 1000.0

    def __post_init__(self) -> None:
        self.connect()

    def connect(self) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(20)
        deadline = time.monotonic() + 20
        while True:
            try:
                self._socket.connect(browser_socket(str(self.path)))
                break
            except OSError:
                assert time.monotonic() < deadline
                time.sleep(0.01)
        self._answers = self._socket.makefile("rb")
        self.send({"attach": self.channel_id})

    def send(self, header: dict[str, Any], data: bytes = b"") -> None:
        head = json.dumps(header).encode()
        message = struct.pack(">I", len(head)) + head + data
        self._socket.sendall(struct.pack(">I", len(message)) + message)

    def hello(self, take: int) -> dict[str, Any]:
        self.send({"type": "hello", "take": take, "width": SIZE[0], "height": SIZE[1]})
        return self.answer()

    def chunk(self, take: int, seq: int, at: float, data: bytes, **more: Any) -> dict[str, Any]:
        """``at``: our monotonic seconds."""
        self.send({"take": take, "seq": seq, "at": (at + self.origin) * 1000, **more}, data)
        return self.answer()

    def answer(self) -> dict[str, Any]:
        prefix = self._answers.read(4)
        assert len(prefix) == 4, "hung up"
        answer = json.loads(self._answers.read(struct.unpack(">I", prefix)[0]))
        assert isinstance(answer, dict)
        return answer

    def close(self) -> None:
        self._answers.close()
        self._socket.close()
