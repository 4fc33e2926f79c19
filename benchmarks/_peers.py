"""What streams are measured beside: ffmpeg's command line and MoviePy 2."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import imageio_ffmpeg

import jupyter_capture

FFMPEG = imageio_ffmpeg.get_ffmpeg_exe()
TITLE = "The budget for next year"
SHOT = 20
"""Seconds of a shot."""


def ffmpeg(*arguments: object) -> None:
    command = [FFMPEG, "-y", "-loglevel", "error", *(str(each) for each in arguments)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)


def ffmpeg_shot(file: Path, start: float, folder: Path) -> None:
    ffmpeg(
        *("-ss", 3.4 + start, "-t", SHOT, "-i", file),
        *("-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac", folder / "shot.mp4"),
    )


def ffmpeg_timeline(files: list[Path], start: float, seconds: int, folder: Path) -> None:
    font = Path(jupyter_capture.__file__).parent / "media/fonts/DejaVuSans.ttf"
    graph = (
        "[1:v]scale=448:252[small];"
        "[0:v][small]overlay=W-w:H-h[both];"
        f"[both]drawtext=fontfile={font}:text='{TITLE}':fontsize=40:fontcolor=white:"
        "x=(w-tw)/2:y=0[v];[0:a][1:a]amix=inputs=2:normalize=0[a]"
    )
    ffmpeg(
        *("-ss", start, "-t", seconds, "-i", files[0], "-t", seconds, "-i", files[1]),
        *("-filter_complex", graph, "-map", "[v]", "-map", "[a]", "-r", 30),
        *("-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac", folder / "timeline.mp4"),
    )


def moviepy_timeline(files: list[Path], seconds: int, folder: Path) -> None:
    os.environ["FFMPEG_BINARY"] = FFMPEG
    from moviepy import CompositeVideoClip, TextClip, VideoFileClip

    font = Path(jupyter_capture.__file__).parent / "media/fonts/DejaVuSans.ttf"
    first = VideoFileClip(str(files[0])).subclipped(0, seconds)
    second = VideoFileClip(str(files[1])).subclipped(0, seconds).resized(0.35)
    title = TextClip(font=str(font), text=TITLE, font_size=40, color="white")
    made = CompositeVideoClip(
        [
            first,
            second.with_position(("right", "bottom")),
            title.with_duration(seconds).with_position(("center", "top")),
        ]
    )
    made.write_videofile(
        str(folder / "moviepy.mp4"), fps=30, codec="libx264", preset="ultrafast",
        audio_codec="aac", threads=os.cpu_count(),
        temp_audiofile_path=str(folder), logger=None,
    )  # fmt: skip
    for clip in (made, first, second):
        clip.close()
