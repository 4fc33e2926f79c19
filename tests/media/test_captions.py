"""Captions: whose words, when, and how each animation draws them; and ASS subtitles."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
import pytest
from drawing import HEIGHT, SECOND, WIDTH, box_of, item, over, shown, timeline
from track_maker import make_audio, make_video, pulses

from jupyter_capture.errors import InvalidRequestError, NotIndexedError
from jupyter_capture.media.ass import decode, read_script
from jupyter_capture.media.captions import Captions, Word, cues_of
from jupyter_capture.media.letters import Face, width_of
from jupyter_capture.media.render import Source, plan_timeline, read_timeline
from jupyter_capture.media.subtitles import Subtitles, caption_asset
from jupyter_capture.wire.editor import CaptionAsset, SubtitleStyle

SIZE = (WIDTH, HEIGHT)
BLACK = (0, 0, 0)
YELLOW = "&H0000FFFF"
SPOKEN = [("one", 0.0, 0.4, "mic"), ("two", 0.5, 0.9, "mic"), ("three", 1.0, 1.4, "mic")]


def caption(**more: Any) -> CaptionAsset:
    usual = {"font": {"font_size": 24}, "secondary_color": YELLOW, "border": {"outline": 0}}
    return CaptionAsset.model_validate({"type": "caption", **usual, **more})


def spoken(*words: str, step: float = 0.5) -> list[Word]:
    return [Word(word, at * step, at * step + 0.4) for at, word in enumerate(words)]


def at(drawn: Captions | Subtitles, time: float) -> np.ndarray:
    picture = drawn.at(time)
    return over(SIZE, BLACK, picture)


def yellow(pixels: np.ndarray) -> np.ndarray:
    return (pixels[:, :, 0] > 200) & (pixels[:, :, 1] > 200) & (pixels[:, :, 2] < 80)


def white(pixels: np.ndarray) -> np.ndarray:
    return (pixels > 200).all(axis=2)


def columns(mask: np.ndarray) -> tuple[int, int]:
    found = np.flatnonzero(mask.any(axis=0))
    return int(found[0]), int(found[-1])


def test_without_a_border_words_stand_in_a_box_that_is_half_clear() -> None:
    drawn = Captions(caption(border=None), spoken("white"), SIZE)
    on_white = over(SIZE, (255, 255, 255), drawn.at(0.1))
    grey = (on_white[:, :, 0] > 60) & (on_white[:, :, 0] < 120)
    assert grey.sum() > 3 * white(at(drawn, 0.1)).sum()


# ---- lines


def test_lines_end_at_sentences_pauses_and_before_they_grow_too_long() -> None:
    face = Face(size=20)
    words = spoken("Yes.", "And", "then", *["word"] * 12)
    words.append(Word("late", 60, 60.5))
    lines = [" ".join(word.text for word in cue.words) for cue in cues_of(words, face, 200)]
    assert lines[0] == "Yes."
    assert lines[-1] == "late"
    assert all(width_of(line, face) <= 200 for line in lines)
    assert " ".join(lines) == " ".join(word.text for word in words)


def test_lines_follow_without_a_flicker_and_leave_when_nobody_speaks() -> None:
    cues = cues_of([*spoken("One.", "two."), Word("three", 9, 9.4)], Face(size=20), 300)
    assert [(cue.start, cue.end) for cue in cues] == [
        (0, 0.5), (0.5, pytest.approx(1.3)), (9, pytest.approx(9.8))
    ]  # fmt: skip


def test_two_voices_are_not_mixed_word_by_word() -> None:
    words = [Word("mine", 0, 0.4, "mic"), Word("yours", 0.2, 0.6, "system"),
             Word("too", 0.5, 0.9, "mic")]  # fmt: skip
    cues = cues_of(words, Face(size=20), 300)
    assert [[word.text for word in cue.words] for cue in cues] == [["mine", "too"], ["yours"]]


# ---- animations


def test_without_animation_the_line_stays_one_picture() -> None:
    captions = Captions(caption(), spoken("one", "two", "three"), SIZE)
    assert captions.at(0.1) is captions.at(1.2)
    assert captions.at(5) is None
    assert not yellow(at(captions, 0.6)).any()


def test_color_highlight_colours_the_word_that_is_spoken() -> None:
    captions = Captions(caption(animation="color_highlight"), spoken("one", "two", "three"), SIZE)
    places = [columns(yellow(at(captions, time))) for time in (0.1, 0.6, 1.1)]
    assert places[0][1] < places[1][0] < places[1][1] < places[2][0]
    assert white(at(captions, 0.6)).any()
    assert captions.at(0.1) is captions.at(0.3)


def test_box_highlight_puts_a_box_behind_the_word() -> None:
    captions = Captions(caption(animation="box_highlight"), spoken("one", "two"), SIZE)
    pixels = at(captions, 0.6)
    left, right = columns(yellow(pixels))
    inside = pixels[:, left : right + 1]
    dark = (inside < 60).all(axis=2) & yellow(pixels).any(axis=1)[:, None]
    assert dark.any()  # white could not be read on yellow
    assert not white(inside).any()
    assert yellow(pixels).sum() > dark.sum()
    assert left > columns(white(pixels))[0]


def test_reveal_shows_words_as_they_come_and_leaves_them_in_their_place() -> None:
    captions = Captions(caption(animation="reveal"), spoken("one", "two", "three"), SIZE)
    seen = [columns(white(at(captions, time))) for time in (0.1, 0.6, 1.1)]
    assert len({left for left, _ in seen}) == 1
    assert seen[0][1] < seen[1][1] < seen[2][1]


def test_karaoke_fills_words_from_the_left() -> None:
    captions = Captions(caption(animation="karaoke"), spoken("one", "two", "three"), SIZE)
    filled = [columns(yellow(at(captions, t)))[1] for t in (0.05, 0.3, 0.55, 0.8, 1.3)]
    assert filled == sorted(filled)
    assert len(set(filled)) == len(filled)
    assert not white(at(captions, 1.45)).any()


def test_impact_shows_only_the_word_that_is_spoken() -> None:
    captions = Captions(caption(animation="impact"), spoken("one", "two"), SIZE)
    alone = Captions(caption(), spoken("", "two"), SIZE)
    assert (at(captions, 0.6) == at(alone, 0.6)).all()


def test_supersize_enlarges_the_word_that_is_spoken() -> None:
    captions = Captions(caption(animation="supersize"), spoken("HHH", "HHH"), SIZE)
    pixels = at(captions, 0.1)
    big, small = (box_of(pixels * mask[:, :, None], BLACK) for mask in
                  (yellow(pixels), white(pixels)))  # fmt: skip
    assert big[3] - big[1] > 1.25 * (small[3] - small[1])
    assert big[2] < small[0]


# ---- looks


@pytest.mark.parametrize("row", ["top", "middle", "bottom"])
@pytest.mark.parametrize("column", ["left", "center", "right"])
def test_each_alignment_is_where_it_says(row: str, column: str) -> None:
    where = {"alignment": f"{row}_{column}", "margin_l": 10, "margin_r": 20, "margin_v": 15}
    left, top, right, bottom = box_of(
        at(Captions(caption(position=where), spoken("HHH"), SIZE), 0.1), BLACK
    )
    if column == "left":
        assert left == pytest.approx(10, abs=4)
    elif column == "right":
        assert right == pytest.approx(WIDTH - 20, abs=4)
    else:
        assert (left + right) / 2 == pytest.approx((WIDTH - 10) / 2, abs=2)
    if row == "top":
        assert 15 <= top <= 24
    elif row == "bottom":
        assert HEIGHT - 24 <= bottom <= HEIGHT - 15
    else:
        assert (top + bottom) / 2 == pytest.approx(HEIGHT / 2, abs=3)


def test_an_opaque_box_stands_behind_the_line() -> None:
    red = "&H000000FF"
    captions = Captions(caption(border={"style": "opaque_box"}, back_color=red), spoken("HH"), SIZE)
    pixels = at(captions, 0.1)
    reds = (pixels[:, :, 0] > 200) & (pixels[:, :, 1] < 40)
    inner = columns(white(pixels))
    assert columns(reds)[0] < inner[0] - 3
    assert columns(reds)[1] > inner[1] + 3


def test_outline_shadow_and_angle() -> None:
    edge = {"outline": 3, "outline_color": "&H000000FF", "shadow": 6}
    flat = box_of(at(Captions(caption(), spoken("HHHHH"), SIZE), 0.1), BLACK)
    deep = box_of(
        at(Captions(caption(border=edge, back_color="&H00FF0000"), spoken("HHHHH"), SIZE), 0.1),
        BLACK,
    )
    assert deep[0] == pytest.approx(flat[0] - 3, abs=1)
    assert deep[2] == pytest.approx(flat[2] + 9, abs=1)
    turned = caption(font={"font_size": 24, "angle": 90}, position={"alignment": "middle_center"})
    left, top, right, bottom = box_of(at(Captions(turned, spoken("HHHHH"), SIZE), 0.1), BLACK)
    assert bottom - top > 2 * (right - left)


def test_a_subtitle_style_of_videodb_becomes_captions_of_the_same_look() -> None:
    style = SubtitleStyle(font_size=18, alignment=6, border_style=3, margin_v=20, bold=True)
    found = caption_asset(style, (1280, 720))
    assert found.font.font_size == pytest.approx(18 * 2.5 / 1.164, abs=0.2)
    assert found.font.bold
    assert found.position.alignment == "top_center"
    assert found.position.margin_v == 50
    assert found.border.style == "opaque_box"


# ---- whose words


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Source]:
    folder = tmp_path_factory.mktemp("sources")
    sound = make_audio(folder / "a", [(0, pulses(4))])
    frames = [(n * 6000, n, n % 15 == 0) for n in range(60)]
    picture = make_video(folder / "v", [frames], 4 * SECOND, [(WIDTH, HEIGHT)])
    return {"m": Source(picture, sound), "a": Source(audio=sound)}


def words(asset_id: str) -> list[tuple[str, float, float, str]]:
    if asset_id == "m":
        return SPOKEN
    raise NotIndexedError(f"{asset_id} has no transcript yet.")


def cues(wanted: Any, sources: dict[str, Source]) -> list[tuple[float, list[str]]]:
    scene = read_timeline(wanted, sources, words)
    found = next(clip.drawn for clip in scene.clips if isinstance(clip.drawn, Captions))
    return [(cue.start, [word.text for word in cue.words]) for cue in found.cues]


AUTO = {"type": "caption", "src": "auto"}
VIDEO = {"type": "video", "id": "m"}
AUDIO = {"type": "audio", "id": "a"}


def test_words_come_from_the_clip_below_at_its_time(sources: dict[str, Source]) -> None:
    late = timeline([item({**VIDEO, "start": 0.45}, 2, 2)], [item(AUTO, 1, 3)])
    assert cues(late, sources) == [(pytest.approx(1.05), ["two", "three"])]
    cut_off = timeline([item(VIDEO, 0, 4)], [item(AUTO, 0, 0.8)])
    assert cues(cut_off, sources) == [(0, ["one", "two"])]


def test_a_video_speaks_before_music_that_has_no_transcript(sources: dict[str, Source]) -> None:
    wanted = timeline([item(AUDIO, 0, 3)], [item(VIDEO, 0, 3)], [item(AUTO, 0, 3)])
    assert cues(wanted, sources) == [(0, ["one", "two", "three"])]


def test_captions_without_a_transcript_say_to_index_first(sources: dict[str, Source]) -> None:
    wanted = timeline([item(AUDIO)], [item(AUTO)])
    with pytest.raises(NotIndexedError, match=r"clip 1 of track 2: .* of a, .*index_spoken_words"):
        plan_timeline(wanted, sources, words=words)
    with pytest.raises(InvalidRequestError, match="clip 1 of track 1: there is no video or audio"):
        plan_timeline(timeline([item(AUTO)]), sources, words=words)


def test_a_player_sees_the_words_when_they_are_said(sources: dict[str, Source]) -> None:
    style = {**AUTO, "animation": "impact", "font": {"font_size": 60},
             "position": {"alignment": "middle_center"}}  # fmt: skip
    wanted = timeline([item(AUDIO | {"id": "m"}, 0, 3)], [item(style, 0, 3)])
    frames = shown(wanted, sources, (0.2, 0.7, 2.5), words)
    widths = [columns(white(frame)) for frame in frames[:2]]
    assert abs(widths[0][0] + widths[0][1] - WIDTH) < 8
    assert widths[0] != widths[1]
    assert not white(frames[2]).any()


# ---- ASS

HEAD = """[Script Info]
PlayResX: 320
PlayResY: 180

[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, OutlineColour, BackColour, Bold, BorderStyle, \
Outline, Shadow, Alignment, MarginL, MarginR, MarginV
Style: Default,DejaVu Sans,24,&H00FFFFFF,&H00000000,&H00000000,0,1,0,0,2,10,10,10
Style: Loud,DejaVu Sans,40,&H0000FFFF,&H00000000,&H00000000,-1,1,0,0,8,10,10,20

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
"""


def script(*lines: str, head: str = HEAD) -> Subtitles:
    events = "".join(f"Dialogue: 0,0:00:00.00,0:00:01.50,{line}\n" for line in lines)
    return Subtitles(read_script(head + events), SIZE)


def test_ass_lines_stand_where_and_when_their_style_says() -> None:
    subtitles = script("Default,,0,0,0,,HHH", "Loud,,0,0,0,,HHH")
    pixels = at(subtitles, 0.5)
    low, high = (
        box_of(pixels * white(pixels)[..., None], BLACK),
        box_of(pixels * yellow(pixels)[..., None], BLACK),
    )
    assert HEIGHT - 20 < low[3] <= HEIGHT - 10
    assert 20 <= high[1] < 32
    assert high[3] - high[1] == pytest.approx((low[3] - low[1]) * 40 / 24, abs=2)
    assert subtitles.at(0.1) is subtitles.at(1.4)
    assert subtitles.at(1.5) is None


def test_ass_sizes_follow_the_height_of_the_picture() -> None:
    small = script("Default,,0,0,0,,H")
    large = Subtitles(small._script, (WIDTH * 2, HEIGHT * 2))
    one, two = small.at(0).pixels.shape, large.at(0).pixels.shape
    assert two[0] == pytest.approx(2 * one[0], abs=2)


def test_ass_overrides_change_the_letters_after_them() -> None:
    plain = at(script("Default,,0,0,0,,HH HH"), 0)
    pixels = at(script("Default,,0,0,0,,HH {\\c&H00FFFF&}HH{\\r}"), 0)
    assert columns(yellow(pixels))[0] > columns(white(pixels))[1]
    assert columns(white(plain))[1] == columns(yellow(pixels))[1]
    bold = at(script("Default,,0,0,0,,{\\b1}HH HH"), 0)
    assert white(bold).sum() > 1.2 * white(plain).sum()
    assert (at(script("Default,,0,0,0,,{\\i1}HH{\\i0} HH"), 0) != plain).any()
    assert (at(script("Default,,0,0,0,,{\\k20\\blur3}HH HH"), 0) == plain).all()
    half = at(script("Default,,0,0,0,,{\\alpha&H80&}HH HH"), 0)
    assert half.max() == pytest.approx(127, abs=2)


def test_ass_breaks_lines_and_stacks_what_is_shown_at_once() -> None:
    one, two = (box_of(at(script(f"Default,,0,0,0,,{text}"), 0), BLACK) for text in
                ("HH", "HH\\NHH"))  # fmt: skip
    assert one[3] == two[3]
    assert two[1] == pytest.approx(one[1] - 24, abs=2)
    stacked = box_of(at(script("Default,,0,0,0,,HH", "Default,,0,0,0,,HH"), 0), BLACK)
    assert stacked[1] == pytest.approx(two[1], abs=2)
    long = box_of(at(script("Default,,0,0,0,," + "word " * 20), 0), BLACK)
    assert long[2] - long[0] <= WIDTH - 20


def test_ass_places_a_line_at_a_point_with_its_corner() -> None:
    left, top, _, _ = box_of(at(script("Default,,0,0,0,,{\\an7\\pos(100,50)}H"), 0), BLACK)
    assert left == pytest.approx(102, abs=3)
    assert top == pytest.approx(54, abs=4)
    left, top, right, bottom = box_of(at(script("Default,,0,0,0,,{\\an5}H"), 0), BLACK)
    assert (left + right) / 2 == pytest.approx(WIDTH / 2, abs=2)
    assert (top + bottom) / 2 == pytest.approx(HEIGHT / 2, abs=3)


def test_ass_of_a_timeline_runs_from_the_start_of_its_clip() -> None:
    text = HEAD + "Dialogue: 0,0:00:00.50,0:00:01.00,Loud,,0,0,0,,HHHH\n"
    asset = {"type": "caption", "src": base64.b64encode(text.encode("utf-8-sig")).decode()}
    frames = shown(timeline([item(asset, 1, 2)]), times=(0.7, 1.2, 1.7, 2.5))
    assert [bool(yellow(frame).any()) for frame in frames] == [False, False, True, False]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (HEAD, "no Dialogue line"),
        (HEAD + "Dialogue: 0,0:00:00,Default,,hi\n", r"line 12 .*5 fields where Format lists 10"),
        (HEAD + "Dialogue: 0,soon,0:00:01.00,Default,,0,0,0,,hi\n", "line 12 .*'soon' is no time"),
        (HEAD + "Dialogue: 0,0:00:02.00,0:00:01.00,Default,,0,0,0,,hi\n", "12 .*ends before it"),
        (HEAD.replace("Fontsize, ", "Size, ").replace(",24,", ",24,").replace("&H00FFFFFF", "red"),
         "line 7 .*'red' is no ASS colour"),
        (HEAD.replace("Sans,24", "Sans,big"), "line 7 .*fontsize is 'big', not a number"),
        (HEAD.replace("PlayResX: 320", "PlayResX: wide"), "line 2 "),
        (HEAD + "nonsense\n", "line 12 .*no name and colon"),
        ("[Events]\n", "no Dialogue line"),
    ],
)  # fmt: skip
def test_broken_ass_names_the_line(text: str, words: str) -> None:
    with pytest.raises(InvalidRequestError, match=words):
        read_script(text)


def test_what_is_no_base64_says_what_is_accepted() -> None:
    for src in ("not base64!", base64.b64encode(b"\xff\x00\xfe").decode()):
        with pytest.raises(InvalidRequestError, match='neither "auto" nor a base64'):
            decode(src)
    broken = timeline([item({"type": "caption", "src": "%%%"})])
    with pytest.raises(InvalidRequestError, match="clip 1 of track 1"):
        plan_timeline(broken, {})


def test_bad_caption_colours_name_the_clip(sources: dict[str, Source]) -> None:
    wanted = timeline([item(VIDEO)], [item({**AUTO, "primary_color": "#ffffff"})])
    with pytest.raises(InvalidRequestError, match="clip 1 of track 2: '#ffffff' is no ASS colour"):
        plan_timeline(wanted, sources, words=words)


def test_the_same_captions_come_out_of_any_segment(sources: dict[str, Source]) -> None:
    wanted = timeline([item(VIDEO, 0, 3)], [item({**AUTO, "animation": "karaoke"}, 0, 3)])
    plan = plan_timeline(wanted, sources, 15, words)
    first = [piece.make() for segment in plan.video for piece in segment.pieces]
    again = [piece.make() for segment in reversed(plan.video) for piece in segment.pieces]
    assert first == again[::-1]
