"""Slips, numbers, words that are very common, and neighbours."""

from __future__ import annotations

import pytest
from search_harness import add, library

from jupyter_capture.engine.embed import Embedder
from jupyter_capture.engine.index import delete_index
from jupyter_capture.engine.models import find_text_model
from jupyter_capture.engine.search import Hit, Memory, keywords, search
from jupyter_capture.engine.search.numbers import spellings, value_of, value_of_words
from jupyter_capture.engine.search.shots import LEAD_IN, as_shots, watchable


@pytest.fixture(scope="module")
def embedder(tmp_path_factory):
    return Embedder(find_text_model(tmp_path_factory.mktemp("cache")), threads=2)


@pytest.fixture
def connection():
    connection = library()
    yield connection
    connection.close()
    connection.engine.dispose()


@pytest.mark.parametrize("mode", ["hybrid", "keyword"])
def test_a_slip_in_a_name_is_forgiven(connection, embedder, mode):
    add(connection, embedder, "trk-1", "John Smith takes over the accounts.",
        "Priya Raman asked Doctor Kowalski about it.", "Jo sits at the window.",
        "The joint was smashed.")  # fmt: skip
    for query, wanted in (
        ("Jonh Smiht", 1), ("jhon smith", 1), ("Smit", 1), ("Kowalsky", 2), ("Dr Kovalski", 2),
        ("Ramann", 2), ("Pryia", 2),
    ):  # fmt: skip
        hits = search(connection, embedder, query, None, mode)
        assert hits[0].segment_id == wanted, query
    right = search(connection, embedder, "John Smith", None, "keyword")[0]
    slip = search(connection, embedder, "Jonh Smiht", None, "keyword")[0]
    assert slip.score < right.score == 1


def test_what_is_spelt_right_and_what_is_in_quotes_is_not_taken_for_something_else(
    connection, embedder
):
    add(connection, embedder, "trk-1", "Marta is here.", "Martha is there.", "Code A412 failed.")

    def found(query):
        hits = search(connection, embedder, query, None, "keyword")
        return {hit.segment_id for hit in hits}

    assert found("Marta") == {1}
    assert found("Matra") == {1}
    assert found("Marhta") == {1, 2}  # as near to one as to the other
    assert found('"Matra"') == set()
    assert found("A421") == set()  # another number is another thing


@pytest.mark.parametrize(
    "query",
    ["$40,000", "40,000", "40000", "40k", "$40k", "forty thousand", "Forty Thousand dollars"],
)
def test_a_number_is_found_however_it_is_written(connection, embedder, query):
    add(connection, embedder, "trk-1", "It costs $40,000 in all.", "Some 40000 people came.",
        "The budget is forty thousand.", "Make it 40k.", "It is 4,000.", "It is 40.")  # fmt: skip
    hits = search(connection, embedder, query, None, "keyword")
    assert {hit.segment_id for hit in hits} == {1, 2, 3, 4}


def test_numbers_are_read_as_people_say_them():
    assert [value_of(word) for word in ("$40,000", "40k", "1.5m", "15%", "404")] == [
        40_000, 40_000, 1_500_000, 15, 404,
    ]  # fmt: skip
    for word in ("007", "3.11", "12,34", "PX-4412", "10:30", "k", "", "9" * 400):
        assert value_of(word) is None, word
    for said, value in (
        ("forty two", 42), ("four zero four", 404), ("two hundred five", 205),
        ("two million four hundred thousand", 2_400_000), ("Twelve", 12),
    ):  # fmt: skip
        assert value_of_words(said.split()) == value
        assert said.lower() in spellings(value)
    for said in ("seventeen eighty nine", "thousand", "twenty twelve", "two thousand million"):
        assert value_of_words(said.split()) is None
    assert "four hundred and four" in spellings(404)


def test_what_most_segments_say_is_found_too_though_it_tells_little(
    connection, embedder, monkeypatch
):
    monkeypatch.setattr(keywords, "_RANKED", 2)
    add(connection, embedder, "trk-1", "the plan", "the plan B", "plan the trip", "another trip")
    everything = [(1, 5), (7, 9)]

    def found(query, ranges=None):
        hits = search(connection, embedder, query, ranges, "keyword")
        return [hit.segment_id for hit in hits]

    assert set(found("plan")) == {1, 2, 3}
    assert found("plan trip", everything)[0] == 3
    assert set(found("plan trip")) == {1, 2, 3, 4}
    assert set(found("another plan", [(1, 3)])) == {1, 2}


def test_many_ranges_are_searched_as_one(connection, embedder):
    for number in range(60):
        add(connection, embedder, f"trk-{number}", f"meeting {number} had a plan", "something else")
    memory = Memory()
    taken = memory.sync(connection).taken
    others = [(first, end) for first, end in taken if first % 4 == 1]
    for mode in ("hybrid", "keyword", "semantic"):
        hits = search(connection, embedder, "a plan", others, mode, 1000, memory=memory)
        inside = {hit.segment_id for hit in hits if "plan" in hit.text}
        assert inside == {first for first, _ in others}
    for number in range(1, 60, 2):
        delete_index(connection, f"trk-{number}")
    # Nothing is left between them, so that they are one range.
    assert memory.sync(connection).spans(others) == [(1, taken[-2][1])]


def hit(at, start, end, score, track="t", source="spoken_word"):
    return Hit(at, track, "mic:default", start, end, f"s{at}.", score, source)


def test_neighbours_that_were_found_are_one_shot_with_a_little_lead_in():
    found = [hit(2, 10, 14, 0.8), hit(3, 14.5, 18, 0.7), hit(1, 5, 9.5, 0.65), hit(9, 80, 84, 0.6)]
    shots = as_shots(found)
    assert [(shot.start, shot.end, shot.text) for shot in shots] == [
        (5 - LEAD_IN, 18, "s1. s2. s3."), (80 - LEAD_IN, 84, "s9."),
    ]  # fmt: skip
    assert [shot.score for shot in shots] == [0.8, 0.6]
    assert as_shots([hit(1, 0.1, 2, 1)])[0].start == 0


def test_what_was_seen_for_a_blink_is_a_shot_that_can_be_watched():
    assert watchable(3, 3.1, 60) == (3, 4)
    assert watchable(59.9, 60, 60) == (59, 60)
    assert watchable(0, 0.2, 0.5) == (0, 0.5)
    assert watchable(3, 9, 60) == (3, 9)


def test_what_is_far_off_weak_of_another_track_or_too_long_stays_apart():
    assert len(as_shots([hit(1, 0, 4, 0.9), hit(2, 4, 8, 0.5)])) == 2
    assert len(as_shots([hit(1, 0, 4, 0.9), hit(2, 7, 8, 0.9)])) == 2
    assert len(as_shots([hit(1, 0, 4, 0.9), hit(2, 4, 8, 0.9, track="u")])) == 2
    screen = [hit(1, 0, 4, 0.9, source="screen_text"), hit(2, 4, 8, 0.9, source="screen_text")]
    assert as_shots(screen) == screen
    hour = as_shots([hit(at, 10 * at, 10 * at + 9, 1) for at in range(360)])
    assert all(shot.end - shot.start <= 60 + LEAD_IN for shot in hour)
    assert 60 <= len(hour) <= 120
