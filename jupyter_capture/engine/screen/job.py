"""The job that indexes the text on the screen of an asset."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from sqlalchemy import select

from jupyter_capture.engine.index import find_index, write_index
from jupyter_capture.engine.library import Library, TrackRow
from jupyter_capture.engine.schema import tracks
from jupyter_capture.engine.screen.reader import MODEL, Reader
from jupyter_capture.engine.screen.watch import Screen, Written
from jupyter_capture.engine.store import Store
from jupyter_capture.errors import GoneError, InvalidRequestError, MediaError
from jupyter_capture.media.tracks import StoredTrack

_LOOK = 0.25  # s
_STEP = 0.01  # of the whole

Progress = Callable[[float, str], None]


class Embeds(Protocol):
    def embed(self, texts: list[str]) -> Any: ...


class ScreenText:
    def __init__(
        self,
        store: Store,
        library: Library,
        embedder: Callable[[], Embeds],
        threads: int,
        progress: Progress,
    ) -> None:
        self._store = store
        self._library = library
        self._embedder = embedder
        self._threads = threads
        self._progress = progress

    def index(self, asset_id: str, force: bool) -> dict[str, Any]:
        """Read, embed and index what is written on an asset's screen. Safe to repeat."""
        found = [one for one in self._library.tracks_of(asset_id) if one.kind == "video"]
        if not found:
            raise InvalidRequestError(
                f"{asset_id} has no picture, so there is no text on it. The muxed video and the "
                "display's asset have."
            )
        track = found[0]
        with self._store.read() as connection:
            known = find_index(connection, track.id, "screen_text")
        if known is not None and not force:
            return {"asset_id": asset_id, "segments": known.end_id - known.first_id, "warnings": []}
        written, warnings = self._read(track)
        self._progress(0.95, "Indexing screen text")
        self._write(track, written)
        self._progress(1.0, "Indexed")
        return {"asset_id": asset_id, "segments": len(written), "warnings": warnings}

    def _read(self, row: TrackRow) -> tuple[list[Written], list[str]]:
        track = self._library.open(row)
        screen = Screen(Reader(self._threads))
        warnings: list[str] = []
        self._progress(0.0, "Reading screen text")
        try:
            look_at(track, screen, lambda done: self._progress(0.95 * done, "Reading screen text"))
        except MediaError as error:
            if track.end <= track.start:
                raise
            warnings.append(f"Read up to the damage only: {error.message}")
        return screen.finish(track.end / track.timescale), warnings

    def _write(self, track: TrackRow, written: list[Written]) -> None:
        vectors = self._embedder().embed([one.text for one in written])
        with self._store.write() as connection:
            there = connection.execute(select(tracks.c.id).where(tracks.c.id == track.id)).first()
            if there is None:
                raise GoneError("It was deleted while its text was being read; nothing is kept.")
            write_index(
                connection,
                track.id,
                "screen_text",
                track.channel_id,
                written,
                vectors,
                MODEL,
                None,
                [one.boxes for one in written],
            )


def look_at(track: StoredTrack, screen: Screen, progress: Callable[[float], None]) -> None:
    """A few times a second, and always at what a picture was before it stood still."""
    looked = told = float("-inf")
    held: tuple[float, Any] | None = None
    for frame in track.frames(track.start, track.end):
        at = (frame.pts or 0) / track.timescale
        if held is not None and at - held[0] >= _LOOK:
            _show(screen, *held)
        held = (at, frame)
        if at - looked >= _LOOK:
            _show(screen, *held)
            held, looked = None, at
        done = at * track.timescale / max(track.end, 1)
        if done - told >= _STEP:
            told = done
            progress(max(0.0, min(1.0, done)))
    if held is not None:
        _show(screen, *held)


def _show(screen: Screen, at: float, frame: Any) -> None:
    gray = frame.to_ndarray(format="gray")
    screen.look(max(0.0, at), gray, lambda: frame.to_ndarray(format="rgb24"))
