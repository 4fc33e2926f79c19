"""Filters: each against its formula in NumPy, and as a player shows it."""

from __future__ import annotations

from math import erf
from pathlib import Path

import numpy as np
import pytest
from drawing import difference, image, item, shown, text, timeline
from PIL import Image
from pydantic import ValidationError

from jupyter_capture.media.filters import filtered
from jupyter_capture.media.render import Source

LUMA = np.array([0.2126, 0.7152, 0.0722])


def spread(colours: np.ndarray, factor: float) -> np.ndarray:
    return 127.5 + factor * (colours - 127.5)


def saturated(colours: np.ndarray, factor: float) -> np.ndarray:
    grey = (colours @ LUMA)[:, :, None]
    return grey + factor * (colours - grey)


FORMULAS = {
    "greyscale": lambda c: saturated(c, 0),
    "negative": lambda c: 255 - c,
    "contrast": lambda c: spread(c, 1.4),
    "darken": lambda c: 0.6 * c,
    "lighten": lambda c: 255 - 0.6 * (255 - c),
    "boost": lambda c: spread(saturated(c, 1.5), 1.2),
    "muted": lambda c: spread(saturated(c, 0.45), 0.8),
}


@pytest.fixture(scope="module")
def card(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Large patches of many colours, which 4:2:0 leaves as they are."""
    colours = np.random.default_rng(5).integers(0, 256, (9, 16, 3), np.uint8)
    path = tmp_path_factory.mktemp("card") / "card.png"
    Image.fromarray(colours.repeat(20, 0).repeat(20, 1)).save(path)
    return path


@pytest.mark.parametrize("name", FORMULAS)
def test_a_filter_of_colour_follows_its_formula(name: str) -> None:
    colours = np.random.default_rng(1).integers(0, 256, (64, 64, 3), np.uint8)
    want = np.clip(FORMULAS[name](colours.astype(float)), 0, 255)
    assert np.abs(filtered(name, colours, 180) - want).max() <= 1


@pytest.mark.parametrize("name", FORMULAS)
def test_a_player_shows_the_filtered_picture(name: str, card: Path) -> None:
    want = np.clip(FORMULAS[name](np.asarray(Image.open(card), float)), 0, 255)
    wanted = timeline([item(image(), filter=name)])
    (pixels,) = shown(wanted, {"img": Source(image=card)})
    plain = difference(shown(timeline([item(image())]), {"img": Source(image=card)})[0],
                       np.asarray(Image.open(card)))  # fmt: skip
    assert difference(pixels, want) < plain + 2


def test_blur_is_a_gaussian_of_a_60th_of_the_height() -> None:
    colours = np.zeros((180, 320, 3), np.uint8)
    colours[:, 160:] = 255
    row = filtered("blur", colours, 180)[90, :, 0] / 255
    at = np.arange(320) - 159.5
    want = np.array([(1 + erf(x / 3 / 2**0.5)) / 2 for x in at])
    assert np.abs(row - want).max() < 0.03


def test_transparency_stays_where_colours_change() -> None:
    pixels = np.zeros((8, 8, 4), np.uint8)
    pixels[2:6, 2:6] = (200, 100, 50, 128)
    out = filtered("negative", pixels, 180)
    assert (out[:, :, 3] == pixels[:, :, 3]).all()
    assert tuple(out[3, 3]) == (55, 155, 205, 128)


def test_a_blurred_text_spreads_beyond_its_letters() -> None:
    sharp, soft = (
        shown(timeline([item(text("III", font={"size": 60}), filter=name)]))[0]
        for name in (None, "blur")
    )
    assert soft.max() < sharp.max() - 20
    assert (soft[:, :, 0] > 30).sum() > (sharp[:, :, 0] > 30).sum()


def test_an_unknown_filter_names_clip_and_track() -> None:
    with pytest.raises(ValidationError, match=r"clip 2 of track 1: filter: .*'blur'"):
        timeline([item(text()), item(text(), 2, filter="sepia")])


@pytest.mark.parametrize(("what", "value"), [("fit", "squeeze"), ("position", "middle")])
def test_an_unknown_fit_or_position_names_clip_and_track(what: str, value: str) -> None:
    with pytest.raises(ValidationError, match=f"clip 1 of track 2: {what}: "):
        timeline([item(text())], [item(text(), **{what: value})])
