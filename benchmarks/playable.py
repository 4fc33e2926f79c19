"""Stop to playable, and a shot to its first segment and to a file, beside ffmpeg and MoviePy.

All sides work on the same recording in the same run: about fifteen seconds of a virtual desktop
with a voice. Ours is asked over HTTP, as a player asks; ffmpeg (from imageio-ffmpeg) and MoviePy 2
make one file of the same stems, and cut the same shot into one file.

    python benchmarks/playable.py [--rounds 5] [--no-moviepy]
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
from _record import Record

import jupyter_capture
from jupyter_capture.client.search import Shot
from jupyter_capture.client.session import CaptureSession
from jupyter_capture.client.video import Video
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
    parser.add_argument("--no-moviepy", action="store_true")
    asked = parser.parse_args()
    record = Record(
        "playable",
        "Stop to playable, and a shot",
        "A quarter of a minute of desktop, microphone and system audio. From asking to stop "
        "until there is a video that plays; from asking for a shot of ten seconds until its first "
        "segments are there; the same shot as a file. The peers make files of the same stems.",
        peers=["imageio-ffmpeg", "moviepy"],
    )
    with VirtualDesktop() as desktop, tempfile.TemporaryDirectory(prefix="jc-bench-") as folder:
        os.environ.update(desktop.env)
        desktop.show(SLIDES, 3.0)
        data_dir = Path(folder) / "library"
        try:
            compare(desktop, data_dir, Path(folder), asked, record)
        finally:
            end_engine(data_dir)
    record.note(
        "auto-editor was not measured: its package is a program that downloads itself from GitHub "
        "when it is first run, and its older releases are withdrawn."
    )
    record.save()


def compare(
    desktop: VirtualDesktop,
    data_dir: Path,
    folder: Path,
    asked: argparse.Namespace,
    record: Record,
) -> None:
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
    muxed = statistics.median(seconds(lambda: mux(stems, folder)) for _ in range(asked.rounds))
    row(record, "stop to exported", stop, "ffmpeg muxes the stems", muxed)
    if not asked.no_moviepy:
        whole = (0.0, float(session.duration or 0) - 0.1)
        row(record, "stop to exported", stop, "MoviePy makes one file",
            seconds(lambda: moviepy(stems, whole, folder)))  # fmt: skip

    video = connection.get_collection().get_video(session.exported_video_id or "")
    ours, theirs, kept, pies = [], [], [], []
    for number in range(asked.rounds):
        shot = (SHOT[0] + number / 30, SHOT[1] + number / 30)  # never the same stream twice
        ours.append(seconds(lambda shot=shot: first_segments(video.generate_stream([shot]))))
        kept.append(seconds(lambda shot=shot: save(video, shot, folder)))
        theirs.append(seconds(lambda shot=shot: cut(stems, shot, folder)))
        if not asked.no_moviepy and number < 2:
            pies.append(seconds(lambda shot=shot: moviepy(stems, shot, folder)))
    cuts = [("ffmpeg cuts the shot", theirs), ("MoviePy cuts the shot", pies)]
    for what, found in (("shot to first segments", ours), ("shot to a file", kept)):
        for peer, others in cuts:
            if others:
                row(record, what, statistics.median(found), peer, statistics.median(others))


def row(record: Record, ours: str, mine: float, theirs: str, peer: float) -> None:
    record.row(ours, mine, "s", peer=theirs, theirs=peer, at_most=1)
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


def save(video: Video, shot: tuple[float, float], folder: Path) -> None:
    Shot(video._connection, video.id, video.length, "", *shot).save(
        folder / "ours.mp4", show_progress=False
    )


def moviepy(stems: dict[str, Path], shot: tuple[float, float], folder: Path) -> None:
    os.environ["FFMPEG_BINARY"] = FFMPEG
    from moviepy import AudioFileClip, CompositeAudioClip, VideoFileClip

    picture = VideoFileClip(str(stems["display:1"])).subclipped(*shot)
    names = ("mic:default", "system_audio:default")
    sounds = [AudioFileClip(str(stems[name])).subclipped(*shot) for name in names]
    made = picture.with_audio(CompositeAudioClip(sounds))
    made.write_videofile(
        str(folder / "moviepy.mp4"), codec="libx264", preset="ultrafast", audio_codec="aac",
        threads=os.cpu_count(), temp_audiofile_path=str(folder), logger=None,
    )  # fmt: skip
    for clip in (made, picture, *sounds):
        clip.close()


def run(*arguments: object) -> None:
    command = [FFMPEG, "-y", "-loglevel", "error", *(str(argument) for argument in arguments)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
