"""Every route of the application, with everything that should not open it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, get_args

import pytest
from engine_harness import App
from starlette.routing import Mount, WebSocketRoute

from jupyter_capture.engine.app import create_app
from jupyter_capture.engine.schema import keys
from jupyter_capture.engine.services import Services
from jupyter_capture.engine.sessions import recorders
from jupyter_capture.engine.tickets import Use
from jupyter_capture.settings import Settings
from jupyter_capture.wire.capture import ChannelList

# What a key does not guard. A route that is not named here answers to nothing but a key; whoever
# adds one that should be open adds it here, and says what opens it.
TICKETED = {
    "GET /stream/{token}/master.m3u8", "GET /stream/{token}/captions.m3u8",
    "GET /stream/{token}/captions.vtt", "GET /stream/{token}/{kind}.m3u8",
    "GET /stream/{token}/{letter}/{name}", "GET /sprite/{token}/map.vtt",
    "GET /thumbnail/{token}", "GET /download/{token}", "GET /picture/{token}",
    "GET /sprite/{token}", "POST /upload/{token}", "WEBSOCKET /events/{token}",
}  # fmt: skip
PAGES = {"GET /watch", "GET /embed", "GET /record"}
FILES = {"GET /static"}
FOR_CLIENTS = {
    "GET /capture/channels", "POST /capture/session/start", "GET /capture/session/{session_id}",
    "POST /capture/session/{session_id}/stop", "POST /capture/session/{session_id}/pause",
    "POST /capture/session/{session_id}/resume", "POST /capture/session/{session_id}/store",
    "POST /capture/session/{session_id}/channel",
    "WEBSOCKET /capture/session/{session_id}/browser/{channel_id}",
}  # fmt: skip
FOR_THE_MACHINE = {"GET /keys", "POST /keys", "DELETE /keys/{key_id}", "GET /keys/webhooks",
                   "POST /keys/webhooks"}  # fmt: skip
OURS = "127.0.0.1:8000"
EVIL = "http://evil.example"


@dataclass(frozen=True)
class Asked:
    status: int
    headers: dict[str, str]
    body: bytes = b""


@cache
def every_route() -> tuple[str, ...]:
    """``<method> <path>``, as they are written."""
    with TemporaryDirectory() as folder:
        services = Services(Settings(data_dir=Path(folder)), f"http://{OURS}")
        found = sorted(set(_walk(create_app(services, serve=True).routes)))
        services.store.close()
    return tuple(found)


def _walk(routes: Sequence[Any]) -> Iterator[str]:
    for route in routes:
        if hasattr(route, "original_router"):  # which is how FastAPI keeps what was included
            assert not route.include_context.prefix, "paths are written where they are handled"
            yield from _walk(route.original_router.routes)
        elif isinstance(route, WebSocketRoute):
            yield f"WEBSOCKET {route.path}"
        elif isinstance(route, Mount):
            yield f"GET {route.path}"
        else:
            yield from (f"{method} {route.path}" for method in route.methods - {"HEAD"})


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    services = Services(
        Settings(data_dir=tmp_path_factory.mktemp("routes") / "library"), f"http://{OURS}"
    )
    with pytest.MonkeyPatch.context() as patch:
        # What lies behind the door is not the matter here, and devices take long to list.
        patch.setattr(recorders, "list_channels", lambda _: ChannelList(channels=[]))
        yield App(services, create_app(services, serve=True))
    services.store.close()


@pytest.fixture(scope="module")
def on_demand(served: App) -> App:
    return App(served.services, create_app(served.services, serve=False))


@pytest.fixture(scope="module")
def key(served: App) -> str:
    return served.services.keys.create("key")


@pytest.fixture(scope="module")
def client_token(served: App) -> str:
    return served.services.keys.create("client", expires_in=3600)


@pytest.fixture(scope="module")
def expired(served: App) -> str:
    token = served.services.keys.create("key", "late")
    with served.services.store.write() as connection:
        connection.execute(keys.update().where(keys.c.label == "late").values(expires_at=1))
    return token


async def ask(
    app: App, route: str, headers: dict[str, str] | None = None, ticket: str = "none"
) -> Asked:
    """As over TCP, with ``ticket`` in the query. A websocket's status is that of its close, 0 where
    it was let in."""
    method, _, path = route.partition(" ")
    path = re.sub(r"\{\w+\}", "none", re.sub(r"\{\w*id\}", "cap-none", path))
    sent = {"host": OURS, **(headers or {})}
    is_socket = method == "WEBSOCKET"
    scope: dict[str, Any] = {
        "type": "websocket" if is_socket else "http", "method": method, "path": path,
        "raw_path": path.encode(), "query_string": f"v={ticket}".encode(), "http_version": "1.1",
        "root_path": "", "scheme": "http", "server": ("127.0.0.1", 8000), "client": ("::1", 9),
        "headers": [(name.encode(), value.encode()) for name, value in sent.items()],
        "subprotocols": [],
    }  # fmt: skip
    incoming = [{"type": "websocket.connect" if is_socket else "http.request"}]
    said: list[Any] = []

    async def receive() -> Any:
        gone = "websocket.disconnect" if is_socket else "http.disconnect"
        return incoming.pop(0) if incoming else {"type": gone, "code": 1000}

    async def send(message: Any) -> None:
        said.append(message)

    await app.app(scope, receive, send)
    if is_socket:
        let_in = any(each["type"] == "websocket.accept" for each in said)
        return Asked(0 if let_in else said[-1]["code"], {})
    found = {name.decode(): value.decode() for name, value in said[0]["headers"]}
    return Asked(said[0]["status"], found, b"".join(each.get("body", b"") for each in said))


def refused(route: str, status: int) -> int:
    return 1008 if route.startswith("WEBSOCKET") else status


def guarded() -> list[str]:
    return [r for r in every_route() if r not in TICKETED | PAGES | FILES]


def test_each_rule_is_about_a_route_that_there_is() -> None:
    rules = TICKETED | PAGES | FILES | FOR_CLIENTS | FOR_THE_MACHINE
    assert rules <= set(every_route())
    assert len(every_route()) > 150


@pytest.mark.parametrize("route", guarded())
async def test_without_a_good_key_nothing_is_answered(
    served: App, on_demand: App, route: str, key: str, client_token: str, expired: str
) -> None:
    wrong = {
        "no token": {},
        "wrong token": {"x-access-token": "sk-wrong"},
        "half a token": {"x-access-token": key[:-1]},
        "expired": {"x-access-token": expired},
        "cookie only": {"cookie": f"x-access-token={key}; session={key}; token={key}"},
        "as a login": {"authorization": f"Bearer {key}"},
        "a ticket": {"x-access-token": served.services.tickets.issue("stream", "stm-1")},
    }
    for why, headers in wrong.items():
        answer = await ask(served, route, headers)
        assert answer.status == refused(route, 401), (why, answer.body)
        answer = await ask(on_demand, route, headers)
        assert answer.status == refused(route, 404), (why, answer.body)
    # The port of an engine on demand does not even know keys.
    answer = await ask(on_demand, route, {"x-access-token": key})
    assert answer.status == refused(route, 404)
    answer = await ask(served, route, {"x-access-token": client_token})
    if route in FOR_CLIENTS:
        assert answer.status not in (401, 403), answer.body
    else:
        assert answer.status == refused(route, 403)
    if route in FOR_THE_MACHINE:
        assert (await ask(served, route, {"x-access-token": key})).status == 403


@pytest.mark.parametrize(
    "origin", [EVIL, "null", "http://127.0.0.1:8888", "http://127.0.0.1", "https://[::1]:8000"]
)
async def test_a_page_of_another_origin_is_not_answered_whatever_key_it_has(
    served: App, origin: str, key: str, client_token: str
) -> None:
    preflight = {"origin": origin, "access-control-request-method": "POST"}
    for route in guarded():
        for token in (key, client_token):
            answer = await ask(served, route, {"origin": origin, "x-access-token": token})
            assert answer.status == refused(route, 403), (route, answer.body)
            assert not any(name.startswith("access-control") for name in answer.headers)
        if not route.startswith("WEBSOCKET"):
            answer = await ask(served, f"OPTIONS {route.partition(' ')[2]}", preflight)
            assert not any(name.startswith("access-control") for name in answer.headers)


async def test_a_foreign_name_is_not_answered_to(served: App, key: str) -> None:
    for route in every_route():
        for host in ("evil.example", "127.0.0.1.evil.example:8000", "", "169.254.169.254"):
            answer = await ask(served, route, {"host": host, "x-access-token": key})
            assert answer.status == refused(route, 400), (route, host)


@pytest.mark.parametrize("route", sorted(TICKETED | {"GET /watch", "GET /embed"}))
async def test_what_tickets_open_is_opened_by_nothing_else(
    served: App, route: str, key: str, client_token: str
) -> None:
    for token in (key, client_token, "sk-wrong"):
        headers = {"x-access-token": token, "cookie": f"token={token}"}
        assert (await ask(served, route, headers)).status == refused(route, 401)


async def test_a_ticket_opens_what_it_is_for_and_nothing_else(served: App) -> None:
    opens = {
        "stream": ("/stream/", "/watch", "/embed"), "thumbnail": ("/thumbnail/",),
        "download": ("/download/",), "image": ("/picture/",), "sprite": ("/sprite/",),
        "upload": ("/upload/",), "events": ("/events/",),
    }  # fmt: skip
    assert set(opens) == set(get_args(Use))
    for use, paths in opens.items():
        for route in sorted(TICKETED | {"GET /watch", "GET /embed"}):
            mine = route.split()[1].startswith(paths)
            good = served.services.tickets.issue(use, "m-none@0")
            late = served.services.tickets.issue(use, "m-none@0", -1)
            answer = await ask(served, route.replace("{token}", good), ticket=good)
            assert (answer.status != refused(route, 401)) == mine, (use, route, answer.body)
            answer = await ask(served, route.replace("{token}", late), ticket=late)
            assert answer.status == refused(route, 401), (use, route)


async def test_no_answer_passes_its_address_on_or_is_taken_for_a_page(served: App) -> None:
    for route in (r for r in every_route() if not r.startswith("WEBSOCKET")):
        headers = (await ask(served, route)).headers
        assert headers["referrer-policy"] == "no-referrer", route
        assert headers["x-content-type-options"] == "nosniff", route
        if not route.startswith("GET /static"):
            assert "default-src 'none'" in headers["content-security-policy"], route
            assert "unsafe" not in headers["content-security-policy"], route


async def test_a_change_is_asked_for_in_json(served: App, key: str) -> None:
    """A page of another origin may post forms and plain text without asking first."""
    kinds = ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; x=y", "")
    for route in (r for r in guarded() if r.split()[0] in ("POST", "PUT", "PATCH", "DELETE")):
        for kind in kinds:
            headers = {"x-access-token": key, "content-type": kind, "content-length": "2"}
            answer = await ask(served, route, headers)
            assert answer.status == 400, (route, answer.body)
            assert b"application/json" in answer.body, route


async def test_paths_that_only_begin_like_open_ones_are_not_open(served: App) -> None:
    for path in ("/watchlist", "/embedded", "/records", "/recordings/1", "/watch/x", "/staticx",
                 "/stream", "/download", "/upload", "/events", "//watch", "/Watch", "/%77atch",
                 "/engine/../watch/../engine", "/keys/../watch"):  # fmt: skip
        assert (await ask(served, f"GET {path}")).status == 401, path


async def test_static_files_cannot_be_left(served: App) -> None:
    for path in ("../errors.py", "..%2ferrors.py", "/etc/passwd", "....//errors.py", "%2e%2e/x"):
        assert (await ask(served, f"GET /static/{path}")).status in (401, 404), path
