"""What is opened for a channel: cameras here, and everything on other platforms, which is tested
for what it opens and was never run there."""

from __future__ import annotations

import errno
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import av
import numpy as np
import pytest

from jupyter_capture.errors import DeviceError, UnknownChannelError
from jupyter_capture.recorder.sources import audio_source, video_source
from jupyter_capture.recorder.sources.base import SourceLostError
from jupyter_capture.recorder.sources.cameras import camera, cameras
from jupyter_capture.recorder.sources.grab import Grab
from jupyter_capture.recorder.sources.soundcard import CardSound


def told(source: Any) -> tuple[str, str, dict[str, str]]:
    """(format, url, options) that a source is about to open."""
    seen: list[tuple[str, str, dict[str, str]]] = []

    def opener(url: str, *, format: str, options: dict[str, str]) -> Any:
        seen.append((format, url, options))
        raise OSError("no such device here")

    source._opener = opener
    with pytest.raises(DeviceError, match="cannot be recorded"):
        source.open()
    return seen[0]


@pytest.mark.parametrize(
    ("platform", "channel_id", "format", "url"),
    [
        ("darwin", "display:default", "avfoundation", "Capture screen 0:none"),
        ("darwin", "display:2", "avfoundation", "Capture screen 1:none"),
        ("darwin", "camera:default", "avfoundation", "default:none"),
        ("darwin", "camera:1", "avfoundation", "1:none"),
        ("win32", "display:1", "gdigrab", "desktop"),
        ("win32", "window:Notepad", "gdigrab", "title=Notepad"),
        ("win32", "camera:HD Webcam", "dshow", "video=HD Webcam"),
    ],
)
def test_pictures_off_linux_come_from_the_platforms_own_device(
    platform: str, channel_id: str, format: str, url: str
):
    opened = told(video_source(channel_id, 15, platform))
    assert opened[:2] == (format, url)
    assert opened[2]["framerate"] == "15"


@pytest.mark.parametrize(
    ("platform", "channel_id"),
    [
        ("darwin", "window:5"),
        ("win32", "display:2"),
        ("win32", "camera:default"),
        ("aix", "display:1"),
    ],
)
def test_what_a_platform_lacks_is_said_with_the_way_out(platform: str, channel_id: str):
    with pytest.raises(DeviceError, match="from the browser"):
        video_source(channel_id, 15, platform)


def test_the_sound_of_a_mac_needs_a_loopback_device_and_says_so():
    with pytest.raises(DeviceError, match="BlackHole"):
        audio_source("system_audio:default", "darwin")
    with pytest.raises(DeviceError, match="from the browser"):
        audio_source("mic:default", "aix")


class Card:
    """SoundCard as it is on Windows and macOS."""

    def __init__(self) -> None:
        self.asked: list[Any] = []

    def _device(self, name: str, loopback: bool) -> Any:
        def recorder(rate: int, channels: int, blocksize: int) -> Any:
            self.asked.append((name, loopback, rate, channels))
            return Taking(channels)

        return SimpleNamespace(id=name, name=name, isloopback=loopback, recorder=recorder)

    def default_microphone(self) -> Any:
        return self._device("built-in", False)

    def default_speaker(self) -> Any:
        return SimpleNamespace(id="speakers")

    def get_microphone(self, id: str, include_loopback: bool) -> Any:
        return self._device(id, include_loopback)

    def all_microphones(self, include_loopback: bool) -> list[Any]:
        return [self._device("headset", False)] + [self._device("hdmi", True)] * include_loopback


class Taking:
    def __init__(self, channels: int) -> None:
        self._channels = channels

    def __enter__(self) -> Taking:
        return self

    def __exit__(self, *_: object) -> None: ...

    def record(self, count: int) -> Any:
        return np.zeros((count, self._channels), np.float32)


@pytest.mark.parametrize(
    ("channel_id", "opened"),
    [
        ("mic:default", ("built-in", False, 48000, 1)),
        ("mic:headset", ("headset", False, 48000, 1)),
        ("system_audio:default", ("speakers", True, 48000, 2)),
        ("system_audio:hdmi", ("hdmi", True, 48000, 2)),
    ],
)
def test_sound_off_linux_comes_from_soundcard(channel_id: str, opened: tuple[Any, ...]):
    card = Card()
    source = CardSound(channel_id, lambda: card)
    source.open()
    assert card.asked == [opened]
    assert source.read().pcm.shape == (960, opened[3])
    source.close()
    with pytest.raises(UnknownChannelError):
        CardSound("mic:kitchen", lambda: card).open()
    assert isinstance(audio_source("mic:default", "win32"), CardSound)


def test_cameras_are_listed_once_each_and_opened_by_their_number(tmp_path: Path):
    for number, index, name in [(0, 0, "Webcam"), (1, 1, "Webcam"), (2, 0, "Capture card")]:
        folder = tmp_path / f"video{number}"
        folder.mkdir()
        (folder / "index").write_text(f"{index}\n")
        (folder / "name").write_text(f"{name}\n")
    assert cameras(tmp_path) == {0: "Webcam", 2: "Capture card"}
    assert told(camera("camera:default", 15, tmp_path))[:2] == ("v4l2", "/dev/video0")
    assert told(camera("camera:2", 15, tmp_path))[:2] == ("v4l2", "/dev/video2")
    with pytest.raises(UnknownChannelError, match=r"camera:0, camera:2"):
        camera("camera:1", 15, tmp_path)
    with pytest.raises(UnknownChannelError, match="none"):
        camera("camera:default", 15, tmp_path / "nothing")


def test_a_camera_that_another_program_holds_says_so(tmp_path: Path):
    (tmp_path / "video0").mkdir()
    source = camera("camera:0", 15, tmp_path)

    def held(*_: object, **__: object) -> Any:
        raise OSError(errno.EBUSY, "Device or resource busy")  # as Video4Linux answers

    source._opener = held
    with pytest.raises(DeviceError, match=r"/dev/video0 refused .*busy.* close that"):
        source.open()


def test_pictures_of_a_real_input_device_are_read_at_its_size_until_it_ends():
    """FFmpeg's own test source stands in for a camera; it is opened and read the same way."""
    source = Grab(
        "camera:0", 10, format="lavfi", url="testsrc=size=162x90:rate=10:duration=0.5",
        options={}, help="", opener=lambda url, format, options: av.open(url, format=format),
    )  # fmt: skip
    source.open()
    assert source.size == (162, 90)
    shots = [source.read() for _ in range(5)]
    assert [shot.frame.width for shot in shots] == [162] * 5
    assert all(a.moment <= b.moment for a, b in pairwise(shots))
    assert shots[1].frame.time_base == Fraction(1, 10)
    with pytest.raises(SourceLostError):
        source.read()
    source.close()
