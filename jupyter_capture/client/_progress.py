"""Progress bars, shown only once work takes long enough to be waited for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO, Protocol


class Bar(Protocol):
    """What the callers of a progress bar need of it."""

    def set(self, done: float, stage: str = "") -> None: ...


class _NoBar:
    def set(self, done: float, stage: str = "") -> None:
        """Shows nothing."""


class _TqdmBar:
    def __init__(self, bar: Any) -> None:
        self._bar = bar

    def set(self, done: float, stage: str = "") -> None:
        if stage and stage != self._bar.desc.removesuffix(": "):
            self._bar.set_description(stage, refresh=False)
        self._bar.n = round(done, 1)
        self._bar.refresh()


@contextmanager
def progress(title: str, total: float, *, unit: str = "", shown: bool = True) -> Iterator[Bar]:
    """A bar up to ``total``; ``unit`` "B" counts bytes. It stays in the output when done."""
    if not shown:
        yield _NoBar()
        return
    from tqdm.auto import tqdm

    if unit:
        bar = tqdm(total=total, desc=title, unit=unit, unit_scale=True)
    else:
        shape = "{l_bar}{bar}| {elapsed}"
        bar = tqdm(total=total, desc=title, bar_format=shape)
    try:
        yield _TqdmBar(bar)
    finally:
        bar.close()


@contextmanager
def reading(file: BinaryIO, title: str, total: int, *, shown: bool = True) -> Iterator[Any]:
    """``file``, with a bar that moves as it is read."""
    if not shown:
        yield file
        return
    from tqdm.auto import tqdm

    with tqdm.wrapattr(file, "read", total=total, desc=title) as wrapped:
        yield wrapped
