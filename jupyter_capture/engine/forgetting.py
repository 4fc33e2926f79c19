"""Forgets a stretch of a session, recorded or still recording: its pictures and sound, the words
in it, and all that was made of them.

The time stays, as a gap of black and silence: streams, shots and words that lie elsewhere go on to
mean what they meant. What is to be forgotten is noted on the disk first, so that a death on the
way only delays it.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from sqlalchemy import Row, delete, select

from jupyter_capture.engine.home import Home
from jupyter_capture.engine.index import rewrite_segment, scrub_fts
from jupyter_capture.engine.jobs import Jobs
from jupyter_capture.engine.library import streams_with
from jupyter_capture.engine.schema import assets, jobs, segments, tracks
from jupyter_capture.engine.schema import deliveries as delivery_rows
from jupyter_capture.engine.store import Store
from jupyter_capture.engine.wallclock import unix_time
from jupyter_capture.errors import CaptureError, ConflictError, InvalidRequestError
from jupyter_capture.wire.capture import ForgetRequest, Forgotten
from jupyter_capture.wire.recorder import Erased, Manifest, TrackManifest

logger = logging.getLogger(__name__)

Texts = npt.NDArray[np.float32]


class Erases(Protocol):
    """The stored tracks of sessions. Times in media seconds."""

    def note(self, session_id: str, start: float, end: float) -> None: ...
    def noted(self, session_id: str) -> list[tuple[float, float]]: ...
    def done(self, session_id: str) -> None: ...
    def erase(
        self,
        session_id: str,
        manifest: Manifest,
        start: float,
        end: float,
        store: Callable[[list[TrackManifest]], None],
    ) -> None: ...


class Records(Protocol):
    def row(self, session_id: str) -> Row[Any]: ...
    def manifest(self, session_id: str) -> Manifest | None: ...


class Recording(Protocol):
    """What is being recorded."""

    def seconds(self, session_id: str) -> float | None: ...
    def forget(self, session_id: str, start: float, end: float | None) -> Erased: ...


class Forgetting:
    """``others`` erase what they hold of a session between two media times; ``live`` what it holds
    between two Unix times; ``changed`` is told which assets and sessions look different by now."""

    def __init__(
        self,
        store: Store,
        home: Home,
        work: Jobs,
        records: Records,
        recording: Recording,
        erasure: Erases,
        embed: Callable[[Sequence[str]], Texts],
        others: Sequence[Callable[[str, float, float], object]],
        live: Callable[[str, float, float], object],
        changed: Callable[[list[str]], object],
    ) -> None:
        self._store, self._home, self._work = store, home, work
        self._records, self._recording, self._erasure = records, recording, erasure
        self._embed, self._others, self._live, self._changed = embed, others, live, changed
        self._one_at_a_time = threading.Lock()

    def forget(self, session_id: str, asked: ForgetRequest) -> Forgotten:
        """Raises InvalidRequestError for a stretch that holds nothing, and ConflictError where
        there is nothing recorded yet."""
        with self._one_at_a_time:
            now = self._recording.seconds(session_id)
            if now is None:
                done = self._afterwards(session_id, asked)
            else:
                start, _ = _stretch(asked, now)
                done = self._recording.forget(session_id, start, asked.end)
            return self._with_all(session_id, done)

    def resume(self) -> None:
        """Carry out what an engine before this one noted and did not come to."""
        for path in self._home.sessions.glob("*/forget.json"):
            session_id = path.parent.name
            if self._recording.seconds(session_id) is not None:
                continue  # its recorder was told
            for start, end in self._erasure.noted(session_id):
                try:
                    self.forget(session_id, ForgetRequest(start=start, end=end))
                except CaptureError as error:
                    logger.error("%s cannot forget: %s", session_id, error.message)

    def _afterwards(self, session_id: str, asked: ForgetRequest) -> Erased:
        session = self._records.row(session_id)
        manifest = self._records.manifest(session_id)
        if session.status not in ("exported", "stopped") or manifest is None:
            raise ConflictError(
                f"{session_id} is {session.status}: there is nothing to forget now. Try again once "
                "it records, or once it is exported."
            )
        start, end = _stretch(asked, manifest.duration)
        if start >= manifest.duration:
            raise InvalidRequestError(
                f"{session_id} is {manifest.duration:.2f} s long; {start:g} s is past its end."
            )
        end = min(end, manifest.duration)
        self._erasure.note(session_id, start, end)
        self._end_jobs(session_id)
        self._erasure.erase(session_id, manifest, start, end, self._store_tracks)
        return Erased(start=start, end=end, wall_clock=manifest.wall_clock)

    def _with_all(self, session_id: str, done: Erased) -> Forgotten:
        """Whatever else tells of it."""
        for forget in self._others:
            forget(session_id, done.start, done.end)
        if done.wall_clock:
            times = [unix_time(done.wall_clock, when) for when in (done.start, done.end)]
            self._live(session_id, *times)
            self._forget_deliveries(session_id, *times)
        count = self._forget_words(session_id, done.start, done.end)
        with self._store.read() as connection:
            made = list(
                connection.execute(
                    select(assets.c.id).where(assets.c.session_id == session_id)
                ).scalars()
            )
            shown_in = streams_with(connection, [*made, session_id])
        self._home.drop_downloads(shown_in)
        self._home.drop_previews(made)
        self._changed([*made, session_id])
        self._store.flush()
        self._erasure.done(session_id)
        return Forgotten(session_id=session_id, start=done.start, end=done.end, segments=count)

    def _store_tracks(self, changed: list[TrackManifest]) -> None:
        with self._store.write() as connection:
            for track in changed:
                connection.execute(
                    tracks.update()
                    .where(tracks.c.id == track.id)
                    .values(manifest=track.model_dump(mode="json"))
                )

    def _end_jobs(self, session_id: str) -> None:
        """They read what is being forgotten; whoever asked is told that they were cancelled."""
        with self._store.read() as connection:
            of_session = select(assets.c.id).where(assets.c.session_id == session_id)
            made = list(connection.execute(of_session).scalars())
            shown_in = streams_with(connection, [*made, session_id])
            active = connection.execute(
                select(jobs.c.id, jobs.c.args).where(jobs.c.status.in_(("queued", "running")))
            ).all()
        names = {*made, *shown_in, session_id}
        for row in active:
            if names & {value for value in row.args.values() if isinstance(value, str)}:
                self._work.cancel(row.id)

    def _forget_deliveries(self, session_id: str, start: float, end: float) -> None:
        with self._store.write() as connection:
            rows = connection.execute(
                select(delivery_rows.c.id, delivery_rows.c.body).where(
                    delivery_rows.c.session_id == session_id
                )
            ).all()
            for row in rows:
                body = json.loads(row.body)
                if body.get("event") == "alert" and body["start"] < end and body["end"] > start:
                    connection.execute(delete(delivery_rows).where(delivery_rows.c.id == row.id))

    # -- words

    def _forget_words(self, session_id: str, start: float, end: float) -> int:
        with self._store.read() as connection:
            found = connection.execute(
                select(segments)
                .join(tracks, tracks.c.id == segments.c.track_id)
                .where(tracks.c.session_id == session_id)
                .where(segments.c.start < end, segments.c.end > start)
            ).all()
        left = {row.id: _without(row, start, end) for row in found}
        said = [rest for rest in left.values() if rest is not None and "text" in rest]
        vectors = iter(self._vectors([rest["text"] for rest in said]))
        with self._store.write() as connection:
            for segment_id, rest in left.items():
                vector = next(vectors) if rest is not None and "text" in rest else None
                rewrite_segment(connection, segment_id, rest, vector)
            if found:
                scrub_fts(connection)
        return len(found)

    def _vectors(self, texts: list[str]) -> Sequence[Any]:
        if not texts:
            return []
        try:
            return list(self._embed(texts).astype("<f2"))
        except CaptureError as error:
            logger.warning("what is left of sentences is found by its words alone: %s", error.code)
            return [None] * len(texts)


def _without(row: Row[Any], start: float, end: float) -> dict[str, Any] | None:
    """What a segment is without [start, end); None where nothing is left."""
    if row.words:
        words = [word for word in row.words if word[2] <= start or word[1] >= end]
        if not words:
            return None
        said = " ".join(word[0].strip() for word in words)
        return {"start": words[0][1], "end": words[-1][2], "text": said, "words": words}
    # What left the screen meanwhile may have been written on meanwhile. Reading the screen again
    # finds what stood there before.
    if row.source == "screen_text" and row.end <= end:
        return None
    # Other text on a screen stood there before or after as well: the longer one of both is kept.
    before, after = max(0.0, start - row.start), max(0.0, row.end - end)
    if not before and not after:
        return None
    return {"end": start} if before >= after else {"start": end}


def _stretch(asked: ForgetRequest, now: float) -> tuple[float, float]:
    """From ``now`` back, or as it was said. Raises InvalidRequestError."""
    if asked.seconds is not None:
        if asked.start is not None or asked.end is not None:
            raise InvalidRequestError("Give `seconds` (the last ones), or `start` and `end`.")
        return max(0.0, now - asked.seconds), now
    if asked.start is None:
        raise InvalidRequestError(
            "What is to be forgotten? Give `seconds` (the last ones), or `start` and `end`."
        )
    end = now if asked.end is None else asked.end
    if end <= asked.start:
        raise InvalidRequestError(
            f"From {asked.start:g} s to {end:g} s is nothing: the start must lie before the end."
        )
    return asked.start, end
