"""Serves pages, static files and one stream on a loopback port, as the engine does."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from urllib.parse import parse_qs, urlsplit

import jupyter_capture
from jupyter_capture.engine.pages import page_headers, watch_page

STATIC = Path(jupyter_capture.__file__).parent / "static"
TITLE = "Quarterly <planning> & budget"

_TYPES = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".m3u8": "application/vnd.apple.mpegurl",
    ".m4s": "video/mp4",
    ".mp4": "video/mp4",
    ".vtt": "text/vtt",
}
# What the engine answers to tokens that are not good.
_REFUSED = {"expired": 401, "deleted": 404, "broken": 500}


class MediaServer:
    """``asked`` lists the paths that were asked for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.asked: list[str] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> MediaServer:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def answer(self, path: str) -> tuple[int, dict[str, str], bytes]:
        address = urlsplit(path)
        parts = address.path.strip("/").split("/")
        token = parse_qs(address.query).get("v", [""])[0]
        if parts[0] in ("watch", "embed"):
            embed = parts[0] == "embed"
            html = watch_page(token, TITLE, embed)
            headers = {"content-type": "text/html; charset=utf-8", **page_headers(embed)}
            return 200, headers, html.encode()
        if parts[0] == "stream" and parts[1] in _REFUSED:
            return _REFUSED[parts[1]], {}, b'{"success": false, "message": "raw words"}'
        if parts[0] == "stream" and parts[1] == "nonsense":
            return 200, {"content-type": _TYPES[".m3u8"]}, b"<html>no playlist</html>"
        folder = {"static": STATIC, "stream": self.folder}.get(parts[0])
        name = "sound.m3u8" if parts[1:] == ["sound", "master.m3u8"] else parts[-1]
        file = folder / name if folder else None
        if file is None or not file.is_file():
            return 404, {}, b""
        headers = {"content-type": _TYPES[file.suffix], "access-control-allow-origin": "*"}
        return 200, headers, file.read_bytes()

    def _handler(server: MediaServer) -> type[BaseHTTPRequestHandler]:
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                server.asked.append(self.path)
                status, headers, body = server.answer(self.path)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                pass

        return Handler
