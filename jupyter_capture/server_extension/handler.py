"""What every handler here has: who may ask, and how a refusal is told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.client import responses
from typing import Any

from jupyter_core.utils import ensure_async
from jupyter_server.auth.utils import HTTP_METHOD_TO_AUTH_ACTION
from jupyter_server.base.handlers import JupyterHandler
from tornado.web import HTTPError

from jupyter_capture.errors import CaptureError, from_response
from jupyter_capture.server_extension.engine import Engine
from jupyter_capture.server_extension.passing import (
    is_for_the_machine,
    target_of,
    without_tickets,
)
from jupyter_capture.wire import Failure

NAME = "jupyter_capture"
ROOT = "jupyter-capture"
ENGINE = f"{ROOT}/engine"
_UNKNOWN = "Log in to Jupyter, or send its token, to reach the engine."


class Handler(JupyterHandler):
    """Refuses pages of other origins, whatever the method, and whom Jupyter does not know."""

    auth_resource = NAME

    def initialize(self, engine: Engine) -> None:
        self.engine = engine

    @property
    def prefix(self) -> str:
        """The path below which a browser reaches the engine, without a slash at the end."""
        return f"{self.base_url}{ENGINE}"

    def target(self) -> str:
        """The engine's path and query that are asked for. Raises HTTPError."""
        path = self.request.path.partition(f"/{ENGINE}")[2] or "/"
        if is_for_the_machine(path):
            raise HTTPError(
                403, "Keys are made and revoked on the machine itself: `jupyter-capture keys`."
            )
        return target_of(path, self.request.query)

    async def admit(self, action: str | None = None) -> None:
        """Raises HTTPError where this user, or this page, may not do this."""
        self.check_origin()
        action = action or HTTP_METHOD_TO_AUTH_ACTION[self.request.method or "GET"]
        asked = self.authorizer.is_authorized(self, self.current_user, action, NAME)
        if not await ensure_async(asked):
            raise HTTPError(403, f"You are not authorized to {action} on {NAME}.")

    def check_origin(self, origin: str = "") -> bool:
        # A request with Jupyter's token in it comes from a program: its origin does not matter.
        path = self.request.path
        self.request.path = without_tickets(path)  # which is logged there
        try:
            good = super().check_origin(origin)
        finally:
            self.request.path = path
        if not good:
            raise HTTPError(403, "A page of another origin may not speak with jupyter-capture.")
        return True

    def get_login_url(self) -> str:
        """A person who opens a page may log in; a program is refused."""
        if not self.is_page():
            raise HTTPError(403, _UNKNOWN)
        return super().get_login_url()

    def is_page(self) -> bool:
        """Whether a person opens this, in a window or a frame."""
        wanted = self.request.headers.get("Accept", "")
        return self.request.method == "GET" and "text/html" in wanted

    def used(self) -> None:
        """Somebody does something: the server counts as active."""
        self.settings["last_activity_times"][NAME] = datetime.now(UTC)

    def log_exception(self, *raised: Any) -> None:
        self._hide_tickets()
        super().log_exception(*raised)

    def _log(self) -> None:
        self._hide_tickets()
        super()._log()

    def _hide_tickets(self) -> None:
        """Jupyter logs the address of what failed, and at its finest level of all."""
        self.request.uri = without_tickets(self.request.uri or "")
        if "Referer" in self.request.headers:
            self.request.headers["Referer"] = without_tickets(self.request.headers["Referer"])

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        raised = (kwargs.get("exc_info") or (None, None))[1]
        if isinstance(raised, Refused):
            error = raised.error
        else:
            said = f"{responses.get(status_code, 'Failed')}: {self.request.method} failed."
            if isinstance(raised, HTTPError) and raised.log_message:
                said = raised.log_message % raised.args
            elif status_code == 403 and self.current_user is None:
                said = _UNKNOWN
            error = from_response(status_code, None, said)
        self.set_header("Content-Type", "application/json")
        self.set_header("Cache-Control", "no-store")
        self.finish(Failure(message=error.message, error_code=error.code).model_dump_json())


class Refused(HTTPError):
    """One of our errors, on its way to `write_error`."""

    def __init__(self, error: CaptureError) -> None:
        super().__init__(error.status, "%s", error.message)
        self.error = error


@contextmanager
def refusing() -> Iterator[None]:
    """Raises `Refused` for a `CaptureError`."""
    try:
        yield
    except CaptureError as error:
        raise Refused(error) from error
