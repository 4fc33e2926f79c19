"""Live only means memory only: every file that any process opened for writing is searched."""

from __future__ import annotations

import base64
import json
import re
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from engine_harness import Bench, kill, reach, wait_for
from live_harness import Ear
from PIL import Image

from jupyter_capture.client.engine import read_locator
from jupyter_capture.desktop import VirtualDesktop
from jupyter_capture.desktop.window import Root

SAID = "The budget for bananas is tiny."
CHANNELS = (
    {"name": "mic:default", "store": True},
    {"name": "system_audio:default", "store": False},
    {"name": "display:1", "store": False},
)
_PIECE = 32
# Written whole beside what they replace, SQLite's own, and the four letters by which Python finds
# out whether it may write into the folder of temporary files.
_PASSING = re.compile(
    r"\.tmp$|\.new$|\.idx-\d+$|-wal$|-shm$|-journal$|\.lock$|\.part$|^[a-z0-9_]{8}$"
)
_DEVICES = ("/dev/", "/proc/", "/sys/", "/run/", "/memfd:")
_START = """
import sys, jupyter_capture
connection = jupyter_capture.connect(data_dir=sys.argv[1])
for _ in range(5):
    try:
        connection.status()
        break
    except jupyter_capture.errors.EngineUnavailableError:
        pass  # which is what a busy machine may do to an engine that is traced
"""


class Witness:
    """Hears and sees the live-only channels, as the engine's own listeners do."""

    def __init__(self, path: str) -> None:
        self._line = socket.socket(socket.AF_UNIX)
        self._line.connect(path)
        self.sound: list[bytes] = []
        self.pictures: list[bytes] = []
        for channel_id in ("system_audio:default", "display:1"):
            ask = {"cmd": "listen", "channel_id": channel_id}
            self._line.sendall(json.dumps(ask).encode() + b"\n")
        self._thread = threading.Thread(target=self._take_down, daemon=True)
        self._thread.start()

    def _take_down(self) -> None:
        with self._line.makefile("rb") as lines:
            for line in lines:
                report = json.loads(line)
                if report["report"] == "pcm":
                    self.sound.append(base64.b64decode(report["data"]["pcm"]))
                if report["report"] == "picture":
                    self.pictures.append(base64.b64decode(report["data"]["jpeg"]))

    def close(self) -> None:
        self._line.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._line.close()

    @property
    def secrets(self) -> set[bytes]:
        """Pieces of what was heard and seen, as they are and in base64."""
        samples = np.frombuffer(b"".join(self.sound), "<i2")
        loud = [
            samples[at : at + _PIECE // 2]
            for at in range(0, len(samples) - _PIECE, 4000)
            if np.abs(samples[at : at + _PIECE // 2]).min(initial=9999) > 60
        ]
        pieces = {piece.tobytes() for piece in loud}
        pieces |= {(piece / 32768).astype("<f4").tobytes() for piece in loud}
        for picture in self.pictures:
            pieces |= {picture[at : at + _PIECE] for at in range(2000, len(picture) - 64, 5000)}
        return pieces | {base64.b64encode(piece[:24])[:-4] for piece in pieces}


@contextmanager
def traced(bench: Bench, log: Path) -> Iterator[None]:
    """An engine of which it is taken down what it and its children open for writing."""
    options = ["-f", "--seccomp-bpf", "-qq", "-s", "4096", "-e", "trace=open,openat,creat"]
    tracer = subprocess.Popen(
        ["strace", *options, "-o", str(log), sys.executable, "-c", _START, str(bench.data_dir)]
    )
    wait_for(lambda: read_locator(bench.data_dir), seconds=180, what="the engine")
    try:
        yield
    finally:
        assert tracer.wait(60) == 0  # it ends with the last of them


def written(log: Path) -> set[Path]:
    paths = set()
    for line in log.read_text(errors="replace").splitlines():
        found = re.search(r'(?:open|openat|creat)\((?:[^,"]+, )?"([^"]+)"(.*)', line)
        opened = found is not None and re.search(r"O_WRONLY|O_RDWR|O_CREAT|creat\(", line)
        if found and opened and " = -1 " not in line:
            paths.add(Path(found[1]))
    return {path for path in paths if not str(path).startswith(_DEVICES)}


def begin(bench: Bench, ear: Ear) -> Any:
    session = bench.begin(*CHANNELS, ws_connection_id=ear.connection_id)
    speakers = next(one for one in session.rtstreams if one.name == "system_audio:default")
    event = bench.connection.create_event("Detect when someone talks about the budget", "budget")
    speakers.index_audio(name="live").create_alert(event, "http://127.0.0.1:9/nobody")
    return session, speakers


def test_no_byte_of_a_live_only_channel_is_in_any_file_that_was_written(
    bench: Bench, desktop: VirtualDesktop, tmp_path: Path
) -> None:
    assert shutil.which("strace"), "install strace"
    log = tmp_path / "strace.log"
    with traced(bench, log), Ear(bench.connection) as ear, Root(desktop.display) as root:
        session, speakers = begin(bench, ear)
        spec = json.loads((bench.folder(session) / "spec.json").read_text())
        witness = Witness(spec["socket"])
        noise = np.random.default_rng(9).integers(0, 255, (90, 160, 3), np.uint8)
        root.show(Image.fromarray(noise))
        desktop.say("This is kept.", "mic", wait=False)
        desktop.say(SAID, "speakers")
        ear.wait_for_final(speakers.id, "banana")
        ear.wait(lambda: ear.events("alert"))
        wait_for(lambda: witness.pictures, what="a picture")
        secrets = witness.secrets
        witness.close()
        first = bench.recorder_pid(session)
        kill(first)
        wait_for(lambda: bench.recorder_pid(session) != first, what="another recorder")
        reach(session, (session.refresh().duration or 0) + 1)
        session.stop()
        kill(bench.engine_pid)
    assert len(secrets) > 20
    files = written(log)
    assert any(path.suffix == ".mp4" for path in files)  # it does see what a recorder opens
    gone = {path for path in files if not path.exists()}
    assert not {path for path in gone if not _PASSING.search(path.name)}
    searched = {path for path in files if path.is_file() and path != log}
    searched |= {path for path in bench.data_dir.rglob("*") if path.is_file()}
    for path in sorted(searched):
        content = path.read_bytes()
        assert b"banana" not in content.lower(), path
        assert not [piece for piece in secrets if piece in content], path
        assert b"vide" not in content or path.suffix != ".mp4", path
    tracks = {path.parent.name for path in searched if path.suffix == ".mp4"}
    assert len(tracks) == 2  # the microphone, and the mix of it alone
