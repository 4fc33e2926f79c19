"""Streams as files in the cache: MP4, sound alone, subtitles, or a page that holds it all.

A file is named by its stream and by what was known of it then (words, names of chapters): the same
stream gives the same file, until it is indexed or something is renamed.
"""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlalchemy import select

from jupyter_capture.engine.home import Home
from jupyter_capture.engine.schema import jobs
from jupyter_capture.engine.store import Store
from jupyter_capture.engine.streams import Ready, Streams
from jupyter_capture.errors import (
    InvalidRequestError,
    NotIndexedError,
    StorageFullError,
    TooLargeError,
)
from jupyter_capture.media.chapters import Chapter, Titled
from jupyter_capture.media.cut import stored_bytes
from jupyter_capture.media.mp4 import write_mp4
from jupyter_capture.media.page import write_page
from jupyter_capture.media.wav import write_wav
from jupyter_capture.media.webvtt import Line, srt, webvtt
from jupyter_capture.wire.library import SaveChapters, SaveFormat

PAGE_BYTES = 100_000_000
"""The largest film in a page: browsers read all of it before anything shows."""
TYPES: dict[str, str] = {
    "mp4": "video/mp4", "m4a": "audio/mp4", "wav": "audio/wav",
    "srt": "application/x-subrip", "vtt": "text/vtt", "html": "text/html; charset=utf-8",
}  # fmt: skip
_WORDS = ("srt", "vtt")
_WITH_CHAPTERS = ("mp4", "m4a", "html")
_QUICK_SECONDS = 300.0
_QUICK_SHOTS = 20
_FILE = re.compile(r"(stm-[0-9a-f]{24})-[0-9a-f]{12}-(\w+)")

Progress = Callable[[float], None]
ChaptersOf = Callable[[str], Sequence[Titled]]
Rendered = Callable[[Ready], AbstractContextManager[Ready]]


def check(streams: Streams, ready: Ready, format: SaveFormat) -> None:
    """Raises what keeps a stream from being saved so, before any work is done."""
    if format in ("m4a", "wav") and not ready.plan.audio:
        raise InvalidRequestError(f"There is no sound in this, so no .{format} of it. Save .mp4.")
    if format in _WORDS:
        streams.lines(ready)
    if format == "html":
        _check_size(stored_bytes(ready.plan))


def check_chapters(
    ready: Ready, format: SaveFormat, chapters: SaveChapters, of: ChaptersOf
) -> None:
    """Raises InvalidRequestError where such chapters cannot be in such a file."""
    if chapters == "auto":
        return
    if format not in _WITH_CHAPTERS:
        known = ", ".join(f".{each}" for each in _WITH_CHAPTERS)
        raise InvalidRequestError(f"A .{format} file holds no chapters. Save one of {known}.")
    if not any(map(of, ready.assets)):
        raise InvalidRequestError(
            "No cell was kept while this was recorded, so it has no chapters by cell. Record with "
            "%capture_start --cells, or save it without chapters='cells'."
        )


def is_quick(ready: Ready, format: SaveFormat) -> bool:
    """Whether it takes less time than to start a process for it."""
    short = ready.plan.seconds <= _QUICK_SECONDS and len(ready.marks) <= _QUICK_SHOTS
    return format in _WORDS or (short and not ready.plan.is_made)


def scratch(home: Home, stream_id: str, format: str) -> Path:
    """The folder in which a file is being made."""
    return home.tmp / f"save-{stream_id}-{format}"


def file_of(home: Home, what: str) -> Path | None:
    """The file that a download's ticket names, if it is still there."""
    found = _FILE.fullmatch(what)
    path = home.downloads / f"{what.rpartition('-')[0]}.{found[2]}" if found else None
    return path if path is not None and path.is_file() else None


def stream_in(what: str) -> str:
    """The stream that a download's ticket is about."""
    return what[:28]


def drop_unfinished(store: Store, home: Home, dead_job: str = "") -> None:
    """Delete what was left by jobs that ended without their own doing. ``dead_job``: one that
    still counts as running."""
    with store.read() as connection:
        asked = select(jobs.c.args).where(
            jobs.c.kind == "download",
            jobs.c.status.in_(("queued", "running")),
            jobs.c.id != dead_job,
        )
        active = {
            scratch(home, args["stream_id"], args.get("format", "mp4")).name
            for args in connection.execute(asked).scalars()
        }
    for folder in home.tmp.glob("save-*"):
        if folder.name not in active:
            shutil.rmtree(folder, ignore_errors=True)


class Saving:
    """``rendered`` gives a stream that is quicker to render from its beginning to its end,
    ``cells_of`` an asset's chapters by the cells that ran."""

    def __init__(
        self,
        streams: Streams,
        home: Home,
        cache_mb: int,
        progress: Progress,
        rendered: Rendered,
        cells_of: ChaptersOf = lambda asset_id: (),
    ) -> None:
        self._cells_of = cells_of
        self._streams = streams
        self._home = home
        self._limit = cache_mb * 1_000_000
        self._progress = progress
        self._rendered = rendered

    def run(
        self,
        stream_id: str,
        name: str,
        format: SaveFormat,
        folder: Path | None = None,
        by: SaveChapters = "auto",
    ) -> dict[str, Any]:
        """A stream as one file in the cache, made within ``folder`` (`scratch`, if not given).

        Raises StorageFullError where there is no room.
        """
        ready = self._streams.get(stream_id)
        check(self._streams, ready, format)
        chapters = self._chapters(ready, by)
        title = re.sub(r"\.\w+$", "", name) or "Recording"
        stem = f"{stream_id}-{self._known(ready, chapters, title if format == 'html' else '')}"
        target = self._home.downloads / f"{stem}.{format}"
        folder = folder or scratch(self._home, stream_id, format)
        try:
            target.parent.mkdir(mode=0o700, exist_ok=True)
            if target.exists():
                target.touch()
            else:
                folder.mkdir(mode=0o700, exist_ok=True)
                part = folder / target.name
                with nullcontext(ready) if format in _WORDS else self._rendered(ready) as drawn:
                    self._write(drawn, part, format, chapters, title)
                self._streams.get(stream_id)  # raises where it was deleted meanwhile
                part.replace(target)
        except OSError as error:
            raise StorageFullError(
                f"The file could not be written below {self._home.root} ({error.strerror}). Free "
                "some space and save again."
            ) from error
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        prune(target, self._limit)
        what = f"{stem}-{format}"
        size = target.stat().st_size
        return {"stream_id": stream_id, "file": what, "name": name, "size": size}

    def _chapters(self, ready: Ready, by: SaveChapters) -> list[Chapter]:
        if by == "cells":
            return self._streams.chapters_by(ready, self._cells_of)
        return self._streams.chapters(ready)

    def _known(self, ready: Ready, chapters: list[Chapter], title: str) -> str:
        known = repr((self._streams.transcripts(ready), chapters, title))
        return hashlib.sha256(known.encode()).hexdigest()[:12]

    def _write(
        self, ready: Ready, path: Path, format: SaveFormat, chapters: list[Chapter], title: str
    ) -> None:
        plan = ready.plan
        match format:
            case "mp4":
                write_mp4(plan, path, self._progress, chapters=chapters)
            case "m4a":
                sound = replace(plan, video=[], video_inits=[])
                write_mp4(sound, path, self._progress, chapters=chapters)
            case "wav":
                write_wav(plan, path, self._progress)
            case "srt":
                path.write_text(srt(self._streams.lines(ready)), encoding="utf-8")
            case "vtt":
                path.write_text(webvtt(self._streams.lines(ready)), encoding="utf-8")
            case "html":
                film = path.with_suffix(".mp4")
                write_mp4(plan, film, lambda done: self._progress(0.9 * done), chapters=chapters)
                _check_size(film.stat().st_size)
                lines = self._lines(ready)
                write_page(path, film, title, lines, chapters, picture=bool(plan.video))

    def _lines(self, ready: Ready) -> list[Line]:
        try:
            return self._streams.lines(ready)
        except (NotIndexedError, InvalidRequestError):
            return []


def prune(newest: Path, limit: int) -> None:
    """Delete the files beside ``newest`` that were used longest ago, until ``limit`` bytes stay."""
    total = newest.stat().st_size
    others = [(path.stat(), path) for path in newest.parent.iterdir() if path != newest]
    for found, path in sorted(others, key=lambda one: one[0].st_mtime, reverse=True):
        total += found.st_size
        if total > limit:
            path.unlink(missing_ok=True)


def _check_size(size: int) -> None:
    if size > PAGE_BYTES:
        raise TooLargeError(
            f"A page holds a film of at most {PAGE_BYTES // 1_000_000} MB, and this one takes "
            f"about {size // 1_000_000} MB. Save it as .mp4, or save a shorter shot."
        )
