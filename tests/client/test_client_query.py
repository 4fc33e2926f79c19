"""What a query says beside its words is read by one grammar, in the engine and in the magics."""

from __future__ import annotations

import pytest

from jupyter_capture.wire.query import channel_called, channels_asked


@pytest.mark.parametrize(
    ("query", "channels"),
    [
        ("budget discussion", []),
        ("channel:cells fit", ["cells"]),
        ("fit Channel:mic:default channel:screen", ["mic:default", "screen"]),
        ('said "in channel:cells" once', []),
        ("a sub-channel:cells", []),
        ("channel: budget", [""]),
    ],
)
def test_a_channel_is_asked_for_outside_of_quotes_alone(query: str, channels: list[str]) -> None:
    assert channels_asked(query) == channels


@pytest.mark.parametrize(
    ("name", "channel"),
    [("mic:default", "mic"), ("Display", "screen"), ("notebook:cells", "cells"), ("lobby", None)],
)
def test_a_channel_goes_by_all_of_its_names(name: str, channel: str | None) -> None:
    assert channel_called(name) == channel
