"""Channels: what can be recorded, and what is."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal, Protocol

from jupyter_capture.errors import ConflictError, InvalidRequestError
from jupyter_capture.wire.capture import ChannelInfo, ChannelRequest, category_of, kind_of

SHORT = {
    "mic": "mic:default",
    "system_audio": "system_audio:default",
    "display": "display:1",
    "screen": "display:1",
}
"""What a sort of channel alone means."""


def full_name(name: str) -> str:
    """``mic`` is ``mic:default``, ``screen`` is ``display:1``; any other name stays."""
    return SHORT.get(name, name)


class Pauses(Protocol):
    """A `CaptureClient`, as a channel knows it."""

    async def pause(self, channel_id: str | None = None) -> None: ...
    async def resume(self, channel_id: str | None = None) -> None: ...


class Channel:
    """One channel. Set ``store`` to keep it, ``is_primary`` to make it the video's picture.

    ``id`` is like ``mic:default`` or ``display:1``; ``type`` is "audio" or "video".
    """

    def __init__(
        self,
        id: str,
        name: str = "",
        type: str | None = None,
        *,
        store: bool = False,
        is_primary: bool = False,
    ) -> None:
        self.id = id
        self.name = name or id
        self.type = type or kind_of(id)
        self.store = store
        self.is_primary = is_primary
        self._client: Pauses | None = None

    @property
    def channel_id(self) -> str:
        return self.id

    def __repr__(self) -> str:
        kept = "kept" if self.store else "live only"
        return f"{type(self).__name__}(id={self.id}, name={self.name!r}, {kept})"

    def to_dict(self) -> dict[str, Any]:
        """As the wire has it."""
        return {
            "channel_id": self.id,
            "type": self.type,
            "name": self.name,
            "store": self.store,
            "is_primary": self.is_primary,
        }

    async def pause(self) -> None:
        """Pause this channel alone: it is a gap, black or silent, until `resume`."""
        await self._switch("pause")

    async def resume(self) -> None:
        await self._switch("resume")

    async def _switch(self, what: Literal["pause", "resume"]) -> None:
        if self._client is None:
            raise ConflictError(
                f"{self.id} is not one of client.list_channels(), so it belongs to no recording. "
                f'Use client.{what}("{self.id}"), or session.{what}("{self.id}").'
            )
        await getattr(self._client, what)(self.id)


class AudioChannel(Channel):
    """A channel with sound."""


class VideoChannel(Channel):
    """A channel with pictures."""


class ChannelGroup(list[Channel]):
    """Channels of one sort; ``default`` is the one to take when in doubt."""

    @property
    def default(self) -> Channel | None:
        return self[0] if self else None


class Channels:
    """The channels of this machine, by sort. ``problems`` says what cannot be recorded, and why."""

    def __init__(self, channels: Iterable[Channel] = (), problems: Iterable[str] = ()) -> None:
        self.mics = ChannelGroup()
        self.displays = ChannelGroup()
        self.system_audio = ChannelGroup()
        self.cameras = ChannelGroup()
        self.problems = list(problems)
        groups = {
            "mic": self.mics,
            "screen": self.displays,
            "system_audio": self.system_audio,
            "camera": self.cameras,
        }
        for channel in channels:
            category = category_of(channel.id) or ("mic" if channel.type == "audio" else "screen")
            groups[category].append(channel)

    def all(self) -> list[Channel]:
        """All but the cameras."""
        return [*self.mics, *self.displays, *self.system_audio]

    def __repr__(self) -> str:
        ids = ", ".join(channel.id for channel in [*self.all(), *self.cameras])
        return f"Channels({ids or 'none'})"


def of_info(info: ChannelInfo, client: Pauses | None = None) -> Channel:
    cls = AudioChannel if info.type == "audio" else VideoChannel
    made = cls(info.channel_id, info.name, info.type)
    made._client = client
    return made


def of_dict(data: dict[str, Any]) -> Channel:
    """A session's channel, as the wire has it."""
    cls = VideoChannel if data.get("type") == "video" else AudioChannel
    return cls(
        str(data.get("channel_id") or data.get("id") or ""),
        str(data.get("name") or data.get("channel_name") or ""),
        data.get("type"),
        store=bool(data.get("store")),
        is_primary=bool(data.get("is_primary")),
    )


def requests(channels: Iterable[Any], primary: str | None) -> list[dict[str, Any]]:
    """Channels as the caller wrote them (dicts as on VideoDB's page, `Channel` objects, names),
    as the wire has them."""
    found = [_request(channel) for channel in channels]
    primary = None if primary is None else full_name(primary)
    if not found:
        raise InvalidRequestError(
            'No channel was named. Name one or more, like [{"name": "mic:default", "store": True}].'
        )
    for request in found:
        request.channel_id = full_name(request.channel_id)
        if primary is not None and request.channel_id == primary:
            request.is_primary = True
    return [request.model_dump(exclude_none=True) for request in found]


def _request(channel: Any) -> ChannelRequest:
    if isinstance(channel, Channel):
        return ChannelRequest.model_validate(channel.to_dict())
    if isinstance(channel, ChannelInfo):
        return ChannelRequest(channel_id=channel.channel_id, name=channel.name, type=channel.type)
    name = channel
    if isinstance(channel, dict):
        name = channel.get("channel_id") or channel.get("id") or channel.get("name")
        unknown = set(channel) - {"channel_id", "id", "name", "type", "store", "is_primary"}
        if unknown:
            raise InvalidRequestError(
                f"A channel has no {', '.join(sorted(map(repr, unknown)))}; "
                "it has name, store, is_primary and type."
            )
        if not isinstance(channel.get("store", False), bool):
            raise InvalidRequestError(f"store of {name!r} must be True or False.")
    if not isinstance(name, str) or not name:
        raise InvalidRequestError(
            f"{channel!r} names no channel. Write a name, a Channel, or "
            '{"name": "mic:default", "store": True}.'
        )
    return ChannelRequest.model_validate(channel)
