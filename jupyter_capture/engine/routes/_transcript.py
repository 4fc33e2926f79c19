"""What is said in a recording, cut into words, sentences or stretches of time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from jupyter_capture.engine.corrections import corrections_of
from jupyter_capture.engine.library import AssetRow
from jupyter_capture.engine.services import Services
from jupyter_capture.errors import InvalidRequestError
from jupyter_capture.wire.library import Transcript, TranscriptItem

_CLOSE = 0.0005
"""Seconds; times are stored to the millisecond."""


def transcript(
    services: Services, row: AssetRow, segmenter: str, length: int, start: float, end: float
) -> Transcript:
    """``segmenter``: word, sentence, or time (stretches of ``length`` seconds)."""
    rows = services.finder.segments(row.id)
    marks = _Corrected(services, rows)
    words = [
        _item(each, word, begin, finish, marks)
        for each in rows
        for word, begin, finish in each.words
    ]
    sentences = [_item(each, each.text, each.start, each.end, marks) for each in rows]
    match segmenter:
        case "word":
            items = words
        case "sentence":
            items = sentences
        case "time":
            items = _by_time(words, max(1, length))
        case other:
            raise InvalidRequestError(
                f"The segmenter {other!r} is not known. Use word, sentence or time."
            )
    stop = end if end >= 0 else float("inf")
    # The SDK reads the segments from word_timestamps, whatever they are cut into.
    wanted = [item for item in items if item.end > start and item.start < stop]
    return Transcript(
        transcript=wanted,
        word_timestamps=wanted,
        text=" ".join(item.text.strip() for item in sentences),
        language=services.finder.language(row.id),
    )


class _Corrected:
    """Which words were put right by hand."""

    def __init__(self, services: Services, rows: Sequence[Any]) -> None:
        with services.store.read() as connection:
            self._words = {
                track_id: [
                    (word[1], word[2])
                    for row in corrections_of(connection, track_id)
                    for word in row.words
                ]
                for track_id in {row.track_id for row in rows}
            }

    def __call__(self, track_id: str, start: float, end: float) -> bool:
        """Of any word from ``start`` to ``end`` (seconds)."""
        return any(
            start - _CLOSE <= begin and finish <= end + _CLOSE
            for begin, finish in self._words[track_id]
        )


def _item(row: Any, text: str, start: float, end: float, corrected: _Corrected) -> TranscriptItem:
    return TranscriptItem(
        text=text,
        start=start,
        end=end,
        channel=row.channel_id,
        speaker=_speaker(row.channel_id),
        corrected=corrected(row.track_id, start, end),
    )


def _speaker(channel_id: str | None) -> Literal["me", "others"] | None:
    match (channel_id or "").partition(":")[0]:
        case "mic":
            return "me"
        case "system_audio":
            return "others"
        case _:
            return None


def _by_time(words: list[TranscriptItem], length: int) -> list[TranscriptItem]:
    stretches: dict[int, list[TranscriptItem]] = {}
    for word in words:
        stretches.setdefault(int(word.start // length), []).append(word)
    return [
        TranscriptItem(
            text=" ".join(word.text.strip() for word in found),
            start=number * length,
            end=max((number + 1) * length, found[-1].end),
            corrected=any(word.corrected for word in found),
        )
        for number, found in sorted(stretches.items())
    ]
