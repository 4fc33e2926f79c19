"""Media for a browser that cannot reach the engine: fetched here, sent in messages."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from urllib.parse import urlsplit

from jupyter_capture.client._http import Http
from jupyter_capture.errors import ForbiddenError

LARGEST = 256 << 20
"""Bytes of one answer. A segment of a stream has a few hundred thousand."""


class Media:
    """Fetches addresses of the origins that ``origins`` names, and of no other."""

    def __init__(self, origins: Callable[[], Iterable[str]]) -> None:
        self._origins = origins
        self._known: set[str] = set()
        self._lock = threading.Lock()
        self._http: Http | None = None

    def get(self, url: str) -> bytes:
        """Raises ForbiddenError for a foreign address, and what the server answered."""
        origin = origin_of(url)
        if origin not in self._known:
            # The engine's port may have changed with its restart, so it is asked again.
            self._known = {origin_of(each) for each in self._origins()}
        if not origin or origin not in self._known:
            raise ForbiddenError("Only media of this panel's own server is fetched for it.")
        with self._lock:
            if self._http is None:
                self._http = Http(origin)
        return self._http.fetch_url(url, LARGEST)

    def close(self) -> None:
        if self._http is not None:
            self._http.close()


def origin_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}" if parts.scheme in ("http", "https") else ""
