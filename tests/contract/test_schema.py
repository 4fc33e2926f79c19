"""Whatever is sent: never a 5xx (501 aside), one shape of error, and no half rows."""

from __future__ import annotations

import io
import sqlite3
import time
import wave
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx
import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from PIL import Image
from starlette.testclient import TestClient
from starlette.types import Receive, Scope, Send

from jupyter_capture.engine.app import ROUTERS, create_app
from jupyter_capture.engine.body import LIMIT
from jupyter_capture.engine.services import Services
from jupyter_capture.settings import Settings
from jupyter_capture.wire import Failure

NAME = "a/b \U0001f3ac\n\x00\u202e\ud7ff'; drop table assets; --"
METHODS = ("get", "post", "patch", "put", "delete")


@dataclass
class Served:
    app: FastAPI
    services: Services
    http: TestClient
    ids: dict[str, str]
    """Ids of what there is, by the name of the path's parameter."""


class Keyed:
    """An application that is called with a key, on loopback."""

    def __init__(self, app: FastAPI, key: str) -> None:
        self._app = app
        self._headers = [(b"host", b"127.0.0.1"), (b"x-access-token", key.encode())]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            given = [pair for pair in scope["headers"] if pair[0] not in dict(self._headers)]
            scope = {**scope, "headers": [*given, *self._headers]}
        await self._app(scope, receive, send)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    patch = pytest.MonkeyPatch()
    for name in ("DISPLAY", "PULSE_SERVER", "WAYLAND_DISPLAY"):
        patch.delenv(name, raising=False)
    services = Services(Settings(data_dir=tmp_path_factory.mktemp("schema")), "http://127.0.0.1:1")
    app = create_app(services, serve=True)
    services.start()
    key = services.keys.create("key", "schema")
    http = TestClient(Keyed(app, key), raise_server_exceptions=False)
    yield Served(app, services, http, filled(http))
    services.close()
    patch.undo()


def filled(http: TestClient) -> dict[str, str]:
    """A silent film, a sound, an image, a session, an index."""
    frames = [Image.new("RGB", (64, 48), colour) for colour in ("red", "green", "blue")]
    film, still, sound = io.BytesIO(), io.BytesIO(), io.BytesIO()
    frames[0].save(film, "GIF", save_all=True, append_images=frames[1:], duration=500)
    frames[0].save(still, "PNG")
    with wave.open(sound, "wb") as file:
        file.setparams((1, 2, 16000, 0, "NONE", ""))
        file.writeframes(bytes(32000))
    jobs = {
        name: upload(http, content.getvalue(), kind)
        for name, content, kind in (
            ("video_id", film, "video"),
            ("audio_id", sound, "audio"),
            ("image_id", still, "image"),
        )
    }
    ids = {name: ended(http, job_id)["id"] for name, job_id in jobs.items()}
    answer = http.post(f"/audio/{ids['audio_id']}/index", json={}).json()
    ended(http, answer["data"]["id"])
    records = {"name": "own", "source": {"scenes": [{"start": 0, "end": 1, "text": "red"}]}}
    made = http.post(f"/video/{ids['video_id']}/indexes", json=records).json()
    session = http.post("/collection/default/capture/session", json={}).json()
    shown = {"asset": {"type": "video", "id": ids["video_id"]}, "duration": 1}
    timeline = {"tracks": [{"clips": [{"start": 0, "clip": shown}]}]}
    kept = http.post("/engine/timelines", json={"name": "Cut", "timeline": timeline}).json()
    return {
        **ids,
        "timeline_id": kept["data"]["id"],
        "collection_id": "default",
        "job_id": jobs["video_id"],
        "index_id": made["data"]["index_id"],
        "session_id": session["data"]["session_id"],
    }


def upload(http: TestClient, content: bytes, kind: str) -> str:
    url = http.get("/collection/default/upload_url").json()["data"]["upload_url"]
    path = url.removeprefix("http://127.0.0.1:1")
    assert http.post(path, files={"file": ("a", content)}).status_code == 200
    answer = http.post("/collection/default/upload", json={"url": url, "media_type": kind})
    return str(answer.json()["data"]["id"])


def ended(http: TestClient, job_id: str) -> dict[str, Any]:
    deadline = time.monotonic() + 60
    while True:
        state = http.get(f"/async-response/{job_id}").json()
        if state["status"] != "processing":
            assert state["success"], state
            return dict(state["response"]["data"])
        assert time.monotonic() < deadline
        time.sleep(0.05)


def check(answer: httpx.Response, what: str) -> None:
    """An answer of ours: no crash, and every error in the one shape."""
    assert answer.status_code < 500 or answer.status_code == 501, f"{what}: {answer.text}"
    if answer.status_code >= 400:
        body = Failure.model_validate_json(answer.content)
        assert body.message
        assert body.error_code


def document() -> dict[str, Any]:
    """The engine's OpenAPI."""
    app = FastAPI()
    for module in ROUTERS:
        app.include_router(module.router)
    return app.openapi()


DOCUMENT = document()
SCHEMA = schemathesis.openapi.from_dict(DOCUMENT)
OPERATIONS = [
    (method, path)
    for path, item in DOCUMENT["paths"].items()
    for method in METHODS
    if method in item
]
WITH_BODY = [(m, p) for m, p in OPERATIONS if "requestBody" in DOCUMENT["paths"][p][m]]


def takes_more(method: str, path: str) -> bool:
    """Than what its path names."""
    operation = DOCUMENT["paths"][path][method]
    queries = [one for one in operation.get("parameters", []) if one["in"] == "query"]
    return bool(queries or "requestBody" in operation)


def known(ids: dict[str, str], method: str, path: str) -> dict[str, str]:
    """What there is, for the parameters of a path; but nothing is deleted."""
    names = {part[1:-1] for part in path.split("/") if part.startswith("{")}
    ids = of_kind(ids, path)
    return {} if method == "delete" else {name: ids[name] for name in names & ids.keys()}


def of_kind(ids: dict[str, str], path: str) -> dict[str, str]:
    """With the asset that a path is about, such as ``/audio/{asset_id}``."""
    own = ids.get(f"{path.split('/')[1]}_id")
    return {**ids, "asset_id": own} if own else ids


@pytest.mark.parametrize(("method", "path"), OPERATIONS, ids=lambda part: part.strip("/"))
def test_no_request_that_fits_the_schema_or_nearly_does_is_a_crash(
    served: Served, method: str, path: str
) -> None:
    operation = SCHEMA[path][method]
    real = known(served.ids, method, path)
    modes = schemathesis.GenerationMode
    cases = st.one_of(
        operation.as_strategy(modes.POSITIVE, path_parameters=real or None),
        operation.as_strategy(modes.POSITIVE),
        operation.as_strategy(modes.NEGATIVE),
    )

    @settings(
        max_examples=8 if takes_more(method, path) else 2,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(cases)
    def attempt(case: schemathesis.Case) -> None:
        sent = case.as_transport_kwargs(base_url="http://127.0.0.1")
        check(served.http.request(**asked(sent)), f"{sent}")

    attempt()


def asked(sent: dict[str, Any]) -> dict[str, Any]:
    """What requests would be told, for httpx."""
    names = ("method", "url", "params", "headers", "json", "data", "files", "content")
    told = {name: sent[name] for name in names if sent.get(name) is not None}
    if isinstance(told.get("data"), bytes | str):
        told["content"] = told.pop("data")
    told.pop("cookies", None)
    return told


@pytest.mark.parametrize(("method", "path"), WITH_BODY, ids=lambda part: part.strip("/"))
def test_no_body_is_a_crash(served: Served, method: str, path: str) -> None:
    deep = b"[" * 50_000
    url = path.format_map(defaultdict(lambda: "x-1", of_kind(served.ids, path)))
    for body in (
        b"", b"{", b"null", b"[]", b'"x"', b"7", b"\xff\xfe{}", b'{"a": NaN}', b'{"name": 1e999}',
        b'{"name": "\\ud800", "query": "\\udfff"}', b'{"query": "a\\u0000b", "name": "\\u0000"}',
        b'{"top_k": ' + b"9" * 400 + b', "query": "x", "limit": 1e300}', deep, b'{"a":' * 50_000,
        b'{"name": {"a": 1}, "query": [], "timeline": {"tracks": 5}, "channels": "mic"}',
        b'[{"video_id": "m-1", "shots": [[0, 1e308]]}]', b'{"timeline": [[-1, 1e308]]}',
    ):  # fmt: skip
        headers = {"content-type": "application/json"}
        answer = served.http.request(method, url, content=body, headers=headers)
        check(answer, f"{method} {url} {body[:80]!r}")


def test_a_body_that_is_too_large_is_refused_whatever_it_is_for(served: Served) -> None:
    def pieces() -> Iterator[bytes]:
        yield b'{"name": "'
        for _ in range(12):
            yield b"a" * 1_000_000
        yield b'"}'

    for content in (b" " * (LIMIT + 1), pieces()):
        headers = {"content-type": "application/json"}
        answer = served.http.post("/collection", content=content, headers=headers)
        assert answer.status_code == 413
        assert Failure.model_validate_json(answer.content).error_code == "TOO_LARGE"
    assert served.http.post(
        "/collection", json={"name": "a" * 400, "x": " " * 9_000_000}
    ).is_success


def test_a_name_of_any_kind_comes_back_as_it_was_given(served: Served) -> None:
    made = served.http.post("/collection", json={"name": NAME, "description": NAME}).json()["data"]
    assert made["name"] == made["description"] == NAME
    again = served.http.get(f"/collection/{made['id']}").json()["data"]
    assert again == made
    renamed = served.http.patch(f"/video/{served.ids['video_id']}", json={"name": NAME}).json()
    assert renamed["data"]["name"] == NAME
    session = {"end_user_id": NAME, "metadata": {NAME: [NAME, None, 1e300, 2**70]}}
    kept = served.http.post("/collection/default/capture/session", json=session).json()["data"]
    assert kept["metadata"] == session["metadata"]


@pytest.mark.parametrize("text", [NAME, "..", "%2e%2e%2fetc", "9" * 5000, "", " ", "m-1\r\nx: y"])
def test_an_id_of_any_kind_is_simply_not_there(served: Served, text: str) -> None:
    for kind in ("video", "audio", "image", "collection", "rtstream", "async-response", "stream"):
        answer = served.http.get(f"/{kind}/{quote(text, safe='')}/")
        check(answer, f"{kind} {text!r}")


NUMBERS = ["1e308", "-1", "nan", "inf", str(2**63), str(10**400), "0x1", ""]


@pytest.mark.parametrize("number", NUMBERS, ids=lambda number: number[:20] or "empty")
def test_a_number_of_any_size_is_no_crash(served: Served, number: str) -> None:
    video = f"/video/{served.ids['video_id']}"
    index = f"{video}/indexes/{served.ids['index_id']}/records"
    for url, names in (
        (f"{video}/transcription", ("start", "end", "length")),
        (f"/audio/{served.ids['audio_id']}/transcription", ("start", "end", "length")),
        (f"{video}/thumbnail", ("timestamp", "width")),
        (index, ("limit", "cursor")),
        ("/rtstream", ("limit", "offset")),
        ("/rtstream/rts-1/transcription", ("page", "page_size", "start", "end", "since")),
        ("/rtstream/rts-1/stream", ("start", "end")),
    ):
        for name in names:
            check(served.http.get(url, params={name: number}), f"{url} {name}={number[:20]}")


def test_after_all_this_the_library_is_whole(served: Served) -> None:
    deadline = time.monotonic() + 60
    while served.services.jobs.active():
        assert time.monotonic() < deadline
        time.sleep(0.1)
    home = served.services.home
    with sqlite3.connect(home.database) as library:
        assert library.execute("pragma integrity_check").fetchone() == ("ok",)
        assert library.execute("pragma foreign_key_check").fetchall() == []
        rows = library.execute(
            "select id from assets where deleted_at is null and file is null"
            " and id not in (select asset_id from asset_tracks)"
        ).fetchall()
    library.close()
    assert rows == []
    assert list(home.tmp.iterdir()) == []
    assert served.http.get(f"/video/{served.ids['video_id']}").status_code == 200
