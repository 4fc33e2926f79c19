"""What `import jupyter_capture` offers, and what it costs."""

from __future__ import annotations

import subprocess
import sys
import types
from pathlib import Path

import pytest

import jupyter_capture

ROOT = Path(__file__).parents[2]


def run(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_all_is_what_is_exported() -> None:
    assert sorted(jupyter_capture.__all__) == jupyter_capture.__all__
    expected = {*jupyter_capture._HOMES, "__version__"}
    expected |= {"load_ipython_extension", "unload_ipython_extension"}
    assert set(jupyter_capture.__all__) == expected
    for name in jupyter_capture.__all__:
        assert getattr(jupyter_capture, name) is not None


def test_each_public_name_is_what_it_is_called() -> None:
    for name in jupyter_capture._HOMES:
        assert getattr(jupyter_capture, name).__name__ == name


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'recorder_of_dreams'"):
        _ = jupyter_capture.recorder_of_dreams


def test_the_editor_and_the_errors_are_at_hand() -> None:
    assert isinstance(jupyter_capture.editor, types.ModuleType)
    assert "connect" in dir(jupyter_capture)
    assert "editor" in dir(jupyter_capture)


def test_importing_it_loads_nothing_heavy() -> None:
    code = "import sys, jupyter_capture; print(sorted(m.split('.')[0] for m in sys.modules))"
    loaded = run(code)
    for heavy in ("httpx", "pydantic", "av", "fastapi", "ipywidgets", "numpy", "IPython", "tqdm"):
        assert f"'{heavy}'" not in loaded


def test_connecting_loads_no_media_no_server_and_no_widgets_and_starts_nothing(
    tmp_path: Path,
) -> None:
    code = (
        "import sys, jupyter_capture\n"
        f"jupyter_capture.connect(data_dir={str(tmp_path / 'data')!r})\n"
        "import jupyter_capture.editor\n"
        "print(sorted({m.split('.')[0] for m in sys.modules}))"
    )
    loaded = run(code)
    for heavy in ("av", "fastapi", "ipywidgets", "numpy", "IPython", "tqdm", "sqlalchemy"):
        assert f"'{heavy}'" not in loaded
    assert not (tmp_path / "data").exists()


def test_the_editor_has_the_sdks_whole_vocabulary() -> None:
    import videodb.editor as sdk

    import jupyter_capture.editor as ours

    theirs = {
        name
        for name, value in vars(sdk).items()
        if isinstance(value, type) and value.__module__ == sdk.__name__
    }
    assert theirs <= set(ours.__all__)
    assert all(hasattr(ours, name) for name in ours.__all__)
