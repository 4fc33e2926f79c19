"""The engine's process: its sockets, its locator, its end."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import signal
import socket
import ssl
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import uvicorn
from fastapi import FastAPI

from jupyter_capture._version import __version__
from jupyter_capture.engine.app import create_app
from jupyter_capture.engine.services import Services
from jupyter_capture.errors import EngineError
from jupyter_capture.settings import Settings, private_dir

logger = logging.getLogger(__name__)

_FIRST_PORT = 20000
_PORTS = 12000  # below the range that systems hand out by themselves
_TRIES = 50
_CHECK_SECONDS = 5.0
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_ALL = ("0.0.0.0", "::", "")


@dataclass(frozen=True)
class Place:
    """Where the engine listens on TCP. ``port`` None: started on demand, ends when idle; otherwise
    it serves the API there. ``url``: how others reach it, where that is not host and port.
    ``certificate`` and ``key``: PEM files of TLS, without which only loopback is listened on."""

    host: str = "127.0.0.1"
    port: int | None = None
    url: str | None = None
    certificate: Path | None = None
    key: Path | None = None


class Server:
    def __init__(self, settings: Settings, place: Place) -> None:
        self._settings = settings
        self._place = place
        self._port = place.port

    async def run(self) -> None:
        """Serve until stopped or idle. Raises EngineError where a socket cannot be had."""
        _check(self._place)
        media = self._media_socket()
        host, port = media.getsockname()[:2]
        url = self._url(host, port)
        services = Services(self._settings, url)
        path = self._socket_path()
        local = _unix_socket(path)
        name = _host_in(url)
        app = create_app(services, serve=self._port is not None, name=name)
        server = _Uvicorn(_config(app), (services.home.locator, path))
        # The Unix socket is for this user alone: TLS is for the other one.
        outer = None if self._place.certificate is None else _Outer(_config(app, self._place))
        outside: asyncio.Task[None] | None = None
        # uvicorn raises the signal that ended it once more, when all but our own end is done.
        for each in (signal.SIGTERM, signal.SIGINT):
            signal.signal(each, server.handle_exit)
        watch: asyncio.Task[None] | None = None
        try:
            await asyncio.to_thread(services.start)
            self._write_locator(services, path, port)
            logger.info("serving %s, media at %s", services.home.root, services.media_url)
            watch = asyncio.create_task(self._end_when_idle(server, services))
            if outer is None:
                await server.serve(sockets=[local, media])
            else:
                outside = asyncio.create_task(outer.serve(sockets=[media]))
                await server.serve(sockets=[local])
        finally:
            if outer is not None and outside is not None:
                outer.should_exit = True
                await outside
            if watch is not None:
                watch.cancel()
            server.take_down()
            await asyncio.to_thread(services.close)
            logger.info("ended")

    def _socket_path(self) -> Path:
        folder = private_dir(self._settings.runtime_dir)
        if hasattr(os, "getuid") and folder.stat().st_uid != os.getuid():
            raise EngineError(
                f"{folder} belongs to another user. Remove it, or set XDG_RUNTIME_DIR to a folder "
                "of your own."
            )
        folder.chmod(0o700)
        return folder / f"{self._settings.socket_stem}.sock"

    def _media_socket(self) -> socket.socket:
        """The same port for the same data folder, as far as it is free."""
        if self._port is not None:
            return _tcp_socket(self._place.host, self._port)
        first = zlib.crc32(self._settings.socket_stem.encode()) % _PORTS
        for step in range(_TRIES):
            with contextlib.suppress(EngineError):
                return _tcp_socket(self._place.host, _FIRST_PORT + (first + step) % _PORTS)
        return _tcp_socket(self._place.host, 0)

    def _url(self, host: str, port: int) -> str:
        if self._place.url is not None:
            return self._place.url.rstrip("/")
        scheme = "http" if self._place.certificate is None else "https"
        # A certificate is made out to a name, and that is what was given.
        name = host if scheme == "http" else self._place.host
        return f"{scheme}://[{name}]:{port}" if ":" in name else f"{scheme}://{name}:{port}"

    def _write_locator(self, services: Services, path: Path, port: int) -> None:
        locator = services.home.locator
        part = locator.with_suffix(".part")
        content = {
            "pid": os.getpid(),
            "boot_id": boot_id(),
            "host": socket.gethostname(),
            "version": __version__,
            "socket": str(path),
            "port": port,
        }
        part.write_text(json.dumps(content))
        part.chmod(0o600)
        part.replace(locator)

    async def _end_when_idle(self, server: uvicorn.Server, services: Services) -> None:
        if self._port is not None:
            return
        limit = self._settings.idle_minutes * 60
        while True:
            await asyncio.sleep(min(_CHECK_SECONDS, limit / 4))
            if services.activity.idle_seconds < limit:
                continue
            if await asyncio.to_thread(lambda: services.busy):
                services.activity.touch()
                continue
            logger.info("idle for %g minutes", self._settings.idle_minutes)
            server.should_exit = True


class _Uvicorn(uvicorn.Server):
    """``signs``: the files by which it is found. They go first, so that nobody tries them in vain
    while the last requests are answered."""

    def __init__(self, config: uvicorn.Config, signs: tuple[Path, ...]) -> None:
        super().__init__(config)
        self._signs = signs

    def take_down(self) -> None:
        for sign in self._signs:
            sign.unlink(missing_ok=True)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self.take_down()
        await super().shutdown(sockets)


class _Outer(uvicorn.Server):
    """The TLS port's. It ends with the other one, to which alone signals go."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _config(app: FastAPI, tls: Place | None = None) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        log_level="warning",
        log_config=None,
        lifespan="off",
        timeout_graceful_shutdown=3,
        ssl_certfile=None if tls is None else tls.certificate,
        ssl_keyfile=None if tls is None or tls.key is None else str(tls.key),
    )


def _host_in(url: str) -> str | None:
    name = urlsplit(url).hostname
    return f"[{name}]" if name is not None and ":" in name else name


def _check(place: Place) -> None:
    """Raises EngineError where it would be heard by others, or could not be."""
    if place.certificate is None:
        if place.host not in _LOOPBACK:
            raise EngineError(
                f"At {place.host} others can listen in, so TLS is needed: give --tls-certificate "
                "and --tls-key. Or listen on 127.0.0.1 behind a reverse proxy with TLS, and name "
                "it with --url https://…"
            )
    else:
        try:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(place.certificate, place.key)
        except (OSError, ssl.SSLError) as error:
            raise EngineError(
                f"The certificate {place.certificate} cannot be used ({error}). Give PEM files "
                "with --tls-certificate and --tls-key."
            ) from error
        if place.url is None and place.host in _ALL:
            raise EngineError(
                f"{place.host} is no name by which others reach the engine. Say it with --url "
                "https://…, as the certificate has it."
            )
    parts = urlsplit(place.url or "https://example.org")
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path not in ("", "/"):
        raise EngineError(f"--url {place.url} must look like https://studio.example.org:8765.")


def boot_id() -> str:
    """Tells this start of the machine from others; empty where the system does not say."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def _tcp_socket(host: str, port: int) -> socket.socket:
    address = "127.0.0.1" if host == "localhost" else host
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        found = socket.create_server((address, port), family=family)
        # Accepted sockets inherit it. asyncio would leave it out, and every answer would wait
        # 40 ms for the acknowledgement of its headers.
        found.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return found
    except OSError as error:
        raise EngineError(
            f"Port {port} cannot be used: {error}. Give another with --port."
        ) from error


def _unix_socket(path: Path) -> socket.socket:
    # We hold the folder's lock, so a socket that is left there belongs to nobody.
    path.unlink(missing_ok=True)
    found = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    found.bind(str(path))
    path.chmod(0o600)
    found.listen(128)
    return found
