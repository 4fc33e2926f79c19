from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
from pathlib import Path

import pytest
from recorder_harness import ROOT

from jupyter_capture.desktop import VirtualDesktop
from jupyter_capture.errors import DeviceError
from jupyter_capture.recorder.sources.xscreens import _entries, screens
from jupyter_capture.wire.capture import ChannelList


def channels(env: dict[str, str]) -> ChannelList:
    done = subprocess.run(
        [sys.executable, "-m", "jupyter_capture.recorder.channels"],
        env={**os.environ, "PYTHONPATH": str(ROOT), **env},
        capture_output=True,
        check=True,
    )
    return ChannelList.model_validate(json.loads(done.stdout))


def test_screens_and_sounds_are_listed_with_their_names_the_default_first(desktop: VirtualDesktop):
    found = channels(desktop.env)
    assert found.problems == []
    rows = {channel.channel_id: channel for channel in found.channels}
    assert list(rows)[:2] == ["display:1", "mic:default"]
    assert (rows["display:1"].width, rows["display:1"].height) == (640, 360)
    assert rows["mic:default"].name == "Microphone (default: Microphone)"
    assert rows["mic:default"].is_default
    assert rows["mic:microphone"].name == "Microphone: Microphone"
    assert rows["system_audio:default"].name == "System audio (default: Speakers)"
    assert {rows[name].type for name in rows if name != "display:1"} == {"audio"}
    assert not any("monitor" in name for name in rows)


def test_what_is_missing_is_said_with_how_to_get_it(tmp_path: Path):
    nothing = {
        "DISPLAY": "", "WAYLAND_DISPLAY": "", "PULSE_SERVER": f"unix:{tmp_path}/none",
    }  # fmt: skip
    found = channels(nothing)
    assert found.channels == []
    assert any("DISPLAY is not set" in problem for problem in found.problems)
    assert any("pulseaudio" in problem for problem in found.problems)
    wayland = channels({**nothing, "WAYLAND_DISPLAY": "wayland-0"})
    assert any("Wayland" in problem and "browser" in problem for problem in wayland.problems)


def test_a_display_that_is_none_is_a_clear_error(desktop: VirtualDesktop):
    assert screens(desktop.display) == [(640, 360)]
    assert screens(f"{desktop.display}.0") == [(640, 360)]
    with pytest.raises(DeviceError, match="does not name an X display"):
        screens("monitor")
    with pytest.raises(DeviceError, match="does not answer"):
        screens(":987")


def test_an_xauthority_file_is_read_as_x_writes_it():
    def field(data: bytes) -> bytes:
        return struct.pack(">H", len(data)) + data

    entry = struct.pack(">H", 256) + field(b"host") + field(b"0") + field(b"MIT-MAGIC-COOKIE-1")
    assert _entries(entry + field(b"k" * 16)) == [(256, b"0", b"MIT-MAGIC-COOKIE-1", b"k" * 16)]
