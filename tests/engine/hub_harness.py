"""A server that answers as the Hugging Face hub does, and breaks off when it is told to."""

from __future__ import annotations

import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from jupyter_capture.engine.models import SPEECH_MODELS

REPOSITORY = SPEECH_MODELS["small"]
REVISION = "0123456789abcdef"


class Hub:
    """``cuts``: after how many bytes the next answers with ``model.bin`` break off; ``sent``: what
    is sent in the place of a file. ``asked``: (file, first byte)."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {
            "model.bin": bytes(range(256)) * 12_000,
            "config.json": b"{}",
            "tokenizer.json": b'{"a": 1}',
            "vocabulary.txt": b"one\ntwo\n",
            "README.md": b"not needed",
        }
        self.sent: dict[str, bytes] = {}
        self.cuts: list[int] = []
        self.ranges = True
        self.asked: list[tuple[str, int]] = []
        hub = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                hub.answer(self)

            def log_message(self, *_: object) -> None:
                """Says nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=[0.02])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Hub:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def answer(self, to: BaseHTTPRequestHandler) -> None:
        resolve = f"/{REPOSITORY}/resolve/{REVISION}/"
        if to.path == f"/api/models/{REPOSITORY}":
            _send(to, 200, json.dumps({"sha": REVISION}).encode())
        elif to.path == f"/api/models/{REPOSITORY}/tree/{REVISION}":
            _send(to, 200, json.dumps([_entry(*each) for each in self.files.items()]).encode())
        elif to.path.startswith(resolve):
            self._file(to, to.path.removeprefix(resolve))
        else:
            _send(to, 404, b"{}")

    def _file(self, to: BaseHTTPRequestHandler, name: str) -> None:
        whole = self.sent.get(name, self.files[name])
        asked = to.headers.get("range")
        start = int(asked.removeprefix("bytes=").rstrip("-")) if asked and self.ranges else 0
        self.asked.append((name, start))
        body = whole[start:]
        to.send_response(206 if start else 200)
        to.send_header("content-length", str(len(body)))
        to.end_headers()
        if name == "model.bin" and self.cuts:
            to.wfile.write(body[: self.cuts.pop(0)])
            to.close_connection = True
        else:
            to.wfile.write(body)


def _entry(path: str, content: bytes) -> dict[str, Any]:
    git = hashlib.sha1(f"blob {len(content)}\0".encode() + content).hexdigest()
    entry = {"type": "file", "path": path, "size": len(content), "oid": git}
    if len(content) > 1000:
        sha256 = hashlib.sha256(content).hexdigest()
        entry |= {"oid": "of a pointer", "lfs": {"oid": sha256, "size": len(content)}}
    return entry


def _send(to: BaseHTTPRequestHandler, status: int, body: bytes) -> None:
    to.send_response(status)
    to.send_header("content-length", str(len(body)))
    to.end_headers()
    to.wfile.write(body)
