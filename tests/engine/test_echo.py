from __future__ import annotations

from stock import sentence

from jupyter_capture.engine.transcribe import Sentence
from jupyter_capture.engine.transcribe.echo import is_echo, without_echo

OTHERS = sentence("The budget for travel is twelve thousand this year.", 10, 13.6)


def left(*said: Sentence) -> list[str]:
    return [each.text for each in without_echo(said, OTHERS.words)]


def test_what_the_speakers_said_is_not_said_again_by_the_microphone() -> None:
    assert left(sentence("The budget for travel is twelve thousand this year.", 10.2, 13.8)) == []


def test_an_echo_that_was_misheard_in_part_is_one_all_the_same() -> None:
    assert left(sentence("The bud jet for travels is twelve thousand this ear.", 10.2, 13.8)) == []


def test_what_i_say_meanwhile_stays() -> None:
    mine = sentence("Could you please close that window over there?", 10, 13)
    assert left(mine) == [mine.text]


def test_the_same_words_a_little_later_are_my_own() -> None:
    mine = sentence("The budget for travel is twelve thousand this year.", 15, 18.6)
    assert left(mine) == [mine.text]


def test_an_echo_within_my_sentence_is_taken_out_of_it() -> None:
    first = sentence(
        "I will now open the door and let everybody in before we all begin", 5.0, 11.95
    )
    words = (*first.words, *OTHERS.words[5:])
    both = Sentence(5.0, 13.6, " ".join(word for word, _, _ in words), words)
    (kept,) = left(both)
    assert kept == first.text


def test_single_words_in_common_are_no_echo() -> None:
    mine = sentence("What is it that you want for travel in the next summer?", 10, 14)
    assert left(mine) == [mine.text]


def test_nothing_said_by_others_leaves_all() -> None:
    mine = sentence("Hello there.", 1, 2)
    assert without_echo([mine], []) == [mine]


def test_a_live_text_is_an_echo_where_most_of_it_was_said_by_others_just_now() -> None:
    others = ["The budget for travel is twelve thousand this year.", "And now to hiring."]
    assert is_echo("the budget for travels is twelve thousand this ear", others)
    assert not is_echo("Could you please close that window over there?", others)
    assert not is_echo("Hiring.", others)
    assert not is_echo("...", others)
