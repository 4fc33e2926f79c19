from __future__ import annotations

import tempfile
import wave
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from recorder_harness import Launch, Recording, attach, spawn

from jupyter_capture.desktop import VirtualDesktop
from jupyter_capture.desktop.window import Root

SIZE = "640x360"


@pytest.fixture(scope="session")
def desktop() -> Iterator[VirtualDesktop]:
    with VirtualDesktop(SIZE) as desktop:
        yield desktop


@pytest.fixture
def paint(desktop: VirtualDesktop) -> Iterator[Callable[[str], None]]:
    """Fill the screen with a colour; it is there when the call returns."""
    with Root(desktop.display) as root:

        def fill(colour: str) -> None:
            root.show(Image.new("RGB", root.size, colour))

        fill("black")
        yield fill


@pytest.fixture(scope="session")
def beep(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Half a second of 1 kHz."""
    path = tmp_path_factory.mktemp("sound") / "beep.wav"
    tone = 0.5 * np.sin(2 * np.pi * 1000 * np.arange(24000) / 48000)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(48000)
        file.writeframes((tone * 32767).astype("<i2").tobytes())
    return path


@pytest.fixture
def launch(desktop: VirtualDesktop, tmp_path: Path) -> Iterator[Launch]:
    """Start a recorder of the given channels (ids; a leading ``-`` means live only)."""
    running: list[Recording] = []
    with tempfile.TemporaryDirectory(prefix="jc-rec-") as sockets:

        def start(*channels: str, env: dict[str, str] | None = None, **spec: Any) -> Recording:
            number = len(running)
            folder, path = tmp_path / f"cap-{number}", Path(sockets) / f"{number}.sock"
            wanted = [
                {"channel_id": name.lstrip("-"), "store": not name.startswith("-")}
                for name in channels
            ]
            process = spawn(folder, path, env or desktop.env, channels=wanted, **spec)
            running.append(Recording(process, folder, path, attach(path, process)))
            return running[-1]

        yield start
        for recording in running:
            if recording.process.poll() is None:
                recording.process.kill()
            recording.process.communicate()
            recording.client.close()
