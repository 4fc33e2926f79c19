"""One POST to a callback address: to where its name was found to lead, within a limit of time."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Iterable
from typing import Any

import httpcore

from jupyter_capture.engine.addresses import allowed, parsed

TIMEOUT = 15.0
LONGEST_ANSWER = 64 * 1024
"""Bytes of an answer that are read. Nothing is kept of them."""


class Poster:
    """Redirects are not followed, and proxies of the environment not used: what is checked here is
    then what is connected to. ``private``: whether private networks may be called.
    ``timeout``: seconds for all of it, from the name to the answer's end.
    """

    def __init__(self, *, private: bool = False, timeout: float = TIMEOUT) -> None:
        self.private = private
        self.timeout = timeout
        self.context: ssl.SSLContext | None = None
        self._open: set[_Timed] = set()
        self._lock = threading.Lock()
        self._closed = False

    def post(self, url: str, headers: dict[str, str], content: bytes) -> int:
        """The answer's status. Raises httpcore's and ssl's errors, OSError, ForbiddenError, and
        InvalidRequestError where it is no address."""
        address = parsed(url)
        origin = httpcore.Origin(
            address.raw_scheme, address.raw_host, address.port or PORTS[address.scheme]
        )
        request = httpcore.Request(
            b"POST",
            httpcore.URL(
                scheme=origin.scheme, host=origin.host, port=origin.port, target=address.raw_path
            ),
            headers=[
                ("host", address.netloc.decode("ascii")),
                *headers.items(),
                ("content-length", str(len(content))),
                ("connection", "close"),
            ],
            content=content,
        )
        line = _Line(self, time.monotonic() + self.timeout)
        context = self._context() if address.scheme == "https" else None
        connection = httpcore.HTTPConnection(origin, ssl_context=context, network_backend=line)
        try:
            return _status(connection.handle_request(request))
        finally:
            # Whatever the other side still has to say.
            with contextlib.suppress(Exception):
                connection.close()
            self._forget(line.stream)

    def close(self) -> None:
        """Break off what is under way, and begin nothing any more."""
        with self._lock:
            self._closed = True
            under_way = list(self._open)
        for stream in under_way:
            stream.cut()

    @property
    def closed(self) -> bool:
        return self._closed

    def _context(self) -> ssl.SSLContext:
        if self.context is None:
            import httpx

            self.context = httpx.create_ssl_context()
        return self.context

    def _keep(self, stream: _Timed) -> None:
        with self._lock:
            if self._closed:
                stream.close()
                raise httpcore.ConnectError("The engine ends.")
            self._open.add(stream)

    def _forget(self, stream: _Timed | None) -> None:
        if stream is not None:
            with self._lock:
                self._open.discard(stream)


PORTS = {"http": 80, "https": 443}


def _status(response: httpcore.Response) -> int:
    """Its status counts, whatever becomes of the rest of the answer."""
    seen = 0
    with contextlib.suppress(httpcore.NetworkError, httpcore.TimeoutException,
                             httpcore.ProtocolError):  # fmt: skip
        for block in response.iter_stream():
            seen += len(block)
            if seen >= LONGEST_ANSWER:
                break
    return response.status


def connected(host: str, port: int, deadline: float, *, private: bool) -> httpcore.NetworkStream:
    """A line to one of the addresses that ``host`` stands for now and that may be called.

    Raises ForbiddenError where none may be, OSError and httpcore's errors.
    """
    addresses = allowed(host, port, private=private)
    failed: Exception | None = None
    for place, address in enumerate(addresses):
        # One that does not answer leaves time for the next.
        share = _left(deadline) / (len(addresses) - place)
        try:
            return httpcore.SyncBackend().connect_tcp(address, port, share)
        except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
            failed = error
    raise failed or httpcore.ConnectError(f"{host} stands for no address.")


class Lines(httpcore.NetworkBackend):
    """Of httpcore's ways to connect, the one that is used here."""

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        return self.connect(host, port, timeout)

    def connect(self, host: str, port: int, timeout: float | None) -> httpcore.NetworkStream:
        raise NotImplementedError


class _Line(Lines):
    """Looks a name up and connects to one of the addresses that were found to be good."""

    def __init__(self, poster: Poster, deadline: float) -> None:
        self._poster = poster
        self._deadline = deadline
        self.stream: _Timed | None = None

    def connect(self, host: str, port: int, timeout: float | None) -> httpcore.NetworkStream:
        found = connected(host, port, self._deadline, private=self._poster.private)
        self.stream = _Timed(found, self._deadline)
        self._poster._keep(self.stream)
        return self.stream


class _Timed(httpcore.NetworkStream):
    """A stream for which the time is limited in all, not for each block of it."""

    def __init__(self, inner: httpcore.NetworkStream, deadline: float) -> None:
        self._inner = inner
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, _left(self._deadline))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, _left(self._deadline))

    def close(self) -> None:
        self._inner.close()

    def cut(self) -> None:
        """From another thread: what waits for it goes on."""
        line = self._inner.get_extra_info("socket")
        with contextlib.suppress(OSError):
            line.shutdown(socket.SHUT_RDWR)

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        self._inner = self._inner.start_tls(ssl_context, server_hostname, _left(self._deadline))
        return self

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout("no answer in time")
    return left
