"""A private Xvfb and a private PulseAudio, ended by process id."""

from __future__ import annotations

import os
import select
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Literal

from jupyter_capture.desktop.window import Root, Slide
from jupyter_capture.errors import DeviceError

Target = Literal["mic", "speakers"]

_PACKAGES = {"Xvfb": "xvfb", "pulseaudio": "pulseaudio", "paplay": "pulseaudio-utils"}
_SINKS: dict[str, str] = {"mic": "microphone_wire", "speakers": "speakers"}
_START_TIMEOUT = 20.0

# The socket comes last: whoever can connect finds all the rest in place.
_PULSE_SCRIPT = """\
load-module module-null-sink sink_name=speakers rate=48000 channels=2 {speakers}
load-module module-null-sink sink_name=microphone_wire rate=48000 channels=1 {wire}
load-module module-remap-source master=microphone_wire.monitor source_name=microphone {microphone}
set-default-sink speakers
set-default-source microphone
load-module module-native-protocol-unix socket={socket} auth-anonymous=1
"""
_LABELS = {
    "speakers": "sink_properties=device.description=Speakers",
    "wire": "sink_properties=device.description=Wire",
    "microphone": "source_properties=device.description=Microphone",
}


def missing_packages(*, voice: bool = True) -> list[str]:
    """The Debian packages that a virtual desktop needs and this machine lacks."""
    wanted = {**_PACKAGES, "flite": "flite"} if voice else _PACKAGES
    return sorted(package for program, package in wanted.items() if not shutil.which(program))


class VirtualDesktop:
    """A display and a sound server of one's own, for as long as the ``with`` block lasts.

    ``env`` is what a process must have in its environment to see them: hand
    ``{**os.environ, **desktop.env}`` to it. The default source is a microphone into which
    `say` speaks; the default sink is a pair of speakers, whose monitor is the system audio.

    Raises DeviceError naming the Debian packages where Xvfb or PulseAudio is missing.
    """

    def __init__(self, size: str = "1280x720") -> None:
        self.size = size
        self.env: dict[str, str] = {}
        self._exit = ExitStack()
        self._show: _Show | None = None

    def __enter__(self) -> VirtualDesktop:
        if missing := missing_packages(voice=False):
            raise DeviceError(
                "A virtual desktop needs Xvfb and PulseAudio. "
                f"Missing Debian packages: {', '.join(missing)}. "
                f"Install them: sudo apt-get install {' '.join(missing)}"
            )
        try:
            folder = Path(self._exit.enter_context(tempfile.TemporaryDirectory(prefix="jc-desk-")))
            self._folder = folder
            display = self._start_display()
            server = self._start_sound()
        except BaseException:
            self._exit.close()
            raise
        self.env = {"DISPLAY": display, "PULSE_SERVER": f"unix:{server}"}
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def display(self) -> str:
        """As in ``$DISPLAY``."""
        return self.env["DISPLAY"]

    def say(self, text: str, to: Target = "mic", *, wait: bool = True) -> None:
        """Speak an English text. ``wait`` until it was said, or go on at once."""
        if shutil.which("flite") is None:
            raise DeviceError("A voice needs the Debian package flite: sudo apt-get install flite")
        wav = self._temporary(".wav")
        subprocess.run(
            ["flite", "-voice", "slt", "-t", text, "-o", str(wav)],
            check=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
        self.play(wav, to, wait=wait)

    def play(self, file: Path, to: Target = "mic", *, wait: bool = True) -> None:
        """Play a sound file (WAV, FLAC, Ogg) into the microphone or the speakers."""
        player = subprocess.Popen(
            ["paplay", f"--device={_SINKS[to]}", str(file)],
            env={**os.environ, **self.env},
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._exit.callback(_end, player)
        if wait and player.wait():
            raise DeviceError(f"paplay could not play {file.name} into the {to}.")

    def show(self, slides: Sequence[Slide | str], every: float = 4.0) -> None:
        """Show the slides in turn, ``every`` so many seconds, round and round.

        The first is on the screen when this returns. Calling again replaces them.
        """
        pages = [Slide(page) if isinstance(page, str) else page for page in slides]
        if not pages:
            raise DeviceError("show() needs at least one slide.")
        if self._show is not None:
            self._show.close()
        self._show = _Show(self.display, pages, every)
        self._exit.callback(self._show.close)

    def close(self) -> None:
        """End the display, the sound and all voices. Does nothing the second time."""
        self._exit.close()

    def _temporary(self, suffix: str) -> Path:
        handle, name = tempfile.mkstemp(suffix, dir=self._folder)
        os.close(handle)
        return Path(name)

    def _start_display(self) -> str:
        _shared_socket_folder()
        ready, written = os.pipe()
        command = ["Xvfb", "-displayfd", str(written), "-screen", "0", f"{self.size}x24"]
        command += ["-nolisten", "tcp", "-noreset"]
        with open(self._folder / "xvfb.log", "wb") as log:
            server = subprocess.Popen(
                command,
                pass_fds=[written],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._exit.callback(_end, server)
        os.close(written)
        with os.fdopen(ready, "rb") as answer:
            readable, _, _ = select.select([answer], [], [], _START_TIMEOUT)
            number = answer.readline().strip().decode() if readable else ""
        if not number:
            raise DeviceError(f"Xvfb did not start. {self._last_line('xvfb.log')}")
        return f":{number}"

    def _start_sound(self) -> Path:
        path = self._folder / "sound.sock"
        script = self._folder / "pulse.pa"
        script.write_text(_PULSE_SCRIPT.format(socket=path, **_LABELS))
        # Its own home: neither the user's configuration nor the user's running server is touched.
        home = {
            name: str(self._folder)
            for name in ("HOME", "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR", "PULSE_RUNTIME_PATH")
        }
        command = ["pulseaudio", "-n", "-F", str(script), "--daemonize=no", "--exit-idle-time=-1"]
        command += ["--use-pid-file=no", "--high-priority=no", "--realtime=no"]
        environ = {key: value for key, value in os.environ.items() if key != "PULSE_SERVER"}
        with open(self._folder / "pulse.log", "wb") as log:
            server = subprocess.Popen(
                command,
                env={**environ, **home},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._exit.callback(_end, server)
        deadline = time.monotonic() + _START_TIMEOUT
        while not _answers(path):
            if server.poll() is not None or time.monotonic() > deadline:
                raise DeviceError(f"PulseAudio did not start. {self._last_line('pulse.log')}")
            time.sleep(0.02)
        return path

    def _last_line(self, name: str) -> str:
        lines = (self._folder / name).read_text(errors="replace").strip().splitlines()
        return f"It said: {lines[-1]}" if lines else "It said nothing."


class _Show:
    """Turns the pages in a thread of its own until closed."""

    def __init__(self, display: str, pages: Sequence[Slide], every: float) -> None:
        self._root = Root(display)
        self._images = [page.draw(self._root.size) for page in pages]
        self._every = every
        self._closed = threading.Event()
        self._root.show(self._images[0])
        self._thread = threading.Thread(target=self._run, name="slides", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        page = 0
        while not self._closed.wait(self._every):
            page = (page + 1) % len(self._images)
            self._root.show(self._images[page])

    def close(self) -> None:
        self._closed.set()
        self._thread.join()
        self._root.close()


def _shared_socket_folder() -> None:
    """Xvfb makes this folder only for root; without it a user's display has no socket file."""
    folder = Path("/tmp/.X11-unix")
    try:
        folder.mkdir()
    except FileExistsError:
        return
    folder.chmod(0o1777)


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as connection:
        try:
            connection.connect(str(path))
        except OSError:
            return False
    return True


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
