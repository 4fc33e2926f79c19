"""Fragmented MP4 with one track a file: the format that recordings are stored and streamed in.

A file is an init segment (``ftyp`` + ``moov``) and then fragments (``moof`` + ``mdat``). Decode
times are absolute, in ticks of the track's timescale. There are no B frames, so decode time is
presentation time: no ``ctts``, no edit list.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from jupyter_capture.errors import MediaError

KEY = 0x02000000
"""Sample flags: depends on no other sample."""
DELTA = 0x01010000
"""Sample flags: depends on others, and is not a sync sample."""
NOT_SYNC = 0x00010000

_MATRIX = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
_MAX_HEADER = 1 << 24
_TRUN_FLAGS = 0x000701  # data offset; each sample has its duration, size and flags


@dataclass(frozen=True)
class VideoTrackConfig:
    """H.264. ``avcc``: the content of the avcC box."""

    width: int
    height: int
    avcc: bytes
    timescale: int = 90000


@dataclass(frozen=True)
class AudioTrackConfig:
    """AAC. ``asc``: the AudioSpecificConfig; the timescale is the sample rate."""

    rate: int
    channels: int
    asc: bytes

    @property
    def timescale(self) -> int:
        return self.rate


@dataclass(frozen=True)
class Sample:
    """One access unit. ``duration`` in ticks; ``key`` is true of all audio."""

    data: bytes
    duration: int
    key: bool


@dataclass(frozen=True)
class FragmentRef:
    """Where a fragment lies (bytes) and what time it covers (ticks). ``key``: begins at a key."""

    offset: int
    size: int
    time: int
    duration: int
    key: bool


def box(kind: bytes, *payload: bytes) -> bytes:
    body = b"".join(payload)
    return struct.pack(">I4s", 8 + len(body), kind) + body


def full_box(kind: bytes, version: int, flags: int, *payload: bytes) -> bytes:
    return box(kind, struct.pack(">I", version << 24 | flags), *payload)


def children(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The boxes that lie side by side in ``data``, as (kind, content)."""
    at = 0
    while at + 8 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        if size < 8 or at + size > len(data):
            raise MediaError(f"the MP4 box {kind!r} is damaged: {size} bytes at {at}")
        yield kind, data[at + 8 : at + size]
        at += size


def find(data: bytes, *path: bytes) -> bytes:
    """The content of the first box along ``path``. Raises MediaError where there is none."""
    for want in path:
        for kind, content in children(data):
            if kind == want:
                data = content
                break
        else:
            raise MediaError(f"an MP4 without its {want.decode('latin-1')!r} box cannot be read")
    return data


# ---- writing


def sample_entry(config: VideoTrackConfig | AudioTrackConfig) -> bytes:
    """The avc1 or mp4a box that describes the samples."""
    if isinstance(config, VideoTrackConfig):
        return box(
            b"avc1",
            struct.pack(">6xH16x2H", 1, config.width, config.height),
            struct.pack(">2I4xH32x2H", 0x480000, 0x480000, 1, 24, 0xFFFF),
            box(b"avcC", config.avcc),
        )
    return box(
        b"mp4a",
        struct.pack(">6xH8x2H4xI", 1, config.channels, 16, config.rate << 16),
        full_box(b"esds", 0, 0, _es_descriptor(config.asc)),
    )


def _descriptor(tag: int, body: bytes) -> bytes:
    size = len(body)
    return bytes([tag, 0x80 | size >> 21 & 127, 0x80 | size >> 14 & 127, 0x80 | size >> 7 & 127,
                  size & 127]) + body  # fmt: skip


def _es_descriptor(asc: bytes) -> bytes:
    # 0x40: MPEG-4 audio; 0x15: an audio stream; buffer size and bit rates unknown.
    decoder = struct.pack(">BB3xII", 0x40, 0x15, 0, 0) + _descriptor(5, asc)
    return _descriptor(
        3, struct.pack(">HB", 1, 0) + _descriptor(4, decoder) + _descriptor(6, b"\x02")
    )


def media_header(config: VideoTrackConfig | AudioTrackConfig) -> bytes:
    """vmhd or smhd, and dinf: what stands in ``minf`` before the sample table."""
    head = (
        full_box(b"vmhd", 0, 1, bytes(8))
        if isinstance(config, VideoTrackConfig)
        else full_box(b"smhd", 0, 0, bytes(4))
    )
    return head + box(
        b"dinf", full_box(b"dref", 0, 0, struct.pack(">I", 1), full_box(b"url ", 0, 1))
    )


def track_header(config: VideoTrackConfig | AudioTrackConfig, track: int, duration: int) -> bytes:
    """tkhd. ``duration`` in ticks of the movie; 0: unknown."""
    video = isinstance(config, VideoTrackConfig)
    width, height = (config.width, config.height) if video else (0, 0)  # type: ignore[union-attr]
    return full_box(
        b"tkhd", 1, 3,
        struct.pack(">QQI4xQ8x", 0, 0, track, duration),
        struct.pack(">HHHH", 0, 0 if video else 1, 0 if video else 0x100, 0),
        _MATRIX,
        struct.pack(">II", width << 16, height << 16),
    )  # fmt: skip


def media_info(config: VideoTrackConfig | AudioTrackConfig, duration: int) -> bytes:
    """mdhd and hdlr. ``duration`` in ticks of the track; 0: unknown."""
    video = isinstance(config, VideoTrackConfig)
    return full_box(
        b"mdhd", 1, 0, struct.pack(">QQIQHH", 0, 0, config.timescale, duration, 0x55C4, 0)
    ) + full_box(
        b"hdlr", 0, 0,
        struct.pack(">4x4s12x", b"vide" if video else b"soun"),
        b"video\0" if video else b"sound\0",
    )  # fmt: skip


def movie_header(timescale: int, duration: int, next_track: int) -> bytes:
    """mvhd. ``duration`` in ticks of ``timescale``; 0: unknown."""
    return full_box(
        b"mvhd", 1, 0,
        struct.pack(">QQIQIH10x", 0, 0, timescale, duration, 0x10000, 0x100),
        _MATRIX, bytes(24), struct.pack(">I", next_track),
    )  # fmt: skip


def init_segment(config: VideoTrackConfig | AudioTrackConfig) -> bytes:
    """``ftyp`` + ``moov`` of a fragmented file with one track, of id 1 and unknown duration."""
    table = box(
        b"stbl",
        full_box(b"stsd", 0, 0, struct.pack(">I", 1), sample_entry(config)),
        full_box(b"stts", 0, 0, bytes(4)),
        full_box(b"stsc", 0, 0, bytes(4)),
        full_box(b"stsz", 0, 0, bytes(8)),
        full_box(b"stco", 0, 0, bytes(4)),
    )
    media = box(b"mdia", media_info(config, 0), box(b"minf", media_header(config), table))
    return box(b"ftyp", b"iso6", struct.pack(">I", 0), b"iso6cmfcmp41") + box(
        b"moov",
        movie_header(config.timescale, 0, 2),
        box(b"trak", track_header(config, 1, 0), media),
        box(b"mvex", full_box(b"trex", 0, 0, struct.pack(">5I", 1, 1, 0, 0, 0))),
    )


def fragment(sequence: int, decode_time: int, samples: Sequence[Sample]) -> bytes:
    """``moof`` + ``mdat``. ``decode_time``: absolute media time (ticks) of the first sample."""
    if not samples:
        raise ValueError("a fragment needs at least one sample")
    table = b"".join(
        struct.pack(">III", sample.duration, len(sample.data), KEY if sample.key else DELTA)
        for sample in samples
    )
    # The sizes of all boxes are known, so the offset of the data is too.
    moof_size = 8 + 16 + 8 + 16 + 20 + 20 + len(table)
    moof = box(
        b"moof",
        full_box(b"mfhd", 0, 0, struct.pack(">I", sequence)),
        box(
            b"traf",
            full_box(b"tfhd", 0, 0x020000, struct.pack(">I", 1)),
            full_box(b"tfdt", 1, 0, struct.pack(">Q", decode_time)),
            full_box(b"trun", 0, _TRUN_FLAGS, struct.pack(">II", len(samples), moof_size + 8),
                     table),
        ),
    )  # fmt: skip
    return moof + box(b"mdat", *(sample.data for sample in samples))


# ---- reading


def scan(file: BinaryIO, start: int = 0) -> Iterator[FragmentRef]:
    """The whole fragments of a file from byte ``start`` on (0, or the end of a fragment).

    Ends at a tail that is still being written or was cut off. Raises MediaError, after all that
    comes before it, at bytes that are no fragment.
    """
    end = file.seek(0, os.SEEK_END)
    at = start
    while True:
        head = _read_at(file, at, 8)
        if len(head) < 8 or not any(head):
            return
        size, kind = struct.unpack(">I4s", head)
        if kind in (b"ftyp", b"moov", b"styp", b"free") and 8 <= size < _MAX_HEADER:
            at += size
            continue
        if kind != b"moof" or not 8 <= size < _MAX_HEADER:
            raise MediaError(f"damaged at byte {at}: a fragment was expected, not {head!r}")
        if at + size + 8 > end:
            return
        body = _read_at(file, at + 8, size)
        data_size, data_kind = struct.unpack_from(">I4s", body, size - 8)
        if data_kind != b"mdat" or data_size < 8:
            if not any(body[size - 8 :]):
                return
            raise MediaError(f"damaged at byte {at}: a fragment without its data")
        if at + size + data_size > end:
            return
        time, runs = _parse_moof(body[: size - 8])
        duration = sum(run[0] for run in runs)
        first_is_key = bool(runs) and not runs[0][2] & NOT_SYNC
        yield FragmentRef(at, size + data_size, time, duration, first_is_key)
        at += size + data_size


def find_fragment(file: BinaryIO, start: int) -> int | None:
    """Where, from byte ``start`` on, something that looks like a fragment begins."""
    mark = b"moof" + struct.pack(">I", 16) + b"mfhd"
    at, held = start, b""
    while block := _read_at(file, at, 1 << 20):
        window = held + block
        found = window.find(mark, 4)
        if found >= 0:
            return at - len(held) + found - 4
        held = window[-(len(mark) + 4) :]
        at += len(block)
    return None


def _read_at(file: BinaryIO, at: int, count: int) -> bytes:
    file.seek(at)
    return file.read(count)


def _parse_moof(body: bytes) -> tuple[int, list[tuple[int, int, int]]]:
    """(decode time, [(duration, size, flags)]) of a moof as `fragment` writes it."""
    traf = find(body, b"traf")
    times = find(traf, b"tfdt")
    run = find(traf, b"trun")
    if len(times) < 12 or len(run) < 12:
        raise MediaError("damaged: the header of a fragment is too short")
    count = struct.unpack_from(">I", run, 4)[0]
    if struct.unpack_from(">I", run)[0] & 0xFFFFFF != _TRUN_FLAGS or len(run) != 12 + 12 * count:
        raise MediaError("damaged: the sample table of a fragment cannot be read")
    time: int = struct.unpack_from(">Q", times, 4)[0]
    return time, [tuple(row) for row in struct.iter_unpack(">III", run[12:])]


def read_samples(file: BinaryIO, ref: FragmentRef) -> list[Sample]:
    """The samples of one fragment. Raises MediaError where it is damaged."""
    data = _read_at(file, ref.offset, ref.size)
    if len(data) < ref.size:
        raise MediaError(f"damaged: the fragment at byte {ref.offset} is cut off")
    return parse_fragment(data)[1]


def parse_fragment(data: bytes) -> tuple[int, list[Sample]]:
    """(decode time, samples) of the bytes of one fragment. Raises MediaError if damaged."""
    boxes = list(children(data))
    if [kind for kind, _ in boxes] != [b"moof", b"mdat"]:
        raise MediaError("damaged: these bytes are not one fragment")
    time, runs = _parse_moof(boxes[0][1])
    media = boxes[1][1]
    if sum(size for _, size, _ in runs) != len(media):
        raise MediaError("damaged: the sizes of the samples do not fit the fragment")
    samples, at = [], 0
    for duration, size, flags in runs:
        samples.append(Sample(media[at : at + size], duration, not flags & NOT_SYNC))
        at += size
    return time, samples


def read_init(file: BinaryIO) -> bytes:
    """The init segment: everything before the first fragment. Raises MediaError if incomplete."""
    at, seen = 0, b""
    while seen != b"moov":
        head = _read_at(file, at, 8)
        if len(head) < 8:
            raise MediaError("the file ends before its header does: nothing was recorded into it")
        size, seen = struct.unpack(">I4s", head)
        if not 8 <= size < _MAX_HEADER or seen not in (b"ftyp", b"free", b"moov"):
            raise MediaError(f"not a stored track: it begins with {head!r}")
        at += size
    init = _read_at(file, 0, at)
    if len(init) < at:
        raise MediaError("the file ends before its header does: nothing was recorded into it")
    return init


def parse_config(init: bytes) -> VideoTrackConfig | AudioTrackConfig:
    """What an init segment says. Raises MediaError unless it is H.264 or AAC."""
    try:
        return _parse_config(init)
    except (struct.error, IndexError) as error:
        raise MediaError("damaged: the header of the track is too short") from error


def _parse_config(init: bytes) -> VideoTrackConfig | AudioTrackConfig:
    media = find(init, b"moov", b"trak", b"mdia")
    mdhd = find(media, b"mdhd")
    timescale: int = struct.unpack_from(">I", mdhd, 20 if mdhd[0] else 12)[0]
    for kind, entry in children(find(media, b"minf", b"stbl", b"stsd")[8:]):
        if kind == b"avc1":
            width, height = struct.unpack_from(">2H", entry, 24)
            return VideoTrackConfig(width, height, find(entry[78:], b"avcC"), timescale)
        if kind == b"mp4a":
            channels = struct.unpack_from(">H", entry, 16)[0]
            asc = _decoder_config(find(entry[28:], b"esds")[4:])
            return AudioTrackConfig(timescale, channels, asc)
    raise MediaError("neither H.264 nor AAC: this is not a stored track")


def _decoder_config(data: bytes) -> bytes:
    """The AudioSpecificConfig within nested descriptors."""
    fixed = {3: 3, 4: 13}
    at = 0
    while at + 2 <= len(data):
        tag, size = data[at], 0
        at += 1
        while at < len(data):
            byte = data[at]
            at += 1
            size = size << 7 | byte & 127
            if not byte & 128:
                break
        if tag == 5:
            return data[at : at + size]
        at += fixed.get(tag, size)
    raise MediaError("damaged: the audio header holds no decoder configuration")
