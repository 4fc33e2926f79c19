"""Progress bars: a widget in notebooks, which is a line of text once it is done; text elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any, BinaryIO, Protocol

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
    """A bar up to ``total``; ``unit`` "B" counts bytes. How it ended stays in the output."""
    if not shown:
        yield _NoBar()
        return
    shape: dict[str, Any] = {"bar_format": "{l_bar}{bar}| {elapsed}"}
    if unit:
        shape = {"unit": unit, "unit_scale": True}
    with _shown(title, total, shape) as bar:
        yield _TqdmBar(bar)


@contextmanager
def reading(file: BinaryIO, title: str, total: int, *, shown: bool = True) -> Iterator[Any]:
    """``file``, with a bar that moves as it is read."""
    if not shown:
        yield file
        return
    from tqdm.utils import CallbackIOWrapper

    with _shown(title, total, {"unit": "B", "unit_scale": True, "unit_divisor": 1024}) as bar:
        yield CallbackIOWrapper(bar.update, file, "read")


@contextmanager
def _shown(title: str, total: float, shape: dict[str, Any]) -> Iterator[Any]:
    if front_end() == "notebook" and find_spec("ipywidgets"):
        with _in_notebook(title, total, shape) as bar:
            yield bar
        return
    from tqdm import tqdm

    # Without widgets a notebook gets text on standard output: standard error looks like a failure.
    out = sys.stdout if front_end() == "notebook" else sys.stderr
    with tqdm(total=total, desc=title, file=out, **shape) as bar:
        yield bar


@contextmanager
def _in_notebook(title: str, total: float, shape: dict[str, Any]) -> Iterator[Any]:
    """A saved notebook has no widget to show, so text takes its place when it is done."""
    from IPython.display import display
    from tqdm.notebook import tqdm

    bar = tqdm(total=total, desc=title, display=False, **shape)
    handle: Any = display(bar.container, display_id=True)  # type: ignore[no-untyped-call]
    try:
        yield bar
    finally:
        ended = {**bar.format_dict, "prefix": title, "ncols": 80, "ascii": False}
        said = tqdm.format_meter(**ended)
        handle.update({"text/plain": said}, raw=True)
        bar.disp(close=True)
        bar.disable = True
