"""The extension: what is wired together when Jupyter's server starts. No engine is started."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from jupyter_server.extension.application import ExtensionApp
from jupyter_server.serverapp import ServerApp
from traitlets import Float

from jupyter_capture.server_extension.activity import Activity
from jupyter_capture.server_extension.engine import Engine
from jupyter_capture.server_extension.handler import ENGINE, NAME, ROOT
from jupyter_capture.server_extension.health import Health
from jupyter_capture.server_extension.requests import Passage
from jupyter_capture.server_extension.sockets import AsksForSocket, SocketPassage
from jupyter_capture.settings import Settings


class JupyterCapture(ExtensionApp):
    """Settings are read here, from the server's environment: a kernel's are the same."""

    name = NAME
    activity_seconds = Float(
        20.0, help="How often (seconds) to look whether something records."
    ).tag(config=True)

    serverapp: ServerApp

    def initialize_settings(self) -> None:
        self._own = Settings()
        self._engine = Engine(self._own.data_dir)
        self._activity = Activity(self._engine, self.activity_seconds, self._active)

    def initialize_handlers(self) -> None:
        largest = self._own.upload_limit_mb * 1_000_000
        self.handlers.extend(
            [
                (rf"/{ROOT}/health", Health, {"engine": self._engine}),
                (rf"/{ENGINE}(?:/.*)?", Passage, {"engine": self._engine, "largest": largest}),
            ]
        )
        # Before the others, and by more than its path, which is all that `handlers` can say.
        web_app = self.serverapp.web_app
        pattern = re.escape(web_app.settings["base_url"]) + rf"{ENGINE}/.*"
        sockets = (AsksForSocket(pattern), SocketPassage, {"engine": self._engine})
        web_app.add_handlers(".*$", [sockets])  # type: ignore[no-untyped-call]

    async def _start_jupyter_server_extension(self, serverapp: object) -> None:
        self._activity.start()

    async def stop_extension(self) -> None:
        await self._activity.stop()
        await self._engine.close()

    def current_activity(self) -> list[str]:
        """The sessions that record: Jupyter does not shut down for want of kernels then."""
        return self._activity.recordings

    def _active(self) -> None:
        self.serverapp.web_app.settings["last_activity_times"][NAME] = datetime.now(UTC)
