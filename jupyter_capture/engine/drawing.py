"""All of a timeline, one segment after the other, made by several processes at once."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import replace
from functools import partial

from jupyter_capture.engine.renderers import Renderers
from jupyter_capture.engine.segment_cache import SegmentCache
from jupyter_capture.media import cut
from jupyter_capture.media.fmp4 import Sample, parse_fragment
from jupyter_capture.media.order import Order
from jupyter_capture.media.plan import Check, Kind, Made, Plan

_AHEAD = 2
"""Segments that each process is ahead."""


@contextmanager
def drawn(order: Order, plan: Plan, cache: SegmentCache, most: int) -> Iterator[Plan]:
    """The plan of an order, for whoever takes its segments in their order."""
    pool = Renderers(cache, most)
    try:
        yield _Drawing(pool, order, plan, most * _AHEAD).plan
    finally:
        pool.close()


class _Drawing:
    def __init__(self, pool: Renderers, order: Order, plan: Plan, ahead: int) -> None:
        self._pool = pool
        self._order = order
        self._ahead = ahead
        self._asked: dict[tuple[Kind, int], bytes | Future[bytes]] = {}
        counts: list[tuple[Kind, int]] = [("video", len(plan.video)), ("audio", len(plan.audio))]
        self._made = {
            kind: [n for n in range(count) if cut.is_made(plan, kind, n)] for kind, count in counts
        }
        self.plan = replace(plan, video=list(plan.video), audio=list(plan.audio))
        for number in self._made["video"]:
            segment = plan.video[number]
            pieces = (Made(segment.end - segment.start, partial(self._samples, "video", number)),)
            self.plan.video[number] = segment._replace(pieces=pieces)
        for number in self._made["audio"]:
            make = partial(self._samples, "audio", number)
            self.plan.audio[number] = plan.audio[number]._replace(make=make)

    def _samples(self, kind: Kind, number: int, check: Check) -> list[Sample]:
        check()
        at = bisect_left(self._made[kind], number)
        for each in self._made[kind][at : at + 1 + self._ahead]:
            if (kind, each) not in self._asked:
                self._asked[kind, each] = self._pool.ask(self._order, kind, each)
        found = self._asked.pop((kind, number))
        return parse_fragment(found if isinstance(found, bytes) else found.result())[1]
