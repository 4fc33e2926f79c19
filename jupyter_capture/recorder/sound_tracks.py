"""Settles the kept audio channels and their mix, and stores each as a track."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np

from jupyter_capture.media.encode import AAC_FRAME, AacEncoder, Pcm
from jupyter_capture.media.forget import silence
from jupyter_capture.media.mix import MIX_CHANNELS, RATE, Mixed, Mixer
from jupyter_capture.media.writer import TrackWriter
from jupyter_capture.recorder.screen_track import RESTARTED
from jupyter_capture.wire.recorder import MIX, AudioCodec, Gap, TrackManifest

NO_DATA = "no data"
"""The reason of a gap in which the device gave nothing, nobody knows why."""

_SHORTEST_GAP = RATE // 20
_FRAGMENT = RATE * 3 // 10
"""Sound is under way for up to 0.2 s before it gets here: a death loses half a second of it."""

OnPart = Callable[[TrackManifest], None]
Before = Callable[[str], TrackManifest | None]
"""What a recorder that died left of a channel's track."""


def codec_for(channels: int) -> AudioCodec:
    """Mono 48 kbit/s, stereo 96."""
    return AudioCodec(rate=RATE, channels=channels, bitrate=48000 * channels)


class _SoundTrack:
    def __init__(
        self,
        folder: Path,
        track_id: str,
        channel_id: str,
        channels: int,
        on_part: OnPart,
        after: TrackManifest | None,
    ) -> None:
        self.codec = codec_for(channels)
        self._start = after.duration if after else 0
        self._encoder = AacEncoder(self.codec, self._start)
        self.writer = TrackWriter(
            folder,
            track_id,
            channel_id,
            self.codec,
            self._encoder.config,
            offset=self._start,
            on_part=on_part,
            after=after,
            longest=_FRAGMENT,
        )
        self._gap: tuple[int, int] | None = None
        self._reason = ""
        self._skip = 0

    def write(self, pcm: Pcm) -> None:
        if self._skip:
            skipped = min(self._skip, len(pcm))
            pcm, self._skip = pcm[skipped:], self._skip - skipped
        for packet in self._encoder.encode(pcm):
            self.writer.add(packet)

    def begin_silent(self, until: int) -> None:
        """Fill the track with silence from its start to sample ``until``."""
        whole = (until - self._start) // AAC_FRAME
        for packet in silence(self.codec, self._start, whole):
            self.writer.add(packet)
        self._encoder = AacEncoder(self.codec, self._start + whole * AAC_FRAME)
        rest = until - self._start - whole * AAC_FRAME
        self.write(np.zeros((rest, self.codec.channels), np.float32))

    def cut(self, position: int) -> None:
        """End the part at sample ``position``, filled up to a whole packet: what comes after is in
        a part of its own."""
        for packet in self._encoder.finish():
            self.writer.add(packet)
        start = -(-position // AAC_FRAME) * AAC_FRAME
        self._skip = start - position
        self._encoder = AacEncoder(self.codec, start)
        self.writer.new_part(self._encoder.config, start)

    def miss(self, start: int, end: int, reason: str) -> None:
        """Note a gap; neighbouring ones become one where they can, tiny ones are left out."""
        # Sound is missing for a while before it is known why, and after it came back.
        same = reason == self._reason or NO_DATA in (reason, self._reason)
        if self._gap and self._gap[1] == start and same:
            self._gap = (self._gap[0], end)
            self._reason = reason if self._reason == NO_DATA else self._reason
            return
        self._end_gap()
        self._gap, self._reason = (start, end), reason

    def finish(self, end: int) -> TrackManifest:
        self._end_gap()
        for packet in self._encoder.finish():
            self.writer.add(packet)
        return self.writer.finish(end)

    @property
    def manifest(self) -> TrackManifest:
        """What is on the disk by now, and the gap that still goes on."""
        track, gap = self.writer.manifest, self._gap
        if gap is not None and min(gap[1], track.duration) - gap[0] >= _SHORTEST_GAP:
            end = min(gap[1], track.duration)
            track.gaps.append(Gap(start=gap[0], end=end, reason=self._reason))
        return track

    def _end_gap(self) -> None:
        if self._gap and self._gap[1] - self._gap[0] >= _SHORTEST_GAP:
            self.writer.gap(*self._gap, self._reason)
        self._gap = None


class SoundTracks:
    """The stems of the kept channels and the mix. Any thread may `add()`, one `advance()`s.

    ``new_id`` makes a track's id; ``why`` tells why a channel gives nothing. ``position``: the
    media sample at which the sound begins; before it all tracks are silent. ``before``: what a
    recorder that died left of a channel's track, to go on with. ``watermark``: samples for which
    sound is waited for.
    """

    def __init__(
        self,
        folder: Path,
        new_id: Callable[[], str],
        on_part: OnPart,
        why: Callable[[str], str],
        position: int = 0,
        before: Before = lambda _: None,
        watermark: int = RATE,
    ) -> None:
        self._folder, self._new_id, self._on_part, self._why = folder, new_id, on_part, why
        self._before = before
        self._watermark = watermark
        self._mixer = Mixer({}, watermark, position)
        self._tracks: dict[str, _SoundTrack] = {}
        self._lock = threading.Lock()

    def begin_at(self, position: int) -> None:
        """Let the sound begin at this media sample. To be said before anything is kept."""
        self._mixer = Mixer({}, self._watermark, position)

    def keep(self, channel_id: str, channels: int) -> None:
        """Begin to keep a channel. Before now its track is silent, and listed as a gap."""
        with self._lock:
            if channel_id in self._tracks:
                return
            if MIX not in self._tracks:
                self._begin(MIX, MIX_CHANNELS, self._mixer.position)
            self._begin(channel_id, channels, self._mixer.position)
            self._mixer.add_stem(channel_id, channels)

    def add(self, channel_id: str, position: int, pcm: Pcm) -> None:
        """Take samples of a kept channel at a media position."""
        self._mixer.add(channel_id, position, pcm)

    def set_absent(self, channel_id: str, absent: bool) -> None:
        if channel_id in self._tracks:
            self._mixer.set_absent(channel_id, absent)

    def arrived(self, end: int) -> bool:
        return self._mixer.arrived(end)

    def advance(self, now: int) -> None:
        """Store what has settled, with media time at sample ``now``."""
        with self._lock:
            self._store(self._mixer.take(now))

    def finish(self, end: int) -> None:
        """Store the rest up to sample ``end``, a whole number of AAC frames, and close."""
        with self._lock:
            self._store(self._mixer.finish(end))
            for track in self._tracks.values():
                track.finish(end)

    def manifests(self) -> list[TrackManifest]:
        return [track.manifest for track in list(self._tracks.values())]

    def cut(self, now: int) -> list[TrackWriter]:
        """Let what comes after sample ``now`` be a part of its own; the writers of all tracks."""
        with self._lock:
            self._store(self._mixer.finish(now))
            for track in self._tracks.values():
                track.cut(self._mixer.position)
            return [track.writer for track in self._tracks.values()]

    def _begin(self, channel_id: str, channels: int, position: int) -> None:
        before = self._before(channel_id)
        track = _SoundTrack(
            self._folder,
            before.id if before else self._new_id(),
            channel_id,
            channels,
            self._on_part,
            before,
        )
        track.begin_silent(position)
        start = before.duration if before else 0
        if position > start:
            track.miss(start, position, RESTARTED if before else "not kept")
        self._tracks[channel_id] = track

    def _store(self, mixed: Mixed | None) -> None:
        if mixed is None:
            return
        for channel_id, pcm in mixed.stems.items():
            track = self._tracks[channel_id]
            for start, end in mixed.missing[channel_id]:
                track.miss(start, end, self._why(channel_id))
            track.write(pcm)
        self._tracks[MIX].write(mixed.mix)
