"""Who may come in: the middleware before every route.

Over the Unix socket, which only its user can open, everything is allowed. Over TCP a ticket opens
what it is for; the rest needs a key, and is there only if the engine was started to serve. What a
browser sends by itself (cookies, a login) opens nothing.
"""

from __future__ import annotations

import re

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from jupyter_capture.engine.body import checked
from jupyter_capture.engine.keys import Caller
from jupyter_capture.engine.services import Services
from jupyter_capture.errors import CaptureError, ForbiddenError, InvalidRequestError, NotFoundError
from jupyter_capture.wire import Failure

TICKETED = ("/stream/", "/thumbnail/", "/download/", "/upload/", "/picture/", "/events/",
            "/sprite/")  # fmt: skip
PAGES = ("/watch", "/embed", "/record")
STATIC = "/static/"
CLIENT_CALLS = ("/capture/session/start", "/capture/channels")
CLIENT_ACTIONS = {"GET": ("",), "POST": ("stop", "pause", "resume", "store", "channel")}
SUBPROTOCOL = "jupyter-capture"
"""A browser's websocket can send no header but this one: it names a token after it."""
LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
LOOKS = "x-jupyter-capture-looks"
"""Header of a request that only looks whether something is done: it keeps no engine awake."""
PREFIX = "x-forwarded-prefix"
_LOOKING = ("GET", "HEAD", "OPTIONS")
_JSON = re.compile(r"application/([\w.-]+\+)?json", re.IGNORECASE)
_ALWAYS = {"referrer-policy": "no-referrer", "x-content-type-options": "nosniff"}
# Of what a browser might show as a page, and that is none of ours.
_SHOWN = ("application/json", "text/html", "image/svg+xml")
_INERT = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
_PATH = re.compile(r"(/[\w.~%!$&'()*+,;=:@-]+)+")


class Door:
    """``name``: the host by which others reach the engine, besides those of loopback."""

    def __init__(
        self, app: ASGIApp, services: Services, serve: bool, name: str | None = None
    ) -> None:
        self._app = app
        self._services = services
        self._serve = serve
        self._names = LOOPBACK if name is None else (name, *LOOPBACK)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        if is_local(scope) and LOOKS in Headers(scope=scope):
            await self._let_in(scope, receive, send)
            return
        with self._services.activity.request():
            await self._let_in(scope, receive, send)

    async def _let_in(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        if len(path) > 1 and path.endswith("/"):
            scope["path"] = path = path.rstrip("/") or "/"
        send = _guarded(send, path)
        try:
            scope["caller"] = self._admit(scope, path)
            if scope["type"] == "http" and not path.startswith(TICKETED):
                _check_json(scope)
                receive = await checked(scope, receive)
        except CaptureError as error:
            await _refuse(error, scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _admit(self, scope: Scope, path: str) -> Caller | None:
        if is_local(scope):
            return Caller("owner")
        headers = Headers(scope=scope)
        self._check_host(headers)
        if path.startswith((*TICKETED, STATIC)) or path in PAGES:
            return None  # the route checks the ticket
        _check_origin(headers)
        token = headers.get("x-access-token") or _token_of_socket(scope, headers)
        # A client token is made for one who records: its page lies at this port in any case.
        if not self._serve and not (token or "").startswith("st-"):
            raise NotFoundError(
                "This port only serves media to tickets. `jupyter-capture serve` opens the API."
            )
        caller = self._services.keys.check(token)
        if caller.role == "client" and not _for_clients(scope, path):
            raise ForbiddenError(
                "A client token may list channels, start and stop its sessions and send them what "
                "a browser records, nothing else. "
                "Use an API key for this."
            )
        return caller

    def _check_host(self, headers: Headers) -> None:
        """Against DNS rebinding: a page of another name cannot speak with a loopback engine."""
        name = _host_of(headers)
        if name not in self._names:
            raise InvalidRequestError(
                f"The engine does not answer to the name {name!r}. Use {self._names[0]}."
            )


def _host_of(headers: Headers) -> str:
    host = headers.get("host", "")
    return host.rsplit(":", 1)[0] if not host.endswith("]") else host


def is_local(scope: Scope) -> bool:
    """A Unix socket has a path and no port."""
    server = scope.get("server")
    return server is None or server[1] is None


def prefix_of(request: HTTPConnection) -> str:
    """The path under which the page's browser reaches the engine; "" at the engine's own port.

    Only the Jupyter server, over the Unix socket, is believed to pass requests on.
    """
    said = request.headers.get(PREFIX, "") if is_local(request.scope) else ""
    return said if _PATH.fullmatch(said) else ""


def _check_origin(headers: Headers) -> None:
    """A page of another origin has no business here, whatever key it has come by."""
    origin = headers.get("origin")
    if origin is not None and origin.partition("://")[2] != headers.get("host"):
        raise ForbiddenError(
            f"A page of {origin[:200]!r} may not speak with the engine. Programs send no Origin; "
            "pages in Jupyter go through Jupyter's server."
        )


def _check_json(scope: Scope) -> None:
    """A page of another origin can post forms and plain text without asking, JSON it cannot."""
    headers = Headers(scope=scope)
    sent = headers.get("content-length", "0") != "0" or "transfer-encoding" in headers
    if scope["method"] in _LOOKING or not sent:
        return
    kind = headers.get("content-type", "").partition(";")[0].strip()
    if not _JSON.fullmatch(kind):
        raise InvalidRequestError(
            f"The body is {kind[:100] or 'of no type'}. Send JSON, with the header content-type: "
            "application/json."
        )


def _guarded(send: Send, path: str) -> Send:
    """Addresses hold tickets: no answer lets them go on as a referrer, or is taken for a page."""

    async def guarded(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _ALWAYS.items():
                headers.setdefault(name, value)
            kind = headers.get("content-type", "")
            if kind.startswith(_SHOWN) and not path.startswith(STATIC):
                headers.setdefault("content-security-policy", _INERT)
        await send(message)

    return guarded


def _token_of_socket(scope: Scope, headers: Headers) -> str | None:
    if scope["type"] != "websocket":
        return None
    name, _, token = headers.get("sec-websocket-protocol", "").partition(",")
    return token.strip() if name.strip() == SUBPROTOCOL else None


def _for_clients(scope: Scope, path: str) -> bool:
    if path in CLIENT_CALLS:
        return True
    session, _, action = path.removeprefix("/capture/session/").partition("/")
    inside = path.startswith("/capture/session/cap-") and bool(session)
    if inside and scope["type"] == "websocket":
        return action.startswith("browser/")
    return inside and action in CLIENT_ACTIONS.get(scope.get("method", "GET"), ())


async def _refuse(error: CaptureError, scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 1008, "reason": error.message[:120]})
        return
    body = Failure(message=error.message, error_code=error.code).model_dump()
    await JSONResponse(body, status_code=error.status)(scope, receive, send)
