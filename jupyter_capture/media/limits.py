"""What a process may take: memory, and, where it reads foreign files, processor time.

On Linux both hold. macOS knows the limit of addresses and does not keep to it; Windows has neither:
there, a file that takes everything takes it until the job is cancelled.
"""

from __future__ import annotations

import ctypes
import gc
import os
import sys
import threading
import time

MEMORY = 6 << 30
"""Bytes of addresses: far more than any honest file takes."""
_LEAST = 2 << 30
_SHARE = 0.75
"""Of the machine's memory."""
LOOK_SECONDS = 300
"""Processor time until it is known what a file is."""
GIVE_BACK_SECONDS = 60.0
CPU_SECONDS = 12 * 3600
"""Processor time of all work on a file: a film of hours is converted within it."""


def limit_memory(most: int | None = None) -> None:
    """What is asked for beyond it is a MemoryError, here or in a library."""
    if sys.platform == "win32":
        return
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    wanted = _machines_share() if most is None else most
    soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def limit_time(seconds: int) -> None:
    """So much processor time from now on; with the next one the process ends (SIGXCPU)."""
    if sys.platform == "win32":
        return
    import resource

    used = resource.getrusage(resource.RUSAGE_SELF)
    wanted = int(used.ru_utime + used.ru_stime) + seconds + 1
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_CPU, (soft, hard))


def give_back_every(seconds: float = GIVE_BACK_SECONDS) -> None:
    """Return what is free to the machine now and then, for as long as this process lives.

    glibc keeps the free memory of each of its arenas, of which threads that handle pictures fill
    several: 135 to 180 MB of 350, when much was done at once. Other libraries return theirs by
    themselves. Cycles are collected before: by itself the collector may leave those of hours, and
    what is in use lies strewn among them (17 MB an hour more of an engine that is asked much).
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    if trim is None:
        return

    def run() -> None:
        while True:
            time.sleep(seconds)
            gc.collect()
            trim(0)

    threading.Thread(target=run, name="memory", daemon=True).start()


def _machines_share() -> int:
    """Three quarters of the memory, within bounds."""
    try:
        there = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (OSError, ValueError):
        return MEMORY
    return max(_LEAST, min(MEMORY, int(there * _SHARE)))
