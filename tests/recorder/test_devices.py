"""Devices as odd as they come: few and many channels, slow and fast, many at once, one twice."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from recorder_harness import Launch

from jupyter_capture.desktop import VirtualDesktop
from jupyter_capture.recorder.watch import Watch
from jupyter_capture.wire.recorder import MIX, RecorderSpec, Report

MANY = 64


@contextmanager
def sinks(desktop: VirtualDesktop, *arguments: str) -> Iterator[None]:
    """Outputs that exist within the block."""
    env = {**os.environ, **desktop.env}
    loaded = []
    try:
        for argument in arguments:
            command = ["pactl", "load-module", "module-null-sink", *argument.split()]
            done = subprocess.run(command, env=env, capture_output=True, check=True, text=True)
            loaded.append(done.stdout.strip())
        yield
    finally:
        for module in loaded:
            subprocess.run(["pactl", "unload-module", module], env=env, check=True)


def play(desktop: VirtualDesktop, beep: Path, sink: str) -> None:
    env = {**os.environ, **desktop.env}
    subprocess.run(["paplay", f"--device={sink}", str(beep)], env=env, check=True)


def test_whatever_a_device_counts_in_is_stored_at_48_khz_in_its_place(
    desktop: VirtualDesktop, launch: Launch, beep: Path
):
    kinds = {"old": "rate=44100 channels=1", "studio": "rate=192000 channels=8"}
    with sinks(desktop, *(f"sink_name={name} {kind}" for name, kind in kinds.items())):
        recording = launch("system_audio:old", "system_audio:studio", "mic:old.monitor")
        report = recording.client.wait("failed")
        assert "There is no 'mic:old.monitor'" in (report.error or "")
        recording = launch("system_audio:old", "system_audio:studio")
        recording.client.wait("active")
        recording.client.wait_until(0.5)
        began = {}
        for name in kinds:
            began[name] = recording.client.wait("levels").data["at"]
            play(desktop, beep, name)
        at = recording.client.wait("levels").data["at"]
        recording.client.wait_until(at + 0.5)
        manifest = recording.stop()
    assert {track.seconds for track in manifest.tracks} == {manifest.duration}
    for name, at in began.items():
        channel_id = f"system_audio:{name}"
        codec = recording.track(channel_id).codec
        assert (codec.rate, codec.channels) == (48000, 2)
        heard = recording.onset(channel_id)
        assert heard > at - 0.3
        # Half a second of 1 kHz is half a second of 1 kHz, whatever it went through.
        tone = recording.pcm(channel_id)[int((heard + 0.1) * 48000) :][:14400]
        crossings = int(((tone[:-1] < 0) & (tone[1:] >= 0)).sum())
        assert crossings == pytest.approx(300, abs=6)


def test_the_same_device_by_two_names_is_two_channels_with_the_same_sound(
    desktop: VirtualDesktop, launch: Launch, beep: Path
):
    recording = launch("mic:default", "mic:microphone", "mic:default")
    assert len(recording.client.wait("active").data["channels"]) == 2
    recording.client.wait_until(0.4)
    desktop.play(beep, "mic")
    at = recording.client.wait("levels").data["at"]
    recording.client.wait_until(at + 0.3)
    recording.stop()
    assert abs(recording.onset("mic:default") - recording.onset("mic:microphone")) < 0.04


def test_sixty_four_channels_are_recorded_at_once(desktop: VirtualDesktop, launch: Launch):
    twice = ["display:1", "display:default", "mic:default", "mic:microphone",
             "system_audio:default", "system_audio:speakers"]  # fmt: skip
    names = [f"many{number}" for number in range(MANY - len(twice))]  # PulseAudio has few more
    with sinks(desktop, *(f"sink_name={name} rate=48000 channels=2" for name in names)):
        kept = [f"system_audio:{name}" for name in names[::4]]
        others = [f"-system_audio:{name}" for name in names if f"system_audio:{name}" not in kept]
        recording = launch(*twice, *kept, *others)
        active = recording.client.wait("active")
        assert len(active.data["channels"]) == MANY
        recording.client.wait_until(1)
        manifest = recording.stop()
    assert {track.channel_id for track in manifest.tracks} == {*twice, *kept, MIX}
    assert {track.seconds for track in manifest.tracks} == {manifest.duration}


def test_a_channel_that_is_silent_for_ten_seconds_is_told_of_once_until_it_is_heard(
    tmp_path: Path,
):
    told: list[Report] = []
    watch = Watch(RecorderSpec(session_id="cap-1", socket="", channels=[]), tmp_path, told.append)
    for tenth in range(0, 300):
        level = -20.0 if tenth == 150 else -90.0
        watch.listen({"mic:default": level, "system_audio:default": -30.0}, tenth / 10)
    assert [(one.report, one.data["channel_id"], one.data["at"]) for one in told] == [
        ("silence", "mic:default", 10.0),
        ("heard", "mic:default", 15.0),
        ("silence", "mic:default", 25.1),
    ]
    assert "Nothing has been heard on mic:default for 10 s" in told[0].data["message"]
