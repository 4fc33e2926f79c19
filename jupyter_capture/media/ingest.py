"""A foreign file becomes stored tracks: copied where it fits the track profile, else converted."""

from __future__ import annotations

import contextlib
import math
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

from jupyter_capture.errors import InvalidRequestError
from jupyter_capture.media.encode import AAC_FRAME
from jupyter_capture.media.foreign import (
    Foreign,
    MediaType,
    Still,
    copyable_pictures,
    copyable_sound,
    look,
    look_at_still,
    open_foreign,
    packets,
    refusal,
)
from jupyter_capture.media.intake import (
    RATE,
    CopiedPictures,
    CopiedSound,
    DrawnPictures,
    DrawnSound,
    Intake,
    NotDecodableError,
)
from jupyter_capture.wire.recorder import TrackManifest

Progress = Callable[[float, str], None]
Cancelled = Callable[[], bool]

_LONGEST = 24 * 3600
_LONGEST_HOLD = 10
"""Seconds that the last picture of a copied track stays on screen at most."""
_TWO_THREADS_FROM = 1280 * 720 + 1


@dataclass
class Ingested:
    """``tracks`` are all equally long. ``warnings``: what could not be kept, in words."""

    kind: Literal["video", "audio"]
    seconds: float
    tracks: list[TrackManifest]
    warnings: list[str] = field(default_factory=list)


def recognise(path: Path, name: str, wanted: MediaType | None = None) -> Still | Foreign:
    """What a file is: a picture to keep as it is, or something to `ingest`.

    ``wanted`` is what somebody said that it is. Raises MediaError where the file is neither, and
    InvalidRequestError where it is not what was said.
    """
    still = look_at_still(path, name)
    if still is not None and (not still.moves or wanted == "image"):
        if wanted in (None, "image"):
            return still
        raise _not_wanted(name, "a picture", wanted)
    found = look(path, name)
    if wanted == "image":
        raise _not_wanted(name, "a video" if found.pictures else "sound", wanted)
    if wanted == "video" and found.pictures is None:
        raise _not_wanted(name, "sound without pictures", wanted)
    if wanted == "audio" and found.sound is None:
        raise _not_wanted(name, "a video without sound", wanted)
    return found


def _not_wanted(name: str, what: str, wanted: str | None) -> InvalidRequestError:
    return InvalidRequestError(
        f'{name!r} is {what}, but media_type "{wanted}" was asked for. Leave media_type out to '
        "have it recognised."
    )


def ingest(
    foreign: Foreign,
    folder: Path,
    new_id: Callable[[], str],
    *,
    fps: int,
    sound_only: bool = False,
    progress: Progress | None = None,
    cancelled: Cancelled | None = None,
) -> Ingested | None:
    """Write the tracks of a file below ``folder``, each in a folder named by a ``new_id()``.

    ``fps``: frames a second that converted pictures keep at most. ``progress`` gets a fraction
    and a stage. Returns None, and leaves nothing behind, where ``cancelled()`` became true.
    Raises MediaError and StorageFullError, and leaves nothing behind either.
    """
    work = _Ingest(foreign, folder, new_id, fps, sound_only)
    done = None
    try:
        done = work.run(progress or (lambda fraction, stage: None), cancelled or (lambda: False))
    finally:
        if done is None:
            work.abandon()
            _remove(folder)
    return done


def _remove(folder: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        shutil.rmtree(folder)


class _Ingest:
    def __init__(
        self,
        foreign: Foreign,
        folder: Path,
        new_id: Callable[[], str],
        fps: int,
        sound_only: bool,
    ) -> None:
        self._foreign = foreign
        self._sound_only = sound_only or foreign.pictures is None
        sound = foreign.sound
        self._origin = sound.first if self._sound_only and sound else foreign.origin
        self._folder, self._new_id, self._fps = folder, new_id, min(fps, 60)
        self._intakes: dict[int, Intake] = {}
        self._converts = False
        self._read = Fraction(0)
        self._too_long = False

    def run(self, progress: Progress, cancelled: Cancelled) -> Ingested | None:
        progress(0.0, "Looking")
        asc = copyable_sound(self._foreign, RATE)
        copy = None if self._sound_only else copyable_pictures(self._foreign)
        try:
            return self._take_in(asc, copy, progress, cancelled)
        except NotDecodableError:
            # A decoder that goes on behind damage makes good pictures of what is left.
            self.abandon()
            _remove(self._folder)
            self._intakes, self._too_long = {}, False
            return self._take_in(asc, None, progress, cancelled)

    def _take_in(
        self, asc: bytes | None, copy: Any, progress: Progress, cancelled: Cancelled
    ) -> Ingested | None:
        with open_foreign(self._foreign.path) as container:
            if copy is not None and self._ends_long_before(container, copy.end):
                copy = None
            self._prepare(container, asc, copy)
            stage = "Converting" if self._converts else "Copying"
            if not self._take_all(container, progress, cancelled, stage):
                return None
        return self._finish()

    def abandon(self) -> None:
        for intake in self._intakes.values():
            intake.abandon()

    def _ends_long_before(self, container: Any, end: Fraction) -> bool:
        """Whether the sound goes on for so long that the last picture must be drawn again."""
        found = self._foreign.sound
        if found is None:
            return False
        stream = container.streams[found.index]
        seconds = stream.duration and stream.duration * Fraction(stream.time_base)
        claimed = found.first + (seconds or Fraction(self._foreign.duration or 0))
        return bool(claimed - end > _LONGEST_HOLD)

    def _prepare(self, container: Any, asc: bytes | None, copy: Any) -> None:
        pictures, sound = self._foreign.pictures, self._foreign.sound
        if pictures is not None and not self._sound_only:
            context = container.streams[pictures.index].codec_context
            context.thread_count = 2 if pictures.width * pictures.height >= _TWO_THREADS_FROM else 1
            place = self._folder, self._new_id(), pictures
            if copy is not None:
                avcc = bytes(context.extradata)
                self._intakes[pictures.index] = CopiedPictures(*place, copy, avcc, self._origin)
            else:
                self._intakes[pictures.index] = DrawnPictures(*place, self._origin, self._fps)
                self._converts = True
        if sound is not None:
            where = self._folder, self._new_id(), sound
            if asc is not None:
                self._intakes[sound.index] = CopiedSound(*where, asc, self._origin)
            else:
                self._intakes[sound.index] = DrawnSound(*where, self._origin)
                self._converts = True

    def _take_all(
        self, container: Any, progress: Progress, cancelled: Cancelled, stage: str
    ) -> bool:
        """Read to the end, or as far as it goes. False if cancelled."""
        size = max(self._foreign.path.stat().st_size, 1)
        said = -1.0
        for packet in packets(container, [container.streams[at] for at in self._intakes]):
            if packet.pts is not None:
                time = packet.pts * Fraction(packet.time_base) - self._origin
                if time > _LONGEST:
                    self._too_long = True
                    continue
                done = self._share(time, packet.pos, size)
                if done - said >= 0.01:
                    said = done
                    progress(done, stage)
                    if cancelled():
                        return False
            self._intakes[packet.stream.index].take(packet)
        return not cancelled()

    def _share(self, time: Fraction, position: int | None, size: int) -> float:
        duration = self._foreign.duration
        done = float(time) / duration if duration else (position or 0) / size
        return min(max(done, 0.0), 0.99)

    def _finish(self) -> Ingested:
        end = max((intake.end for intake in self._intakes.values()), default=Fraction(0))
        if end <= 0:
            raise refusal(self._foreign.name, "holds nothing that can be decoded")
        read = end
        if self._foreign.sound is not None:
            # A whole number of AAC packets, so that picture and sound end together.
            end = Fraction(math.ceil(end * RATE / AAC_FRAME) * AAC_FRAME, RATE)
        tracks = [intake.finish(end) for intake in self._intakes.values()]
        return Ingested(
            "audio" if self._sound_only else "video", float(end), tracks, self._warnings(read)
        )

    def _warnings(self, read: Fraction) -> list[str]:
        found = self._foreign
        said: list[str] = []
        lost = sum(intake.lost for intake in self._intakes.values())
        if found.duration and read + 1 < Fraction(found.duration) * Fraction(98, 100):
            said.append(
                f"{found.name!r} is cut off or damaged: {float(read):.1f} s of the "
                f"{found.duration:.1f} s that it claims could be read, and are kept."
            )
        elif lost:
            said.append(f"{found.name!r} is damaged: {lost} packets could not be decoded.")
        if found.pictures_lost:
            said.append(f"The pictures of {found.name!r} cannot be decoded: its sound is kept.")
        if found.more_sounds and found.sound is not None:
            said.append(
                f"{found.name!r} has {found.more_sounds + 1} sound tracks; the first one is kept."
            )
        if self._too_long:
            said.append(f"Only the first {_LONGEST // 3600} hours of {found.name!r} are kept.")
        return said


__all__ = ["Foreign", "Ingested", "MediaType", "Still", "ingest", "recognise"]
