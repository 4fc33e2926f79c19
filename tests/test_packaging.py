"""What is installed: wheel and sdist hold what they must and no more, and say what they need.

`make package` installs both into a fresh venv; `make floor` runs tests on the oldest versions.
"""

from __future__ import annotations

import ast
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from jupyter_capture._version import __version__

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
DATA = f"jupyter_capture-{__version__}.data/data"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-t", "sdist"]
    subprocess.run([*command, "-d", folder], cwd=ROOT, check=True, capture_output=True)
    return folder


def test_the_wheel_has_all_that_runs_and_nothing_else(built: Path) -> None:
    (wheel,) = built.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        entry_points = archive.read(
            f"jupyter_capture-{__version__}.dist-info/entry_points.txt"
        ).decode()
    assert names >= {
        "jupyter_capture/py.typed",
        "jupyter_capture/static/player.js",
        "jupyter_capture/static/timeline.js",
        "jupyter_capture/media/fonts/DejaVuSans.ttf",
        "jupyter_capture/media/fonts/LICENSE",
        "jupyter_capture/engine/data/tokenizer.json",
        "jupyter_capture/engine/migrations/env.py",
        "jupyter_capture/notebooks/quickstart.ipynb",
        f"{DATA}/etc/jupyter/jupyter_server_config.d/jupyter_capture.json",
        f"{DATA}/share/jupyter/labextensions/jupyter-capture/package.json",
        f"jupyter_capture-{__version__}.dist-info/licenses/LICENSE",
    }
    inside = ("jupyter_capture/", f"jupyter_capture-{__version__}.")
    assert [name for name in names if not name.startswith(inside)] == []
    assert [name for name in names if "__pycache__" in name or name.endswith(".ts")] == []
    assert "jupyter-capture = jupyter_capture.cli:main" in entry_points
    assert wheel.stat().st_size < 5_000_000


def test_the_sdist_builds_without_the_repository(built: Path) -> None:
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    needed = {"hatch_build.py", "labextension/build.py", "labextension/package-lock.json"}
    assert names >= {*needed, "labextension/src/index.ts", "LICENSE", "README.md", "mkdocs.yml"}
    assert [name for name in names if "node_modules" in name or "demo-output" in name] == []


def test_what_is_imported_is_declared() -> None:
    declared = {canonicalize_name(Requirement(each).name) for each in PROJECT["dependencies"]}
    extras = [each for extra in ("screen",) for each in PROJECT["optional-dependencies"][extra]]
    declared |= {canonicalize_name(Requirement(each).name) for each in extras}
    homes = metadata.packages_distributions()
    missing = set()
    for path in (ROOT / "jupyter_capture").rglob("*.py"):
        for module in third_party(ast.parse(path.read_text())):
            names = {canonicalize_name(name) for name in homes.get(module, [])}
            # pydantic-core is pinned by the pydantic that it is half of.
            if names and not names & {*declared, "pydantic-core"}:
                missing.add(f"{module} in {path.relative_to(ROOT)}")
    assert sorted(missing) == []


def third_party(tree: ast.AST) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {name.name.partition(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.partition(".")[0])
    return found - set(sys.stdlib_module_names) - {"jupyter_capture"}


def test_every_dependency_has_a_floor_or_a_pin() -> None:
    loose = [each for each in PROJECT["dependencies"] if not Requirement(each).specifier]
    assert loose == []


def test_the_program_says_its_version_and_completes_its_commands() -> None:
    program = Path(sys.executable).with_name("jupyter-capture")
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)
    assert said.stdout == f"jupyter-capture {__version__}\n"
    script = """
        eval "$("$0" completion bash)"
        COMP_WORDS=(jupyter-capture se) COMP_CWORD=1
        _jupyter_capture_completion "$0"
        echo "${COMPREPLY[@]}"
    """
    done = subprocess.run(["bash", "-c", script, program], capture_output=True, text=True)
    assert done.stdout.split() == ["serve", "sessions", "search"]
