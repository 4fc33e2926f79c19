"""Speech models from the Hugging Face hub, verified by what the hub says of each file.

What was loaded before a break or a death is not loaded again. A model appears under its name only
once every file of it is whole.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import httpx

from jupyter_capture.engine.lock import EngineLock
from jupyter_capture.engine.models import VERIFIED, SpeechModel, folder_of, repository_of
from jupyter_capture.errors import EngineError, InvalidRequestError, StorageFullError

Progress = Callable[[float, str], None]

_NEEDED = ("model.bin", "config.json", "tokenizer.json", "preprocessor_config.json")
_VOCABULARY = "vocabulary."
_TRIES = 5
"""Breaks in a row without a byte in between."""
_TELL = 0.5  # s
_TIMEOUT = httpx.Timeout(30.0)
_REST = 100_000_000
"""Bytes that stay free on the disk."""


@dataclass(frozen=True)
class _File:
    """``sha256`` of large files, git's sha1 of small ones."""

    path: str
    size: int
    sha256: str | None
    sha1: str


class _Break(Exception):
    """The line broke; it may be tried again."""


def download(name: str, models: Path, endpoint: str, progress: Progress) -> SpeechModel:
    """Load the model called ``name`` into the folder ``models``, and go on where it broke off.

    Raises InvalidRequestError for a name that nobody knows, StorageFullError, and EngineError
    where the hub cannot be reached or sends something else than it says.
    """
    repository = repository_of(name)
    folder = folder_of(models, repository)
    part = folder.with_name(f"{folder.name}.part")
    part.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = EngineLock(models / f"{folder.name}.lock")
    while not lock.take():
        progress(0.0, f"Waiting for another download of {name}")
        time.sleep(0.5)
    try:
        if not (folder / VERIFIED).exists():
            with httpx.Client(
                base_url=endpoint or _hub(), timeout=_TIMEOUT, follow_redirects=True
            ) as hub:
                _fill(hub, name, repository, part, progress)
            shutil.rmtree(folder, ignore_errors=True)
            part.rename(folder)
        shutil.rmtree(part, ignore_errors=True)
    finally:
        lock.release()
    progress(1.0, f"{name} is there")
    return SpeechModel(name, folder)


def _hub() -> str:
    from huggingface_hub.constants import ENDPOINT

    return str(ENDPOINT)


def _fill(hub: httpx.Client, name: str, repository: str, part: Path, progress: Progress) -> None:
    progress(0.0, f"Asking for {name}")
    revision, files = _patiently(name, lambda: _listing(hub, name, repository), lambda: 0)
    whole = sum(file.size for file in files)
    _check_room(name, part, files)
    before = 0
    for file in files:
        path = part / file.path

        def told(size: int, before: int = before) -> None:
            done = before + size
            said = f"Downloading {name}, {done / 1e6:.0f} of {whole / 1e6:.0f} MB"
            progress(min(0.99, done / max(whole, 1)), said)

        def load(file: _File = file, path: Path = path, told: Any = told) -> None:
            _load(hub, f"/{repository}/resolve/{revision}/{file.path}", path, file.size, told)

        _patiently(name, load, partial(_size, path))
        _verify(name, file, path)
        before += file.size
    sizes = {file.path: [file.size, file.sha256 or file.sha1] for file in files}
    note = {"repository": repository, "revision": revision, "files": sizes}
    (part / VERIFIED).write_text(json.dumps(note, indent=1))


def _listing(hub: httpx.Client, name: str, repository: str) -> tuple[str, list[_File]]:
    answer = _ask(hub, f"/api/models/{repository}")
    if answer.status_code in (401, 403, 404):
        raise InvalidRequestError(
            f"The hub has no open model {repository!r}. `jupyter-capture models list` names those "
            "that are known; others are called 'owner/name'."
        )
    revision = str(_json(answer).get("sha") or "main")
    found = _json(_ask(hub, f"/api/models/{repository}/tree/{revision}"))
    files = [_file(each) for each in found if isinstance(each, dict) and _needed(each)]
    missing = {"model.bin", "config.json"} - {file.path for file in files}
    if missing:
        raise InvalidRequestError(
            f"{repository} holds no Whisper model in CTranslate2's format: "
            f"{' and '.join(sorted(missing))} missing. Give another name."
        )
    # The small ones first: what is wrong with a model is known before a gigabyte came.
    return revision, sorted(files, key=lambda file: file.size)


def _needed(entry: dict[str, Any]) -> bool:
    path = str(entry.get("path"))
    named = path in _NEEDED or (path.startswith(_VOCABULARY) and "/" not in path)
    return named and entry.get("type") == "file"


def _file(entry: dict[str, Any]) -> _File:
    large = entry.get("lfs") or {}
    size = int(large.get("size") or entry.get("size") or 0)
    return _File(str(entry["path"]), size, large.get("oid"), str(entry.get("oid")))


def _load(hub: httpx.Client, url: str, path: Path, size: int, told: Callable[[int], None]) -> None:
    """Go on with a file up to its size."""
    have = _size(path)
    if have > size:
        path.unlink()
        have = 0
    if have == size and path.exists():
        return
    headers = {"accept-encoding": "identity"} | ({"range": f"bytes={have}-"} if have else {})
    try:
        with hub.stream("GET", url, headers=headers) as answer:
            if answer.status_code not in (200, 206):
                raise _Break(f"status {answer.status_code}")
            # Who sends all of it again does not know ranges.
            with path.open("ab" if answer.status_code == 206 else "wb") as out:
                told(have if answer.status_code == 206 else 0)
                last = time.monotonic()
                for block in answer.iter_raw():
                    out.write(block)
                    if out.tell() > size:
                        break  # more than was said: it will not be verified
                    if time.monotonic() - last >= _TELL:
                        last = time.monotonic()
                        told(out.tell())
    except httpx.HTTPError as error:
        raise _Break(str(error) or type(error).__name__) from error
    except OSError as error:
        raise StorageFullError(
            f"{path.name} could not be written ({error.strerror}). Free some space and try again: "
            "what was loaded is kept."
        ) from error
    if _size(path) < size:
        raise _Break("it ended too early")


def _verify(name: str, file: _File, path: Path) -> None:
    with path.open("rb") as content:
        if file.sha256:
            actual, said = hashlib.file_digest(content, "sha256").hexdigest(), file.sha256
        else:
            git = hashlib.sha1(f"blob {file.size}\0".encode() + content.read())
            actual, said = git.hexdigest(), file.sha1
    if actual != said:
        path.unlink()
        raise EngineError(
            f"{file.path} of the speech model {name!r} did not arrive as the hub describes it "
            f"({actual[:12]}…, not {said[:12]}…), so it was deleted. Try again."
        )


def _patiently(name: str, work: Callable[[], Any], size: Callable[[], int]) -> Any:
    """Again after each break, as long as something comes in between."""
    tries, before = 0, size()
    while True:
        try:
            return work()
        except _Break as error:
            after = size()
            tries = 0 if after > before else tries + 1
            before = after
            if tries >= _TRIES:
                raise EngineError(
                    f"The speech model {name!r} could not be downloaded ({error}). What came "
                    "is kept: connect to the internet and try again, or set "
                    "JUPYTER_CAPTURE_SPEECH_MODEL to 'tiny.en', which is here, or to the folder of "
                    "a model that you have."
                ) from error
            time.sleep(0.2 * 2**tries)


def _ask(hub: httpx.Client, path: str) -> httpx.Response:
    try:
        answer = hub.get(path)
    except httpx.HTTPError as error:
        raise _Break(str(error) or type(error).__name__) from error
    if answer.status_code >= 500 or answer.status_code == 429:
        raise _Break(f"status {answer.status_code}")
    return answer


def _json(answer: httpx.Response) -> Any:
    try:
        return answer.json()
    except ValueError as error:
        raise _Break("no answer of a hub") from error


def _check_room(name: str, part: Path, files: list[_File]) -> None:
    needed = sum(file.size - min(_size(part / file.path), file.size) for file in files)
    free = shutil.disk_usage(part).free
    if needed + _REST > free:
        raise StorageFullError(
            f"The speech model {name!r} needs {needed / 1e6:.0f} MB more, and {free / 1e6:.0f} MB "
            "are free. Free some space, or choose a smaller model."
        )


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
