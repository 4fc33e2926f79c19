"""Streams: a description under the hash of its content; its bytes are made when they are asked for.

A spec is ``{"v": 1, "kind": "cuts", "cuts": [{"asset", "start", "end"}, …]}`` (ticks of 1/90000 s)
or ``{"v": 1, "kind": "timeline", "timeline": wire.editor.Timeline}``; with captions of what is
said also ``"transcripts": {asset: [index ids]}``, so that a new transcript is another stream.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select
from sqlalchemy.dialects.sqlite import insert

from jupyter_capture.engine.ids import now
from jupyter_capture.engine.index import IndexRow, find_index, read_segments
from jupyter_capture.engine.library import Library
from jupyter_capture.engine.schema import streams
from jupyter_capture.engine.store import Store
from jupyter_capture.errors import InvalidRequestError, NotFoundError, NotIndexedError
from jupyter_capture.media.mp4 import write_mp4
from jupyter_capture.media.plan import TICKS, Cut, Plan, make_plan
from jupyter_capture.media.render import plan_timeline
from jupyter_capture.media.timeline import Scene, Source, read_timeline
from jupyter_capture.wire.editor import (
    AudioAsset,
    CaptionAsset,
    ImageAsset,
    Timeline,
    VideoAsset,
)

Spec = dict[str, Any]
_OPEN = 32
"""Streams kept ready at once."""


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


def keep(connection: Connection, spec: Spec) -> str:
    """Store a spec. The same content has the same id."""
    stream_id = spec_id(spec)
    connection.execute(
        insert(streams).values(id=stream_id, spec=spec, created_at=now()).on_conflict_do_nothing()
    )
    return stream_id


@dataclass(frozen=True)
class Ready:
    """A stream from which bytes can be asked; ``assets`` are those that it shows."""

    plan: Plan
    assets: frozenset[str]


class Streams:
    """``fps`` of what is drawn."""

    def __init__(self, store: Store, library: Library, fps: int) -> None:
        self._store = store
        self._library = library
        self._fps = fps
        self._ready: OrderedDict[str, Ready] = OrderedDict()
        self._kept: set[str] = set()
        self._lock = threading.Lock()

    def create(self, spec: Spec) -> str:
        stream_id = spec_id(spec)
        if stream_id not in self._kept:
            with self._store.write() as connection:
                keep(connection, spec)
            self._kept.add(stream_id)
        return stream_id

    def of_shots(self, shots: Sequence[tuple[str, float, float]]) -> tuple[str, float, list[str]]:
        """A stream of (asset, start, end) in seconds: its id, its seconds, and warnings.

        An end past the asset's end is shortened to it, with a warning. Raises InvalidRequestError.
        """
        cuts, warnings = [], []
        for number, (asset_id, start, end) in enumerate(shots, 1):
            length = self._library.asset(asset_id, "video", "audio").length
            if not (0 <= start < end) or end == float("inf"):
                raise InvalidRequestError(
                    f"Shot {number} from {start} s to {end} s holds nothing. Its start must be at "
                    "least 0 and lie before its end."
                )
            if start >= length:
                raise InvalidRequestError(
                    f"Shot {number} starts at {start:g} s, but {asset_id} is {length:.2f} s long."
                )
            if end > length + 0.05:
                warnings.append(
                    f"Shot {number} was shortened from {end:g} s to the end of {asset_id}, "
                    f"{length:.2f} s."
                )
            last = min(round(end * TICKS), round(length * TICKS))
            cuts.append((asset_id, round(start * TICKS), last))
        if not cuts:
            raise InvalidRequestError("A stream needs at least one (start, end) in seconds.")
        seconds = sum(end - start for _, start, end in cuts) / TICKS
        return self.create(cuts_spec(cuts)), seconds, warnings

    def spec(self, stream_id: str) -> Spec:
        with self._store.read() as connection:
            found = connection.execute(
                select(streams.c.spec).where(streams.c.id == stream_id)
            ).scalar_one_or_none()
        if found is None:
            raise NotFoundError(f"There is no stream {stream_id!r}. Generate it again.")
        return dict(found)

    def of_timeline(self, timeline: Timeline) -> tuple[str, float, list[str]]:
        """As `of_shots`, for a timeline. Raises what is wrong with it, naming track and clip."""
        scene = self._scene(timeline)
        plan_timeline(scene, {}, self._fps)  # what cannot be rendered is said now, not to a player
        stream_id = self.create(timeline_spec(timeline, self._transcripts(timeline)))
        return stream_id, scene.duration / TICKS, list(scene.warnings)

    def get(self, stream_id: str) -> Ready:
        """What gives a stream's bytes. Raises GoneError where an asset of it was deleted."""
        with self._lock:
            ready = self._ready.get(stream_id)
            if ready is not None:
                self._ready.move_to_end(stream_id)
        if ready is None:
            ready = self._open(self.spec(stream_id))
            with self._lock:
                self._ready[stream_id] = ready
                while len(self._ready) > _OPEN:
                    self._ready.popitem(last=False)
        for asset_id in ready.assets:
            self._library.asset(asset_id)
        return ready

    def title(self, stream_id: str) -> str:
        """What a page calls it: the name of what is played."""
        spec = self.spec(stream_id)
        if spec["kind"] == "timeline":
            return "Timeline"
        names = {self._library.asset(cut["asset"]).name for cut in spec["cuts"]}
        return names.pop() if len(names) == 1 else "Compilation"

    def save(self, stream_id: str, path: Path, progress: Callable[[float], None]) -> None:
        """Write a stream as one MP4 file."""
        write_mp4(self.get(stream_id).plan, path, progress)

    def _open(self, spec: Spec) -> Ready:
        if spec["kind"] == "timeline":
            timeline = Timeline.model_validate(spec["timeline"])
            scene = self._scene(timeline)
            return Ready(plan_timeline(scene, {}, self._fps), frozenset(_assets_of(timeline)))
        stored = {cut["asset"]: self._library.stored(cut["asset"]) for cut in spec["cuts"]}
        cuts = [Cut(*stored[cut["asset"]], cut["start"], cut["end"]) for cut in spec["cuts"]]
        return Ready(make_plan(cuts), frozenset(stored))

    def _scene(self, timeline: Timeline) -> Scene:
        found = {one: self._asset(one) for one in _assets_of(timeline)}
        return read_timeline(timeline, found, self._words)

    def _words(self, asset_id: str) -> list[tuple[str, float, float, str]]:
        """(word, start, end, channel) of what is said in an asset. Raises NotIndexedError."""
        with self._store.read() as connection:
            return [
                (word, start, end, row.channel_id)
                for index in self._indexes(connection, asset_id)
                for row in read_segments(connection, index)
                for word, start, end in row.words
            ]

    def _transcripts(self, timeline: Timeline) -> dict[str, list[str]]:
        """The indexes that captions of this timeline may take their words from."""
        found: dict[str, list[str]] = {}
        if not _has_auto_captions(timeline):
            return found
        with self._store.read() as connection:
            for asset_id in sorted(_assets_of(timeline)):
                with contextlib.suppress(NotIndexedError):
                    found[asset_id] = [each.id for each in self._indexes(connection, asset_id)]
        return found

    def _indexes(self, connection: Connection, asset_id: str) -> list[IndexRow]:
        spoken = self._library.speech_tracks(asset_id)
        found = [find_index(connection, track.id) for track in spoken]
        known = [index for index in found if index is not None]
        if not known or len(known) < len(found):
            raise NotIndexedError(
                f"{asset_id} has no transcript yet. Call index_spoken_words() on it first."
            )
        return known

    def _asset(self, asset_id: str) -> Source:
        row = self._library.asset(asset_id)
        if row.type == "image":
            return Source(image=self._library.file_of(row))
        video, audio = self._library.stored(asset_id)
        return Source(video=video, audio=audio, length=row.length)


def _assets_of(timeline: Timeline) -> set[str]:
    found = (item.clip.asset for track in timeline.tracks for item in track.clips)
    return {asset.id for asset in found if isinstance(asset, VideoAsset | AudioAsset | ImageAsset)}


def _has_auto_captions(timeline: Timeline) -> bool:
    found = (item.clip.asset for track in timeline.tracks for item in track.clips)
    return any(isinstance(asset, CaptionAsset) and asset.src == "auto" for asset in found)
