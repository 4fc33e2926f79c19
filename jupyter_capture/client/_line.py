"""Requests over a Unix socket, of which none is left to the garbage collector."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any, cast

import httpcore
import httpx


class Line(httpx.BaseTransport):
    """Any thread may ask. After `retire` it is closed as soon as nobody uses it any more: to be
    closed under a request that is about to connect would leave that one's socket open."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._transport = _Transport(path)
        self._lock = threading.Lock()
        self._users = 0
        self._retired = False

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        with self._lock:
            self._users += 1
        try:
            response = self._transport.handle_request(request)
        except BaseException:
            self._leave()
            raise
        response.stream = _Body(cast(httpx.SyncByteStream, response.stream), self._leave)
        return response

    def retire(self) -> None:
        with self._lock:
            self._retired = True
            unused = not self._users
        if unused:
            self._transport.close()

    def close(self) -> None:
        """At once, whoever uses it."""
        self._transport.close()

    def _leave(self) -> None:
        with self._lock:
            self._users -= 1
            over = self._retired and not self._users
        if over:
            self._transport.close()


class _Body(httpx.SyncByteStream):
    def __init__(self, body: httpx.SyncByteStream, leave: Callable[[], None]) -> None:
        self._body = body
        self._leave: Callable[[], None] | None = leave

    def __iter__(self) -> Iterator[bytes]:
        yield from self._body

    def close(self) -> None:
        leave, self._leave = self._leave, None
        try:
            self._body.close()
        finally:
            if leave is not None:
                leave()


class _Transport(httpx.HTTPTransport):
    def __init__(self, path: str) -> None:
        super().__init__(uds=path)
        self._pool = httpcore.ConnectionPool(
            uds=path, network_backend=_Backend(), max_connections=100, keepalive_expiry=5.0
        )


class _Backend(httpcore.NetworkBackend):
    """As httpcore's, which leaves the socket of a connection that is refused open."""

    def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[Any] | None = None
    ) -> httpcore.NetworkStream:
        made = socket.socket(socket.AF_UNIX)
        try:
            with _said(httpcore.ConnectTimeout, httpcore.ConnectError):
                made.settimeout(timeout)
                made.connect(path)
        except BaseException:
            made.close()
            raise
        return _Stream(made)


class _Stream(httpcore.NetworkStream):
    def __init__(self, socket: socket.socket) -> None:
        self._socket = socket

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        with _said(httpcore.ReadTimeout, httpcore.ReadError):
            self._socket.settimeout(timeout)
            return self._socket.recv(max_bytes)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        with _said(httpcore.WriteTimeout, httpcore.WriteError):
            self._socket.settimeout(timeout)
            self._socket.sendall(buffer)

    def close(self) -> None:
        self._socket.close()

    def get_extra_info(self, info: str) -> Any:
        if info == "socket":
            return self._socket
        return self._is_readable() if info == "is_readable" else None

    def _is_readable(self) -> bool:
        """Whether something lies there, or the other side has hung up."""
        self._socket.setblocking(False)  # whoever reads or writes sets a time of its own
        try:
            self._socket.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return False
        except OSError:
            pass
        return True


@contextlib.contextmanager
def _said(late: type[Exception], broken: type[Exception]) -> Iterator[None]:
    try:
        yield
    except TimeoutError as error:
        raise late(str(error)) from error
    except OSError as error:
        raise broken(str(error)) from error
