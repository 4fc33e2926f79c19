"""A recorder that is killed is started again: the same session, a new part of each track."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from itertools import pairwise

import pytest
from recorder_harness import Launch, Recording, attach, free, spawn_again

from jupyter_capture.desktop import VirtualDesktop
from jupyter_capture.media.tracks import StoredTrack
from jupyter_capture.recorder.screen_track import RESTARTED
from jupyter_capture.wire.recorder import MIX, TrackManifest

Paint = Callable[[str], None]
CHANNELS = ("display:1", "mic:default", MIX)


def again(recording: Recording, desktop: VirtualDesktop, **changes: object) -> None:
    path = recording.folder / "spec.json"
    spec = {**json.loads(path.read_text()), "go_on": True, **changes}
    path.write_text(json.dumps(spec))
    recording.client.close()
    recording.process.communicate()
    recording.process = spawn_again(recording.folder, desktop.env)
    recording.client = attach(recording.socket, recording.process)


def stored(recording: Recording, channel_id: str) -> StoredTrack:
    return StoredTrack.open(recording.folder, recording.track(channel_id))


def is_seamless(track: StoredTrack) -> bool:
    rows = track.fragments
    ends = rows["time"] + rows["duration"]
    return rows["time"][0] == 0 and list(ends[:-1]) == list(rows["time"][1:])


def gap_of(track: TrackManifest) -> tuple[float, float]:
    (gap,) = [gap for gap in track.gaps if gap.reason == RESTARTED]
    return gap.start / track.timescale, gap.end / track.timescale


def test_a_killed_recorder_goes_on_as_a_new_part_of_every_track(
    desktop: VirtualDesktop, launch: Launch, paint: Paint
):
    paint("red")
    recording = launch("display:1", "mic:default")
    started = recording.client.wait("active").data["started_at"]
    recording.client.wait_until(2)
    recording.kill()
    killed = time.time() - started
    paint("blue")
    again(recording, desktop)
    back = recording.client.wait("active").data["duration"]
    assert back == pytest.approx(time.time() - started, abs=0.5)
    recording.client.wait_until(back + 2.2)
    manifest = recording.stop()
    assert manifest.restarts == 1
    assert manifest.started_at == pytest.approx(started)
    assert {track.seconds for track in manifest.tracks} == {manifest.duration}
    for channel_id in CHANNELS:
        track = stored(recording, channel_id)
        assert len(track.manifest.parts) == 2
        assert track.config(0) == track.config(1)
        assert is_seamless(track)
        lost_from, lost_to = gap_of(track.manifest)
        assert 0 < killed - lost_from < 0.8  # a fragment, and what was under way
        assert back - 0.4 < lost_to < manifest.duration
    screen = stored(recording, "display:1")
    colours = {}
    for name, at in [("red", killed - 0.9), ("gap", (killed + back) / 2), ("blue", back + 2)]:
        (frame, *_) = screen.frames(round(at * 90000), round(at * 90000) + 1)
        colours[name] = tuple(int(v) for v in frame.to_ndarray(format="rgb24")[90, 100])
    assert colours["red"][0] > 200
    assert max(colours["gap"]) < 20
    assert colours["blue"][2] > 200


def test_a_second_death_a_pause_and_a_channel_that_is_not_kept_any_more(
    desktop: VirtualDesktop, launch: Launch
):
    recording = launch("mic:default", "system_audio:default")
    recording.client.wait("active")
    recording.client.wait_until(0.8)
    recording.kill()
    live_only = {"channel_id": "system_audio:default", "store": False}
    again(recording, desktop, channels=[{"channel_id": "mic:default", "store": True}, live_only])
    recording.client.wait("active")
    recording.client.wait("levels")
    recording.client.send("pause")
    paused = recording.client.wait("status").data["duration"]
    recording.kill()
    again(recording, desktop)
    active = recording.client.wait("active").data
    assert active["status"] == "paused"
    assert active["duration"] == pytest.approx(paused, abs=0.05)
    recording.client.send("resume")
    recording.client.wait_until(paused + 0.6)
    manifest = recording.stop()
    assert manifest.restarts == 2
    assert {track.seconds for track in manifest.tracks} == {manifest.duration}
    assert all(is_seamless(stored(recording, track.channel_id)) for track in manifest.tracks)
    off = recording.track("system_audio:default").gaps
    assert off[-1].reason == "not kept"
    assert off[-1].end / 48000 == manifest.duration
    assert all(a[1] < b[1] for a, b in pairwise(manifest.wall_clock))


def test_a_device_that_is_gone_by_then_is_a_gap(desktop: VirtualDesktop, launch: Launch):
    with VirtualDesktop("320x200") as own:
        env = {**desktop.env, "DISPLAY": own.display}
        recording = launch("display:1", "mic:default", env=env)
        recording.client.wait("active")
        recording.client.wait_until(0.8)
        recording.kill()
    with free(own.display):
        again(recording, desktop, environment={})
        recording.process.kill()
        recording.process.communicate()
        recording.client.close()
        recording.process = spawn_again(recording.folder, env)
        recording.client = attach(recording.socket, recording.process)
        back = recording.client.wait("active").data["duration"]
        recording.client.wait_until(back + 0.6)
        manifest = recording.stop()
    assert {track.seconds for track in manifest.tracks} == {manifest.duration}
    assert recording.track("display:1").gaps[-1].end == recording.track("display:1").duration
    assert recording.loudness("mic:default", 0, 60) >= 0
