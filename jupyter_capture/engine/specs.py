"""Descriptions of streams: plain JSON, kept under the hash of its content.

A spec is ``{"v": 1, "kind": "cuts", "cuts": [{"asset", "start", "end"}, …]}`` (ticks of 1/90000 s)
or ``{"v": 1, "kind": "timeline", "timeline": wire.editor.Timeline}``; with captions of what is
said also ``"transcripts": {asset: [index ids]}``, so that a new transcript is another stream. A cut
of what is still recorded names its ``"session"`` and ``"channel"`` (null: the muxed video) instead
of an asset, and may have the ``"end"`` null: until it stops.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.dialects.sqlite import insert

from jupyter_capture.engine.ids import now
from jupyter_capture.engine.schema import streams
from jupyter_capture.media.plan import TICKS
from jupyter_capture.wire.editor import (
    AudioAsset,
    CaptionAsset,
    ImageAsset,
    Timeline,
    VideoAsset,
)

Spec = dict[str, Any]


def spec_id(spec: Spec) -> str:
    canonical = json.dumps(spec, sort_keys=True, separators=(",", ":"))
    return "stm-" + hashlib.sha256(canonical.encode()).hexdigest()[:24]


def whole(asset_id: str, seconds: float) -> Spec:
    """All of an asset."""
    return cuts_spec([(asset_id, 0, round(seconds * TICKS))])


def cuts_spec(cuts: Sequence[tuple[str, int, int]]) -> Spec:
    found = [{"asset": asset, "start": start, "end": end} for asset, start, end in cuts]
    return {"v": 1, "kind": "cuts", "cuts": found}


def timeline_spec(timeline: Timeline, transcripts: dict[str, list[str]] | None = None) -> Spec:
    content = timeline.model_dump(mode="json", by_alias=True)
    spec: Spec = {"v": 1, "kind": "timeline", "timeline": content}
    return {**spec, "transcripts": transcripts} if transcripts else spec


def live_spec(session_id: str, channel_id: str | None, start: int, end: int | None) -> Spec:
    cut = {"session": session_id, "channel": channel_id, "start": start, "end": end}
    return {"v": 1, "kind": "cuts", "cuts": [cut]}


def keep(connection: Connection, spec: Spec) -> str:
    """Store a spec. The same content has the same id."""
    stream_id = spec_id(spec)
    connection.execute(
        insert(streams).values(id=stream_id, spec=spec, created_at=now()).on_conflict_do_nothing()
    )
    return stream_id


def assets_of(timeline: Timeline) -> set[str]:
    found = (item.clip.asset for track in timeline.tracks for item in track.clips)
    return {asset.id for asset in found if isinstance(asset, VideoAsset | AudioAsset | ImageAsset)}


def has_auto_captions(timeline: Timeline) -> bool:
    found = (item.clip.asset for track in timeline.tracks for item in track.clips)
    return any(isinstance(asset, CaptionAsset) and asset.src == "auto" for asset in found)
