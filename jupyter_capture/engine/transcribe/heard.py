"""What of a track was heard so far, kept beside it while it is transcribed.

Each piece is a line, written as soon as it is heard: a death costs one piece, and what was heard
while recording needs not be heard again. The file goes when the words are indexed.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from jupyter_capture.engine.lock import EngineLock
from jupyter_capture.engine.transcribe.sentences import Sentence, sentences
from jupyter_capture.engine.transcribe.whisper import Piece

NAME = "heard.jsonl"
_LOCK = "heard.lock"
_LOOK_AGAIN = 0.2  # s
_FORMAT = 1


@dataclass
class Heard:
    """Made by `hearing`. ``pieces`` are in order of time."""

    path: Path
    pieces: list[Piece] = field(default_factory=list)

    @property
    def until(self) -> float:
        """Seconds of the track that were heard."""
        return self.pieces[-1].until if self.pieces else 0.0

    def add(self, piece: Piece) -> None:
        self.pieces.append(piece)
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(_told(piece)) + "\n")

    def drop(self) -> None:
        """Its words are indexed."""
        self.path.unlink(missing_ok=True)


@contextmanager
def hearing(
    folder: Path,
    model: str,
    language: str | None,
    index: str | None,
    wait: Callable[[], object] = lambda: None,
) -> Iterator[Heard]:
    """What was heard of the track in ``folder`` with this model, for this language and in the
    place of this ``index``; nothing, where it was otherwise. One process at a time hears a track:
    ``wait`` is called while another does."""
    folder.mkdir(mode=0o700, exist_ok=True)
    lock = EngineLock(folder / _LOCK)
    while not lock.take():
        wait()
        time.sleep(_LOOK_AGAIN)
    try:
        yield _opened(folder / NAME, [_FORMAT, model, language, index])
    finally:
        lock.release()


def forget(session: Path, start: float, end: float) -> None:
    """Erase what was heard from ``start`` to ``end`` (media seconds) on the tracks of a session.
    Nobody may be hearing them."""
    for path in session.glob(f"*/{NAME}"):
        header, pieces, _ = _read(path)
        left = [
            replace(
                piece,
                words=tuple(word for word in piece.words if word[2] <= start or word[1] >= end),
            )
            for piece in pieces
        ]
        _write(path, header, left)


def so_far(session: Path) -> dict[str, list[Sentence]]:
    """What was heard on the tracks of a session that still records, by track id."""
    return {
        path.parent.name: sentences([word for piece in _read(path)[1] for word in piece.words])
        for path in session.glob(f"*/{NAME}")
    }


def _opened(path: Path, header: list[object]) -> Heard:
    known, pieces, length = _read(path)
    if known != header:
        _write(path, header, [])
        return Heard(path)
    os.truncate(path, length)  # a line that a death cut short
    return Heard(path, pieces)


def _read(path: Path) -> tuple[object, list[Piece], int]:
    """The header, the pieces, and the bytes that they take."""
    header: object = None
    pieces: list[Piece] = []
    length = 0
    with suppress(OSError, ValueError, TypeError, KeyError), path.open("rb") as file:
        for number, line in enumerate(file):
            if not line.endswith(b"\n"):
                break
            said = json.loads(line)
            if number == 0:
                header = said
            else:
                pieces.append(_piece(said))
            length += len(line)
    return header, pieces, length


def _write(path: Path, header: object, pieces: list[Piece]) -> None:
    lines = [json.dumps(header), *(json.dumps(_told(piece)) for piece in pieces)]
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write("".join(f"{line}\n" for line in lines))


def _told(piece: Piece) -> dict[str, object]:
    return {**vars(piece), "words": [list(word) for word in piece.words]}


def _piece(said: dict[str, Any]) -> Piece:
    language = said["language"]
    return Piece(
        until=float(said["until"]),
        words=tuple((str(word), float(start), float(end)) for word, start, end in said["words"]),
        language=None if language is None else str(language),
        voiced=float(said["voiced"]),
        doubtful=float(said["doubtful"]),
    )
