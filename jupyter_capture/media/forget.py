"""Erases a stretch of time from stored tracks: black and silence stand in for it, and its bytes
are overwritten.

The time itself stays, so that all that counts from the start of the recording, such as streams,
shots and words, goes on to mean the same. Three steps, each of which may be done again:
`stand_in()` writes the parts that take the stretch's place; then the caller stores the manifest;
then `scrub()` overwrites whatever no part of the track reads any more.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO

import numpy as np

from jupyter_capture.media import fmp4
from jupyter_capture.media.encode import (
    AAC_FRAME,
    AacEncoder,
    EncodedPacket,
    H264Encoder,
)
from jupyter_capture.media.plan import codec_of
from jupyter_capture.media.tracks import StoredTrack
from jupyter_capture.media.writer import TrackWriter, next_file
from jupyter_capture.wire.recorder import AudioCodec, Gap, Part, TrackManifest, VideoCodec

REASON = "forgotten"

_MARGIN = 2 * AAC_FRAME
"""An AAC packet also tells of the samples beside its own."""
_FREE = 1 << 23
_BLOCK = 1 << 20
_STILL = 10  # seconds between two key frames of black


def silence(codec: AudioCodec, start: int, count: int) -> Iterator[EncodedPacket]:
    """``count`` packets from sample ``start`` on: one again and again, so hours cost nothing."""
    silent = AacEncoder(codec).encode(np.zeros((4096, codec.channels), np.float32))[-1]
    for index in range(count):
        yield EncodedPacket(silent.data, start + index * AAC_FRAME, True)


def stand_in(
    folder: Path, track: TrackManifest, start: int, end: int, *, growing: bool = False
) -> TrackManifest:
    """The track as it is without [start, end) (ticks): widened to whole fragments, half a second
    at most. ``folder``: the session's; ``growing``: the last part is being written and stays. The
    old bytes still lie on the disk."""
    if track.kind == "audio":
        start, end = start - _MARGIN, end + _MARGIN
    stored = StoredTrack.open(folder, track)
    done = track.model_copy(deep=True)
    done.parts = []
    low: int | None = None
    high = 0
    for number, part in enumerate(track.parts):
        rows = stored.fragments[stored.fragments["part"] == number]
        hit = np.flatnonzero((rows["time"] + rows["duration"] > start) & (rows["time"] < end))
        if not len(hit) or (growing and number == len(track.parts) - 1):
            done.parts.append(part)
            continue
        first, after = int(hit[0]), int(hit[-1]) + 1
        begin = int(rows["time"][first])
        resume = int(rows["time"][after - 1] + rows["duration"][after - 1])
        following = np.flatnonzero(rows["key"][after:])
        again = after + int(following[0]) if len(following) else len(rows)
        stop = int(rows["time"][-1] + rows["duration"][-1])
        join = int(rows["time"][again]) if again < len(rows) else stop
        if first:
            until = int(rows["offset"][first])
            done.parts.append(_piece(part, part.offset, begin, part.skip, until))
        name = next_file(_with(track, done))
        done.parts.append(_write(folder, stored, number, name, (begin, resume, join)))
        if again < len(rows):
            until = part.until or (folder / part.file).stat().st_size
            rest = _piece(part, join, stop, int(rows["offset"][again]), until)
            done.parts.append(rest.model_copy(update={"until": part.until}))
        low = begin if low is None else low
        high = max(high, resume)
    if low is not None:
        gaps = [gap for gap in done.gaps if gap.end <= low or gap.start >= high]
        gaps += [Gap(start=gap.start, end=low, reason=gap.reason)
                 for gap in done.gaps if gap.start < low < gap.end]  # fmt: skip
        gaps += [Gap(start=high, end=gap.end, reason=gap.reason)
                 for gap in done.gaps if gap.start < high < gap.end]  # fmt: skip
        gaps.append(Gap(start=low, end=high, reason=REASON))
        done.gaps = sorted(gaps, key=lambda gap: gap.start)
    return done


def scrub(folder: Path, track: TrackManifest) -> None:
    """Overwrite what lies in the track's folder and belongs to no part of it."""
    windows: dict[str, list[Part]] = {}
    for part in track.parts:
        windows.setdefault(Path(part.file).name, []).append(part)
    for path in (folder / track.id).iterdir():
        if path.name not in windows:
            if path.suffix == ".mp4":
                with path.open("r+b") as file:
                    _zero(file, 0, os.fstat(file.fileno()).st_size)
            path.unlink()
        elif not all(part.whole for part in windows[path.name]):
            _scrub_between(path, windows[path.name])
    for name in windows:
        (folder / track.id / name).with_suffix(".idx").unlink(missing_ok=True)


def _scrub_between(path: Path, parts: list[Part]) -> None:
    with path.open("r+b") as file:
        size = os.fstat(file.fileno()).st_size
        at = len(fmp4.read_init(file))
        for part in sorted(parts, key=lambda part: part.skip):
            if part.skip > at:
                _free(file, at, part.skip)
            at = max(at, part.skip) if part.until is None else part.until
            if part.until is None:
                return
        _free(file, at, size)


def _free(file: BinaryIO, start: int, end: int) -> None:
    """Make [start, end) bytes that every reader passes over, then nothing but zeros."""
    bounds = [*(at for at in range(start, end, _FREE) if end - at >= 8), end]
    boxes = list(pairwise(bounds))
    for at, stop in reversed(boxes):
        file.seek(at)
        file.write(struct.pack(">I4s", stop - at, b"free"))
    file.flush()
    for at, stop in boxes:
        _zero(file, at + 8, stop)


def _zero(file: BinaryIO, start: int, end: int) -> None:
    for at in range(start, end, _BLOCK):
        file.seek(at)
        file.write(bytes(min(_BLOCK, end - at)))
    file.flush()
    os.fsync(file.fileno())


def _piece(part: Part, start: int, end: int, skip: int, until: int) -> Part:
    return Part(
        file=part.file,
        offset=start,
        duration=end - start,
        bytes=until - skip,
        skip=skip,
        until=until,
    )


def _with(track: TrackManifest, done: TrackManifest) -> TrackManifest:
    return track.model_copy(update={"parts": [*track.parts, *done.parts]})


def _write(
    folder: Path, stored: StoredTrack, number: int, name: str, times: tuple[int, int, int]
) -> Part:
    """A file with nothing from ``begin`` to ``resume``, and then, up to ``join``, the pictures
    that could not be shown without what was forgotten."""
    begin, resume, join = times
    track = stored.manifest
    packets: Iterator[EncodedPacket]
    config: fmp4.VideoTrackConfig | fmp4.AudioTrackConfig
    if isinstance(track.codec, VideoCodec):
        codec = codec_of(stored, number)
        encoder = H264Encoder(codec)
        config = encoder.config
        packets = _pictures(stored, encoder, begin, resume, join)
    else:
        config = AacEncoder(track.codec).config
        packets = silence(track.codec, begin, (join - begin) // AAC_FRAME)
    writer = TrackWriter(
        folder, track.id, track.channel_id, track.codec, config, offset=begin, name=name
    )
    for packet in packets:
        writer.add(packet)
    return writer.finish(join).parts[-1]


def _pictures(
    stored: StoredTrack, encoder: H264Encoder, begin: int, resume: int, join: int
) -> Iterator[EncodedPacket]:
    black = np.zeros((encoder.codec.height, encoder.codec.width, 3), np.uint8)
    for at in range(begin, resume, _STILL * stored.timescale):
        yield from encoder.encode(black, at, True)
    if resume >= join:
        return
    last = -1
    for frame in stored.frames(resume, join):
        at = max(frame.pts or 0, resume)
        if at > last:
            yield from encoder.encode(frame, at, last < 0)
            last = at
