"""Who may come in, by which way, with what."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from engine_harness import App

from jupyter_capture.engine.schema import keys
from jupyter_capture.wire.capture import SessionCreate

Make = Callable[..., App]


async def test_the_unix_socket_needs_no_key(app: App) -> None:
    async with app.local as client:
        answer = await client.get("/engine")
    assert answer.status_code == 200
    assert answer.json()["data"]["data_dir"] == str(app.services.home.root)


async def test_the_port_of_an_engine_on_demand_serves_media_alone(app: App) -> None:
    key = app.services.keys.create("key")
    async with app.tcp as client:
        answer = await client.get("/engine", headers={"x-access-token": key})
    assert answer.status_code == 404
    assert "jupyter-capture serve" in answer.json()["message"]


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example:8000", "", "[::2]:80"])
async def test_a_foreign_name_is_not_answered_to(make_app: Make, host: str) -> None:
    app = make_app(serve=True)
    key = app.services.keys.create("key")
    async with app.tcp as client:
        for path in ("/engine", "/watch?v=x", "/stream/x/master.m3u8"):
            answer = await client.get(path, headers={"host": host, "x-access-token": key})
            assert answer.status_code == 400, path
            assert "127.0.0.1" in answer.json()["message"]


@pytest.mark.parametrize("host", ["localhost:8000", "127.0.0.1", "[::1]:8000"])
async def test_the_names_of_loopback_are(make_app: Make, host: str) -> None:
    app = make_app(serve=True)
    key = app.services.keys.create("key")
    async with app.tcp as client:
        answer = await client.get("/engine", headers={"host": host, "x-access-token": key})
    assert answer.status_code == 200


async def test_served_the_api_wants_a_key_that_it_knows(make_app: Make) -> None:
    app = make_app(serve=True)
    good = app.services.keys.create("key", "mine")
    async with app.tcp as client:

        async def asked(key: str | None) -> tuple[int, str]:
            headers = {} if key is None else {"x-access-token": key}
            answer = await client.get("/engine", headers=headers)
            return answer.status_code, answer.json().get("message", "")

        assert await asked(good) == (200, "")
        for wrong in (None, "", "sk-wrong", good[:-1], good.upper()):
            status, message = await asked(wrong)
            assert status == 401
            assert "keys create" in message
            assert good not in message
        app.services.keys.revoke(app.services.keys.list()[0]["id"])
        assert (await asked(good))[0] == 401


async def test_an_expired_client_token_says_so(make_app: Make) -> None:
    app = make_app(serve=True)
    token = app.services.keys.create("client", expires_in=60)
    with app.services.store.write() as connection:
        connection.execute(keys.update().values(expires_at=1))
    async with app.tcp as client:
        answer = await client.get("/capture/channels", headers={"x-access-token": token})
    assert answer.status_code == 401
    assert "expired" in answer.json()["message"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/engine"),
        ("GET", "/collection"),
        ("GET", "/video"),
        ("POST", "/collection/default/capture/session"),
        ("POST", "/capture/session/token"),
        ("DELETE", "/capture/session/cap-1"),
        ("GET", "/capture/session/cap-1/stop/../../../engine"),
        ("GET", "/billing/usage"),
        ("POST", "/editor"),
    ],
)
async def test_a_client_token_opens_nothing_else(make_app: Make, method: str, path: str) -> None:
    app = make_app(serve=True)
    token = app.services.keys.create("client", expires_in=60)
    async with app.tcp as client:
        answer = await client.request(method, path, headers={"x-access-token": token}, json={})
    assert answer.status_code == 403
    assert answer.json()["error_code"] == "FORBIDDEN"


async def test_a_client_token_is_good_for_its_users_sessions(make_app: Make) -> None:
    app = make_app(serve=True)
    records = app.services.records
    hook = "http://127.0.0.1:9/whom-they-tell"
    hers = records.create("default", SessionCreate(end_user_id="ada", callback_url=hook))
    his = records.create("default", SessionCreate(end_user_id="bob"))
    async with app.local as client:
        made = await client.post("/capture/session/token", json={"user_id": "ada"})
    token = {"x-access-token": made.json()["data"]["token"]}
    async with app.tcp as client:
        # Never started: 409 is the session's own answer, 404 that of one unknown.
        assert (
            await client.post(f"/capture/session/{hers}/stop", headers=token)
        ).status_code == 409
        assert (await client.post(f"/capture/session/{his}/stop", headers=token)).status_code == 404
        seen = await client.get(f"/capture/session/{hers}", headers=token)
        assert seen.json()["data"]["status"] == "created"
        assert "whom-they-tell" not in seen.text
        start = {"session_id": his, "channels": [{"name": "mic:default"}]}
        answer = await client.post("/capture/session/start", headers=token, json=start)
        assert answer.status_code == 404
    assert records.row(his).status == "created"


async def test_slashes_at_the_end_do_not_matter(app: App) -> None:
    async with app.local as client:
        for path in ("/engine/", "/engine//", "/collection/default/", "/capture/channels/"):
            assert (await client.get(path)).status_code == 200, path
        assert (await client.post("/collection/", json={"name": "One"})).status_code == 200


async def test_a_ticket_opens_what_it_is_for_and_no_longer(app: App) -> None:
    tickets = app.services.tickets
    good = tickets.issue("stream", "stm-1")
    what, expiry, signature = good.split(".")
    bad = {
        "forged": f"{what}.{expiry}.{'0' * 32}",
        "of another stream": f"stm-2.{expiry}.{signature}",
        "longer than given": f"{what}.{int(expiry) + 1}.{signature}",
        "expired": tickets.issue("stream", "stm-1", -1),
        "of another use": tickets.issue("download", "stm-1"),
        "no ticket": "x",
        "no number": f"{what}.²³.{signature}",
        "no letters": f"{what}.{expiry}.ü",
        "half a letter": f"\ud800.{expiry}.{signature}",
    }
    async with app.tcp as client:
        for why, token in bad.items():
            address = quote(token, safe="", errors="surrogatepass")
            for path in (f"/stream/{address}/master.m3u8", f"/watch?v={address}"):
                answer = await client.get(path)
                assert answer.status_code == 401, (why, path, answer.text)
        # Good, but of a stream that there is not: the ticket was let through.
        assert (await client.get(f"/stream/{good}/master.m3u8")).status_code == 404
        assert (await client.get(f"/download/{good}")).status_code == 401
        assert (await client.get(f"/thumbnail/{good}")).status_code == 401


def test_a_ticket_is_good_for_engines_to_come_but_not_for_other_libraries(
    make_app: Make, tmp_path_factory: Any
) -> None:
    ticket = make_app().services.tickets.issue("stream", "stm-1")
    assert make_app().services.tickets.check("stream", ticket) == "stm-1"


async def test_no_token_gets_into_the_log(app: App, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG", logger="jupyter_capture")
    ticket = app.services.tickets.issue("thumbnail", "m-none@broken")

    def fails(*_: Any) -> None:
        raise ZeroDivisionError

    app.services.library.asset = fails  # type: ignore[method-assign]
    async with app.tcp as client:
        answer = await client.get(f"/thumbnail/{ticket}")
    assert answer.status_code == 500
    assert "engine.log" in answer.json()["message"]
    assert "/thumbnail/{token}" in caplog.text
    assert ticket not in caplog.text


async def test_a_person_with_a_bad_link_gets_a_page_and_a_program_the_error(app: App) -> None:
    late = app.services.tickets.issue("stream", "stm-1", -1)
    gone = app.services.tickets.issue("stream", "stm-1")
    browser = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    async with app.tcp as client:
        for place in ("watch", "embed"):
            for token, status in (("x", 401), (late, 401), (gone, 404)):
                page = await client.get(f"/{place}", params={"v": token}, headers=browser)
                told = await client.get(f"/{place}", params={"v": token})
                assert (page.status_code, told.status_code) == (status, status)
                assert page.headers["content-type"].startswith("text/html")
                assert "default-src 'none'" in page.headers["content-security-policy"]
                assert told.json()["message"].split(".")[0].split("'")[0] in page.text
