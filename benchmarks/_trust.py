"""What a campaign found, as a file that scripts/reliability.py makes docs/reliability.md of.

    from _trust import Found, save

    save("faults", [Found("promise", "how it was tested", "count", "result", held=True)], {...})

The files are small and kept in git (benchmarks/results/trust); the dictionary is for those who want
to know more, and for a campaign that goes on where it ended.
"""

from __future__ import annotations

import json
import os
import platform
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).with_name("results") / "trust"


@dataclass(frozen=True)
class Found:
    """A row of the table. ``held``: whether the promise was kept, all times."""

    promise: str
    how: str
    count: str
    result: str
    held: bool


def save(name: str, found: list[Found], more: dict[str, Any] | None = None) -> Path:
    """Written whole, then renamed into place."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    content = {
        "name": name,
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "machine": f"{os.cpu_count()} processors, {platform.system()}, "
        f"Python {platform.python_version()}",
        "rows": [asdict(row) for row in found],
        "more": more or {},
    }
    target = FOLDER / f"{name}.json"
    draft = target.with_suffix(".part")
    draft.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n")
    draft.replace(target)
    return target


def before(name: str) -> dict[str, Any]:
    """``more`` of the last time; empty where there was none."""
    try:
        return dict(json.loads((FOLDER / f"{name}.json").read_text())["more"])
    except (OSError, ValueError, KeyError):
        return {}
