"""From sentences that were found to shots that are good to watch."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from jupyter_capture.engine.search import Hit

LEAD_IN = 0.4
"""Seconds that a shot of spoken words begins before them."""
SPOKEN = "spoken_word"
_SHORTEST = 1.0  # s: what stood on the screen for a blink is shown for longer
_APART = 2.0  # s between sentences that still are neighbours
_LONGEST = 60.0  # s of a shot that is made of several
_AS_GOOD = 0.75  # of the best one's score: a neighbour that says as much of it


def as_shots(hits: Sequence[Hit]) -> list[Hit]:
    """Neighbouring sentences that were found both, as one; best first as ``hits`` are.

    A shot has the score of its best sentence, and the text of all in order of time. Spoken words
    begin a moment after their shot does.
    """
    by_track: dict[str, list[Hit]] = defaultdict(list)
    for hit in hits:
        if hit.source == SPOKEN:
            by_track[hit.track_id].append(hit)
    for said in by_track.values():
        said.sort(key=lambda hit: (hit.start, hit.end))
    found: list[Hit] = []
    taken: set[int] = set()
    for hit in hits:
        if hit.segment_id not in taken:
            shot = _around(hit, by_track[hit.track_id], taken) if hit.source == SPOKEN else [hit]
            taken |= {each.segment_id for each in shot}
            found.append(_one(hit, shot))
    return found


def watchable(start: float, end: float, length: float) -> tuple[float, float]:
    """The stretch, made long enough to be seen, within a recording of ``length`` seconds."""
    end = min(max(end, start + _SHORTEST), length)
    return max(0.0, min(start, end - _SHORTEST)), end


def _around(best: Hit, said: list[Hit], taken: set[int]) -> list[Hit]:
    """The sentence with its neighbours, in order of time."""
    first = last = said.index(best)

    def fits(place: int) -> bool:
        if not 0 <= place < len(said):
            return False
        new, ends = said[place], (said[first], said[last])
        start, end = min(ends[0].start, new.start), max(ends[1].end, new.end)
        apart = new.start - ends[1].end if place > last else ends[0].start - new.end
        free = new.segment_id not in taken and new.score >= _AS_GOOD * best.score
        return free and apart <= _APART and end - start <= _LONGEST

    while True:
        if fits(last + 1):
            last += 1
        elif fits(first - 1):
            first -= 1
        else:
            return said[first : last + 1]


def _one(best: Hit, shot: list[Hit]) -> Hit:
    if best.source != SPOKEN:
        return best
    return replace(
        best,
        start=max(0.0, min(each.start for each in shot) - LEAD_IN),
        end=max(each.end for each in shot),
        text=" ".join(each.text.strip() for each in shot),
    )
