"""Timelines: tracks of clips, laid over one another, that play as one stream."""

from __future__ import annotations

import json
import re
import warnings
from typing import TYPE_CHECKING, Any

from jupyter_capture.client import _display
from jupyter_capture.client._checks import at_least, one_of, positive, within
from jupyter_capture.client._fields import number, objects, text, whole
from jupyter_capture.client._playable import Playable
from jupyter_capture.client._upload import upload_bytes
from jupyter_capture.client._urls import file_answer, is_fresh
from jupyter_capture.client.asset import (
    AnyAsset,
    AudioAsset,
    BaseAsset,
    CaptionAsset,
    ImageAsset,
    TextAsset,
    VideoAsset,
)
from jupyter_capture.client.style import (
    Alignment,
    AssetType,
    Background,
    Border,
    BorderAndShadow,
    CaptionAlignment,
    CaptionAnimation,
    CaptionBorderStyle,
    Crop,
    Filter,
    Fit,
    Font,
    FontStyling,
    HorizontalAlignment,
    Offset,
    Position,
    Positioning,
    Shadow,
    TextAlignment,
    Transition,
    VerticalAlignment,
    _Value,
)
from jupyter_capture.errors import InvalidRequestError, NotOfferedError

if TYPE_CHECKING:
    from jupyter_capture.client.connection import Connection

__all__ = [
    "Alignment",
    "AnyAsset",
    "AssetType",
    "AudioAsset",
    "Background",
    "BaseAsset",
    "Border",
    "BorderAndShadow",
    "CaptionAlignment",
    "CaptionAnimation",
    "CaptionAsset",
    "CaptionBorderStyle",
    "Clip",
    "Crop",
    "Filter",
    "Fit",
    "Font",
    "FontStyling",
    "HorizontalAlignment",
    "ImageAsset",
    "Offset",
    "Position",
    "Positioning",
    "Shadow",
    "TextAlignment",
    "TextAsset",
    "Timeline",
    "Track",
    "TrackItem",
    "Transition",
    "VerticalAlignment",
    "VideoAsset",
]

MAX_INLINE = 100 * 1024
"""Bytes of a timeline beyond which it is uploaded first, as VideoDB wants it."""
KEPT = "engine/timelines"
"""Where the engine keeps timelines, which VideoDB's service does not."""
_RESOLUTION = re.compile(r"[1-9]\d{1,4}x[1-9]\d{1,4}")
_COLOR = re.compile(r"#[0-9a-fA-F]{6}")


class Clip(_Value):
    """An asset for ``duration`` seconds. ``scale`` 0 to 10, ``opacity`` 0 to 1.

    A duration that runs past the asset's end is shortened to it, with a warning.
    """

    def __init__(
        self,
        asset: AnyAsset,
        duration: float,
        transition: Transition | None = None,
        effect: str | None = None,
        filter: Filter | None = None,
        scale: float = 1,
        opacity: float = 1,
        fit: Fit | None = Fit.crop,
        position: Position = Position.center,
        offset: Offset | None = None,
        z_index: int = 0,
    ) -> None:
        if not isinstance(asset, BaseAsset):
            raise InvalidRequestError(
                f"asset is {asset!r}; it must be a VideoAsset, AudioAsset, ImageAsset, TextAsset "
                "or CaptionAsset."
            )
        self.asset = asset
        self.duration = positive("duration", duration)
        self.transition = transition
        self.effect = effect
        self.filter = None if filter is None else one_of("filter", filter, Filter)
        self.scale = within("scale", scale, 0, 10)
        self.opacity = within("opacity", opacity, 0, 1)
        self.fit = Fit.none if fit is None else one_of("fit", fit, Fit)
        self.position = one_of("position", position, Position)
        self.offset = offset if offset is not None else Offset()
        self.z_index = z_index

    def to_json(self) -> dict[str, Any]:
        data: dict[str, Any] = {
            "asset": self.asset.to_json(),
            "duration": self.duration,
            "effect": self.effect,
            "scale": self.scale,
            "opacity": self.opacity,
            "fit": None if self.fit == Fit.none else str(self.fit),
            "position": str(self.position),
            "offset": self.offset.to_json(),
            "z_index": self.z_index,
        }
        if self.transition is not None:
            data["transition"] = self.transition.to_json()
        if self.filter is not None:
            data["filter"] = str(self.filter)
        return data


class TrackItem(_Value):
    """A clip at ``start`` seconds of its track."""

    def __init__(self, start: float, clip: Clip) -> None:
        if not isinstance(clip, Clip):
            raise InvalidRequestError(f"clip is {clip!r}; it must be a Clip(asset=…, duration=…).")
        self.start = at_least("start", start, 0)
        self.clip = clip

    def to_json(self) -> dict[str, Any]:
        return {"start": self.start, "clip": self.clip.to_json()}


class Track(_Value):
    """Clips one after another; those of one track must not overlap."""

    def __init__(self, z_index: int = 0) -> None:
        self.clips: list[TrackItem] = []
        self.z_index = z_index

    def add_clip(self, start: float, clip: Clip) -> None:
        """Place ``clip`` at ``start`` seconds; fractions are fine."""
        self.clips.append(TrackItem(start, clip))

    def to_json(self) -> dict[str, Any]:
        return {"clips": [item.to_json() for item in self.clips], "z_index": self.z_index}


class Timeline(Playable):
    """Tracks, the later ones on top (``z_index`` sorts first); all sound is mixed.

    ``resolution`` as "1280x720", ``background`` as "#RRGGBB". ``warnings`` says what the server
    changed, such as clips that were longer than their asset.

    `keep` stores it in the library. ``id`` and ``name`` are None until then; ``missing`` says
    which of its clips show something that was deleted, when it was last read or kept.
    """

    _download_path = "editor/download"

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.background = "#000000"
        self.resolution = "1280x720"
        self.tracks: list[Track] = []
        self.warnings: list[str] = []
        self.id: str | None = None
        self.name: str | None = None
        self.missing: list[str] = []
        self._version: int | None = None
        self._sent = ""

    @property
    def connection(self) -> Connection:
        return self._connection

    def __repr__(self) -> str:
        clips = sum(len(track.clips) for track in self.tracks)
        kept = "" if self.id is None else f"id={self.id}, name={self.name!r}, "
        return (
            f"Timeline({kept}resolution={self.resolution}, tracks={len(self.tracks)}, "
            f"clips={clips}, length={self.length:g})"
        )

    @property
    def length(self) -> float:
        """Seconds to the end of the last clip, as asked for."""
        items = [item for track in self.tracks for item in track.clips]
        return max((item.start + item.clip.duration for item in items), default=0.0)

    def add_track(self, track: Track) -> None:
        """Lay ``track`` over the ones before it."""
        if not isinstance(track, Track):
            raise InvalidRequestError(f"track is {track!r}; it must be a Track().")
        self.tracks.append(track)

    def to_json(self) -> dict[str, Any]:
        return {
            "timeline": {
                "background": self.background,
                "resolution": self.resolution,
                "tracks": [track.to_json() for track in self.tracks],
            }
        }

    def keep(self, name: str | None = None, *, copy: bool = False) -> Timeline:
        """Store it in the library as it is now; returns itself, with its ``id``.

        The sidebar lists it from then on, and `Connection.get_timeline` has it again. What is kept
        already is kept again, under a new ``name`` where one is given; with ``copy`` it becomes
        another one beside it. Clips of what was deleted are kept, with a warning.

        Raises InvalidRequestError for an empty timeline or name, ConflictError where it was
        changed elsewhere since it was read, NotFoundError where it was deleted, NotOfferedError
        in VideoDB's cloud.
        """
        require_local(self._connection)
        self._check()
        self._content()
        http = self._connection.http
        name = self.name if name is None else name
        if not name or not name.strip():
            raise InvalidRequestError('A timeline is kept under a name: timeline.keep("My cut").')
        request = {"name": name, **self.to_json()}
        if self.id is None or copy:
            answer = http.post(KEPT, request)
        else:
            answer = http.patch(f"{KEPT}/{self.id}", {**request, "version": self._version})
        self._take_kept(answer or {})
        for message in self.missing:
            warnings.warn(message, UserWarning, stacklevel=2)
        return self

    def rename(self, name: str) -> None:
        """Give a kept timeline another name; what was changed on it since is not kept by that."""
        answer = self._connection.http.patch(self._kept_path("rename"), {"name": name}) or {}
        self.name = text(answer, "name") or name

    def delete(self) -> None:
        """Delete a kept timeline from the library. What it shows stays, and so does this object:
        `keep` would store it anew."""
        self._connection.http.delete(self._kept_path("delete"))
        self._know_as({})

    def _kept_path(self, what: str) -> str:
        if self.id is None:
            raise InvalidRequestError(
                f"There is nothing to {what}: this timeline is not kept. keep(name) keeps it."
            )
        return f"{KEPT}/{self.id}"

    def _take_kept(self, fields: dict[str, Any]) -> None:
        self._know_as(fields)
        self.missing = [
            f"Clip {whole(each, 'clip')} of track {whole(each, 'track')}, at "
            f"{number(each, 'start'):g} s, shows {text(each, 'name') or text(each, 'asset_id')}, "
            "which was deleted."
            for each in objects(fields, "missing")
        ]

    def _know_as(self, fields: dict[str, Any]) -> None:
        self.id, self.name = text(fields, "id"), text(fields, "name")
        self._version = whole(fields, "version")

    def _kept_as(self) -> dict[str, Any]:
        """``id``, ``name`` and ``version``; empty where it is not kept."""
        if self.id is None:
            return {}
        return {"id": self.id, "name": self.name, "version": self._version}

    def generate_stream(self) -> str:
        """The address of the HLS stream of all of it; the same one while nothing was changed."""
        self._check()
        content = self._content()
        if content == self._sent and self.stream_url and is_fresh(self.stream_url):
            return self.stream_url
        http = self._connection.http
        request: dict[str, Any] = self.to_json()
        if len(content.encode()) > MAX_INLINE:
            url = upload_bytes(
                http,
                content.encode(),
                self._connection.collection_id,
                name="timeline_data.json",
                media_type="application/json",
            )
            request = {"timeline_url": url}
        answer = http.post("editor", request, title="Composing", show_progress=True)
        url = self._take_stream(answer)
        self._sent = content
        self._take_warnings(answer.get("warnings"))
        return url

    def download_stream(self, stream_url: str) -> dict[str, Any]:
        """VideoDB's call: have an MP4 made; ``download_url`` serves it. `save` does all of it."""
        request = {"stream_url": stream_url, **self._format(self._file_name())}
        answer = self._connection.http.post("editor/download", request)
        return file_answer(answer)

    def _content(self) -> str:
        try:
            return json.dumps(self.to_json(), allow_nan=False)
        except ValueError:
            raise InvalidRequestError(
                "The timeline holds a number that is not finite (NaN or infinity)."
            ) from None

    def _check(self) -> None:
        if not any(track.clips for track in self.tracks):
            raise InvalidRequestError(
                "The timeline is empty. Add a Track() that has a clip: track.add_clip(0, clip), "
                "then timeline.add_track(track)."
            )
        if not _RESOLUTION.fullmatch(str(self.resolution)):
            raise InvalidRequestError(
                f'resolution is {self.resolution!r}; it must look like "1280x720".'
            )
        if not _COLOR.fullmatch(str(self.background)):
            raise InvalidRequestError(
                f'background is {self.background!r}; it must look like "#000000".'
            )

    def _take_warnings(self, found: Any) -> None:
        """Say each warning once, however often the stream is made."""
        messages = [str(item) for item in found] if isinstance(found, list) else []
        for message in messages:
            if message not in self.warnings:
                warnings.warn(message, UserWarning, stacklevel=3)
        self.warnings = messages

    def _file_name(self) -> str:
        return "timeline.mp4"

    def _download_request(self, stream_url: str, name: str) -> dict[str, Any]:
        return {"stream_url": stream_url, "name": name}

    def _html(self) -> str:
        tracks = [
            [(item.start, item.clip.duration, item.clip.asset.label) for item in track.clips]
            for track in self.tracks
        ]
        notes = [*self.missing, *self.warnings]
        name = self.name or "Timeline"
        return _display.timeline_html(self.resolution, tracks, notes, name, self._poster())

    def _poster(self) -> str | None:
        """What its first video shows, without what lies on it: nothing is rendered to be shown."""
        placed = [item for track in self.tracks for item in track.clips]
        for item in sorted(placed, key=lambda item: item.start):
            asset = item.clip.asset
            if isinstance(asset, VideoAsset):
                return self.connection.poster(asset.id, float(asset.start), width=640)
        return None

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return _display.bundle(self, include, self._html)


def require_local(connection: Connection) -> None:
    """Raises NotOfferedError where timelines are not kept."""
    if connection.is_cloud:
        raise NotOfferedError(
            "VideoDB's service keeps no timelines, only streams of them. Keep them on this "
            "machine, with connect() without an api_key, or keep the code: TimelineEditor(…).code."
        )
