"""The application: the only place where everything is wired together."""

from __future__ import annotations

import errno
import logging
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.staticfiles import StaticFiles

import jupyter_capture
from jupyter_capture._version import __version__
from jupyter_capture.engine.door import Door
from jupyter_capture.engine.routes import (
    audio,
    beyond,
    browser,
    capture,
    cells,
    collection,
    corrections,
    editor,
    events,
    forget,
    image,
    indexes,
    keys,
    live,
    media,
    models,
    older_timeline,
    pictures,
    points,
    previews,
    rebuild,
    recent,
    retention,
    rtindex,
    rtstream,
    scenes,
    segments,
    status,
    timelines,
    upload,
    video,
    watching,
    webhooks,
)
from jupyter_capture.engine.services import Services
from jupyter_capture.errors import (
    CaptureError,
    EngineError,
    InvalidRequestError,
    NotFoundError,
    StorageFullError,
)
from jupyter_capture.wire import Failure

logger = logging.getLogger(__name__)

# A player waits for the first two; they are looked through in this order.
ROUTERS = (
    media,
    segments,
    status,
    capture,
    watching,
    browser,
    forget,
    cells,
    live,
    rtindex,
    rtstream,
    collection,
    indexes,
    rebuild,
    scenes,
    keys,
    models,
    video,
    pictures,
    recent,
    previews,
    points,
    corrections,
    older_timeline,
    timelines,
    audio,
    image,
    upload,
    editor,
    events,
    retention,
    webhooks,
    beyond,
)


def create_app(services: Services, *, serve: bool, name: str | None = None) -> FastAPI:
    """``serve``: answer the whole API on TCP too, to keys; else only what tickets open. ``name``:
    the host by which others than this machine reach it."""
    app = FastAPI(
        title="jupyter-capture engine",
        version=__version__,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.services = services
    app.state.serves = serve
    services.callbacks.body_of = lambda job_id: status.told_of(services, job_id)
    for module in ROUTERS:
        app.include_router(module.router)
    static = Path(jupyter_capture.__file__).parent / "static"
    app.mount("/static", StaticFiles(directory=static, check_dir=False), name="static")
    app.add_middleware(Door, services=services, serve=serve, name=name)
    app.add_exception_handler(CaptureError, _on_capture_error)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_http_error)
    app.add_exception_handler(Exception, _on_crash)
    return app


def failure(error: CaptureError) -> JSONResponse:
    body = Failure(message=error.message, error_code=error.code)
    return JSONResponse(body.model_dump(), status_code=error.status)


def _on_capture_error(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, CaptureError):
        raise error
    answer = failure(error)
    if request.url.path.startswith("/stream/"):
        # A notebook's page has another origin: else its player could not tell "gone" from "off".
        answer.headers["access-control-allow-origin"] = "*"
    return answer


def _on_invalid(_: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, RequestValidationError):
        raise error
    return failure(InvalidRequestError(_words_of(error.errors()[0])))


def _words_of(found: Any) -> str:
    """``body.channels.0: Field required`` in words that name the place."""
    where = ".".join(str(part) for part in found["loc"] if part != "body") or "the body"
    if found["type"] == "json_invalid":
        return "The body is not JSON. Send a JSON object."
    return f"{where}: {found['msg']}."


def _on_http_error(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, HTTPException):
        raise error
    if error.status_code == 404:
        return failure(NotFoundError(f"There is nothing at {request.method} {request.url.path}."))
    said = InvalidRequestError(f"{request.method} {request.url.path}: {error.detail}.")
    return JSONResponse(
        Failure(message=said.message, error_code=said.code).model_dump(),
        status_code=error.status_code,
        headers=error.headers,
    )


def _on_crash(request: Request, error: Exception) -> JSONResponse:
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return failure(
            StorageFullError("The disk is full. Free some space and try again; nothing is lost.")
        )
    # The route as it is written, since the path itself may hold a ticket.
    route = getattr(request.scope.get("route"), "path", "?")
    logger.error("%s %s failed", request.method, route, exc_info=error)
    return failure(
        EngineError(
            f"The engine failed at this ({type(error).__name__}); engine.log in the data folder "
            "says more. Nothing that was recorded is lost."
        )
    )
