"""What a browser sends may be anything: that it cannot be read is said, and nothing else ends."""

from __future__ import annotations

import io
import struct
import threading
import time
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from browser_harness import Tab

from jupyter_capture.recorder.sources import browser_media
from jupyter_capture.recorder.sources.base import SAMPLE_RATE
from jupyter_capture.recorder.sources.browser import BrowserSound
from jupyter_capture.recorder.sources.browser_feed import PATIENCE, Feed
from jupyter_capture.recorder.sources.browser_intake import BrowserIntake
from jupyter_capture.recorder.sources.browser_media import Reader
from jupyter_capture.wire.recorder import browser_socket


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


def large_film() -> bytes:
    """A few bytes that say, in the picture alone, that it is 16383x16383 pixels."""
    small, large = (b"\x9d\x01\x2a" + struct.pack("<HH", size, size) for size in (32, 16383))
    whole = film()
    assert whole.count(small) == 1
    return whole.replace(small, large)


def slow_sound() -> bytes:
    """Each sample would become 48,000."""
    out = io.BytesIO()
    with av.open(out, "w", format="matroska") as container:
        stream: Any = container.add_stream("pcm_s16le", 8000, layout="mono")
        frame: Any = av.AudioFrame.from_ndarray(np.zeros((1, 8000), np.int16), "s16", "mono")
        frame.sample_rate = 8000
        container.mux(stream.encode(frame))
    return out.getvalue().replace(struct.pack(">d", 8000), struct.pack(">d", 1))


def endless_head() -> bytes:
    """Attachments, kept in memory by who reads them, before anything that could be seen."""
    whole = film()
    head = whole[: whole.index(b"\x1f\x43\xb6\x75")]

    def element(name: bytes, data: bytes) -> bytes:
        return name + struct.pack(">Q", 1 << 56 | len(data)) + data

    file = [(b"\x46\x6e", b"x"), (b"\x46\x60", b"a/b"), (b"\x46\xae", b"1")]
    parts = b"".join(element(*each) for each in [*file, (b"\x46\x5c", bytes(100_000))])
    return head + element(b"\x19\x41\xa4\x69", element(b"\x61\xa7", parts)) * 30


BOMBS = {
    "pictures of 16383x16383 pixels": (large_film, 0, "cannot be read"),
    "sound that is stretched": (slow_sound, 1, "sound of 1 Hz"),
    "a head without end": (endless_head, 0, "without end"),
}


@pytest.mark.parametrize("kind", BOMBS)
def test_what_would_take_the_memory_of_all_channels_is_refused(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(browser_media, "_BARREN", 1_000_000)
    make, channels, said = BOMBS[kind]
    feed = Feed("a browser's")
    feed.chunk({"take": 0, "seq": 0, "at": 0.0}, make())
    feed.chunk({"take": 0, "seq": 1, "at": 100.0}, b"")
    reader = Reader(feed, channels, lambda: 0)
    deadline = time.monotonic() + 20
    while reader.failed is None and time.monotonic() < deadline:
        assert (piece := reader.get(0.05)) is None or piece.size == 0
    reader.close()
    assert said in (reader.failed or "")


def test_who_sends_more_than_is_read_is_kept_waiting() -> None:
    feed = Feed("mic:browser")
    megabyte = bytes(1 << 20)
    for number in range(48):
        feed.chunk({"take": 0, "seq": number, "at": 0.0}, megabyte)
    answers: list[dict[str, Any]] = []

    def send(number: int) -> None:
        answers.append(feed.chunk({"take": 0, "seq": number, "at": 0.0}, megabyte))

    first = threading.Thread(target=send, args=(48,))
    first.start()
    first.join(0.2)
    assert first.is_alive()
    feed.get(0)
    first.join(20)
    assert answers == [{"type": "ack", "take": 0, "seq": 48}]
    second = threading.Thread(target=send, args=(49,))
    second.start()
    feed.end()  # the recording is over
    second.join(20)
    assert len(answers) == 2


def test_what_waits_for_longer_than_a_minute_ends_its_channel() -> None:
    moments = [0]
    feed = Feed("display:browser", lambda: moments[0])
    whole = film()
    feed.chunk({"take": 0, "seq": 0, "at": 0.0}, whole[:100])
    moments[0] = PATIENCE
    feed.chunk({"take": 0, "seq": 1, "at": 100.0}, whole[100:])
    moments[0] = PATIENCE + 1  # the first one has waited so long, and the machine is behind
    reader = Reader(feed, 0, lambda: 0)
    deadline = time.monotonic() + 20
    while reader.failed is None and time.monotonic() < deadline:
        assert (piece := reader.get(0.05)) is None or piece.size == 0
    reader.close()
    assert "more than this machine can take apart" in (reader.failed or "")


def test_a_browsers_clock_that_leaps_leaves_a_hole_and_no_years_of_silence() -> None:
    begin = time.monotonic_ns() - 10_000_000_000
    moments = iter(range(begin, begin + 10_000_000_000, 700_000_000))
    feed = Feed("mic:browser", lambda: next(moments))
    for number, at in enumerate((0.0, 1e12, 1e12 + 700, 1e12 + 1400)):
        feed.chunk({"take": 0, "seq": number, "at": at}, b"")
    feed.connect()
    feed._clock = lambda: begin + 10_000_000_000
    source = BrowserSound(feed)
    source.open()
    reader = source._reader
    assert reader is not None
    deadline = time.monotonic() + 20
    while len(reader._pieces) < 3 and time.monotonic() < deadline:
        time.sleep(0.01)
    heard = sum(len(source.read().pcm) for _ in range(3))
    source.close()
    assert 0 < heard <= 60 * SAMPLE_RATE


def test_of_many_connections_of_a_channel_only_the_newest_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "r"
    intake = BrowserIntake(Path(browser_socket(str(path))))
    intake.sound("mic:browser")
    tabs = [Tab(path, "mic:browser") for _ in range(20)]
    assert tabs[-1].hello(1)["type"] == "welcome"
    with pytest.raises(AssertionError, match="hung up"):
        tabs[0].answer()
    intake.close()
    for tab in tabs:
        tab.close()
