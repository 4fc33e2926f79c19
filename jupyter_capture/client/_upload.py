"""Uploads: a file goes through a ticketed address, then that is named; an address is just named."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from jupyter_capture.client._fields import text
from jupyter_capture.client._http import Http
from jupyter_capture.errors import EngineError, InvalidRequestError


def one_source(
    source: str | Path | None, file_path: str | Path | None, url: str | None
) -> str | Path:
    """The one thing to upload: text for an address, a `Path` for a file that exists."""
    given = [str(item) for item in (source, file_path, url) if item]
    if len(given) != 1:
        raise InvalidRequestError(
            f"upload() takes one source, a file or an http(s) address; {len(given)} were given."
        )
    if is_url(given[0]):
        return given[0]
    path = Path(given[0]).expanduser()
    if not path.is_file():
        raise InvalidRequestError(f"{path} is no file. Give a video, an audio or a picture.")
    return path


def is_url(source: str) -> bool:
    parts = urlsplit(source)
    return parts.scheme in ("http", "https") and bool(parts.netloc)


def upload(
    http: Http,
    source: str | Path,
    collection_id: str,
    options: dict[str, Any],
    *,
    show_progress: bool,
    tell_file: bool = True,
) -> dict[str, Any] | None:
    """The asset's fields; None where a callback will tell. ``tell_file``: the name of the file,
    which our engine's errors call it by, and VideoDB's service does not know."""
    name, filename = options.get("name"), None
    if isinstance(source, Path):
        name, filename = name or source.stem, source.name if tell_file else None
        url = ticketed_url(http, collection_id, name)
        http.send_file(url, source, name=source.name, show_progress=show_progress)
    else:
        url = source
    answer = http.post(
        f"collection/{collection_id}/upload",
        {**options, "name": name, "url": url, **({"filename": filename} if filename else {})},
        title="Reading the file",
        show_progress=show_progress,
    )
    return answer if isinstance(answer, dict) else None


def upload_bytes(
    http: Http, content: bytes, collection_id: str, *, name: str, media_type: str
) -> str:
    """Put bytes behind an address that the same server recognises, and return that."""
    url = ticketed_url(http, collection_id, name)
    http.send_bytes(url, content, name=name, media_type=media_type)
    return url


def ticketed_url(http: Http, collection_id: str, name: str) -> str:
    answer = http.get(f"collection/{collection_id}/upload_url", {"name": name}) or {}
    url = text(answer, "upload_url")
    if url is None:
        raise EngineError("The server answered without an upload_url.")
    return url
