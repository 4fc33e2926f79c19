"""The time that loading takes, beside jupysql: `import` and `%load_ext`, each in a fresh Python.

IPython is imported beforehand on both sides, as a kernel has it anyway; both take turns, so that
the machine's mood is the same for both.

    python benchmarks/imports.py [--rounds 9]
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys

IMPORT = """
import time
import IPython.core.interactiveshell
began = time.perf_counter()
import {module}
print(time.perf_counter() - began)
"""
LOAD = """
import time
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
began = time.perf_counter()
shell.extension_manager.load_extension({extension!r})
print(time.perf_counter() - began)
"""
SIDES = {"jupyter_capture": "jupyter_capture", "jupysql": "sql"}
AIM = 0.150  # s


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9)
    rounds = parser.parse_args().rounds
    print(f"{'':14} {'jupyter_capture':>16} {'jupysql':>10} {'ratio':>8}")
    for what, code in (("import", IMPORT), ("%load_ext", LOAD)):
        ours, theirs = _compare(code, rounds)
        print(f"{what:14} {ours * 1e3:13.0f} ms {theirs * 1e3:7.0f} ms {ours / theirs:8.3f}")
        if ours > AIM:
            print(f"{what} takes longer than the {AIM * 1e3:.0f} ms that it aims at")


def _compare(code: str, rounds: int) -> tuple[float, float]:
    """Medians in seconds; the first round, which reads the files, is not counted."""
    times: dict[str, list[float]] = {side: [] for side in SIDES}
    for _ in range(rounds + 1):
        for side, module in SIDES.items():
            times[side].append(_time(code.format(module=module, extension=module)))
    ours, theirs = (statistics.median(found[1:]) for found in times.values())
    return ours, theirs


def _time(code: str) -> float:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return float(done.stdout.splitlines()[-1])


if __name__ == "__main__":
    main()
