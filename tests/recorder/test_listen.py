"""Listening to a channel while it is recorded."""

from __future__ import annotations

import base64
import io
import socket
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image
from recorder_harness import Client, Launch, Recording

from jupyter_capture.desktop import VirtualDesktop
from jupyter_capture.wire.recorder import Report

RATE = 16_000


def listen(client: Client, channel_id: str = "mic:default") -> None:
    client.send("listen", channel_id=channel_id)
    client.wait("status")


def samples(report: Report) -> np.ndarray:
    return np.frombuffer(base64.b64decode(report.data["pcm"]), "<i2").astype("f4") / 32768


def heard(client: Client, seconds: float) -> tuple[np.ndarray, list[Report]]:
    """The next sound, and the reports that it came in."""
    reports = [client.wait("pcm")]
    while reports[-1].data["at"] - reports[0].data["at"] < seconds:
        reports.append(client.wait("pcm"))
    return np.concatenate([samples(report) for report in reports]), reports


def begun(recording: Recording) -> Recording:
    recording.client.wait("active")
    return recording


def test_a_listener_hears_all_sound_at_its_pitch_and_time(
    launch: Launch, desktop: VirtualDesktop, beep: Path
) -> None:
    recording = begun(launch("mic:default"))
    client = recording.attach()
    listen(client)
    desktop.play(beep, wait=False)
    pcm, reports = heard(client, 2.0)
    recording.stop()
    client.close()
    starts = [report.data["at"] for report in reports]
    lengths = [len(samples(report)) for report in reports]
    assert min(lengths) >= RATE // 10 - 1
    ends = [start + length / RATE for start, length in zip(starts, lengths, strict=True)]
    assert np.allclose(ends[:-1], starts[1:], atol=1e-3)
    loud = np.flatnonzero(np.abs(pcm) > 0.1)
    spectrum = np.abs(np.fft.rfft(pcm[loud[0] : loud[0] + RATE // 4]))
    assert abs(spectrum.argmax() * 4 - 1000) <= 8
    assert abs(starts[0] + loud[0] / RATE - recording.onset("mic:default", level=0.1)) < 0.03
    _, wall = recording.manifest.wall_clock[0]
    assert abs(reports[-1].data["unix"] - (wall + starts[-1])) < 1e-6


def test_sound_goes_to_its_listeners_alone_and_none_of_them_disturbs_the_recording(
    launch: Launch,
) -> None:
    recording = begun(launch("mic:default", "system_audio:default"))
    one, other, gone = recording.attach(), recording.attach(), recording.attach()
    deaf = socket.socket(socket.AF_UNIX)
    deaf.connect(str(recording.socket))
    deaf.sendall(b'{"cmd":"listen","channel_id":"mic:default"}\n')
    listen(one, "mic:default")
    listen(other, "system_audio:default")
    listen(gone, "mic:default")
    gone.close()
    assert {report.data["channel_id"] for report in heard(one, 0.3)[1]} == {"mic:default"}
    assert {report.data["channel_id"] for report in heard(other, 0.3)[1]} == {
        "system_audio:default"
    }
    one.send("unlisten", channel_id="mic:default")
    one.wait("status")
    told = len(one.seen)
    here = other.wait("pcm").data["at"]
    one.wait_until(here + 0.5)
    assert not [report for report in one.seen[told:] if report.report == "pcm"]
    assert not [report for report in recording.client.seen if report.report == "pcm"]
    assert recording.stop().duration >= here + 0.5
    for client in (one, other, deaf):
        client.close()


def test_live_only_sound_is_told_from_kept_sound_and_a_pause_is_not_heard(launch: Launch) -> None:
    recording = begun(launch("-mic:default", "display:1"))
    client = recording.attach()
    listen(client)
    assert not client.wait("pcm").data["kept"]
    client.send("set_store", channel_id="mic:default", store=True)
    client.wait("pcm", lambda report: report.data["kept"])
    client.send("set_store", channel_id="mic:default", store=False)
    client.wait("pcm", lambda report: not report.data["kept"])
    client.send("pause")
    paused = client.wait("status", lambda report: report.data["status"] == "paused")
    client.send("resume")
    client.wait("status", lambda report: report.data["status"] == "recording")
    after = client.wait("pcm", lambda report: report.data["at"] > paused.data["duration"])
    media, wall = recording.stop().wall_clock[1]
    assert abs(after.data["unix"] - (wall + after.data["at"] - media)) < 1e-6
    client.close()


def test_a_screen_gives_whoever_looks_on_its_picture_when_it_changed_at_most_every_two_seconds(
    launch: Launch, paint: Callable[[str], None]
) -> None:
    recording = begun(launch("-display:1"))
    client = recording.attach()
    listen(client, "display:1")
    first = client.wait("picture")
    paint("red")
    second = client.wait("picture")
    assert not first.data["kept"]
    assert 1.9 <= second.data["at"] - first.data["at"] < 6
    picture = Image.open(io.BytesIO(base64.b64decode(second.data["jpeg"])))
    assert picture.size == (640, 360)
    red, green, _ = picture.getpixel((100, 20))
    assert red > 200 > 60 > green
    client.wait_until(second.data["at"] + 3)
    assert [report.report for report in client.seen].count("picture") == 2
    assert not [report for report in recording.client.seen if report.report == "picture"]
    _, wall = recording.stop().wall_clock[0]
    assert abs(second.data["unix"] - (wall + second.data["at"])) < 1e-6
    client.close()


def test_a_channel_that_is_not_there_cannot_be_listened_to(launch: Launch) -> None:
    recording = begun(launch("display:1"))
    client = recording.attach()
    client.send("listen", channel_id="mic:other")
    failed = client.wait("failed")
    assert failed.error_code == "UNKNOWN_CHANNEL"
    assert failed.data == {"cmd": "listen"}
    recording.stop()
    client.close()
