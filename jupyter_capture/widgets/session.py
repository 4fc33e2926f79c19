"""The panel that records: channels, what is kept of them, and what goes on."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import traitlets
from IPython.core.getipython import get_ipython

from jupyter_capture.client import attendance
from jupyter_capture.client.cells import watch
from jupyter_capture.client.channel import requests
from jupyter_capture.client.session import CaptureSession
from jupyter_capture.widgets._asked import STATIC
from jupyter_capture.widgets._panel import Panel
from jupyter_capture.wire.cells import CELLS

if TYPE_CHECKING:
    from jupyter_capture.client.connection import Connection

RUNNING = ("starting", "active", "paused", "stopping")


class SessionPanel(Panel):
    """Choose channels, record, watch the levels, keep or not, stop.

    ``session`` is a `CaptureSession` or the id of one; without it the panel takes the one that
    records, else it offers to begin. ``channels`` (dicts, `Channel` objects or names) are switched
    on at first; without them the first display, the microphone and the system's sound are.
    ``name`` is that of the recording.

    Traits that can be observed: ``status`` ("idle" before there is a session, then as
    `CaptureSession.status`), ``session`` (a `CaptureSession` or None), ``session_id``, and
    ``channels``: dicts of ``channel_id``, ``name``, ``type``, ``store``, ``on``, ``is_primary``.
    They follow while the panel is on a page. Nothing that is said is among them.

    In a notebook its cells are a channel as well, ``notebook:cells``, off unless it is switched on;
    while it is, this kernel tells the engine what it executes. `cells` says what becomes of them.
    """

    _esm: ClassVar[Path] = STATIC / "session.js"
    _css: ClassVar[Path] = STATIC / "session.css"

    session = traitlets.Instance(CaptureSession, allow_none=True)
    session_id = traitlets.Unicode("").tag(sync=True)
    status = traitlets.Unicode("idle").tag(sync=True)
    channels = traitlets.List(traitlets.Dict()).tag(sync=True)
    name = traitlets.Unicode("").tag(sync=True)
    notebook = traitlets.Bool(False).tag(sync=True)

    def __init__(
        self,
        session: CaptureSession | str | None = None,
        *,
        channels: Iterable[Any] = (),
        name: str = "",
        connection: Connection | None = None,
    ) -> None:
        self._attended: set[str] = set()
        own = session._connection if isinstance(session, CaptureSession) else None
        wanted = [{**each, "on": True} for each in requests(channels, None)] if channels else []
        runs_cells = get_ipython() is not None
        super().__init__(connection or own, name=name, channels=wanted, notebook=runs_cells)
        if isinstance(session, CaptureSession):
            self.session = session
        elif session:
            self.session_id = session

    def __repr__(self) -> str:
        named = f"session={self.session_id}, " if self.session_id else ""
        return f"SessionPanel({named}status={self.status})"

    @property
    def cells(self) -> bool | None:
        """Whether cells are kept (True) or live only (False); None where they are not recorded."""
        found = [each for each in self._on if each.get("channel_id") == CELLS]
        return bool(found[0].get("store")) if found else None

    @traitlets.observe("session")
    def _session_was_set(self, change: Any) -> None:
        session = change["new"]
        self.session_id = session.id if session is not None else ""
        self.status = session.status if session is not None else "idle"

    @traitlets.observe("session_id")
    def _id_was_set(self, change: Any) -> None:
        """The front end began, or found, a session."""
        id = change["new"]
        if not id:
            self.session = None
        elif self.session is None or self.session.id != id:
            # What is known of it is read when somebody asks: `session.refresh()`.
            self.session = CaptureSession(self.connection, id, "default", status=self.status)

    @traitlets.observe("status")
    def _status_was_set(self, change: Any) -> None:
        """As long as this kernel lives, somebody is there while it records."""
        if self.session is not None:
            self.session.status = change["new"]
        folder = self.connection.data_dir
        if change["new"] in RUNNING and self.session_id not in self._attended and folder:
            self._attended.add(self.session_id)
            attendance.attend(folder, self.session_id)

    @traitlets.observe("channels", "status")
    def _watch_cells(self, _: Any) -> None:
        """Before it is active, the engine takes none in."""
        shell, session = get_ipython(), self.session
        going = self.status in ("active", "paused") and self.cells is not None
        if going and shell is not None and session is not None:
            watch(shell, session)

    def _stands_in(self) -> dict[str, str]:
        kept = [f"{each.get('name') or each.get('channel_id')}: {_word(each)}" for each in self._on]
        lines = "".join(f"<li>{escape(line)}</li>" for line in kept)
        head = f"<b>Recording</b> {escape(self.session_id)} {escape(self.status)}"
        return {"text/plain": repr(self), "text/html": f"<div>{head}<ul>{lines}</ul></div>"}

    @property
    def _on(self) -> list[dict[str, Any]]:
        return [each for each in self.channels if each.get("on")]


def _word(channel: dict[str, Any]) -> str:
    return "kept" if channel.get("store") else "live only"
