"""When somebody last asked an engine for something."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class Activity:
    """When somebody last asked for something; an engine on demand ends when idle.

    Used within the event loop alone.
    """

    last: float = field(default_factory=time.monotonic)
    under_way: int = 0

    @contextmanager
    def request(self) -> Iterator[None]:
        """While it is answered, which a large download can take long for, nothing is idle."""
        self.under_way += 1
        try:
            yield
        finally:
            self.under_way -= 1
            self.touch()

    def touch(self) -> None:
        self.last = time.monotonic()

    @property
    def idle_seconds(self) -> float:
        return 0.0 if self.under_way else time.monotonic() - self.last
