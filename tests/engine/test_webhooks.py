"""Webhooks: stored, signed, tried again on a schedule, none in another's way."""

from __future__ import annotations

import importlib.util
import json
import math
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from engine_harness import App, Receiver, wait_for
from sqlalchemy import select
from standardwebhooks import Webhook, WebhookVerificationError

from jupyter_capture.engine.schema import deliveries
from jupyter_capture.engine.secrets import OVERLAP_SECONDS, webhook_secrets
from jupyter_capture.engine.webhooks import RETRY_AFTER, enqueue
from jupyter_capture.errors import InvalidRequestError
from jupyter_capture.wire.capture import SessionCreate

Make = Callable[..., Receiver]
BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


def created(app: App, url: str) -> str:
    """A session whose first event goes to ``url``."""
    return app.services.records.create("default", SessionCreate(callback_url=url))


def row(app: App, session_id: str) -> Any:
    with app.services.store.read() as connection:
        query = select(deliveries).where(deliveries.c.session_id == session_id)
        return connection.execute(query).one()


def tried(app: App, session_id: str, times: int) -> Any:
    """The delivery after so many tries."""
    wait_for(lambda: row(app, session_id).attempts >= times, what=f"try {times}")
    return row(app, session_id)


def let_time_pass(app: App) -> None:
    """What waits is due now."""
    with app.services.store.write() as connection:
        connection.execute(deliveries.update().values(next_try=time.time()))
    app.services.webhooks.wake()


def test_it_is_signed_as_standard_webhooks_says(app: App, receiver: Make) -> None:
    hook = receiver(204)
    session_id = created(app, hook.url)
    headers, body = wait_for(lambda: hook.requests and hook.requests[0])
    signer = Webhook(app.services.webhook_secret)
    signer.verify(body.decode(), headers)
    assert app.services.webhook_secret.startswith("whsec_")
    with pytest.raises(WebhookVerificationError):
        signer.verify(body.decode().replace("created", "exported"), headers)
    said = json.loads(body)
    assert said["event"] == "capture_session.created"
    assert said["capture_session_id"] == session_id
    assert said["status"] == "created"
    assert said["sequence"] == 1
    done = tried(app, session_id, 1)
    assert done.status == "delivered"
    assert headers["webhook-id"] == done.id


def test_it_is_stored_before_it_is_tried(make_app: Any, receiver: Make) -> None:
    app, hook = make_app(), receiver(0)
    session_id = created(app, hook.url)
    stored = row(app, session_id)
    assert (stored.status, stored.attempts) == ("pending", 0)
    wait_for(lambda: hook.requests)
    # The engine ends in the middle of it: the next one tries again.
    app.services.webhooks.close()
    hook.answers[:] = [204]
    again = make_app()
    assert tried(again, session_id, 1).status == "delivered"
    assert [json.loads(body)["sequence"] for _, body in hook.requests] == [1, 1]
    ids = {headers["webhook-id"] for headers, _ in hook.requests}
    assert len(ids) == 1  # by which a receiver knows that it had it already


@pytest.mark.parametrize("answer", [500, 404, 302, 307, 400])
def test_anything_but_success_is_tried_again_on_schedule(
    app: App, receiver: Make, answer: int
) -> None:
    hook = receiver(answer)
    before = time.time()
    session_id = created(app, hook.url)
    for attempt, pause in enumerate(RETRY_AFTER, 1):
        failed = tried(app, session_id, attempt)
        assert failed.status == "pending"
        assert failed.answer == f"HTTP {answer}"
        assert before + pause <= failed.next_try <= time.time() + pause
        assert len(hook.requests) == attempt
        if attempt == 3:
            break
        before = time.time()
        let_time_pass(app)
    hook.answers[:] = [200]
    let_time_pass(app)
    assert tried(app, session_id, 4).status == "delivered"
    assert len(hook.requests) == 4  # a redirect is not followed


def test_after_the_last_try_it_is_given_up(app: App, receiver: Make) -> None:
    hook = receiver(503)
    session_id = created(app, hook.url)
    for attempt in range(1, len(RETRY_AFTER) + 1):
        assert tried(app, session_id, attempt).status == "pending"
        let_time_pass(app)
    assert tried(app, session_id, len(RETRY_AFTER) + 1).status == "abandoned"
    assert RETRY_AFTER == (5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400)


def test_gone_means_never_again(app: App, receiver: Make) -> None:
    hook = receiver(410)
    session_id = created(app, hook.url)
    assert tried(app, session_id, 1).status == "gone"
    let_time_pass(app)
    created(app, hook.url)
    wait_for(lambda: len(hook.requests) == 2)
    assert row(app, session_id).attempts == 1


def test_nobody_there_is_tried_again(app: App) -> None:
    session_id = created(app, "http://127.0.0.1:9/nobody")
    failed = tried(app, session_id, 1)
    assert failed.status == "pending"
    assert failed.answer.startswith("ConnectError")


def test_a_slow_receiver_keeps_no_other_waiting(app: App, receiver: Make) -> None:
    slow, quick = receiver(0), receiver(204)
    waiting = [created(app, slow.url) for _ in range(40)]
    served = [created(app, quick.url) for _ in range(5)]
    for session_id in served:
        assert tried(app, session_id, 1).status == "delivered"
    assert {row(app, session_id).attempts for session_id in waiting} == {0}
    assert len(slow.requests) <= 2


def test_a_receiver_that_does_not_answer_in_time_is_tried_again(app: App, receiver: Make) -> None:
    app.services.webhooks._poster.timeout = 0.2
    session_id = created(app, receiver(0).url)
    assert tried(app, session_id, 1).answer == "Timeout: no answer within 0.2 s"


def test_what_is_not_stored_is_not_sent(app: App, receiver: Make) -> None:
    hook = receiver(204)

    def change_nothing() -> None:
        with app.services.store.write() as connection:
            enqueue(connection, "cap-1", hook.url, {"event": "never"})
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        change_nothing()
    session_id = created(app, hook.url)
    tried(app, session_id, 1)
    assert len(hook.requests) == 1


@pytest.mark.parametrize(
    "url", ["ftp://x/y", "hook", "http://", "http://[::1", "http://host:99999/", "file:///etc", ""]
)
async def test_an_address_that_is_none_is_refused_at_once(app: App, url: str) -> None:
    with pytest.raises(InvalidRequestError, match="callback_url"):
        created(app, url)
    async with app.local as client:
        path = "/collection/default/capture/session"
        answer = await client.post(path, json={"callback_url": url})
    assert answer.status_code == 400
    assert app.services.records.rows() == []


async def test_they_are_listed_and_tried_again_on_demand(app: App, receiver: Make) -> None:
    hook = receiver(410)
    session_id = created(app, hook.url)
    other = created(app, receiver(204).url)
    gone, arrived = tried(app, session_id, 1), tried(app, other, 1)
    async with app.local as client:

        async def listed(**query: str) -> list[dict[str, Any]]:
            answer = await client.get("/webhooks", params=query)
            return list(answer.json()["data"]["deliveries"])

        assert {each["id"] for each in await listed()} == {gone.id, arrived.id}
        (one,) = await listed(session_id=session_id)
        assert (one["event"], one["sequence"]) == ("capture_session.created", 1)
        assert (one["status"], one["attempts"], one["answer"]) == ("gone", 1, "HTTP 410")
        assert one["next_try"] is None
        assert [each["id"] for each in await listed(status="delivered")] == [arrived.id]
        hook.answers[:] = [200]
        again = await client.post("/webhooks/retry", json={"session_id": session_id})
        assert again.json()["data"]["retried"] == [gone.id]
        wait_for(lambda: row(app, session_id).status == "delivered")
        assert (await client.post("/webhooks/retry")).json()["data"]["retried"] == []
        # One that has arrived is sent again if it is named: the same to its receiver.
        await client.post("/webhooks/retry", json={"delivery_id": gone.id})
        wait_for(lambda: len(hook.requests) == 3)
        assert {headers["webhook-id"] for headers, _ in hook.requests} == {gone.id}
        for wrong in ({"delivery_id": "dlv-none"}, {"session_id": "cap-none"}):
            assert (await client.post("/webhooks/retry", json=wrong)).status_code == 404
        assert (await client.get("/webhooks", params={"status": "lost"})).status_code == 400
        secret = (await client.get("/keys/webhooks")).json()["data"]["secret"]
        assert secret == app.services.webhook_secret


def test_after_a_new_secret_receivers_have_a_day_to_change(make_app: Any, receiver: Make) -> None:
    app, hook = make_app(), receiver(204)
    before = app.services.webhook_secret
    after = app.services.renew_webhook_secret()
    assert before != after
    for one in (lambda: app, make_app):  # also an engine to come
        again = one()
        assert again.services.webhook_secret == after
        tried(again, created(again, hook.url), 1)
        again.services.webhooks.drain(5)
        headers, body = hook.requests.pop()
        for secret in (before, after):
            assert Webhook(secret).verify(body.decode(), headers)
        app.services.webhooks.close()
    later = time.time() + OVERLAP_SECONDS
    again.services.webhooks.sign_with([(after, math.inf), (before, later - OVERLAP_SECONDS)])
    created(again, hook.url)
    wait_for(lambda: hook.requests)
    headers, body = hook.requests.pop()
    assert Webhook(after).verify(body.decode(), headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(before).verify(body.decode(), headers)
    kept = webhook_secrets(again.services.store)[1]
    assert kept[0] == before
    assert later - 60 < kept[1] <= later + 1


def test_a_backlog_is_sent_whole(make_app: Any, receiver: Make) -> None:
    app, hook, other = make_app(), receiver(204), receiver(204)
    app.services.webhooks.close()
    with app.services.store.write() as connection:
        for number in range(150):
            enqueue(connection, f"cap-{number}", hook.url, {"event": "x", "sequence": number})
        enqueue(connection, "cap-last", other.url, {"event": "x"})
    make_app()
    wait_for(lambda: other.requests)
    wait_for(lambda: len(hook.requests) == 150)
    numbers = {json.loads(body)["sequence"] for _, body in hook.requests}
    assert numbers == set(range(150))


async def test_a_client_token_names_no_address(app: App) -> None:
    session_id = app.services.records.create("default", SessionCreate())
    token = app.services.keys.create("client", expires_in=60)
    asked = {
        "session_id": session_id, "channels": ["mic:default"],
        "callback_url": "http://127.0.0.1:9/x",
    }  # fmt: skip
    async with app.tcp as client:
        headers = {"x-access-token": token}
        answer = await client.post("/capture/session/start", json=asked, headers=headers)
    assert answer.status_code == 403
    assert app.services.records.row(session_id).status == "created"


def test_private_networks_are_a_matter_of_the_setting(make_app: Any) -> None:
    for allowed in (False, True):
        app = make_app(private_callbacks=allowed)
        if allowed:
            assert created(app, "http://10.255.255.1:9/hook")
        else:
            with pytest.raises(InvalidRequestError, match="JUPYTER_CAPTURE_PRIVATE_CALLBACKS"):
                created(app, "http://10.255.255.1:9/hook")


def test_none_is_lost_where_receivers_misbehave_and_the_engine_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    campaign = loaded("webhooks").Campaign(tmp_path, sessions=10, kills=2, seed=3, speed=100_000)
    done = campaign.run(seconds=120)
    assert done.wrong == []
    assert done.events == 10 * 6
    assert done.requests > done.events


def loaded(name: str) -> Any:
    """A benchmark as a module."""
    spec = importlib.util.spec_from_file_location(f"benchmark_{name}", BENCHMARKS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
