"""Fades of picture and sound; random timelines; what fits is still copied."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from drawing import HEIGHT, SECOND, WIDTH, decoded, image, item, shown, sound_of, text, timeline
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from PIL import Image
from pydantic import ValidationError
from track_maker import make_audio, make_video, pulses

from jupyter_capture.errors import InvalidRequestError
from jupyter_capture.media import cut
from jupyter_capture.media.plan import Made, Plan
from jupyter_capture.media.render import Source, plan_timeline, read_timeline
from jupyter_capture.wire.editor import CaptionAnimation, Filter, Position

VIDEO = {"type": "video", "id": "m"}
AUDIO = {"type": "audio", "id": "a"}


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Source]:
    folder = tmp_path_factory.mktemp("sources")
    Image.new("RGB", (WIDTH, HEIGHT), "white").save(folder / "white.png")
    frames = [(n * 6000, n, n % 15 == 0) for n in range(120)]
    tone = 0.5 * np.sin(np.arange(8 * 48000) * 2 * np.pi * 440 / 48000)[:, None]
    return {
        "img": Source(image=folder / "white.png"),
        "m": Source(
            make_video(folder / "v", [frames], 8 * SECOND, [(WIDTH, HEIGHT)]),
            make_audio(folder / "s", [(0, pulses(8, channels=2))]),
        ),
        "small": Source(make_video(folder / "w", [frames], 8 * SECOND, [(160, 120)])),
        "a": Source(audio=make_audio(folder / "a", [(0, tone.astype(np.float32))])),
    }


def fade(into: bool, out: bool, duration: float) -> dict[str, Any]:
    return {"in": "fade" if into else None, "out": "fade" if out else None, "duration": duration}


def made(plan: Plan) -> list[tuple[float, float]]:
    return [
        (segment.start / SECOND, segment.end / SECOND)
        for segment in plan.video
        if any(isinstance(piece, Made) for piece in segment.pieces)
    ]


def test_a_picture_comes_and_goes_evenly(sources: dict[str, Source]) -> None:
    wanted = timeline([item(image(), 1, 3, transition=fade(True, True, 1))], background="#000000")
    times = (0.5, 1, 1.25, 1.5, 1.75, 2, 2.9, 3.25, 3.5, 3.75, 3.95)
    grey = [float(frame.mean()) for frame in shown(wanted, sources, times)]
    want = [0, 0, 64, 128, 191, 255, 255, 191, 128, 64, 13]
    assert grey == pytest.approx(want, abs=4)


def test_a_fade_shows_what_lies_below(sources: dict[str, Source]) -> None:
    wanted = timeline([item(image(), 0, 2, transition=fade(False, True, 2))], background="#0000ff")
    (middle,) = shown(wanted, sources, (1,))
    assert middle[90, 160] == pytest.approx([128, 128, 255], abs=6)


def test_two_fades_share_a_clip_that_is_too_short(sources: dict[str, Source]) -> None:
    wanted = timeline([item(image(), 0, 1, transition=fade(True, True, 5))])
    grey = [float(frame.mean()) for frame in shown(wanted, sources, (0.25, 0.5, 0.75))]
    assert grey == pytest.approx([128, 255, 128], abs=5)


def test_a_fade_multiplies_the_clips_opacity(sources: dict[str, Source]) -> None:
    wanted = timeline([item(image(), 0, 2, opacity=0.5, transition=fade(True, False, 1))])
    grey = [float(frame.mean()) for frame in shown(wanted, sources, (0.5, 1.5))]
    assert grey == pytest.approx([64, 128], abs=4)


def test_texts_fade_too() -> None:
    wanted = timeline([item(text("HHHHH", font={"size": 80}), transition=fade(True, False, 1))])
    half, full = (np.percentile(frame, 98) for frame in shown(wanted, times=(0.5, 1)))
    assert half == pytest.approx(full / 2, abs=12)


def test_only_the_fades_of_a_recording_are_drawn(sources: dict[str, Source]) -> None:
    plan = plan_timeline(timeline([item(VIDEO, 0, 8, transition=fade(True, True, 0.5))]), sources)
    assert made(plan) == [(0, 0.5), (7.5, 8)]
    assert len(plan.video_inits) == 1
    assert len(decoded(plan)) >= 8 * 15


@pytest.mark.parametrize("more", [{"filter": "greyscale"}, {"opacity": 0.9}, {"scale": 0.9}])
def test_what_changes_a_recording_is_drawn(sources: dict[str, Source], more: dict) -> None:
    plan = plan_timeline(timeline([item(VIDEO, 0, 4, **more)]), sources)
    assert made(plan)[0][0] == 0
    assert made(plan)[-1][1] == 4


def test_sound_fades_with_its_clip(sources: dict[str, Source]) -> None:
    wanted = timeline([item(AUDIO, 0, 6, transition=fade(True, True, 2))])
    plan = plan_timeline(wanted, sources)
    sound = sound_of(plan)[0]
    loud = [float(np.abs(sound[round(s * 48000) - 240 :][:480]).max()) for s in (0.5, 1, 3, 5, 5.5)]
    assert loud == pytest.approx([0.125, 0.25, 0.5, 0.25, 0.125], abs=0.02)
    inner = sound[4096:-4096]
    assert np.abs(np.diff(inner)).max() < 0.5 * 2 * np.pi * 440 / 48000 * 1.3


def test_sound_without_fades_is_still_copied(sources: dict[str, Source]) -> None:
    plan = plan_timeline(timeline([item(VIDEO, 0, 4)], [item(text(), 1, 1)]), sources)
    assert all(segment.make is None for segment in plan.audio)


def test_transitions_and_effects_that_do_not_exist_are_refused(sources: dict[str, Source]) -> None:
    with pytest.raises(ValidationError, match=r"clip 1 of track 1: transition\.in: .*'fade'"):
        timeline([item(image(), transition={"in": "wipe"})])
    with pytest.raises(ValidationError, match=r"clip 1 of track 1: transition\.duration"):
        timeline([item(image(), transition={"in": "fade", "duration": -1})])
    with pytest.raises(InvalidRequestError, match="clip 1 of track 1: there is no effect 'zoomIn'"):
        read_timeline(timeline([item(image(), effect="zoomIn")]), sources)


def test_too_many_clips_are_refused_and_many_are_planned(sources: dict[str, Source]) -> None:
    many = [item(image(), at, 1) for at in range(1500)]
    assert plan_timeline(timeline(many), sources).duration == 1500 * SECOND
    with pytest.raises(InvalidRequestError, match="clip 2001 of track 1 is one more than 2000"):
        read_timeline(timeline([item(image(), at, 1) for at in range(2001)]), sources)


def test_a_picture_far_larger_than_the_canvas_costs_no_more_than_it(
    sources: dict[str, Source],
) -> None:
    plan = plan_timeline(timeline([item({**VIDEO, "id": "small"}, 0, 0.2, scale=10)]), sources)
    ((_, pixels), *_) = decoded(plan)
    assert pixels.shape == (HEIGHT, WIDTH, 3)
    assert pixels.std() < 60


# ---- random timelines

shapes = st.fixed_dictionaries(
    {},
    optional={
        "fit": st.sampled_from(["crop", "cover", "contain", None]),
        "position": st.sampled_from(list(Position.__args__)),
        "filter": st.sampled_from(list(Filter.__args__)),
        "scale": st.floats(0, 10),
        "opacity": st.floats(0, 1),
        "offset": st.fixed_dictionaries({"x": st.floats(-2, 2), "y": st.floats(-2, 2)}),
        "transition": st.builds(fade, st.booleans(), st.booleans(), st.floats(0, 3)),
    },
)
crops = st.fixed_dictionaries(
    {}, optional={side: st.integers(0, 150) for side in ("top", "right", "bottom", "left")}
)
assets = st.one_of(
    st.builds(
        lambda id, start, volume, crop: {**VIDEO, "id": id, "start": start, "volume": volume,
                                         "crop": crop},
        st.sampled_from(["m", "small"]), st.floats(0, 6), st.floats(0, 5), crops,
    ),
    st.builds(lambda crop: image(crop=crop), crops),
    st.builds(lambda start: {**AUDIO, "start": start}, st.floats(0, 6)),
    st.builds(
        lambda words, size, width: text(words, font={"size": size}, width=width,
                                        background={"border_width": 3}),
        st.text(max_size=30), st.floats(1, 200), st.none() | st.integers(1, 400),
    ),
    st.builds(
        lambda animation: {"type": "caption", "animation": animation},
        st.none() | st.sampled_from(list(CaptionAnimation.__args__)),
    ),
)  # fmt: skip
clips = st.builds(
    lambda asset, start, duration, more: item(asset, start, duration, **more),
    assets, st.floats(0, 2), st.floats(0.01, 2.5), shapes,
)  # fmt: skip


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(found=st.lists(clips, min_size=1, max_size=4))
def test_every_valid_timeline_gives_segments_that_decode(
    sources: dict[str, Source], found: list[dict[str, Any]]
) -> None:
    spoken = item({**VIDEO}, 0, 6)
    wanted = timeline([spoken], *[[each] for each in found])
    said = [("well", 0.1, 0.4, "mic"), ("said", 0.6, 1.2, "mic")]
    try:
        plan = plan_timeline(wanted, sources, 10, lambda asset_id: said)
    except InvalidRequestError as error:
        # Thirty lines of letters many times as large as the canvas are no valid timeline.
        assume("pixels is too large" not in error.message)
        raise
    frames = decoded(plan)
    times = [at for at, _ in frames]
    assert times == sorted(set(times))
    assert times[0] == 0
    assert plan.video[0].start == 0
    assert all(a.end == b.start for a, b in zip(plan.video, plan.video[1:], strict=False))
    assert plan.video[-1].end == plan.duration
    sound = sound_of(plan)
    assert sound.shape[1] == pytest.approx(plan.seconds * 48000, abs=1024)
    assert np.isfinite(sound).all()
    number = len(plan.video) - 1
    assert cut.segment(plan, "video", number) == cut.segment(plan, "video", number)
