"""Timelines as streams: a plan like that of cuts, whose segments are composed on request.

What shows one recording of the timeline's own size as it is, is copied by `cut`; the rest is
drawn layer by layer, and encoded with the same settings, so that both join. Sound of one clip at
its own volume is copied too; else it is mixed, limited and encoded: each segment from two packets
earlier, which are dropped, so that segments join without a gap.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import partial

import numpy as np

from jupyter_capture.errors import MediaError
from jupyter_capture.media.encode import AacEncoder, EncodedPacket, H264Encoder
from jupyter_capture.media.fmp4 import AudioTrackConfig, Sample
from jupyter_capture.media.layers import Stage
from jupyter_capture.media.mix import limit
from jupyter_capture.media.picture import Canvas, Planes
from jupyter_capture.media.plan import (
    TICKS,
    AudioSegment,
    Check,
    Cut,
    Made,
    Plan,
    VideoSegment,
    codec_of,
    encoded_config,
    evenly,
    go_on,
    make_plan,
)
from jupyter_capture.media.scene import (
    Placed,
    Scene,
    Source,
    Sources,
    Span,
    is_whole_frame,
    spans_of,
)
from jupyter_capture.media.timeline import Words, read_timeline
from jupyter_capture.media.tracks import AAC_FRAME, Floats, matched
from jupyter_capture.wire.editor import Timeline
from jupyter_capture.wire.recorder import AudioCodec, VideoCodec

__all__ = ["Scene", "Source", "Sources", "plan_timeline", "read_timeline"]

_RATE = 48000
_CHANNELS = 2
_BITRATE = 128000
_PACKET = AAC_FRAME * TICKS
_LEAD = 2
_TAIL = TICKS // 2
_PRESET = "ultrafast"  # of what is drawn while somebody waits; it joins nothing that is stored


def plan_timeline(
    timeline: Timeline | Scene, sources: Sources, fps: int = 30, words: Words | None = None
) -> Plan:
    """The stream of a timeline, to be asked through `cut` like any other.

    ``fps`` of what is drawn. Raises as `read_timeline` does, which also tells the warnings.
    """
    scene = timeline if isinstance(timeline, Scene) else read_timeline(timeline, sources, words)
    plan = Plan(duration=scene.duration)
    spans = spans_of(scene)
    if any(span.seen for span in spans):
        _plan_video(plan, scene, spans, fps)
    if any(span.heard for span in spans):
        _plan_audio(plan, scene, spans)
    return plan


# ---- video


def _plan_video(plan: Plan, scene: Scene, spans: list[Span], fps: int) -> None:
    runs = _runs(scene, spans)
    copied = [cut for _, _, cut in runs if cut]
    codec = VideoCodec(width=scene.width, height=scene.height, fps=fps, preset=_PRESET)
    if copied and copied[0].video:
        codec = codec_of(copied[0].video, copied[0].video.part_at(copied[0].start))
    config = encoded_config(codec)
    if len(runs) == 1 and runs[0][2]:
        whole = make_plan([runs[0][2]])
        if len(whole.video_inits) == 1:
            plan.video, plan.video_inits, plan.black = whole.video, whole.video_inits, whole.black
            return
    plan.video_inits, plan.black = [config], codec
    stage = Stage(scene)
    for start, end, cut in runs:
        part = make_plan([cut]) if cut else None
        if part and part.video_inits == [config]:
            plan.video += [
                VideoSegment(start + s.start, start + s.end, s.pieces, 0, False) for s in part.video
            ]
            continue
        for low, high in evenly(start, end):
            made = Made(high - low, partial(draw, stage, codec, fps, low, high))
            plan.video.append(VideoSegment(low, high, (made,), 0, False))


def _runs(scene: Scene, spans: list[Span]) -> list[tuple[int, int, Cut | None]]:
    """(start, end, what to copy there, or None where it is drawn), one after another."""
    runs: list[tuple[int, int, Cut | None]] = []
    for span in spans:
        cut = _video_cut(scene, span)
        if runs:
            start, end, before = runs[-1]
            is_rest = not span.seen and end == span.start and scene.duration - end < _TAIL
            if before and is_rest:
                # Sound that lasts a moment longer: the picture stays.
                cut = Cut(before.video, None, before.end, before.end + span.end - span.start)
            joined = _joined(before, cut)
            if joined is not None or (before is None and cut is None):
                runs[-1] = (start, span.end, joined)
                continue
        runs.append((span.start, span.end, cut))
    return runs


def _joined(before: Cut | None, after: Cut | None) -> Cut | None:
    if before is None or after is None:
        return None
    goes_on = before.end == after.start
    if not goes_on or before.video is not after.video or before.audio is not after.audio:
        return None
    return Cut(before.video, before.audio, before.start, after.end)


def _video_cut(scene: Scene, span: Span) -> Cut | None:
    if len(span.seen) != 1 or not is_whole_frame(span.seen[0], scene, span.start, span.end):
        return None
    placed = span.seen[0]
    begin = placed.source_time(span.start)
    return Cut(placed.source.video, None, begin, begin + span.end - span.start)


def draw(
    stage: Stage, codec: VideoCodec, fps: int, start: int, end: int, check: Check = go_on
) -> list[Sample]:
    """[start, end) ticks of the timeline as samples. What does not change is encoded once.

    ``check`` is called before each picture, and ends the work by raising.
    """
    scene = stage.scene
    clips = sorted(
        (c for c in scene.clips if c.is_visible and c.start < end and c.end > start),
        key=lambda clip: clip.layer,
    )
    layers = [stage.enter(clip, start) for clip in _uncovered(clips, scene, start, end)]
    canvas = Canvas(scene.width, scene.height, scene.background)
    encoder = H264Encoder(codec)
    packets: list[EncodedPacket] = []
    drawn: list[tuple[Planes, float]] | None = None
    for time in _frame_times(fps, start, end):
        check()
        shown = [
            (planes, layer.placed.clip.opacity * layer.placed.presence(time))
            for layer in layers
            if layer.placed.start <= time < layer.placed.end
            and (planes := layer.at(time)) is not None
        ]
        if drawn is None or not _same(drawn, shown):
            drawn = shown
            packets += encoder.encode(canvas.lay(shown), time, key=not packets)
    stage.leave(layers)
    packets += encoder.finish()
    times = [*(packet.pts for packet in packets), end]
    return [
        Sample(packet.data, times[at + 1] - times[at], packet.key)
        for at, packet in enumerate(packets)
    ]


def _uncovered(clips: list[Placed], scene: Scene, start: int, end: int) -> list[Placed]:
    """Without those that one lies over all the time, which need not be decoded."""
    for at in range(len(clips) - 1, 0, -1):
        lasts = clips[at].start <= start and clips[at].end >= end
        if lasts and is_whole_frame(clips[at], scene, start, end):
            return clips[at:]
    return clips


def _same(before: list[tuple[Planes, float]], after: list[tuple[Planes, float]]) -> bool:
    return len(before) == len(after) and all(
        a[0] is b[0] and a[1] == b[1] for a, b in zip(before, after, strict=True)
    )


def _frame_times(fps: int, start: int, end: int) -> Iterator[int]:
    """The ticks of frames in [start, end); its start is always one."""
    yield start
    number = start * fps // TICKS
    while (time := round(Fraction(number * TICKS, fps))) < end:
        if time > start:
            yield time
        number += 1


# ---- audio


def _plan_audio(plan: Plan, scene: Scene, spans: list[Span]) -> None:
    cuts = _audio_cuts(scene, spans)
    if cuts:
        copied = make_plan(cuts)
        if len(copied.audio_inits) == 1:
            plan.audio, plan.audio_inits = copied.audio, copied.audio_inits
            return
    encoder = AacEncoder(_codec())
    plan.audio_inits = [AudioTrackConfig(_RATE, _CHANNELS, encoder.asc)]
    position = 0
    for _, end in evenly(0, scene.duration):
        # In whole numbers: hours have thousands of segments.
        count = (2 * (end * _RATE - position * TICKS) + _PACKET) // (2 * _PACKET)
        if count > 0:
            make = partial(mix, scene, position, count)
            plan.audio.append(AudioSegment(position, count, _RATE, None, 0, 0, False, make))
            position += count * AAC_FRAME


def _audio_cuts(scene: Scene, spans: list[Span]) -> list[Cut]:
    """The whole timeline as sound to be copied; empty where some of it must be mixed."""
    cuts: list[Cut] = []
    for span in spans:
        if not span.heard and cuts and scene.duration - span.start < _TAIL:
            last = cuts[-1]
            cuts[-1] = Cut(None, last.audio, last.start, last.end + span.end - span.start)
            continue
        if len(span.heard) != 1 or span.heard[0].volume != 1:
            return []
        placed = span.heard[0]
        if placed.fade_in or placed.fade_out:
            return []
        begin = placed.source_time(span.start)
        cut = Cut(None, placed.source.audio, begin, begin + span.end - span.start)
        joined = _joined(cuts[-1], cut) if cuts else None
        cuts[-1:] = [joined] if joined else [*cuts[-1:], cut]
    return cuts


def _codec() -> AudioCodec:
    return AudioCodec(rate=_RATE, channels=_CHANNELS, bitrate=_BITRATE)


def mix(scene: Scene, position: int, count: int, check: Check = go_on) -> list[Sample]:
    """``count`` packets of the timeline's sound from ``position`` (samples at 48 kHz) on."""
    start = position - _LEAD * AAC_FRAME
    length = (count + 2 * _LEAD) * AAC_FRAME
    sound = np.zeros((length, _CHANNELS), np.float32)
    for clip in scene.clips:
        if clip.is_audible:
            check()
            _add(sound, start, clip)
    packets = AacEncoder(_codec()).encode(limit(sound))[_LEAD : _LEAD + count]
    if len(packets) < count:
        raise MediaError("the AAC encoder gave fewer packets than it was given sound for")
    return [Sample(packet.data, AAC_FRAME, True) for packet in packets]


def _add(sound: Floats, start: int, clip: Placed) -> None:
    """Add what ``clip`` sounds like in ``sound``, which begins at ``start`` (samples)."""
    track = clip.source.audio
    if track is None:
        return
    first = max(start, round(clip.start * _RATE / TICKS))
    last = min(start + len(sound), round(clip.end * _RATE / TICKS))
    if first >= last:
        return
    begin = clip.source_start / TICKS + first / _RATE - clip.start / TICKS
    heard = track.pcm(begin, begin + (last - first) / _RATE, _RATE, mono=False)
    sound[first - start : last - start] += matched(heard, _CHANNELS) * _gain(clip, first, last)


def _gain(clip: Placed, first: int, last: int) -> Floats | np.float32:
    """(n, 1): how loud each sample of [first, last) is; one number where the clip has no fades."""
    if not clip.fade_in and not clip.fade_out:
        return np.float32(clip.volume)
    times = np.arange(first, last) * (TICKS / _RATE)
    gain = np.ones(last - first)
    if clip.fade_in:
        gain = np.minimum(gain, (times - clip.start) / clip.fade_in)
    if clip.fade_out:
        gain = np.minimum(gain, (clip.end - times) / clip.fade_out)
    return (np.clip(gain, 0, 1) * clip.volume).astype(np.float32)[:, None]
