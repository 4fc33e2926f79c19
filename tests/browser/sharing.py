"""A browser that shares a clapping tab, and what is found of it in what was stored."""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
from playwright.sync_api import Browser, Locator, Page, expect

from jupyter_capture.client.session import CaptureSession
from jupyter_capture.wire.recorder import Manifest, TrackManifest
from tests.conftest import Engine

Launch = Callable[..., Browser]

EVERY = 1.5
CLAPPER = f"""<title>Clapper</title><body style="background: black"><script>
  const sound = new AudioContext(), tone = new OscillatorNode(sound, {{frequency: 1000}});
  const gate = new GainNode(sound, {{gain: 0}});
  tone.connect(gate).connect(sound.destination); tone.start();
  window.claps = [];
  const clap = () => {{
    claps.push(performance.now() / 1000);
    document.body.style.background = "white"; gate.gain.value = 0.5;
    setTimeout(rest, {EVERY * 500});
  }};
  const rest = () => {{ document.body.style.background = "black"; gate.gain.value = 0; }};
  setInterval(clap, {EVERY * 1000});
</script>"""


GONE = 60.0
"""Seconds for which a browser that is gone without a word may come back. A busy one has no time for
a word when it is closed."""


def until(
    session: CaptureSession, page: Page, *statuses: str, seconds: float = 40.0
) -> CaptureSession:
    deadline = time.monotonic() + seconds
    while session.refresh().status not in statuses:
        assert time.monotonic() < deadline, (session.status, session.error, session.warnings)
        page.wait_for_timeout(50)
    return session


def choose(panel: Page | Locator, *wanted: str) -> None:
    """Switch these channels on, and all others off: once it is known which there are."""
    for channel in wanted:
        expect(panel.locator(f"[data-channel='{channel}']")).to_be_visible(timeout=30_000)
    for row in panel.locator(".jc-channel").all():
        row.locator(".jc-turn").set_checked(row.get_attribute("data-channel") in wanted)


def folder_of(engine: Engine, session: CaptureSession) -> Path:
    return next(engine.data_dir.rglob(session.id))


def tracks_of(engine: Engine, session: CaptureSession) -> dict[str, TrackManifest]:
    """By their channels."""
    path = folder_of(engine, session) / "manifest.json"
    manifest = Manifest.model_validate_json(path.read_bytes())
    return {track.channel_id: track for track in manifest.tracks}


def flashes(file: Path) -> list[float]:
    """Seconds at which the middle of the picture becomes white."""
    shown = []
    with av.open(str(file)) as stored:
        for frame in stored.decode(video=0):
            grey = frame.to_ndarray(format="gray")
            shown.append((float(frame.time), grey[grey.shape[0] // 2, grey.shape[1] // 2] > 128))
    return [at for (_, before), (at, now) in pairwise(shown) if now and not before]


def clicks(file: Path) -> list[float]:
    """Seconds at which a tone begins. A busy browser leaves out a moment of it by itself: what goes
    on thereafter is not another one."""
    with av.open(str(file)) as stored:
        pcm = np.concatenate([f.to_ndarray().mean(axis=0) for f in stored.decode(audio=0)])
    loud = np.abs(pcm[: len(pcm) // 480 * 480]).reshape(-1, 480).max(axis=1) > 0.05
    begins = np.flatnonzero(loud[1:] & ~loud[:-1]) + 1
    return [float(at) / 100 for at in begins if not loud[max(0, at - 30) : at].any()]


def shaken(heard: list[float], claps: list[float]) -> float:
    """Seconds by which a sound is more late, or early, than they mostly are. ``claps``: when they
    were, as the page says, which in a busy browser is not ``EVERY`` apart; of those in between it
    may leave out one."""
    spread = [np.inf]
    for first in claps:
        there = np.array(claps) + (heard[0] - first)
        which = [int(np.abs(there - each).argmin()) for each in heard]
        if np.all(np.diff(which) > 0) and which[-1] - which[0] <= len(which):
            late = np.array(heard) - there[which]
            spread.append(np.abs(late - np.median(late)).max())
    return float(min(spread))
