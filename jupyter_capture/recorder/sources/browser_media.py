"""Takes the media of a browser apart while it comes: pictures and sound with their times.

It is media of others, and it is taken apart beside the other channels of the session: what could
take the memory of all is refused, and only its channel is lost.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, NoReturn

import av
import numpy as np

from jupyter_capture.recorder.clock import NS
from jupyter_capture.recorder.sources.base import SAMPLE_RATE, Pcm
from jupyter_capture.recorder.sources.browser_feed import (
    LARGEST_PICTURE,
    PATIENCE,
    Chunk,
    Feed,
)
from jupyter_capture.recorder.sources.browser_time import Lag

log = logging.getLogger(__name__)

_WAIT = 0.25  # s
_AHEAD = 64  # pieces
_HELD = 256 * 1024 * 1024  # bytes of pieces
_PROBE = 64 * 1024
_BARREN = 64 * 1024 * 1024
"""Bytes of a take that are neither pictures nor sound: those of a day are fewer."""
_PACKETS = (32 * 1024 * 1024, 1024 * 1024)
"""Bytes of a picture, and of a piece of sound, encoded."""
_RATES = range(8_000, 192_001)
_MOST_CHANNELS = 8
_OPTIONS = {
    "protocol_whitelist": "file",
    "format_whitelist": "mov,mp4,matroska,webm",
    # What browsers record with, by the names of libav's decoders.
    "codec_whitelist": "vp8,vp9,libdav1d,av1,h264,hevc,opus,libopus,aac,pcm_f32le,pcm_s16le",
    "max_pixels": str(LARGEST_PICTURE),
    "probesize": str(_PROBE),
    "analyzeduration": "1",
    "fpsprobesize": "0",
}
_WEBM = b"\x1a\x45\xdf\xa3"


@dataclass
class Clocks:
    """The media's time, the browser's and ours. The second lag is that of all takes."""

    net: Lag
    take: Lag = field(default_factory=Lag)

    def here(self, media: int) -> int:
        """Our time (ns) of a moment of the take's media."""
        return self.net.here(self.take.here(media))


@dataclass(frozen=True)
class Piece:
    """Of a take: a picture, or sound that ends at ``media`` (ns), or neither: then all that the
    browser had by ``at`` of its own clock came before."""

    clocks: Clocks
    media: int = 0
    frame: av.VideoFrame | None = None
    pcm: Pcm | None = None
    at: int | None = None

    @property
    def size(self) -> int:
        """Bytes, roughly."""
        pixels = self.frame.width * self.frame.height if self.frame is not None else 0
        return 2 * pixels + (self.pcm.nbytes if self.pcm is not None else 0)

    @property
    def moment(self) -> int:
        """Monotonic ns, as well as it is known by now."""
        return (
            self.clocks.net.here(self.at) if self.at is not None else self.clocks.here(self.media)
        )


class Reader:
    """A thread that reads a feed to its end, take by take. `get()` gives its pieces.

    ``channels`` is 1 or 2 for sound, 0 for pictures. Pictures closer than ``spacing`` (ns, asked
    each time) are thinned out, never the last one.
    """

    def __init__(self, feed: Feed, channels: int, spacing: Callable[[], int]) -> None:
        self._feed = feed
        self._channels = channels
        self._spacing = spacing
        self._net = Lag()
        self._pieces: deque[Piece] = deque()
        self._held = 0
        self._changed = threading.Condition()
        self._over = threading.Event()
        self._busy = threading.Event()
        self.failed: str | None = None
        name = f"{feed.channel_id} media"
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def get(self, timeout: float) -> Piece | None:
        with self._changed:
            if not self._pieces:
                self._changed.wait(timeout)
            if not self._pieces:
                return None
            piece = self._pieces.popleft()
            self._held -= piece.size
            self._changed.notify_all()
            return piece

    @property
    def idle(self) -> bool:
        """Whether it waits for the browser, and has given all that came."""
        return not self._busy.is_set() and not self._pieces

    def close(self) -> None:
        """Stop reading; what another reader is to get is not taken from it."""
        self._over.set()
        self._thread.join(2.0)

    def _run(self) -> None:
        first: Chunk | None = None
        while not self._over.is_set():
            first = first or self.chunk()
            if first is None:
                continue
            take = _Take(self, self._feed, first)
            try:
                take.read()
            except Exception as error:  # whatever a library makes of what others made
                if take.refused or not take.ended:
                    said = take.refused or error
                    log.warning("%s cannot be read (%s)", self._feed.channel_id, said)
                    self.failed = take.refused or "what the browser sent cannot be read"
                    return
            first = take.following

    def chunk(self) -> Chunk | None:
        """The next one of the feed, waiting for it a while."""
        self._busy.clear()
        chunk = self._feed.get(_WAIT)
        if chunk is not None:
            self._busy.set()
        return chunk

    def put(self, piece: Piece) -> None:
        """Wait until there is room, or nobody wants it any more."""
        with self._changed:
            while not self._over.is_set() and self._is_full(piece.size):
                self._changed.wait(_WAIT)
            if not self._over.is_set():
                self._pieces.append(piece)
                self._held += piece.size
                self._changed.notify_all()

    def _is_full(self, size: int) -> bool:
        held = self._pieces
        return len(held) >= _AHEAD or (bool(held) and self._held + size > _HELD)


class _Take:
    """One take, as the file that PyAV reads: `_bytes()` waits for the next chunk.

    ``refused``: why the rest of it is not taken apart.
    """

    def __init__(self, reader: Reader, feed: Feed, first: Chunk) -> None:
        self._reader = reader
        self._feed = feed
        self._number = first.take
        self._rest: memoryview = memoryview(b"")
        self._at: int | None = None
        self._pending: Chunk | None = first
        self._clocks = Clocks(reader._net)
        self._shown: int | None = None
        self._spare: Piece | None = None
        self._resampler: av.AudioResampler | None = None
        self._barren = 0
        self.refused: str | None = None
        self.ended = False
        self.following: Chunk | None = None

    def read(self) -> None:
        """Hand on all pieces; returns at the end of the take. Raises ValueError where it is
        refused, and whatever libav makes of it."""
        file = _File(self._bytes)
        with av.open(file, "r", self._format(), options=_OPTIONS, buffer_size=16384) as container:
            streams: Any = container.streams
            stream = streams.audio[0] if self._reader._channels else streams.video[0]
            if stream.codec_context is None:
                raise ValueError("nothing here decodes it")
            # Threads that each take a picture would hold pictures back.
            stream.codec_context.thread_type = "SLICE"
            for name in ("max_pixels", "codec_whitelist"):
                stream.codec_context.options[name] = _OPTIONS[name]
            for packet in container.demux():
                self._barren -= packet.size
                if packet.stream_index != stream.index:
                    continue
                self._check_packet(packet.size)
                if packet.pts is None or packet.time_base is None:
                    continue
                media = int(packet.pts * packet.time_base * NS)
                if self._at is not None:
                    self._clocks.take.note(self._at, media + self._length(packet))
                for frame in packet.decode():
                    self._hand_on(media, frame)
        if self.refused:
            raise ValueError(self.refused)

    def _format(self) -> str | None:
        """To find it out, libav would wait for 2 kB, which are seconds where it is quiet."""
        head = b""
        while len(head) < len(_WEBM) and (more := self._bytes(len(_WEBM) - len(head))):
            head += more
        self._rest = memoryview(head + self._rest)
        return "matroska" if head == _WEBM else None

    def _check_packet(self, size: int) -> None:
        if size > _PACKETS[self._reader._channels > 0]:
            self._refuse(f"the browser sent {size:,} bytes as one picture or piece of sound")

    def _length(self, packet: Any) -> int:
        if not self._reader._channels:
            return 0
        return int((packet.duration or 0) * packet.time_base * NS)

    def _hand_on(self, media: int, frame: Any) -> None:
        if self._reader._channels:
            if frame.sample_rate not in _RATES or frame.layout.nb_channels > _MOST_CHANNELS:
                self._refuse(
                    f"the browser sent sound of {frame.sample_rate} Hz and "
                    f"{frame.layout.nb_channels} channels"
                )
            for pcm in self._resampled(frame):
                end = media + len(pcm) * NS // SAMPLE_RATE
                self._reader.put(Piece(self._clocks, end, pcm=pcm))
                media = end
            return
        if frame.width * frame.height > LARGEST_PICTURE:
            self._refuse(f"the browser sent pictures of {frame.width}x{frame.height} pixels")
        piece = Piece(self._clocks, media, frame=frame)
        if self._shown is not None and media - self._shown < self._reader._spacing():
            self._spare = piece
            return
        self._show(piece)

    def _show(self, piece: Piece) -> None:
        self._spare, self._shown = None, piece.media
        self._reader.put(piece)

    def _resampled(self, frame: av.AudioFrame) -> Iterator[Pcm]:
        channels = self._reader._channels
        if self._resampler is None:
            layout = "mono" if channels == 1 else "stereo"
            self._resampler = av.AudioResampler("fltp", layout, SAMPLE_RATE)
        frame.pts = None
        for part in self._resampler.resample(frame):
            yield np.ascontiguousarray(part.to_ndarray().T, np.float32)

    def _bytes(self, count: int) -> bytes:
        while not self._rest and not self.refused:
            chunk = self._chunk()
            if chunk is None:
                return b""
            if self._feed.waited(chunk) > PATIENCE:
                return self._cut("the browser sends more than this machine can take apart")
            self._rest = memoryview(chunk.data)
        if self.refused:
            return b""
        data, self._rest = bytes(self._rest[:count]), self._rest[count:]
        self._barren += len(data)
        if self._barren > _BARREN:
            return self._cut("the browser sends without end, and nothing to see or to hear")
        return data

    def _refuse(self, why: str) -> NoReturn:
        self.refused = why
        raise ValueError(why)

    def _cut(self, why: str) -> bytes:
        """Where libav asks for more: there it would print what is raised."""
        self.refused = why
        return b""

    def _chunk(self) -> Chunk | None:
        """The next one. That it is asked for says that all before were taken apart."""
        if self._at is not None:
            self._passed(self._at)
        while not self._reader._over.is_set() and not self.ended:
            chunk, self._pending = self._pending or self._reader.chunk(), None
            if chunk is None:
                continue
            if chunk.take != self._number:
                self.following = chunk
                break
            self._reader._net.note(chunk.arrived, chunk.at)
            self._at = chunk.at
            self.ended = chunk.why is not None
            return chunk
        self.ended = True
        return None

    def _passed(self, at: int) -> None:
        if self._spare is not None:
            self._show(self._spare)
        self._reader.put(Piece(self._clocks, at=at))


class _File:
    """Can be read, and nothing else."""

    def __init__(self, read: Callable[[int], bytes]) -> None:
        self._read = read

    def read(self, count: int) -> bytes:
        return self._read(count)
