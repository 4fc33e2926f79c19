"""Who reaches the engine through Jupyter's server, and what of theirs does."""

from __future__ import annotations

import httpx
import pytest
from server_harness import JupyterServer
from stub_engine import StubEngine
from websockets.exceptions import InvalidStatus


def refused(answer: httpx.Response, status: int = 403) -> str:
    body = answer.json()
    assert (answer.status_code, body["success"]) == (status, False), answer.text
    return str(body["message"])


def socket_status(server: JupyterServer, client: httpx.Client, **more: str) -> int:
    with pytest.raises(InvalidStatus) as error:
        server.websocket("/events/x", client, **more)
    return error.value.response.status_code


def test_nobody_reaches_the_engine_unknown(eve: JupyterServer, stub: StubEngine) -> None:
    with eve.stranger() as stranger:
        for path in ("/health", "/engine/anything", "/engine/watch?v=x"):
            assert "Log in" in refused(stranger.get(path))
            assert "Log in" in refused(stranger.get(path, headers={"Authorization": "token no"}))
        refused(stranger.post("/engine/anything"))
        assert socket_status(eve, stranger) == 403
        page = stranger.get("/engine/watch?v=x", headers={"Accept": "text/html"})
        assert page.status_code == 302
        assert page.headers["location"].startswith("/login?next=")
    assert not stub.asked.keys() - {"/engine"}  # which the server itself asks


def test_a_page_changes_things_only_with_what_jupyter_gave_it(
    eve: JupyterServer, stub: StubEngine
) -> None:
    with eve.browser() as browser:
        answer = browser.post("/engine/anything")
        assert answer.status_code == 200, answer.text
        del browser.headers["X-XSRFToken"]
        assert "_xsrf" in refused(browser.post("/engine/other"))
        assert browser.get("/engine/anything").status_code == 200
    assert "/other" not in stub.asked


def test_pages_of_other_origins_are_refused(eve: JupyterServer, stub: StubEngine) -> None:
    with eve.browser() as browser:
        elsewhere = {"Origin": "https://elsewhere.example"}
        for method in ("POST", "GET", "DELETE"):
            said = refused(browser.request(method, "/engine/other", headers=elsewhere))
            assert "another origin" in said
        assert socket_status(eve, browser, origin="https://elsewhere.example") == 403
        assert "/other" not in stub.asked
        with eve.websocket("/events/x", browser, origin=browser.headers["Origin"]) as mine:
            mine.send("hello")
            assert mine.recv() == "hello"


def test_what_opens_jupyter_stays_there_and_what_the_engine_sets_too(
    eve: JupyterServer, stub: StubEngine
) -> None:
    with eve.browser() as browser, eve.program() as program:
        answer = browser.get(
            "/engine/a%2Fb%20c/?q=%C3%A9+1&_xsrf=secret&tok%65n=secret&token=secret&r",
            headers={"Range": "bytes=0-", "X-Access-Token": "secret", "Referer": "http://secret"},
        )
        program.post(f"/engine/c?token={eve.token}", json={"a": 1})
        with eve.websocket("/events/x?token=secret", browser):
            pass
        known = [eve.token, browser.cookies["_xsrf"], "secret", "cookie", "authorization"]
    got = stub.asked["/a/b c/"]
    assert r"/a%2Fb%20c/" in got
    assert "b'q=%C3%A9+1&r'" in got
    assert "bytes=0-" in got
    assert "(b'x-forwarded-prefix', b'/jupyter-capture/engine')" in got
    assert "application/json" in stub.asked["/c"]
    everything = " ".join(stub.asked.values()).lower()
    assert not [secret for secret in known if secret in everything]
    down = answer.headers
    kept = {"set-cookie", "access-control-allow-origin", "keep-alive", "x-engine-secret"}
    assert not kept & set(down)
    assert "sandbox" in down["content-security-policy"]


def test_a_page_gets_no_key_to_the_engine(eve: JupyterServer, stub: StubEngine) -> None:
    with eve.browser() as browser:
        for path in ("/engine/keys", "/engine/k%65ys", "/engine/keys/key-1"):
            assert "jupyter-capture keys" in refused(browser.post(path, json={}))
    assert not stub.asked.keys() - {"/engine"}
