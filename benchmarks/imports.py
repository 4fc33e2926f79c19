"""The time that loading takes, beside jupysql's and Jupyter AI's magics: `import` and `%load_ext`,
each in a fresh Python.

IPython is imported beforehand on all sides, as a kernel has it anyway; all take turns, so that the
machine's mood is the same for all. Jupyter AI's dependencies are at odds with others', so it is
installed with the same IPython into a venv of its own, kept in the user's cache.

    python benchmarks/imports.py [--rounds 9] [--no-jupyter-ai]
"""

from __future__ import annotations

import argparse
import contextlib
import statistics
import subprocess
import sys
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path

import platformdirs
from _record import Record

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
shell.extension_manager.load_extension({module!r})
print(time.perf_counter() - began)
"""
AIM = 0.150  # s


@dataclass
class Side:
    name: str
    module: str
    python: Path = field(default_factory=lambda: Path(sys.executable))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--no-jupyter-ai", action="store_true")
    asked = parser.parse_args()
    sides = [Side("jupyter_capture", "jupyter_capture"), Side("jupysql", "sql")]
    record = Record(
        "imports",
        "Loading",
        "A fresh Python in which IPython is imported already: `import`, and `%load_ext`.",
        peers=["jupysql", "ipython"],
    )
    if not asked.no_jupyter_ai:
        python, version = jupyter_ai()
        sides.append(Side(f"Jupyter AI magics {version}", "jupyter_ai_magics", python))
    for what, code in (("import", IMPORT), ("%load_ext", LOAD)):
        ours, *theirs = compared(code, sides, asked.rounds)
        record.row(what, ours, "s", at_most=AIM)
        for side, took in zip(sides[1:], theirs, strict=True):
            record.row(what, ours, "s", peer=side.name, theirs=took, at_most=1)
            print(f"{what:10} {ours * 1e3:4.0f} ms   {side.name:28} {took * 1e3:5.0f} ms   "
                  f"ratio {ours / took:.3f}")  # fmt: skip
    record.note(
        "What each loads differs: ours registers its magics and imports the client when it is "
        "first used, the others import SQLAlchemy, or LangChain."
    )
    record.save()


def jupyter_ai() -> tuple[Path, str]:
    """The Python of a venv that has it, and its version."""
    folder = platformdirs.user_cache_path("jupyter-capture-benchmarks") / "jupyter-ai"
    python = folder / "bin" / "python"
    version = "from importlib.metadata import version; print(version('jupyter-ai-magics'))"
    ask = [str(python), "-c", version]
    with contextlib.suppress(OSError, subprocess.CalledProcessError):
        return python, subprocess.run(
            ask, check=True, capture_output=True, text=True
        ).stdout.strip()
    uv = [sys.executable, "-m", "uv"]
    make = [*uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(folder)]
    subprocess.run(make, check=True)
    wanted = ["jupyter-ai-magics", f"ipython=={metadata.version('ipython')}"]
    subprocess.run([*uv, "pip", "install", "--quiet", "--python", str(python), *wanted], check=True)
    return python, subprocess.run(ask, check=True, capture_output=True, text=True).stdout.strip()


def compared(code: str, sides: list[Side], rounds: int) -> list[float]:
    """Medians in seconds; the first round, which reads the files, is not counted."""
    times: dict[str, list[float]] = {side.name: [] for side in sides}
    for _ in range(rounds + 1):
        for side in sides:
            times[side.name].append(timed(side.python, code.format(module=side.module)))
    return [statistics.median(found[1:]) for found in times.values()]


def timed(python: Path, code: str) -> float:
    done = subprocess.run([python, "-W", "ignore", "-c", code], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{python}: {done.stderr.strip()}")
    return float(done.stdout.splitlines()[-1])


if __name__ == "__main__":
    main()
