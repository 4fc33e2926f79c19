"""While something records, the Jupyter server counts as active: a Hub leaves it alone then."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from jupyter_capture.server_extension.engine import Engine


class Activity:
    """Looks after the engine now and then; ``active`` is called whenever something records."""

    def __init__(self, engine: Engine, seconds: float, active: Callable[[], None]) -> None:
        self._engine = engine
        self._seconds = seconds
        self._active = active
        self._task: asyncio.Task[None] | None = None
        self.recordings: list[str] = []

    def start(self) -> None:
        self._task = asyncio.create_task(self._watch())

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _watch(self) -> None:
        while True:
            try:
                status = await self._engine.look()
                self.recordings = status.recordings if status is not None else []
                if self.recordings:
                    self._active()
            except Exception:  # one look that fails must not be the last
                logging.getLogger(__name__).exception("jupyter_capture: cannot look")
            await asyncio.sleep(self._seconds)
