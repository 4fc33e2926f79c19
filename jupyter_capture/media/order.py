"""A timeline with all that its segments depend on, as JSON, for a process that renders it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from jupyter_capture._version import __version__
from jupyter_capture.errors import EngineError, NotIndexedError
from jupyter_capture.media.fmp4 import Sample
from jupyter_capture.media.opened import OpenedTracks
from jupyter_capture.media.plan import AudioSegment, Check, Made, Plan, VideoSegment
from jupyter_capture.media.render import plan_timeline
from jupyter_capture.media.scene import Source, Sources
from jupyter_capture.media.tracks import StoredTrack
from jupyter_capture.wire.editor import Timeline
from jupyter_capture.wire.recorder import TrackManifest

Said = Sequence[tuple[str, float, float, str]]

_OPENED = OpenedTracks()
_RENDERING = 1
"""Raised when the same order would give other pictures or another sound."""


@dataclass(frozen=True)
class Order:
    """``text`` is JSON. ``assets``: the ids of those that are shown or heard."""

    text: str
    assets: frozenset[str]

    @classmethod
    def of(cls, timeline: Timeline, sources: Sources, words: Mapping[str, Said], fps: int) -> Order:
        """``words`` of those assets that have a transcript."""
        content = {
            "timeline": timeline.model_dump(mode="json", by_alias=True),
            "sources": {name: _written(source) for name, source in sorted(sources.items())},
            "words": words,
            "fps": fps,
        }
        return cls(json.dumps(content, separators=(",", ":")), frozenset(sources))

    @cached_property
    def key(self) -> str:
        """A hash of all that decides about the bytes of its segments."""
        content = f"{__version__}/{_RENDERING}/{self.text}"
        return hashlib.sha256(content.encode()).hexdigest()[:32]

    def plan(self) -> Plan:
        """Raises MediaError where a source cannot be read any more."""
        content = json.loads(self.text)
        sources = {name: _read(found) for name, found in content["sources"].items()}
        words = content["words"]

        def said(asset_id: str) -> Said:
            if asset_id not in words:
                raise NotIndexedError(f"{asset_id} has no transcript yet.")
            return [(word, start, end, channel) for word, start, end, channel in words[asset_id]]

        timeline = Timeline.model_validate(content["timeline"])
        return plan_timeline(timeline, sources, content["fps"], said)


def listed(plan: Plan) -> Plan:
    """A plan of which segments are told and copied, but none drawn: for who leaves that to another
    process. The pictures of its texts, megabytes each, are not held."""
    video = [_told(segment) for segment in plan.video]
    audio = [AudioSegment(*each[:-1], _elsewhere) if each.make else each for each in plan.audio]
    return replace(plan, video=video, audio=audio)


def _told(segment: VideoSegment) -> VideoSegment:
    start, end, pieces, init, discontinuity = segment
    # An hour has thousands of them: not by `_replace`, which takes five times as long.
    told = [Made(piece.length, _elsewhere) if type(piece) is Made else piece for piece in pieces]
    return VideoSegment(start, end, tuple(told), init, discontinuity)


def _elsewhere(check: Check) -> list[Sample]:
    raise EngineError("This segment is made by another process, from its order.")


def _written(source: Source) -> dict[str, Any]:
    found: dict[str, Any] = {"length": source.length}
    if source.image is not None:
        found["image"] = str(source.image)
    for kind, track in (("video", source.video), ("audio", source.audio)):
        if track is not None:
            manifest = track.manifest.model_dump(mode="json")
            found[kind] = {"folder": str(track.folder), "manifest": manifest}
    return found


def _read(found: dict[str, Any]) -> Source:
    image = Path(found["image"]) if "image" in found else None
    return Source(_track(found.get("video")), _track(found.get("audio")), image, found["length"])


def _track(found: dict[str, Any] | None) -> StoredTrack | None:
    if found is None:
        return None
    manifest = TrackManifest.model_validate(found["manifest"])
    return _OPENED.get(Path(found["folder"]), manifest)
