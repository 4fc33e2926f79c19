"""What the loudspeakers said, heard once more by the microphone, is not reported twice."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher

from jupyter_capture.engine.transcribe.sentences import Sentence, Word, sentences

_APART = 0.7
"""Seconds between a word and its echo: the way through the room, and what timestamps err by."""
_ALIKE = 0.75
"""An echo is muffled, so that its words may be misheard by a few letters."""
_SENTENCE = 0.6
"""A sentence of which so much is echo is one; the rest of it was misheard."""
_RUN = 3
"""Echoed words in a row that are taken out of a sentence which is none."""


def without_echo(said: Sequence[Sentence], others: Iterable[Word]) -> list[Sentence]:
    """The sentences of the microphone without what the system audio said at the same time.

    ``others``: the words of the system audio (seconds). What somebody repeats later stays.
    """
    heard = sorted((start, _bare(text)) for text, start, _ in others if _bare(text))
    starts = [start for start, _ in heard]

    def echoed(word: Word) -> bool:
        bare = _bare(word[0])
        near = range(bisect_left(starts, word[1] - _APART), len(heard))
        for place in near:
            start, other = heard[place]
            if start > word[1] + _APART:
                return False
            if bare == other or (len(bare) > 3 and _alike(bare, other)):
                return True
        return False

    left: list[Sentence] = []
    for sentence in said:
        marks = [echoed(word) for word in sentence.words]
        if not any(marks):
            left.append(sentence)
        elif sum(marks) < _SENTENCE * len(marks):
            left += _rest(sentence, marks)
    return left


def is_echo(text: str, others: Sequence[str]) -> bool:
    """Whether a text is, for the most part, what was said in ``others`` at the same time."""
    words = [bare for word in text.split() if (bare := _bare(word))]
    heard = [bare for other in others for word in other.split() if (bare := _bare(word))]
    match = SequenceMatcher(None, words, heard, autojunk=False)
    same = sum(block.size for block in match.get_matching_blocks())
    return len(words) > 1 and same >= _SENTENCE * len(words)


def _rest(sentence: Sentence, marks: list[bool]) -> list[Sentence]:
    """A sentence into which an echo spoke. Single words may well be its own."""
    kept = [
        word
        for place, word in enumerate(sentence.words)
        if not (marks[place] and _run(marks, place) >= _RUN)
    ]
    if len(kept) == len(sentence.words):
        return [sentence]
    return sentences([(f" {text}", start, end) for text, start, end in kept])


def _run(marks: list[bool], place: int) -> int:
    first = last = place
    while first and marks[first - 1]:
        first -= 1
    while last + 1 < len(marks) and marks[last + 1]:
        last += 1
    return last - first + 1


def _alike(one: str, other: str) -> bool:
    return SequenceMatcher(None, one, other, autojunk=False).ratio() >= _ALIKE


def _bare(word: str) -> str:
    return "".join(letter for letter in word.casefold() if letter.isalnum())
