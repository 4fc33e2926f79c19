"""A receiver of webhooks on loopback, for the demo and the tests."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

from jupyter_capture.errors import RequestTimeoutError


class WebhookReceiver:
    """Takes every POST, answers 204 (or ``status``), and keeps body and headers in order.

    ``url`` is what to hand over as ``callback_url``.
    """

    def __init__(self) -> None:
        self.status = 204
        self._deliveries: list[tuple[dict[str, str], dict[str, Any]]] = []
        self._changed = threading.Condition()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, name="webhooks"
        )

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/webhook"

    @property
    def bodies(self) -> list[dict[str, Any]]:
        """All bodies so far, in order of arrival."""
        with self._changed:
            return [body for _, body in self._deliveries]

    @property
    def headers(self) -> list[dict[str, str]]:
        """The headers of `bodies`, names in lower case."""
        with self._changed:
            return [headers for headers, _ in self._deliveries]

    def wait_for(
        self, event: str, session_id: str | None = None, seconds: float = 30.0
    ) -> dict[str, Any]:
        """The first body of this event (of this session). Raises RequestTimeoutError."""

        def found() -> dict[str, Any] | None:
            for _, body in self._deliveries:
                same = session_id is None or body.get("capture_session_id") == session_id
                if body.get("event") == event and same:
                    return body
            return None

        with self._changed:
            if body := self._changed.wait_for(found, seconds):
                return body
            events = [body.get("event") for _, body in self._deliveries]
        raise RequestTimeoutError(
            f"No webhook {event} came within {seconds:g} s; those that came: {events}."
        )

    def __enter__(self) -> WebhookReceiver:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _keep(self, headers: dict[str, str], body: dict[str, Any]) -> None:
        with self._changed:
            self._deliveries.append((headers, body))
            self._changed.notify_all()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                headers = {name.lower(): value for name, value in self.headers.items()}
                receiver._keep(headers, json.loads(body))
                self.send_response(receiver.status)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Says nothing: the one who waits looks at `bodies`."""

        return Handler
