"""Channels that a browser sends: placed by when they were taken, whenever they come."""

from __future__ import annotations

import contextlib
import threading
import time
from pathlib import Path

import av
import numpy as np
import pytest
from browser_harness import SIZE, TICK, Tab, pictures, sound
from recorder_harness import Launch, Recording

from jupyter_capture.recorder.clock import MediaClock
from jupyter_capture.recorder.screen_track import ScreenTrack
from jupyter_capture.recorder.sources.base import SAMPLE_RATE, Picture, SourceLostError
from jupyter_capture.recorder.sources.browser import BrowserPictures, BrowserSound
from jupyter_capture.recorder.sources.browser_feed import PATIENCE, Feed
from jupyter_capture.recorder.sources.browser_intake import BrowserIntake
from jupyter_capture.recorder.sources.browser_time import Lag
from jupyter_capture.recorder.video_channel import VideoChannel
from jupyter_capture.wire.capture import is_browser
from jupyter_capture.wire.recorder import browser_socket

CLAPS = [1.5, 4.0, 6.0]
LENGTH = 8.0
LOST = (3.0, 5.0)
"""The connection is broken then: a clap lies in it."""


class Sharing(threading.Thread):
    """Sends chunks as they would become ready, from ``begin`` (monotonic seconds) on."""

    def __init__(
        self, recording: Recording, channel_id: str, chunks: list[bytes], begin: float
    ) -> None:
        super().__init__(daemon=True)
        self.tab = Tab(recording.socket, channel_id)
        self.chunks = chunks
        self.begin = begin
        self.answers: list[dict[str, object]] = []

    def run(self) -> None:
        assert self.tab.hello(1)["take"] is None
        waiting: list[int] = []
        for number in range(len(self.chunks)):
            at = self.begin + (number + 1) * TICK
            time.sleep(max(0.0, at - time.monotonic()))
            waiting.append(number)
            since = at - self.begin
            if LOST[0] <= since < LOST[1]:
                if since - LOST[0] < TICK:
                    self.tab.close()
                continue
            if len(waiting) > 1:
                self.tab.connect()
                self.answers.append(self.tab.hello(1))
                self.again(waiting[0])
            for each in waiting:
                self.answers.append(self.send(each))
            waiting.clear()

    def again(self, number: int) -> None:
        """What was sent before comes twice, and something comes too early."""
        self.answers.append(self.send(number - 1))
        if number + 1 < len(self.chunks):
            self.answers.append(self.send(number + 1))

    def send(self, number: int) -> dict[str, object]:
        at = self.begin + (number + 1) * TICK + 0.02
        return self.tab.chunk(1, number, at, self.chunks[number])


class Clock:
    now = 0

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def feed(clock: Clock) -> Feed:
    return Feed("mic:browser", clock)


def chunk(feed: Feed, number: int, take: int = 1, **more: str) -> dict[str, object]:
    return feed.chunk({"take": take, "seq": number, "at": number * 250.0, **more}, b"x")


def read(feed: Feed) -> list[int]:
    numbers = []
    while (found := feed.get(0)) is not None:
        numbers.append(found.number)
    return numbers


def test_a_chunk_that_comes_twice_is_taken_once_and_a_hole_is_asked_for(feed: Feed) -> None:
    assert [chunk(feed, number)["type"] for number in (0, 1, 1, 0)] == ["ack"] * 4
    assert chunk(feed, 4) == {"type": "again", "take": 1, "next": 2}
    assert chunk(feed, 2) == {"type": "ack", "take": 1, "seq": 2}
    assert read(feed) == [0, 1, 2]


def test_who_comes_back_within_a_minute_goes_on_and_later_begins_anew(
    feed: Feed, clock: Clock
) -> None:
    feed.connect()
    chunk(feed, 0)
    feed.disconnect()
    clock.now = PATIENCE
    assert read(feed) == [0]
    assert feed.gone is None
    assert feed.hello({"take": 1}) == {"type": "welcome", "take": 1, "next": 1}
    clock.now += 1
    assert feed.gone == "the browser's connection was lost"
    assert feed.hopeless
    feed.reset()
    assert feed.hello({"take": 1})["take"] is None
    assert chunk(feed, 1) == {"type": "again", "take": 1, "next": 0}
    assert chunk(feed, 0, take=2)["type"] == "ack"


def test_a_take_that_ended_is_gone_once_it_is_read_and_may_be_followed_by_another(
    feed: Feed,
) -> None:
    feed.connect()
    chunk(feed, 0, why="sharing was stopped")
    assert feed.gone is None
    assert read(feed) == [0]
    assert feed.gone == "sharing was stopped"
    chunk(feed, 0, take=2)
    assert feed.sending


def test_what_is_shared_again_is_waited_for_before_it_is_opened(feed: Feed) -> None:
    source = BrowserSound(feed)
    source.open()
    source.close()
    assert not source.behind(0)
    feed.connect()
    chunk(feed, 0)
    assert source.behind(0)


def test_a_page_that_was_closed_is_not_waited_for_unless_another_shares_by_then(
    feed: Feed, clock: Clock
) -> None:
    before, after = feed.connect(), feed.connect()
    feed.leave(before)
    clock.now = 3_000_000_000
    assert feed.gone is None
    assert not feed.hopeless
    feed.leave(after)
    assert feed.gone == "the page that recorded was closed"
    assert not feed.hopeless
    clock.now = 6_000_000_000
    assert feed.hopeless


def test_what_was_delayed_on_its_way_does_not_move_the_clock() -> None:
    lag = Lag()
    for there in range(0, 10_000, 250):
        late = 8_000 if 3_000 < there < 6_000 else there % 3 * 40
        lag.note(there + 500 + late, there)
    assert 500 <= lag.here(9_000) - 9_000 <= 502


@pytest.mark.parametrize(
    "header",
    [
        {},
        {"take": 1, "seq": 0},
        {"take": "x", "seq": 0, "at": 0},
        {"take": 1, "seq": [], "at": 0},
        {"take": 1, "seq": 0, "at": float("inf")},
        {"take": 1, "seq": 0, "at": float("nan")},
    ],
    ids=str,
)
def test_what_is_no_chunk_ends_its_connection_and_does_no_harm(
    tmp_path: Path, header: dict[str, object]
) -> None:
    path = tmp_path / "r"
    intake = BrowserIntake(Path(browser_socket(str(path))))
    intake.sound("mic:browser")
    tab = Tab(path, "mic:browser")
    tab.send(header, b"x")
    with pytest.raises(AssertionError, match="hung up"):
        tab.answer()
    tab.close()
    tab.connect()
    assert tab.hello(1) == {"type": "welcome", "take": None, "next": 0}
    assert tab.chunk(1, 0, 0.25, b"x") == {"type": "ack", "take": 1, "seq": 0}
    tab.close()
    intake.close()


def test_no_device_of_the_machine_is_called_browser() -> None:
    assert is_browser("mic:browser")
    assert is_browser("display:browser")
    assert not is_browser("mic:default")


def test_what_comes_after_a_pause_and_was_taken_in_it_belongs_to_the_same_gap(
    tmp_path: Path,
) -> None:
    clock = MediaClock()
    track = ScreenTrack(tmp_path, "t", "display:browser", SIZE, 15, 1080, lambda _: None)
    source = BrowserPictures(Feed("display:browser"), 15)
    channel = VideoChannel(source, clock, lambda _: track, lambda _: None, lambda _: False)
    picture = av.VideoFrame(*SIZE, "yuv420p")
    channel.keep(True)
    channel.take(Picture(time.monotonic_ns(), picture))
    clock.start()
    channel.take(Picture(time.monotonic_ns(), picture))
    channel.pause(True)
    channel.take(Picture(time.monotonic_ns(), picture))
    late = Picture(time.monotonic_ns(), picture)
    channel.pause(False)
    channel.take(late)
    channel.take(Picture(time.monotonic_ns(), picture))
    channel.end(90000)
    assert channel.manifest is not None
    assert [gap.reason for gap in channel.manifest.gaps] == ["paused"]


@pytest.fixture(scope="module")
def media() -> dict[str, list[bytes]]:
    return {
        "mic:browser": sound(LENGTH, CLAPS),
        "display:browser": pictures(LENGTH, CLAPS),
    }


def test_a_lost_connection_loses_nothing_and_all_stay_in_step(
    launch: Launch, media: dict[str, list[bytes]]
) -> None:
    recording = launch(*media, "-camera:browser")
    shared = {**media, "camera:browser": media["display:browser"]}
    begin = time.monotonic() + 0.1
    tabs = [Sharing(recording, name, chunks, begin) for name, chunks in shared.items()]
    for tab in tabs:
        tab.start()
    recording.client.wait("active")
    for tab in tabs:
        tab.join()
        replies = [(answer["type"], answer.get("next")) for answer in tab.answers]
        assert ("welcome", 11) in replies
        assert ("again", 11) in replies
    for tab in tabs:
        tab.tab.send({"type": "bye"})
    recording.client.wait("stopped")
    manifest = recording.ended()
    assert any(
        report.data["levels"]["mic:browser"] > -30
        for report in recording.client.seen
        if report.report == "levels"
    )
    for tab in tabs:
        tab.tab.close()
    assert manifest.reason == "browser"  # nobody is left to record
    assert {track.channel_id for track in manifest.tracks} == {*media, "mix"}
    # Of the three claps the first may have been before the beginning.
    white = [at for at, colour in recording.pictures("display:browser") if min(colour) > 128]
    flashes = [at for at, before in zip(white[1:], white, strict=False) if at - before > 1]
    last = recording.onset("mic:browser", flashes[-1] - 1)
    assert last == pytest.approx(flashes[-1], abs=0.1)
    assert recording.onset("mix", last - 1) == pytest.approx(last, abs=0.03)
    # This one happened while the connection was lost.
    assert recording.onset("mic:browser", last - 3) == pytest.approx(last - 2, abs=0.03)
    stored = recording.track("mic:browser").gaps
    assert [gap for gap in stored if gap.end < last * 48000] == []


@pytest.mark.parametrize("busy", ["a page", "an encoder", ""])
def test_no_sound_is_silence_unless_the_browser_was_too_busy_to_send_it(
    busy: str, feed: Feed, clock: Clock
) -> None:
    length, clap = 9.0, 5.0
    chunks = sound(length, [clap])
    heard = 16  # chunks
    told = [(TICK * (number + 1), data) for number, data in enumerate(chunks[:heard])]
    if busy == "a page":
        told += [(7.0, b"")] * 4
    elif busy == "an encoder":
        told += [(TICK * number, b"") for number in range(heard + 1, 28)]
    else:
        told += [(TICK * number, b"") for number in range(heard + 1, 37)]
    if busy:
        told += [
            (max(7.05, TICK * (number + 1)), chunks[number]) for number in range(heard, len(chunks))
        ]
    feed.connect()
    begin = time.monotonic() - length - 2
    for number, (at, data) in enumerate([*told, (length, b"")]):
        clock.now = round((begin + at) * 1e9)
        over = {"why": "over"} if number == len(told) else {}
        feed.chunk({"take": 1, "seq": number, "at": (begin + at) * 1000, **over}, data)
    source = BrowserSound(feed)
    source.open()
    blocks = []
    with contextlib.suppress(SourceLostError):
        while True:
            blocks.append(source.read().pcm)
    source.close()
    pcm = np.concatenate(blocks)
    if busy:
        assert len(pcm) == pytest.approx(length * SAMPLE_RATE, abs=0.1 * SAMPLE_RATE)
        assert np.argmax(np.abs(pcm) > 0.1) / SAMPLE_RATE == pytest.approx(clap, abs=0.1)
    else:
        assert 7 * SAMPLE_RATE < len(pcm) < 9 * SAMPLE_RATE
        assert not pcm.any()


def test_what_was_taken_in_a_pause_is_not_stored_when_it_comes_late(
    launch: Launch, media: dict[str, list[bytes]]
) -> None:
    recording = launch("mic:browser")
    tab = Tab(recording.socket, "mic:browser")
    begin = time.monotonic()
    chunks = media["mic:browser"]
    for number in range(4):
        tab.chunk(1, number, begin + (number + 1) * TICK - 1, chunks[number])
    recording.client.wait("active")
    recording.client.send("pause", channel_id="mic:browser")
    recording.client.wait("status")
    spoken = time.monotonic()
    for number in range(4, 12):  # the clap at 1.5 s, all of it before the pause ends
        at = spoken + (number - 11) * TICK
        assert tab.chunk(1, number, at, chunks[number])["type"] == "ack"
    recording.client.send("resume", channel_id="mic:browser")
    recording.client.wait("status")
    recording.client.wait_until(1.0)
    tab.send({"type": "bye"})
    recording.stop()
    tab.close()
    assert recording.loudness("mic:browser", 0, 10) < 0.001
