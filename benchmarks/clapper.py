"""Sound and picture in step: claps on the virtual desktop, recorded, and measured in the tracks.

A flash and a click are made at one moment, every second and a half. How far the click lies from
the flash in the recording is the table, at the beginning and at the end of each run. The whole
figure is shown, with what the sound server and the grabbing of the screen add to it.

    python benchmarks/clapper.py [--minutes 1 10 30] [--pauses 5]
"""

from __future__ import annotations

import argparse
import contextlib
import os
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np

import jupyter_capture
from jupyter_capture.client.connection import Connection
from jupyter_capture.client.session import CaptureSession
from jupyter_capture.desktop import VirtualDesktop
from jupyter_capture.desktop.clapper import Clapper
from jupyter_capture.errors import EngineUnavailableError
from jupyter_capture.local import end_engine
from jupyter_capture.media.tracks import StoredTrack
from jupyter_capture.wire.recorder import Manifest

EVERY = 1.5  # seconds
FPS = 60
LIMIT = 40.0  # ms
_WINDOW = 10  # claps at each end that are compared


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, nargs="*", default=[1.0])
    parser.add_argument("--pauses", type=int, default=5)
    asked = parser.parse_args()
    print("| run | claps | offset at the beginning | at the end | largest | grew by |")
    print("|---|---|---|---|---|---|")
    with VirtualDesktop("320x200") as desktop, tempfile.TemporaryDirectory() as folder:
        os.environ.update(desktop.env)
        data_dir = Path(folder) / "library"
        connection = jupyter_capture.connect(data_dir=data_dir)
        try:
            started(connection)
            for minutes in asked.minutes:
                row(f"{minutes:g} min", offsets(desktop, connection, minutes * 60, 0))
            if asked.pauses:
                seconds = asked.pauses * 4 * EVERY
                found = offsets(desktop, connection, seconds, asked.pauses)
                row(f"{asked.pauses} pauses", found)
            connection.close()
        finally:
            end_engine(data_dir)


def started(connection: Connection) -> None:
    """On a machine that is busy with other things an engine takes long to start."""
    for _ in range(5):
        with contextlib.suppress(EngineUnavailableError):
            connection.status()
            return


def row(name: str, found: list[float]) -> None:
    first, last = statistics.median(found[:_WINDOW]), statistics.median(found[-_WINDOW:])
    worst = max(found, key=abs)
    print(f"| {name} | {len(found)} | {first:+.1f} ms | {last:+.1f} ms | {worst:+.1f} ms |"
          f" {last - first:+.1f} ms |", flush=True)  # fmt: skip
    if abs(last) > LIMIT or abs(first) > LIMIT:
        raise SystemExit(f"{name}: more than {LIMIT:g} ms apart")


def offsets(
    desktop: VirtualDesktop, connection: Connection, seconds: float, pauses: int
) -> list[float]:
    """Milliseconds from each flash to its click, in a recording of so long."""
    session = connection.create_capture_session()
    names = ("display:1", "system_audio:default")
    session.start([{"name": name, "store": True} for name in names], fps=FPS)
    with Clapper(desktop) as clapper:
        clap(clapper, session, seconds, pauses)
    session.stop()
    return measured(Path(session.storage[0].path).parent)


def clap(clapper: Clapper, session: CaptureSession, seconds: float, pauses: int) -> None:
    time.sleep(1)
    end = time.monotonic() + seconds
    done, count = 0, 0
    while time.monotonic() < end or done < pauses:
        clapper.clap()
        time.sleep(EVERY - 0.3)
        count += 1
        if done < pauses and count % 3 == 0:
            session.pause()
            time.sleep(0.7)
            session.resume()
            time.sleep(0.3)
            done += 1
    time.sleep(0.5)


def measured(folder: Path) -> list[float]:
    manifest = Manifest.model_validate_json((folder / "manifest.json").read_bytes())
    stored = {one.channel_id: StoredTrack.open(folder, one) for one in manifest.tracks}
    flashes = onsets_of_light(stored["display:1"])
    clicks = np.array(onsets_of_sound(stored["system_audio:default"]))
    found = []
    for flash in flashes:
        nearest = float(clicks[np.argmin(np.abs(clicks - flash))])
        if abs(nearest - flash) < EVERY / 2:
            found.append((nearest - flash) * 1000)
    if len(found) < len(flashes):
        # Where the machine has no time for its sound server, that plays no click.
        print(f"({len(flashes) - len(found)} flashes of {len(flashes)} have no click)")
    return found


def onsets_of_light(track: StoredTrack) -> list[float]:
    found, was = [], False
    for frame in track.frames(0, track.end):
        # The pointer lies in the middle.
        bright = float(frame.to_ndarray(format="gray")[:40, :40].mean()) > 128
        if bright and not was:
            found.append(float(frame.pts or 0) / track.timescale)
        was = bright
    return found


def onsets_of_sound(track: StoredTrack) -> list[float]:
    found: list[float] = []
    for start in range(0, int(track.end / track.timescale) + 1, 30):
        pcm = np.abs(track.pcm(start, start + 30, 48000))
        for at in np.flatnonzero(pcm > 0.2):
            when = start + at / 48000
            if not found or when - found[-1] > 0.5:
                found.append(float(when))
    return found


if __name__ == "__main__":
    main()
