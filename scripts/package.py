"""Builds wheel and sdist into dist/, installs the wheel into a fresh venv, and tries it there.

python scripts/package.py            # also the wheel that the sdist builds; size of the venv
python scripts/package.py --floor    # the oldest versions that pyproject.toml allows, and tests
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
AIM_MB, MOST_MB = 750, 950
"""An installation without extras: JupyterLab, models, and all. What ipyvolume needs (pandas,
matplotlib, Vuetify, three.js) is about 150 of it, ctranslate2, onnxruntime and FFmpeg 320."""
UV = [sys.executable, "-m", "uv", "pip"]
FLOOR_TESTS = ["tests/client", "tests/media"]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--floor", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="jc-package-") as name:
        folder = Path(name)
        return floor(folder) if asked.floor else package(folder)


def package(folder: Path) -> int:
    dist = ROOT / "dist"
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-t", "sdist", "-d", dist)
    wheel, sdist = newest(dist, "*.whl"), newest(dist, "*.tar.gz")
    print(f"{wheel.name} {mb(wheel.stat().st_size)}, {sdist.name} {mb(sdist.stat().st_size)}")
    python = venv(folder / "venv")
    began = time.monotonic()
    run(*UV, "install", "--quiet", "--python", python, wheel)
    took = time.monotonic() - began
    tried(python)
    sizes = dict(packages(python))
    total = sum(sizes.values())
    print(f"installed in {took:.0f} s; {len(sizes)} folders and files, {mb(total)}; the largest:")
    for name, size in sorted(sizes.items(), key=lambda item: -item[1])[:12]:
        print(f"  {name:32} {mb(size):>8}")
    run(*UV, "install", "--quiet", "--reinstall", "--no-deps", "--python", python, sdist)
    tried(python)
    print("the sdist builds the same")
    gone(python)
    if total > AIM_MB * 1e6:
        print(f"more than the {AIM_MB} MB that it aims at; {MOST_MB} MB are the most it may have")
    return int(total > MOST_MB * 1e6)


def floor(folder: Path) -> int:
    """The oldest versions, on which the tests of client and media must pass."""
    python = venv(folder / "venv")
    lowest = ("--resolution", "lowest-direct")
    run(*UV, "install", "--quiet", "--python", python, *lowest, "--editable", f"{ROOT}[dev]")
    return subprocess.run([python, "-m", "pytest", "-q", *FLOOR_TESTS], cwd=ROOT).returncode


def tried(python: Path) -> None:
    """What an installation must do at once, in a folder that is not the checkout."""
    scripts = python.parent
    env = {**os.environ, "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}"}
    run(*UV, "check", "--quiet", "--python", python)
    for command, expected in (
        ((scripts / "jupyter-capture", "--version"), "jupyter-capture "),
        ((scripts / "jupyter-capture", "completion", "bash"), "complete "),
        ((python, "-c", "import jupyter_capture; print(jupyter_capture.connect)"), "connect"),
        ((scripts / "jupyter", "labextension", "list"), "jupyter-capture"),
        ((scripts / "jupyter", "server", "extension", "list"), "jupyter_capture"),
    ):
        done = subprocess.run(
            command, cwd=python.parent, env=env, capture_output=True, text=True, check=True
        )
        if expected not in done.stdout + done.stderr:
            sys.exit(f"{command}: no {expected!r} in {done.stdout}{done.stderr}")


def gone(python: Path) -> None:
    """Uninstalled, it leaves nothing that Jupyter would load."""
    run(*UV, "uninstall", "--quiet", "--python", python, "jupyter-capture")
    scripts = python.parent
    for what in (("labextension",), ("server", "extension")):
        done = subprocess.run(
            (scripts / "jupyter", *what, "list"),
            cwd=scripts,
            env={**os.environ, "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}"},
            capture_output=True,
            text=True,
            check=True,
        )
        if any(
            name in done.stdout + done.stderr for name in ("jupyter-capture", "jupyter_capture")
        ):
            sys.exit(f"uninstalled, yet still there:\n{done.stdout}{done.stderr}")
    print("uninstalled, it leaves nothing enabled")


def packages(python: Path) -> Iterator[tuple[str, int]]:
    """What lies in site-packages and in share/, with its bytes."""
    (site,) = (python.parent.parent / "lib").glob("python*/site-packages")
    for path in (*site.iterdir(), python.parent.parent / "share"):
        files = [path] if path.is_file() else path.rglob("*")
        yield path.name, sum(each.stat().st_size for each in files if each.is_file())


def venv(folder: Path) -> Path:
    run(sys.executable, "-m", "uv", "venv", "--quiet", "--python", sys.executable, folder)
    return folder / "bin" / "python"


def newest(folder: Path, pattern: str) -> Path:
    return max(folder.glob(pattern), key=lambda path: path.stat().st_mtime)


def mb(size: float) -> str:
    return f"{size / 1e6:.1f} MB"


def run(*command: object) -> None:
    subprocess.run([str(each) for each in command], cwd=ROOT, check=True)


if __name__ == "__main__":
    sys.exit(main())
