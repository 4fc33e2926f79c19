"""A receiver of webhooks that misbehaves as it is told to, and remembers what it was sent."""

from __future__ import annotations

import socket
import threading
from collections import Counter
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from jupyter_capture.errors import AuthenticationError
from jupyter_capture.webhooks import verify

TIMEOUT = 0.4
"""Seconds for which senders wait for an answer."""
MOODS = (*["well"] * 4, "slow", "down", "500", "302", "hangs", "breaks off")


@dataclass
class Seen:
    """What one receiver was sent, by ``webhook-id``."""

    bodies: dict[str, set[bytes]] = field(default_factory=dict)
    answered: Counter[str] = field(default_factory=Counter)
    gone: Counter[str] = field(default_factory=Counter)
    requests: int = 0
    unsigned: int = 0


class Receiver:
    """At one port, whatever its mood; ``seen`` is what came."""

    def __init__(self, secret: str) -> None:
        self.seen = Seen()
        self.mood = "well"
        self._secret = secret
        self._lock = threading.Lock()
        self._released = threading.Event()
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self._server: ThreadingHTTPServer | None = None
        self._open()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    def feel(self, mood: str) -> None:
        self._released.set()
        self._released = threading.Event()
        was, self.mood = self.mood, mood
        if mood == "down" and was != "down":
            self._close()
        elif was == "down" and mood != "down":
            self._open()

    def close(self) -> None:
        self.feel("well")
        self._close()

    def _open(self) -> None:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                size = int(self.headers["content-length"])
                body = self.rfile.read(size)
                whole = len(body) == size  # else who sent it was killed meanwhile
                answer = receiver._take(dict(self.headers.items()), body) if whole else None
                if answer is None:
                    self.connection.close()
                    return
                self.send_response(answer)
                if answer == 302:
                    self.send_header("location", receiver.url + "/elsewhere")
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Says nothing."""

        class Server(ThreadingHTTPServer):
            allow_reuse_address = True
            daemon_threads = True
            request_queue_size = 64

            def handle_error(self, *_: object) -> None:
                """Who was killed while it was answered."""

        self._server = Server(("127.0.0.1", self.port), Handler)
        serve = self._server.serve_forever
        threading.Thread(target=serve, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def _close(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def _take(self, headers: dict[str, str], body: bytes) -> int | None:
        name = {key.lower(): value for key, value in headers.items()}["webhook-id"]
        released, mood = self._released, self.mood
        with self._lock:
            self.seen.requests += 1
            self.seen.bodies.setdefault(name, set()).add(body)
            try:
                event = verify(headers, body, self._secret)
            except AuthenticationError:
                self.seen.unsigned += 1
                return 401
            if is_unwanted(event["capture_session_id"], event["sequence"]):
                self.seen.gone[name] += 1
                return 410
        if mood == "hangs":
            released.wait(2 * TIMEOUT)
            return None
        if mood == "slow":
            released.wait(TIMEOUT / 4)
        if mood in ("500", "302"):
            return int(mood)
        if mood == "breaks off":
            return None
        with self._lock:
            self.seen.answered[name] += 1
        return 204


def is_unwanted(session_id: str, sequence: int) -> bool:
    """Every twentieth session is told that nobody wants to hear of its third event."""
    return sequence == 3 and int(session_id[-4:], 16) % 20 == 0
