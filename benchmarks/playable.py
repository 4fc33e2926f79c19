"""Stop to playable, and a shot to its first segment, beside the ffmpeg command line.

Both sides work on the same recording in the same run: twenty seconds of a virtual desktop with a
voice. Ours is asked over HTTP, as a player asks; ffmpeg (from imageio-ffmpeg) muxes the same
stems into one file, and cuts the same shot into one file.

    python benchmarks/playable.py [--rounds 5]
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urljoin

import httpx
import imageio_ffmpeg

import jupyter_capture
from jupyter_capture.client.session import CaptureSession
from jupyter_capture.demo.script import SLIDES
from jupyter_capture.desktop import VirtualDesktop
from jupyter_capture.local import end_engine

FFMPEG = imageio_ffmpeg.get_ffmpeg_exe()
SHOT = (3.4, 13.4)  # seconds
SAID = (
    "Let us talk about the budget for next year.",
    "It is forty thousand dollars, and twelve of them are for travel.",
    "After that we talk about hiring two engineers and one designer.",
    "Action items from the meeting: Anna writes the report by Friday.",
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    with VirtualDesktop() as desktop, tempfile.TemporaryDirectory(prefix="jc-bench-") as folder:
        os.environ.update(desktop.env)
        desktop.show(SLIDES, 3.0)
        data_dir = Path(folder) / "library"
        try:
            compare(desktop, data_dir, Path(folder), rounds)
        finally:
            end_engine(data_dir)


def compare(desktop: VirtualDesktop, data_dir: Path, folder: Path, rounds: int) -> None:
    connection = jupyter_capture.connect(data_dir=data_dir)
    session = connection.create_capture_session(metadata={"name": "Benchmark"})
    names = ("display:1", "mic:default", "system_audio:default")
    session.start([{"name": name, "store": True} for name in names])
    for sentence in SAID:
        desktop.say(sentence)
    stop = seconds(session.stop)
    session.refresh()
    stems = parts_of(session)
    print(f"recorded {session.duration:.1f} s of display, microphone and system audio\n")
    row("stop to exported", stop, "ffmpeg muxes the stems", seconds(lambda: mux(stems, folder)))

    video = connection.get_collection().get_video(session.exported_video_id or "")
    ours, theirs = [], []
    for number in range(rounds):
        shot = (SHOT[0] + number / 30, SHOT[1] + number / 30)  # never the same stream twice
        ours.append(seconds(lambda shot=shot: first_segments(video.generate_stream([shot]))))
        theirs.append(seconds(lambda shot=shot: cut(stems, shot, folder)))
    row(
        "shot to first segments",
        statistics.median(ours),
        "ffmpeg cuts the shot",
        statistics.median(theirs),
    )


def row(ours: str, mine: float, theirs: str, peer: float) -> None:
    ratio = f"{mine / peer:.2f}"
    print(f"{ours:26} {mine * 1000:7.0f} ms   {theirs:26} {peer * 1000:7.0f} ms   ratio {ratio}")


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def parts_of(session: CaptureSession) -> dict[str, Path]:
    return {file.channel_id: next(Path(file.path).glob("*.mp4")) for file in session.storage}


def first_segments(url: str) -> None:
    """What a player asks for before it shows the first picture."""
    with httpx.Client() as client:
        client.get(url).raise_for_status()
        for kind, letter in (("video", "v"), ("audio", "a")):
            client.get(urljoin(url, f"{kind}.m3u8")).raise_for_status()
            client.get(urljoin(url, f"{letter}/init-0.mp4")).raise_for_status()
            client.get(urljoin(url, f"{letter}/0.m4s")).raise_for_status()


def mux(stems: dict[str, Path], folder: Path) -> None:
    run(
        *("-i", stems["display:1"], "-i", stems["mic:default"]),
        *("-i", stems["system_audio:default"], "-filter_complex", "[1:a][2:a]amix=inputs=2[a]"),
        *("-map", "0:v", "-map", "[a]", "-c:v", "copy", "-c:a", "aac", folder / "mux.mp4"),
    )


def cut(stems: dict[str, Path], shot: tuple[float, float], folder: Path) -> None:
    length = shot[1] - shot[0]
    run(
        *("-ss", shot[0], "-t", length, "-i", stems["display:1"]),
        *("-ss", shot[0], "-t", length, "-i", stems["mix"]),
        *("-map", "0:v", "-map", "1:a", "-c:v", "libx264", "-preset", "ultrafast"),
        *("-c:a", "aac", folder / "cut.mp4"),
    )


def run(*arguments: object) -> None:
    command = [FFMPEG, "-y", "-loglevel", "error", *(str(argument) for argument in arguments)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
