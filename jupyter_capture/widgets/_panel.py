"""What every panel stands on: the engine's own HTTP API and events, over the widget's messages."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from jupyter_capture.errors import InvalidRequestError
from jupyter_capture.widgets._asked import Answerer, Asked, Question, Reply
from jupyter_capture.widgets._events import Listening
from jupyter_capture.widgets._media import Media

if TYPE_CHECKING:
    from jupyter_capture.client.connection import Connection
    from jupyter_capture.client.websocket import WebSocketConnection

METHODS = ("GET", "POST", "PATCH", "PUT", "DELETE")
Told = Callable[[Any], None]


class Panel(Asked):
    """``connection`` is that to this machine's engine where none is given; it is made when the
    panel first asks for something. A subclass names its ``_esm`` and ``_css`` of `STATIC`."""

    def __init__(self, connection: Connection | None = None, **traits: Any) -> None:
        self._connection = connection
        self._connecting = threading.Lock()
        self._callbacks: dict[str, list[Told]] = {}
        self._listening = Listening(self._websocket, self._tell)
        self._media = Media(self._origins)
        super().__init__(**traits)

    @property
    def connection(self) -> Connection:
        with self._connecting:
            if self._connection is None:
                from jupyter_capture.client.connection import connect

                self._connection = connect()
            return self._connection

    def close(self) -> None:
        """Take the panel off the page. What records goes on."""
        # One whose making failed is closed as well, when it is collected.
        for part in ("_listening", "_media"):
            if part in self.__dict__:
                self.__dict__[part].close()
        super().close()

    def _on_emitted(self, name: str, callback: Told, remove: bool = False) -> None:
        """Call ``callback(detail)`` whenever the front end emits ``name``."""
        callbacks = self._callbacks.setdefault(name, [])
        if not remove:
            callbacks.append(callback)
        elif callback in callbacks:
            callbacks.remove(callback)

    def _emitted(self, name: str, detail: Any) -> None:
        """The front end did something: in the thread that runs cells."""
        for callback in list(self._callbacks.get(name, [])):
            callback(detail)

    def _heard(self, message: Question) -> None:
        if "listen" in message:
            kinds = [kind for kind in message["listen"] if isinstance(kind, str)]
            self._listening.want(str(message.get("view")), kinds)
        elif "emit" in message:
            self._emitted(str(message["emit"]), message.get("detail"))

    def _answerers(self) -> dict[str, Answerer]:
        return {
            **super()._answerers(),
            "request": self._request,
            "media": lambda asked: Reply({}, (self._media.get(str(asked.get("url"))),)),
        }

    def _request(self, asked: Question) -> Reply:
        method, path = str(asked.get("method")), str(asked.get("path"))
        if method not in METHODS or not path.startswith("/") or path.startswith("//"):
            raise InvalidRequestError(
                f"A panel asks with {', '.join(METHODS)} for a path like /engine, "
                f"not {method} {path}."
            )
        return Reply({"body": self.connection.http.envelope(method, path, asked.get("body"))})

    def _websocket(self) -> WebSocketConnection:
        return self.connection.connect_websocket()

    def _tell(self, event: dict[str, Any]) -> None:
        self.send({"event": event})

    def _origins(self) -> list[str]:
        connection = self.connection
        found = [connection.base_url]
        if connection.data_dir is not None:
            found.append(connection.status().media_url)
        return found
