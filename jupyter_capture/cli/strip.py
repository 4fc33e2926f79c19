"""``strip``: a notebook without the pictures and the words of recordings."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from jupyter_capture.errors import InvalidRequestError

NOTE = "(Removed by jupyter-capture strip. Run the cell again to see it.)"
_PICTURE = re.compile(r"<img\b[^>]*\bsrc=[\"']data:image/[^>]*>", re.IGNORECASE)
# What our objects call themselves: those that quote what was said or seen, and those that do not.
_QUOTES = (
    "Shot(", "SearchResult(", "ShotPlayer(", "SearchPanel(", "TranscriptView(", "TimelineEditor(",
    "Overview(", "Panels(",
)  # fmt: skip
_OTHERS = ("Video(", "Audio(", "Image(", "CaptureSession(", "Timeline(", "SessionPanel(")
_HITS = re.compile(r"(?:Nothing|\d+ (?:shots?|moments?)) for “")
_TELLING = re.compile(r"^\s*(?:%transcript\b|%%?search\b)", re.MULTILINE)
_VIEW = "application/vnd.jupyter.widget-view+json"


@dataclass
class Stripped:
    """What was taken out of a notebook."""

    pictures: int = 0
    quotes: int = 0


def strip(
    notebooks: Annotated[list[Path], typer.Argument(help="Notebooks; each is changed in place.")],
) -> None:
    """Remove posters and transcripts from notebooks, before they are shared."""
    for path in notebooks:
        book, before = _read(path)
        found = strip_notebook(book)
        after = json.dumps(book, indent=1, ensure_ascii=False) + "\n"
        if found.pictures or found.quotes:
            _write(path, after)
        else:
            after = before
        typer.echo(
            f"{path}: {_count(found.pictures, 'picture')} and {_count(found.quotes, 'transcript')} "
            f"removed, {len(before.encode()) / 1e3:.0f} kB → {len(after.encode()) / 1e3:.0f} kB"
        )


def strip_notebook(book: dict[str, Any]) -> Stripped:
    """Take out of a notebook (as JSON) what recordings left in it. What you printed yourself, and
    what other packages show, stays."""
    found = Stripped()
    for cell in book.get("cells", []):
        told = bool(_TELLING.search(_text(cell.get("source", ""))))
        outputs = cell.get("outputs", [])
        cell_outputs = [_output(each, told, found) for each in outputs]
        if cell_outputs != outputs:
            cell["outputs"] = cell_outputs
    state = book.get("metadata", {})
    if found.quotes and "widgets" in state:
        del state["widgets"]
    return found


def _output(output: dict[str, Any], told: bool, found: Stripped) -> dict[str, Any]:
    if output.get("output_type") == "stream" and told and output.get("name") == "stdout":
        found.quotes += 1
        return {**output, "text": [f"{NOTE}\n"]}
    data = output.get("data")
    if not isinstance(data, dict):
        return output
    plain = _text(data.get("text/plain", ""))
    if plain.startswith(_QUOTES) or _HITS.match(plain):
        found.pictures += len(_PICTURE.findall(_text(data.get("text/html", ""))))
        found.quotes += 1
        return {**output, "data": {"text/plain": [NOTE]}}
    html = _text(data.get("text/html", ""))
    if plain.startswith(_OTHERS) and _PICTURE.search(html):
        found.pictures += len(_PICTURE.findall(html))
        rest = {name: value for name, value in data.items() if name != _VIEW}
        return {**output, "data": {**rest, "text/html": [_PICTURE.sub("", html)]}}
    return output


def _text(lines: object) -> str:
    return "".join(map(str, lines)) if isinstance(lines, list) else str(lines)


def _read(path: Path) -> tuple[dict[str, Any], str]:
    try:
        text = path.read_text(encoding="utf-8")
        book = json.loads(text)
    except OSError as error:
        raise InvalidRequestError(f"{path} cannot be read ({error.strerror}).") from error
    except ValueError as error:
        raise InvalidRequestError(f"{path} is no notebook: it is not JSON.") from error
    if not isinstance(book, dict) or not isinstance(book.get("cells"), list):
        raise InvalidRequestError(f"{path} is no notebook: it has no cells.")
    return book, text


def _write(path: Path, text: str) -> None:
    """Whole or not at all."""
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_text(text, encoding="utf-8")
        part.chmod(path.stat().st_mode & 0o777)
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def _count(number: int, what: str) -> str:
    return f"{number or 'no'} {what}{'' if number == 1 else 's'}"
