"""Addresses that carry a ticket, and how they stay out of saved notebooks."""

from __future__ import annotations

import re
import time
from html import escape
from typing import Any, overload

from jupyter_capture.errors import InvalidRequestError

_TICKET = re.compile(r"(stm-[0-9a-z-]+)\.(\d+)\.[0-9a-f]+")
_QUERY = re.compile(r"\?(?!v=)\S+")
_MARGIN = 60


class MediaUrl(str):
    """An address of a stream or a player: a plain ``str`` in every use but its ``repr``.

    A notebook saves what a cell's last line evaluates to, as its repr; that shows no ticket.
    ``print(url)`` shows all of it.
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return repr(_QUERY.sub("?…", _TICKET.sub(r"\1…", str(self))))

    def __str__(self) -> str:
        return str.__str__(self)

    def _repr_pretty_(self, printer: object, cycle: bool) -> None:
        printer.text(repr(self))  # type: ignore[attr-defined]


@overload
def media_url(url: str) -> MediaUrl: ...
@overload
def media_url(url: object) -> MediaUrl | None: ...
def media_url(url: object) -> MediaUrl | None:
    return MediaUrl(url) if isinstance(url, str) and url else None


def file_answer(answer: object) -> dict[str, Any]:
    """What a download was answered with; a notebook that saves it shows no ticket."""
    found = dict(answer) if isinstance(answer, dict) else {}
    for name in ("download_url", "url"):
        if name in found:
            found[name] = media_url(found[name])
    return found


def is_fresh(url: str | None) -> bool:
    """Whether the address still serves for a minute or more. One without a ticket always does."""
    if not url:
        return False
    found = _TICKET.search(url)
    return found is None or int(found[2]) > time.time() + _MARGIN


def embed_url(player_url: str) -> MediaUrl:
    """``…/watch?v=<stream>`` → ``…/embed?v=<stream>``, the same player for an iframe."""
    if "/watch?" not in player_url or "v=" not in player_url.split("/watch?", 1)[1]:
        raise InvalidRequestError(
            "A player's address looks like …/watch?v=<stream>; make one with generate_stream()."
        )
    return MediaUrl(player_url.replace("/watch?", "/embed?", 1))


def iframe(
    player_url: str, *, width: str = "100%", height: int = 405, title: str, fullscreen: bool = True
) -> str:
    """HTML of an iframe that plays ``player_url``."""
    if height <= 0:
        raise InvalidRequestError(f"height is {height}; it must be a positive number of pixels.")
    return (
        f'<iframe src="{escape(embed_url(player_url))}" width="{escape(str(width))}" '
        f'height="{height}" title="{escape(title)}" frameborder="0"'
        f"{' allowfullscreen' if fullscreen else ''}></iframe>"
    )
