"""How a recording ends: with what its recorder left, stopped and then exported, or failed."""

from __future__ import annotations

import threading
from typing import Any

from sqlalchemy import Row

from jupyter_capture.engine.home import Home
from jupyter_capture.engine.sessions import recorders
from jupyter_capture.engine.sessions.erasure import Erasure
from jupyter_capture.engine.sessions.export import drop_empty
from jupyter_capture.engine.sessions.records import Records
from jupyter_capture.errors import MediaError
from jupyter_capture.media.remains import settle
from jupyter_capture.wire.recorder import Manifest

RUNNING = ("starting", "active", "paused", "stopping")


class Ending:
    def __init__(self, records: Records, home: Home, erasure: Erasure) -> None:
        self._records = records
        self._home = home
        self._erasure = erasure
        self._closing = threading.Lock()

    def complete(self, session_id: str) -> None:
        """Bring to its end what has no recorder any more."""
        with self._closing:
            session = self._records.row(session_id)
            if session.status in RUNNING:
                self.recover(session_id)
            elif unfinished(session):
                self._export(session_id)

    def recover(self, session_id: str, reason: str | None = None) -> None:
        """Close a session with what its recorder left, whether it came to its end or not.
        ``reason``: why the engine stopped it."""
        folder = self._home.session(session_id)
        try:
            manifest = self._records.manifest(session_id)
            if manifest is None or manifest.status != "stopped":
                recorders.end(folder)
                manifest = self._records.manifest(session_id)
        except MediaError as error:
            self.fail(session_id, error.message)
            return
        if manifest is None:
            self.fail(session_id, "The recorder ended before it had recorded anything. Try again.")
        elif manifest.status == "stopped":
            self._finish(session_id, manifest, manifest.restarts > 0, reason)
        else:
            self._finish(session_id, settle(manifest, folder), True, reason)

    def break_off(self, session_id: str, said: str) -> None:
        """The recorder failed: what was recorded until then is a recording."""
        manifest = self._records.manifest(session_id)
        if manifest is not None and manifest.tracks:
            manifest = settle(manifest, self._home.session(session_id))
            self._finish(session_id, manifest, True, None)
        else:
            self.fail(session_id, said)

    def fail(self, session_id: str, said: str) -> None:
        self._records.advance(session_id, "failed", {"error": said}, of=RUNNING, error=said)

    def _finish(
        self, session_id: str, manifest: Manifest, recovered: bool, reason: str | None
    ) -> None:
        """Stopped, then exported."""
        session = self._records.row(session_id)
        metadata = {**session.metadata, "recovered": True} if recovered else session.metadata
        if manifest.restarts:
            metadata = {**metadata, "restarts": manifest.restarts}
        reason = manifest.reason or reason
        if reason:
            metadata = {**metadata, "stop_reason": reason}
        folder = self._home.session(session_id)
        self._erasure.finish(session_id, manifest)
        drop_empty(manifest, folder)
        keeps = bool(manifest.tracks)
        data: dict[str, Any] = {"duration": manifest.duration, "exports": keeps}
        if not keeps:
            data["message"] = _why_nothing(session)
        if reason:
            data["reason"] = reason
        self._records.advance(
            session_id,
            "stopped",
            data,
            of=RUNNING,
            duration=manifest.duration,
            started_at=manifest.started_at or session.started_at,
            wall_clock=manifest.wall_clock,
            metadata=metadata,
            export_status="exporting" if keeps else None,
        )
        if keeps:
            self._records.export(session_id, manifest)

    def _export(self, session_id: str) -> None:
        """The export of a session whose engine ended between its stop and its export."""
        manifest = self._records.manifest(session_id)
        folder = self._home.session(session_id)
        if manifest is not None:
            manifest = manifest if manifest.status == "stopped" else settle(manifest, folder)
            self._erasure.finish(session_id, manifest)
            drop_empty(manifest, folder)
            self._records.export(session_id, manifest)


def unfinished(session: Row[Any]) -> bool:
    """Whether something of it has still to be done."""
    return session.status in RUNNING or (
        session.status == "stopped" and session.export_status == "exporting"
    )


def _why_nothing(session: Row[Any]) -> str:
    if any(channel["store"] for channel in session.channels):
        return "Nothing was recorded, so there is nothing to export."
    return "No channel was kept, so there is nothing to export."
