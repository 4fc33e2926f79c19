"""What a name on a magic's line means: a video, a session, a shot, a cell."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, cast

from IPython.core.error import UsageError

from jupyter_capture.errors import InvalidRequestError, NotOfferedError
from jupyter_capture.magics.current import RECORDING, Current

if TYPE_CHECKING:
    from jupyter_capture.client._playable import Playable
    from jupyter_capture.client.audio import Audio
    from jupyter_capture.client.collection import Collection
    from jupyter_capture.client.search import Shot
    from jupyter_capture.client.session import CaptureSession
    from jupyter_capture.client.video import Video

SHORTEST = 3.0
"""Seconds that a cell is played at least: most run for an instant."""


class Finding:
    """Raises UsageError, in one line, where there is no such thing."""

    def __init__(self, current: Current) -> None:
        self._current = current

    def playable(self, what: str | None) -> Playable:
        """A shot by its number, all of them, an asset, or a recording that goes on; by default the
        best shot."""
        shots = self._current.shots
        if what is None and not shots and (session := self._current.running()) is not None:
            return session
        if what is None:
            return shots[0] if shots else self.last_video()
        if what.startswith("cap-"):
            session = self._current.connection.get_capture_session(what)
            return session if session.status in ("active", "paused") else self.video_of(session)
        if what.isdigit():
            return self.shot(int(what))
        if what != "all":
            return self.asset(what)
        self.shot(1)
        from jupyter_capture.client.search import SearchResult

        every = SearchResult(self._current.connection, "all shots")
        every.shots = shots
        return every

    def shot(self, number: int) -> Shot:
        shots = self._current.shots
        if not shots:
            raise UsageError("Nothing was found yet. %search words, then %play 1.")
        if not 1 <= number <= len(shots):
            raise UsageError(f"There is no shot {number}. The last search found 1 to {len(shots)}.")
        return shots[number - 1]

    def asset(self, id: str) -> Video | Audio:
        connection = self._current.connection
        if id.startswith("cap-"):
            return self.video_of(connection.get_capture_session(id))
        if id.startswith("a-"):
            return connection.get_collection().get_audio(id)
        if id.startswith("m-"):
            return connection.get_collection().get_video(id)
        raise UsageError(
            f"{id!r} is no video (m-…), sound (a-…) or session (cap-…), nor the number of a shot. "
            "%capture_sessions lists what there is."
        )

    def last_video(self) -> Video:
        current = self._current
        if current.video is not None:
            return current.video
        if current.session is not None:
            return self.video_of(current.session)
        for session in current.connection.list_capture_sessions(status="exported"):
            if (video := session.get_video()) is not None:
                return video
        raise UsageError("There is no video yet. %capture_start records one.")

    def video_of(self, session: CaptureSession) -> Video:
        if session.refresh().status in RECORDING:
            raise UsageError(f"{session.id} still records. %capture_stop first.")
        video = session.get_video()
        if video is None:
            raise UsageError(f"{session.id} is {session.status}: it kept nothing, so has no video.")
        return video

    def collection(self, kinds: set[str]) -> tuple[Collection, list[Video]]:
        """All of it, with what is to be searched indexed; and the videos whose screens are read
        meanwhile."""
        collection = self._current.connection.get_collection()
        videos = [video for video in collection.get_videos() if not video.channel_id]
        if not videos:
            raise UsageError("There is nothing to search yet. %capture_start records.")
        if "words" not in kinds:
            self._index_all(videos, kinds)
            return collection, []
        # All speech first: a screen that is being read takes the machine's time.
        heard = self._index_all(videos, {"spoken"})
        silent = [video for video in videos if video not in heard]
        if not heard:
            self._index_all(silent, {"screen"})
        self._index_all(videos, kinds - {"words"})
        return collection, [video for video in videos if self._read_later(video)]

    def _index_all(self, videos: Iterable[Video], kinds: set[str]) -> list[Video]:
        """Those that have what is to be indexed: one without sound has no words."""
        done = []
        for video in videos:
            with suppress(InvalidRequestError, NotOfferedError):
                self.index(video, kinds)
                done.append(video)
        return done

    def index(self, asset: Video | Audio, kinds: Iterable[str] = ("spoken",)) -> bool:
        """``kinds``: spoken, screen, or words, which is both as far as it goes; cells need
        nothing. Of words the speech is waited for, and the screen, which takes long, is read
        meanwhile: whether that goes on still."""
        reading = False
        for kind in kinds:
            if kind == "cells" or (asset.id, kind) in self._current.indexed:
                continue
            video = None if asset.id.startswith("a-") else cast("Video", asset)
            if kind == "words" and video is not None:
                reading = self._index_words(video)
                continue
            if kind != "screen":
                asset.index_spoken_words()
            elif video is not None:
                video.index_screen_text()
            self._current.indexed.add((asset.id, kind))
        return reading

    def _index_words(self, video: Video) -> bool:
        try:
            self.index(video, {"spoken"})
        except InvalidRequestError as error:
            try:
                self.index(video, {"screen"})  # without sound there is nothing else to wait for
            except (InvalidRequestError, NotOfferedError):
                raise error from None
        return self._read_later(video)

    def _read_later(self, video: Video) -> bool:
        """Begin to read its screen, unless that was done; whether it is being read now."""
        known = self._current.indexed
        if (video.id, "screen") in known or (video.id, "words") in known:
            return False
        with suppress(InvalidRequestError, NotOfferedError):
            if video.index_screen_text(wait=False) is None:
                return True
        known.add((video.id, "words"))
        return False

    def cell(self, number: int | None, id: str | None) -> Shot:
        """The last run of the cell that had this number once; by default the last cell that ran."""
        session = self._session_with_cells(id)
        if session.status in RECORDING:
            which = "" if number is None else f" {number}"
            raise UsageError(
                f"{session.id} still records. %capture_stop first, then %play --cell{which}."
            )
        cells = session.get_cells()
        if not cells:
            raise UsageError(
                f"No cell was kept in {session.id}. %capture_start --cells keeps those that run."
            )
        runs = [cell for cell in cells if number is None or cell.number == number]
        if not runs:
            known = ", ".join(str(cell.number) for cell in cells[-12:] if cell.number is not None)
            raise UsageError(
                f"No cell [{number}] ran while {session.id} was recorded, but {known}."
            )
        place = runs[-1].cell_id
        cell = [each for each in cells if each is runs[-1] or (place and each.cell_id == place)][-1]
        video = self.video_of(session)
        from jupyter_capture.client.search import Shot
        from jupyter_capture.wire.cells import code_line

        return Shot(
            self._current.connection,
            video.id,
            video.length,
            video.name,
            cell.start,
            min(video.length, max(cell.end, cell.start + SHORTEST)),
            f"[{cell.number}] {code_line(cell.code)}",
            channel="notebook:cells",
        )

    def _session_with_cells(self, id: str | None) -> CaptureSession:
        connection = self._current.connection
        if id and not id.startswith("cap-"):
            raise UsageError(f"{id!r} is no session (cap-…). %capture_sessions lists them.")
        if id:
            return connection.get_capture_session(id)
        if self._current.session is not None:
            return self._current.session.refresh()
        for session in connection.list_capture_sessions():
            if session.cells is not None:
                return session
        raise UsageError("No recording has cells yet. %capture_start --cells makes one.")
