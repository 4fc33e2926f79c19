"""What engine and recorder say to each other, and what the recorder writes beside the media.

The engine writes ``spec.json`` into the session's folder and starts
``python -m jupyter_capture.recorder <folder>``. The recorder listens on ``spec.socket``: one
JSON object a line, `Command` in, `Report` out, to any number of attached engines. It keeps
``manifest.json`` there up to date (written whole, renamed into place), so that what was recorded
can be read after any death. Channels that are not kept appear in neither file.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from jupyter_capture.wire._base import Wire
from jupyter_capture.wire.capture import ChannelRequest, MediaKind

MIX = "mix"
"""The channel id of the mix of all kept audio channels."""


HEARD_RATE = 16_000
"""Samples a second of the sound in ``pcm`` reports."""


def browser_socket(socket: str) -> str:
    """Where the recorder that listens at ``socket`` takes what browsers send."""
    return socket.removesuffix(".sock") + ".web"


class RecorderSpec(Wire):
    session_id: str
    socket: str
    channels: list[ChannelRequest]
    fps: int = 15
    max_height: int = 1080
    disk_reserve_mb: int = 500
    max_duration_hours: float = 12.0
    suspend_seconds: float = 10.0
    """A process that was not scheduled for this long was suspended: the session is paused."""
    go_on: bool = False
    """Go on with what a recorder that died left in the folder, as a new part of each track."""
    paused: list[str] = Field(default_factory=list)
    """The channels that begin paused."""
    environment: dict[str, str] = Field(default_factory=dict)
    """Where the desktop is (``DISPLAY``, ``PULSE_SERVER``, …), besides what the engine knows."""
    log_level: str = "info"


class VideoCodec(Wire):
    """How a video track is encoded; the same settings give the same SPS and PPS again."""

    name: Literal["h264"] = "h264"
    width: int
    height: int
    fps: int
    preset: str = "superfast"
    crf: int = 23


class AudioCodec(Wire):
    name: Literal["aac"] = "aac"
    rate: int = 48000
    channels: int
    bitrate: int


Codec = Annotated[VideoCodec | AudioCodec, Field(discriminator="name")]


class Part(Wire):
    """One fragmented MP4 file of a track, or a stretch of it. ``offset`` and ``duration`` in the
    track's ticks.

    Decode times within the file are media time of the session already: nothing is added to them.
    Of the fragments only those that lie in [``skip``, ``until``) (bytes) belong to the part; what
    was forgotten lay between two such stretches.
    """

    file: str
    offset: int = 0
    duration: int = 0
    bytes: int = 0
    skip: int = 0
    until: int | None = None

    @property
    def whole(self) -> bool:
        """Whether all of the file belongs to the part."""
        return self.skip == 0 and self.until is None


class Gap(Wire):
    """A stretch (ticks) in which the track holds silence or black, and why."""

    start: int
    end: int
    reason: str


class TrackManifest(Wire):
    """A stored track: an ordered list of parts. ``duration`` in ticks of ``timescale``."""

    id: str
    channel_id: str
    kind: MediaKind
    codec: Codec
    timescale: int
    duration: int = 0
    parts: list[Part] = Field(default_factory=list)
    gaps: list[Gap] = Field(default_factory=list)

    @property
    def seconds(self) -> float:
        return self.duration / self.timescale

    @property
    def bytes(self) -> int:
        return sum(part.bytes for part in self.parts)


class Manifest(Wire):
    """``manifest.json``. ``started_at``: Unix seconds of media time 0; ``duration``: seconds.

    ``wall_clock`` maps media time to Unix time: (media seconds, Unix seconds) pairs, one at the
    start and one after each pause or restart. ``clock``: the media time and the monotonic time
    (both ns) of one moment, from which a recorder that is started again tells what it missed.
    """

    session_id: str
    status: Literal["recording", "stopped"] = "recording"
    started_at: float = 0.0
    duration: float = 0.0
    wall_clock: list[tuple[float, float]] = Field(default_factory=list)
    tracks: list[TrackManifest] = Field(default_factory=list)
    reason: str | None = None
    """Why it stopped, where nobody asked for it: ``disk``, ``max_duration``, …"""
    clock: tuple[int, int] | None = None
    paused: bool = False
    restarts: int = 0
    """How many recorders died on the way."""


class Command(Wire):
    """``listen`` and ``unlisten`` (with ``channel_id``) are for the client that sends them.
    ``pause`` and ``resume`` with a ``channel_id`` are about that channel alone. ``forget`` erases
    media time from ``start`` to ``end`` (seconds; None: now)."""

    cmd: Literal["status", "stop", "pause", "resume", "set_store", "listen", "unlisten", "forget"]
    channel_id: str | None = None
    store: bool | None = None
    start: float | None = None
    end: float | None = None


class Report(Wire):
    """``active`` (all sources open, media time 0 fixed), ``levels``, ``gap``, ``silence`` (and
    ``heard`` after it), ``disk``, ``warning``, ``status``, ``stopped`` (manifest final), ``failed``
    (``error`` says what to do), and ``pcm``, for those alone who listen to a channel: ``at`` (media
    seconds), ``unix`` (seconds), ``kept`` and ``pcm``: mono, 16 bit, little endian, 16 kHz, in
    base64. A screen that is listened to gives ``picture`` when it changed, at most every 2 s: the
    same, with a ``jpeg`` in base64. ``paused`` tells of a suspend, ``forgotten`` answers
    ``forget``."""

    report: Literal[
        "active",
        "levels",
        "gap",
        "silence",
        "heard",
        "disk",
        "warning",
        "paused",
        "forgotten",
        "status",
        "stopped",
        "failed",
        "pcm",
        "picture",
    ]
    data: dict[str, Any] = Field(default_factory=dict)
    error: str | None = None
    error_code: str | None = None


class Erased(Wire):
    """``data`` of ``forgotten``: a stretch of media time in seconds, and the session's map of
    (media seconds, Unix seconds)."""

    start: float
    end: float
    wall_clock: list[tuple[float, float]] = Field(default_factory=list)
