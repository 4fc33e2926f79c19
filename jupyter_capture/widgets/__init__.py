"""Widgets: one panel a file. Importing this package imports none of them."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jupyter_capture.widgets.overview import Overview
    from jupyter_capture.widgets.panels import Panels
    from jupyter_capture.widgets.player import ShotPlayer
    from jupyter_capture.widgets.search import SearchPanel
    from jupyter_capture.widgets.session import SessionPanel
    from jupyter_capture.widgets.timeline import TimelineEditor
    from jupyter_capture.widgets.transcript import TranscriptView

__all__ = [
    "Overview",
    "Panels",
    "SearchPanel",
    "SessionPanel",
    "ShotPlayer",
    "TimelineEditor",
    "TranscriptView",
]

_HOMES = {
    "Overview": "overview",
    "Panels": "panels",
    "SearchPanel": "search",
    "SessionPanel": "session",
    "ShotPlayer": "player",
    "TimelineEditor": "timeline",
    "TranscriptView": "transcript",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
