"""Requests to an engine or to VideoDB's service, and nothing about what they mean."""

from __future__ import annotations

import contextlib
import secrets
import time
import weakref
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from jupyter_capture._version import __version__
from jupyter_capture.client._discreet import be_discreet
from jupyter_capture.client._envelope import Progress, Ticket, body_of, job_result, result_of
from jupyter_capture.client._progress import progress, reading
from jupyter_capture.errors import (
    CaptureError,
    EngineError,
    EngineUnavailableError,
    InvalidRequestError,
    RequestTimeoutError,
    StorageFullError,
    from_response,
)

IDEMPOTENT = frozenset({"GET", "HEAD", "PUT", "DELETE"})
RETRIED = frozenset({502, 503, 504})
RETRIES = 3
BACKOFF = 0.2
"""Seconds before the first retry; doubled for each further one."""
STALLED = 900.0
"""Seconds without any progress after which waiting for a job ends."""
TIMEOUT = httpx.Timeout(60.0, connect=10.0)


class Http:
    """One server. ``token`` is sent to it and to no other; ``poll`` is (first, longest) seconds
    between two questions about long work."""

    def __init__(
        self,
        base_url: str,
        token: str | None = None,
        *,
        transport: httpx.BaseTransport | None = None,
        foreign: httpx.BaseTransport | None = None,
        poll: tuple[float, float] = (2.0, 5.0),
        own_outputs: bool = False,
    ) -> None:
        be_discreet()
        self.base_url = base_url.rstrip("/")
        self._token = token
        self._poll = poll
        self._own_outputs = own_outputs
        agent = {"x-videodb-client": f"jupyter-capture/{__version__}"}
        self._client = httpx.Client(transport=transport, timeout=TIMEOUT, headers=agent)
        # Ticketed addresses (media, uploads) are asked without our token or socket.
        self._foreign = httpx.Client(transport=foreign, timeout=TIMEOUT, follow_redirects=True)
        self._closers = (
            weakref.finalize(self, self._client.close),
            weakref.finalize(self, self._foreign.close),
        )

    def __repr__(self) -> str:
        return f"Http({self.base_url})"

    def close(self) -> None:
        for closer in self._closers:
            closer()

    def get(self, path: str, params: dict[str, Any] | None = None, **options: Any) -> Any:
        return self.request("GET", path, params=params, **options)

    def post(self, path: str, data: Any = None, **options: Any) -> Any:
        return self.request("POST", path, json=data, **options)

    def patch(self, path: str, data: Any = None, **options: Any) -> Any:
        return self.request("PATCH", path, json=data, **options)

    def delete(self, path: str, params: dict[str, Any] | None = None, **options: Any) -> Any:
        return self.request("DELETE", path, params=params, **options)

    def request(
        self,
        method: str,
        path: str,
        *,
        params: dict[str, Any] | None = None,
        json: Any = None,
        title: str = "Working",
        show_progress: bool = False,
        cancellable: bool = False,
    ) -> Any:
        """The ``data`` of the answer; long work is waited for (with a bar where asked).

        ``cancellable``: an interrupt (Ctrl-C, a kernel's) ends the work too, not the waiting alone.

        Raises the `CaptureError` that the server meant, `EngineUnavailableError` where nothing
        answers, and `RequestTimeoutError`.
        """
        response = self._send(method, self._url(path), params=params, json=json)
        result = result_of(body_of(response.status_code, response.content, f"{method} {path}"))
        if isinstance(result, Ticket):
            try:
                return self._wait(result, title, show_progress)
            except KeyboardInterrupt:
                if cancellable:
                    self._cancel(result)
                raise
        return result

    def envelope(self, method: str, path: str, json: Any = None) -> dict[str, Any]:
        """The whole JSON object of a success; long work is not waited for."""
        response = self._send(method, self._url(path), params=None, json=json)
        return _job_body(response)

    def fetch(self, path: str, params: dict[str, Any] | None = None) -> bytes | dict[str, Any]:
        """Bytes where the answer is an image, else the envelope's data (a JSON object)."""
        response = self._send("GET", self._url(path), params=params, json=None)
        if response.headers.get("content-type", "").startswith("image/"):
            return response.content
        data = result_of(body_of(response.status_code, response.content, f"GET {path}"))
        return data if isinstance(data, dict) else {}

    def fetch_url(self, url: str, limit: int) -> bytes:
        """The bytes behind a ticketed or public address, at most ``limit`` of them."""
        with self._foreign_stream("GET", url) as response:
            found = b""
            for chunk in response.iter_bytes():
                found += chunk
                if len(found) > limit:
                    raise EngineError(f"The answer is larger than the {limit} bytes allowed for.")
        return found

    def send_file(self, url: str, path: Path, *, name: str, show_progress: bool) -> None:
        """Post a file, as a form's ``file``, to an address that brings its own ticket."""
        with path.open("rb") as file:
            total = path.stat().st_size
            with reading(file, f"Uploading {name}", total, shown=show_progress) as body:
                self._post_form(url, {"file": (name, body)})

    def send_bytes(self, url: str, content: bytes, *, name: str, media_type: str) -> None:
        self._post_form(url, {"file": (name, content, media_type)})

    def download(self, url: str, path: Path, *, show_progress: bool = True) -> Path:
        """Save what ``url`` serves. The file appears whole or not at all."""
        part = path.with_name(f".{path.name[:40]}.{secrets.token_hex(4)}.part")
        try:
            with part.open("xb") as file:
                self._stream_into(url, file, path.name, show_progress)
            part.replace(path)
        except OSError as error:
            raise StorageFullError(
                f"{path} could not be written ({error}). Free some space or save elsewhere."
            ) from error
        finally:
            part.unlink(missing_ok=True)
        return path

    # -- how it is carried out

    def _url(self, path: str) -> str:
        return f"{self.base_url}/{path.lstrip('/')}"

    def _headers(self, url: str) -> dict[str, str]:
        if self._token and _origin(url) == _origin(self.base_url):
            return {"x-access-token": self._token}
        return {}

    def _send(self, method: str, url: str, **body: Any) -> httpx.Response:
        params = {k: v for k, v in (body.pop("params") or {}).items() if v is not None}
        request = self._client.build_request(
            method, url, params=params or None, headers=self._headers(url), **body
        )
        attempts = 1 + (RETRIES if method in IDEMPOTENT else 0)
        for attempt in range(attempts):
            last = attempt == attempts - 1
            try:
                response = self._follow(request)
            except httpx.TransportError as error:
                if last or isinstance(error, httpx.ReadTimeout | httpx.WriteTimeout):
                    raise _unreachable(error, method, url) from error
            else:
                if response.status_code not in RETRIED or last:
                    return response
            time.sleep(BACKOFF * 2**attempt)
        raise AssertionError("unreachable: the last attempt returns or raises")

    def _follow(self, request: httpx.Request) -> httpx.Response:
        """Send; follow redirects within the same server, where the token may go."""
        response = self._client.send(request)
        for _ in range(3):
            following = response.next_request
            if following is None or _origin(str(following.url)) != _origin(self.base_url):
                break
            response = self._client.send(following)
        return response

    def _wait(self, ticket: Ticket, title: str, show_progress: bool) -> Any:
        url = self._output(ticket.output_url)
        pause, longest = self._poll
        seen, since = Progress(-1.0, ""), time.monotonic()
        with progress(title, 100.0, shown=show_progress) as bar:
            while True:
                response = self._send("GET", url, params=None, json=None)
                state = job_result(_job_body(response))
                if not isinstance(state, Progress):
                    bar.set(100.0, title)
                    return state
                if state != seen:
                    seen, since = state, time.monotonic()
                    bar.set(state.percentage, state.stage or title)
                elif time.monotonic() - since > STALLED:
                    raise RequestTimeoutError(
                        f"{title} made no progress for {STALLED:.0f} s (at {seen.percentage:.0f} "
                        "%). It may still end: make the same call again to wait for it."
                    )
                time.sleep(pause)
                pause = min(longest, pause * 1.25)

    def _cancel(self, ticket: Ticket) -> None:
        # Whatever comes of it: the interrupt is what is told.
        with contextlib.suppress(CaptureError):
            self._send("DELETE", self._output(ticket.output_url), params=None, json=None)

    def _output(self, url: str) -> str:
        """Our own engine's jobs are asked about on the way by which they were ordered."""
        parts = urlsplit(url)
        if not parts.scheme or self._own_outputs:
            return self._url(parts.path + (f"?{parts.query}" if parts.query else ""))
        return url

    def _post_form(self, url: str, files: dict[str, Any]) -> None:
        try:
            response = self._foreign.post(url, files=files)
        except httpx.TransportError as error:
            raise _unreachable(error, "POST", url) from error
        if response.status_code >= 400:
            what = "Uploading the file"
            body_of(response.status_code, response.content, what)

    @contextlib.contextmanager
    def _foreign_stream(self, method: str, url: str) -> Any:
        try:
            with self._foreign.stream(method, url) as response:
                if response.status_code >= 400:
                    response.read()
                    _raise_failed(response, method, url)
                yield response
        except httpx.TransportError as error:
            raise _unreachable(error, method, url) from error

    def _stream_into(self, url: str, file: Any, title: str, show_progress: bool) -> None:
        with self._foreign_stream("GET", url) as response:
            total = int(response.headers.get("content-length", 0))
            done = 0
            with progress(f"Saving {title}", total, unit="B", shown=show_progress) as bar:
                for chunk in response.iter_bytes(1 << 18):
                    file.write(chunk)
                    done += len(chunk)
                    bar.set(done)
        if total and done != total:
            raise EngineError(f"Only {done} of {total} bytes arrived. Save again.")


def _job_body(response: httpx.Response) -> dict[str, Any]:
    """A job that failed is told in a good answer, so only other failures raise here."""
    if response.status_code < 400:
        with contextlib.suppress(ValueError):
            body = response.json()
            if isinstance(body, dict):
                return body
    return body_of(response.status_code, response.content, "Asking for the job")


def _raise_failed(response: httpx.Response, method: str, url: str) -> None:
    try:
        body_of(response.status_code, response.content, f"{method} {_shown(url)}")
    except CaptureError:
        raise
    raise from_response(response.status_code, None, f"{method} {_shown(url)} failed")


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc


def _shown(url: str) -> str:
    """The address without the parts that may hold a ticket."""
    parts = urlsplit(url)
    first = parts.path.lstrip("/").split("/", 1)[0]
    return f"{parts.scheme}://{parts.netloc}/{first}"


def _unreachable(error: httpx.TransportError, method: str, url: str) -> CaptureError:
    where = f"{method} {_shown(url)}"
    if isinstance(error, httpx.TimeoutException):
        return RequestTimeoutError(
            f"{where} got no answer in time. Look whether it was carried out, then try again."
        )
    if isinstance(error, httpx.UnsupportedProtocol | httpx.LocalProtocolError):
        return InvalidRequestError(f"{where} cannot be asked for: {error}")
    return EngineUnavailableError(f"{where} cannot be reached ({error}). Is the server running?")
