"""A recorder process under test, and a client of its socket."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np

from jupyter_capture.media.fmp4 import scan
from jupyter_capture.wire.recorder import Manifest, Report, TrackManifest

ROOT = Path(__file__).parents[2]


@contextmanager
def free(display: str) -> Iterator[None]:
    """Nobody takes the number of a desktop that has ended, as the next Xvfb would."""
    lock = Path(f"/tmp/.X{display.lstrip(':')}-lock")
    lock.write_text(f"{os.getpid():>10}\n")
    try:
        yield
    finally:
        lock.unlink()


class Client:
    """A connection to a recorder's socket."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(30)
        try:
            self._socket.connect(str(path))
        except OSError:
            self._socket.close()
            raise
        self._lines = self._socket.makefile("rb")
        self.seen: list[Report] = []

    def send(self, cmd: str, **fields: Any) -> None:
        self._socket.sendall(json.dumps({"cmd": cmd, **fields}).encode() + b"\n")

    def send_raw(self, line: bytes) -> None:
        self._socket.sendall(line)

    def next(self) -> Report | None:
        line = self._lines.readline()
        if not line:
            return None
        self.seen.append(Report.model_validate_json(line))
        return self.seen[-1]

    def wait(self, kind: str, where: Callable[[Report], bool] = lambda _: True) -> Report:
        deadline = time.monotonic() + 40
        while True:
            report = self.next()
            assert report is not None, f"hung up before {kind}: {self.seen[-3:]}"
            assert time.monotonic() < deadline, f"no {kind}: {self.seen[-3:]}"
            if report.report == kind and where(report):
                return report

    def wait_until(self, media: float) -> None:
        self.wait("levels", lambda report: report.data["at"] >= media)

    def close(self) -> None:
        self._lines.close()
        self._socket.close()


@dataclass
class Recording:
    """A recorder process and what it leaves."""

    process: subprocess.Popen[str]
    folder: Path
    socket: Path
    client: Client

    def attach(self) -> Client:
        return Client(self.socket)

    def stop(self) -> Manifest:
        self.client.send("stop")
        self.client.wait("stopped")
        return self.ended()

    def ended(self) -> Manifest:
        assert self.process.wait(20) == 0
        return self.manifest

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    @property
    def manifest(self) -> Manifest:
        return Manifest.model_validate_json((self.folder / "manifest.json").read_bytes())

    def track(self, channel_id: str) -> TrackManifest:
        (track,) = [t for t in self.manifest.tracks if t.channel_id == channel_id]
        return track

    def end(self, channel_id: str) -> float:
        """Seconds up to which whole fragments of a track are on the disk."""
        track = self.track(channel_id)
        with open(self.folder / track.parts[-1].file, "rb") as file:
            refs = list(scan(file))
        return (refs[-1].time + refs[-1].duration) / track.timescale if refs else 0.0

    def pictures(self, channel_id: str = "display:1") -> list[tuple[float, tuple[int, ...]]]:
        """(seconds, colour of the middle) of each stored picture."""
        shown = []
        with av.open(str(self.folder / self.track(channel_id).parts[0].file)) as stored:
            for frame in stored.decode(video=0):
                picture = frame.to_ndarray(format="rgb24")
                middle = picture[picture.shape[0] // 2 - 8 :, picture.shape[1] // 4 :][:16, :16]
                colour = tuple(int(value) for value in middle.mean(axis=(0, 1)).round())
                shown.append((float(frame.pts * frame.time_base), colour))
        return shown

    def pcm(self, channel_id: str) -> np.ndarray:
        """All samples, mono, at 48 kHz."""
        pieces = []
        with av.open(str(self.folder / self.track(channel_id).parts[0].file)) as stored:
            pieces = [frame.to_ndarray().mean(axis=0) for frame in stored.decode(audio=0)]
        return np.concatenate(pieces) if pieces else np.zeros(0)

    def loudness(self, channel_id: str, start: float, end: float) -> float:
        part = self.pcm(channel_id)[int(start * 48000) : int(end * 48000)]
        return float(np.sqrt(np.mean(np.square(part))))

    def onset(self, channel_id: str, after: float = 0.0, level: float = 0.02) -> float:
        """Seconds at which a track first becomes loud after ``after``."""
        pcm = self.pcm(channel_id)
        loud = np.flatnonzero(np.abs(pcm[int(after * 48000) :]) > level)
        assert loud.size, f"{channel_id} is silent after {after}"
        return after + loud[0] / 48000


Launch = Callable[..., Recording]


def spawn(folder: Path, socket_path: Path, env: dict[str, str], **spec: Any) -> subprocess.Popen:
    folder.mkdir(parents=True)
    content = {"session_id": "cap-test", "socket": str(socket_path), "disk_reserve_mb": 1, **spec}
    (folder / "spec.json").write_text(json.dumps(content))
    return spawn_again(folder, env)


def spawn_again(folder: Path, env: dict[str, str]) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-m", "jupyter_capture.recorder", str(folder)],
        env={**os.environ, "PYTHONPATH": str(ROOT), **env},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def attach(path: Path, process: subprocess.Popen) -> Client:
    while True:
        try:
            return Client(path)
        except OSError:
            assert process.poll() is None, process.communicate()
            time.sleep(0.01)
