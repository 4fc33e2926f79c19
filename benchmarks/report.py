"""Makes benchmarks/RESULTS.md, and a plot for each, of what the benchmarks last recorded.

python benchmarks/report.py            # writes
python benchmarks/report.py --check    # fails where RESULTS.md is not what the records say
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from _record import FOLDER, Row

PAGE = Path(__file__).with_name("RESULTS.md")
ORDER = (
    "imports", "recorder", "playable", "streams", "browser", "speech", "live", "screen", "search",
    "growth", "install",
)  # fmt: skip
OURS, PEER, LOST = "#2f6fb5", "#9aa3ad", "#c0562b"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true")
    asked = parser.parse_args()
    records = load()
    told = page(records)
    if asked.check:
        current = PAGE.read_text() == told if PAGE.exists() else not records
        return 0 if current else 1
    for record in records:
        plot(record)
    PAGE.write_text(told)
    print(PAGE)
    return 0


def load(folder: Path = FOLDER) -> list[dict[str, Any]]:
    """The records, in the order of `ORDER`, what is not in it last."""
    found = [json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))]
    for record in found:
        record["rows"] = [Row(**row) for row in record["rows"]]
    places = {name: at for at, name in enumerate(ORDER)}
    return sorted(found, key=lambda record: places.get(_script(record), len(ORDER)))


def _script(record: dict[str, Any]) -> str:
    """One that records several sizes gives each a name of its own: search-1000000."""
    return str(record["name"]).partition("-")[0]


def page(records: list[dict[str, Any]]) -> str:
    """RESULTS.md."""
    lines = [
        "# Benchmarks beside peers",
        "",
        "Written by `make bench` from the records in `benchmarks/results/`. Ours and the peer "
        "work on the same input, in the same run, taking turns; figures are medians. A ratio is "
        "ours divided by the peer's: below 1 ours takes less. Single figures are as noisy as the "
        "machine was busy (its load, before → after, stands with each); ratios are less so.",
        "",
        *_summary(records),
    ]
    for record in records:
        lines += _section(record)
    return "\n".join(lines) + "\n"


def _summary(records: list[dict[str, Any]]) -> list[str]:
    lost = [(record, row) for record in records for row in record["rows"] if row.lost]
    missed = [(record, row) for record in records for row in record["rows"] if row.held is False]
    lines = ["## Where a peer wins, or an aim is missed", ""]
    for record, row in lost:
        lines.append(f"- {record['title']}: {row.what}, {_times(row.ratio or 0)} × {row.peer}")
    for record, row in missed:
        if not row.lost:
            lines.append(f"- {record['title']}: {row.what}, {_ours(row)} (aim: {row.aim})")
    if not lost and not missed:
        lines.append("Nowhere in these runs.")
    else:
        lines += ["", "What is known of the reasons stands below each table."]
    return [*lines, ""]


def _section(record: dict[str, Any]) -> list[str]:
    machine, versions = record["machine"], record["versions"]
    before, after = machine["load"]
    peers = ", ".join(f"{name} {version}" for name, version in versions.items())
    lines = [
        f"## {record['title']}",
        "",
        record["about"],
        "",
        *_table(record["rows"]),
    ]
    if _plotted(record):
        lines += ["", f"![{record['title']}](results/{record['name']}.svg)"]
    if record["notes"]:
        lines += ["", *(f"- {note}" for note in record["notes"])]
    lines += [
        "",
        f"*`benchmarks/{_script(record)}.py`, {record['when']}, commit {machine['commit']}; "
        f"{machine['processor']}, {machine['cores']} cores, {machine['memory_gb']} GB, "
        f"{machine['system']}, Python {machine['python']}; load {before} → {after}; {peers}.*",
        "",
    ]
    return lines


def _table(rows: list[Row]) -> list[str]:
    """Columns in which nothing stands are left out."""
    heads = ("what", "ours", "peer", "peer's", "ratio", "aim", "held")
    cells = [_cells(row) for row in rows]
    kept = [at for at in range(len(heads)) if at < 2 or any(each[at] for each in cells)]
    lines = [heads, ["---"] * len(heads), *cells]
    return ["| " + " | ".join(line[at] for at in kept) + " |" for line in lines]


def _cells(row: Row) -> list[str]:
    theirs = "" if row.theirs is None else figure(row.theirs, row.unit)
    ratio = "" if row.ratio is None else _times(row.ratio)
    held = "" if row.held is None else "yes" if row.held else "**no**"
    cells = (row.what, _ours(row), row.peer, theirs, ratio, row.aim, held)
    return [cell.replace("|", "\\|") for cell in cells]


def _ours(row: Row) -> str:
    return row.said if row.ours is None else figure(row.ours, row.unit)


def figure(value: float, unit: str) -> str:
    """Three digits that mean something; seconds below one as milliseconds."""
    if unit == "s" and abs(value) < 1:
        value, unit = value * 1000, "ms"
    text = f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"
    return f"{text} {unit}".rstrip() if unit != "%" else f"{text} %"


def _times(ratio: float) -> str:
    return f"{ratio:.2f}" if ratio >= 0.1 else f"{ratio:.2g}"


# ---- plots


def _plotted(record: dict[str, Any]) -> bool:
    return bool(record["curves"]) or any(row.ratio for row in record["rows"])


def plot(record: dict[str, Any]) -> None:
    """``results/<name>.svg``: ratios as bars, and a field for each curve."""
    import matplotlib as mpl

    mpl.use("svg")
    # The same picture twice is the same file twice.
    mpl.rcParams["svg.hashsalt"] = "jupyter-capture"
    from matplotlib import pyplot

    if not _plotted(record):
        return
    rows = [row for row in record["rows"] if row.ratio]
    fields = bool(rows) + len(record["curves"])
    heights = [0.9 + 0.42 * len(rows)] * bool(rows) + [3.4] * len(record["curves"])
    drawn, axes = pyplot.subplots(
        fields, 1, figsize=(8.6, sum(heights)), height_ratios=heights, squeeze=False,
        layout="constrained",
    )  # fmt: skip
    column = [axis[0] for axis in axes]
    if rows:
        _bars(column[0], rows)
    for axis, curve in zip(column[bool(rows) :], record["curves"], strict=True):
        _curve(axis, curve)
    drawn.savefig(FOLDER / f"{record['name']}.svg", metadata={"Date": None})
    pyplot.close(drawn)


def _bars(axis: Any, rows: list[Row]) -> None:
    places = range(len(rows), 0, -1)
    for place, row in zip(places, rows, strict=True):
        ratio = row.ratio or 1
        axis.barh(place, ratio, height=0.6, color=LOST if row.lost else OURS)
        axis.annotate(
            _times(ratio), (ratio, place), (4, 0), textcoords="offset points", va="center",
            fontsize=9,
        )  # fmt: skip
    labels = [f"{_short(row.what)}\n/ {_short(row.peer)}" for row in rows]
    axis.set_yticks(list(places), labels, fontsize=8)
    axis.axvline(1, color="#444", linewidth=1)
    axis.set_xscale("log")
    most = max(max(row.ratio or 1 for row in rows), 1)
    axis.set_xlim(min(min(row.ratio or 1 for row in rows), 1) / 2, most * 2.2)
    axis.set_xlabel("ours / the peer's (the line: as much as the peer)")
    _plain(axis)


def _curve(axis: Any, curve: dict[str, Any]) -> None:
    from matplotlib.ticker import EngFormatter

    colours = [OURS, PEER, LOST, "#4b8f5a", "#7d5ba6", "#b3903a"]
    for at, (name, line) in enumerate(curve["lines"].items()):
        x, y = zip(*line, strict=True)
        axis.plot(x, y, marker="o", label=name, color=colours[at % len(colours)])
    wide = [x for line in curve["lines"].values() for x, _ in line if x > 0]
    if wide and max(wide) / min(wide) > 20:
        axis.set_xscale("log")
    axis.xaxis.set_major_formatter(EngFormatter(sep=""))
    axis.set_ylim(bottom=0)
    axis.set_title(curve["title"], fontsize=10)
    axis.set_xlabel(curve["x"])
    axis.set_ylabel(curve["y"])
    axis.legend(frameon=False, fontsize=8)
    _plain(axis)


def _short(text: str, most: int = 52) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def _plain(axis: Any) -> None:
    for side in ("top", "right"):
        axis.spines[side].set_visible(False)
    axis.grid(axis="x", color="#ddd", linewidth=0.6)
    axis.set_axisbelow(True)


if __name__ == "__main__":
    sys.exit(main())
