"""What was asked for with a callback_url is told there, once, also across a restart."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from jupyter_capture.demo.webhook import WebhookReceiver
from jupyter_capture.engine.app import create_app
from jupyter_capture.engine.schema import deliveries, jobs
from jupyter_capture.engine.services import Services
from jupyter_capture.errors import InvalidRequestError
from jupyter_capture.settings import Settings


@contextmanager
def engine(data_dir: Path) -> Iterator[Services]:
    made = Services(Settings(data_dir=data_dir), "http://127.0.0.1:1")
    create_app(made, serve=False)
    made.start()
    try:
        yield made
    finally:
        made.close()


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    with engine(tmp_path) as made:
        yield made


@pytest.fixture
def receiver() -> Iterator[WebhookReceiver]:
    with WebhookReceiver() as made:
        yield made


def job(services: Services, status: str, **values: Any) -> str:
    with services.store.write() as connection:
        connection.execute(
            jobs.insert().values(
                id="job-1", kind="index", key="k", args={}, status=status,
                created_at=time.time(), **values,
            )
        )  # fmt: skip
    return "job-1"


def told(services: Services) -> list[str]:
    with services.store.read() as connection:
        return list(connection.execute(select(deliveries.c.status)).scalars())


def test_a_job_tells_its_callback_when_it_ends_and_only_then(
    services: Services, receiver: WebhookReceiver
) -> None:
    job_id = job(services, "queued")
    for _ in range(2):
        services.callbacks.promise(job_id, receiver.url)
    assert told(services) == ["waiting", "waiting"]
    services.jobs.cancel(job_id)
    body = receiver.wait_for("job.cancelled")
    assert (body["job_id"], body["success"], body["status"]) == (job_id, False, "cancelled")
    assert "cancelled" in body["message"]
    services.webhooks.drain(10)
    assert [each["event"] for each in receiver.bodies] == ["job.cancelled"] * 2
    assert all("webhook-signature" in headers for headers in receiver.headers)


def test_what_ended_before_it_was_promised_is_told_at_once(
    services: Services, receiver: WebhookReceiver
) -> None:
    services.callbacks.promise(job(services, "done", result={"asset_id": "m-1"}), receiver.url)
    assert receiver.wait_for("job.done")["data"] == {"asset_id": "m-1"}


def test_a_promise_outlives_the_engine_that_gave_it(
    tmp_path: Path, receiver: WebhookReceiver
) -> None:
    with engine(tmp_path) as services:
        job_id = job(services, "running")
        services.callbacks.promise(job_id, receiver.url)
        with services.store.write() as connection:  # it dies between the end and the telling
            connection.execute(jobs.update().values(status="done", result={"asset_id": "m-1"}))
    with engine(tmp_path):
        assert receiver.wait_for("job.done")["job_id"] == job_id


def test_a_callback_that_is_no_address_is_refused_before_anything_is_stored(
    services: Services,
) -> None:
    for call in (
        lambda: services.callbacks.promise("job-1", "not an address"),
        lambda: services.callbacks.tell("ftp://example.org", {"data": {}}),
    ):
        with pytest.raises(InvalidRequestError, match="callback_url"):
            call()
    assert told(services) == []
