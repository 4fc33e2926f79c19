"""A real JupyterLab server for the tests, with a folder, settings and a kernel of its own."""

from __future__ import annotations

import json
import os
import secrets
import socket
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from types import TracebackType

from jupyter_server.auth.security import passwd

from tests.certificate import certificate
from tests.jupyters import end_jupyter

SIDEBAR = Path(__file__).parent.parent.parent / "labextension" / "dist"


class Lab:
    """``url(path)`` opens a notebook of ``folder``; ``server.log`` there tells what went wrong.

    With ``password``: that instead of a token, and HTTPS with a certificate of its own.
    """

    def __init__(self, folder: Path, base_url: str = "/", password: str = "") -> None:
        self.folder = folder
        self.base_url = base_url
        self.password = password
        self._token = "" if password else secrets.token_hex(16)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])
        self._log = folder / "server.log"
        self._process: subprocess.Popen[bytes] | None = None

    def write(self, name: str, *cells: str) -> None:
        """A notebook of code cells."""
        code = [
            {
                "cell_type": "code",
                "id": f"cell-{number}",
                "metadata": {},
                "outputs": [],
                "execution_count": None,
                "source": source,
            }
            for number, source in enumerate(cells)
        ]
        spec = {"display_name": "Python 3", "language": "python", "name": "python3"}
        notebook = {"cells": code, "metadata": {"kernelspec": spec}, "nbformat": 4}
        (self.folder / name).write_text(json.dumps({**notebook, "nbformat_minor": 5}))

    def url(self, name: str, page: str = "lab/tree") -> str:
        return f"{self.root()}{page}/{name}?token={self._token}&reset"

    def root(self, port: int = 0) -> str:
        """The server's address, also as it is behind another ``port``."""
        scheme = "https" if self.password else "http"
        return f"{scheme}://127.0.0.1:{port or self.port}{self.base_url}"

    def __enter__(self) -> Lab:
        private = {
            name: str(self.folder / ".jupyter" / name.lower())
            for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR")
        }
        # The question about news would lie over what is tested.
        settings = self.folder / ".jupyter" / "settings" / "@jupyterlab" / "apputils-extension"
        settings.mkdir(parents=True, exist_ok=True)
        asked = settings / "notification.jupyterlab-settings"
        asked.write_text(json.dumps({"fetchNews": "false", "checkForUpdates": False}))
        # The sidebar as it is built in this checkout, whichever is installed.
        sidebars = self.folder / ".jupyter" / "labextensions"
        sidebars.mkdir(exist_ok=True)
        (sidebars / "jupyter-capture").symlink_to(SIDEBAR)
        options = {
            "IdentityProvider.token": self._token,
            "LabApp.check_for_updates_class": "jupyterlab.NeverCheckForUpdate",
            "LabApp.extra_labextensions_path": str(sidebars),
            "LabApp.expose_app_in_browser": "True",
            "JupyterNotebookApp.expose_app_in_browser": "True",
            "JupyterNotebookApp.extra_labextensions_path": str(sidebars),
            "LabApp.news_url": "None",
            "LabApp.user_settings_dir": str(self.folder / ".jupyter" / "settings"),
            "LabApp.workspaces_dir": str(self.folder / ".jupyter" / "workspaces"),
            "ServerApp.base_url": self.base_url,
            "ServerApp.jpserver_extensions": "{'jupyter_capture': True}",
            "ServerApp.ip": "127.0.0.1",
            "ServerApp.open_browser": "False",
            "ServerApp.port": str(self.port),
            "ServerApp.port_retries": "0",
            "ServerApp.root_dir": str(self.folder),
        }
        if self.password:
            made, key = certificate(self.folder)
            hashed = passwd(self.password, algorithm="sha1")
            options |= {
                "PasswordIdentityProvider.hashed_password": hashed,
                "ServerApp.certfile": str(made),
                "ServerApp.keyfile": str(key),
            }
        command = [sys.executable, "-m", "jupyterlab", "--allow-root"]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [*command, *(f"--{name}={value}" for name, value in options.items())],
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, **private},
                start_new_session=True,
            )
        self._wait()
        return self

    def _wait(self) -> None:
        assert self._process is not None
        deadline = time.monotonic() + 60
        own = str(self.folder / "certificate")
        trusting = ssl.create_default_context(cafile=own) if self.password else None
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                address = f"{self.root()}api?token={self._token}"
                with urllib.request.urlopen(address, timeout=5, context=trusting):
                    return
            except (urllib.error.URLError, ConnectionError):
                time.sleep(0.1)
        raise AssertionError(f"JupyterLab did not start:\n{self._log.read_text()}")

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._process is not None
        end_jupyter(self._process)
