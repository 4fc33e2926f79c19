"""Time that is left out: a suspend, a channel that is paused, claps in step through it all."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from recorder_harness import Launch, Recording

from jupyter_capture.desktop import VirtualDesktop
from jupyter_capture.desktop.clapper import Clapper
from jupyter_capture.desktop.clapper import offsets as clap_offsets

IN_STEP = 0.04  # s; the bound of sound and picture
CLAPS = 3
FPS = 30


def test_a_suspend_pauses_the_session_and_says_so_until_it_is_resumed(launch: Launch):
    recording = launch("display:1", "mic:default", suspend_seconds=1.5)
    client = recording.client
    client.wait("active")
    client.wait_until(0.8)
    recording.process.send_signal(signal.SIGSTOP)
    stopped = time.monotonic()
    while time.monotonic() - stopped < 2.5:
        time.sleep(0.1)
    recording.process.send_signal(signal.SIGCONT)
    paused = client.wait("paused")
    assert paused.data["reason"] == "suspend"
    assert "Resume" in paused.data["message"]
    client.send("status")
    at = client.wait("status").data
    assert at["status"] == "paused"
    assert recording.manifest.paused
    client.send("resume")
    assert client.wait("status").data["status"] == "recording"
    client.wait_until(at["duration"] + 0.7)
    manifest = recording.stop()
    assert {track.seconds for track in manifest.tracks} == {manifest.duration}
    (_, before), (resumed, after) = manifest.wall_clock
    assert resumed == pytest.approx(at["duration"], abs=0.01)
    assert after - before > resumed + 2  # the time of the suspend is in no track


def test_a_paused_channel_is_a_gap_that_nobody_hears_and_the_others_go_on(
    desktop: VirtualDesktop, launch: Launch, paint: Callable[[str], None], beep: Path
):
    paint("red")
    recording = launch("display:1", "mic:default", "system_audio:default")
    client = recording.client
    client.wait("active")
    client.send("listen", channel_id="mic:default")
    client.wait("pcm")
    for channel_id in ("display:1", "mic:default"):
        client.send("pause", channel_id=channel_id)
        off = client.wait("status").data
    assert {c["channel_id"]: c["paused"] for c in off["channels"]} == {
        "display:1": True, "mic:default": True, "system_audio:default": False,
    }  # fmt: skip
    seen = len(client.seen)
    desktop.play(beep, "mic", wait=False)
    desktop.play(beep, "speakers")
    client.wait_until(off["duration"] + 1)
    heard = [one for one in client.seen[seen:] if one.report == "pcm"]
    assert all(one.data["at"] < off["duration"] for one in heard)
    for channel_id in ("display:1", "mic:default"):
        client.send("resume", channel_id=channel_id)
        on = client.wait("status").data["duration"]
    client.wait_until(on + 0.8)
    client.send("pause", channel_id="mic:other")
    assert client.wait("failed").error_code == "UNKNOWN_CHANNEL"
    manifest = recording.stop()
    assert {track.seconds for track in manifest.tracks} == {manifest.duration}
    for channel_id in ("display:1", "mic:default"):
        (gap,) = recording.track(channel_id).gaps
        scale = recording.track(channel_id).timescale
        assert gap.reason == "paused"
        assert gap.start / scale == pytest.approx(off["duration"], abs=0.4)
        assert gap.end / scale == pytest.approx(on, abs=0.4)
    assert recording.loudness("mic:default", 0, manifest.duration) < 0.001
    assert recording.onset("system_audio:default") > off["duration"] - 0.1
    assert recording.track("system_audio:default").gaps == []
    hidden = [c for at, c in recording.pictures() if off["duration"] + 0.3 < at < on - 0.3]
    assert hidden
    assert all(max(colour) < 12 for colour in hidden)


def test_claps_are_in_step_before_and_after_pauses(desktop: VirtualDesktop, launch: Launch):
    recording = launch("display:1", "system_audio:default", fps=FPS)
    client = recording.client
    client.wait("active")
    with Clapper(desktop) as clapper:
        client.wait_until(1)
        for _ in range(CLAPS):
            clapper.clap()
            clapper.clap()
            client.send("pause")
            paused = client.wait("status").data["duration"]
            client.send("resume")
            client.wait("status")
            client.wait_until(paused + 0.6)
        clapper.clap()
        client.send("status")
        client.wait_until(client.wait("status").data["duration"] + 0.6)
    recording.stop()
    found = offsets(recording)
    assert len(found) == 2 * CLAPS + 1
    # One by one they wait for the screen and for the machine; together they tell the truth.
    assert abs(float(np.median(found))) < IN_STEP


def offsets(recording: Recording) -> list[float]:
    """Seconds from each flash to its click."""
    bright = [(at, max(colour) > 128) for at, colour in recording.pictures()]
    found = clap_offsets(bright, recording.pcm("system_audio:default"), 1 / FPS)
    return [offset for offset in found if offset is not None]
