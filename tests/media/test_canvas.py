"""Recordings on a canvas: each against what NumPy and Pillow make of the same picture."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from drawing import (
    HEIGHT,
    SECOND,
    WIDTH,
    decoded,
    difference,
    item,
    over,
    shown,
    similarity,
    sound_of,
    text,
    timeline,
)
from PIL import Image, ImageFilter
from test_filters import FORMULAS
from track_maker import make_audio, served

from jupyter_capture.errors import MediaError
from jupyter_capture.media import cut, fmp4
from jupyter_capture.media.encode import H264Encoder
from jupyter_capture.media.opened import OpenedTracks
from jupyter_capture.media.picture import Canvas, Picture
from jupyter_capture.media.read_ahead import read_ahead
from jupyter_capture.media.render import Source, plan_timeline
from jupyter_capture.media.tracks import StoredTrack
from jupyter_capture.wire.recorder import Part, TrackManifest, VideoCodec

SMALL = (160, 96)
VIDEO = {"type": "video", "id": "m"}
BACK = (32, 64, 96)


def card(number: int = 0) -> np.ndarray:
    """Coloured patches of 16 pixels, which 4:2:0 leaves as they are; others for each number."""
    colours = np.random.default_rng(number).integers(30, 226, (6, 10, 3), np.uint8)
    return colours.repeat(16, 0).repeat(16, 1)


def record(folder: Path, times: list[tuple[int, int, bool]], end: int) -> StoredTrack:
    """``times``: (ticks, number of the card, key), each its own fragment. Encoded almost as is."""
    codec = VideoCodec(width=SMALL[0], height=SMALL[1], fps=15, preset="ultrafast", crf=4)
    encoder = H264Encoder(codec)
    data, stops = fmp4.init_segment(encoder.config), [at for at, _, _ in times[1:]] + [end]
    for count, ((at, number, key), stop) in enumerate(zip(times, stops, strict=True)):
        (packet,) = encoder.encode(card(number), at, key)
        data += fmp4.fragment(count + 1, at, [fmp4.Sample(packet.data, stop - at, packet.key)])
    folder.mkdir()
    (folder / "0.mp4").write_bytes(data)
    manifest = TrackManifest(
        id="trk-card", channel_id="display:1", kind="video", timescale=90000, codec=codec,
        parts=[Part(file="0.mp4", offset=0, bytes=len(data))], duration=end,
    )  # fmt: skip
    return StoredTrack.open(folder, manifest)


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Source]:
    """One card for 2 s; and 12 s of changing ones, whose only key is the first."""
    folder = tmp_path_factory.mktemp("cards")
    moving = [(n * 6000, n, n == 0) for n in range(180) if n % 15 < 12]
    return {
        "m": Source(record(folder / "still", [(0, 0, True)], 2 * SECOND)),
        "moving": Source(record(folder / "moving", moving, 12 * SECOND)),
    }


def on_canvas(pixels: np.ndarray, x: int, y: int) -> np.ndarray:
    return over((WIDTH, HEIGHT), BACK, Picture(pixels, x, y))


def resized(pixels: np.ndarray, width: int, height: int) -> np.ndarray:
    image = Image.fromarray(pixels)
    return np.asarray(image.resize((width, height), Image.Resampling.BILINEAR))


def first(sources: dict[str, Source], *clips: Any) -> np.ndarray:
    wanted = timeline(*[[clip] for clip in clips], background="#204060")
    return shown(wanted, sources)[0]


@pytest.mark.parametrize(
    ("more", "want"),
    [
        ({"fit": None}, on_canvas(card(), 80, 42)),
        ({"fit": None, "position": "top_left"}, on_canvas(card(), 0, 0)),
        (
            {"fit": None, "position": "top_left", "offset": {"x": 0.053125, "y": 0.0722}},
            on_canvas(card(), 17, 13),
        ),
        ({"fit": "cover"}, resized(card(), WIDTH, HEIGHT)),
        ({"fit": "contain"}, on_canvas(resized(card(), 300, 180), 10, 0)),
        ({"fit": "contain", "scale": 0.35, "position": "bottom_right"},
         on_canvas(resized(card(), 105, 63), 215, 117)),
        ({"fit": None, "position": "bottom_right", "offset": {"x": 0.25, "y": 0.25}},
         on_canvas(card(), 240, 129)),
        ({"fit": "crop"}, resized(card()[3:93], WIDTH, HEIGHT)),
    ],
)  # fmt: skip
def test_a_recording_lands_where_its_clip_says(
    sources: dict[str, Source], more: dict[str, Any], want: np.ndarray
) -> None:
    pixels = first(sources, item(VIDEO, **more))
    assert difference(pixels, want) < 6.5
    assert similarity(pixels, want) > 0.9


@pytest.mark.parametrize("crop", [(0, 0, 0, 0), (16, 32, 32, 16), (5, 7, 9, 3)])
def test_what_is_cropped_is_not_shown(
    sources: dict[str, Source], crop: tuple[int, int, int, int]
) -> None:
    top, right, bottom, left = crop
    cropped = {**VIDEO, "crop": {"top": top, "right": right, "bottom": bottom, "left": left}}
    part = card()[top : SMALL[1] - bottom, left : SMALL[0] - right]
    x, y = (WIDTH - part.shape[1]) // 2, (HEIGHT - part.shape[0]) // 2
    pixels = first(sources, item(cropped, fit=None))
    assert difference(pixels, on_canvas(part, x, y)) < 5.5


@pytest.mark.parametrize("name", FORMULAS)
def test_a_filter_of_a_recording_follows_its_formula(sources: dict[str, Source], name: str) -> None:
    want = np.clip(FORMULAS[name](card().astype(float)), 0, 255).astype(np.uint8)
    pixels = first(sources, item(VIDEO, fit=None, filter=name))
    assert difference(pixels, on_canvas(want, 80, 42)) < 3


def test_a_recording_is_blurred_as_pillow_does(sources: dict[str, Source]) -> None:
    want = np.asarray(Image.fromarray(card()).filter(ImageFilter.GaussianBlur(HEIGHT / 60)))
    pixels = first(sources, item(VIDEO, fit=None, filter="blur"))
    assert difference(pixels, on_canvas(want, 80, 42)) < 4


@pytest.mark.parametrize("opacity", [0.0, 0.3, 0.75])
def test_opacity_mixes_a_recording_with_what_is_below(
    sources: dict[str, Source], opacity: float
) -> None:
    mixed = on_canvas(card(), 80, 42) * opacity + on_canvas(card()[:0], 0, 0) * (1 - opacity)
    pixels = first(sources, item({"type": "text", "text": " "}),
                   item(VIDEO, fit=None, opacity=opacity))  # fmt: skip
    assert difference(pixels, mixed) < 3


@pytest.mark.parametrize("place", [(0, 0), (21, 13), (-7, -5), (301, 171), (400, 10)])
@pytest.mark.parametrize("depth", [3, 4])
def test_a_picture_may_lie_at_odd_places_and_beyond_the_edges(
    place: tuple[int, int], depth: int
) -> None:
    pixels = np.dstack([card(), np.full(card().shape[:2], 160, np.uint8)])[:61, :83, :depth]
    canvas = Canvas(WIDTH, HEIGHT, BACK)
    picture = Picture(np.ascontiguousarray(pixels), *place)
    found = canvas.lay([(picture.planes, 1.0)]).to_ndarray(format="rgb24")
    assert difference(found, over((WIDTH, HEIGHT), BACK, picture)) < 2.5


def test_one_recording_lies_in_the_corner_of_another(sources: dict[str, Source]) -> None:
    small = item(VIDEO, fit="contain", scale=0.4, position="top_right")
    pixels = first(sources, item(VIDEO, fit="cover"), small)
    want = resized(card(), WIDTH, HEIGHT).copy()
    want[0:72, 200:320] = resized(card(), 120, 72)
    assert difference(pixels, want) < 5.5
    assert similarity(pixels, want) > 0.9


# ---- times


def test_what_does_not_change_is_not_encoded_again(sources: dict[str, Source]) -> None:
    wanted = timeline([item({**VIDEO, "id": "moving"}, 0, 12)], [item(text(), 0, 12)])
    frames = decoded(plan_timeline(wanted, sources, 30))
    times = {n * 6000 for n in range(180) if n % 15 < 12} | {n * 2 * SECOND for n in range(6)}
    assert [at for at, _ in frames] == sorted(times)


@pytest.mark.parametrize("fps", [7, 24, 30])
@pytest.mark.parametrize("seconds", [0.04, 1.0, 2.345, 6.51])
def test_pictures_lie_at_multiples_of_the_rate_and_fill_the_timeline(
    sources: dict[str, Source], fps: int, seconds: float
) -> None:
    fades = {"in": "fade", "duration": seconds}  # so that every picture is another one
    clip = item({**VIDEO, "id": "moving"}, 0, seconds, transition=fades, fit="cover")
    plan = plan_timeline(timeline([clip]), sources, fps)
    found = [at for at, _ in decoded(plan)]
    whole = {round(n * SECOND / fps) for n in range(round(seconds * fps) + 1)}
    whole = {at for at in whole if at < plan.duration}
    assert plan.duration == round(seconds * SECOND)
    assert plan.video[-1].end == plan.duration
    assert whole <= set(found)
    assert set(found) - whole <= {segment.start for segment in plan.video}


@pytest.mark.parametrize("kind", ["video", "audio"])
def test_any_segment_alone_is_that_of_a_run_through_all(
    sources: dict[str, Source], tmp_path: Path, kind: Any
) -> None:
    tone = 0.4 * np.sin(np.arange(12 * 48000) * 2 * np.pi * 330 / 48000)[:, None]
    known = {**sources, "a": Source(audio=make_audio(tmp_path / "a", [(0, tone)]))}
    wanted = timeline(
        [item({**VIDEO, "id": "moving"}, 0, 12, fit="cover")],
        [item({**VIDEO, "id": "moving", "start": 3}, 1, 7, scale=0.3, fit="contain")],
        [item({"type": "audio", "id": "a", "volume": 0.5}, 0, 12)],
    )
    plan = plan_timeline(wanted, known)
    count = len(plan.video if kind == "video" else plan.audio)
    through = [cut.segment(plan, kind, number) for number in range(count)]
    for number in (count - 1, 0, 3, 2):
        assert cut.segment(plan, kind, number) == through[number]
        assert cut.segment(plan_timeline(wanted, known), kind, number) == through[number]


def test_a_tone_goes_through_thirty_segments_without_a_step(tmp_path: Path) -> None:
    hertz, seconds = 440, 60
    tone = 0.8 * np.sin(np.arange(seconds * 48000) * 2 * np.pi * hertz / 48000)[:, None]
    known = {"a": Source(audio=make_audio(tmp_path / "a", [(0, tone.astype(np.float32))]))}
    clip = item({"type": "audio", "id": "a", "volume": 0.5}, 0, seconds)
    plan = plan_timeline(timeline([clip]), known)
    assert len(plan.audio) == 30
    sound = sound_of(plan)[0]
    steepest = 0.4 * 2 * np.pi * hertz / 48000
    for joint in (segment.time for segment in plan.audio[1:]):
        around = sound[joint - 1024 : joint + 1024]
        assert np.abs(np.diff(around)).max() < steepest * 1.1
        assert np.abs(around).max() == pytest.approx(0.4, abs=0.02)


# ---- what is damaged, and what is kept open


def test_a_damaged_picture_leaves_the_one_before_it_on_screen(tmp_path: Path) -> None:
    times = [(n * SECOND // 2, n, n % 4 == 0) for n in range(8)]
    track = record(tmp_path / "v", times, 4 * SECOND)
    row = track.fragments[2]
    with track.path(0).open("r+b") as file:
        file.seek(int(row["offset"]) + 4)
        file.write(b"junk")
    known = {"m": Source(StoredTrack.open(track.folder, track.manifest))}
    wanted = timeline([item(VIDEO, 0, 4, fit="cover")])
    found = shown(wanted, known, (0.6, 1.1, 2.1, 3.1))
    for pixels, number in zip(found, (1, 1, 4, 6), strict=True):
        assert difference(pixels, resized(card(number), WIDTH, HEIGHT)) < 6


def test_an_open_track_is_the_same_until_its_file_changes(tmp_path: Path) -> None:
    track = record(tmp_path / "v", [(0, 0, True)], SECOND)
    opened = OpenedTracks()
    again = opened.get(track.folder, track.manifest)
    assert opened.get(track.folder, track.manifest) is again
    with track.path(0).open("ab") as file:
        file.write(b"\0" * 8)
    assert opened.get(track.folder, track.manifest) is not again


def test_reading_ahead_gives_all_and_raises_where_it_was_raised() -> None:
    def broken() -> Iterator[int]:
        yield from range(20)
        raise MediaError("damaged")

    assert list(read_ahead(iter(range(100)))) == list(range(100))
    found: list[int] = []
    with pytest.raises(MediaError, match="damaged"):
        found.extend(read_ahead(broken()))
    reader = read_ahead(iter(range(10**9)))
    assert next(reader) == 0
    reader.close()
    assert not [each for each in threading.enumerate() if each.name == "read ahead"]


def test_ffmpeg_plays_what_is_drawn(sources: dict[str, Source], tmp_path: Path) -> None:
    wanted = timeline([item({**VIDEO, "id": "moving"}, 0, 5)], [item(text(), 0, 5)])
    plan = plan_timeline(wanted, sources)
    with served(plan) as url, av.open(url) as container:
        times = [frame.pts for frame in container.decode(video=0)]
    assert len(times) == len(decoded(plan))
    assert times == sorted(set(times))
