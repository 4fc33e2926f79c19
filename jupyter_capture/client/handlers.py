"""Functions of the notebook that a session's events call, without any address that others reach."""

from __future__ import annotations

import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jupyter_capture.client._events import Event, state_event
from jupyter_capture.client._states import ENDED, ORDER
from jupyter_capture.client.engine import listens, read_locator
from jupyter_capture.errors import (
    AuthenticationError,
    CaptureError,
    EngineUnavailableError,
    ForbiddenError,
    InvalidRequestError,
    NotFoundError,
)

if TYPE_CHECKING:
    from jupyter_capture.client.connection import Connection
    from jupyter_capture.client.session import CaptureSession

Handler = Callable[[Event], object]

STATES = (*ORDER, "paused", "failed")
LIVE = ("levels", "silence", "gap", "disk", "cells", "transcript", "alert", "audio_index",
        "visual_index", "scene_index")  # fmt: skip
_STATE = "capture_session."
_AGAIN = 0.5
"""Seconds until an engine that is away, or has no websocket, is asked again."""
_QUIET = 5.0
"""Seconds without an event of the session after which it is asked about."""
_NEVER = float("-inf")
_TICK = 0.5
_NONE_YET = "0-0"
"""A cursor that no engine has given: all that the next one tells is new."""


@dataclass
class _Registered:
    name: str
    call: Handler
    seen: int = 0
    """So many of the session's states were looked at for it."""


class Handlers:
    """Calls what was registered for a session, in a thread that ends with the session or the
    process. A state that it has passed already is told at once; one that was passed while nobody
    listened, as during the restart of an engine, is told afterwards, and so are live events."""

    def __init__(self, session: CaptureSession) -> None:
        self._session = session
        self._given = session._connection
        self._registered: list[_Registered] = []
        self._past: list[Event] = []  # each state that it reached, in order
        self._over = False
        self._cursor: str | None = None  # of the last live event, as the engine counts them
        self.away = 0
        """How often the engine was not there."""
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def add(self, event: str, call: Handler) -> None:
        """Raises InvalidRequestError where there is no such event."""
        name = event.removeprefix(_STATE)
        if name not in STATES + LIVE:
            raise InvalidRequestError(
                f"There is no event {event!r}. Of a session there are {', '.join(STATES)}, and "
                f"while it records {', '.join(LIVE)}."
            )
        with self._lock:
            self._registered.append(_Registered(name, call))
            if self._thread is None:
                title = f"events of {self._session.id}"
                self._thread = threading.Thread(target=self._run, name=title, daemon=True)
                self._thread.start()

    def _run(self) -> None:
        # Of its own: one that is shared could be closed by one thread, for an engine that was
        # restarted, while the other is about to ask.
        connection = _own(self._given)
        self._session._connection = connection
        try:
            self._listen()
        finally:
            if connection is not self._given:
                connection.close()

    def _listen(self) -> None:
        pause = threading.Event()
        while not self._is_over():
            try:
                self._follow()
            except (NotFoundError, AuthenticationError, ForbiddenError) as error:
                _say(f"No more events of {self._session.id}: {error.message}\n")
                with self._lock:
                    self._thread = None
                return
            except CaptureError:
                # The engine is away; the recording goes on without it.
                self.away += 1
                self._cursor = self._cursor or _NONE_YET
                folder = self._session._connection.data_dir
                if folder is not None and not folder.exists():
                    return
                pause.wait(_AGAIN)

    def _is_over(self) -> bool:
        """Whether everything was told. Who registers afterwards starts another thread."""
        with self._lock:
            told = all(one.seen == len(self._past) for one in self._registered)
            if self._over and told:
                self._thread = None
                return True
        return False

    def _follow(self) -> None:
        """Until it has ended. Raises CaptureError where the engine does not answer."""
        with self._websocket() as receive:
            heard = _NEVER
            while True:
                if receive is None or time.monotonic() - heard >= _QUIET:
                    self._look()
                    heard = time.monotonic()
                self._tell()
                if self._is_over():
                    return
                if receive is None:
                    threading.Event().wait(_AGAIN)
                    continue
                event = receive(_TICK)
                if event is None:
                    continue
                self._cursor = event.pop("cursor", self._cursor)
                if self._is_mine(event):
                    # After its end an export may follow: the session knows.
                    heard = _NEVER if self._take(event) else time.monotonic()

    def _look(self) -> None:
        """At the session, for states of which no event came."""
        self._check_engine()
        session = self._session.refresh()
        last = self._past[-1]["status"] if self._past else ""
        for status in _between(last, session.status):
            self._past.append(self._made_up(status))
        self._over = session.status in ENDED and session.export_status != "exporting"

    def _check_engine(self) -> None:
        """An engine that somebody ended is not started again for this."""
        folder = self._session._connection.data_dir
        locator = read_locator(folder) if folder is not None else None
        if folder is not None and (locator is None or not listens(locator.socket)):
            raise EngineUnavailableError("The engine does not run.")

    def _made_up(self, status: str) -> Event:
        event = state_event(self._session, status)
        if status == "exported":
            with suppress(CaptureError):  # a client token may not ask for it
                found = self._session.export()
                urls = {name: found.get(name) for name in ("stream_url", "player_url")}
                event["data"].update(urls)
        return event

    def _is_mine(self, event: Event) -> bool:
        """Those of other sessions come too."""
        if event.get("capture_session_id") == self._session.id:
            return True
        stream = event.get("rtstream_id")
        return stream is not None and stream in {each.id for each in self._session.rtstreams}

    def _take(self, event: Event) -> bool:
        """Keep or tell what came over the websocket; whether the session has ended by it."""
        if event.get("channel") in LIVE:
            self._tell_live(event)
            return False
        status = str(event.get("status") or "")
        if event.get("event") != f"{_STATE}{status}":
            return False
        last = self._past[-1]["status"] if self._past else ""
        between = _between(last, status)
        for missed in between[:-1]:
            self._past.append(self._made_up(missed))
        if between:
            self._past.append(event)
        return status in ENDED

    def _tell(self) -> None:
        """Each handler what it has not seen yet."""
        with self._lock:
            registered = list(self._registered)
        for one in registered:
            while one.seen < len(self._past):
                event = self._past[one.seen]
                one.seen += 1
                if event["status"] == one.name:
                    self._call(one, event)

    def _tell_live(self, event: Event) -> None:
        with self._lock:
            registered = [one for one in self._registered if one.name == event["channel"]]
        for one in registered:
            self._call(one, event)

    def _call(self, one: _Registered, event: Event) -> None:
        try:
            one.call(event)
        except Exception as error:
            called = getattr(one.call, "__name__", "a function")
            within = error.__traceback__.tb_next if error.__traceback__ else None
            shown = "".join(traceback.format_exception(type(error), error, within))
            _say(f"{called}(), called as {self._session.id} is {one.name}, failed:\n{shown}")

    @contextmanager
    def _websocket(self) -> Iterator[Callable[[float], Event | None] | None]:
        """Gives the next event, None where none comes in time; None where it cannot be had."""
        from websockets.exceptions import WebSocketException
        from websockets.sync.client import connect

        self._check_engine()
        session = self._session
        try:
            made = session._connection.connect_websocket(
                session.collection_id, session_id=session.id
            )
            missed = f"?after={self._cursor}" if self._cursor else ""
            socket = connect(made._url + missed)
        except (CaptureError, WebSocketException, OSError):
            yield None
            return
        with socket:
            yield lambda seconds: _received(socket, seconds)


def _own(connection: Connection) -> Connection:
    from jupyter_capture.client.connection import connect

    return connection if connection.data_dir is None else connect(data_dir=connection.data_dir)


def _received(socket: Any, seconds: float) -> Event | None:
    """Raises EngineUnavailableError where it broke off."""
    import json

    from websockets.exceptions import WebSocketException

    try:
        event = json.loads(socket.recv(timeout=seconds))
    except TimeoutError:
        return None
    except (WebSocketException, OSError, ValueError) as error:
        raise EngineUnavailableError(f"The websocket broke off ({error}).") from error
    return event if isinstance(event, dict) else {}


def _between(last: str, status: str) -> list[str]:
    """The states that a session has passed since ``last``, and that it is in."""
    if status == last:
        return []
    if status == "failed":
        return ["failed"]
    at = "active" if last == "paused" else last
    to = "active" if status == "paused" else status
    if to not in ORDER:
        return [status]
    first = ORDER.index(at) + 1 if at in ORDER else 0
    passed = list(ORDER[first : ORDER.index(to) + 1])
    if status == "paused":
        return [*passed, "paused"]
    if last == "paused" and status == "active":
        return ["active"]
    return passed


def _say(text: str) -> None:
    sys.stderr.write(text)
    sys.stderr.flush()
