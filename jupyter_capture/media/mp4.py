"""One progressive MP4 of a plan, its index at the front, so that it plays while it loads.

Samples are copied as the stream's segments hold them. Players take one description of a track's
samples in a file: so pictures of several (another size) carry their own within the samples, and
sound of several forms (mono here, stereo there) is encoded again.
"""

from __future__ import annotations

import shutil
import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import BinaryIO

import numpy as np

from jupyter_capture.media import cut, fmp4
from jupyter_capture.media.chapters import Chapter, chapter_box
from jupyter_capture.media.encode import AacEncoder, EncodedPacket
from jupyter_capture.media.fmp4 import AudioTrackConfig, Sample, VideoTrackConfig, box, full_box
from jupyter_capture.media.plan import TICKS, AudioSegment, Plan, VideoSegment
from jupyter_capture.media.tracks import AAC_FRAME
from jupyter_capture.media.wav import PlanSound
from jupyter_capture.wire.recorder import AudioCodec

Progress = Callable[[float], None]
Cancelled = Callable[[], bool]

_COPY = 1 << 20
_WRITING = 0.9  # of the progress; the rest is moving the index to the front
_FTYP = box(b"ftyp", b"isom", struct.pack(">I", 512), b"isomiso2avc1mp41")


@dataclass
class _Table:
    """What a track's sample table says. A chunk: (offset, number of samples).

    ``configs`` holds one, or none where the plan has no such track.
    """

    configs: Sequence[VideoTrackConfig | AudioTrackConfig]
    samples: list[tuple[int, int, bool]] = field(default_factory=list)
    chunks: list[tuple[int, int]] = field(default_factory=list)

    def add(self, file: BinaryIO, samples: Sequence[Sample]) -> None:
        if not samples:
            return
        self.chunks.append((file.tell(), len(samples)))
        for sample in samples:
            file.write(sample.data)
            self.samples.append((sample.duration, len(sample.data), sample.key))

    @property
    def duration(self) -> int:
        return sum(sample[0] for sample in self.samples)


def write_mp4(
    plan: Plan,
    path: Path,
    progress: Progress | None = None,
    cancelled: Cancelled | None = None,
    chapters: Sequence[Chapter] = (),
) -> bool:
    """Write ``plan`` to ``path``, which appears when it is whole.

    ``progress`` gets fractions from 0 to 1. Returns False, and leaves nothing behind, where
    ``cancelled()`` became true. Raises OSError (a full disk) and MediaError likewise.
    """
    report = progress or (lambda fraction: None)
    stop = cancelled or (lambda: False)
    media = path.with_name(path.name + ".media")
    scratch = path.with_name(path.name + ".part")
    try:
        with media.open("wb") as file:
            tables = _write_samples(plan, file, report, stop)
        if tables is None:
            return False
        with media.open("rb") as source, scratch.open("wb") as target:
            _assemble(tables, source, target, media.stat().st_size, chapter_box(chapters))
        scratch.replace(path)
        report(1.0)
        return True
    finally:
        media.unlink(missing_ok=True)
        scratch.unlink(missing_ok=True)


def _write_samples(
    plan: Plan, file: BinaryIO, report: Progress, stop: Cancelled
) -> list[_Table] | None:
    """The sample tables, or None if cancelled. Chunks are interleaved by time."""
    video = _Table(plan.video_inits[:1])
    inits = plan.video_inits if len(plan.video_inits) > 1 else []
    sound = _SameForm(plan) if len(plan.audio_inits) > 1 else None
    audio = _Table([sound.config] if sound else plan.audio_inits[:1])
    segments: list[VideoSegment | AudioSegment] = [*plan.video, *plan.audio]
    segments.sort(key=_begins)
    for segment in segments:
        if stop():
            return None
        samples = cut.samples(plan, segment)
        if isinstance(segment, VideoSegment):
            video.add(file, _described(samples, inits[segment.init]) if inits else samples)
        elif sound:
            audio.add(file, sound.take(segment, samples))
        else:
            audio.add(file, samples)
        report(_WRITING * min(1.0, float(_begins(segment)) / max(plan.seconds, 1e-9)))
    if sound:
        audio.add(file, sound.finish())
    return [table for table in (video, audio) if table.samples]


def _begins(segment: VideoSegment | AudioSegment) -> float:
    if isinstance(segment, VideoSegment):
        return segment.start / TICKS
    return segment.time / segment.rate


def _assemble(
    tables: list[_Table], source: BinaryIO, target: BinaryIO, size: int, chapters: bytes
) -> None:
    wide = size > 0xF0000000
    head = struct.pack(">I4sQ", 1, b"mdat", size + 16) if wide else struct.pack(
        ">I4s", size + 8, b"mdat"
    )  # fmt: skip
    offset = len(_FTYP) + len(_moov(tables, 0, wide, chapters)) + len(head)
    target.write(_FTYP + _moov(tables, offset, wide, chapters) + head)
    shutil.copyfileobj(source, target, _COPY)


def _moov(tables: list[_Table], offset: int, wide: bool, chapters: bytes) -> bytes:
    lengths = [table.duration * TICKS // table.configs[0].timescale for table in tables]
    return box(
        b"moov",
        fmp4.movie_header(TICKS, max(lengths, default=0), len(tables) + 1),
        *(
            _trak(table, number, length, offset, wide)
            for number, (table, length) in enumerate(zip(tables, lengths, strict=True), 1)
        ),
        chapters,
    )


def _trak(table: _Table, number: int, length: int, offset: int, wide: bool) -> bytes:
    config = table.configs[0]
    samples = box(
        b"stbl",
        full_box(b"stsd", 0, 0, struct.pack(">I", 1), fmp4.sample_entry(config)),
        full_box(b"stts", 0, 0, _pairs(_runs(sample[0] for sample in table.samples))),
        _stss(table),
        full_box(b"stsc", 0, 0, _stsc(table)),
        full_box(
            b"stsz", 0, 0, struct.pack(">II", 0, len(table.samples)),
            np.array([sample[1] for sample in table.samples], ">u4").tobytes(),
        ),
        full_box(
            b"co64" if wide else b"stco", 0, 0, struct.pack(">I", len(table.chunks)),
            np.array([at + offset for at, _ in table.chunks], ">u8" if wide else ">u4")
            .tobytes(),
        ),
    )  # fmt: skip
    info = box(b"minf", fmp4.media_header(config), samples)
    return box(
        b"trak",
        fmp4.track_header(config, number, length),
        box(b"mdia", fmp4.media_info(config, table.duration), info),
    )


def _runs(values: Iterator[int]) -> list[tuple[int, int]]:
    return [(sum(1 for _ in group), value) for value, group in groupby(values)]


def _pairs(rows: list[tuple[int, int]]) -> bytes:
    return struct.pack(">I", len(rows)) + b"".join(struct.pack(">II", *row) for row in rows)


def _stss(table: _Table) -> bytes:
    keys = [at for at, sample in enumerate(table.samples, 1) if sample[2]]
    if len(keys) == len(table.samples):
        return b""
    return full_box(b"stss", 0, 0, struct.pack(">I", len(keys)), np.array(keys, ">u4").tobytes())


def _stsc(table: _Table) -> bytes:
    rows: list[tuple[int, int, int]] = []
    for number, (_, count) in enumerate(table.chunks, 1):
        if not rows or rows[-1][1] != count:
            rows.append((number, count, 1))
    return struct.pack(">I", len(rows)) + b"".join(struct.pack(">III", *row) for row in rows)


# ---- pictures and sound of several forms


def _described(samples: Sequence[Sample], config: VideoTrackConfig) -> list[Sample]:
    """Samples whose key frames carry their SPS and PPS."""
    sets = _parameter_sets(config.avcc)
    return [
        Sample(sets + sample.data, sample.duration, True) if sample.key else sample
        for sample in samples
    ]


def _parameter_sets(avcc: bytes) -> bytes:
    """SPS and PPS of an avcC, each after its length in four bytes."""
    out, at = b"", 5
    for mask in (31, 255):
        count, at = avcc[at] & mask, at + 1
        for _ in range(count):
            size = struct.unpack_from(">H", avcc, at)[0]
            out += struct.pack(">I", size) + avcc[at + 2 : at + 2 + size]
            at += 2 + size
    return out


class _SameForm:
    """Decodes packets of any form and encodes them in that of the widest."""

    def __init__(self, plan: Plan) -> None:
        self._sound = PlanSound(plan)
        rate, channels = self._sound.rate, self._sound.channels
        codec = AudioCodec(rate=rate, channels=channels, bitrate=64000 * channels)
        self._encoder = AacEncoder(codec)
        self.config = AudioTrackConfig(rate, channels, self._encoder.asc)

    def take(self, segment: AudioSegment, samples: Sequence[Sample]) -> list[Sample]:
        return _kept(self._encoder.encode(self._sound.take(segment, samples)))

    def finish(self) -> list[Sample]:
        return _kept(self._encoder.finish())


def _kept(packets: list[EncodedPacket]) -> list[Sample]:
    return [Sample(packet.data, AAC_FRAME, True) for packet in packets]
