"""Whether an engine runs, which, and what to do where none does."""

from __future__ import annotations

from typing import Any

from tornado.web import authenticated

from jupyter_capture._version import __version__
from jupyter_capture.client.surroundings import surroundings
from jupyter_capture.server_extension.handler import Handler, refusing
from jupyter_capture.wire.library import EngineStatus


class Health(Handler):
    """``GET``; with ``?start=0`` the engine is neither started nor kept awake for the answer."""

    @authenticated
    async def get(self) -> None:
        await self.admit()
        if self.get_argument("start", "1") == "0":
            status = await self.engine.look()
        else:
            with refusing():
                status = await self.engine.status()
        self.set_header("Cache-Control", "no-store")
        self.finish(told(status))


def told(status: EngineStatus | None) -> dict[str, Any]:
    """``environment``: where this server's desktop is, for requests about recording."""
    answer: dict[str, Any] = {
        "engine": None,
        "version": __version__,
        "environment": surroundings(),
    }
    if status is not None:
        answer["engine"] = {**status.model_dump(), "origin": status.media_url}
        if status.version != __version__:
            answer["warning"] = (
                f"The engine that runs is of version {status.version}, jupyter-capture here of "
                f"{__version__}. Stop what records, then end the engine (kill {status.pid}); the "
                "next request starts one of this version."
            )
    return answer
