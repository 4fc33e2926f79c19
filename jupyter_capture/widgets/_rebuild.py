"""Timelines as the Python that builds them again, and from their JSON."""

from __future__ import annotations

import inspect
import json
import os
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from jupyter_capture.client.editor import Timeline, Track
from jupyter_capture.client.kept import read as read
from jupyter_capture.client.style import _Value
from jupyter_capture.settings import Settings

if TYPE_CHECKING:
    from jupyter_capture.client.connection import Connection

LINE = 96


def code_of(timeline: Timeline) -> str:
    """Python that builds ``timeline`` again; what is a default is left out."""
    used = {"Timeline"}
    fresh = Timeline(timeline.connection)
    lines = [f"timeline = Timeline({_connect(timeline.connection)})"]
    lines += [
        f"timeline.{name} = {_literal(getattr(timeline, name))}"
        for name in ("background", "resolution")
        if getattr(timeline, name) != getattr(fresh, name)
    ]
    for number, track in enumerate(timeline.tracks, 1):
        lines += ["", *_track(f"track_{number}", track, used)]
    needs_os = "os.environ" in lines[0]
    head = ["import os", ""] if needs_os else []
    return "\n".join([*head, "from jupyter_capture import connect", _import(used), "", *lines, ""])


def _track(name: str, track: Track, used: set[str]) -> list[str]:
    used.add("Track")
    lines = [f"{name} = Track({f'z_index={track.z_index}' if track.z_index else ''})"]
    for item in track.clips:
        short = f"{name}.add_clip({item.start!r}, {_expression(item.clip, used)})"
        if len(short) <= LINE:
            lines.append(short)
        else:
            arguments = [f"        {each}," for each in _arguments(item.clip, used)]
            lines += [f"{name}.add_clip(", f"    {item.start!r},", "    Clip(", *arguments]
            lines += ["    ),", ")"]
    return [*lines, f"timeline.add_track({name})"]


def _import(used: set[str]) -> str:
    line = f"from jupyter_capture.editor import {', '.join(sorted(used))}"
    if len(line) <= LINE:
        return line
    names = "".join(f"    {name},\n" for name in sorted(used))
    return f"from jupyter_capture.editor import (\n{names})"


def _connect(connection: Connection) -> str:
    if connection.is_cloud:
        return 'connect(api_key=os.environ["VIDEODB_API_KEY"])'
    if connection.data_dir is None:
        return f"connect(base_url={_literal(connection.base_url)})"
    usual = os.path.abspath(Settings().data_dir.expanduser())
    if os.path.abspath(connection.data_dir) == usual:
        return "connect()"
    return f"connect(data_dir={_literal(str(connection.data_dir))})"


def _expression(value: Any, used: set[str]) -> str:
    if isinstance(value, StrEnum):
        used.add(type(value).__name__)
        return f"{type(value).__name__}.{value.name}"
    if isinstance(value, _Value):
        used.add(type(value).__name__)
        return f"{type(value).__name__}({', '.join(_arguments(value, used))})"
    return _literal(value)


def _literal(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False) if type(value) is str else repr(value)


def _arguments(value: _Value, used: set[str]) -> list[str]:
    """Those that differ from what the constructor gives by itself."""
    used.add(type(value).__name__)
    parameters = list(inspect.signature(type(value)).parameters.values())
    needed = {p.name: getattr(value, p.name) for p in parameters if p.default is p.empty}
    plain = type(value)(**needed)
    return [
        f"{p.name}={_expression(getattr(value, p.name), used)}"
        for p in parameters
        if p.name in needed or getattr(value, p.name) != getattr(plain, p.name)
    ]
