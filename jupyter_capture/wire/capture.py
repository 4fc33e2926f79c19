"""Sessions, channels and their streams."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, model_validator

from jupyter_capture.wire._base import Wire

SessionStatus = Literal[
    "created", "starting", "active", "paused", "stopping", "stopped", "exported", "failed"
]
MediaKind = Literal["audio", "video"]
Category = Literal["mic", "screen", "system_audio", "camera"]

DESKTOP = ("DISPLAY", "XAUTHORITY", "WAYLAND_DISPLAY", "PULSE_SERVER", "PULSE_COOKIE",
           "XDG_RUNTIME_DIR")  # fmt: skip
"""The environment variables that say where a user's screen and sound are."""

_CATEGORIES: dict[str, Category] = {
    "mic": "mic",
    "display": "screen",
    "window": "screen",
    "screen": "screen",
    "system_audio": "system_audio",
    "camera": "camera",
}


def category_of(channel_id: str) -> Category | None:
    """``mic:default`` → ``mic``, ``display:1`` → ``screen``; None where the prefix is unknown."""
    return _CATEGORIES.get(channel_id.partition(":")[0])


def kind_of(channel_id: str) -> MediaKind | None:
    """Whether a channel carries ``audio`` or ``video``; None where the prefix is unknown."""
    category = category_of(channel_id)
    if category is None:
        return None
    return "audio" if category in ("mic", "system_audio") else "video"


def is_browser(channel_id: str) -> bool:
    """Whether a browser sends it, such as ``mic:browser``, rather than a device of this machine."""
    return channel_id.partition(":")[2] == "browser"


class ChannelInfo(Wire):
    """A channel that this machine can record."""

    channel_id: str
    name: str
    type: MediaKind
    is_default: bool = False
    width: int | None = None
    height: int | None = None
    rate: int | None = None


class ChannelList(Wire):
    channels: list[ChannelInfo]
    problems: list[str] = Field(default_factory=list)
    """What cannot be recorded here, and what to do about it."""


class ChannelRequest(Wire):
    """A channel to record. The page writes ``name``, the SDK ``channel_id``; both name the id."""

    channel_id: str
    name: str = ""
    type: MediaKind | None = None
    store: bool = False
    is_primary: bool = False

    @model_validator(mode="before")
    @classmethod
    def _accept_name_as_id(cls, data: Any) -> Any:
        if isinstance(data, str):
            return {"channel_id": data, "name": data}
        if isinstance(data, dict) and not data.get("channel_id"):
            return {**data, "channel_id": data.get("id") or data.get("name")}
        return data


class SessionCreate(Wire):
    end_user_id: str = "local"
    callback_url: str | None = None
    ws_connection_id: str | None = None
    metadata: dict[str, Any] = Field(default_factory=dict)


class SessionStart(Wire):
    session_id: str
    channels: list[ChannelRequest]
    primary_video_channel_id: str | None = None
    callback_url: str | None = None
    ws_connection_id: str | None = None
    fps: int | None = Field(None, ge=1, le=60)
    detach: bool = False
    environment: dict[str, str] = Field(default_factory=dict)
    """Where the caller's desktop is: the variables of ``DESKTOP``. Heard over the Unix socket
    alone."""


class StoreSwitch(Wire):
    channel_id: str
    store: bool


class ChannelPause(Wire):
    channel_id: str
    paused: bool


class ForgetRequest(Wire):
    """The last ``seconds``, or from ``start`` to ``end`` (seconds of media time)."""

    seconds: float | None = Field(None, gt=0, allow_inf_nan=False)
    start: float | None = Field(None, ge=0, allow_inf_nan=False)
    end: float | None = Field(None, gt=0, allow_inf_nan=False)


class Forgotten(Wire):
    """What was erased, in seconds of media time, and how many segments of words with it."""

    session_id: str = ""
    start: float
    end: float
    segments: int = 0


class StreamAction(Wire):
    action: Literal["start", "stop"]


class StreamIndexRequest(Wire):
    """``extraction_type``: "transcript" is what was said, "time" what is seen."""

    extraction_type: str = "time"
    extraction_config: dict[str, Any] | None = None
    prompt: str | None = None
    name: str | None = None
    ws_connection_id: str | None = None


class SessionStatusAnswer(Wire):
    session_id: str
    status: SessionStatus


class Channel(Wire):
    channel_id: str
    name: str
    type: MediaKind
    store: bool
    is_primary: bool = False
    paused: bool = False


class RTStream(Wire):
    id: str = ""
    """The same as ``rtstream_id``: VideoDB's SDK reads the one here and the other there."""
    rtstream_id: str
    name: str
    channel_id: Category
    """VideoDB's category; the exact channel is ``name``."""
    collection_id: str
    session_id: str
    status: str
    store: bool = False
    exported_asset_id: str | None = None
    media_types: list[MediaKind]
    created_at: int


class StoredFile(Wire):
    """Where a kept channel lies on disk."""

    channel_id: str
    path: str
    bytes: int


class Session(Wire):
    session_id: str
    collection_id: str
    end_user_id: str
    client_id: str | None = None
    status: SessionStatus
    callback_url: str | None = None
    metadata: dict[str, Any] = Field(default_factory=dict)
    created_at: int
    started_at: float | None = None
    """Unix seconds of media time 0."""
    duration: float | None = None
    """Seconds recorded so far, or in all."""
    channels: list[Channel] = Field(default_factory=list)
    primary_video_channel_id: str | None = None
    export_status: Literal["exporting", "exported", "failed"] | None = None
    exported_video_id: str | None = None
    exported_videos: dict[str, str] = Field(default_factory=dict)
    rtstreams: list[RTStream] = Field(default_factory=list)
    storage: list[StoredFile] = Field(default_factory=list)
    cells: bool | None = None
    """The channel ``notebook:cells``: kept, live only (false), or none of this session (null)."""
    levels: dict[str, float] = Field(default_factory=dict)
    """Last level of each audio channel, dBFS, while recording."""
    warnings: list[str] = Field(default_factory=list)
    error: str | None = None


class SessionPage(Wire):
    sessions: list[Session]
    next_page: str | None = None


class ExportAnswer(Wire):
    session_id: str
    video_channel_id: str | None = None
    export_status: str
    video_id: str | None = None
    stream_url: str | None = None
    player_url: str | None = None


class TokenRequest(Wire):
    user_id: str | None = None
    expires_in: int = Field(86400, ge=1, le=30 * 86400)


class Token(Wire):
    token: str
    expires_at: int
    expires_in: int


class RecordLink(Wire):
    """The page on which a browser records a session. The link holds a client token."""

    record_url: str
    expires_in: int


class SessionEvent(Wire):
    """The body of a webhook, and of the same event on the websocket."""

    event: str
    capture_session_id: str
    status: SessionStatus
    sequence: int
    timestamp: int
    data: dict[str, Any] = Field(default_factory=dict)
