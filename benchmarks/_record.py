"""What a benchmark found, as a file that ``benchmarks/report.py`` makes benchmarks/RESULTS.md of.

At the end of a benchmark (or while it goes, `save` writes whole files only):

    from _record import Record

    record = Record("search", "Search", "The query …, beside …", peers=["lancedb"])
    record.row("dense, 1M segments", 0.036, "s", peer="NumPy, exact", theirs=0.180, at_most=0.25)
    record.row("recall of 20", 0.998, "", at_least=0.99)
    record.curve("median of a query", "segments", "s", {"jupyter-capture": [(1e5, 0.004), …]})
    record.note("Where a peer wins, and why.")
    record.save()

`Record.row`: medians of ours and of the peer in the same unit. An aim (``at_most``, ``at_least``)
is for the ratio ours / theirs where there is a peer, else for ours. ``more_is_better`` is for
speeds and recalls: it only decides in which direction a peer wins.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

FOLDER = Path(__file__).with_name("results")

Lines = Mapping[str, Sequence[tuple[float, float]]]


@dataclass(frozen=True)
class Row:
    """``said`` stands in the place of the figures where they are not two numbers of one unit."""

    what: str
    ours: float | None
    unit: str
    peer: str = ""
    theirs: float | None = None
    aim: str = ""
    held: bool | None = None
    more_is_better: bool = False
    said: str = ""

    @property
    def ratio(self) -> float | None:
        if self.ours is None or not self.theirs:
            return None
        return self.ours / self.theirs

    @property
    def lost(self) -> bool:
        """Whether the peer is better by more than a twentieth, which is less than the noise."""
        if self.ratio is None:
            return False
        return self.ratio < 0.95 if self.more_is_better else self.ratio > 1.05


@dataclass(frozen=True)
class Curve:
    """``lines``: name → [(x, y), …]."""

    title: str
    x: str
    y: str
    lines: dict[str, list[tuple[float, float]]]


@dataclass
class Record:
    """``name`` is the script's, ``about`` a sentence or two on what is compared, ``peers`` the
    distributions whose versions matter."""

    name: str
    title: str
    about: str
    peers: Sequence[str] = ()
    rows: list[Row] = field(default_factory=list)
    curves: list[Curve] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    _load_before: float = field(default_factory=lambda: _load())

    def row(
        self,
        what: str,
        ours: float,
        unit: str,
        *,
        peer: str = "",
        theirs: float | None = None,
        at_most: float | None = None,
        at_least: float | None = None,
        more_is_better: bool = False,
    ) -> None:
        judged = ours / theirs if theirs else ours
        aims, held = [], []
        if at_most is not None:
            aims.append(f"at most {at_most:g}")
            held.append(judged <= at_most)
        if at_least is not None:
            aims.append(f"at least {at_least:g}")
            held.append(judged >= at_least)
        what_of = " ×" if aims and theirs else f" {unit}".rstrip() if aims else ""
        aim = " and ".join(aims) + what_of
        passed = all(held) if held else None
        self.rows.append(Row(what, ours, unit, peer, theirs, aim, passed, more_is_better))

    def words(self, what: str, said: str, aim: str = "", held: bool | None = None) -> None:
        """A finding that is not a number beside another."""
        self.rows.append(Row(what, None, "", aim=aim, held=held, said=said))

    def curve(self, title: str, x: str, y: str, lines: Lines) -> None:
        """How cost grows. ``x`` and ``y`` name the axes, with their units."""
        kept = {name: [(float(a), float(b)) for a, b in line] for name, line in lines.items()}
        self.curves.append(Curve(title, x, y, kept))

    def note(self, text: str) -> None:
        self.notes.append(text)

    def save(self, folder: Path = FOLDER) -> Path:
        """Write ``<name>.json``, over that of an earlier run. Returns its path."""
        folder.mkdir(exist_ok=True)
        path = folder / f"{self.name}.json"
        told = {
            "name": self.name,
            "title": self.title,
            "about": self.about,
            "when": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
            "machine": {**machine(), "load": [self._load_before, _load()]},
            "versions": versions(["jupyter-capture", "av", "numpy", *self.peers]),
            "rows": [asdict(row) for row in self.rows],
            "curves": [asdict(curve) for curve in self.curves],
            "notes": self.notes,
        }
        beside = path.with_suffix(".part")
        beside.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n")
        beside.replace(path)
        return path


def machine() -> dict[str, object]:
    """What the figures hang on."""
    model = platform.processor() or platform.machine()
    memory = 0.0
    if Path("/proc/cpuinfo").exists():
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
        model = named[0] if named else model
        size = Path("/proc/meminfo").read_text().split()[1]
        memory = round(int(size) / 1e6, 1)
    return {
        "processor": model,
        "cores": os.cpu_count(),
        "memory_gb": memory,
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "commit": _commit(),
    }


def versions(names: Iterable[str]) -> dict[str, str]:
    found = {}
    for name in names:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "not installed"
    return found


def _commit() -> str:
    command = ["git", "rev-parse", "--short", "HEAD"]
    here = Path(__file__).parent
    done = subprocess.run(command, cwd=here, capture_output=True, text=True, check=False)
    return done.stdout.strip()


def _load() -> float:
    """How many processes wanted a core, over the last minute."""
    return round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else 0.0
