"""A real Jupyter server with the extension, and those who ask it: programs, browsers, strangers."""

from __future__ import annotations

import json
import os
import re
import secrets
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

import httpx
from jupyter_server.auth.security import passwd
from websockets.sync.client import ClientConnection, connect

from jupyter_capture.client._http import Http
from jupyter_capture.client.connection import Connection
from jupyter_capture.local import end_engine
from tests.certificate import certificate
from tests.jupyters import end_jupyter

ROOT = Path(__file__).parent.parent.parent
OTHERS = (
    "jupyterlab", "notebook", "notebook_shim", "jupyter_lsp", "jupyter_server_terminals",
    "jupysql_plugin",
)  # fmt: skip
PASSWORD = "open sesame"
T = TypeVar("T")


def wait_for(found: Callable[[], T], seconds: float = 30.0, what: str = "it") -> T:
    """The first true value of ``found()``; fails after ``seconds``."""
    deadline = time.monotonic() + seconds
    while True:
        value = found()
        if value:
            return value
        assert time.monotonic() < deadline, f"{what} did not come within {seconds:g} s"
        time.sleep(0.02)


class JupyterServer:
    """With ``password``: that, and HTTPS with a certificate of its own; else a token."""

    def __init__(self, folder: Path, base_url: str, *, password: bool = False, **env: str) -> None:
        self.folder = folder
        self.data_dir = folder / "library"
        self.base_url = base_url
        self.token = "" if password else secrets.token_hex(16)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])
        self._password = password
        self._process: subprocess.Popen[bytes] | None = None
        config = folder / "config"
        (config / "jupyter_server_config.d").mkdir(parents=True)
        enabled = (ROOT / "jupyter-config" / "jupyter_capture.json").read_text()
        (config / "jupyter_server_config.d" / "jupyter_capture.json").write_text(enabled)
        (config / "jupyter_server_config.json").write_text(json.dumps(self._config()))
        self.env = {
            **os.environ,
            "JUPYTER_CAPTURE_DATA_DIR": str(self.data_dir),
            "JUPYTER_CONFIG_DIR": str(config),
            "JUPYTER_DATA_DIR": str(folder / "data"),
            "JUPYTER_RUNTIME_DIR": str(folder / "run"),
            "JUPYTER_TOKEN": self.token,
            **env,
        }

    def _config(self) -> dict[str, Any]:
        server: dict[str, Any] = {
            "allow_root": True,
            "base_url": self.base_url,
            "ip": "127.0.0.1",
            "jpserver_extensions": dict.fromkeys(OTHERS, False),
            "open_browser": False,
            "port": self.port,
            "port_retries": 0,
            "root_dir": str(self.folder),
        }
        more: dict[str, Any] = {"JupyterCapture": {"activity_seconds": 0.2}}
        if self._password:
            made, key = certificate(self.folder)
            server |= {"certfile": str(made), "keyfile": str(key)}
            hashed = passwd(PASSWORD, algorithm="sha1")
            more["PasswordIdentityProvider"] = {"hashed_password": hashed}
        return {"ServerApp": server, **more}

    # -- its life

    def __enter__(self) -> JupyterServer:
        with (self.folder / "server.log").open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "jupyter_server"],
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self.env,
                start_new_session=True,
            )
        wait_for(self._answers, 60, f"a Jupyter server:\n{self.log()}")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._process is not None
        end_jupyter(self._process)
        end_engine(self.data_dir)

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, self.log()
        try:
            return httpx.get(f"{self.root}api", verify=self.ssl()).status_code == 200
        except httpx.TransportError:
            return False

    def log(self) -> str:
        return (self.folder / "server.log").read_text()

    def peak(self) -> int:
        """Bytes of memory that it had at most since the last call of this."""
        assert self._process is not None
        proc = Path(f"/proc/{self._process.pid}")
        found = re.search(r"VmHWM:\s+(\d+) kB", (proc / "status").read_text())
        assert found
        (proc / "clear_refs").write_text("5")
        return int(found[1]) * 1024

    # -- who asks

    @property
    def root(self) -> str:
        scheme = "https" if self._password else "http"
        return f"{scheme}://127.0.0.1:{self.port}{self.base_url}"

    @property
    def engine_url(self) -> str:
        return f"{self.root}jupyter-capture/engine"

    def through(self, media_url: str) -> str:
        """An address of the engine's media, as a page below Jupyter's base URL asks for it."""
        return re.sub(r"^http://127\.0\.0\.1:\d+", self.engine_url, media_url)

    def ssl(self) -> ssl.SSLContext | bool:
        if not self._password:
            return True
        return ssl.create_default_context(cafile=str(self.folder / "certificate"))

    def stranger(self) -> httpx.Client:
        return httpx.Client(base_url=f"{self.root}jupyter-capture", verify=self.ssl(), timeout=60)

    def program(self) -> httpx.Client:
        """Sends the token with each request."""
        client = self.stranger()
        client.headers["Authorization"] = f"token {self.token}"
        return client

    def browser(self) -> httpx.Client:
        """Logged in by cookie. Its ``x-xsrftoken`` is what a page of Jupyter's sends."""
        origin = {"Origin": self.root.removesuffix(self.base_url)}
        login = f"{self.root}login"
        with self.stranger() as person:
            person.get(login)
            sent = {"_xsrf": person.cookies["_xsrf"], "password": self.token or PASSWORD}
            assert person.post(login, data=sent, headers=origin).status_code == 302
            cookies = person.cookies
        client = self.stranger()
        client.cookies = cookies
        client.headers.update({**origin, "X-XSRFToken": cookies["_xsrf"]})
        return client

    def websocket(self, path: str, client: httpx.Client, **more: Any) -> ClientConnection:
        """``path`` is the engine's; ``client`` lends what it is known by, but its origin."""
        known = {"Cookie": "; ".join(f"{c.name}={c.value}" for c in client.cookies.jar)}
        if "Authorization" in client.headers:
            known["Authorization"] = client.headers["Authorization"]
        url = f"{self.engine_url.replace('http', 'ws', 1)}{path}"
        context = self.ssl()
        secure = context if isinstance(context, ssl.SSLContext) else None
        return connect(url, additional_headers=known, ssl=secure, **more)

    def connection(self) -> Connection:
        """Our own client, whose every request goes through this server."""
        return Connection(
            Http(self.engine_url, transport=_WithToken(self.token), own_outputs=True,
                 poll=(0.05, 0.2))
        )  # fmt: skip


class _WithToken(httpx.HTTPTransport):
    def __init__(self, token: str) -> None:
        super().__init__()
        self._token = token

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.headers["Authorization"] = f"token {self._token}"
        return super().handle_request(request)
