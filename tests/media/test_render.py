"""Timelines: copied where they can be, drawn and mixed where they must be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image
from track_maker import FRAME, frames_of, make_audio, make_video, number_in, pulses, served

from jupyter_capture.errors import InvalidRequestError, NotFoundError
from jupyter_capture.media import cut, mp4
from jupyter_capture.media.plan import Made, Plan
from jupyter_capture.media.render import Source, plan_timeline, read_timeline
from jupyter_capture.wire.editor import Timeline

SECOND = 90000
PICTURES = [(at * FRAME, at, at % 30 == 0) for at in range(150) if at % 30 < 20 or at % 30 == 27]


def flat(colour: tuple[int, int, int], width: int, height: int) -> np.ndarray:
    return np.full((height, width, 3), colour, np.uint8)


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Source]:
    tmp_path = tmp_path_factory.mktemp("sources")
    Image.new("RGBA", (32, 24), (255, 0, 0, 255)).save(tmp_path / "red.png")
    quarter = 0.25 * np.sin(np.arange(10 * 48000) * 2 * np.pi * 440 / 48000)[:, None]
    return {
        "m-1": Source(
            make_video(tmp_path / "v", [PICTURES], 10 * SECOND),
            make_audio(tmp_path / "va", [(0, pulses(10, channels=2))]),
        ),
        "m-2": Source(make_video(tmp_path / "w", [PICTURES], 10 * SECOND, [(640, 480)])),
        "a-1": Source(audio=make_audio(tmp_path / "a", [(0, quarter.astype(np.float32))])),
        "img-1": Source(image=tmp_path / "red.png"),
    }


def clip(asset: dict[str, Any], start: float, duration: float, **more: Any) -> dict[str, Any]:
    return {"start": start, "clip": {"asset": asset, "duration": duration, **more}}


def timeline(*tracks: list[dict[str, Any]], **more: Any) -> Timeline:
    return Timeline.model_validate(
        {"resolution": "320x240", "tracks": [{"clips": track} for track in tracks], **more}
    )


def video(id: str = "m-1", **more: Any) -> dict[str, Any]:
    return {"type": "video", "id": id, **more}


def audio(id: str = "a-1", **more: Any) -> dict[str, Any]:
    return {"type": "audio", "id": id, **more}


def made(plan: Plan) -> list[tuple[int, int]]:
    return [
        (segment.start, segment.end)
        for segment in plan.video
        if any(isinstance(piece, Made) for piece in segment.pieces)
    ]


def pixels_at(plan: Plan, time: int) -> np.ndarray:
    """RGB of what a player shows at ``time`` ticks."""
    shown = None
    decoder = av.CodecContext.create("h264", "r")
    decoder.extradata = plan.video_inits[0].avcc
    for segment in plan.video:
        at = segment.start
        for sample in cut.samples(plan, segment):
            packet = av.Packet(sample.data)
            packet.pts = packet.dts = at
            for frame in decoder.decode(packet):
                if frame.pts <= time:
                    shown = frame.to_ndarray(format="rgb24")
            at += sample.duration
    assert shown is not None
    return shown


def sound_of(plan: Plan) -> np.ndarray:
    """(channels, n) as heard, decoded from all segments."""
    decoder = av.CodecContext.create("aac", "r")
    decoder.extradata = plan.audio_inits[0].asc
    blocks = [
        frame.to_ndarray()
        for segment in plan.audio
        for sample in cut.samples(plan, segment)
        for frame in decoder.decode(av.Packet(sample.data))
    ]
    return np.concatenate(blocks, axis=1)


def test_the_pages_timeline_is_copied_and_shortened_with_a_warning(
    sources: dict[str, Source],
) -> None:
    wanted = timeline([clip(video(), 0, 60)], [clip(audio(), 0, 60)])
    wanted.tracks[0].clips[0].clip.asset.volume = 0
    scene = read_timeline(wanted, sources)
    assert len(scene.warnings) == 2
    assert "60 s" in scene.warnings[0]
    assert "10.01 s" in scene.warnings[0]
    plan = plan_timeline(wanted, sources)
    assert made(plan) == []
    stored = sources["m-1"].video
    assert stored is not None
    assert [number for _, number in frames_of(plan)] == [number for _, number, _ in PICTURES]
    copied = [s.data for segment in plan.video for s in cut.samples(plan, segment)]
    assert copied == [sample.data for sample in stored.samples(0, 10 * SECOND)]
    assert all(segment.make is None for segment in plan.audio)
    assert plan.video[-1].end >= 10 * SECOND
    assert plan.seconds == pytest.approx(10, abs=0.05)


def test_a_part_of_another_size_is_drawn_and_every_picture_is_there(
    sources: dict[str, Source],
) -> None:
    plan = plan_timeline(timeline([clip(video("m-2", start=2), 0, 4)]), sources, fps=15)
    assert made(plan) == [(0, 2 * SECOND), (2 * SECOND, 4 * SECOND)]
    frames = frames_of(plan)
    want = [number for at, number, _ in PICTURES if 2 * SECOND <= at < 6 * SECOND]
    assert list(dict.fromkeys(number for _, number in frames)) == want
    assert [at for at, number in frames if number == want[3]] == [3 * FRAME]


def test_what_a_recorder_that_was_started_again_left_looks_and_sounds_like_one_piece(
    sources: dict[str, Source], tmp_path: Path
) -> None:
    whole = sources["m-1"]
    again, heard = 90 * FRAME, 282 * 1024  # where its parts begin: at a key, at a packet
    pieces = [p for p in PICTURES if p[0] < again], [p for p in PICTURES if p[0] >= again]
    sound = pulses(10, channels=2)
    parts = Source(
        make_video(tmp_path / "v", pieces, 10 * SECOND),
        make_audio(tmp_path / "a", [(0, sound[:heard]), (heard, sound[heard:])]),
    )
    logo = clip({"type": "image", "id": "img-1"}, 5, 2, fit=None, position="top_right")
    wanted = timeline([clip(video(), 0, 10)], [logo], [clip(audio(), 4, 4)])
    plans = [plan_timeline(wanted, {**sources, "m-1": each}) for each in (whole, parts)]
    assert made(plans[0]) == made(plans[1]) != []
    assert frames_of(plans[0]) == frames_of(plans[1])
    for at in (again - 2 * FRAME, again - 1, again, again + FRAME, 7 * SECOND):
        one, other = (pixels_at(plan, at).astype(int) for plan in plans)
        assert np.abs(one - other).max() < 12
    one, other = (sound_of(plan) for plan in plans)
    # The encoder began anew, so it spends its bits otherwise; the sound lies in the same place.
    likeness = np.corrcoef(one.ravel(), other.ravel())[0, 1]
    assert likeness > 0.98


def test_what_does_not_change_is_encoded_once(sources: dict[str, Source]) -> None:
    still = timeline([clip({"type": "image", "id": "img-1"}, 0, 2)])
    plan = plan_timeline(still, sources)
    assert len(frames_of(plan)) == 1
    assert plan.duration == 2 * SECOND


def test_copied_and_drawn_stretches_join_without_a_discontinuity(
    sources: dict[str, Source],
) -> None:
    logo = clip({"type": "image", "id": "img-1"}, 4, 2, fit=None, position="top_right")
    plan = plan_timeline(timeline([clip(video(), 0, 10)], [logo]), sources)
    assert made(plan) == [(4 * SECOND, 6 * SECOND)]
    assert len(plan.video_inits) == 1
    assert not any(segment.discontinuity for segment in plan.video)
    frames = frames_of(plan)
    for at, number, _ in PICTURES:
        if not 4 * SECOND <= at < 6 * SECOND:
            assert (at, number) in frames
    red = pixels_at(plan, 5 * SECOND)[5, 310]
    assert red[0] > 200
    assert red[1] < 60
    with served(plan) as url, av.open(url) as container:
        assert len(list(container.decode(video=0))) == len(frames)


@pytest.mark.parametrize(
    ("more", "inside", "outside"),
    [
        ({"fit": None, "position": "top_left"}, (12, 10), (30, 40)),
        ({"fit": None, "position": "bottom_right"}, (230, 310), (200, 280)),
        ({"fit": None, "position": "center"}, (120, 160), (100, 160)),
        ({"fit": None, "position": "left", "scale": 2}, (120, 60), (120, 70)),
        ({"fit": None, "offset": {"x": 0.25, "y": 0.25}}, (180, 240), (120, 160)),
        ({"fit": "contain", "scale": 0.5}, (120, 160), (20, 160)),
        ({"fit": "crop"}, (2, 2), None),
        ({"fit": "cover"}, (237, 317), None),
    ],
)
def test_a_picture_lands_where_it_should(
    sources: dict[str, Source],
    more: dict[str, Any],
    inside: tuple[int, int],
    outside: tuple[int, int] | None,
) -> None:
    image = clip({"type": "image", "id": "img-1"}, 0, 1, **more)
    pixels = pixels_at(plan_timeline(timeline([image], background="#0000ff"), sources), 0)
    assert pixels[inside][0] > 200
    assert pixels[inside][2] < 60
    if outside:
        assert pixels[outside][2] > 200
        assert pixels[outside][0] < 60


def test_opacity_mixes_with_what_lies_below(sources: dict[str, Source]) -> None:
    image = clip({"type": "image", "id": "img-1"}, 0, 1, opacity=0.5)
    plan = plan_timeline(timeline([image], background="#0000ff"), sources)
    assert pixels_at(plan, 0)[100, 100] == pytest.approx([128, 0, 128], abs=12)


def test_a_higher_z_index_lies_on_top_whatever_the_order(sources: dict[str, Source]) -> None:
    image = clip({"type": "image", "id": "img-1"}, 0, 1)
    wanted = timeline([image], [clip(video(), 0, 1)])
    assert number_in_pixels(pixels_at(plan_timeline(wanted, sources), 0)) == 0
    wanted.tracks[0].z_index = 5
    assert pixels_at(plan_timeline(wanted, sources), 0)[100, 100][0] > 200


def number_in_pixels(pixels: np.ndarray) -> int:
    return number_in(av.VideoFrame.from_ndarray(pixels, format="rgb24"))


def test_sound_is_mixed_at_its_volume_and_joins_without_a_gap(
    sources: dict[str, Source],
) -> None:
    tone = timeline([clip(audio(volume=2), 0, 9)])
    plan = plan_timeline(tone, sources)
    assert len(plan.audio) == 5
    sound = sound_of(plan)
    assert sound.shape[0] == 2
    want = 0.5 * np.sin(np.arange(sound.shape[1]) * 2 * np.pi * 440 / 48000)
    inner = slice(4096, sound.shape[1] - 4096)
    assert float(np.abs(sound[0][inner] - want[inner]).max()) < 0.05
    assert sound.shape[1] == pytest.approx(9 * 48000, abs=512)


def test_loud_sound_is_limited_not_clipped(sources: dict[str, Source]) -> None:
    loud = timeline([clip(audio(volume=4), 0, 4)], [clip(audio(volume=4), 0, 4)])
    sound = sound_of(plan_timeline(loud, sources))
    assert 0.8 < float(np.abs(sound).max()) < 1.25


def test_a_clip_is_heard_only_while_it_is_there(sources: dict[str, Source]) -> None:
    plan = plan_timeline(timeline([clip(audio(start=1), 2, 3)], [clip(video(), 0, 8)]), sources)
    sound = sound_of(plan)
    without = plan_timeline(timeline([clip(video(), 0, 8)]), sources)
    assert all(segment.make is None for segment in without.audio)
    quiet = [float(np.abs(sound[0, round(s * 48000) :][:4800]).max()) for s in (0.5, 2.5, 5.5)]
    assert [level > 0.1 for level in quiet] == [False, True, False]


def test_a_timeline_of_sound_alone_has_no_pictures(sources: dict[str, Source]) -> None:
    plan = plan_timeline(timeline([clip(audio(), 0, 3)]), sources)
    assert plan.video == []
    assert "RESOLUTION" not in cut.master(plan)
    assert all(segment.make is None for segment in plan.audio)


def test_a_timeline_is_saved_as_a_file_like_any_stream(
    tmp_path: Path, sources: dict[str, Source]
) -> None:
    logo = clip({"type": "image", "id": "img-1"}, 1, 1, scale=0.3, fit="contain")
    plan = plan_timeline(timeline([clip(video(), 0, 4)], [logo], [clip(audio(), 0, 4)]), sources)
    assert mp4.write_mp4(plan, tmp_path / "t.mp4")
    with av.open(str(tmp_path / "t.mp4")) as container:
        frames = [(frame.pts, number_in(frame)) for frame in container.decode(video=0)]
    assert [time for time, _ in frames] == [time for time, _ in frames_of(plan)]


def test_a_gap_shows_the_background(sources: dict[str, Source]) -> None:
    wanted = timeline([clip(video(), 2, 2)], background="#00ff00")
    pixels = pixels_at(plan_timeline(wanted, sources), SECOND)
    assert pixels[100, 100] == pytest.approx([0, 255, 0], abs=12)


@pytest.mark.parametrize(
    ("wanted", "error", "words"),
    [
        (timeline(), InvalidRequestError, "no clip"),
        (timeline([clip(video("m-9"), 0, 1)]), NotFoundError, "m-9"),
        (timeline([clip(video(start=11), 0, 1)]), InvalidRequestError, "10.01 s long"),
        (timeline([clip(audio("m-2"), 0, 1)]), InvalidRequestError, "holds no audio"),
        (
            timeline([clip(video(), 0, 3), clip(video(), 2, 3)]),
            InvalidRequestError,
            r"clip 1 of track 1 \(0 to 3 s\) and clip 2 of track 1",
        ),
        (timeline([clip(video(), 0, 1)], resolution="big"), InvalidRequestError, "1280x720"),
        (timeline([clip(video(), 0, 1)], resolution="321x240"), InvalidRequestError, "even"),
        (timeline([clip(video(), 0, 1)], background="nope"), InvalidRequestError, "colour"),
        (
            timeline([clip(video(), 0, 1, effect="zoomIn")]),
            InvalidRequestError,
            "clip 1 of track 1: there is no effect 'zoomIn'",
        ),
    ],
)
def test_what_cannot_be_rendered_says_why(
    sources: dict[str, Source], wanted: Timeline, error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        plan_timeline(wanted, sources)
