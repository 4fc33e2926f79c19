"""What a browser sends may be anything: that it cannot be read is said, and nothing else ends."""

from __future__ import annotations

import io
import time
from typing import Any

import av
import numpy as np
import pytest

from jupyter_capture.recorder.sources.browser_feed import Feed
from jupyter_capture.recorder.sources.browser_media import Reader


def film() -> bytes:
    out = io.BytesIO()
    with av.open(out, "w", format="webm") as container:
        stream: Any = container.add_stream("libvpx", 15)
        stream.width, stream.height, stream.pix_fmt = 32, 32, "yuv420p"
        frame = av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8), "rgb24")
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            container.mux(packet)
    return out.getvalue()


def codec_unknown() -> bytes:
    return film().replace(b"V_VP8", b"V_XYZ")


BYTES = {
    "noise": bytes(range(256)) * 400,
    "a list of other files": b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:///etc/passwd\n",
    "a script": b"ffconcat version 1.0\nfile /etc/passwd\n",
    "pictures for a microphone": film(),
    "a codec that nobody knows": codec_unknown(),
}


@pytest.mark.parametrize("kind", BYTES)
def test_what_is_no_sound_is_said_and_the_reader_ends_well(kind: str) -> None:
    feed = Feed("mic:browser")
    data = BYTES[kind]
    half = len(data) // 2
    feed.chunk({"take": 0, "seq": 0, "at": 0.0}, data[:half])
    feed.chunk({"take": 0, "seq": 1, "at": 100.0}, data[half:])
    reader = Reader(feed, 1, lambda: 0)
    feed.chunk({"take": 1, "seq": 0, "at": 200.0, "why": "stopped"}, b"")
    deadline = time.monotonic() + 20
    while reader.failed is None and not reader.idle and time.monotonic() < deadline:
        assert (piece := reader.get(0.05)) is None or piece.pcm is None
    reader.close()
    assert not reader._thread.is_alive()
