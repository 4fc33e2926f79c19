"""What was said, as a list that shows itself."""

from __future__ import annotations

from typing import Any

from jupyter_capture.client import _display

_SHOWN = 200
"""Segments that are shown; a saved notebook stays small."""


class Transcript(list[dict[str, Any]]):
    """Dicts with ``start`` and ``end`` (seconds), ``text`` and, where known, ``channel``,
    ``speaker`` ("me", "others") and ``corrected``."""

    def _text(self) -> str:
        lines = [
            _line(item, before) for item, before in zip(self[:_SHOWN], [{}, *self], strict=False)
        ]
        if len(self) > _SHOWN:
            lines.append(f"… and {len(self) - _SHOWN} more")
        return "\n".join(lines) or "Nothing was said."

    def _html(self) -> str:
        rows = [
            (float(item.get("start") or 0), str(item.get("text")), str(item.get("channel") or ""))
            for item in self[:_SHOWN]
        ]
        return _display.transcript_html(rows, len(self) - len(rows))

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """IPython prints a list as a list, unless it is told here."""
        printer.text(self._text())

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {**_display.bundle(self, include, self._html), "text/plain": self._text()}


def _line(item: dict[str, Any], before: dict[str, Any]) -> str:
    """The speaker is told where another begins."""
    speaker = item.get("speaker")
    who = f"{speaker}: " if speaker and speaker != before.get("speaker") else ""
    clock = _display.clock(float(item.get("start") or 0))
    return f"{clock:>8}  {who}{str(item.get('text')).strip()}"
