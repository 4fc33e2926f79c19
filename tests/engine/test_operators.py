"""What a query says beside its words."""

from __future__ import annotations

from datetime import datetime

import pytest

from jupyter_capture.engine.search.operators import read_query
from jupyter_capture.errors import InvalidRequestError


@pytest.mark.parametrize(
    ("query", "rest", "channel"),
    [
        ("channel:cells fit_transform", "fit_transform", "cells"),
        ("budget Channel:MIC talk", "budget talk", "mic"),
        ("channel:system_audio:default x", "x", "system"),
        ("channel:display x", "x", "screen"),
        ('"channel:cells" x', '"channel:cells" x', None),
    ],
)
def test_a_query_can_name_a_channel(query: str, rest: str, channel: str | None) -> None:
    asked = read_query(query)
    assert (asked.words, asked.channel) == (rest, channel)


def test_a_channel_that_there_is_not_is_told_with_those_there_are() -> None:
    for query in ("channel:radio x", "channel: x", "channel:mic channel:cells x"):
        with pytest.raises(InvalidRequestError, match="channel:mic, channel:system"):
            read_query(query)


def test_a_query_can_name_recordings_by_name_and_day() -> None:
    asked = read_query('session:"weekly standup" after:2026-11-02 before:2026-11-09 budget')
    assert asked.words == "budget"
    assert asked.session == "weekly standup"
    assert asked.names_recordings
    assert asked.after == datetime(2026, 11, 2).astimezone().timestamp()
    assert asked.before == datetime(2026, 11, 9).astimezone().timestamp()
    yesterday, today = (read_query(f"after:{day} x").after or 0 for day in ("yesterday", "today"))
    assert 22 * 3600 < today - yesterday < 26 * 3600


def test_words_that_look_like_operators_stay_words() -> None:
    for query in ("what came before: lunch", '"after:2026-11-02"', "the day after", "x -5"):
        assert read_query(query).words == query


def test_a_day_that_there_is_not_is_told_with_how_one_is_written() -> None:
    with pytest.raises(InvalidRequestError, match="after:2026-11-23T14:30"):
        read_query("after:lunch budget")
