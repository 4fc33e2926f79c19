"""What is asked of a recording, checked before any device is opened."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from jupyter_capture.errors import InvalidRequestError, UnknownChannelError
from jupyter_capture.wire.capture import ChannelRequest, SessionStart, category_of, kind_of


def checked_channels(request: SessionStart, known: Callable[[], list[str]]) -> list[ChannelRequest]:
    """``known``: asks for the channels there are, which takes a second."""
    channels = request.channels
    if not channels:
        raise InvalidRequestError(
            "No channel was given. Give at least one, such as "
            '{"name": "mic:default", "store": True}.'
        )
    unknown = [channel.channel_id for channel in channels if kind_of(channel.channel_id) is None]
    if unknown:
        present = ", ".join(known()) or "none at the moment; `jupyter-capture doctor` says why"
        raise UnknownChannelError(
            f"{unknown[0]!r} is not a channel. Channels are called display:1, mic:default, "
            f"system_audio:default and so on; this machine has: {present}."
        )
    names = [channel.channel_id for channel in channels]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InvalidRequestError(f"The channel {twice[0]} was given twice. Give it once.")
    return channels


def primary_of(request: SessionStart, channels: Sequence[ChannelRequest]) -> str | None:
    """``primary_video_channel_id``, else the one marked, else the first kept display."""
    kept = [
        channel.channel_id
        for channel in channels
        if channel.store and kind_of(channel.channel_id) == "video"
    ]
    marked = [channel.channel_id for channel in channels if channel.is_primary]
    named = request.primary_video_channel_id or (marked[0] if marked else None)
    if named is None:
        screens = [name for name in kept if category_of(name) == "screen"]
        return next(iter(screens or kept), None)
    if named not in kept:
        raise InvalidRequestError(
            f"The primary video {named!r} is not among the kept video channels "
            f"({', '.join(kept) or 'there are none'}). Keep it with store=True, or name another."
        )
    return named
