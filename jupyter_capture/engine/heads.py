"""Segments of which a part is encoded again: made once, though players ask two or three times."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from jupyter_capture.media import cut
from jupyter_capture.media.plan import Kind, Plan

_MOST = 24
_AT_ONCE = 2


class Heads:
    """Keeps the last ones in memory. Any thread may ask."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="head")
        self._made: OrderedDict[tuple[int, Kind, int], tuple[Plan, Future[bytes]]] = OrderedDict()
        self._opening: list[Future[object]] = []
        self._lock = threading.Lock()

    def begin(self, plan: Plan) -> None:
        """A player that was given this is going to ask for its beginning."""
        if plan.video and cut.is_encoded(plan, "video", 0):
            self._ask(plan, "video", 0)

    def soon(self, open_stream: Callable[[], object]) -> None:
        """Open a stream that is likely to be played, unless there is much to do already."""
        with self._lock:
            waiting = sum(not future.done() for _, future in self._made.values())
            self._opening = [each for each in self._opening if not each.done()]
            if waiting + len(self._opening) < _AT_ONCE:
                self._opening.append(self._pool.submit(open_stream))

    def get(self, plan: Plan, kind: Kind, number: int) -> bytes:
        """A segment. Raises as `cut.segment` does."""
        if not cut.is_encoded(plan, kind, number):
            return cut.segment(plan, kind, number)
        return self._ask(plan, kind, number).result()

    def forget(self) -> None:
        """Let go of all of them."""
        with self._lock:
            self._made.clear()

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _ask(self, plan: Plan, kind: Kind, number: int) -> Future[bytes]:
        # The plan is kept beside its bytes, so that no other one gets its id.
        key = id(plan), kind, number
        with self._lock:
            known = self._made.get(key)
            if known is not None and not _failed(known[1]):
                self._made.move_to_end(key)
                return known[1]
            future = self._pool.submit(cut.segment, plan, kind, number)
            self._made[key] = plan, future
            while len(self._made) > _MOST:
                self._made.popitem(last=False)
            return future


def _failed(future: Future[bytes]) -> bool:
    return future.cancelled() or (future.done() and future.exception() is not None)
