"""Progress bars, shown only once work takes long enough to be waited for."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO, Protocol, TextIO

from jupyter_capture.client._frontend import front_end


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
    from tqdm import tqdm

    if unit:
        bar = tqdm(total=total, desc=title, unit=unit, unit_scale=True, file=_out())
    else:
        shape = "{l_bar}{bar}| {elapsed}"
        bar = tqdm(total=total, desc=title, bar_format=shape, file=_out())
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
    from tqdm import tqdm

    with tqdm.wrapattr(file, "read", total=total, desc=title, file=_out()) as wrapped:
        yield wrapped


def _out() -> TextIO:
    """Text also in notebooks, not tqdm's widget: a saved widget stands at 0 % for ever. There it
    goes to standard output, since standard error looks like a failure."""
    return sys.stdout if front_end() == "notebook" else sys.stderr
