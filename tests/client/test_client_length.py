"""Lengths of time and names of channels as people write them."""

from __future__ import annotations

import pytest

from jupyter_capture import errors
from jupyter_capture.client._length import seconds_of
from jupyter_capture.client.channel import requests


@pytest.mark.parametrize(
    ("written", "seconds"),
    [("60", 60), ("1m", 60), ("1m 30s", 90), ("2h", 7200), ("0.5", 0.5), ("1:30", 90),
     ("1:00:05", 3605), ("1H30M", 5400)],
)  # fmt: skip
def test_a_length_is_read(written: str, seconds: float) -> None:
    assert seconds_of(written) == seconds


@pytest.mark.parametrize("written", ["", "0", "never", "-3", "1m2h", "1:3", "5 apples"])
def test_what_is_no_length_is_said(written: str) -> None:
    with pytest.raises(errors.InvalidRequestError, match="write 30s, 2m, 1h30m or 1:30"):
        seconds_of(written)


def test_a_sort_of_channel_alone_means_its_default() -> None:
    made = requests(["mic", {"name": "screen", "store": True}, "system_audio", "mic:usb"], "screen")
    assert [(each["channel_id"], each["is_primary"]) for each in made] == [
        ("mic:default", False),
        ("display:1", True),
        ("system_audio:default", False),
        ("mic:usb", False),
    ]
