"""The timeline editor: a timeline built by hand, and by Python, at the same time."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import traitlets

from jupyter_capture.client.asset import (
    AudioAsset,
    CaptionAsset,
    ImageAsset,
    TextAsset,
    VideoAsset,
)
from jupyter_capture.client.audio import Audio
from jupyter_capture.client.editor import Clip, Timeline, Track
from jupyter_capture.client.image import Image
from jupyter_capture.client.search import SearchResult, Shot
from jupyter_capture.client.video import Video
from jupyter_capture.errors import InvalidRequestError
from jupyter_capture.widgets._asked import STATIC
from jupyter_capture.widgets._panel import Panel
from jupyter_capture.widgets._rebuild import code_of, read
from jupyter_capture.wire.editor import Timeline as Checked

if TYPE_CHECKING:
    from jupyter_capture.client.connection import Connection

Addable = (
    Shot | SearchResult | Video | Audio | Image | Clip | TextAsset | ImageAsset | CaptionAsset | str
)
STILL = 4.0
"""Seconds that a picture or a text is shown where nothing else is said."""
TOUCH = 1e-6


class TimelineEditor(Panel):
    """A timeline on the page: clips are dragged, trimmed, split, layered, cut by their words.

    ``timeline`` is a `Timeline`. Setting it shows it; an edit on the page sets a new one, so that
    ``editor.observe(…, "timeline")`` hears of each. ``code`` is Python that builds it again.

    The button "Keep", or `keep`, stores it in the library under a name; ``kept`` says under which
    (``id``, ``name``, ``version``), and is empty where it was never kept.
    """

    _esm: ClassVar[Path] = STATIC / "timeline.js"
    _css: ClassVar[Path] = STATIC / "timeline.css"

    timeline = traitlets.Instance(Timeline)
    spec = traitlets.Dict().tag(sync=True)
    code = traitlets.Unicode("").tag(sync=True)
    edit = traitlets.Unicode("").tag(sync=True)
    """The page's last change, by a name of its own; it is set after ``spec``."""
    coded = traitlets.Unicode("").tag(sync=True)
    """The last change that ``code`` knows of; it is set after ``code``."""
    kept = traitlets.Dict().tag(sync=True)

    def __init__(
        self, timeline: Timeline | None = None, connection: Connection | None = None
    ) -> None:
        self._by_hand = False
        if connection is None and timeline is not None:
            connection = timeline.connection
        super().__init__(connection=connection)
        self.timeline = Timeline(self.connection) if timeline is None else timeline

    def __repr__(self) -> str:
        return f"TimelineEditor({self.timeline!r})"

    def refresh(self) -> None:
        """Show what was changed within ``timeline``, as with ``timeline.add_track``."""
        self.spec = self.timeline.to_json()["timeline"]
        self.code = code_of(self.timeline)
        self.kept = self.timeline._kept_as()

    def add(
        self,
        what: Addable,
        at: float | None = None,
        track: int | None = None,
    ) -> list[Clip]:
        """Add a clip of ``what`` at ``at`` seconds; text where it is a str. Returns what was added.

        Without ``at`` it follows the last clip of its track. ``track`` counts from 0, the lowest
        layer; the number of tracks makes a new one on top. Without it a text goes above all, and
        the rest to the lowest. Raises InvalidRequestError where another clip is at that time.
        """
        clips = _clips_of(what)
        grown = read(self.connection, self.timeline.to_json()["timeline"])
        grown._know_as(self.kept)
        target = _track_of(grown, track, on_top=isinstance(clips[0].asset, TextAsset))
        start = _end_of(target) if at is None else at
        for clip in clips:
            _has_room(target, start, clip.duration)
            target.add_clip(start, clip)
            start += clip.duration
        self.timeline = grown
        return clips

    def save(self, path: str | Path, *, show_progress: bool = True) -> Path:
        """Render the timeline into a file; the suffix says which kind, as with `Timeline.save`."""
        return self.timeline.save(path, show_progress=show_progress)

    def keep(self, name: str | None = None, *, copy: bool = False) -> Timeline:
        """Store the timeline in the library, as `Timeline.keep` does, and show that on the page."""
        self.timeline.keep(name, copy=copy)
        self.kept = self.timeline._kept_as()
        return self.timeline

    @traitlets.observe("kept")
    def _kept(self, _: object) -> None:
        """The page, or `keep`, has kept it."""
        self.timeline._know_as(self.kept)

    @traitlets.observe("timeline")
    def _show(self, _: object) -> None:
        if self._by_hand:
            self.code = code_of(self.timeline)
        else:
            self.refresh()

    @traitlets.observe("spec", "edit")
    def _edited(self, _: object) -> None:
        self._take()
        self.coded = self.edit

    def _take(self) -> None:
        """The page has changed it: what it sent is not sent back to it."""
        shown = self.timeline.to_json()["timeline"]
        if self.spec == shown:
            return
        checked = Checked.model_validate(self.spec)
        made = read(self.connection, checked.model_dump(mode="json", by_alias=True))
        made._know_as(self.kept)
        if made.to_json()["timeline"] == shown:
            return
        self._by_hand = True
        try:
            self.timeline = made
        finally:
            self._by_hand = False

    def _stands_in(self) -> dict[str, str]:
        return {"text/plain": repr(self), "text/html": self.timeline._html()}


def _clips_of(what: object) -> list[Clip]:
    if isinstance(what, SearchResult):
        if not what.shots:
            raise InvalidRequestError(f"Nothing was found for {what.query!r}: nothing to add.")
        return [clip for shot in what.shots for clip in _clips_of(shot)]
    if isinstance(what, Clip):
        return [what]
    if isinstance(what, Shot):
        return [Clip(_recorded(what.video_id, what.start), what.end - what.start)]
    if isinstance(what, Video | Audio):
        return [Clip(_recorded(what.id, 0.0), what.length)]
    if isinstance(what, Image):
        return [Clip(ImageAsset(what.id), STILL)]
    if isinstance(what, str):
        return [Clip(TextAsset(what), STILL)]
    if isinstance(what, ImageAsset | TextAsset | CaptionAsset):
        return [Clip(what, STILL)]
    raise InvalidRequestError(
        f"{what!r} cannot be added. Give a shot, a search result, a video, an audio, an image, a "
        "text, or a Clip(asset=…, duration=…)."
    )


def _recorded(id: str, start: float) -> VideoAsset | AudioAsset:
    kind = AudioAsset if id.startswith("a-") else VideoAsset
    return kind(id, start=start)


def _track_of(timeline: Timeline, number: int | None, *, on_top: bool) -> Track:
    count = len(timeline.tracks)
    if number is None:
        number = count if on_top else 0
    if not 0 <= number <= count:
        raise InvalidRequestError(
            f"track is {number}; there are {count}, counted from 0, and {count} makes a new one."
        )
    if number == count:
        highest = max((track.z_index for track in timeline.tracks), default=0)
        timeline.add_track(Track(z_index=highest))
    return timeline.tracks[number]


def _end_of(track: Track) -> float:
    return max((item.start + item.clip.duration for item in track.clips), default=0.0)


def _has_room(track: Track, start: float, duration: float) -> None:
    for item in track.clips:
        end = item.start + item.clip.duration
        if item.start < start + duration - TOUCH and start < end - TOUCH:
            raise InvalidRequestError(
                f"From {start:g} to {start + duration:g} s there is a clip on this track already "
                f"({item.start:g} to {end:g} s). Choose another time, leave at out to add it at "
                "the end, or take another track."
            )
