"""Callbacks: what was asked for with a ``callback_url`` is told there once it has ended.

A promise is a delivery that waits, without a body, for its job. Should the engine end between the
two, the next one tells what is due.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, select

from jupyter_capture.engine.ids import new_id
from jupyter_capture.engine.schema import deliveries, jobs
from jupyter_capture.engine.store import Store
from jupyter_capture.engine.webhooks import Webhooks, enqueue
from jupyter_capture.errors import CaptureError

_WAITING = "waiting"
_ENDED = ("done", "failed", "cancelled")


class Callbacks:
    """``body_of`` says what is told of a job that has ended; `app.py` gives it."""

    def __init__(self, store: Store, webhooks: Webhooks) -> None:
        self._store = store
        self._webhooks = webhooks
        self.body_of: Callable[[str], dict[str, Any]] = _bare

    def promise(self, job_id: str, url: str | None) -> None:
        """Tell ``url`` when the job ends. Raises InvalidRequestError."""
        if url is None:
            return
        self._webhooks.check(url)
        with self._store.write() as connection:
            connection.execute(
                deliveries.insert().values(
                    id=new_id("dlv"),
                    session_id=job_id,
                    url=url,
                    body="",
                    status=_WAITING,
                    next_try=0.0,
                    created_at=time.time(),
                )
            )
        self.keep(job_id)  # it may have ended before the promise was given

    def tell(self, url: str | None, body: dict[str, Any]) -> None:
        """What was asked for is there already."""
        if url is None:
            return
        self._webhooks.check(url)
        with self._store.write() as connection:
            enqueue(connection, str(body["data"].get("id", "")), url, body)
        self._webhooks.wake()

    def keep(self, job_id: str | None = None) -> None:
        """Send what was promised of a job, or of all jobs, as far as they have ended."""
        with self._store.read() as connection:
            due = _due(connection, job_id)
        for ended in due:
            body = json.dumps(self._told_of(ended), separators=(",", ":"))
            with self._store.write() as connection:
                connection.execute(
                    deliveries.update()
                    .where(deliveries.c.session_id == ended, deliveries.c.status == _WAITING)
                    .values(status="pending", body=body, next_try=time.time())
                )
        if due:
            self._webhooks.wake()

    def _told_of(self, job_id: str) -> dict[str, Any]:
        try:
            return self.body_of(job_id)
        except CaptureError as error:  # what it made was deleted meanwhile
            return {**_bare(job_id), "success": False, "message": error.message}


def _bare(job_id: str) -> dict[str, Any]:
    return {"event": "job.ended", "job_id": job_id, "success": True, "data": {}}


def _due(connection: Connection, job_id: str | None) -> list[str]:
    query = (
        select(jobs.c.id)
        .join(deliveries, deliveries.c.session_id == jobs.c.id)
        .where(deliveries.c.status == _WAITING, jobs.c.status.in_(_ENDED))
        .distinct()
    )
    if job_id is not None:
        query = query.where(jobs.c.id == job_id)
    return list(connection.execute(query).scalars())
