"""Sound and picture in step: claps on the virtual desktop, recorded, and measured in the tracks.

A flash and a click are made at one moment, every second and a half. How far the beginning of the
click lies from the flash in the recording is the table: the median of the first and of the last
twenty claps of each run, and between which two figures nine of ten claps lie. A flash is known to
half a picture at 60 a second (8 ms), a click to the sample. The whole figure is shown, with what
the clapperboard itself, the sound server and the grabbing of the screen add to it: the sound server
plays in blocks of 20 ms.

    python benchmarks/clapper.py [--minutes 1 10 30] [--pauses 5]
"""

from __future__ import annotations

import argparse
import contextlib
import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from _trust import Found, save

import jupyter_capture
from jupyter_capture.client.connection import Connection
from jupyter_capture.client.session import CaptureSession
from jupyter_capture.desktop import VirtualDesktop
from jupyter_capture.desktop.clapper import RATE, Clapper
from jupyter_capture.desktop.clapper import offsets as offsets_of
from jupyter_capture.errors import EngineUnavailableError
from jupyter_capture.local import end_engine
from jupyter_capture.media.tracks import StoredTrack
from jupyter_capture.wire.recorder import Manifest

EVERY = 1.5  # seconds
FPS = 60
LIMIT = 40.0  # ms
_WINDOW = 20  # claps at each end that are compared


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, nargs="*", default=[1.0])
    parser.add_argument("--pauses", type=int, default=5)
    asked = parser.parse_args()
    print(
        "| run | claps | offset at the beginning | at the end | grew by | nine of ten | largest |"
    )
    print("|---|---|---|---|---|---|---|")
    with VirtualDesktop("320x200") as desktop, tempfile.TemporaryDirectory() as folder:
        os.environ.update(desktop.env)
        data_dir = Path(folder) / "library"
        connection = jupyter_capture.connect(data_dir=data_dir)
        try:
            started(connection)
            runs = {}
            for minutes in asked.minutes:
                name = f"{minutes:g} min"
                runs[name] = row(name, offsets(desktop, connection, minutes * 60, 0))
            if asked.pauses:
                seconds = asked.pauses * 4 * EVERY
                found = offsets(desktop, connection, seconds, asked.pauses)
                runs[f"{asked.pauses} pauses"] = row(f"{asked.pauses} pauses", found)
            report(runs)
            connection.close()
        finally:
            end_engine(data_dir)


def started(connection: Connection) -> None:
    """On a machine that is busy with other things an engine takes long to start."""
    for _ in range(5):
        with contextlib.suppress(EngineUnavailableError):
            connection.status()
            return


def report(runs: dict[str, list[float]]) -> None:
    """The run that is longest, and all of them below."""
    name, found = max(runs.items(), key=lambda run: len(run[1]))
    first, last = statistics.median(found[:_WINDOW]), statistics.median(found[-_WINDOW:])
    more = {
        run: [len(of), statistics.median(of[:_WINDOW]), statistics.median(of[-_WINDOW:])]
        for run, of in runs.items()
    }
    one = Found(
        "Sound and picture stay in step",
        f"a flash and a click at one moment, every {EVERY:g} s; runs: {', '.join(runs)}",
        f"{sum(map(len, runs.values()))} claps",
        f"{first:+.1f} ms at first, {last:+.1f} ms at the end of the longest ({name})",
        all(abs(end) <= LIMIT for _, *ends in more.values() for end in ends),
    )
    save("clapper", [one], more)


def row(name: str, found: list[float]) -> list[float]:
    first, last = statistics.median(found[:_WINDOW]), statistics.median(found[-_WINDOW:])
    low, high = np.percentile(found, (5, 95))
    worst = max(found, key=abs)
    print(f"| {name} | {len(found)} | {first:+.1f} ms | {last:+.1f} ms | {last - first:+.1f} ms |"
          f" {low:+.0f} to {high:+.0f} ms | {worst:+.1f} ms |", flush=True)  # fmt: skip
    if abs(last) > LIMIT or abs(first) > LIMIT:
        raise SystemExit(f"{name}: more than {LIMIT:g} ms apart")
    return found


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
    """Milliseconds from each flash to its click, of a recording that lies in ``folder``."""
    manifest = Manifest.model_validate_json((folder / "manifest.json").read_bytes())
    stored = {one.channel_id: StoredTrack.open(folder, one) for one in manifest.tracks}
    sound = stored["system_audio:default"]
    minutes = range(0, int(sound.end / sound.timescale) + 1, 60)
    pcm = np.concatenate([sound.pcm(start, start + 60, RATE) for start in minutes])
    every = offsets_of(list(pictures(stored["display:1"])), pcm, 1 / FPS)
    found = [offset * 1000 for offset in every if offset is not None]
    if len(found) < len(every):
        # Where the machine has no time for its sound server, that plays no click.
        print(f"({len(every) - len(found)} flashes of {len(every)} have no click)")
    return found


def pictures(track: StoredTrack) -> Iterator[tuple[float, bool]]:
    for frame in track.frames(0, track.end):
        # The pointer lies in the middle.
        bright = float(frame.to_ndarray(format="gray")[:40, :40].mean()) > 128
        yield float(frame.pts or 0) / track.timescale, bright


if __name__ == "__main__":
    main()
