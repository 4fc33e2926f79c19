"""The engine's process: its sockets, its locator, its end."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import signal
import socket
import zlib
from pathlib import Path

import uvicorn

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


class Server:
    """``port`` None: started on demand, ends when idle. Otherwise it serves the API there."""

    def __init__(self, settings: Settings, host: str, port: int | None) -> None:
        self._settings = settings
        self._host = host
        self._port = port

    async def run(self) -> None:
        """Serve until stopped or idle. Raises EngineError where a socket cannot be had."""
        media = self._media_socket()
        host, port = media.getsockname()[:2]
        services = Services(self._settings, f"http://{host}:{port}")
        path = self._socket_path()
        local = _unix_socket(path)
        app = create_app(services, serve=self._port is not None)
        config = uvicorn.Config(
            app, log_level="warning", log_config=None, lifespan="off", timeout_graceful_shutdown=3
        )
        server = _Uvicorn(config, (services.home.locator, path))
        # uvicorn raises the signal that ended it once more, when all but our own end is done.
        for each in (signal.SIGTERM, signal.SIGINT):
            signal.signal(each, server.handle_exit)
        watch: asyncio.Task[None] | None = None
        try:
            await asyncio.to_thread(services.start)
            self._write_locator(services, path, port)
            logger.info("serving %s, media at %s", services.home.root, services.media_url)
            watch = asyncio.create_task(self._end_when_idle(server, services))
            await server.serve(sockets=[local, media])
        finally:
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
            return _tcp_socket(self._host, self._port)
        first = zlib.crc32(self._settings.socket_stem.encode()) % _PORTS
        for step in range(_TRIES):
            with contextlib.suppress(EngineError):
                return _tcp_socket(self._host, _FIRST_PORT + (first + step) % _PORTS)
        return _tcp_socket(self._host, 0)

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


def boot_id() -> str:
    """Tells this start of the machine from others; empty where the system does not say."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def _tcp_socket(host: str, port: int) -> socket.socket:
    if host not in ("127.0.0.1", "localhost", "::1"):
        raise EngineError(
            f"The engine listens on loopback only, not on {host}. Use --host 127.0.0.1 and a "
            "reverse proxy with TLS in front."
        )
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
