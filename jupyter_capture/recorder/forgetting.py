"""Forgets a stretch of a recording that goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fractions import Fraction
from pathlib import Path

from jupyter_capture.media.forget import scrub, stand_in
from jupyter_capture.media.writer import TrackWriter
from jupyter_capture.wire.recorder import TrackManifest


def forget(
    folder: Path,
    writers: Iterable[TrackWriter],
    start: Fraction,
    end: Fraction,
    save: Callable[[], None],
) -> None:
    """Erase from ``start`` to ``end`` (media seconds) what lies before the part that each writer
    writes now. ``save`` stores the manifest of them all."""
    written = list(writers)
    for writer in written:
        writer.replace(lambda track: _without(folder, track, start, end))
    save()
    for writer in written:
        scrub(folder, writer.manifest)


def _without(folder: Path, track: TrackManifest, start: Fraction, end: Fraction) -> TrackManifest:
    scale = track.timescale
    return stand_in(folder, track, int(start * scale), -int(-end * scale // 1), growing=True)
