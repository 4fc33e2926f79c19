"""What the magics mean where nothing is named: this shell's connection, session, last shots."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError

if TYPE_CHECKING:
    from jupyter_capture.client.connection import Connection
    from jupyter_capture.client.search import Shot
    from jupyter_capture.client.session import CaptureSession
    from jupyter_capture.client.video import Video

RECORDING = ("starting", "active", "paused", "stopping")
ENDED = ("exported", "stopped", "failed")


class Current:
    """One for each shell. ``session`` is the last one started or stopped here, ``video`` the last
    one exported here, ``shots`` the hits of the last search, in the order in which they are
    numbered. ``indexed`` holds ids of videos, each with the kind of
    index that it has."""

    def __init__(self, shell: Any) -> None:
        self.shell = shell
        self.session: CaptureSession | None = None
        self.video: Video | None = None
        self.shots: list[Shot] = []
        self.indexed: set[tuple[str, str]] = set()
        self._connection: Connection | None = None

    @property
    def connection(self) -> Connection:
        """To this machine's engine, unless `use` took another."""
        if self._connection is None:
            from jupyter_capture.client.connection import connect

            self._connection = connect()
        return self._connection

    def use(self, connection: Connection) -> None:
        """Work with ``connection`` from now on; what belonged to the former is forgotten."""
        self.close()
        self._connection = connection

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = self.session = self.video = None
        watching = getattr(self.shell, "_jupyter_capture_cells", None)
        if watching is not None:
            watching.end(flush=False)
        self.shots = []
        self.indexed = set()

    def answering(self) -> Connection | None:
        """The connection where somebody answers already: completion starts no engine."""
        from jupyter_capture.client.engine import answers, read_locator

        connection = self.connection
        if connection.data_dir is None:
            return connection
        locator = read_locator(connection.data_dir)
        return connection if locator is not None and answers(locator) else None

    def assign(self, name: str | None, value: object) -> None:
        """``--into name``."""
        if name:
            self.shell.push({name: value})

    def running(self) -> CaptureSession | None:
        """The session of this shell, if it still records."""
        if self.session is None:
            return None
        return self.session if self.session.refresh().status in RECORDING else None

    def chosen_session(self, id: str | None) -> CaptureSession:
        """The session that was named, else this shell's, else the only one that records: after a
        kernel's restart it is still there."""
        if id:
            return self.connection.get_capture_session(id)
        if self.session is not None:
            return self.session.refresh()
        recordings = self.connection.status().recordings
        if not recordings:
            raise UsageError("Nothing is recording. %capture_start begins.")
        if len(recordings) > 1:
            raise UsageError(f"More than one records, so name it: {', '.join(recordings)}.")
        return self.adopt(self.connection.get_capture_session(recordings[0]))

    def recording(self, id: str | None) -> CaptureSession | None:
        """As `chosen_session`, among those that record; None where nothing does."""
        if id:
            return self.connection.get_capture_session(id)
        if (session := self.running()) is not None:
            return session
        local = self.connection.data_dir is not None
        recordings = self.connection.status().recordings if local else []
        if len(recordings) > 1:
            raise UsageError(f"More than one records, so name it: {', '.join(recordings)}.")
        if not recordings:
            return None
        return self.adopt(self.connection.get_capture_session(recordings[0]))

    def adopt(self, session: CaptureSession) -> CaptureSession:
        """Take a session for this shell's own, and its cells, where it wants them, from now on."""
        self.session = session
        if session.cells is not None:
            from jupyter_capture.client.cells import watch
            from jupyter_capture.magics.telling import offer

            watch(self.shell, session, offer)
        return session
