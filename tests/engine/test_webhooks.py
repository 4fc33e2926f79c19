"""Webhooks: stored, signed, tried again on a schedule, none in another's way."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from engine_harness import App, Receiver, wait_for
from sqlalchemy import select
from standardwebhooks import Webhook, WebhookVerificationError

from jupyter_capture.engine.schema import deliveries
from jupyter_capture.engine.webhooks import RETRY_AFTER, enqueue
from jupyter_capture.errors import InvalidRequestError
from jupyter_capture.wire.capture import SessionCreate

Make = Callable[..., Receiver]


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
