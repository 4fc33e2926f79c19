"""Real screens and real sound, recorded by the real process."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from recorder_harness import Launch, Recording

from jupyter_capture.desktop import VirtualDesktop
from jupyter_capture.media.fmp4 import scan
from jupyter_capture.recorder.__main__ import when_told_to_end
from jupyter_capture.wire.recorder import MIX

Paint = Callable[[str], None]
RED, BLUE = (255, 0, 0), (0, 0, 255)
IN_STEP = 0.04  # s; the bound of sound and picture


def near(one: tuple[int, ...], other: tuple[int, ...]) -> bool:
    return max(abs(a - b) for a, b in zip(one, other, strict=True)) < 12


def first_shown(recording: Recording, colour: tuple[int, ...]) -> float:
    return next(at for at, shown in recording.pictures() if near(shown, colour))


def content_of(folder: Path) -> bytes:
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != "spec.json"]
    return b"".join(path.read_bytes() for path in files)


def test_kept_channels_become_tracks_of_one_length_with_the_right_content_in_its_place(
    desktop: VirtualDesktop, launch: Launch, paint: Paint, beep: Path
):
    paint("red")
    recording = launch("display:1", "mic:default", "system_audio:default")
    started = recording.client.wait("active").data["started_at"]
    recording.client.wait_until(1.2)
    turned_blue = time.time()
    paint("blue")
    desktop.play(beep, "speakers")
    spoken = time.time()
    desktop.say("The budget discussion begins now.", "mic")
    silent_again = time.time() - started
    recording.client.wait("levels", lambda r: r.data["at"] > silent_again + 0.3)
    manifest = recording.stop()

    assert manifest.status == "stopped"
    assert manifest.reason is None
    assert {track.channel_id for track in manifest.tracks} == {
        "display:1", "mic:default", "system_audio:default", MIX,
    }  # fmt: skip
    assert {track.seconds for track in manifest.tracks} == {manifest.duration}
    assert {recording.end(track.channel_id) for track in manifest.tracks} == {manifest.duration}
    assert not any(track.gaps for track in manifest.tracks)
    stems = {name: len(recording.pcm(name)) for name in ("mic:default", MIX)}
    assert len(set(stems.values())) == 1

    pictures = recording.pictures()
    assert pictures[0][0] == 0
    assert near(pictures[0][1], RED)
    assert abs(first_shown(recording, BLUE) - (turned_blue - started)) < 0.25

    beeped = recording.onset("system_audio:default")
    # It was asked for after the screen turned blue; stamps are exact to the bound of sync.
    assert -IN_STEP <= beeped - (turned_blue - started) < 1
    said = recording.onset("mic:default")
    assert 0 <= said - (spoken - started) < 1.5
    assert recording.loudness("mic:default", beeped, beeped + 0.4) < 0.01
    assert recording.loudness(MIX, beeped + 0.1, beeped + 0.4) > 0.2
    assert recording.loudness(MIX, said, said + 1) > 0.02
    assert abs(recording.onset(MIX) - beeped) < IN_STEP


def test_two_ways_to_the_same_sound_are_in_step(
    desktop: VirtualDesktop, launch: Launch, beep: Path
):
    recording = launch("mic:microphone", "system_audio:microphone_wire")
    recording.client.wait("active")
    recording.client.wait_until(0.5)
    desktop.play(beep, "mic")
    at = recording.client.wait("levels").data["at"]
    recording.client.wait_until(at + 0.3)
    recording.stop()
    one, other = recording.onset("mic:microphone"), recording.onset("system_audio:microphone_wire")
    assert abs(one - other) < IN_STEP


def test_a_still_screen_costs_few_bytes_and_a_key_frame_only_every_ten_seconds(
    launch: Launch, paint: Paint
):
    paint("green")
    recording = launch("display:1")
    recording.client.wait("active")
    recording.client.wait_until(4.2)
    manifest = recording.stop()
    (track,) = manifest.tracks
    with open(recording.folder / track.parts[0].file, "rb") as file:
        refs = list(scan(file))
    assert [ref.key for ref in refs] == [True] + [False] * (len(refs) - 1)
    assert all(a.time + a.duration == b.time for a, b in pairwise(refs))
    assert max(ref.duration for ref in refs) < 1.2 * 90000
    assert sum(ref.size for ref in refs[1:]) < 600 * len(refs)


def test_a_channel_that_is_live_only_reaches_no_file_nor_the_mix(
    desktop: VirtualDesktop, launch: Launch, paint: Paint, beep: Path
):
    paint("red")
    recording = launch("-display:1", "mic:default", "-system_audio:default")
    active = recording.client.wait("active")
    assert [c["store"] for c in active.data["channels"]] == [False, True, False]
    recording.client.wait_until(0.3)
    desktop.play(beep, "speakers", wait=False)
    heard = recording.client.wait(
        "levels", lambda report: report.data["levels"]["system_audio:default"] > -20
    )
    recording.client.wait_until(heard.data["at"] + 0.5)
    recording.stop()
    assert {track.channel_id for track in recording.manifest.tracks} == {"mic:default", MIX}
    content = content_of(recording.folder)
    assert b"system_audio" not in content
    assert b"display" not in content
    assert recording.loudness(MIX, 0, 60) < 0.001
    log = recording.process.stderr.read()
    assert "system_audio" not in log
    assert "display" not in log


def test_a_session_that_keeps_nothing_leaves_a_manifest_without_tracks(launch: Launch):
    recording = launch("-mic:default")
    recording.client.wait("active")
    recording.client.wait_until(0.3)
    assert recording.stop().tracks == []
    assert {path.name for path in recording.folder.iterdir()} == {"spec.json", "manifest.json"}


def test_a_kill_loses_about_half_a_second_and_all_before_is_readable(launch: Launch, paint: Paint):
    paint("red")
    recording = launch("display:1", "mic:default", "system_audio:default")
    started = recording.client.wait("active").data["started_at"]
    recording.client.wait_until(1)
    paint("blue")
    recording.client.wait_until(3.1)
    recording.kill()
    killed = time.time() - started
    manifest = recording.manifest
    assert manifest.status == "recording"
    assert len(manifest.tracks) == 4
    for track in manifest.tracks:
        assert killed - recording.end(track.channel_id) < 1.1
    assert near(recording.pictures()[-1][1], BLUE)
    assert len(recording.pcm(MIX)) / 48000 == pytest.approx(recording.end(MIX), abs=0.05)


def test_a_pause_is_cut_out_of_all_tracks_in_step(
    desktop: VirtualDesktop, launch: Launch, paint: Paint, beep: Path
):
    paint("red")
    recording = launch("display:1", "mic:default")
    client = recording.client
    client.wait("active")
    client.wait_until(1)
    client.send("pause")
    paused = client.wait("status")
    assert paused.data["status"] == "paused"
    client.send("pause")
    assert client.wait("status").data["status"] == "paused"
    paint("blue")
    desktop.play(beep, "mic")
    client.send("resume")
    resumed = client.wait("status")
    assert resumed.data["status"] == "recording"
    assert resumed.data["duration"] == pytest.approx(paused.data["duration"], abs=0.2)
    client.wait_until(resumed.data["duration"] + 0.6)
    desktop.play(beep, "mic")
    manifest = recording.stop()
    assert {track.seconds for track in manifest.tracks} == {manifest.duration}
    assert len(manifest.wall_clock) == 2
    (first, began), (second, went_on) = manifest.wall_clock
    assert first == 0
    assert second == pytest.approx(paused.data["duration"], abs=0.1)
    assert went_on - began > second + 0.5
    assert abs(first_shown(recording, BLUE) - second) < 0.25
    assert recording.loudness("mic:default", 0, second + 0.4) < 0.01
    assert recording.onset("mic:default") > second + 0.5


def test_a_stop_while_paused_ends_where_the_pause_began(launch: Launch):
    recording = launch("mic:default")
    recording.client.wait("active")
    recording.client.wait_until(0.5)
    recording.client.send("pause")
    paused = recording.client.wait("status").data["duration"]
    recording.client.wait("levels")
    assert recording.stop().duration == pytest.approx(paused, abs=0.03)


def test_a_stop_at_once_leaves_a_valid_session(launch: Launch):
    recording = launch("display:1", "mic:default")
    recording.client.send("stop")
    recording.client.wait("stopped")
    manifest = recording.ended()
    assert manifest.status == "stopped"
    assert {track.channel_id for track in manifest.tracks} == {"display:1", "mic:default", MIX}
    assert {track.seconds for track in manifest.tracks} == {manifest.duration}
    assert manifest.duration < 2


def test_an_interrupt_is_ignored_and_sigterm_stops_cleanly(launch: Launch):
    recording = launch("mic:default")
    recording.client.wait("active")
    assert os.getsid(recording.process.pid) == recording.process.pid
    recording.process.send_signal(signal.SIGINT)
    recording.client.wait_until(0.5)
    recording.process.send_signal(signal.SIGTERM)
    recording.client.wait("stopped")
    assert recording.ended().status == "stopped"


def test_sigterm_waits_for_no_lock_that_the_interrupted_holds() -> None:
    lock, stopped = threading.Lock(), threading.Event()

    def stop() -> None:
        with lock:
            stopped.set()

    before = signal.getsignal(signal.SIGTERM)
    try:
        when_told_to_end(stop)
        with lock:
            signal.raise_signal(signal.SIGTERM)
        assert stopped.wait(20)
    finally:
        signal.signal(signal.SIGTERM, before)


def test_two_clients_see_the_same_and_either_may_command(launch: Launch):
    recording = launch("mic:default")
    first, second = recording.client, recording.attach()
    first.wait("active")
    assert second.wait("levels").data["levels"].keys() == {"mic:default"}
    second.send("pause")
    assert second.wait("status").data["status"] == "paused"
    first.wait("levels", lambda report: report.data["status"] == "paused")
    second.send_raw(b"what?\n")
    refused = second.wait("failed")
    assert refused.error_code == "INVALID_REQUEST"
    assert "status, stop, pause" in (refused.error or "")
    second.close()
    third = recording.attach()
    third.send("stop")
    first.wait("stopped")
    third.wait("stopped")
    third.close()
    recording.ended()
    assert not any(report.report == "failed" for report in first.seen)


def test_it_stops_by_itself_after_the_longest_duration(launch: Launch):
    recording = launch("mic:default", max_duration_hours=1 / 3600)
    recording.client.wait("stopped")
    manifest = recording.ended()
    assert manifest.reason == "max_duration"
    assert 1 <= manifest.duration < 5


def test_store_may_be_switched_while_recording(
    desktop: VirtualDesktop, launch: Launch, paint: Paint, beep: Path
):
    paint("red")
    recording = launch("display:1", "mic:default", "-system_audio:default")
    client = recording.client
    client.wait("active")
    client.wait_until(0.6)
    for channel_id in ("mic:default", "display:1"):
        client.send("set_store", channel_id=channel_id, store=False)
        client.wait("status")
    client.send("set_store", channel_id="system_audio:default", store=True)
    off = client.wait("status").data["duration"]
    desktop.play(beep, "mic", wait=False)
    desktop.play(beep, "speakers")
    client.wait_until(off + 1.2)
    for channel_id in ("mic:default", "display:1"):
        client.send("set_store", channel_id=channel_id, store=True)
        on = client.wait("status").data["duration"]
    client.wait_until(on + 0.7)
    client.send("set_store", channel_id="mic:other", store=True)
    assert client.wait("failed").error_code == "UNKNOWN_CHANNEL"
    manifest = recording.stop()
    assert {track.seconds for track in manifest.tracks} == {manifest.duration}
    assert recording.loudness("mic:default", 0, manifest.duration) < 0.001
    assert recording.onset("system_audio:default") > off - 0.1
    for channel_id, start, end in (
        ("mic:default", off, on), ("display:1", off, on), ("system_audio:default", 0, off),
    ):  # fmt: skip
        track = recording.track(channel_id)
        (gap,) = track.gaps
        assert gap.reason == "not kept"
        assert gap.start / track.timescale == pytest.approx(start, abs=0.3)
        assert gap.end / track.timescale == pytest.approx(end, abs=0.3)
    hidden = [colour for at, colour in recording.pictures() if off + 0.2 < at < on - 0.2]
    assert hidden
    assert all(near(colour, (0, 0, 0)) for colour in hidden)
    assert near(recording.pictures()[-1][1], RED)
