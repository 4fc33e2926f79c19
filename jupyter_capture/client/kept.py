"""Timelines from their JSON, and those that the engine keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jupyter_capture.client._checks import asked_id
from jupyter_capture.client._fields import objects
from jupyter_capture.client.asset import (
    AudioAsset,
    CaptionAsset,
    ImageAsset,
    TextAsset,
    VideoAsset,
)
from jupyter_capture.client.editor import KEPT, Clip, Timeline, Track, require_local
from jupyter_capture.client.style import (
    Alignment,
    Background,
    Border,
    BorderAndShadow,
    Crop,
    Font,
    FontStyling,
    Offset,
    Positioning,
    Shadow,
    Transition,
    _Value,
)

if TYPE_CHECKING:
    from jupyter_capture.client.connection import Connection

_ASSETS: dict[str, type[_Value]] = {
    "video": VideoAsset,
    "audio": AudioAsset,
    "image": ImageAsset,
    "text": TextAsset,
    "caption": CaptionAsset,
}
_PARTS: dict[type[_Value], dict[str, type[_Value]]] = {
    Clip: {"transition": Transition, "offset": Offset},
    VideoAsset: {"crop": Crop},
    ImageAsset: {"crop": Crop},
    TextAsset: {
        "font": Font,
        "border": Border,
        "shadow": Shadow,
        "background": Background,
        "alignment": Alignment,
    },
    CaptionAsset: {"font": FontStyling, "border": BorderAndShadow, "position": Positioning},
}
# Where a constructor's argument has another name than the JSON's.
_ARGUMENTS: dict[type[_Value], dict[str, str]] = {
    Transition: {"in": "in_"},
    FontStyling: {"font_name": "name", "font_size": "size"},
}


def get_timelines(connection: Connection) -> list[Timeline]:
    require_local(connection)
    answer = connection.http.get(KEPT, {"whole": "true"})
    return [_of(connection, fields) for fields in objects(answer, "timelines")]


def get_timeline(connection: Connection, timeline_id: str) -> Timeline:
    require_local(connection)
    path = f"{KEPT}/{asked_id('get_timeline()', timeline_id)}"
    return _of(connection, connection.http.get(path) or {})


def _of(connection: Connection, fields: dict[str, Any]) -> Timeline:
    timeline = read(connection, fields.get("timeline") or {})
    timeline._take_kept(fields)
    return timeline


def read(connection: Connection, spec: dict[str, Any]) -> Timeline:
    """The timeline that ``Timeline.to_json()["timeline"]`` wrote; what is left out is a default.

    Raises InvalidRequestError where a value is none that a clip can have.
    """
    timeline = Timeline(connection)
    timeline.background = spec.get("background", timeline.background)
    timeline.resolution = spec.get("resolution", timeline.resolution)
    for track in spec.get("tracks", []):
        made = Track(z_index=track.get("z_index", 0))
        for item in track.get("clips", []):
            made.add_clip(item["start"], _value(Clip, item["clip"]))
        timeline.add_track(made)
    return timeline


def _value(cls: type[_Value], data: dict[str, Any]) -> Any:
    arguments = {}
    for name, item in data.items():
        if name == "type":
            continue
        part = _ASSETS[item["type"]] if name == "asset" else _PARTS.get(cls, {}).get(name)
        made = item if part is None or item is None else _value(part, item)
        arguments[_ARGUMENTS.get(cls, {}).get(name, name)] = made
    return cls(**arguments)
