"""Record, with a live transcript, while somebody searches and plays; watch what the processes take.

    python benchmarks/soak.py [--minutes 15] [--anew]

A stretch is one recording. What it found is added to that of the stretches before, so that they
add up to hours; memory, file handles and threads are those of the engine and of each kind of
process beside it, every ten seconds. What is measured begins after six minutes, when models are
loaded and the engine keeps as many opened streams as it ever does (32). Of memory the least of each
minute counts: work takes some for a moment, and a leak raises what is left after it. The slope is
that of a straight line.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import re
import signal
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx
import numpy as np
from _processes import Process, mark, marked
from _trust import Found, before, save

import jupyter_capture
from jupyter_capture import editor
from jupyter_capture.client.connection import Connection
from jupyter_capture.client.session import CaptureSession
from jupyter_capture.client.video import Video
from jupyter_capture.demo.script import SLIDES
from jupyter_capture.desktop import VirtualDesktop
from jupyter_capture.errors import CaptureError
from jupyter_capture.local import end_engine

SAID = (
    "Let us start with the budget discussion.",
    "We have twelve thousand for travel this year.",
    "After that we talk about hiring two engineers.",
    "The model overfits when the learning rate is too high.",
    "Please send me the notebook before Friday.",
)
EVERY = 10.0
CHANNELS = ("display:1", "mic:default", "system_audio:default")
WHAT = ("memory", "handles", "threads")
# Megabytes and counts an hour, of which a slope is called flat.
FLAT = {"memory": 20.0, "handles": 2.0, "threads": 2.0}
WARM = 360.0
FLOOR = 60.0

Sample = dict[str, dict[str, float]]


def taken(process: Process) -> dict[str, float]:
    """Private memory (MB), open files and threads of a process."""
    folder = Path(f"/proc/{process.pid}")
    status = (folder / "status").read_text()
    own = re.search(r"RssAnon:\s+(\d+)", status)
    threads = re.search(r"Threads:\s+(\d+)", status)
    return {
        "memory": int(own[1]) / 1000 if own else 0.0,
        "handles": float(len(os.listdir(folder / "fd"))),
        "threads": float(threads[1]) if threads else 0.0,
    }


def sample(token: str) -> Sample:
    """By kind of process; those that come and go with their work are left out."""
    found: Sample = defaultdict(lambda: dict.fromkeys(WHAT, 0.0))
    for process in marked(token):
        if process.kind in ("engine", "recorder", "live", "renderer"):
            with contextlib.suppress(OSError):
                for name, value in taken(process).items():
                    found[process.kind][name] += value
    return dict(found)


class Guest:
    """Who searches and plays meanwhile."""

    def __init__(self, connection: Connection, video: Video, session: CaptureSession) -> None:
        self._connection, self._video, self._session = connection, video, session
        self._rng = random.Random(1)
        self.done: dict[str, int] = defaultdict(int)
        self.refused: list[str] = []

    def turn(self) -> None:
        for name in ("search", "search_live", "play", "play_live", "compose"):
            try:
                getattr(self, f"_{name}")()
                self.done[name] += 1
            except (CaptureError, httpx.HTTPError) as error:
                self.refused.append(f"{name}: {type(error).__name__}: {str(error)[:80]}")

    def _search(self) -> None:
        words = self._rng.choice(("budget", "hiring engineers", "learning rate", "Friday"))
        for shot in self._video.search(words, top_k=3).shots:
            shot.generate_stream()

    def _search_live(self) -> None:
        body = {"query": "budget"}
        self._connection.http.post(f"capture/session/{self._session.id}/search", body)

    def _play(self) -> None:
        play(self._video.generate_stream(), last=False)

    def _play_live(self) -> None:
        play(self._session.generate_stream(), last=True)

    def _compose(self) -> None:
        """A timeline that is another each time, so that it is rendered."""
        timeline, track, above = editor.Timeline(self._connection), editor.Track(), editor.Track()
        track.add_clip(0, editor.Clip(editor.VideoAsset(self._video.id), 2.0))
        above.add_clip(0, editor.Clip(editor.TextAsset(f"{time.time():.0f}"), 2.0))
        timeline.add_track(track)
        timeline.add_track(above)
        play(timeline.generate_stream(), last=False)


def play(url: str, *, last: bool) -> None:
    """A segment of each rendition, as a player asks for them."""
    with httpx.Client(timeout=60) as player:
        master = player.get(url).raise_for_status().text
        for name in sorted(set(re.findall(r"(?:video|audio)\.m3u8", master))):
            text = player.get(urljoin(url, name)).raise_for_status().text
            lines = [line for line in text.splitlines() if line and not line.startswith("#")]
            if lines:
                player.get(urljoin(urljoin(url, name), lines[-1 if last else 0])).raise_for_status()


@contextlib.contextmanager
def recording(connection: Connection) -> Iterator[CaptureSession]:
    session = connection.create_capture_session()
    session.start([{"name": name, "store": True} for name in CHANNELS])
    try:
        for stream in session.refresh().rtstreams:
            if stream.name.startswith("mic"):
                stream.start_transcript()
        connection.http.post(f"capture/session/{session.id}/listen", {})
        yield session
    finally:
        session.stop()


def stretch(minutes: float) -> dict[str, Any]:
    with VirtualDesktop("1280x720") as desktop, tempfile.TemporaryDirectory() as folder:
        desktop.show(SLIDES, 4.0)
        os.environ.update(desktop.env)
        token = mark()
        data_dir = Path(folder) / "library"
        connection = jupyter_capture.connect(data_dir=data_dir)
        try:
            with recording(connection) as first:
                for line in SAID:
                    desktop.say(line)
            video = first.refresh().get_video()
            assert video is not None
            video.index_spoken_words(show_progress=False)
            with recording(connection) as session:
                guest = Guest(connection, video, session)
                found = watch(desktop, guest, token, minutes)
            length = float(session.refresh().duration or 0)
            return {
                **found,
                "recorded": length,
                "status": session.status,
                "asked": dict(guest.done),
                "refused": guest.refused[:20],
                "refusals": len(guest.refused),
            }
        finally:
            connection.close()
            end_engine(data_dir)
            for process in marked(token):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process.pid, signal.SIGKILL)


def watch(desktop: VirtualDesktop, guest: Guest, token: str, minutes: float) -> dict[str, Any]:
    began = time.monotonic()
    samples: list[tuple[float, Sample]] = []
    turn = 0
    while time.monotonic() < began + minutes * 60:
        desktop.say(SAID[turn % len(SAID)], wait=False)
        guest.turn()
        turn += 1
        samples.append((time.monotonic() - began, sample(token)))
        time.sleep(max(0.0, began + turn * EVERY - time.monotonic()))
    return {"minutes": minutes, "kinds": slopes(samples), "by_minute": by_minute(samples)}


def by_minute(samples: list[tuple[float, Sample]]) -> dict[str, list[float]]:
    """Kind → the least memory of each minute, from the first one on."""
    kinds = sorted({kind for _, found in samples for kind in found})
    return {
        kind: [
            round(value, 1)
            for _, value in _floor([(at, of[kind]["memory"]) for at, of in samples if kind in of])
        ]
        for kind in kinds
    }


def slopes(samples: list[tuple[float, Sample]]) -> dict[str, dict[str, list[float]]]:
    """Kind → what → [at the beginning, at the end, slope an hour], after the first minutes."""
    kept = [one for one in samples if one[0] >= min(WARM, samples[-1][0] / 3)]
    result: dict[str, dict[str, list[float]]] = {}
    for kind in sorted({kind for _, found in kept for kind in found}):
        result[kind] = {}
        for what in WHAT:
            points = [(at, found[kind][what]) for at, found in kept if kind in found]
            result[kind][what] = _slope(_floor(points) if what == "memory" else points)
    return {kind: of for kind, of in result.items() if all(of.values())}


def _floor(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """The least of each minute."""
    minutes: dict[int, list[tuple[float, float]]] = defaultdict(list)
    for at, value in points:
        minutes[int(at / FLOOR)].append((at, value))
    return [min(each, key=lambda point: point[1]) for each in minutes.values()]


def _slope(points: list[tuple[float, float]]) -> list[float]:
    """Empty where it was seen too seldom."""
    if len(points) < 3:
        return []
    values = np.array([value for _, value in points])
    slope = float(np.polyfit([at / 3600 for at, _ in points], values, 1)[0])
    third = max(1, len(values) // 3)
    ends = (float(np.median(values[:third])), float(np.median(values[-third:])))
    return [round(value, 1) for value in (*ends, slope)]


def report(stretches: list[dict[str, Any]]) -> None:
    minutes = sum(one["minutes"] for one in stretches)
    last = stretches[-1]["kinds"]
    said = "; ".join(
        f"{kind} {of['memory'][0]:.0f} → {of['memory'][1]:.0f} MB ({of['memory'][2]:+.0f} MB/h),"
        f" {of['handles'][0]:.0f} → {of['handles'][1]:.0f} files,"
        f" {of['threads'][0]:.0f} → {of['threads'][1]:.0f} threads"
        for kind, of in last.items()
    )
    slopes_of = [one["kinds"]["engine"]["memory"][2] for one in stretches]
    if len(slopes_of) > 1:
        each = ", ".join(f"{slope:+.0f}" for slope in slopes_of)
        said = f"the last: {said}; the engine's memory in each: {each} MB/h"
    refused = sum(one["refusals"] for one in stretches)
    asked = sum(sum(one["asked"].values()) for one in stretches)
    held = refused == 0 and all(
        abs(of[what][2]) <= FLAT[what]
        for one in stretches
        for of in one["kinds"].values()
        for what in WHAT
    )
    row = Found(
        "Memory, file handles and threads stay what they are while it records for hours",
        "screen, microphone and system audio with a live transcript, searched and played every "
        f"{EVERY:.0f} s ({asked} requests, {refused} refused), in stretches; flat is up to "
        f"{FLAT['memory']:.0f} MB, {FLAT['handles']:.0f} files and threads an hour",
        f"{minutes:.0f} min in {len(stretches)} stretches",
        said,
        held,
    )
    save("soak", [row], {"stretches": stretches})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=15.0)
    parser.add_argument("--anew", action="store_true", help="forget the stretches before")
    asked = parser.parse_args()
    found = stretch(asked.minutes)
    stretches = [] if asked.anew else before("soak").get("stretches", [])
    report([*stretches, found])
    for kind, of in found["kinds"].items():
        for what, (first, last, slope) in of.items():
            print(f"{kind:9} {what:8} {first:8.1f} → {last:8.1f}  {slope:+8.1f} an hour")
    print(f"asked {found['asked']}, refused {found['refusals']}: {found['refused'][:3]}")


if __name__ == "__main__":
    main()
