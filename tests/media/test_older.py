"""VideoDB's older timeline, told in the words of the newer one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from drawing import decoded, sound_of
from PIL import Image
from track_maker import FRAME, make_audio, make_video

from jupyter_capture.errors import InvalidRequestError, NotFoundError
from jupyter_capture.media.lengths import length_of
from jupyter_capture.media.older import Known, newer
from jupyter_capture.media.render import Source, plan_timeline
from jupyter_capture.wire.editor import Timeline
from jupyter_capture.wire.timeline import OldAsset

SECOND = 90000
RATE = 48000
KNOWN = {
    "m-1": Known("m-1", 4.0, 320, 240),
    "a-1": Known("a-1", 4.0),
    "img-1": Known("img-1", 0.0, 40, 20),
}
VIDEO = {"asset_id": "m-1"}


def find(asset_id: str, kind: str) -> Known:
    if not asset_id.startswith({"video": "m-", "audio": "a-", "image": "img-"}[kind]):
        raise NotFoundError(f"There is no {kind} {asset_id!r}.")
    return KNOWN[asset_id]


def told(*assets: dict[str, Any]) -> tuple[Timeline, list[str]]:
    return newer([OldAsset.model_validate(each) for each in assets], find)


def over(asset_id: str, at: float = 0.0, **more: Any) -> dict[str, Any]:
    return {"asset_id": asset_id, "overlay_start": at, **more}


def words(at: float = 0.0, text: str = "Budget", duration: Any = None, **style: Any) -> Any:
    return over("txt-1", at, text=text, duration=duration, style=style)


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Source]:
    """A video with a soft tone of 440 Hz, one of 1 kHz that is louder, a red picture."""
    folder = tmp_path_factory.mktemp("older")
    Image.new("RGB", (40, 20), "red").save(folder / "red.png")
    frames = [(at * FRAME, at, at % 30 == 0) for at in range(60)]

    def tone(hertz: float, loud: float) -> np.ndarray:
        wave = loud * np.sin(np.arange(4 * RATE) * 2 * np.pi * hertz / RATE)
        return wave.astype(np.float32)[:, None]

    return {
        "m-1": Source(
            make_video(folder / "v", [frames], 4 * SECOND),
            make_audio(folder / "s", [(0, tone(440, 0.1))]),
        ),
        "a-1": Source(audio=make_audio(folder / "a", [(0, tone(1000, 0.4))])),
        "img-1": Source(image=folder / "red.png"),
    }


def pixels(sources: dict[str, Source], timeline: Timeline, time: float) -> np.ndarray:
    frames = decoded(plan_timeline(timeline, sources, 10))
    return [shown for at, shown in frames if at <= round(time * SECOND)][-1]


def red(shown: np.ndarray) -> np.ndarray:
    return (shown[:, :, 0] > 180) & (shown[:, :, 1] < 90)


def reds(shown: np.ndarray) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of what is red."""
    down, across = np.nonzero(red(shown))
    return int(across.min()), int(down.min()), int(across.max()) + 1, int(down.max()) + 1


def loudness(sources: dict[str, Source], timeline: Timeline, hertz: float, at: float) -> float:
    """Of one tone in the tenth of a second around ``at``."""
    sound = sound_of(plan_timeline(timeline, sources, 10))[0]
    part = sound[round((at - 0.05) * RATE) : round((at + 0.05) * RATE)]
    turn = np.exp(-2j * np.pi * hertz * np.arange(len(part)) / RATE)
    return float(2 * abs((part * turn).mean()))


def test_an_image_lies_where_it_was_put_in_its_size_and_for_its_time(
    sources: dict[str, Source],
) -> None:
    made, said = told(
        VIDEO, over("img-1", 1, width=60, height=50, x="main_w-overlay_w-10", y=20, duration=2)
    )
    assert (made.resolution, said) == ("320x240", [])
    assert reds(pixels(sources, made, 1.5)) == pytest.approx((250, 20, 310, 70), abs=1)
    for time in (0.5, 3.5):
        assert not red(pixels(sources, made, time)).any()


def test_an_image_keeps_its_shape_where_one_side_is_minus_one(sources: dict[str, Source]) -> None:
    made, _ = told(VIDEO, over("img-1", x=0, y=0, width=-1, height="ih*2"))
    assert reds(pixels(sources, made, 3.9)) == pytest.approx((0, 0, 80, 40), abs=1)


def test_a_text_stands_in_its_white_box_in_the_middle_until_the_end(
    sources: dict[str, Source],
) -> None:
    made, _ = told(VIDEO, words(1))
    plain = told(VIDEO, words(3.9))[0]
    box = (pixels(sources, made, 3.5) > 200).all(axis=2) & (pixels(sources, plain, 3.5) < 200).any(
        axis=2
    )
    down, across = np.nonzero(box)
    assert (across.min() + across.max()) / 2 == pytest.approx(160, abs=2)
    assert (down.min() + down.max()) / 2 == pytest.approx(120, abs=2)
    # 24 pixels of letters and 10 around them.
    assert 44 <= down.max() - down.min() + 1 <= 54
    assert made.tracks[1].clips[0].clip.duration == 3


def test_a_text_stands_where_its_expressions_say(sources: dict[str, Source]) -> None:
    made, _ = told(
        VIDEO,
        words(text="—", fontcolor="0xFF0000", box=False, fontsize=80, x="w-tw", y=0, duration=1),
    )
    left, _, right, _ = reds(pixels(sources, made, 0.5))
    assert left > 220
    assert right >= 315


def test_a_sound_silences_the_videos_while_it_lasts(sources: dict[str, Source]) -> None:
    made, _ = told(VIDEO, over("a-1", 1, end=2))
    before, during = (loudness(sources, made, 440, at) for at in (0.5, 2))
    assert before == pytest.approx(0.1, abs=0.02)
    assert during < 0.01
    assert loudness(sources, made, 1000, 2) == pytest.approx(0.4, abs=0.05)


def test_a_sound_can_be_heard_along_with_the_videos(sources: dict[str, Source]) -> None:
    made, _ = told(VIDEO, over("a-1", 1, end=2, disable_other_tracks=False))
    assert loudness(sources, made, 440, 2) == pytest.approx(0.1, abs=0.02)
    assert loudness(sources, made, 1000, 2) == pytest.approx(0.4, abs=0.05)


@pytest.mark.parametrize("fades", [(1, 1), (1, 2), (3, 6)])
def test_a_sound_comes_and_goes_as_slowly_as_was_asked(
    sources: dict[str, Source], fades: tuple[float, float]
) -> None:
    made, said = told(VIDEO, over("a-1", fade_in_duration=fades[0], fade_out_duration=fades[1]))
    assert said == []
    # Where they would meet, both are shortened alike.
    come, go = fades if sum(fades) <= 4 else (4 / 3, 8 / 3)
    for at in (0.5, 1.0, come, 4 - go / 2, 3.5):
        wanted = 0.4 * min(1, at / come, (4 - at) / go)
        assert loudness(sources, made, 1000, at) == pytest.approx(wanted, abs=0.03), at


def test_a_sound_ends_with_the_videos(sources: dict[str, Source]) -> None:
    made, said = told({**VIDEO, "end": 2}, over("a-1", 1))
    assert made.tracks[1].clips[0].clip.duration == 1
    assert said == ["a-1 ends with the videos, at 2.00 s: it was shortened"]


@pytest.mark.parametrize(
    ("assets", "match"),
    [
        ([over("a-1")], "needs at least one video"),
        ([VIDEO, over("a-1", 9)], "the videos end at 4.00 s"),
        ([VIDEO, over("a-1", start=3, end=2)], "holds nothing"),
        ([VIDEO, over("m-1")], "cannot be laid over a video"),
        ([VIDEO, over("img-1", width=0)], "1 to 8192 pixels"),
        ([VIDEO, over("img-1", x="if(gte(t,1),0,9)")], "pixels are accepted.*overlay_w"),
        ([VIDEO, words(x="text_w/0")], "pixels are accepted"),
        ([VIDEO, words(fontcolor="colourless")], "no colour"),
        ([VIDEO, words(boxcolor="white@half")], "must be a number"),
    ],
)
def test_what_cannot_be_is_said(assets: list[dict[str, Any]], match: str) -> None:
    with pytest.raises(InvalidRequestError, match=match):
        told(*assets)


@pytest.mark.parametrize(
    ("written", "pixels"), [("12", 12), (-3, -3), ("(w - 20)/2+1.5", 41.5), ("-h*2", -100)]
)
def test_lengths_are_sums_of_what_is_known(written: Any, pixels: float) -> None:
    assert length_of("x", written, {"w": 100, "h": 50}) == pixels


@pytest.mark.parametrize(
    "written",
    ["", "w**9", "9e99", "nan", "__import__('os')", "w.real", "1" * 201, "(" * 150, "True", "'a'"],
)
def test_nothing_but_sums_is_computed(written: str) -> None:
    with pytest.raises(InvalidRequestError, match="pixels are accepted"):
        length_of("x", written, {"w": 100})
