"""What is said becomes lines that can be read, at the time when it is heard."""

from __future__ import annotations

import pytest

from jupyter_capture.media.chapters import Chapter, chapter_box, short, spoken_chapters, tidy
from jupyter_capture.media.webvtt import (
    Heard,
    Line,
    Sentence,
    language_name,
    lines_of,
    sentences_in,
    srt,
    webvtt,
)

SECOND = 90000


def said(text: str, start: float, each: float = 0.5) -> Sentence:
    words = [(w, start + n * each, start + (n + 1) * each) for n, w in enumerate(text.split())]
    return Sentence(start, words[-1][2], text, words)


def test_a_sentence_is_a_line_while_it_is_said_and_a_little_longer() -> None:
    (line,) = lines_of([said("Budget first", 3.0)])
    assert line == Line(3.0, 4.5, "Budget first")


def test_a_line_gives_way_to_the_next() -> None:
    lines = lines_of([said("One two", 0.0), said("Three", 1.1)])
    assert [(line.start, line.end) for line in lines] == [(0.0, 1.1), (1.1, 2.1)]


def test_a_long_sentence_is_parted_evenly_into_two_rows_each() -> None:
    text = " ".join(f"word{n:02}" for n in range(40))
    lines = lines_of([said(text, 0.0)])
    assert " ".join(line.text.replace("\n", " ") for line in lines) == text
    assert len(lines) == 4
    for line in lines:
        rows = line.text.split("\n")
        assert len(rows) == 2
        assert max(map(len, rows)) <= 42
    assert [line.start for line in lines] == [0, 5, 10, 15]


def test_a_pause_parts_a_sentence() -> None:
    one = Sentence(0, 6, "Wait there", [("Wait", 0.0, 0.5), ("there", 5.0, 6.0)])
    assert [line.text for line in lines_of([one])] == ["Wait", "there"]


def test_what_two_tracks_say_alike_is_shown_once() -> None:
    lines = lines_of([said("Good morning", 1.0), said("Good morning", 1.02), said("Yes", 1.0)])
    assert sorted(line.text for line in lines) == ["Good morning", "Yes"]


def test_a_stretch_has_the_words_whose_middle_it_holds_at_its_own_times() -> None:
    heard = Heard("m-1", 2 * SECOND, 3 * SECOND, 10 * SECOND)
    (found,) = sentences_in(heard, [said("a b c d e f g h", 0.25), said("later", 9.0)])
    assert found.text == "d e"
    assert (found.start, found.end) == (10.0, 10.75)


def test_text_without_words_is_heard_where_its_middle_is() -> None:
    whole = [Sentence(1.0, 3.0, "Slides only")]
    assert sentences_in(Heard("m", 0, 4 * SECOND, 0), whole)[0].text == "Slides only"
    assert sentences_in(Heard("m", 0, SECOND, 0), whole) == []


def test_webvtt_escapes_and_srt_numbers() -> None:
    lines = [Line(3661.5, 3662, "a < b & c -->\nd"), Line(7322, 7323, "e")]
    assert webvtt(lines, mapped=True) == (
        "WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00:00.000\n\n"
        "01:01:01.500 --> 01:01:02.000\na &lt; b &amp; c --&gt;\nd\n\n"
        "02:02:02.000 --> 02:02:03.000\ne\n"
    )
    assert webvtt([]) == "WEBVTT\n"
    assert srt(lines) == (
        "1\n01:01:01,500 --> 01:01:02,000\na < b & c -->\nd\n\n"
        "2\n02:02:02,000 --> 02:02:03,000\ne\n"
    )


@pytest.mark.parametrize(
    ("code", "name"), [("en", "English"), ("pt-BR", "Português"), ("xx", "xx"), (None, "Captions")]
)
def test_a_language_has_a_name(code: str | None, name: str) -> None:
    assert language_name(code) == name


def test_a_recording_has_chapters_where_it_goes_on_after_a_pause() -> None:
    spoken = [said(f"Part {n} of it", 40.0 * n) for n in range(1, 12)]
    found = spoken_chapters(spoken, 480)
    assert [(chapter.start / SECOND, chapter.title) for chapter in found] == [
        (0, "Part 1 of it"),
        (120, "Part 3 of it"),
        (240, "Part 6 of it"),
        (360, "Part 9 of it"),
    ]
    assert spoken_chapters(spoken[:2], 100) == []
    assert spoken_chapters([], 1000) == []


def test_chapters_are_in_order_and_never_one_alone() -> None:
    assert tidy([Chapter(0, "all")]) == []
    assert tidy([Chapter(5, "b"), Chapter(0, "a"), Chapter(5, "c")]) == [
        Chapter(0, "a"),
        Chapter(5, "b"),
    ]
    assert len(tidy([Chapter(n, "x") for n in range(1000)])) == 255
    assert chapter_box([]) == b""
    assert short("word " * 30).endswith("word…")
    assert len(short("word " * 30)) <= 61
