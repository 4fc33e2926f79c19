"""Renders segments in a few processes, and decides what comes first.

What a player asks for comes before what it is going to ask for. A process that dies or falls
silent is replaced and its segment tried once more. Processes end when nothing was asked for a
while, and with their engine. Until the first one is ready, a thread of the engine renders.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field

from jupyter_capture.engine.render_process import DiedError, RenderProcess
from jupyter_capture.engine.segment_cache import SegmentCache
from jupyter_capture.errors import CaptureError, EngineError, GoneError
from jupyter_capture.media import cut
from jupyter_capture.media.order import Order
from jupyter_capture.media.plan import Kind, Plan

logger = logging.getLogger(__name__)

ATTEMPTS = 2
_IDLE_SECONDS = 60.0
_LAST_IDLES = 10
"""Times longer: the last process saves the next timeline a cold start."""
_SILENT_SECONDS = 30.0
_ENDING = "The engine is ending."

Segment = tuple[str, Kind, int]
"""(the order's key, its kind, its number)."""


def name_of(kind: Kind, number: int) -> str:
    return f"{kind[0]}{number}.m4s"


@dataclass(eq=False)
class _Job:
    """``since``: the cache's turn when it was asked for; ``at``: its place in the queue."""

    order: Order
    segment: Segment
    since: int
    at: int
    futures: list[Future[bytes]] = field(default_factory=list)
    is_ahead: bool = False

    @property
    def rank(self) -> tuple[bool, bool, int]:
        """Lowest first. Sound is soon done."""
        return not self.futures, self.segment[1] == "video", self.at

    @property
    def is_wanted(self) -> bool:
        return bool(self.futures) or self.is_ahead


@dataclass(eq=False)
class _Worker:
    """A thread that leads one process. ``doing``: None while it is free or not ready yet."""

    process: RenderProcess
    doing: _Job | Order | None = None
    warmed: Order | None = None
    is_ready: bool = False
    thread: threading.Thread = field(init=False)


class Renderers:
    """At most ``most`` processes. Any thread may ask."""

    def __init__(
        self,
        cache: SegmentCache,
        most: int,
        idle_seconds: float = _IDLE_SECONDS,
        silent_seconds: float = _SILENT_SECONDS,
    ) -> None:
        self._cache = cache
        self._most = most
        self._idle = idle_seconds
        self._silent = silent_seconds
        self._jobs: dict[Segment, _Job] = {}
        self._queue: list[_Job] = []
        self._workers: list[_Worker] = []
        self._warm: Order | None = None
        self._first: list[_Job] = []
        self._is_here = False
        self._count = 0
        self._closed = False
        self._changed = threading.Condition()

    @property
    def pids(self) -> list[int]:
        """Of the processes that run."""
        with self._changed:
            return [worker.process.pid for worker in self._workers if worker.process.pid]

    @property
    def ready(self) -> int:
        """How many processes can be asked."""
        with self._changed:
            return sum(worker.is_ready for worker in self._workers)

    @property
    def waiting(self) -> int:
        """How many segments wait or are being rendered."""
        with self._changed:
            return len(self._jobs)

    # ---- asking

    def ask(self, order: Order, kind: Kind, number: int) -> bytes | Future[bytes]:
        """A segment, or what will be it. Give a future that you need no more to `leave`."""
        found = self._cache.get(order.key, name_of(kind, number))
        if found is not None:
            return found
        future: Future[bytes] = Future()
        with self._changed:
            if self._closed:
                raise EngineError(_ENDING)
            self._add(order, kind, number).futures.append(future)
            self._make_way()
            if not self._is_here and not any(worker.is_ready for worker in self._workers):
                self._is_here = True
                threading.Thread(target=self._lead_here, name="renderer", daemon=True).start()
        return future

    def ahead(self, order: Order, kind: Kind, numbers: Sequence[int]) -> None:
        """Render these next, in their order, and nothing else ahead of this player."""
        if not self._cache.keeps:
            return
        lacking = [n for n in numbers if not self._cache.has(order.key, name_of(kind, n))]
        with self._changed:
            for job in self._jobs.values():
                if job.segment[:2] == (order.key, kind):
                    job.is_ahead = job.segment[2] in numbers
            for number in [] if self._closed else lacking:
                self._add(order, kind, number).is_ahead = True
            self._make_way()

    def leave(self, future: Future[bytes]) -> None:
        """Its player has gone: what waits for it alone is dropped, and what is ahead of it."""
        with self._changed:
            for job in list(self._jobs.values()):
                if future in job.futures:
                    job.futures.remove(future)
                    self._leave_alone(job.order.key)
            self._make_way()

    def warm(self, order: Order, first: Sequence[tuple[Kind, int]] = ()) -> None:
        """Have a process ready, and the ``first`` segments of what will be played in a moment.

        It takes the place of the one before: of all drafts of a timeline the last one is played.
        """
        lacking = [each for each in first if not self._cache.has(order.key, name_of(*each))]
        with self._changed:
            for job in self._first:
                job.is_ahead = False
            wanted = lacking if self._cache.keeps and not self._closed else []
            self._first = [self._add(order, *each) for each in wanted]
            for job in self._first:
                job.is_ahead = True
            self._make_way()
            self._warm = order
            if not self._workers and not self._closed:
                self._start()
            self._changed.notify_all()

    def forget(self, asset_ids: Iterable[str]) -> None:
        """Erase what was rendered of these assets, and let go of their media."""
        gone = set(asset_ids)
        self._cache.forget(gone)
        with self._changed:
            if self._warm is not None and gone & self._warm.assets:
                self._warm = None
            for job in [job for job in self._jobs.values() if gone & job.order.assets]:
                self._end(job, GoneError("What this shows was deleted."))
            for worker in self._workers:
                if gone & worker.process.assets:
                    worker.process.kill()

    def close(self) -> None:
        """End the processes; whoever still waits gets an error."""
        with self._changed:
            self._closed = True
            for job in list(self._jobs.values()):
                self._end(job, EngineError(_ENDING))
            workers = list(self._workers)
            for worker in workers:
                worker.process.kill()
            self._changed.notify_all()
        for worker in workers:
            worker.thread.join(10)

    # ---- the queue; all of this with the lock held

    def _add(self, order: Order, kind: Kind, number: int) -> _Job:
        segment = (order.key, kind, number)
        job = self._jobs.get(segment)
        if job is None:
            self._count += 1
            job = _Job(order, segment, self._cache.turn(), self._count)
            self._jobs[segment] = job
            self._queue.append(job)
            free = sum(worker.doing is None for worker in self._workers)
            if len(self._queue) > free and len(self._workers) < self._most:
                self._start()
            self._changed.notify_all()
        return job

    def _start(self) -> None:
        worker = _Worker(RenderProcess(self._silent))
        self._workers.append(worker)
        worker.thread = threading.Thread(target=self._lead, args=(worker,), daemon=True)
        worker.thread.start()

    def _leave_alone(self, key: str) -> None:
        """Nothing is rendered ahead of players that have all gone."""
        of_it = [job for job in self._jobs.values() if job.order.key == key]
        if not any(job.futures for job in of_it):
            for job in of_it:
                job.is_ahead = False

    def _make_way(self) -> None:
        """Drop what nobody wants, and cancel it where somebody waits."""
        for job in [job for job in self._queue if not job.is_wanted]:
            self._end(job, None)
        waiting = sum(bool(job.futures) for job in self._queue)
        waiting -= sum(worker.doing is None for worker in self._workers)
        for worker in self._workers:
            if waiting > 0 and isinstance(worker.doing, _Job) and not worker.doing.is_wanted:
                worker.process.cancel()
                waiting -= 1

    def _end(self, job: _Job, result: bytes | CaptureError | None) -> None:
        """``result`` is None where it was dropped."""
        if self._jobs.get(job.segment) is job:
            del self._jobs[job.segment]
        if job in self._queue:
            self._queue.remove(job)
        futures, job.futures = job.futures, []
        for future in futures:
            if not future.set_running_or_notify_cancel():
                continue
            if isinstance(result, bytes):
                future.set_result(result)
            else:
                future.set_exception(result or EngineError("The segment was dropped."))

    # ---- the threads

    def _lead(self, worker: _Worker) -> None:
        try:
            while True:
                # First, so that a segment goes to whoever is ready first.
                with contextlib.suppress(DiedError, OSError):
                    worker.process.begin()
                worker.is_ready = True
                work = self._next(worker)
                if work is None:
                    return
                if isinstance(work, _Job):
                    self._made(work, self._make(worker.process, work))
                else:
                    with contextlib.suppress(DiedError, OSError):
                        worker.process.show(work)
        finally:
            worker.process.end()

    def _next(self, worker: _Worker) -> _Job | Order | None:
        """What to do; None where it shall end."""
        since = time.monotonic()
        with self._changed:
            worker.doing = None
            while worker.doing is None:
                idle = self._idle * (_LAST_IDLES if len(self._workers) == 1 else 1)
                left = since + idle - time.monotonic()
                if self._closed or left <= 0:
                    self._workers.remove(worker)
                    return None
                if self._queue:
                    worker.doing = min(self._queue, key=lambda job: job.rank)
                    self._queue.remove(worker.doing)
                elif self._warm is not None and worker.warmed is not self._warm:
                    worker.doing = worker.warmed = self._warm
                else:
                    self._changed.wait(left)
            return worker.doing

    def _lead_here(self) -> None:
        """Render what is asked for until a process is ready to."""
        plans: dict[str, Plan] = {}
        while True:
            with self._changed:
                asked = [job for job in self._queue if job.futures]
                ready = any(worker.is_ready for worker in self._workers)
                if ready or not asked or self._closed:
                    self._is_here = False
                    return
                job = min(asked, key=lambda one: one.rank)
                self._queue.remove(job)
            self._made(job, self._make_here(job, plans))

    def _make_here(self, job: _Job, plans: dict[str, Plan]) -> bytes | CaptureError:
        key, kind, number = job.segment
        try:
            if key not in plans:
                plans[key] = job.order.plan()
            return cut.segment(plans[key], kind, number)
        except CaptureError as error:
            return error
        except Exception as error:
            logger.exception("a segment failed")
            return EngineError(f"The segment could not be rendered: {type(error).__name__}.")

    def _make(self, process: RenderProcess, job: _Job) -> bytes | CaptureError | None:
        for _ in range(ATTEMPTS):
            if self._closed:
                return EngineError(_ENDING)
            try:
                process.begin()
                return process.make(job.order, job.segment[1], job.segment[2])
            except (DiedError, OSError) as error:
                if not self._closed:
                    logger.warning("a renderer died: %s", error)
                process.end()
        return EngineError(
            "The process that renders this segment died twice. Is the machine short of memory? "
            "Try again."
        )

    def _made(self, job: _Job, result: bytes | CaptureError | None) -> None:
        if isinstance(result, bytes):
            name = name_of(job.segment[1], job.segment[2])
            self._cache.put(job.order.key, name, result, job.order.assets, job.since)
        with self._changed:
            if result is None and job.is_wanted and not self._closed:
                # Somebody asked for it again while it was being cancelled.
                self._queue.append(job)
                self._changed.notify_all()
            else:
                self._end(job, result)
