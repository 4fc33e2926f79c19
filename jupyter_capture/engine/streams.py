"""Streams: their bytes are made, from a stored description, when a player asks for them."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from jupyter_capture.engine.home import Home
from jupyter_capture.engine.library import Library
from jupyter_capture.engine.running import FRESH_SECONDS, Found, Running
from jupyter_capture.engine.schema import streams
from jupyter_capture.engine.specs import (
    Spec,
    assets_of,
    cuts_spec,
    has_auto_captions,
    keep,
    live_spec,
    spec_id,
    timeline_spec,
)
from jupyter_capture.engine.spoken import Spoken
from jupyter_capture.engine.store import Store
from jupyter_capture.errors import ConflictError, GoneError, InvalidRequestError, NotFoundError
from jupyter_capture.media import hls
from jupyter_capture.media.chapters import (
    Chapter,
    Titled,
    chapters_shown,
    spoken_chapters,
    tidy,
)
from jupyter_capture.media.order import Order, Said, listed
from jupyter_capture.media.plan import TICKS, Cut, Plan, make_plan
from jupyter_capture.media.render import plan_timeline
from jupyter_capture.media.timeline import Scene, Source, read_timeline
from jupyter_capture.media.webvtt import Heard, Line, clock, lines_of
from jupyter_capture.wire.editor import (
    AudioAsset,
    CaptionAsset,
    ImageAsset,
    Timeline,
    VideoAsset,
)

_OPEN = 32
"""Streams kept ready at once."""
_MOST = 50_000
"""Segments that all of them have: three hours are eleven thousand."""


@dataclass(frozen=True)
class Mark:
    """A shot or a clip begins: which asset is shown, from when on (ticks)."""

    at: int
    asset: str
    start: int


@dataclass(frozen=True)
class Ready:
    """A stream from which bytes can be asked; ``assets`` are those that it shows.

    ``heard``: whose words it carries.
    ``burnt``: they are written into its picture already.
    ``order``: what another process needs to render it.
    ``running``: it is still recorded, and may be looked at anew at any time.
    """

    plan: Plan
    assets: frozenset[str]
    heard: tuple[Heard, ...] = ()
    marks: tuple[Mark, ...] = ()
    burnt: bool = False
    order: Order | None = None
    running: bool = False


class Streams:
    """``fps`` of what is drawn."""

    def __init__(self, store: Store, home: Home, library: Library, fps: int) -> None:
        self._store = store
        self._library = library
        self._spoken = Spoken(store, library)
        self._running = Running(store, home, library)
        self._fps = fps
        self._ready: OrderedDict[str, Ready] = OrderedDict()
        self._growing: dict[str, tuple[float, Ready]] = {}
        self._kept: set[str] = set()
        self._lock = threading.Lock()
        self.on_made: Callable[[Order, Plan], None] = lambda order, plan: None
        """Told of a stream that is opened and must be rendered, which a player may soon ask for."""
        self.on_shots: Callable[[str], None] = lambda stream_id: None
        """Told of a stream of shots that was asked for, and may soon be opened."""
        self.on_opened: Callable[[Plan], None] = lambda plan: None
        """Told likewise of any other one that does not grow any more."""

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
        stream_id = self.create(cuts_spec(cuts))
        self.on_shots(stream_id)
        return stream_id, seconds, warnings

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
        # What cannot be rendered is said now, not to a player.
        scene, ready = self._open_timeline(timeline)
        stream_id = self.create(timeline_spec(timeline, self._transcripts(timeline)))
        self._hold(stream_id, ready)
        return stream_id, scene.duration / TICKS, list(scene.warnings)

    def of_session(
        self,
        session_id: str,
        channel_id: str | None = None,
        start: float = 0.0,
        end: float | None = None,
    ) -> str:
        """A stream of what a running session keeps, in seconds of its media time; it grows until
        the session, or ``end``, has come. Raises ConflictError where nothing is kept."""
        last = None if end is None else round(end * TICKS)
        spec = live_spec(session_id, channel_id, round(start * TICKS), last)
        self._open(spec)
        return self.create(spec)

    def wall_clock(self, session_id: str, channel_id: str | None) -> list[tuple[float, float]]:
        """A running session's map of media time to Unix time, so far. Raises as `of_session`."""
        self._running.find(session_id, channel_id)
        return self._running.wall_clock(session_id)

    def settled(self, stream_id: str) -> str:
        """The stream of the assets that it shows, where it was one of a session.

        Raises ConflictError while that still records.
        """
        spec = self.spec(stream_id)
        if spec["kind"] != "cuts" or not any("session" in cut for cut in spec["cuts"]):
            return stream_id
        cuts = []
        for cut in spec["cuts"]:
            found = self._running.find(cut["session"], cut["channel"])
            if found.asset is None:
                raise ConflictError(
                    f"{cut['session']} is still recording. Stop it first, then save it."
                )
            cuts.append((found.asset, cut["start"], _last(cut, found)))
        return self.create(cuts_spec(cuts))

    def get(self, stream_id: str) -> Ready:
        """What gives a stream's bytes. Raises GoneError where an asset of it was deleted."""
        with self._lock:
            ready = self._ready.get(stream_id)
            if ready is not None:
                self._ready.move_to_end(stream_id)
            seen, growing = self._growing.get(stream_id, (0.0, None))
        if growing is not None and time.monotonic() - seen < FRESH_SECONDS:
            return growing
        if ready is None:
            ready = self._open(self.spec(stream_id))
            self._hold(stream_id, ready)
        for asset_id in ready.assets:
            self._library.asset(asset_id)
        return ready

    def _hold(self, stream_id: str, ready: Ready) -> None:
        if ready.order is not None and ready.plan.is_made:
            self.on_made(ready.order, ready.plan)
        elif not ready.running:
            self.on_opened(ready.plan)
        with self._lock:
            if not ready.running:
                self._growing.pop(stream_id, None)
                self._ready[stream_id] = ready
            else:
                self._growing[stream_id] = time.monotonic(), ready
            while len(self._ready) > _OPEN or (len(self._ready) > 1 and self._segments() > _MOST):
                self._ready.popitem(last=False)
            while len(self._growing) > _OPEN:
                self._growing.pop(next(iter(self._growing)))

    def _segments(self) -> int:
        return sum(len(one.plan.video) + len(one.plan.audio) for one in self._ready.values())

    def forget(self, asset_ids: Iterable[str]) -> None:
        """Open the streams of these assets anew: their content has changed."""
        gone = set(asset_ids)
        with self._lock:
            for stream_id in [name for name, one in self._ready.items() if gone & one.assets]:
                del self._ready[stream_id]

    def title(self, stream_id: str) -> str:
        """What a page calls it: the name of what is played."""
        spec = self.spec(stream_id)
        if spec["kind"] == "timeline":
            return "Timeline"
        names = {
            self._library.asset(cut["asset"]).name
            if "asset" in cut
            else self._running.name(cut["session"])
            for cut in spec["cuts"]
        }
        return names.pop() if len(names) == 1 else "Compilation"

    # -- what is said

    def captions(self, ready: Ready) -> hls.Captions | None:
        """The subtitles of a stream whose sound is indexed, unless they stand in its picture."""
        return None if ready.burnt else self._spoken.captions(ready.heard)

    def transcripts(self, ready: Ready) -> list[str]:
        """The ids of the indexes that its words come from."""
        found = self._spoken.indexes(each.asset for each in ready.heard)
        return sorted(index.id for rows in found.values() for index in rows)

    def lines(self, ready: Ready) -> list[Line]:
        """What is said in a stream, to be read. Raises NotIndexedError where nothing of it is
        indexed, InvalidRequestError where nothing is heard."""
        return lines_of(self._spoken.heard(ready.heard))

    def chapters(self, ready: Ready) -> list[Chapter]:
        """Shots or clips; of a single recording what is said after its long pauses."""
        if len(ready.marks) > 1:
            names = {mark.asset: self._library.asset(mark.asset).name for mark in ready.marks}
            often = len(ready.marks) > len(names)
            return tidy(
                [
                    Chapter(mark.at, f"{names[mark.asset]} · {_short(mark.start)}")
                    if often
                    else Chapter(mark.at, names[mark.asset])
                    for mark in ready.marks
                ]
            )
        try:
            return spoken_chapters(self._spoken.heard(ready.heard), ready.plan.seconds)
        except InvalidRequestError:
            return []

    def chapters_by(self, ready: Ready, of: Callable[[str], Sequence[Titled]]) -> list[Chapter]:
        """Those that assets have of their own, as far as a stream shows them."""
        marks = [(mark.at, mark.asset, mark.start) for mark in ready.marks]
        return chapters_shown(marks, round(ready.plan.seconds * TICKS), of)

    # -- how it is opened

    def _open(self, spec: Spec) -> Ready:
        if spec["kind"] == "timeline":
            return self._open_timeline(Timeline.model_validate(spec["timeline"]))[1]
        if any("session" in cut for cut in spec["cuts"]):
            return self._open_session(spec["cuts"][0])
        ids = {self._library.asset(cut["asset"]).id for cut in spec["cuts"]}
        stored = {asset_id: self._library.stored(asset_id) for asset_id in ids}
        cuts = [Cut(*stored[cut["asset"]], cut["start"], cut["end"]) for cut in spec["cuts"]]
        marks, heard, at = [], [], 0
        for cut in spec["cuts"]:
            marks.append(Mark(at, cut["asset"], cut["start"]))
            if stored[cut["asset"]][1] is not None:
                heard.append(Heard(cut["asset"], cut["start"], cut["end"], at))
            at += cut["end"] - cut["start"]
        return Ready(make_plan(cuts), frozenset(stored), tuple(heard), tuple(marks))

    def _open_session(self, cut: Spec) -> Ready:
        found = self._running.find(cut["session"], cut["channel"])
        last = _last(cut, found)
        if last <= cut["start"]:
            raise InvalidRequestError(
                f"{cut['session']} has {found.end / TICKS:.1f} s so far, so nothing from "
                f"{cut['start'] / TICKS:g} s on."
            )
        if found.asset is not None:
            asset, start = found.asset, cut["start"]
            plan = make_plan([Cut(found.video, found.audio, start, last)])
            heard = (Heard(asset, start, last, 0),) if found.audio else ()
            return Ready(plan, frozenset([asset]), heard, (Mark(0, asset, start),))
        ended = cut["end"] is not None and found.end >= cut["end"]
        cuts = [Cut(found.video, found.audio, cut["start"], last)]
        return Ready(make_plan(cuts, ended=ended), frozenset(), running=True)

    def _open_timeline(self, timeline: Timeline) -> tuple[Scene, Ready]:
        sources = self._sources(timeline)
        words: dict[str, Said] = {}

        def said(asset_id: str) -> Said:
            return words.setdefault(asset_id, self._spoken.words(asset_id))

        scene = read_timeline(timeline, sources, said)
        burnt = any(isinstance(clip.clip.asset, CaptionAsset) for clip in scene.clips)
        heard, marks = [], []
        shown = [clip for clip in scene.clips if isinstance(clip.clip.asset, VideoAsset)] or [
            clip for clip in scene.clips if isinstance(clip.clip.asset, AudioAsset)
        ]
        base = min((clip.layer[2] for clip in shown), default=0)
        for clip in sorted(scene.clips, key=lambda each: each.start):
            asset = clip.clip.asset
            if not isinstance(asset, VideoAsset | AudioAsset | ImageAsset):
                continue
            first, last = clip.source_start, clip.source_start + clip.end - clip.start
            if clip.is_audible:
                heard.append(Heard(asset.id, first, last, clip.start))
            if clip.layer[2] == base:
                marks.append(Mark(clip.start, asset.id, first))
        plan = plan_timeline(scene, {}, self._fps)
        order = Order.of(timeline, sources, words, self._fps)
        return scene, Ready(listed(plan), order.assets, tuple(heard), tuple(marks), burnt, order)

    def _sources(self, timeline: Timeline) -> dict[str, Source]:
        found: dict[str, Source] = {}
        for number, track in enumerate(timeline.tracks, 1):
            for position, item in enumerate(track.clips, 1):
                asset = item.clip.asset
                if not isinstance(asset, VideoAsset | AudioAsset | ImageAsset):
                    continue
                try:
                    found[asset.id] = found.get(asset.id) or self._asset(asset.id)
                except (NotFoundError, GoneError) as error:
                    name = f"clip {position} of track {number}"
                    raise type(error)(f"{name}: {error.message}") from error
        return found

    def _transcripts(self, timeline: Timeline) -> dict[str, list[str]]:
        """The indexes that captions of this timeline may take their words from."""
        if not has_auto_captions(timeline):
            return {}
        found = self._spoken.indexes(assets_of(timeline))
        return {asset_id: [each.id for each in rows] for asset_id, rows in found.items()}

    def _asset(self, asset_id: str) -> Source:
        row = self._library.asset(asset_id)
        if row.type == "image":
            return Source(image=self._library.file_of(row))
        video, audio = self._library.stored(asset_id)
        return Source(video=video, audio=audio, length=row.length)


def _last(cut: Spec, found: Found) -> int:
    return found.end if cut["end"] is None else min(found.end, cut["end"])


def _short(ticks: int) -> str:
    """``1:05`` or ``1:01:05``."""
    return clock(ticks / TICKS)[:8].removeprefix("00:").removeprefix("0")
