"""Builds the JavaScript before a wheel, an sdist or an editable install is made."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class PlayerBuildHook(BuildHookInterface):  # type: ignore[type-arg]
    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        script = Path(self.root) / "labextension" / "build.py"
        spec = importlib.util.spec_from_file_location("labextension_build", script)
        assert spec is not None  # noqa: S101
        assert spec.loader is not None  # noqa: S101
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        try:
            built = module.build()
        except module.BuildError as error:
            self.app.abort(str(error))
        else:
            self.app.display_info("front end built" if built else "front end is up to date")
