"""A stream that is known by its address alone."""

from __future__ import annotations

import re

from jupyter_capture.client._playable import Playable, show
from jupyter_capture.client._urls import media_url
from jupyter_capture.errors import InvalidRequestError

_PLAYER = "https://console.videodb.io/player?url="
_OURS = re.compile(r"^(https?://[^/]+)(?:/.*)?/stream/(stm-[^/]+)/")


class Stream(Playable):
    """Plays ``stream_url``; the player's page is found from it."""

    def __init__(self, stream_url: str) -> None:
        if not stream_url.startswith(("http://", "https://")):
            raise InvalidRequestError(
                f"{stream_url!r} is no address of a stream; generate_stream() returns one."
            )
        self.stream_url = media_url(stream_url)
        ours = _OURS.match(stream_url)
        self.player_url = media_url(
            f"{ours[1]}/watch?v={ours[2]}" if ours else f"{_PLAYER}{stream_url}"
        )

    def __repr__(self) -> str:
        return f"Stream({self.stream_url!r})"

    def generate_stream(self) -> str:
        return self.stream_url or ""


def play_stream(url: str) -> str:
    """Play a stream as `Playable.play` does. Returns the player's address."""
    stream = Stream(url)
    show(stream)
    return stream.player_url or url
