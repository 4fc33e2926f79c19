"""The cells of a notebook as a channel of a recording: watched here, sent to the engine.

What looks like a secret is masked before anything leaves this process; outputs are not looked at.
"""

from __future__ import annotations

import queue
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jupyter_capture.errors import CaptureError, ConflictError, NotFoundError
from jupyter_capture.wire.cells import Cell, TimedCell

if TYPE_CHECKING:
    from jupyter_capture.client.session import CaptureSession

FLUSH_SECONDS = 15.0
_ENDED = ("stopping", "stopped", "exported", "failed")
_AGAIN = 1.0  # s, after which what could not be sent is sent again
_KEPT_AS = "_jupyter_capture_cells"
# A cell that holds nothing but our own commands is not part of the story.
_LINE = re.compile(
    r"\s*(?:%(?:capture_\w+|search|play|transcript)\b.*|%(?:re)?load_ext\s+jupyter_capture\s*|#.*)?"
)
_BODY = re.compile(r"\s*%%(?:search|timeline)\b")


def cells_of(session: CaptureSession) -> list[TimedCell]:
    """The kept cells of a session in order of time; ``start`` and ``end`` in its seconds."""
    answer = session._connection.http.get(f"capture/session/{session.id}/cells") or {}
    return [TimedCell.model_validate(item) for item in answer.get("cells") or []]


def watch(
    shell: Any, session: CaptureSession, on_failed: Callable[[Cell], None] | None = None
) -> CellWatch:
    """From the next cell on, tell the engine what this IPython executes, until the session ends.

    ``on_failed`` is called after the traceback of a cell that failed. One session is watched at a
    time; asking again for the same one changes nothing.
    """
    known: CellWatch | None = getattr(shell, _KEPT_AS, None)
    if known is not None and known.session.id == session.id and known.watching:
        return known
    if known is not None:
        known.end()
    made = CellWatch(shell, session, on_failed)
    setattr(shell, _KEPT_AS, made)
    return made


@dataclass(frozen=True)
class _Begun:
    code: str
    at: float
    cell_id: str | None


class CellWatch:
    """Listens to an IPython's ``pre_run_cell`` and ``post_run_cell``."""

    def __init__(
        self, shell: Any, session: CaptureSession, on_failed: Callable[[Cell], None] | None
    ) -> None:
        self.session = session
        self.watching = True
        self._shell = shell
        self._on_failed = on_failed
        self._begun: list[_Begun | None] = []
        self._feed = _Feed(session)
        shell.events.register("pre_run_cell", self._before)
        shell.events.register("post_run_cell", self._after)

    def end(self, flush: bool = True) -> None:
        """Watch no more, once all that ran has been told. Again is nothing."""
        if self.watching:
            self.watching = False
            self._shell.events.unregister("pre_run_cell", self._before)
            self._shell.events.unregister("post_run_cell", self._after)
            self._feed.end(FLUSH_SECONDS if flush else 0.0)

    def _before(self, info: Any) -> None:
        # Cells within cells (%run, run_cell) are no cells of the notebook.
        told = bool(getattr(info, "store_history", False))
        code = str(info.raw_cell)
        begun = _Begun(code, time.time(), getattr(info, "cell_id", None)) if told else None
        self._begun.append(begun)

    def _after(self, result: Any) -> None:
        begun = self._begun.pop() if self._begun else None  # None: it began before we watched
        over = self._feed.over.is_set()
        if begun is not None and not _is_ours(begun.code):
            cell = _cell(begun, result)
            self._feed.put(cell)
            wrong = result.error_before_exec or result.error_in_exec
            if wrong is not None and not over and self._on_failed and _is_worth_a_look(wrong):
                self._on_failed(cell)
        if over or self.session.status in _ENDED:
            self.end()


class _Feed:
    """Sends cells from a thread of its own: no cell waits for the engine."""

    def __init__(self, session: CaptureSession) -> None:
        self.over = threading.Event()
        self._session = session
        self._cells: queue.Queue[Cell | None] = queue.Queue()
        self._thread = threading.Thread(target=self._run, name="cells", daemon=True)
        self._thread.start()

    def put(self, cell: Cell) -> None:
        self._cells.put(cell)

    def end(self, seconds: float) -> None:
        self._cells.put(None)
        if self._thread is not threading.current_thread():
            self._thread.join(seconds)

    def _run(self) -> None:
        while (cell := self._cells.get()) is not None:
            while not self._send(cell):
                # The engine is away for a moment; the recording goes on without it.
                if not self._cells.empty() and self._cells.queue[-1] is None:
                    return
                time.sleep(_AGAIN)

    def _send(self, cell: Cell) -> bool:
        """Whether nothing is left to be done about it."""
        request = {"cells": [cell.model_dump(mode="json")]}
        http = self._session._connection.http
        try:
            answer = http.post(f"capture/session/{self._session.id}/cells", request) or {}
        except (ConflictError, NotFoundError):
            self.over.set()
            return True
        except CaptureError:
            return False
        if not answer.get("cells"):
            self._look()
        return True

    def _look(self) -> None:
        """Nothing was taken in: perhaps the recording has ended by itself."""
        try:
            path = f"capture/session/{self._session.id}"
            if (self._session._connection.http.get(path) or {}).get("status") in _ENDED:
                self.over.set()
        except CaptureError:
            return


def _cell(begun: _Begun, result: Any) -> Cell:
    wrong = result.error_before_exec or result.error_in_exec
    return Cell(
        code=begun.code,
        status="ok" if wrong is None else "error",
        started=begun.at,
        ended=max(time.time(), begun.at + 0.001),
        number=getattr(result, "execution_count", None),
        cell_id=begun.cell_id,
        error=None if wrong is None else type(wrong).__name__,
    )


def _is_ours(code: str) -> bool:
    return bool(_BODY.match(code)) or all(_LINE.fullmatch(line) for line in code.splitlines())


def _is_worth_a_look(wrong: object) -> bool:
    """Not what the user did on purpose, nor what a magic refused in a line."""
    return not isinstance(wrong, KeyboardInterrupt | SystemExit) and (
        type(wrong).__name__ != "UsageError"
    )
