"""What recording costs, beside the ffmpeg command line recording the same channels.

Both record the same virtual desktop in the same run, one after the other: 720p at 30 frames a
second with the microphone and the system audio. Ours keeps the display, both stems and their mix;
ffmpeg (from imageio-ffmpeg) writes one MP4 with the display and the two stems, with the same preset
and quality: once as it does by itself, and once with what our tracks have besides, for the sake of
what can be done with them afterwards: no B frames, nothing held back, a key frame each second, a
fragment each half. Shown are the CPU time of each as a ratio, with moving content and with a still
screen; the frames that are missing, of ours and of ffmpeg's; the bytes of an hour of slides and
typing with a minute of scrolling each five; and how long it takes from stop to exported after a
short recording and after a fabricated hour.

    python benchmarks/recorder.py [--seconds 20]
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import av
import imageio_ffmpeg
import numpy as np
from _record import Record
from PIL import Image

import jupyter_capture
from jupyter_capture.client.connection import Connection
from jupyter_capture.client.session import CaptureSession
from jupyter_capture.desktop import VirtualDesktop
from jupyter_capture.desktop.window import Root, Slide
from jupyter_capture.errors import EngineUnavailableError
from jupyter_capture.local import end_engine
from jupyter_capture.media.encode import AAC_FRAME, AacEncoder, H264Encoder
from jupyter_capture.media.forget import silence
from jupyter_capture.media.tracks import StoredTrack
from jupyter_capture.media.writer import TrackWriter
from jupyter_capture.wire.recorder import AudioCodec, Manifest, TrackManifest, VideoCodec

FFMPEG = imageio_ffmpeg.get_ffmpeg_exe()
FPS = 30
CHANNELS = ("display:1", "mic:default", "system_audio:default")
HOUR = 3600
SAME = (
    *("-bf", "0", "-tune", "zerolatency", "-g", "1000000"),
    *("-force_key_frames", "expr:gte(t,n_forced)", "-x264-params", "scenecut=0:qcomp=0.9"),
    *("-movflags", "empty_moov+default_base_moof", "-frag_duration", "500000"),
)
ABOUT = (
    "A virtual desktop of 1280x720 at 30 pictures a second with microphone and system audio, in "
    'shares of one core; ffmpeg records the same right after. "Same tracks": with what ours have '
    "so that they can be cut and survive a kill. The hour is fabricated: tracks of an hour, from "
    "which a recorder goes on."
)
_TICKS = os.sysconf("SC_CLK_TCK")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--show", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.show:
        show(*asked.show.split("@"))
    with VirtualDesktop("1280x720") as desktop, tempfile.TemporaryDirectory() as folder:
        os.environ.update(desktop.env)
        data_dir = Path(folder) / "library"
        connection = jupyter_capture.connect(data_dir=data_dir)
        for _ in range(5):  # a machine that is busy with other things starts an engine slowly
            with contextlib.suppress(EngineUnavailableError):
                connection.status()
                break
        record = Record("recorder", "Recording", ABOUT, peers=["imageio-ffmpeg"])
        try:
            print("| screen | CPU | ffmpeg, same tracks | ratio | ffmpeg by itself | ratio |"
                  " frames missing | ffmpeg's | MB an hour |")  # fmt: skip
            print("|---|---|---|---|---|---|---|---|---|")
            for kind in ("moving", "still", "typical"):
                compare(desktop, connection, data_dir, kind, asked.seconds, record)
            stops(connection, data_dir, record)
            connection.close()
            record.save()
        finally:
            end_engine(data_dir)


def compare(
    desktop: VirtualDesktop,
    connection: Connection,
    data_dir: Path,
    kind: str,
    seconds: float,
    record: Record,
) -> None:
    screen = subprocess.Popen([sys.executable, __file__, "--show", f"{kind}@{desktop.display}"])
    time.sleep(1)
    path = data_dir.parent / "ffmpeg.mp4"
    try:
        session, ours = recorded(connection, data_dir, seconds)
        plain = ffmpeg(desktop, path, seconds)
        alike = ffmpeg(desktop, path, seconds, SAME)
    finally:
        screen.kill()
        screen.wait()
    manifest = manifest_of(data_dir, session)
    size = sum(track.bytes for track in manifest.tracks) / manifest.duration * HOUR / 1e6
    missing, its = "", ""
    if kind == "moving":
        missing, its = f"{lacking(data_dir, session, manifest):.1%}", f"{lacking_in(path):.1%}"
    print(f"| {kind} | {ours:.1%} | {alike:.1%} | {ours / alike:.2f} | {plain:.1%} |"
          f" {ours / plain:.2f} | {missing} | {its} | {size:.0f} |", flush=True)  # fmt: skip
    what = f"{kind}: share of a core"
    record.row(what, ours * 100, "%", peer="ffmpeg, same tracks", theirs=alike * 100, at_most=1.3)
    record.row(what, ours * 100, "%", peer="ffmpeg by itself", theirs=plain * 100, at_most=1.3)
    record.row(f"{kind}: an hour", size, "MB")
    if missing:
        record.words(f"{kind}: frames missing", f"{missing}; ffmpeg {its}")


def recorded(
    connection: Connection, data_dir: Path, seconds: float
) -> tuple[CaptureSession, float]:
    """A session, and the share of one core that its recorder took."""
    session = connection.create_capture_session()
    session.start([{"name": name, "store": True} for name in CHANNELS], fps=FPS)
    pid = int((data_dir / "sessions" / session.id / "recorder.pid").read_text())
    time.sleep(1)
    before, since = cpu(pid), time.monotonic()
    time.sleep(seconds)
    used = (cpu(pid) - before) / (time.monotonic() - since)
    return session.stop(), used


def ffmpeg(
    desktop: VirtualDesktop, path: Path, seconds: float, options: Sequence[str] = ()
) -> float:
    """The share of one core that ffmpeg takes: one process for the display and one for the sound.
    A single one holds the display back until the sound server gave its first block, and again and
    again from then on: it takes four pictures a second."""
    grab = ["-f", "x11grab", "-framerate", str(FPS), "-video_size", desktop.size]
    picture = ["-c:v", "libx264", "-preset", "superfast", "-crf", "23", "-pix_fmt", "yuv420p"]
    sound = ["-f", "pulse", "-i"]
    begin = [FFMPEG, "-y", "-loglevel", "error"]
    processes = [
        subprocess.Popen(command, stdin=subprocess.DEVNULL)
        for command in (
            [*begin, *grab, "-i", desktop.display, *picture, *options, str(path)],
            [*begin, *sound, "microphone", *sound, "speakers.monitor", "-map", "0", "-map", "1",
             "-c:a", "aac", str(path.with_suffix(".m4a"))],
        )
    ]  # fmt: skip
    time.sleep(2)
    before, since = sum(cpu(one.pid) for one in processes), time.monotonic()
    time.sleep(seconds)
    used = (sum(cpu(one.pid) for one in processes) - before) / (time.monotonic() - since)
    for one in processes:
        one.send_signal(signal.SIGINT)
        one.wait()
    return used


def cpu(pid: int) -> float:
    """Seconds of processor that a process took so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def lacking(data_dir: Path, session: CaptureSession, manifest: Manifest) -> float:
    """The share of frames that are not there, of a screen that changed with every one."""
    (display,) = [one for one in manifest.tracks if one.kind == "video"]
    track = StoredTrack.open(data_dir / "sessions" / session.id, display)
    count = sum(1 for _ in track.samples(0, track.end))
    return max(0.0, 1 - count / (manifest.duration * FPS))


def lacking_in(path: Path) -> float:
    """The share of different frames that are not in a file of ffmpeg's, which repeats some."""
    with av.open(str(path)) as file:
        shown = [frame.to_ndarray(format="gray") for frame in file.decode(video=0)]
    moved = 1 + sum(
        1 for one, other in pairwise(shown) if np.abs(one.astype(np.int16) - other).max() > 64
    )
    return max(0.0, 1 - moved / len(shown))


def manifest_of(data_dir: Path, session: CaptureSession) -> Manifest:
    path = data_dir / "sessions" / session.id / "manifest.json"
    return Manifest.model_validate_json(path.read_bytes())


# ---- stop to exported


def stops(connection: Connection, data_dir: Path, record: Record) -> None:
    session = connection.create_capture_session()
    session.start([{"name": name, "store": True} for name in CHANNELS])
    time.sleep(5)
    short = timed_stop(session)
    long = connection.create_capture_session()
    long.start([{"name": name, "store": True} for name in CHANNELS])
    time.sleep(2)
    grown(connection, data_dir, long)
    hour = timed_stop(long)
    record.row("stop to exported after 5 s", short, "s")
    record.row("stop to exported after an hour", hour, "s", at_most=2)
    record.curve("stop to exported", "seconds recorded", "s", {"ours": [(5, short), (HOUR, hour)]})
    print(f"stop to exported: {short:.2f} s after 5 s, {hour:.2f} s after an hour "
          "(fabricated: an hour of tracks for a recorder that goes on from them)")  # fmt: skip


def timed_stop(session: CaptureSession) -> float:
    since = time.monotonic()
    session.stop()
    return time.monotonic() - since


def grown(connection: Connection, data_dir: Path, session: CaptureSession) -> None:
    """Kill the recorder, put an hour in place of what it wrote, and let it be started again."""
    folder = data_dir / "sessions" / session.id
    engine = connection.status().pid
    os.kill(engine, signal.SIGSTOP)
    pid = int((folder / "recorder.pid").read_text())
    os.kill(pid, signal.SIGKILL)
    manifest = manifest_of(data_dir, session)
    manifest.tracks = [hour_of(folder, track) for track in manifest.tracks]
    if manifest.clock is not None:
        manifest.clock = HOUR * 1_000_000_000, manifest.clock[1]
    (folder / "manifest.json").write_text(manifest.model_dump_json())
    os.kill(engine, signal.SIGCONT)
    while int((folder / "recorder.pid").read_text() or 0) == pid:
        time.sleep(0.05)
    while (session.refresh().duration or 0) < HOUR:
        time.sleep(0.1)


def hour_of(folder: Path, track: TrackManifest) -> TrackManifest:
    shutil.rmtree(folder / track.id)
    if isinstance(track.codec, AudioCodec):
        count = HOUR * track.codec.rate // AAC_FRAME
        writer = TrackWriter(
            folder, track.id, track.channel_id, track.codec, AacEncoder(track.codec).config
        )
        for packet in silence(track.codec, 0, count):
            writer.add(packet)
        return writer.finish(count * AAC_FRAME)
    assert isinstance(track.codec, VideoCodec)
    encoder = H264Encoder(track.codec)
    writer = TrackWriter(folder, track.id, track.channel_id, track.codec, encoder.config)
    black = np.zeros((track.codec.height, track.codec.width, 3), np.uint8)
    for half in range(2 * HOUR):
        for packet in encoder.encode(black, half * 45000, half % 20 == 0):
            writer.add(packet)
    return writer.finish(HOUR * 90000)


# ---- what is on the screen


def show(kind: str, display: str) -> None:
    """Until killed."""
    with Root(display) as root:
        page = Image.new("RGB", (root.size[0], root.size[1] * 4), "white")
        for number in range(4):
            slide = Slide(f"Page {number}", tuple(f"Line {line} of the page" for line in range(5)))
            page.paste(slide.draw(root.size), (0, number * root.size[1]))
        roll = Roll(root, page)
        began, drawn = time.monotonic(), -1
        while True:
            at = place(kind, time.monotonic() - began, root.size[1])
            if at != drawn:
                drawn = at
                roll.show(at)
            time.sleep(1 / 60)


class Roll:
    """A long page that the server holds, so that to scroll it costs next to nothing."""

    def __init__(self, root: Root, page: Image.Image) -> None:
        self._root = root
        self._paper = root._next_id()
        width, height = page.size
        root._request(53, 24, struct.pack("<IIHH", self._paper, root.root, width, height))
        pixels = page.tobytes("raw", "BGRX")
        for top in range(0, height, 32):
            strip = pixels[top * width * 4 : (top + 32) * width * 4]
            rows = len(strip) // width // 4
            head = struct.pack("<IIHHhhBBxx", self._paper, root._gc, width, rows, 0, top, 0, 24)
            root._request(72, 2, head + strip)
        root._round_trip()

    def show(self, top: int) -> None:
        places = (self._paper, self._root.root, self._root._gc, 0, top, 0, 0, *self._root.size)
        self._root._request(62, 0, struct.pack("<IIIhhhhHH", *places))
        self._root._round_trip()


def place(kind: str, seconds: float, height: int) -> int:
    """How far the page is scrolled. Typical: a fifth of the time it moves, in steps of a wheel."""
    if kind == "still":
        return 0
    if kind == "moving":
        return int(seconds * 120) % (height * 3)
    moves = seconds % 10 < 2
    return int(seconds % 2 * 4) * 60 if moves else int(seconds // 10) % 3 * height


if __name__ == "__main__":
    main()
