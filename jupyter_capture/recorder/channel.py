"""A channel being recorded: a thread that reads a device, and what becomes of the pieces."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

from jupyter_capture.errors import CaptureError, EngineError
from jupyter_capture.recorder.clock import NS, MediaClock
from jupyter_capture.recorder.sources.base import Source, SourceLostError
from jupyter_capture.wire.recorder import Report

log = logging.getLogger(__name__)

Piece = TypeVar("Piece")
Tell = Callable[[Report], None]

_TRY_AGAIN = 1.0  # s
_TICK = 0.25  # s


class ChannelThread(Generic[Piece]):
    """Reads one source until told to stop; opens it again when it was lost.

    ``ready`` is set once the device gave enough to be in step. Subclasses say what to do with a
    piece (`take`), and while there is none (`idle`). ``error``: what made the thread give up, for
    whoever watches it.
    """

    def __init__(self, source: Source[Piece], clock: MediaClock, tell: Tell) -> None:
        self.channel_id = source.channel_id
        self.clock = clock
        self.tell = tell
        self.ready = threading.Event()
        self.error: CaptureError | None = None
        self.lost: str | None = None
        self.kept = False
        self.paused = False
        self._source = source
        self._kept_since = self._heard_since = 0
        self._absent: str | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=self.channel_id, daemon=True)

    @property
    def state(self) -> str:
        """Why the channel gives nothing at the moment, or "" while it does."""
        if not self.kept:
            return "not kept"
        return "paused" if self.paused else self.lost or ""

    @property
    def storing(self) -> bool:
        """Whether what the device gives now is stored."""
        return self.kept and not self.paused

    def is_open(self, moment: int) -> bool:
        """Whether what was taken at a monotonic moment (ns) may be heard and seen: what comes late
        may have been taken in a pause."""
        return not self.paused and moment >= self._heard_since

    def is_storing(self, moment: int) -> bool:
        """Whether what was taken then is stored: what comes late may be from before that."""
        return self.kept and self.is_open(moment) and moment >= self._kept_since

    def _set_kept(self, kept: bool) -> None:
        if kept and not self.kept and self.clock.started:
            self._kept_since = time.monotonic_ns()
        self.kept = kept

    def _set_paused(self, paused: bool) -> None:
        if self.paused and not paused:
            self._heard_since = time.monotonic_ns()
        self.paused = paused

    def open(self) -> None:
        """Open the device. Raises DeviceError or UnknownChannelError."""
        self._source.open()

    def open_later(self, why: str) -> None:
        """Begin without the device, as if it had just been lost."""
        self._absent = why

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Ask the thread to end; a device that hangs in a read ends with the process."""
        self._stop.set()

    def join(self, timeout: float) -> bool:
        if self._thread.ident is not None:
            self._thread.join(timeout)
        return not self._thread.is_alive()

    def abandon(self) -> None:
        """Close a device that was opened but not started."""
        if self._thread.ident is None:
            self._source.close()

    def take(self, piece: Piece) -> None:
        raise NotImplementedError

    def idle(self) -> None:
        """Called every quarter of a second while the device is lost."""

    def found(self) -> None:
        """Called when the device came back."""

    def _run(self) -> None:
        try:
            if self._absent is not None:
                self._lose(self._absent)
            while not self._stop.is_set():
                try:
                    piece = self._source.read()
                except SourceLostError as error:
                    self._lose(str(error))
                    continue
                if self.lost is not None:
                    self._return()
                self.take(piece)
        except CaptureError as error:
            self.error = error
        except Exception as error:
            # Whatever it is, the session must hear of it and save the rest.
            log.exception("%s failed", self.channel_id)
            self.error = EngineError(f"{self.channel_id} failed: {error!r}. The rest is kept.")
        finally:
            self._source.close()

    def _lose(self, why: str) -> None:
        """Wait until the device can be opened again."""
        self._source.close()
        if self.lost is None:
            self.lost = why
            self.tell(self._gap_report("began"))
        again = time.monotonic() + _TRY_AGAIN
        while not self._stop.wait(_TICK):
            self.idle()
            if time.monotonic() < again:
                continue
            try:
                self._source.open()
            except CaptureError:
                again = time.monotonic() + _TRY_AGAIN
            else:
                return

    def _return(self) -> None:
        """The first piece is here: a device may be open for seconds before it gives any."""
        self.tell(self._gap_report("ended"))
        self.lost = None
        self.found()

    def _gap_report(self, state: str) -> Report:
        at = self.clock.now() / NS
        what = "is gone" if state == "began" else "is back"
        data = {
            "channel_id": self.channel_id,
            "state": state,
            "reason": self.lost,
            "at": at,
            "message": f"{self.channel_id} {what}; the other channels go on.",
        }
        return Report(report="gap", data=data)
