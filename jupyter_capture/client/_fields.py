"""Fields of answers, read with patience: VideoDB's service and our engine differ in small ways."""

from __future__ import annotations

import math
from typing import Any


def text(data: dict[str, Any], *names: str) -> str | None:
    """The first of the fields that holds text."""
    for name in names:
        value = data.get(name)
        if isinstance(value, str):
            return value
    return None


def number(data: dict[str, Any], name: str, default: float = 0.0) -> float:
    """A finite number, also where it was sent as text."""
    try:
        value = float(data.get(name, default))
    except (TypeError, ValueError):
        return default
    return value if math.isfinite(value) else default


def whole(data: dict[str, Any], name: str) -> int | None:
    value = data.get(name)
    return int(value) if isinstance(value, int | float) and math.isfinite(value) else None


def objects(data: Any, name: str) -> list[dict[str, Any]]:
    """A list of JSON objects; empty where there is none."""
    found = data.get(name) if isinstance(data, dict) else None
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def table(data: dict[str, Any], name: str) -> dict[str, Any]:
    found = data.get(name)
    return found if isinstance(found, dict) else {}
