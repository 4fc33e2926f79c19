"""A process that renders segments: ``python -m jupyter_capture.engine.renderer``.

JSON lines come on standard input: ``{"do": "open", "key", "order"}`` and ``{"do": "close", "key"}``
a timeline, ``{"do": "make", "id", "key", "kind", "number"}`` a segment of it, and ``{"do":
"cancel", "id"}``. What goes out is ``{"ready": true}`` first; for each segment ``{"id", "alive":
true}`` now and then, and at the end a line with ``size``, which that many bytes follow, or with
``error`` or ``cancelled``.
When standard input ends, the engine has ended, and so does this.
"""

from __future__ import annotations

import gc
import json
import logging
import os
import queue
import sys
import threading
import time
from typing import Any, BinaryIO

from jupyter_capture.errors import CaptureError, MediaError
from jupyter_capture.media import cut
from jupyter_capture.media.limits import MEMORY, give_back_every, limit_memory
from jupyter_capture.media.order import Order
from jupyter_capture.media.plan import Plan

logger = logging.getLogger(__name__)

_ALIVE = 1.0
"""Seconds between signs of life."""


class _Cancelled(Exception):
    """Nobody wants this segment any more."""


class Renderer:
    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self._plans: dict[str, Plan] = {}
        self._cancelled = -1

    def cancel(self, number: int) -> None:
        """From another thread."""
        self._cancelled = number

    def do(self, order: dict[str, Any]) -> None:
        match order["do"]:
            case "open":
                self._open(order["key"], order["order"])
            case "close":
                self._plans.pop(order["key"], None)
            case "make":
                self._make(order)

    def _open(self, key: str, text: str) -> None:
        try:
            self._plans[key] = Order(text, frozenset()).plan()
        except CaptureError as error:
            logger.warning("a timeline cannot be opened: %s", error.message)

    def _make(self, order: dict[str, Any]) -> None:
        number, plan = order["id"], self._plans.get(order["key"])
        said = time.monotonic()

        def check() -> None:
            nonlocal said
            if self._cancelled == number:
                raise _Cancelled
            if time.monotonic() - said > _ALIVE:
                said = time.monotonic()
                self.say({"id": number, "alive": True})

        try:
            if plan is None:
                raise MediaError("What this timeline shows cannot be read any more.")
            check()
            data = cut.segment(plan, order["kind"], order["number"], check)
        except _Cancelled:
            self.say({"id": number, "cancelled": True})
        except CaptureError as error:
            failure = {"message": error.message, "error_code": error.code}
            self.say({"id": number, "error": failure})
        except Exception as error:
            logger.exception("a segment failed")
            said_of = f"The segment could not be rendered: {type(error).__name__}: {error}"
            failure = {"message": said_of, "error_code": "ENGINE_FAILED"}
            self.say({"id": number, "error": failure})
        else:
            self.say({"id": number, "size": len(data)}, data)

    def say(self, message: dict[str, Any], data: bytes = b"") -> None:
        self._out.write(json.dumps(message).encode() + b"\n" + data)
        self._out.flush()


def main() -> None:
    # Whatever a library prints must not end up between our lines.
    out = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    _step_back()
    limit_memory(MEMORY)  # pictures that were uploaded are drawn here
    give_back_every()
    # The plan of hours is tens of thousands of objects, which are looked through again and again.
    gc.freeze()
    gc.set_threshold(50_000)
    renderer = Renderer(out)
    renderer.say({"ready": True})
    orders: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(renderer, orders), daemon=True).start()
    while True:
        renderer.do(orders.get())


def _listen(renderer: Renderer, orders: queue.SimpleQueue[dict[str, Any]]) -> None:
    for line in sys.stdin.buffer:
        order = json.loads(line)
        if order["do"] == "cancel":
            renderer.cancel(order["id"])
        else:
            orders.put(order)
    os._exit(0)


def _step_back() -> None:
    """A recording comes first; and no core file may hold what was recorded."""
    if sys.platform == "win32":
        return
    import resource

    os.nice(5)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    main()
