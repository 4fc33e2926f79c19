"""What is kept for how long: sessions and uploads that are too old, or too much, are deleted.

Deleted is a session whole, or an upload: rows, words, vectors, thumbnails, cached segments, files.
The oldest goes first. What is recorded, was recorded within the last hour, or is worked on stays.
"""

from __future__ import annotations

import logging
import os
import re
import threading
import time
from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import Connection, String, cast, func, select

from jupyter_capture.engine.events import Events
from jupyter_capture.engine.home import Home
from jupyter_capture.engine.index import scrub_fts
from jupyter_capture.engine.library import Library, picture_of
from jupyter_capture.engine.schema import assets, jobs, sessions, streams
from jupyter_capture.engine.store import Store
from jupyter_capture.errors import CaptureError, InvalidRequestError
from jupyter_capture.wire.retention import PurgeAnswer, Purged, PurgeRequest

logger = logging.getLogger(__name__)

JUST_RECORDED_SECONDS = 3600.0
_EVERY_SECONDS = 600.0
_FIRST_SECONDS = 20.0
"""After the start: whoever started the engine waits for something else."""
_DAY = 86400.0
_ID = re.compile(r'"((?:m|a|img|cap)-\w+)"')
_UNDER_WAY = ("starting", "active", "paused", "stopping")


@dataclass(frozen=True)
class Held:
    """Something that can be deleted. ``ended``: Unix seconds; ``busy``: not now."""

    id: str
    kind: Literal["session", "upload"]
    name: str
    ended: float
    bytes: int
    busy: bool


class Retention:
    """``delete`` erases a session and raises where it records. ``keep_days`` and ``max_bytes``:
    what holds without being asked; None: for ever, and without a limit."""

    def __init__(
        self,
        store: Store,
        home: Home,
        library: Library,
        events: Events,
        delete: Callable[[str], None],
        keep_days: float | None,
        max_bytes: int | None,
    ) -> None:
        self._store, self._home, self._library, self._events = store, home, library, events
        self._delete_session = delete
        self._days, self._bytes = keep_days, max_bytes
        self._one_at_a_time = threading.Lock()
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """From now on, see to it by itself, where the settings say so."""
        if self._days is None and self._bytes is None:
            return
        self._thread = threading.Thread(target=self._run, name="retention", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._ended.set()
        if self._thread is not None:
            self._thread.join(5.0)

    def purge(self, asked: PurgeRequest) -> PurgeAnswer:
        """Raises InvalidRequestError where nobody says what is too old or too much."""
        days, most = asked.keep_days, asked.max_bytes
        if days is None and most is None:
            days, most = self._days, self._bytes
        if days is None and most is None:
            raise InvalidRequestError(
                "Nothing says what is too old or too much. Give keep_days or max_bytes, or set "
                "JUPYTER_CAPTURE_KEEP_DAYS or JUPYTER_CAPTURE_MAX_BYTES."
            )
        with self._one_at_a_time:
            held = self.held()
            due, kept = chosen(held, time.time(), days, most)
            done = due if asked.dry_run else [one for one in due if self._delete(one)]
            if done and not asked.dry_run:
                self._scrub()
            left = sum(one.bytes for one in held) - sum(one.bytes for one in done)
            return PurgeAnswer(
                dry_run=asked.dry_run,
                keep_days=days,
                max_bytes=most,
                deleted=done,
                kept=kept + len(due) - len(done),
                bytes=left,
            )

    def held(self) -> list[Held]:
        """All sessions and uploads, oldest first."""
        with self._store.read() as connection:
            working = _working(connection)
            exported = func.max(assets.c.created_at).label("exported")
            of_session = select(assets.c.session_id, exported).group_by(assets.c.session_id)
            at = {row.session_id: row.exported for row in connection.execute(of_session)}
            made = {
                row.id: row.session_id
                for row in connection.execute(select(assets.c.id, assets.c.session_id))
            }
            recorded = connection.execute(select(sessions)).all()
            uploads = connection.execute(
                select(assets).where(assets.c.session_id.is_(None), assets.c.deleted_at.is_(None))
            ).all()
        working |= {session_id for one, session_id in made.items() if session_id and one in working}
        found = [self._session(row, at.get(row.id), working) for row in recorded]
        found += [
            self._upload(row, working) for row in uploads if not (row.file and picture_of(row.file))
        ]
        return sorted(found, key=lambda one: (one.ended, one.id))

    def _session(self, row: Any, exported: float | None, working: Container[str]) -> Held:
        lasted = (row.started_at or row.created_at) + (row.duration or 0.0)
        size = size_below(self._home.session(row.id))
        waits = row.status in _UNDER_WAY or row.export_status == "exporting"
        name = str(row.metadata.get("name") or "")
        return Held(row.id, "session", name, exported or lasted, size, waits or row.id in working)

    def _upload(self, row: Any, working: Container[str]) -> Held:
        size = size_below(self._home.uploads / row.id)
        return Held(row.id, "upload", row.name, row.created_at, size, row.id in working)

    def _delete(self, one: Purged) -> bool:
        try:
            if one.kind == "session":
                self._delete_session(one.id)
            else:
                self._library.delete(one.id)
        except CaptureError as error:
            logger.warning("%s is due, and was not deleted: %s", one.id, error.code)
            return False
        logger.info("%s was deleted for its %s: %d bytes", one.id, one.reason, one.bytes)
        self._events.publish({"channel": "retention", "data": one.model_dump()}, None)
        return True

    def _scrub(self) -> None:
        """What was erased is not to be read in the library's file, nor to take room in it."""
        with self._store.write() as connection:
            scrub_fts(connection)
        self._store.flush()
        self._store.shrink()

    def _run(self) -> None:
        wait = _FIRST_SECONDS
        while not self._ended.wait(wait):
            wait = _EVERY_SECONDS
            try:
                self.purge(PurgeRequest())
            except Exception:
                logger.exception("what is too old could not be deleted")


def chosen(
    held: list[Held], now: float, days: float | None, most: int | None
) -> tuple[list[Purged], int]:
    """Which of those, oldest first, are to be deleted; and how many are due and stay."""
    left = sum(one.bytes for one in held)
    due: list[Purged] = []
    kept = 0
    for one in held:
        old = days is not None and one.ended < now - days * _DAY
        much = most is not None and left > most and one.bytes > 0
        if not old and not much:
            continue
        if one.busy or one.ended > now - JUST_RECORDED_SECONDS:
            kept += 1
            continue
        left -= one.bytes
        due.append(
            Purged(
                id=one.id,
                kind=one.kind,
                name=one.name,
                ended_at=one.ended,
                bytes=one.bytes,
                reason="age" if old else "size",
            )
        )
    return due, kept


def size_below(folder: Path) -> int:
    """Bytes of all files in a folder; 0 where there is none."""
    return sum(found.st_size for found in _files(folder))


def _files(folder: Path) -> Iterator[os.stat_result]:
    try:
        entries = list(os.scandir(folder))
    except OSError:
        return
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            yield from _files(Path(entry.path))
        elif not entry.is_symlink():
            try:
                yield entry.stat(follow_symlinks=False)
            except OSError:
                continue  # gone meanwhile


def _working(connection: Connection) -> set[str]:
    """Ids of all that the jobs which wait or run read, or write."""
    active = connection.execute(
        select(jobs.c.args).where(jobs.c.status.in_(("queued", "running")))
    ).scalars()
    named = {value for args in active for value in args.values() if isinstance(value, str)}
    specs = connection.execute(
        select(cast(streams.c.spec, String)).where(streams.c.id.in_(named))
    ).scalars()
    return named | {found for spec in specs for found in _ID.findall(spec)}
