"""An iterator that works in a thread of its own, a little ahead of whoever takes from it."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from typing import TypeVar

T = TypeVar("T")

_DEPTH = 4
_END = object()


def read_ahead(items: Iterator[T]) -> Iterator[T]:
    """The same items, in their order; what is raised in between is raised here too."""
    found: queue.Queue[object] = queue.Queue(_DEPTH)
    left = threading.Event()

    def read() -> None:
        last: object = _END
        try:
            for item in items:
                found.put(item)
                if left.is_set():
                    break
        except Exception as error:
            last = _Raised(error)
        found.put(last)

    thread = threading.Thread(target=read, name="read ahead", daemon=True)
    thread.start()
    try:
        while (item := found.get()) is not _END:
            if isinstance(item, _Raised):
                raise item.error
            yield item  # type: ignore[misc]
    finally:
        left.set()
        while thread.is_alive():
            try:
                found.get(timeout=0.01)
            except queue.Empty:
                continue


class _Raised:
    def __init__(self, error: Exception) -> None:
        self.error = error
