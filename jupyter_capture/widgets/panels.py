"""Several panels beside or below one another, with a still of each in a saved notebook."""

from __future__ import annotations

from typing import Any

from jupyter_capture.widgets._stilled import Stilled


class Panels(Stilled):
    """``Panels(search, editor)`` shows panels, and any other widgets, side by side as far as there
    is room, ``vertical=True`` below one another.

    Like ipywidgets' HBox and VBox, whose children a notebook that was saved does not show: here
    each panel stands in it as it would alone.
    """

    def __init__(self, *panels: Any, vertical: bool = False, **traits: Any) -> None:
        super().__init__(panels, **traits)
        self.layout.display = "flex"
        self.layout.flex_flow = "column" if vertical else "row wrap"
        self.layout.grid_gap = "8px"
        if not vertical:
            for panel in panels:
                panel.layout.flex = panel.layout.flex or "1 1 320px"

    def __repr__(self) -> str:
        return f"Panels({', '.join(map(repr, self.children))})"

    def _stands_in(self) -> dict[str, str]:
        stills = [_still_of(panel) for panel in self.children]
        html = "".join(f"<div>{still}</div>" for still in stills if still)
        return {"text/plain": repr(self), "text/html": html}


def _still_of(panel: Any) -> str:
    make = getattr(panel, "_stands_in", None)
    return str(make().get("text/html", "")) if make is not None else ""
