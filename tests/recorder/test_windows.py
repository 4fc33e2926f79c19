"""Windows of an X server as channels; screens and windows that change their size."""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
from collections.abc import Iterator

import av
import pytest
from PIL import Image
from randr import resize
from recorder_harness import ROOT, Launch

from jupyter_capture.desktop import VirtualDesktop
from jupyter_capture.desktop.window import Root
from jupyter_capture.errors import DeviceError, UnknownChannelError
from jupyter_capture.media.tracks import StoredTrack
from jupyter_capture.recorder.sources import video_source
from jupyter_capture.recorder.sources.xwindows import number_of, window, windows
from jupyter_capture.wire.capture import ChannelList

_CREATE, _DESTROY, _MAP, _UNMAP, _CONFIGURE, _PROPERTY = 1, 4, 8, 10, 12, 18
_BACKGROUND, _WIDTH, _HEIGHT = 2, 4, 8
_WM_NAME, _STRING = 39, 31


class Window:
    """A window of one colour with a name."""

    def __init__(self, root: Root, name: str, place: tuple[int, int, int, int], colour: int):
        self._root = root
        self.id = root._next_id()
        body = struct.pack(
            "<IIhhHHHHII", self.id, root.root, *place, 0, 1, 0, _BACKGROUND
        ) + struct.pack("<I", colour)
        root._request(_CREATE, 24, body)
        text = name.encode("latin-1")
        padded = text.ljust(-(-len(text) // 4) * 4, b"\0")
        head = struct.pack("<IIIB3xI", self.id, _WM_NAME, _STRING, 8, len(text))
        root._request(_PROPERTY, 0, head + padded)
        self.ask(_MAP)

    def ask(self, opcode: int) -> None:
        self._root._request(opcode, 0, struct.pack("<I", self.id))
        self._root._round_trip()

    def resize(self, width: int, height: int) -> None:
        body = struct.pack("<IHxxII", self.id, _WIDTH | _HEIGHT, width, height)
        self._root._request(_CONFIGURE, 0, body)
        self._root._round_trip()


@pytest.fixture
def opened(desktop: VirtualDesktop) -> Iterator[Window]:
    with Root(desktop.display) as root:
        yield Window(root, "Quarterly report", (100, 60, 321, 201), 0x0000FF)


def test_windows_that_are_shown_are_channels_with_name_and_size(
    desktop: VirtualDesktop, opened: Window
):
    (found,) = windows(desktop.display)
    assert (found.id, found.name, found.width, found.height) == (
        opened.id, "Quarterly report", 321, 201,
    )  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-m", "jupyter_capture.recorder.channels"],
        env={**os.environ, "PYTHONPATH": str(ROOT), **desktop.env},
        capture_output=True,
        check=True,
    )
    listed = ChannelList.model_validate(json.loads(done.stdout)).channels
    channel = next(each for each in listed if each.channel_id.startswith("window:"))
    assert channel.channel_id == f"window:{opened.id:#x}"
    assert channel.name == "Quarterly report"
    opened.ask(_UNMAP)
    assert windows(desktop.display) == []
    assert window(desktop.display, opened.id) is None
    assert window(desktop.display, 0x7FFFFFF) is None


def test_a_window_is_recorded_with_what_is_in_it_and_its_closing_is_a_gap(
    opened: Window, launch: Launch
):
    channel_id = f"window:{opened.id:#x}"
    recording = launch(channel_id, "mic:default")
    recording.client.wait("active")
    recording.client.wait_until(0.8)
    opened.resize(401, 301)
    recording.client.wait_until(4)
    opened.ask(_DESTROY)
    lost = recording.client.wait("gap")
    assert lost.data["channel_id"] == channel_id
    recording.client.wait_until(lost.data["at"] + 0.6)
    manifest = recording.stop()
    assert {track.seconds for track in manifest.tracks} == {manifest.duration}
    track = recording.track(channel_id)
    assert (track.codec.width, track.codec.height) == (322, 202)
    assert len(track.parts) == 2
    assert recording.pictures(channel_id)[0][1][2] > 200
    assert track.gaps[-1].end == track.duration


def test_what_names_no_window_is_refused_with_those_that_are_open(
    desktop: VirtualDesktop, opened: Window, monkeypatch: pytest.MonkeyPatch
):
    for name, value in desktop.env.items():
        monkeypatch.setitem(os.environ, name, value)
    with pytest.raises(UnknownChannelError, match=f"{opened.id:#x}"):
        video_source("window:0x7ffffff", 15).open()
    with pytest.raises(DeviceError, match="names no window"):
        number_of("window:Quarterly report")


def test_a_screen_that_changes_its_size_goes_on_in_that_size_odd_ones_too(launch: Launch):
    with VirtualDesktop("640x360") as desktop:
        fill(desktop, "red")
        recording = launch("display:1", env=desktop.env)
        recording.client.wait("active")
        recording.client.wait_until(1)
        for size, colour in (((501, 301), "blue"), ((640, 360), "lime")):
            resize(desktop.display, *size)
            fill(desktop, colour)
            at = recording.client.wait("levels").data["at"]
            recording.client.wait_until(at + 3)  # it looks every other second
        recording.stop()
    track = StoredTrack.open(recording.folder, recording.track("display:1"))
    assert track.manifest.gaps == []
    shown = [(frame.width, frame.height, colour_of(frame)) for frame in track.frames(0, track.end)]
    begun, ended = shown[0], shown[-1]
    assert begun == (640, 360, "red")
    assert (502, 302, "blue") in shown
    assert ended == (640, 360, "lime")
    assert all(colour != "black" for _, _, colour in shown)


def fill(desktop: VirtualDesktop, colour: str) -> None:
    with Root(desktop.display) as root:
        root.show(Image.new("RGB", root.size, colour))


def colour_of(frame: av.VideoFrame) -> str:
    red, green, blue = frame.to_ndarray(format="rgb24")[20:120, 20:120].mean(axis=(0, 1))
    named = {"red": red, "lime": green, "blue": blue}
    name = max(named, key=lambda each: named[each])
    return name if named[name] > 128 else "black"
