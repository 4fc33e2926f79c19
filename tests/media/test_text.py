"""Texts: where they stand, and how their letters, borders, shadows and boxes look."""

from __future__ import annotations

import numpy as np
import pytest
from drawing import HEIGHT, WIDTH, box_of, item, over, shown, similarity, text, timeline
from PIL import Image, ImageDraw, ImageFont
from pydantic import ValidationError

from jupyter_capture.errors import InvalidRequestError
from jupyter_capture.media import letters
from jupyter_capture.media.colours import colour
from jupyter_capture.media.letters import Face, height_of, mask_of, width_of
from jupyter_capture.media.render import plan_timeline, read_timeline
from jupyter_capture.media.text import tabbed, text_picture, wrapped
from jupyter_capture.wire.editor import Clip

BLACK = (0, 0, 0)


def drawn(asset: dict, background: tuple[int, int, int] = BLACK, **more) -> np.ndarray:
    """RGB of a text clip, before any encoder."""
    clip = Clip.model_validate({"asset": asset, "duration": 1, **more})
    picture = text_picture(clip, clip.asset, WIDTH, HEIGHT)
    return over((WIDTH, HEIGHT), background, picture)


def test_a_text_is_what_pillow_draws_in_the_middle() -> None:
    image = Image.new("RGB", (WIDTH, HEIGHT), "navy")
    font = ImageFont.truetype(str(letters._SHIPPED[False]), 40)
    ImageDraw.Draw(image).text((WIDTH / 2, HEIGHT / 2), "Grüße", "#ffd000", font, "mm")
    (pixels,) = shown(timeline([item(text("Grüße", font={"size": 40, "color": "#ffd000"}))],
                               background="navy"))  # fmt: skip
    assert similarity(pixels, np.asarray(image)) > 0.9


def test_letters_keep_their_size_whatever_the_fit() -> None:
    for fit in ("crop", "cover", "contain", None):
        _, top, _, bottom = box_of(drawn(text("H", font={"size": 50}), fit=fit), BLACK)
        assert bottom - top == pytest.approx(50 * 0.73, abs=1)


@pytest.mark.parametrize("down", ["top", "", "bottom"])
@pytest.mark.parametrize("across", ["left", "", "right"])
def test_each_position_is_where_it_says(across: str, down: str) -> None:
    position = "_".join(filter(None, (down, across))) or "center"
    left, top, right, bottom = box_of(drawn(text("H", font={"size": 40}), position=position), BLACK)
    wide = width_of("H", Face(size=40))
    up, below = height_of(Face(size=40))
    middle_x = {"left": wide / 2, "": WIDTH / 2, "right": WIDTH - wide / 2}[across]
    line = up + below
    middle_y = {"top": line / 2, "": HEIGHT / 2, "bottom": HEIGHT - line / 2}[down]
    assert (left + right) / 2 == pytest.approx(middle_x, abs=1.5)
    assert (top + bottom) / 2 == pytest.approx(middle_y, abs=4)


def test_alignment_places_a_text_that_has_no_box() -> None:
    asset = text("H", font={"size": 30}, alignment={"horizontal": "right", "vertical": "top"})
    left, _, _, bottom = box_of(drawn(asset), BLACK)
    assert left > WIDTH - 40
    assert bottom < 40
    assert box_of(drawn(asset, position="bottom_left"), BLACK)[0] < 40


def test_alignment_places_a_text_within_its_box() -> None:
    asset = text("H", font={"size": 20}, width=200, height=100,
                 alignment={"horizontal": "left", "vertical": "bottom"})  # fmt: skip
    left, _, _, bottom = box_of(drawn(asset), BLACK)
    assert left == pytest.approx((WIDTH - 200) / 2, abs=4)
    assert bottom == pytest.approx((HEIGHT + 100) / 2, abs=8)


def test_offset_moves_by_shares_of_the_canvas() -> None:
    before = box_of(drawn(text("H")), BLACK)
    after = box_of(drawn(text("H"), offset={"x": 0.25, "y": -0.25}), BLACK)
    assert [b - a for a, b in zip(before, after, strict=True)] == [80, -45, 80, -45]


def test_scale_draws_larger_letters() -> None:
    one = box_of(drawn(text("H", font={"size": 20})), BLACK)
    three = box_of(drawn(text("H", font={"size": 20}), scale=3), BLACK)
    assert three[3] - three[1] == pytest.approx(3 * (one[3] - one[1]), abs=2)
    assert drawn(text("H"), scale=0).max() == 0


def test_a_border_surrounds_the_letters_by_its_width() -> None:
    plain = box_of(drawn(text("I", font={"size": 60})), BLACK)
    asset = text("I", font={"size": 60}, border={"color": "#ff0000", "width": 4})
    pixels = drawn(asset)
    edged = box_of(pixels, BLACK)
    assert [b - a for a, b in zip(plain, edged, strict=True)] == [
        pytest.approx(step, abs=1) for step in (-4, -4, 4, 4)
    ]
    middle = (edged[1] + edged[3]) // 2
    assert tuple(pixels[middle, edged[0] + 1]) == (255, 0, 0)
    assert tuple(pixels[middle, (edged[0] + edged[2]) // 2]) == (255, 255, 255)


def test_a_shadow_is_the_letters_again_moved() -> None:
    asset = text("I", font={"size": 60}, shadow={"color": "#0000ff", "x": 30, "y": 10})
    pixels = drawn(asset)
    letters_at = (pixels == 255).all(axis=2)
    shadow_at = (pixels == (0, 0, 255)).all(axis=2)
    assert letters_at.any()
    moved = np.roll(letters_at, (10, 30), (0, 1))
    assert (moved & ~shadow_at).sum() <= 0.02 * moved.sum()


def test_a_background_has_its_size_border_colour_and_opacity() -> None:
    back = {"width": 200, "height": 60, "color": "#ff0000", "border_width": 10, "opacity": 0.5}
    pixels = drawn(text(" ", background=back), (0, 0, 200))
    inside = pixels[HEIGHT // 2, WIDTH // 2]
    assert inside == pytest.approx([128, 0, 100], abs=1)
    rows, columns = np.nonzero(pixels[:, :, 0] > 60)
    assert (columns.max() - columns.min() + 1, rows.max() - rows.min() + 1) == (220, 80)


def test_the_text_stands_in_its_background_as_it_is_told() -> None:
    back = {"width": 280, "height": 150, "color": "#800000", "text_alignment": "bottom_right"}
    pixels = drawn(text("H", font={"size": 20}, background=back))
    rows, columns = np.nonzero(pixels[:, :, 2] > 128)
    assert columns.min() > WIDTH / 2 + 100
    assert rows.min() > HEIGHT / 2 + 40


def test_a_text_is_wrapped_to_its_width() -> None:
    face = Face(size=20)
    lines = wrapped("the quick brown fox jumps over the lazy dog", face, 120)
    assert len(lines) > 2
    assert all(width_of(line, face) <= 120 for line in lines)
    assert " ".join(lines) == "the quick brown fox jumps over the lazy dog"
    pieces = wrapped("x" * 60, face, 120)
    assert "".join(pieces) == "x" * 60
    assert all(width_of(piece, face) <= 120 for piece in pieces)
    left, _, right, _ = box_of(drawn(text("word " * 30, font={"size": 12}, width=160)), BLACK)
    assert right - left <= 160


def test_line_spacing_and_tabs() -> None:
    def bottom(spacing: int) -> int:
        asset = text("a\nb\nc", font={"size": 20}, line_spacing=spacing)
        box = box_of(drawn(asset), BLACK)
        return box[3] - box[1]

    assert bottom(15) - bottom(0) == 30
    ends = [width_of(tabbed(f"{word}\t", Face(size=48), 8), Face(size=48)) for word in ("a", "ccc")]
    assert ends[0] == pytest.approx(ends[1], abs=width_of(" ", Face(size=48)))
    two, eight = (box_of(drawn(text("a\tb", tabsize=size)), BLACK) for size in (2, 8))
    assert eight[2] - eight[0] > two[2] - two[0] + 60


def test_letters_of_one_word_are_shaped_and_run_from_the_right() -> None:
    word = "مرحبا"
    apart = sum(width_of(letter, Face(size=40)) for letter in word)
    assert width_of(word, Face(size=40)) < 0.9 * apart


def test_controls_and_separators_are_no_letters() -> None:
    every = "".join(map(chr, [*range(32), *range(127, 160), 0x2028, 0x2029, 0x202E]))
    assert drawn(text(every)).max() <= drawn(text("x")).max()
    for letter in every:
        assert width_of(f"a{letter}", Face()) >= width_of("a", Face())
    before, after = (box_of(drawn(text(words)), BLACK) for words in ("H\nH", "H\r\nH"))
    assert before == after


def test_letters_can_be_bold_slanted_spaced_and_lined() -> None:
    plain = mask_of("Hill", Face(size=40))
    assert (
        np.asarray(mask_of("Hill", Face(size=40, bold=True)).image).sum()
        > 1.2 * np.asarray(plain.image).sum()
    )
    slanted = mask_of("I", Face(size=40, italic=True)).image
    rows = np.asarray(slanted) > 100
    assert np.flatnonzero(rows[2])[0] > np.flatnonzero(rows[-2])[0] + 3
    assert width_of("Hill", Face(size=40, spacing=5)) == pytest.approx(
        sum(width_of(each, Face(size=40)) + 5 for each in "Hill")
    )
    lined = mask_of("Hill", Face(size=40, underline=True))
    assert lined.y + lined.image.height > plain.y + plain.image.height
    wide = mask_of("Hill", Face(size=40, scale_x=2))
    assert wide.image.width == pytest.approx(2 * plain.image.width, abs=2)


def test_colours_are_those_of_css_and_of_ass() -> None:
    assert colour("#336699", 0.5) == (0x33, 0x66, 0x99, 128)
    assert colour("tomato") == (255, 99, 71, 255)
    assert colour("&H8000FFFF") == (255, 255, 0, 127)
    assert colour("&HFF0000") == (0, 0, 255, 255)


@pytest.mark.parametrize(
    ("asset", "words"),
    [
        (text(font={"color": "blurple"}), "clip 1 of track 1: 'blurple' is no colour"),
        (text(border={"color": "#12", "width": 1}), "clip 1 of track 1: '#12' is no colour"),
        (text(background={"color": "&Hxyz"}), "no ASS colour"),
        (text("x\n" * 4000, font={"size": 2000}), "clip 1 of track 1: a text of .* is too large"),
    ],
)
def test_what_cannot_be_drawn_says_why(asset: dict, words: str) -> None:
    with pytest.raises(InvalidRequestError, match=words):
        plan_timeline(timeline([item(asset)]), {})


def test_a_size_that_is_none_names_clip_and_field() -> None:
    with pytest.raises(ValidationError, match=r"clip 1 of track 1: asset\.text\.font\.size"):
        timeline([item(text(font={"size": 0}))])


def test_an_unknown_family_is_replaced_with_a_warning_that_names_it() -> None:
    for family in ("No Such Font", "../../etc/passwd"):
        scene = read_timeline(timeline([item(text(font={"family": family}))]), {})
        assert len(scene.warnings) == 1
        assert family in scene.warnings[0]
        assert "clip 1 of track 1" in scene.warnings[0]
    assert read_timeline(timeline([item(text())]), {}).warnings == ()


def test_a_still_text_is_encoded_once_a_segment() -> None:
    plan = plan_timeline(timeline([item(text(), 0, 6)]), {})
    assert [len(segment.pieces[0].make()) for segment in plan.video] == [1, 1, 1]
