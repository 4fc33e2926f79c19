"""A microphone or the system audio, being recorded or only listened to."""

from __future__ import annotations

from collections.abc import Callable

from jupyter_capture.recorder.channel import ChannelThread, Tell
from jupyter_capture.recorder.clock import NS, MediaClock
from jupyter_capture.recorder.ear import Ear
from jupyter_capture.recorder.levels import LevelMeter
from jupyter_capture.recorder.sound_tracks import SoundTracks
from jupyter_capture.recorder.sources.base import SAMPLE_RATE, AudioSource, Pcm, Sound
from jupyter_capture.recorder.stamp import SoundStamper

_SETTLED = SAMPLE_RATE // 5


class AudioChannel(ChannelThread[Sound]):
    """Stamps the blocks of a source and hands them to the tracks while the channel is kept, and
    to its ear while somebody listens."""

    def __init__(
        self,
        source: AudioSource,
        clock: MediaClock,
        tracks: SoundTracks,
        tell: Tell,
        wanted: Callable[[str], bool],
    ) -> None:
        super().__init__(source, clock, tell)
        self.meter = LevelMeter()
        self.channels = source.channels
        self._tracks = tracks
        self._ear = Ear(source.channel_id, clock, tell, wanted)
        self._stamper = SoundStamper()
        self._heard = 0

    def keep(self, kept: bool) -> None:
        """Begin to keep the channel, or go on with it live only. Both may come again."""
        if kept:
            self._tracks.keep(self.channel_id, self.channels)
        self._set_kept(kept)
        self._tell_presence()

    def pause(self, paused: bool) -> None:
        """While it is paused nothing of the channel is stored, nor heard by anybody."""
        self._set_paused(paused)
        self._tell_presence()

    def take(self, piece: Sound) -> None:
        if not len(piece.pcm):
            return
        self.meter.add(piece.pcm)
        settling = self._heard < _SETTLED
        first, pcm = self._stamper.place(piece, rough=settling or not self.clock.started)
        self._heard += len(pcm)
        if settling:
            self._settle()
            return
        begun = piece.moment - len(pcm) * NS // SAMPLE_RATE
        kept = self.is_storing(begun)
        if (heard := self._ear.open and self.is_open(begun)) or kept:
            self._pass_on(first, pcm, heard, kept)

    def _settle(self) -> None:
        """The first blocks of a device come in jerks: they only show where the sound belongs."""
        if self._heard >= _SETTLED:
            self.ready.set()
            self._tell_presence()

    def _tell_presence(self) -> None:
        """Nobody waits for a channel that is known to give nothing."""
        silent = self._heard < _SETTLED or self.lost is not None
        self._tracks.set_absent(self.channel_id, silent or not self.storing)

    def _pass_on(self, first: int, pcm: Pcm, heard: bool, kept: bool) -> None:
        for span in self.clock.spans(first, len(pcm), SAMPLE_RATE):
            part = pcm[span.skip : span.skip + span.take]
            kept = kept and self.kept
            if kept:
                self._tracks.add(self.channel_id, span.position, part)
            if heard:
                self._ear.hear(span.position, part, kept)

    def idle(self) -> None:
        self._tracks.set_absent(self.channel_id, True)

    def found(self) -> None:
        self._stamper.reset()
        self._heard = 0
