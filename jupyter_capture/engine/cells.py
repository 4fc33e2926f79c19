"""Executed cells of a notebook as timed segments: the channel ``notebook:cells``.

Cells that are kept lie in ``cells.jsonl`` in the session's folder, one JSON object a line, beside
the switches of the channel, and are erased with it. When the session is exported they become an
index of kind ``cells``, so that a search finds them. A cell that is live only is told to the
websockets and written nowhere.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from pydantic import ValidationError
from sqlalchemy import Connection, select

from jupyter_capture.engine.home import Home
from jupyter_capture.engine.index import delete_index, find_index, write_index
from jupyter_capture.engine.schema import asset_tracks, assets, sessions, tracks
from jupyter_capture.engine.store import Store
from jupyter_capture.engine.wallclock import media_time
from jupyter_capture.errors import CaptureError, ConflictError
from jupyter_capture.settings import private_dir
from jupyter_capture.wire.cells import CELLS, Cell, CellPage, TimedCell, code_line
from jupyter_capture.wire.recorder import MIX, Manifest

logger = logging.getLogger(__name__)

KIND = "cells"
SHORTEST = 3.0
"""Seconds that a moment found lasts at least: most cells run for an instant."""
_TEXT = 2000
"""Characters of a cell that are searched."""


class Embeds(Protocol):
    def embed(self, texts: Sequence[str]) -> npt.NDArray[np.float32]: ...


@dataclass(frozen=True)
class Chapter:
    """Seconds of the asset's time."""

    start: float
    end: float
    title: str


@dataclass(frozen=True)
class Ran:
    """A cell as a segment of an index."""

    start: float
    end: float
    text: str
    words: tuple[tuple[str, float, float], ...] = ()


@dataclass(frozen=True)
class _Kept:
    """What a session's file holds: switches (Unix seconds, kept?) and cells, in order."""

    switches: tuple[tuple[float, bool], ...]
    cells: tuple[Cell, ...]

    def kept(self, cell: Cell) -> bool:
        """Whether the channel was kept from the start of a cell to its end."""
        store = False
        for at, switched in self.switches:
            if at > cell.started:
                if at > cell.ended:
                    break
                if switched != store:
                    return False
            store = switched
        return store


class Cells:
    def __init__(self, store: Store, home: Home, embedder: Embeds) -> None:
        self._store = store
        self._home = home
        self._embedder = embedder
        self._vectors: dict[str, npt.NDArray[np.float32]] = {}
        self._writing = threading.Lock()

    # -- the channel

    def state(self, session_id: str) -> bool | None:
        """Kept (True), live only (False), or None where it is no channel of the session."""
        switches = _read(self._path(session_id)).switches
        return switches[-1][1] if switches else None

    def set_store(self, session_id: str, store: bool) -> None:
        """Keep the cells from now on, or have them live only; also adds the channel.

        Raises ConflictError where the session does not record.
        """
        with self._store.read() as connection:
            status = _clock_row(connection, session_id).status
        if status not in ("starting", "active", "paused"):
            raise ConflictError(f"{session_id} is {status}; only a recording can switch.")
        private_dir(self._home.session(session_id))
        if self.state(session_id) != store:
            self._append(session_id, [{"store": store, "at": time.time()}])

    def add(self, session_id: str, ran: Sequence[Cell]) -> list[tuple[TimedCell, bool]]:
        """Take in what was executed: each cell with its media time, and whether it is kept.

        One that ran in a pause, or outside the recording, is left out. Raises ConflictError where
        the session has no such channel, or never recorded.
        """
        known = _read(self._path(session_id))
        if not known.switches:
            raise ConflictError(
                f"{session_id} does not take in cells. Switch its channel {CELLS} on first: "
                "%capture_start --cells."
            )
        status, wall, length = self._clock(session_id)
        if not wall:
            raise ConflictError(f"{session_id} is {status}: it does not record, so no cell can be.")
        timed = [(_timed(cell, wall, length), known.kept(cell)) for cell in ran]
        found = [(cell, kept) for cell, kept in timed if cell is not None]
        kept = [_untimed(cell) for cell, stays in found if stays]
        kept = [cell for cell in kept if cell not in known.cells]  # sent twice
        if kept:
            self._append(session_id, [{"cell": cell.model_dump(mode="json")} for cell in kept])
            with contextlib.suppress(CaptureError):  # the cells are safe; the index comes later
                self._embed([_text(cell) for cell in kept])
            if status == "exported":
                self.settle(session_id)
        return found

    def page(self, session_id: str) -> CellPage:
        """The kept cells of a session in order of time."""
        known = _read(self._path(session_id))
        _, wall, length = self._clock(session_id)
        timed = [_timed(cell, wall, length) for cell in known.cells] if wall else []
        cells = sorted((cell for cell in timed if cell is not None), key=lambda cell: cell.start)
        return CellPage(store=known.switches[-1][1] if known.switches else None, cells=cells)

    def forget(self, session_id: str, start: float, end: float) -> int:
        """Erase the cells that ran, even in part, from ``start`` to ``end`` (media seconds).

        Returns how many.
        """
        gone = [cell for cell in self.page(session_id).cells if cell.start < end]
        gone = [cell for cell in gone if cell.end > start]
        if gone:
            known = _read(self._path(session_id))
            erased = [_untimed(cell) for cell in gone]
            cells = [cell for cell in known.cells if cell not in erased]
            self._rewrite(session_id, known.switches, cells)
            self._vectors.clear()
            self.settle(session_id)
        return len(gone)

    # -- what comes of it

    def settle(self, session_id: str) -> None:
        """Write the index of an exported session's cells. Never raises: a recording is exported
        all the same, and the next start of the engine tries again."""
        if not self._path(session_id).exists():
            return
        try:
            self._index(session_id)
        except Exception:
            logger.exception("the cells of %s could not be indexed", session_id)

    def resume(self) -> None:
        """Index what an engine before this one did not come to."""
        for path in self._home.sessions.glob("*/cells.jsonl"):
            session_id = path.parent.name
            with self._store.read() as connection:
                track = _home_track(connection, session_id)
                done = track is None or find_index(connection, track, KIND) is not None
            if not done:
                self.settle(session_id)

    def chapters_of(self, asset_id: str) -> list[Chapter]:
        """A chapter for each cell that ran while a recording was made; [] for other assets.

        All assets of a session share its time. Chapters follow one another without a hole; the
        title is the cell's number and its first line.
        """
        with self._store.read() as connection:
            row = connection.execute(select(assets).where(assets.c.id == asset_id)).one_or_none()
        if row is None or row.session_id is None:
            return []
        cells = [cell for cell in self.page(row.session_id).cells if cell.start < row.length]
        ends = [*(cell.start for cell in cells[1:]), row.length]
        return [
            Chapter(cell.start, end, _title(cell))
            for cell, end in zip(cells, ends, strict=False)
            if end > cell.start
        ]

    def _index(self, session_id: str) -> None:
        cells = self.page(session_id).cells
        with self._store.read() as connection:
            track = _home_track(connection, session_id)
            length = _clock_row(connection, session_id).duration or 0.0
        if track is None:
            return
        ran = [
            Ran(cell.start, min(length, max(cell.end, cell.start + SHORTEST)), _text(cell))
            for cell in cells
        ]
        vectors = self._embed([each.text for each in ran])
        with self._store.write() as connection:
            if _home_track(connection, session_id) != track:
                return  # it was deleted meanwhile
            delete_index(connection, track, KIND)
            if ran:
                write_index(connection, track, KIND, CELLS, ran, vectors, "notebook", None)

    def _embed(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Cells are embedded as they come in, so that a stop waits for no model."""
        try:
            new = [text for text in dict.fromkeys(texts) if text not in self._vectors]
            if new:
                self._vectors.update(zip(new, self._embedder.embed(new), strict=True))
        except CaptureError as error:
            logger.warning("cells cannot be embedded: %s", error.code)
            raise
        if not texts:
            return np.empty((0, 384), np.float32)
        return np.stack([self._vectors[text] for text in texts])

    # -- where it lies

    def _path(self, session_id: str) -> Path:
        return self._home.session(session_id) / "cells.jsonl"

    def _append(self, session_id: str, lines: Sequence[dict[str, Any]]) -> None:
        text = "".join(json.dumps(line) + "\n" for line in lines)
        with self._writing:
            descriptor = os.open(
                self._path(session_id), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600
            )
            with os.fdopen(descriptor, "a") as file:
                file.write(text)

    def _rewrite(
        self, session_id: str, switches: Sequence[tuple[float, bool]], cells: Sequence[Cell]
    ) -> None:
        path = self._path(session_id)
        lines = [json.dumps({"store": store, "at": at}) for at, store in switches]
        lines += [json.dumps({"cell": cell.model_dump(mode="json")}) for cell in cells]
        part = path.with_suffix(".part")
        with self._writing:
            descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "w") as file:
                file.write("".join(f"{line}\n" for line in lines))
            part.replace(path)

    def _clock(self, session_id: str) -> tuple[str, list[tuple[float, float]], float | None]:
        """Status, the map of times and the length, as far as they are known by now."""
        with self._store.read() as connection:
            row = _clock_row(connection, session_id)
        if row.wall_clock:
            return row.status, row.wall_clock, row.duration
        try:
            path = self._home.session(session_id) / "manifest.json"
            manifest = Manifest.model_validate_json(path.read_bytes())
        except (OSError, ValidationError):
            return row.status, [], None
        return row.status, manifest.wall_clock, None


def _clock_row(connection: Connection, session_id: str) -> Any:
    columns = (sessions.c.status, sessions.c.wall_clock, sessions.c.duration)
    return connection.execute(select(*columns).where(sessions.c.id == session_id)).one()


def _home_track(connection: Connection, session_id: str) -> str | None:
    """The track that holds the index: of the exported video alone where there is such a one."""
    found = connection.execute(
        select(tracks.c.id)
        .join(asset_tracks, asset_tracks.c.track_id == tracks.c.id)
        .join(sessions, sessions.c.exported_video_id == asset_tracks.c.asset_id)
        .where(sessions.c.id == session_id)
        .order_by(tracks.c.channel_id != MIX, asset_tracks.c.ordinal)
    )
    return found.scalars().first()


def _read(path: Path) -> _Kept:
    """A line that a kill cut short is left out."""
    switches: list[tuple[float, bool]] = []
    cells: list[Cell] = []
    try:
        lines = path.read_text().splitlines()
    except FileNotFoundError:
        return _Kept((), ())
    for line in lines:
        try:
            said = json.loads(line)
            if "cell" in said:
                cells.append(Cell.model_validate(said["cell"]))
            else:
                switches.append((float(said["at"]), bool(said["store"])))
        except (ValueError, KeyError):
            logger.warning("a line of %s cannot be read", path)
    return _Kept(tuple(switches), tuple(cells))


def _timed(
    cell: Cell, wall: Sequence[tuple[float, float]], length: float | None
) -> TimedCell | None:
    """None where none of its time was recorded."""
    limit = float("inf") if length is None else length
    start = min(limit, media_time(wall, cell.started))
    end = min(limit, media_time(wall, cell.ended))
    return TimedCell(**cell.model_dump(), start=start, end=end) if end > start else None


def _untimed(cell: TimedCell) -> Cell:
    return Cell(**cell.model_dump(exclude={"start", "end"}))


def _text(cell: Cell) -> str:
    code = cell.code.strip()[:_TEXT] or "(an empty cell)"
    return f"{code}\n{cell.error or 'Error'} was raised" if cell.status == "error" else code


def _title(cell: Cell) -> str:
    number = f"[{cell.number}] " if cell.number is not None else ""
    failed = " · failed" if cell.status == "error" else ""
    return f"{number}{code_line(cell.code, 60)}{failed}".strip()
