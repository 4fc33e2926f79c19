"""An upload that lies elsewhere is fetched, from where callbacks may go to as well."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpcore
import httpx

from jupyter_capture._version import __version__
from jupyter_capture.engine.posting import PORTS, Lines, connected
from jupyter_capture.errors import ForbiddenError, InvalidRequestError, TooLargeError

_CONNECT_SECONDS = 10.0
_TIMEOUT = httpx.Timeout(30.0, connect=_CONNECT_SECONDS)
_REDIRECTS = 5


def fetch(
    url: str,
    target: Path,
    limit: int,
    progress: Callable[[float], None],
    *,
    private: bool = False,
) -> None:
    """Download an http(s) address of at most ``limit`` bytes.

    Where it, or what it redirects to, leads is looked up once and must be an address that a
    callback may go to. Proxies of the environment are not used. ``private``: whether that may be a
    private network. Raises InvalidRequestError, which names the address without its query, and
    TooLargeError.
    """
    parts = urlsplit(url)
    said = f"{parts.scheme}://{parts.hostname}{parts.path}"[:300]
    headers = {"user-agent": f"jupyter-capture/{__version__}", "accept-encoding": "identity"}
    client = httpx.Client(
        transport=_Checked(private),
        timeout=_TIMEOUT,
        follow_redirects=True,
        max_redirects=_REDIRECTS,
        headers=headers,
    )
    try:
        with client, client.stream("GET", url) as response:
            if response.status_code != 200:
                raise InvalidRequestError(
                    f"{said} answered {response.status_code} {response.reason_phrase}. Give an "
                    "address that serves the media file itself, without a login."
                )
            _take(response, said, target, limit, progress)
    except ForbiddenError as error:
        raise InvalidRequestError(f"{said} is not fetched: {error.message}") from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise InvalidRequestError(
            f"{said} cannot be fetched: {str(error) or type(error).__name__}. Is the address right "
            "and reachable from this machine? A file can be uploaded instead."
        ) from error


def _take(
    response: httpx.Response,
    said: str,
    target: Path,
    limit: int,
    progress: Callable[[float], None],
) -> None:
    if response.headers.get("content-type", "").startswith("text/html"):
        raise InvalidRequestError(
            f"{said} is a web page, not a media file. Give the address of the file itself."
        )
    length = response.headers.get("content-length", "")
    announced = int(length) if length.isdecimal() else 0
    size, reported = 0, 0.0
    with target.open("wb") as file:
        for block in response.iter_bytes(1 << 18):
            size += len(block)
            if max(size, announced) > limit:
                raise TooLargeError(
                    f"{said} has more than {limit / 1e6:,.0f} MB, which is the largest upload "
                    "that is accepted. JUPYTER_CAPTURE_UPLOAD_LIMIT_MB sets another limit."
                )
            file.write(block)
            if announced and size / announced - reported >= 0.02:
                reported = size / announced
                progress(min(reported, 1.0))
    if size < announced:
        raise InvalidRequestError(f"{said} ended after {size:,} of {announced:,} bytes. Try again.")


class _Checked(httpx.BaseTransport):
    """Connects to addresses that were found to be good, whatever name leads there."""

    def __init__(self, private: bool) -> None:
        self._pool = httpcore.ConnectionPool(
            ssl_context=httpx.create_ssl_context(), network_backend=_Line(private)
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        asked = request.url
        if asked.scheme not in PORTS:
            raise httpx.UnsupportedProtocol(f"{asked.scheme} is neither http nor https")
        with _as_httpx():
            found = self._pool.handle_request(
                httpcore.Request(
                    request.method,
                    httpcore.URL(
                        scheme=asked.raw_scheme,
                        host=asked.raw_host,
                        port=asked.port,
                        target=asked.raw_path,
                    ),
                    headers=request.headers.raw,
                    content=request.read(),
                    extensions=request.extensions,
                )
            )
        return httpx.Response(
            found.status, headers=found.headers, stream=_Body(found), extensions=found.extensions
        )

    def close(self) -> None:
        self._pool.close()


class _Body(httpx.SyncByteStream):
    def __init__(self, found: httpcore.Response) -> None:
        self._found = found

    def __iter__(self) -> Iterator[bytes]:
        with _as_httpx():
            yield from self._found.iter_stream()

    def close(self) -> None:
        self._found.close()


@contextlib.contextmanager
def _as_httpx() -> Iterator[None]:
    try:
        yield
    except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError,
            OSError) as error:  # fmt: skip
        raise httpx.TransportError(str(error) or type(error).__name__) from error


class _Line(Lines):
    def __init__(self, private: bool) -> None:
        self._private = private

    def connect(self, host: str, port: int, timeout: float | None) -> httpcore.NetworkStream:
        deadline = time.monotonic() + (timeout or _CONNECT_SECONDS)
        return connected(host, port, deadline, private=self._private)
