"""What a recorder does where it cannot record, or no longer."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from recorder_harness import Launch, Recording, free

from jupyter_capture.desktop import VirtualDesktop
from jupyter_capture.media.fmp4 import scan
from jupyter_capture.wire.recorder import MIX, Report


def refused(recording: Recording) -> Report:
    report = recording.client.wait("failed")
    out, _ = recording.process.communicate(timeout=20)
    assert recording.process.returncode == 1
    assert Report.model_validate_json(out) == report
    assert [path.name for path in recording.folder.iterdir()] == ["spec.json"]
    assert not recording.socket.exists()
    return report


@pytest.mark.parametrize(
    ("channel", "known"),
    [
        ("display:7", "display:1"),
        ("mic:kitchen", "mic:default, mic:microphone"),
        ("system_audio:kitchen", "system_audio:default, system_audio:speakers"),
        ("teapot:1", "display:<n>, window:<id>, camera:<n>, mic:<device>"),
        ("mic:", "display:<n>, window:<id>, camera:<n>, mic:<device>"),
    ],
)
def test_an_unknown_channel_is_refused_with_those_that_exist(
    launch: Launch, channel: str, known: str
):
    report = refused(launch("mic:default", channel))
    assert report.error_code == "UNKNOWN_CHANNEL"
    assert repr(channel) in (report.error or "")
    assert known in (report.error or "")


def test_without_a_display_it_says_how_to_get_one(launch: Launch, desktop: VirtualDesktop):
    env = {"PULSE_SERVER": desktop.env["PULSE_SERVER"], "DISPLAY": "", "WAYLAND_DISPLAY": ""}
    report = refused(launch("mic:default", "display:1", env=env))
    assert report.error_code == "NO_DEVICE"
    assert "DISPLAY is not set" in (report.error or "")
    assert "Xvfb" in (report.error or "")
    report = refused(launch("display:1", env={**env, "WAYLAND_DISPLAY": "wayland-0"}))
    assert "Wayland" in (report.error or "")
    report = refused(launch("display:1", env={**env, "DISPLAY": ":987"}))
    assert "does not answer" in (report.error or "")


def test_without_a_sound_server_it_says_how_to_get_one(
    launch: Launch, desktop: VirtualDesktop, tmp_path: Path
):
    env = {**desktop.env, "PULSE_SERVER": f"unix:{tmp_path}/nothing.sock"}
    report = refused(launch("display:1", "mic:default", env=env))
    assert report.error_code == "NO_DEVICE"
    assert "PULSE_SERVER" in (report.error or "")


def test_a_disk_that_is_nearly_full_is_refused_at_the_start(launch: Launch):
    report = refused(launch("mic:default", disk_reserve_mb=10**9))
    assert report.error_code == "STORAGE_FULL"
    assert "JUPYTER_CAPTURE_DISK_RESERVE_MB" in (report.error or "")


def test_no_channels_and_a_folder_in_use_are_refused(launch: Launch):
    assert refused(launch()).error_code == "INVALID_REQUEST"
    recording = launch("mic:default")
    recording.client.wait("active")
    recording.stop()
    before = {path: path.read_bytes() for path in recording.folder.rglob("*") if path.is_file()}
    again = subprocess.run(
        [*recording.process.args],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert again.returncode == 1
    assert "already holds a recording" in again.stdout
    after = {path: path.read_bytes() for path in recording.folder.rglob("*") if path.is_file()}
    assert after == before


def pactl(desktop: VirtualDesktop, *words: str) -> str:
    done = subprocess.run(
        ["pactl", *words], env={**os.environ, **desktop.env}, capture_output=True, check=True
    )
    return done.stdout.decode().strip()


def test_a_device_that_goes_and_comes_back_is_a_gap_and_the_others_go_on(
    desktop: VirtualDesktop, launch: Launch, paint: Callable[[str], None], beep: Path
):
    module = pactl(desktop, "load-module", "module-null-sink", "sink_name=headset")
    recording = launch("display:1", "mic:default", "system_audio:headset")
    client = recording.client
    client.wait("active")
    client.wait_until(0.6)
    pactl(desktop, "unload-module", module)
    lost = client.wait("gap")
    assert lost.data["channel_id"] == "system_audio:headset"
    assert lost.data["state"] == "began"
    paint("blue")
    desktop.play(beep, "mic")
    module = pactl(desktop, "load-module", "module-null-sink", "sink_name=headset")
    found = client.wait("gap")
    assert found.data["state"] == "ended"
    subprocess.run(
        ["paplay", "--device=headset", str(beep)], env={**os.environ, **desktop.env}, check=True
    )
    client.wait("levels")
    client.wait("levels")
    manifest = recording.stop()
    pactl(desktop, "unload-module", module)
    assert {track.seconds for track in manifest.tracks} == {manifest.duration}
    track = recording.track("system_audio:headset")
    (gap,) = track.gaps
    assert 0.5 < gap.start / 48000 <= lost.data["at"]
    assert gap.end / 48000 == pytest.approx(found.data["at"], abs=0.6)
    assert "sound device" in gap.reason
    assert recording.onset("mic:default") < found.data["at"]
    assert recording.onset("system_audio:headset") > found.data["at"]
    assert recording.track("mic:default").gaps == []


def test_the_end_of_the_sound_server_does_not_end_the_picture(
    launch: Launch, paint: Callable[[str], None]
):
    with VirtualDesktop("320x200") as own:
        recording = launch("display:1", "mic:default", env=own.env)
        recording.client.wait("active")
        recording.client.wait_until(0.5)
        pactl(own, "exit")
        recording.client.wait("gap")
        at = recording.client.wait("levels").data["at"]
        recording.client.wait_until(at + 1.5)
        manifest = recording.stop()
    assert {track.seconds for track in manifest.tracks} == {manifest.duration}
    (gap,) = recording.track("mic:default").gaps
    assert gap.end == recording.track("mic:default").duration
    assert recording.track("display:1").gaps == []


def test_the_end_of_the_display_is_a_black_still_and_the_sound_goes_on(launch: Launch):
    own = VirtualDesktop("320x200")
    with own, VirtualDesktop("320x200") as sound:
        env = {**sound.env, "DISPLAY": own.display}
        recording = launch("display:1", "mic:default", env=env)
        recording.client.wait("active")
        recording.client.wait_until(0.5)
        own.close()
        with free(own.display):
            recording.client.wait("gap")
            at = recording.client.wait("levels").data["at"]
            recording.client.wait_until(at + 1.2)
            manifest = recording.stop()
    assert {track.seconds for track in manifest.tracks} == {manifest.duration}
    (gap,) = recording.track("display:1").gaps
    assert gap.end == recording.track("display:1").duration
    assert recording.track("mic:default").gaps == []


def test_a_disk_that_fills_up_stops_the_session_with_everything_kept(
    launch: Launch, tmp_path: Path
):
    free = os.statvfs(tmp_path).f_bavail * os.statvfs(tmp_path).f_frsize // 1_000_000
    recording = launch("mic:default", disk_reserve_mb=free - 800)
    recording.client.wait("active")
    with open(tmp_path / "ballast", "wb") as ballast:
        os.posix_fallocate(ballast.fileno(), 0, 1_600_000_000)
    recording.client.wait("disk")
    recording.client.wait("stopped")
    os.remove(tmp_path / "ballast")
    manifest = recording.ended()
    assert manifest.reason == "disk"
    for track in manifest.tracks:
        assert track.seconds == manifest.duration
        with open(recording.folder / track.parts[0].file, "rb") as file:
            assert list(scan(file))
    assert {track.channel_id for track in manifest.tracks} == {"mic:default", MIX}
