"""Frame-exact streams of stored tracks: an ordered list of cuts becomes segments on request.

A segment copies stored samples; only the head of a cut that does not begin at a key frame, up to
the next stored one, is encoded again, with the track's own settings, so that it joins without a
discontinuity. The picture at a cut's start is the one that was on screen then. Audio packets are
all copied: they stay on one grid of 1,024 samples, so sound is at most half a packet (11 ms) off
and never drifts.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import TypeVar

import av
import numpy as np

from jupyter_capture.errors import MediaError, NotFoundError
from jupyter_capture.media import fmp4, hls
from jupyter_capture.media.encode import AacEncoder, EncodedPacket, H264Encoder
from jupyter_capture.media.fmp4 import Sample
from jupyter_capture.media.plan import (
    TICKS,
    AudioSegment,
    Check,
    Cut,
    Kind,
    Made,
    Piece,
    Plan,
    VideoSegment,
    codec_of,
    go_on,
    make_plan,
)
from jupyter_capture.media.read_ahead import read_ahead
from jupyter_capture.media.tracks import AAC_FRAME, StoredSample
from jupyter_capture.wire.recorder import AudioCodec, VideoCodec

T = TypeVar("T")

__all__ = [
    "Cut", "Kind", "Plan", "init", "is_encoded", "is_made", "make_plan", "master", "playlist",
    "samples", "segment", "stored_bytes",
]  # fmt: skip

# Bits a second, of what is not made yet.
_GUESSED_RATE = 1_000_000
_ENOUGH = 300
_GUESSED_SOUND = 128_000
_FOLDERS = {"video": "v", "audio": "a"}


def master(plan: Plan, captions: hls.Captions | None = None) -> str:
    """The master playlist. Bit rates are those of the stored bytes."""
    video = audio = None
    if plan.video_inits:
        peak, average = _rates([(_video_bytes(s), s.seconds) for s in _some(plan.video)])
        video = hls.Rendition("video.m3u8", plan.video_inits[0], peak, average)
    if plan.audio_inits:
        peak, average = _rates([(_audio_bytes(s), s.seconds) for s in _some(plan.audio)])
        audio = hls.Rendition("audio.m3u8", plan.audio_inits[0], peak, average)
    return hls.master(video, audio, captions)


def _some(segments: Sequence[T]) -> Sequence[T]:
    """Enough of them to tell how large they are: hours have thousands."""
    return segments[:: 1 + len(segments) // _ENOUGH]


def _rates(segments: list[tuple[int, float]]) -> tuple[int, int]:
    if not segments:
        return _GUESSED_RATE, _GUESSED_RATE
    peak = max(8 * size / seconds for size, seconds in segments)
    total = sum(size for size, _ in segments) * 8 / sum(seconds for _, seconds in segments)
    return round(peak), round(total)


def stored_bytes(plan: Plan) -> int:
    """About how many bytes a stream takes; what is not made yet is guessed."""
    return sum(map(_video_bytes, plan.video)) + sum(map(_audio_bytes, plan.audio))


def _video_bytes(segment: VideoSegment) -> int:
    return sum(
        piece.track.size_between(piece.start, piece.end)
        if isinstance(piece, Piece) and piece.track
        else piece.length * _GUESSED_RATE // (8 * TICKS)
        for piece in segment.pieces
    )


def _audio_bytes(segment: AudioSegment) -> int:
    end = segment.source + segment.packets * AAC_FRAME
    if segment.track is None:
        return segment.packets * AAC_FRAME * _GUESSED_SOUND // (8 * segment.rate)
    return segment.track.size_between(segment.source, end)


def playlist(plan: Plan, kind: Kind) -> str:
    """The media playlist of a rendition; its URIs are relative to it."""
    folder = _FOLDERS[kind]
    segments = [
        hls.Segment(
            f"{folder}/{number}.m4s", each.seconds, f"{folder}/init-{each.init}.mp4",
            each.discontinuity,
        )
        for number, each in enumerate(_segments(plan, kind))
    ]  # fmt: skip
    return hls.media_playlist(segments, ended=plan.ended)


def init(plan: Plan, kind: Kind, number: int) -> bytes:
    """``ftyp`` + ``moov`` of an init segment of the playlist. Raises NotFoundError."""
    inits = plan.video_inits if kind == "video" else plan.audio_inits
    if not 0 <= number < len(inits):
        raise NotFoundError(f"no {kind} init segment {number}: there are {len(inits)}")
    return fmp4.init_segment(inits[number])


def segment(plan: Plan, kind: Kind, number: int, check: Check = go_on) -> bytes:
    """The CMAF bytes of a segment, its decode time that of the stream. Raises NotFoundError."""
    each = _segment(plan, kind, number)
    time = each.start if isinstance(each, VideoSegment) else each.time
    return fmp4.fragment(number + 1, time, samples(plan, each, check))


def is_made(plan: Plan, kind: Kind, number: int) -> bool:
    """Whether a segment is composed or mixed, not cut from stored ones. Raises NotFoundError."""
    each = _segment(plan, kind, number)
    if isinstance(each, VideoSegment):
        return any(isinstance(piece, Made) for piece in each.pieces)
    return each.make is not None


def is_encoded(plan: Plan, kind: Kind, number: int) -> bool:
    """Whether some of a segment must be decoded and encoded again. Raises NotFoundError."""
    each = _segment(plan, kind, number)
    if isinstance(each, AudioSegment):
        return False
    return any(isinstance(piece, Piece) and not piece.copied for piece in each.pieces)


def _segment(plan: Plan, kind: Kind, number: int) -> VideoSegment | AudioSegment:
    every = _segments(plan, kind)
    if not 0 <= number < len(every):
        raise NotFoundError(f"no {kind} segment {number}: there are {len(every)}")
    return every[number]


def _segments(plan: Plan, kind: Kind) -> Sequence[VideoSegment | AudioSegment]:
    return plan.video if kind == "video" else plan.audio


def samples(plan: Plan, segment: VideoSegment | AudioSegment, check: Check = go_on) -> list[Sample]:
    """The samples of a segment; their durations fill it exactly."""
    if isinstance(segment, AudioSegment):
        if segment.make:
            return segment.make(check)
        return _packets(segment, plan.audio_inits[segment.init].channels)
    out: list[Sample] = []
    for piece in segment.pieces:
        if isinstance(piece, Made):
            out += piece.make(check)
        else:
            out += _copied(piece) if piece.copied else _encoded(piece, plan)
    return out


def _copied(piece: Piece) -> list[Sample]:
    """Stored samples. Where a fragment is damaged the picture before it stays on screen."""
    found: list[StoredSample] = []
    if piece.track is None:
        return []
    try:
        found.extend(piece.track.samples(piece.start, piece.end))
    except MediaError:
        if not found:
            raise
    times = [*(sample.time for sample in found), piece.end]
    return [
        Sample(sample.data, times[at + 1] - times[at], sample.key)
        for at, sample in enumerate(found)
    ]


def _encoded(piece: Piece, plan: Plan) -> list[Sample]:
    """Pictures decoded and encoded again, each shown when it was, from ``piece.start`` on."""
    packets: list[EncodedPacket] = []
    if piece.track is None:
        packets = _black(plan.black, piece.start)
    else:
        encoder = H264Encoder(codec_of(piece.track, piece.track.part_at(piece.start)))
        frames = piece.track.frames(piece.start, piece.end)
        for number, frame in enumerate(read_ahead(frames)):
            time = piece.start if number == 0 else (frame.pts or 0)
            packets += encoder.encode(frame, time, key=number == 0)
        packets += encoder.finish()
    times = [*(packet.pts for packet in packets), piece.end]
    return [
        Sample(packet.data, times[at + 1] - times[at], packet.key)
        for at, packet in enumerate(packets)
    ]


def _black(codec: VideoCodec | None, time: int) -> list[EncodedPacket]:
    if codec is None:
        raise MediaError("a stream without any picture has no black either")
    frame = av.VideoFrame.from_ndarray(
        np.zeros((codec.height, codec.width, 3), np.uint8), format="rgb24"
    )
    encoder = H264Encoder(codec)
    return [*encoder.encode(frame, time, key=True), *encoder.finish()]


def _packets(segment: AudioSegment, channels: int) -> list[Sample]:
    """The packet nearest to each place on the grid; silence where there is none."""
    chosen: dict[int, StoredSample] = {}
    half = AAC_FRAME // 2
    # Damage is contained: what lies behind it in this segment is silent.
    with contextlib.suppress(MediaError):
        for sample in _near(segment, half):
            at = (sample.time - segment.source + half - 1) // AAC_FRAME
            place = segment.source + at * AAC_FRAME
            held = chosen.get(at)
            if held is None or abs(sample.time - place) < abs(held.time - place):
                chosen[at] = sample
    quiet = silence(segment.rate, channels) if len(chosen) < segment.packets else b""
    return [
        Sample(chosen[at].data if at in chosen else quiet, AAC_FRAME, True)
        for at in range(segment.packets)
    ]


def _near(segment: AudioSegment, half: int) -> Iterator[StoredSample]:
    if segment.track is None:
        return
    end = segment.source + segment.packets * AAC_FRAME
    yield from segment.track.samples(segment.source - half + 1, end - half + 1)


@lru_cache(maxsize=8)
def silence(rate: int, channels: int) -> bytes:
    """An AAC packet of silence."""
    encoder = AacEncoder(AudioCodec(rate=rate, channels=channels, bitrate=48000 * channels))
    packets = encoder.encode(np.zeros((8 * AAC_FRAME, channels), np.float32))
    return packets[4].data
