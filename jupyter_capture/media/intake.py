"""Writers of the tracks of a foreign file: copied where they fit the profile, else encoded.

Times are relative to the file's origin. A track begins at 0, whatever its stream does: the first
picture is there from the start, and what is missing of the sound is silence.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any, Protocol

import av
import numpy as np

from jupyter_capture.media.encode import (
    AAC_FRAME,
    VIDEO_TIMESCALE,
    AacEncoder,
    EncodedPacket,
    H264Encoder,
    Pcm,
)
from jupyter_capture.media.fmp4 import AudioTrackConfig, VideoTrackConfig
from jupyter_capture.media.foreign import (
    Copyable,
    Pictures,
    Sound,
    decoded,
    nal_kinds,
    parameter_sets,
)
from jupyter_capture.media.upright import Upright
from jupyter_capture.media.writer import TrackWriter
from jupyter_capture.wire.recorder import AudioCodec, TrackManifest, VideoCodec

CHANNEL = "upload"
"""The channel id of every uploaded track."""
RATE = 48000
_KEY_EVERY = 2 * VIDEO_TIMESCALE
_STILL = VIDEO_TIMESCALE // 2  # a picture that stays is encoded again this often
_APART = RATE // 20  # sound is put elsewhere when its times say so by more than this
_FEWEST_FPS = 1
_BLOCK = RATE


class Intake(Protocol):
    """What takes one stream's packets. ``end`` is where it ends, in seconds so far."""

    lost: int

    @property
    def end(self) -> Fraction: ...

    def take(self, packet: Any) -> None: ...

    def finish(self, end: Fraction) -> TrackManifest: ...

    def abandon(self) -> None: ...


class _Intake:
    _writer: TrackWriter

    def abandon(self) -> None:
        """Close the file; what waits is not written."""
        self._writer.finish(0)


def sound_codec(channels: int) -> AudioCodec:
    return AudioCodec(rate=RATE, channels=channels, bitrate=48000 * channels)


def nominal_fps(pictures: Pictures, most: int) -> int:
    """What the encoder is told; where the file does not say, as many as are kept."""
    fps = round(pictures.fps)
    return fps if _FEWEST_FPS <= fps <= most else most


def _when(packet: Any, origin: Fraction) -> Fraction:
    return Fraction(packet.pts) * Fraction(packet.time_base) - origin


class NotDecodableError(Exception):
    """What was to be copied cannot be decoded as it is."""


class CopiedPictures(_Intake):
    """Decodes what it copies: whoever shows it later does so without a limit of memory and time,
    so nothing may be left to be found out by then. Raises NotDecodableError."""

    def __init__(
        self, folder: Path, track_id: str, found: Pictures, copy: Copyable, avcc: bytes,
        origin: Fraction,
    ) -> None:  # fmt: skip
        codec = VideoCodec(width=found.width, height=found.height, fps=nominal_fps(found, 60))
        config = VideoTrackConfig(found.width, found.height, avcc, VIDEO_TIMESCALE)
        self._writer = TrackWriter(folder, track_id, CHANNEL, codec, config)
        self._origin = origin
        self._size = found.width, found.height
        self._left = copy.packets
        self._sets = parameter_sets(avcc) or set()
        self._empty = True
        self.end = copy.end - origin
        self.lost = 0

    def take(self, packet: Any) -> None:
        if packet.size == 0:
            self._check(packet)
            return
        if packet.pts is None:
            return
        if self._left == 0:
            self.lost += 1
            return
        self._left -= 1
        self._check(packet)
        time = 0 if self._empty else round(_when(packet, self._origin) * VIDEO_TIMESCALE)
        self._empty = False
        data = bytes(packet)
        # What a container calls a key frame need not be one that a player can begin at.
        idr = 5 in (nal_kinds(data, self._sets) or set())
        self._writer.add(EncodedPacket(data, time, idr))

    def _check(self, packet: Any) -> None:
        try:
            frames = packet.decode()
        except (av.error.FFmpegError, ValueError) as error:
            raise NotDecodableError(str(error)) from error
        if any((frame.width, frame.height) != self._size for frame in frames):
            raise NotDecodableError("its size changes")

    def finish(self, end: Fraction) -> TrackManifest:
        return self._writer.finish(round(end * VIDEO_TIMESCALE))


class DrawnPictures(_Intake):
    """Decodes and encodes. ``most``: frames a second that are kept; times stay as they are."""

    def __init__(
        self, folder: Path, track_id: str, found: Pictures, origin: Fraction, most: int
    ) -> None:
        self._upright = Upright(found)
        fps = nominal_fps(found, most)
        codec = VideoCodec(width=self._upright.width, height=self._upright.height, fps=fps)
        self._encoder = H264Encoder(codec)
        self._writer = TrackWriter(folder, track_id, CHANNEL, codec, self._encoder.config)
        self._origin = origin
        self._lasting = VIDEO_TIMESCALE // fps
        self._step = VIDEO_TIMESCALE // most
        self._due = 0  # what comes well before it is too much
        self._first = True
        self._held: av.VideoFrame | None = None
        self._last = self._key = -1
        self._end = 0
        self.lost = 0

    @property
    def end(self) -> Fraction:
        return Fraction(self._end, VIDEO_TIMESCALE)

    def take(self, packet: Any) -> None:
        frames = decoded(packet)
        if packet.is_corrupt:
            self.lost += 1
        for frame in frames:
            self._show(frame)

    def _show(self, frame: av.VideoFrame) -> None:
        time = self._end
        base = frame.time_base
        if frame.pts is not None and base:
            time = round((frame.pts * Fraction(base) - self._origin) * VIDEO_TIMESCALE)
        if self._first:
            time, self._first = 0, False
        lasting = round((frame.duration or 0) * Fraction(base or 0) * VIDEO_TIMESCALE)
        self._end = max(self._end, time + (lasting or self._lasting))
        if time < self._due - self._step // 4:
            return
        self._due = max(self._due, time) + self._step
        frame.pts, frame.time_base = time, Fraction(1, VIDEO_TIMESCALE)
        self._put(self._upright.apply(frame))

    def _put(self, frames: list[av.VideoFrame]) -> None:
        for frame in frames:
            # A filter may count in another base than what it was given.
            base = Fraction(frame.time_base or 0)
            time = round(Fraction(frame.pts or 0) * base * VIDEO_TIMESCALE)
            if time <= self._last:
                continue
            self._hold_until(time)
            self._held = frame
            self._encode(time, self._key < 0 or time + self._lasting > self._key + _KEY_EVERY)

    def _hold_until(self, time: int) -> None:
        """Encode the picture on screen again and again, up to ``time``."""
        while self._held is not None:
            following = min(self._last + _STILL, self._key + _KEY_EVERY)
            if following + self._lasting > time:
                return
            self._encode(following, following == self._key + _KEY_EVERY)

    def _encode(self, time: int, key: bool) -> None:
        if self._held is None:
            return
        for packet in self._encoder.encode(self._held, time, key):
            self._writer.add(packet)
        self._last = time
        self._key = time if key else self._key

    def finish(self, end: Fraction) -> TrackManifest:
        ticks = round(end * VIDEO_TIMESCALE)
        self._put(self._upright.finish())
        self._hold_until(ticks)
        for packet in self._encoder.finish():
            self._writer.add(packet)
        return self._writer.finish(ticks)


class CopiedSound(_Intake):
    """Decodes what it copies, as `CopiedPictures` does; for what cannot be there is silence."""

    def __init__(
        self, folder: Path, track_id: str, found: Sound, asc: bytes, origin: Fraction
    ) -> None:
        codec = sound_codec(found.channels)
        config = AudioTrackConfig(RATE, found.channels, asc)
        self._writer = TrackWriter(folder, track_id, CHANNEL, codec, config)
        self._silent = _silence(codec)
        self._origin = origin
        self._at: int | None = None
        self._heard = False
        self.lost = 0

    @property
    def end(self) -> Fraction:
        return Fraction(self._at or 0, RATE)

    def take(self, packet: Any) -> None:
        if packet.size == 0:
            return
        if not decoded(packet) and self._heard:
            self.lost += 1
            return
        self._heard = True
        due = self._at or 0
        place = due if packet.pts is None else round(_when(packet, self._origin) * RATE)
        if place - due <= -AAC_FRAME // 2 and (self._at is None or place - due <= -AAC_FRAME):
            return  # the encoder's priming, or a time that is filled already
        if self._at is None:
            self._at = max(place, 0) % AAC_FRAME
        self._fill(place)
        self._add(bytes(packet))

    def finish(self, end: Fraction) -> TrackManifest:
        samples = round(end * RATE)
        self._at = self._at or 0
        self._fill(samples + AAC_FRAME // 2)
        return self._writer.finish(samples)

    def _fill(self, until: int) -> None:
        """Silence up to the packet's place on the grid that is nearest to ``until``."""
        while until - (self._at or 0) >= AAC_FRAME:
            self._add(self._silent)

    def _add(self, data: bytes) -> None:
        at = self._at or 0
        self._writer.add(EncodedPacket(data, at, True))
        self._at = at + AAC_FRAME


def _silence(codec: AudioCodec) -> bytes:
    return AacEncoder(codec).encode(np.zeros((4 * AAC_FRAME, codec.channels), np.float32))[-1].data


class DrawnSound(_Intake):
    """Decodes, converts to 48 kHz mono or stereo, and encodes."""

    def __init__(self, folder: Path, track_id: str, found: Sound, origin: Fraction) -> None:
        self._channels = min(found.channels, 2)
        codec = sound_codec(self._channels)
        self._encoder = AacEncoder(codec)
        self._writer = TrackWriter(folder, track_id, CHANNEL, codec, self._encoder.config)
        self._origin = origin
        self._resampler: av.AudioResampler | None = None
        self._form: tuple[Any, ...] = ()
        self._count = 0  # samples given to the encoder
        self._skip = 0  # samples of what comes next that lie before that
        self._expected = Fraction(0)  # when the next frame begins, by the number of samples
        self._due = True
        self.lost = 0

    @property
    def end(self) -> Fraction:
        return max(Fraction(self._count, RATE), self._expected)

    def take(self, packet: Any) -> None:
        if packet.is_corrupt:
            self.lost += 1
        for frame in decoded(packet):
            self._hear(frame)

    def _hear(self, frame: av.AudioFrame) -> None:
        form = (frame.format.name, frame.layout.name, frame.sample_rate)
        if form != self._form:
            self._drain()
            self._form = form
        if frame.pts is not None and frame.time_base:
            time = frame.pts * Fraction(frame.time_base) - self._origin
            if self._due or abs(time - self._expected) * RATE > _APART:
                self._go_to(time)
        self._due = False
        self._expected += Fraction(frame.samples, frame.sample_rate)
        if self._resampler is None:
            layout = "mono" if self._channels == 1 else "stereo"
            self._resampler = av.AudioResampler("fltp", layout, RATE)
        frame.pts = None
        for block in self._resampler.resample(frame):
            self._give(np.ascontiguousarray(block.to_ndarray().T, np.float32))

    def _go_to(self, time: Fraction) -> None:
        self._drain()
        self._expected = time
        place = round(time * RATE)
        self._skip = max(0, self._count - place)
        self._silence(place)

    def _drain(self) -> None:
        """Take what the resampler holds back."""
        if self._resampler is not None:
            for block in self._resampler.resample(None):
                self._give(np.ascontiguousarray(block.to_ndarray().T, np.float32))
            self._resampler = None

    def _give(self, pcm: Pcm) -> None:
        skipped = min(self._skip, len(pcm))
        self._skip -= skipped
        self._encode(pcm[skipped:])

    def _silence(self, until: int) -> None:
        while self._count < until:
            count = min(_BLOCK, until - self._count)
            self._encode(np.zeros((count, self._channels), np.float32))

    def _encode(self, pcm: Pcm) -> None:
        self._count += len(pcm)
        for packet in self._encoder.encode(pcm):
            self._writer.add(packet)

    def finish(self, end: Fraction) -> TrackManifest:
        self._drain()
        samples = round(end * RATE)
        self._silence(samples)
        for packet in self._encoder.finish():
            self._writer.add(packet)
        return self._writer.finish(samples)
