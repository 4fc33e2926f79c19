"""A plain file server, as a peer: what a browser needs for a stream of ready files."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar
from urllib.parse import urljoin

import httpx


class _Handler(SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    extensions_map: ClassVar[dict[str, str]] = {
        ".m3u8": "application/vnd.apple.mpegurl",
        ".m4s": "video/iso.segment",
        ".mp4": "video/mp4",
        "": "application/octet-stream",
    }

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """The address of ``folder``."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def keep(player: httpx.Client, url: str, folder: Path) -> None:
    """All files of a stream."""
    for name in ("v", "a"):
        (folder / name).mkdir(parents=True)
    for name in ("master", "video", "audio"):
        text = player.get(urljoin(url, f"{name}.m3u8")).text
        (folder / f"{name}.m3u8").write_text(text)
        for path in sorted(set(re.findall(r"[av]/[\w.-]+", text))):
            (folder / path).write_bytes(player.get(urljoin(url, path)).content)
