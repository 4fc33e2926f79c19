"""What each segment of a stream is made of. Reads only the indexes of the stored tracks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise
from typing import Literal, NamedTuple, TypeVar

import numpy as np

from jupyter_capture.errors import InvalidRequestError, MediaError
from jupyter_capture.media.encode import H264Encoder
from jupyter_capture.media.fmp4 import AudioTrackConfig, Sample, VideoTrackConfig
from jupyter_capture.media.tracks import AAC_FRAME, StoredTrack
from jupyter_capture.wire.recorder import VideoCodec

TICKS = 90000
"""The clock of plans: ticks a second."""

Kind = Literal["video", "audio"]
Check = Callable[[], None]
"""Called now and then while something is made; raises where nobody wants it any more."""
C = TypeVar("C", VideoTrackConfig, AudioTrackConfig)

_TARGET = 2 * TICKS
_STRETCH = 4 * TICKS
_SHORTEST = TICKS // 2


def go_on() -> None:
    """The check of what is wanted in any case."""


@dataclass(frozen=True)
class Cut:
    """[start, end) ticks (1/90000 s) of session media time, of a picture track, a sound track or
    both. Where other cuts of a plan have a picture or sound that this one lacks, it is black or
    silent."""

    video: StoredTrack | None
    audio: StoredTrack | None
    start: int
    end: int


class Piece(NamedTuple):
    """[start, end) of a track, ``copied`` (it begins at a key frame) or encoded again.

    ``track`` is None for black.
    """

    track: StoredTrack | None
    start: int
    end: int
    copied: bool

    @property
    def length(self) -> int:
        return self.end - self.start


class Made(NamedTuple):
    """A piece that is composed on request: ``make`` gives samples that fill ``length`` ticks."""

    length: int
    make: Callable[[Check], list[Sample]]


class VideoSegment(NamedTuple):
    """[start, end) of the stream (ticks). ``init``: index into `Plan.video_inits`."""

    start: int
    end: int
    pieces: tuple[Piece | Made, ...]
    init: int
    discontinuity: bool

    @property
    def seconds(self) -> float:
        return (self.end - self.start) / TICKS


class AudioSegment(NamedTuple):
    """``packets`` from ``time`` of the stream on (samples at ``rate``).

    ``source`` is the media time of the first one in ``track``, in samples. Without a track it is
    what ``make`` gives, or silence.
    """

    time: int
    packets: int
    rate: int
    track: StoredTrack | None
    source: int
    init: int
    discontinuity: bool
    make: Callable[[Check], list[Sample]] | None = None

    @property
    def seconds(self) -> float:
        return self.packets * AAC_FRAME / self.rate


@dataclass
class Plan:
    """A stream: what its playlists list, and what its segments are made of.

    ``duration`` in ticks. ``black``: how black is encoded, where a cut has no picture.
    """

    duration: int = 0
    ended: bool = True
    video: list[VideoSegment] = field(default_factory=list)
    audio: list[AudioSegment] = field(default_factory=list)
    video_inits: list[VideoTrackConfig] = field(default_factory=list)
    audio_inits: list[AudioTrackConfig] = field(default_factory=list)
    black: VideoCodec | None = None

    @property
    def seconds(self) -> float:
        return self.duration / TICKS

    @property
    def is_made(self) -> bool:
        """Whether some of it is composed or mixed, not copied."""
        pieces = (piece for segment in self.video for piece in segment.pieces)
        if any(isinstance(piece, Made) for piece in pieces):
            return True
        return any(segment.make is not None for segment in self.audio)


def make_plan(cuts: Sequence[Cut], *, ended: bool = True) -> Plan:
    """Lay ``cuts`` end to end.

    With ``ended`` false the tracks of the last cut still grow: what could yet change is left
    out, and the segments listed once stay as they are. Raises InvalidRequestError for a cut that
    holds nothing, MediaError where a track does.
    """
    if not cuts:
        raise InvalidRequestError("a stream needs at least one cut")
    for cut in cuts:
        _check(cut)
    plan = Plan(ended=ended)
    cuts = [part for cut in cuts for part in _split_at_audio_changes(cut)]
    configs = _audio_configs(cuts)
    if any(cut.video for cut in cuts):
        _plan_video(plan, cuts, configs)
        plan.duration = plan.video[-1].end if plan.video else 0
    else:
        plan.duration = sum(cut.end - cut.start for cut in cuts)
    if configs:
        _plan_audio(plan, cuts, configs)
    return plan


def _check(cut: Cut) -> None:
    if cut.start < 0 or cut.end <= cut.start:
        raise InvalidRequestError(
            f"a cut from {cut.start / TICKS:g} s to {cut.end / TICKS:g} s holds nothing: "
            "its start must be at least 0 and lie before its end"
        )
    if cut.video is None and cut.audio is None:
        raise InvalidRequestError("a cut needs a picture or a sound track")
    for track in (cut.video, cut.audio):
        if track and not len(track.fragments):
            raise MediaError(f"nothing was recorded into track {track.id}")
    if cut.video and cut.video.timescale != TICKS:
        raise MediaError(f"track {cut.video.id} does not count in 1/{TICKS} s")


def number_of(configs: list[C], config: C) -> int:
    """The index of ``config``, added where it is new."""
    if config not in configs:
        configs.append(config)
    return configs.index(config)


# ---- video


def _plan_video(plan: Plan, cuts: Sequence[Cut], sounds: Sequence[AudioTrackConfig]) -> None:
    first = next(cut.video for cut in cuts if cut.video)
    plan.black = codec_of(first, first.part_at(0))
    if not plan.ended:
        # A player may ask for the master before there is a first segment.
        number_of(plan.video_inits, encoded_config(plan.black))
    time = 0
    for number, cut in enumerate(cuts):
        growing = not plan.ended and number == len(cuts) - 1
        # A change of the sound's init is a discontinuity of the picture too: players match both.
        jump = bool(sounds) and number > 0 and sounds[number] != sounds[number - 1]
        for config, pieces in _groups(cut, plan.black, growing):
            init = number_of(plan.video_inits, config)
            jump = jump or (bool(plan.video) and plan.video[-1].init != init)
            end = time + sum(piece.length for piece in pieces)
            plan.video.append(VideoSegment(time, end, tuple(pieces), init, jump))
            time, jump = end, False


def _groups(
    cut: Cut, black: VideoCodec, growing: bool
) -> list[tuple[VideoTrackConfig, list[Piece]]]:
    """The segments of one cut: the init of each, and what it is made of."""
    pieces = list(_pieces(cut, growing))
    if growing and pieces:
        pieces.pop()
    groups: list[tuple[VideoTrackConfig, list[Piece]]] = []
    for piece in pieces:
        config = _config_of(piece, black)
        if groups and groups[-1][0] == config and _joins(groups[-1][1], piece):
            groups[-1][1].append(piece)
        else:
            groups.append((config, [piece]))
    if growing and len(groups) == 1 and not groups[0][1][-1].copied:
        return []  # a head alone: what comes next may yet join it
    return groups


def _joins(before: list[Piece], piece: Piece) -> bool:
    """A head is not left alone, nor a short rest."""
    length = sum(each.length for each in before) + piece.length
    only_head = len(before) == 1 and not before[0].copied and before[0].length < _TARGET
    return piece.length < _SHORTEST or (only_head and length <= _STRETCH)


def _pieces(cut: Cut, growing: bool) -> Iterator[Piece]:
    track = cut.video
    if track is None:
        yield from _encoded(None, cut.start, cut.end)
        return
    end = min(cut.end, track.end) if growing else cut.end
    keys = track.keys[np.searchsorted(track.keys, cut.start) : np.searchsorted(track.keys, end)]
    if not len(keys):
        yield from _encoded(track, cut.start, end)
        return
    yield from _encoded(track, cut.start, int(keys[0]))
    stored_end = end if end - track.end < _SHORTEST else track.end
    splits = _changes(track)
    for low, high in _bounds([int(key) for key in keys], stored_end, splits):
        yield Piece(track, low, high, True)
    yield from _encoded(track, stored_end, end)


def _encoded(track: StoredTrack | None, start: int, end: int) -> Iterator[Piece]:
    """Heads, stills after the end of a track, and black: pieces of two seconds."""
    for low, high in evenly(start, end):
        yield Piece(track, low, high, False)


def evenly(start: int, end: int) -> Iterator[tuple[int, int]]:
    """[start, end) in stretches of two seconds; a short rest belongs to the last one."""
    while start < end:
        stop = start + _TARGET if end - start >= _TARGET + _SHORTEST else end
        yield start, stop
        start = stop


def _bounds(keys: list[int], end: int, splits: set[int]) -> list[tuple[int, int]]:
    """Stretches of about two seconds that begin at key frames, and at each of ``splits``."""
    starts = [keys[0]]
    for key, following in pairwise([*keys[1:], end]):
        length, next_length = key - starts[-1], following - starts[-1]
        if length >= _TARGET or next_length > _STRETCH or key in splits:
            starts.append(key)
    return list(pairwise([*starts, end]))


def _changes(track: StoredTrack) -> set[int]:
    """When a part begins whose config is not that of the part before."""
    return {
        time
        for (before, _), (after, time) in pairwise(track.part_starts())
        if track.config(before) != track.config(after)
    }


def codec_of(track: StoredTrack, part: int) -> VideoCodec:
    """The settings that encode pictures for this part of a track."""
    codec = track.manifest.codec
    config = track.config(part)
    if not isinstance(codec, VideoCodec) or not isinstance(config, VideoTrackConfig):
        raise MediaError(f"track {track.id} holds no pictures")
    return codec.model_copy(update={"width": config.width, "height": config.height})


def _config_of(piece: Piece, black: VideoCodec) -> VideoTrackConfig:
    if piece.track is None:
        return encoded_config(black)
    part = piece.track.part_at(piece.start)
    config = piece.track.config(part)
    if piece.copied and isinstance(config, VideoTrackConfig):
        return config
    return encoded_config(codec_of(piece.track, part))


def encoded_config(codec: VideoCodec) -> VideoTrackConfig:
    """What the encoder writes with these settings."""
    return _encoded_config(codec.model_dump_json())


@lru_cache(maxsize=64)
def _encoded_config(codec: str) -> VideoTrackConfig:
    settings = VideoCodec.model_validate_json(codec)
    return VideoTrackConfig(settings.width, settings.height, H264Encoder(settings).avcc)


# ---- audio


def _split_at_audio_changes(cut: Cut) -> list[Cut]:
    """Two parts of a sound track that differ must not meet within a segment."""
    if cut.audio is None:
        return [cut]
    inside = (time * TICKS // cut.audio.timescale for time in sorted(_changes(cut.audio)))
    bounds = [cut.start, *(time for time in inside if cut.start < time < cut.end), cut.end]
    return [Cut(cut.video, cut.audio, low, high) for low, high in pairwise(bounds)]


def _audio_configs(cuts: Sequence[Cut]) -> list[AudioTrackConfig]:
    """What the sound of each cut is; a silent one takes that of a neighbour. Empty: no sound."""
    found = [_audio_config(cut) for cut in cuts]
    last = next((config for config in found if config), None)
    out: list[AudioTrackConfig] = []
    for config in found:
        last = config or last
        if last:
            out.append(last)
    return out


def _audio_config(cut: Cut) -> AudioTrackConfig | None:
    if cut.audio is None:
        return None
    config = cut.audio.config(cut.audio.part_at(cut.start * cut.audio.timescale // TICKS))
    if not isinstance(config, AudioTrackConfig):
        raise MediaError(f"track {cut.audio.id} holds no sound")
    return config


def _plan_audio(plan: Plan, cuts: Sequence[Cut], configs: Sequence[AudioTrackConfig]) -> None:
    time = position = 0
    rate = configs[0].rate
    for number, (cut, config) in enumerate(zip(cuts, configs, strict=True)):
        if config.rate != rate:
            position, rate = round(Fraction(position * config.rate, rate)), config.rate
        jump = number > 0 and config != configs[number - 1]
        init = number_of(plan.audio_inits, config)
        # Where the stream's grid stands against the source's: the same all through a cut.
        shift = round(Fraction(cut.start * rate, TICKS)) - round(Fraction(time * rate, TICKS))
        end = time + cut.end - cut.start
        growing = not plan.ended and number == len(cuts) - 1
        for stop, differs in _audio_bounds(plan, time, end, growing):
            jump = jump or differs
            count = round((Fraction(stop * rate, TICKS) - position) / AAC_FRAME)
            if count > 0:
                plan.audio.append(
                    AudioSegment(position, count, rate, cut.audio, position + shift, init, jump)
                )
                position, jump = position + count * AAC_FRAME, False
        time = end


def _audio_bounds(plan: Plan, start: int, end: int, growing: bool) -> Iterator[tuple[int, bool]]:
    """(where a segment of this cut ends, whether it begins with a discontinuity).

    The sound follows the segments of the picture, so that discontinuities come in step.
    """
    if plan.black:
        for segment in _within(plan.video, start, end):
            yield segment.end, segment.discontinuity
        return
    pieces = [stop for _, stop in evenly(start, end)]
    for stop in pieces[:-1] if growing else pieces:
        yield stop, False


def _within(segments: list[VideoSegment], start: int, end: int) -> list[VideoSegment]:
    starts = [segment.start for segment in segments]
    low, high = np.searchsorted(starts, [start, end])
    return segments[int(low) : int(high)]
