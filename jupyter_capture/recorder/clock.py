"""The one clock of a recording: monotonic time, and media time without the pauses."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

NS = 1_000_000_000


def ticks(nanoseconds: int, timescale: int) -> int:
    """Nanoseconds in ticks of ``timescale``, rounded."""
    return (nanoseconds * timescale + NS // 2) // NS


def elapsed_ns() -> int:
    """Time that goes on while the machine sleeps, where the platform tells it."""
    if sys.platform == "linux":
        return time.clock_gettime_ns(time.CLOCK_BOOTTIME)
    return time.monotonic_ns()


@dataclass(frozen=True)
class Span:
    """``take`` samples from ``skip`` on in a block lie at media sample ``position``."""

    position: int
    skip: int
    take: int


@dataclass
class _Run:
    """A stretch of recording between two pauses, in monotonic nanoseconds."""

    start: int
    end: int | None
    media: int


class MediaClock:
    """Media time is the time since `start()`, less the pauses; after `stop()` it ends.

    All times are integers: monotonic nanoseconds in, media nanoseconds or samples out.
    ``wall_clock`` holds (media seconds, Unix seconds) pairs, one for each start after a pause.

    Somebody asks it many times a second. Where nobody did for ``longest_leap`` ns of ``elapsed``
    time, sleep included, the process or the machine was suspended: the clock is paused as of the
    moment before, and ``leapt`` is set until the next `resume()`.
    """

    def __init__(
        self,
        monotonic: Callable[[], int] = time.monotonic_ns,
        wall: Callable[[], float] = time.time,
        elapsed: Callable[[], int] | None = None,
        longest_leap: int = 10 * NS,
    ) -> None:
        self._monotonic, self._wall = monotonic, wall
        self._elapsed = elapsed or elapsed_ns
        self._longest_leap = longest_leap
        self._seen: tuple[int, int] | None = None
        self._lock = threading.Lock()
        self._runs: list[_Run] = []
        self._end: int | None = None
        self.leapt = False
        self.wall_clock: list[tuple[float, float]] = []

    @property
    def started(self) -> bool:
        return bool(self._runs)

    @property
    def paused(self) -> bool:
        with self._lock:
            return bool(self._runs) and self._runs[-1].end is not None

    def start(self, media: int = 0) -> None:
        """Let ``media`` (ns) be now."""
        self._run(media)

    def pause(self) -> bool:
        """Stop media time; False where it does not run."""
        with self._lock:
            self._look()
            if not self._runs or self._runs[-1].end is not None:
                return False
            self._runs[-1].end = self._monotonic()
            return True

    def resume(self) -> bool:
        """Let media time go on; False where it runs."""
        if not self.paused:
            return False
        self.leapt = False
        self._run(self.now())
        return True

    def stop(self, media: int) -> None:
        """Let no time be media time from ``media`` (nanoseconds) on."""
        with self._lock:
            self._end = media

    def now(self) -> int:
        """Media time (ns) at this moment; in a pause, the time at which it began; then the end."""
        with self._lock:
            self._look()
            if not self._runs:
                return 0
            if self._end is not None:
                return self._end
            last = self._runs[-1]
            until = self._monotonic() if last.end is None else last.end
            return last.media + until - last.start

    def media(self, moment: int) -> int | None:
        """Media time of a monotonic moment (ns); None before the start, in a pause, at the end."""
        with self._lock:
            self._look()
            for run in reversed(self._runs):
                if moment >= run.start:
                    inside = run.end is None or moment < run.end
                    media = run.media + moment - run.start
                    return media if inside and not self._past_end(media) else None
            return None

    def unix(self, media: float) -> float:
        """The Unix time at which a moment of media time (seconds) was recorded."""
        runs = list(self.wall_clock)
        start, wall = next((run for run in reversed(runs) if run[0] <= media), runs[0])
        return wall + media - start

    def spans(self, first: int, count: int, rate: int) -> Iterator[Span]:
        """Where the samples lie that were heard from monotonic sample ``first`` on."""
        with self._lock:
            self._look()
            runs = list(self._runs)
        for run in runs:
            start = ticks(run.start, rate)
            low = max(first, start)
            high = first + count if run.end is None else min(first + count, ticks(run.end, rate))
            if high > low:
                yield Span(ticks(run.media, rate) + low - start, low - first, high - low)

    def _past_end(self, media: int) -> bool:
        return self._end is not None and media >= self._end

    def _look(self) -> None:
        """Whichever thread comes first after a suspend finds it out, before it takes any time."""
        now = self._monotonic(), self._elapsed()
        if (
            self._seen is not None
            and now[1] - self._seen[1] > self._longest_leap
            and self._runs[-1].end is None
        ):
            self._runs[-1].end = self._seen[0]
            self.leapt = True
        if self._runs:
            self._seen = now

    def _run(self, media: int) -> None:
        with self._lock:
            self._seen = self._monotonic(), self._elapsed()
            self._runs.append(_Run(self._monotonic(), None, media))
            self.wall_clock.append((media / NS, self._wall()))
