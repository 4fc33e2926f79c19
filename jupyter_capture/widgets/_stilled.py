"""Boxes of widgets that a saved notebook shows as well: as what their children stand for."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

import ipywidgets

from jupyter_capture.widgets._still import show_with_still

_LIVE = "jc-live"


class Stilled(ipywidgets.Box):  # type: ignore[misc]
    """A box with a still. Subclasses say what it is in `_stands_in`."""

    def __init__(self, children: Sequence[Any] = (), **traits: Any) -> None:
        super().__init__(children, **traits)
        # Rules of the still look for it: only a box that lives has it.
        self.add_class(_LIVE)

    def _stands_in(self) -> dict[str, str]:
        return {"text/plain": repr(self), "text/html": f"<div>{escape(repr(self))}</div>"}

    def _repr_mimebundle_(self, **options: Any) -> dict[str, Any]:
        data = super()._repr_mimebundle_(**options) or {}
        return {**data, **self._stands_in()}

    def _ipython_display_(self, **_: Any) -> None:
        show_with_still(super()._repr_mimebundle_() or {}, self._stands_in())
