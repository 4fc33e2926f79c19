"""Widgets that answer questions of their front end: one message there, one message back."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from html import escape
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import anywidget

from jupyter_capture.errors import CaptureError, EngineUnavailableError, InvalidRequestError
from jupyter_capture.widgets._still import show_with_still

STATIC = Path(__file__).parent.parent / "static"
THREADS = 8

logger = logging.getLogger(__name__)


class Reply(NamedTuple):
    """What goes back: fields of a message, and binary buffers."""

    fields: dict[str, Any]
    buffers: tuple[bytes, ...] = ()


Question = Mapping[str, Any]
Answerer = Callable[[Question], Reply]


@cache
def pool() -> ThreadPoolExecutor:
    """Messages come in where cells run: what takes time must not be done there."""
    return ThreadPoolExecutor(THREADS, thread_name_prefix="jupyter-capture-widget")


class Asked(anywidget.AnyWidget):
    """Answers ``{id, ask, …}`` with ``{id, …}``, or ``{id, error, status, code}`` in plain words.

    Nothing of a question or an answer is part of the widget's state, so none of it is saved.
    """

    _hls: ClassVar[Path] = STATIC / "hls.js"

    def __init__(self, **traits: Any) -> None:
        super().__init__(**traits)
        self.on_msg(self._hear)

    def _answerers(self) -> dict[str, Answerer]:
        """The questions that are known, and who answers them, in a thread of the pool."""
        return {"hls": lambda _: Reply({}, (self._hls.read_bytes(),))}

    def _heard(self, message: Question) -> None:
        """A message that is no question; in the thread that runs cells."""

    def _stands_in(self) -> dict[str, str]:
        """What is shown where the widget cannot be: no script, no address, all text escaped."""
        return {"text/plain": repr(self), "text/html": f"<div>{escape(repr(self))}</div>"}

    def _repr_mimebundle_(self, **options: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        data, metadata = super()._repr_mimebundle_(**options) or ({}, {})
        return {**data, **self._stands_in()}, metadata

    def _ipython_display_(self, **_: Any) -> None:
        data, _metadata = super()._repr_mimebundle_() or ({}, {})
        show_with_still(data, self._stands_in())

    def _hear(self, _: object, message: Any, buffers: object) -> Future[None] | None:
        if not isinstance(message, dict):
            return None
        if "id" not in message:
            self._heard(message)
            return None
        # Says that no cell is in the way, whatever time the answer takes.
        self.send({"heard": message["id"]})
        return pool().submit(self._answer, message)

    def _answer(self, question: dict[str, Any]) -> None:
        id = question["id"]
        try:
            answerer = self._answerers().get(str(question.get("ask")))
            if answerer is None:
                raise InvalidRequestError(
                    "This asks for something that the kernel does not know. "
                    "Restart the kernel, then run the cell again."
                )
            reply = answerer(question)
        except CaptureError as error:
            status = 0 if isinstance(error, EngineUnavailableError) else error.status
            failure = {"error": error.message, "status": status, "code": error.code}
            self.send({"id": id, **failure})
        except Exception:
            # Someone waits in front of it; the traceback goes to the kernel's log.
            logger.exception("a widget's question failed")
            self.send({"id": id, "error": "The kernel could not do this; its log says more."})
        else:
            self.send({"id": id, **reply.fields}, buffers=list(reply.buffers))
