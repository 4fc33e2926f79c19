"""Kill whatever records, at random moments, and count what is missing.

Each round kills -9 the recorder, the engine, both, or the process that started the recording,
waits until the session goes on, and looks at the tracks at the end: how much of what was recorded
before the kill is lost, how long it took until the recording went on, and whether all of it reads.

    python benchmarks/kills.py [--kills 15] [--anew]

It goes on where it ended the last time: the kills of all times are counted together.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from _trust import Found, before, save
from PIL import Image

import jupyter_capture
from jupyter_capture.client.connection import Connection
from jupyter_capture.client.engine import read_locator
from jupyter_capture.client.session import CaptureSession
from jupyter_capture.desktop import VirtualDesktop
from jupyter_capture.desktop.window import Root
from jupyter_capture.errors import CaptureError, EngineUnavailableError
from jupyter_capture.local import end_engine
from jupyter_capture.media.tracks import StoredTrack
from jupyter_capture.wire.recorder import Manifest

T = TypeVar("T")

VICTIMS = ("recorder", "engine", "both", "kernel")
ROUNDS = 5  # kills of one session
RESTARTED = "the recorder was started again"
_START = """
import sys, time, jupyter_capture
session = jupyter_capture.connect(data_dir=sys.argv[1]).create_capture_session()
names = ("display:1", "mic:default", "system_audio:default")
session.start([{"name": name, "store": True} for name in names])
print(session.id, flush=True)
time.sleep(36000)
"""


@dataclass
class Kill:
    """``at``: media seconds of the kill; ``lost`` and ``missing`` in seconds."""

    victim: str
    at: float
    lost: float = 0.0
    missing: float = 0.0


@dataclass
class Campaign:
    data_dir: Path
    connection: Connection
    kernel: subprocess.Popen[str] | None = None
    kills: list[Kill] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)

    def session(self, rounds: int, rng: random.Random) -> None:
        """One recording, killed so many times."""
        self.kernel = subprocess.Popen(
            [sys.executable, "-c", _START, str(self.data_dir)], stdout=subprocess.PIPE, text=True
        )
        assert self.kernel.stdout is not None
        session_id = self.kernel.stdout.readline().strip()
        session = CaptureSession(self.connection, session_id, "default").refresh()
        done = []
        try:
            for _ in range(rounds):
                time.sleep(rng.uniform(1.5, 5))
                done.append(self.kill(session, rng.choice(VICTIMS)))
            time.sleep(1)
            session.stop()
        finally:
            self.kernel.kill()
            self.kernel.wait()
            self.kernel.stdout.close()
        self.judge(session, done)
        self.kills += done

    def kill(self, session: CaptureSession, victim: str) -> Kill:
        pid = self.recorder(session)
        locator = read_locator(self.data_dir)
        at = time.time() - (session.started_at or 0)
        if victim in ("engine", "both") and locator is not None:
            os.kill(locator.pid, signal.SIGKILL)
        if victim in ("recorder", "both"):
            os.kill(pid, signal.SIGKILL)
        if victim == "kernel" and self.kernel is not None:
            self.kernel.kill()
        if victim in ("recorder", "both"):
            if victim == "both":
                patiently(self.connection.status)
            until(lambda: self.recorder(session) != pid)
        until(lambda: (patiently(session.refresh).duration or 0) > at)
        return Kill(victim, at)

    def recorder(self, session: CaptureSession) -> int:
        return int((self.data_dir / "sessions" / session.id / "recorder.pid").read_text())

    def judge(self, session: CaptureSession, done: list[Kill]) -> None:
        folder = self.data_dir / "sessions" / session.id
        manifest = Manifest.model_validate_json((folder / "manifest.json").read_bytes())
        if session.status != "exported":
            self.unreadable.append(f"{session.id} is {session.status}")
        for one in manifest.tracks:
            track = StoredTrack.open(folder, one)
            gaps = [gap for gap in one.gaps if gap.reason == RESTARTED]
            restarts = [kill for kill in done if kill.victim in ("recorder", "both")]
            if len(gaps) != len(restarts) or track.damage or abs(track.end - one.duration) > 1:
                self.unreadable.append(f"{one.channel_id}: {len(gaps)} gaps, {track.damage}")
            for kill, gap in zip(restarts, gaps, strict=False):
                kill.lost = max(kill.lost, kill.at - gap.start / one.timescale)
                kill.missing = max(kill.missing, gap.end / one.timescale - kill.at)
            self.decode(track)

    def decode(self, track: StoredTrack) -> None:
        try:
            if track.manifest.kind == "video":
                count = sum(1 for _ in track.frames(0, track.end))
            else:
                count = len(track.pcm(0, track.end / track.timescale, 16000))
            if not count:
                self.unreadable.append(f"{track.id} holds nothing")
        except CaptureError as error:
            self.unreadable.append(error.message)


def patiently(ask: Callable[[], T]) -> T:
    """On a machine that is busy with other things an engine may take long to start."""
    for _ in range(5):
        try:
            return ask()
        except EngineUnavailableError:
            time.sleep(0.2)
    return ask()


def until(found: Callable[[], object], seconds: float = 120.0) -> None:
    deadline = time.monotonic() + seconds
    while not found():
        if time.monotonic() > deadline:
            raise SystemExit("the recording did not go on")
        time.sleep(0.02)


def paint(display: str) -> subprocess.Popen[bytes]:
    """A process that changes the screen ten times a second."""
    return subprocess.Popen([sys.executable, __file__, "--paint", display])


def listeners() -> list[subprocess.Popen[bytes]]:
    """Others who listen all the time. A virtual sink to which nobody listens renders its sound two
    seconds ahead, and gives none to who comes before they are over; no real device does that."""
    return [
        subprocess.Popen(
            ["parec", "--latency-msec=20", f"--device={source}"], stdout=subprocess.DEVNULL
        )
        for source in ("speakers.monitor", "microphone_wire.monitor")
    ]


def painter(display: str) -> None:
    rng = np.random.default_rng(1)
    with Root(display) as root:
        while True:
            pixels = rng.integers(0, 255, (18, 32, 3), np.uint8)
            root.show(Image.fromarray(pixels))
            time.sleep(0.1)


def by_victim(kills: list[Kill]) -> dict[str, dict[str, Any]]:
    """How often, and seconds that were lost and missing: the median, and the most."""
    found: dict[str, dict[str, Any]] = {}
    for victim in VICTIMS:
        of = [kill for kill in kills if kill.victim == victim]
        if of:
            lost, missing = [kill.lost for kill in of], [kill.missing for kill in of]
            found[victim] = {
                "times": len(of),
                "lost": [round(float(np.median(lost)), 2), round(max(lost), 2)],
                "missing": [round(float(np.median(missing)), 2), round(max(missing), 2)],
            }
    return found


def report(kills: list[Kill], unreadable: list[str]) -> None:
    lost = max((kill.lost for kill in kills), default=0.0)
    of = by_victim(kills)
    again = ""
    if "recorder" in of:
        median, most = of["recorder"]["missing"]
        again = f"; a killed recorder went on after {median:.2f} s (median), {most:.2f} s at most"
    row = Found(
        "A kill while it records loses at most one fragment of what was recorded (0.5 s, and what "
        "was on its way into it)",
        "kill -9 of recorder, engine, both, or the kernel while display, microphone and system "
        "audio are recorded; all tracks are decoded afterwards",
        f"{len(kills)} kills",
        f"{lost:.2f} s at most{again}; "
        + (f"{len(unreadable)} not readable" if unreadable else "all readable"),
        not unreadable and lost <= 1.0,
    )
    more = {"kills": [asdict(kill) for kill in kills], "by": of, "unreadable": unreadable}
    save("kills", [row], more)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=15, help="how many more")
    parser.add_argument("--anew", action="store_true", help="forget the kills before")
    parser.add_argument("--paint", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.paint:
        painter(asked.paint)
    more = {} if asked.anew else before("kills")
    known = [Kill(**kill) for kill in more.get("kills", [])]
    unreadable = list(more.get("unreadable", []))
    rng = random.Random(len(known))
    with VirtualDesktop("640x360") as desktop, tempfile.TemporaryDirectory() as folder:
        os.environ.update(desktop.env)
        data_dir = Path(folder) / "library"
        extras = [paint(desktop.display), *listeners()]
        try:
            campaign = Campaign(data_dir, jupyter_capture.connect(data_dir=data_dir))
            patiently(campaign.connection.status)
            with contextlib.suppress(KeyboardInterrupt):  # Ctrl-C: what there is by now
                while (left := asked.kills - len(campaign.kills)) > 0:
                    campaign.session(min(ROUNDS, left), rng)
                    report([*known, *campaign.kills], [*unreadable, *campaign.unreadable])
            campaign.connection.close()
        finally:
            for extra in extras:
                extra.kill()
                extra.wait()
            end_engine(data_dir)
    for victim, found in by_victim(campaign.kills).items():
        print(f"{victim:9} {found}")
    print(f"{len(campaign.kills)} kills; not readable: {campaign.unreadable or 'none'}")
    if campaign.unreadable:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
