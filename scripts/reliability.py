"""Writes docs/reliability.md from what the campaigns of ``make trust`` found.

    python scripts/reliability.py [--check]

Each campaign leaves a file in benchmarks/results/trust (see benchmarks/_trust.py). ``--check``
writes nothing, and fails where the page is not what the files say.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
RESULTS = ROOT / "benchmarks" / "results" / "trust"
PAGE = ROOT / "docs" / "reliability.md"

HEAD = """\
# Reliability

What is promised, how it was tested, how often, and what came of it. The table is written by
`make trust` from the files in benchmarks/results/trust, which the campaigns leave there; nothing in
it is written by hand. A row says *no* where a promise was not kept in every round, and the file
says in which.

| promise | how it was tested | count | result | kept | date |
|---|---|---|---|---|---|
"""

FOOT = """
The campaigns ran on: {machines}. No real screen, sound card or camera was recorded: the desktop is
Xvfb and PulseAudio with virtual devices. Each campaign goes on where its last run ended, so that
long ones can be run in stretches; `--help` of each says how many rounds it does.

| campaign | repeat it with |
|---|---|
{commands}

No process of this project reads playlists, so none is fuzzed with them: they are computed from
what is stored, and read by hls.js or the browser. A playlist that is uploaded, or sent as if a
browser had recorded it, is refused before anything follows it (tests/media/test_ingest.py,
tests/recorder/test_browser_bytes.py). The memory that what a browser sends may take is tried with
files that lie about their size, heads without end, floods of chunks and connections, and clocks
that leap (tests/recorder/test_browser_bytes.py).

The same attacks, in small, are in the tests: files that lie, disks that fill, pages of the library
that are overwritten, processes that are killed (tests/engine/test_deaths.py,
test_disk_full.py, test_corruption.py, test_life.py, test_retention.py).
"""


def page(found: list[dict[str, Any]]) -> str:
    rows = [
        f"| {row['promise']} | {row['how']} | {row['count']} | {row['result']} |"
        f" {'yes' if row['held'] else '**no**'} | {one['date']} |"
        for one in found
        for row in one["rows"]
    ]
    commands = [f"| {one['name']} | `python benchmarks/{one['name']}.py` |" for one in found]
    machines = "; ".join(sorted({one["machine"] for one in found}))
    return HEAD + "\n".join(rows) + "\n" + FOOT.format(
        machines=machines, commands="\n".join(commands)
    )  # fmt: skip


def main() -> int:
    found = [json.loads(path.read_text()) for path in sorted(RESULTS.glob("*.json"))]
    text = page(found)
    if "--check" in sys.argv:
        return 0 if PAGE.exists() and PAGE.read_text() == text else 1
    PAGE.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
