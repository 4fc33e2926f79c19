"""The rules of the house: who may import whom, what is public, what must agree."""

from __future__ import annotations

import ast
import importlib
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_capture._version import __version__
from jupyter_capture.settings import Settings

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "jupyter_capture"
MODULES = sorted(
    path for path in PACKAGE.rglob("*.py") if not {"static", "labextension"} & set(path.parts)
)

# What a layer may import of this package, besides itself. Everything may read the version, and log.
LEAVES = {"errors", "_version", "logs"}
ALLOWED: dict[str, set[str]] = {
    "__init__": {"client", "magics", "server_extension", "errors"},
    "errors": set(),
    "_version": set(),
    "logs": set(),
    "settings": set(),
    "wire": {"errors"},
    "media": {"wire", "errors"},
    "recorder": {"media", "wire", "errors", "settings"},
    "engine": {"media", "wire", "errors", "settings"},
    "client": {"wire", "errors", "settings"},
    "editor": {"client", "wire", "errors"},
    "widgets": {"client", "wire", "errors", "settings"},
    "magics": {"client", "widgets", "wire", "errors", "settings"},
    "desktop": {"errors"},
    "local": {"client", "errors"},
    "demo": {"client", "desktop", "local", "wire", "errors", "settings"},
    "doctor": {"client", "desktop", "local", "wire", "errors", "settings"},
    "cli": {"client", "demo", "doctor", "local", "wire", "errors", "settings"},
    "server_extension": {"client", "wire", "errors", "settings"},
    "videodb": {"client", "wire", "errors", "settings"},
    "webhooks": {"errors"},
}
# Within the engine: what holds everything together, what everything stands on, and the rest, the
# stages, none of which imports another, except for the parts that one alone is made of.
ENGINE_WIRING = {"__init__", "__main__", "app", "door", "routes", "server", "services", "work"}
ENGINE_FLOOR = {
    "schema", "ids", "home", "store", "secrets", "library", "index", "models", "embed",
    "jobs", "events", "webhooks", "lock", "keys", "tickets", "migrations", "pages",
    "wallclock", "addresses", "posting", "deliveries",
}  # fmt: skip
ENGINE_OUTLETS = {"events", "webhooks"}
ENGINE_PARTS = {
    "finder": {"search"},
    "jobs": {"worker"},
    "live": {"screen", "transcribe"},
    "drawing": {"renderers", "segment_cache"},
    "ingest": {"fetching"},
    "renderers": {"render_process", "segment_cache"},
    "sessions": {"export", "recorders"},
    "saving": {"streams"},
    "streams": {"running", "specs", "spoken"},
    "worker": {"work", "jobs", "streams"},
}


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(path: Path) -> Iterator[str]:
    """Every module that a file imports, at the top or late, but not for type checking alone."""
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            assert node.module is not None
            yield node.module
            yield from (f"{node.module}.{name.name}" for name in node.names)


def ours(path: Path) -> Iterator[list[str]]:
    for name in imports(path):
        parts = name.split(".")
        if parts[0] == "jupyter_capture" and len(parts) > 1:
            yield parts[1:]


def layer(path: Path) -> str:
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return parts[0]


def layers_imported(path: Path) -> set[str]:
    names = {parts[0] for parts in ours(path)}
    return {
        name for name in names if (PACKAGE / name).is_dir() or (PACKAGE / f"{name}.py").exists()
    }


@pytest.mark.parametrize("path", MODULES, ids=module_name)
def test_a_module_imports_only_what_lies_below_it(path: Path) -> None:
    own = layer(path)
    assert own in ALLOWED, f"{own} has no place in the order of layers yet"
    wrong = layers_imported(path) - ALLOWED[own] - LEAVES - {own}
    assert not wrong, f"{module_name(path)} must not import {sorted(wrong)}"


def test_only_media_and_the_recorder_import_pyav() -> None:
    users = {
        module_name(path)
        for path in MODULES
        if any(name.split(".")[0] == "av" for name in imports(path))
    }
    # The demo's decoder is the players' point of view: none of our own reading is in it.
    allowed = ("jupyter_capture.media.", "jupyter_capture.recorder.", "jupyter_capture.demo.decode")
    assert not {name for name in users if not name.startswith(allowed)}


def test_stages_of_the_engine_do_not_import_one_another() -> None:
    wrong: list[str] = []
    for path in (PACKAGE / "engine").rglob("*.py"):
        stage = path.relative_to(PACKAGE / "engine").with_suffix("").parts[0]
        if stage in ENGINE_WIRING:
            continue
        below = ENGINE_FLOOR | ENGINE_OUTLETS | ENGINE_PARTS.get(stage, set()) | {stage}
        others = {parts[1] for parts in ours(path) if parts[0] == "engine" and len(parts) > 1}
        modules = {other for other in others if (PACKAGE / "engine" / f"{other}.py").exists()}
        wrong += [f"{stage} imports {other}" for other in sorted(modules - below)]
    assert not wrong


def test_only_entry_points_and_their_readers_build_settings() -> None:
    builders = {
        module_name(path)
        for path in MODULES
        if re.search(r"\bSettings\(\)", path.read_text()) and layer(path) != "settings"
    }
    allowed = re.compile(
        r"jupyter_capture\.(cli(\..+)?|doctor|demo(\..+)?|magics|server_extension\.app|videodb"
        r"|client\.\w+|widgets\.\w+|(engine|recorder)(\.__main__|\.app|\.worker))$"
    )
    assert not {name for name in builders if not allowed.match(name)}


@pytest.mark.parametrize(
    "path", [path for path in MODULES if "__all__" in path.read_text()], ids=module_name
)
def test_all_names_what_can_be_imported(path: Path) -> None:
    module = importlib.import_module(module_name(path))
    missing = [name for name in module.__all__ if not hasattr(module, name)]
    assert not missing
    assert len(set(module.__all__)) == len(module.__all__)


def test_no_python_file_grows_past_400_lines() -> None:
    files = [*MODULES, *(ROOT / "tests").rglob("*.py"), *(ROOT / "benchmarks").rglob("*.py")]
    long = {
        str(path.relative_to(ROOT)): lines
        for path in files
        if (lines := len(path.read_text().splitlines())) > 400
    }
    assert not long


def test_every_setting_is_documented_with_its_variable_and_its_default() -> None:
    page = (ROOT / "docs" / "settings.md").read_text()
    for name, field in Settings.model_fields.items():
        row = next(
            (line for line in page.splitlines() if f"`JUPYTER_CAPTURE_{name.upper()}`" in line), ""
        )
        assert row, f"docs/settings.md does not tell of {name}"
        assert field.description is not None
        assert field.description in row, f"docs/settings.md: another help text for {name}"
        if field.default_factory is None:
            default = "not set" if field.default in (None, "") else f"`{field.default}`"
            assert f"| {default} |" in row, f"docs/settings.md: another default of {name}"


def test_every_error_is_documented_with_its_status_and_code() -> None:
    from jupyter_capture import errors

    page = (ROOT / "docs" / "errors.md").read_text()
    classes = [value for value in vars(errors).values() if isinstance(value, type)]
    for cls in classes:
        assert issubclass(cls, errors.CaptureError) or cls.__module__ != errors.__name__
        if issubclass(cls, errors.CaptureError):
            assert f"| `{cls.__name__}` | {cls.status} | `{cls.code}` |" in page


def test_the_versions_of_python_and_labextension_agree() -> None:
    package = json.loads((ROOT / "labextension" / "package.json").read_text())
    lock = json.loads((ROOT / "labextension" / "package-lock.json").read_text())
    assert package["version"] == lock["version"] == __version__
    assert f"## [{__version__}]" in (ROOT / "CHANGELOG.md").read_text()


def test_no_module_claims_that_work_is_left_to_do() -> None:
    marks = re.compile(r"\b(TODO|FIXME|XXX)\b")
    found = [module_name(path) for path in MODULES if marks.search(path.read_text())]
    assert not found
