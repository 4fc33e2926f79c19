"""Webhooks: stored before they are sent, signed, and retried until they arrive.

Signed as Standard Webhooks says (headers ``webhook-id``, ``webhook-timestamp``,
``webhook-signature``). Any 2xx ends a delivery, 410 stops it, anything else is tried again.
"""

from __future__ import annotations

import datetime
import json
import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import httpx
from sqlalchemy import Connection, Row, select
from standardwebhooks import Webhook

from jupyter_capture._version import __version__
from jupyter_capture.engine.ids import new_id
from jupyter_capture.engine.schema import deliveries
from jupyter_capture.engine.store import Store
from jupyter_capture.errors import InvalidRequestError

logger = logging.getLogger(__name__)

RETRY_AFTER = (5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400)
"""Seconds from each failed try to the next one; then it is given up."""
TIMEOUT = 15.0
_AT_ONCE = 8


def check_callback_url(url: str | None) -> None:
    """Raises InvalidRequestError where ``url`` is not an http(s) address."""
    if url is None:
        return
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise InvalidRequestError(
            f"callback_url {url!r} is not an address. Give one such as "
            "http://127.0.0.1:8000/hook or https://example.org/hook."
        )


def enqueue(connection: Connection, session_id: str, url: str, body: dict[str, Any]) -> None:
    """Store a delivery in the transaction of the change that it announces."""
    at = time.time()
    connection.execute(
        deliveries.insert().values(
            id=new_id("dlv"),
            session_id=session_id,
            url=url,
            body=json.dumps(body, separators=(",", ":")),
            status="pending",
            next_try=at,
            created_at=at,
        )
    )


class Webhooks:
    """The sender. One slow receiver keeps none of the others waiting."""

    def __init__(self, store: Store, secret: str) -> None:
        self._store = store
        self._signer = Webhook(secret)
        self._wake = threading.Event()
        self._ending = False
        self._busy: set[str] = set()
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="webhook")
        self._thread = threading.Thread(target=self._run, name="webhooks", daemon=True)
        headers = {"user-agent": f"jupyter-capture/{__version__}"}
        self._client = httpx.Client(timeout=TIMEOUT, follow_redirects=False, headers=headers)

    def start(self) -> None:
        self._thread.start()

    def wake(self) -> None:
        """Something was enqueued."""
        self._wake.set()

    def close(self) -> None:
        self._ending = True
        self._wake.set()
        self._thread.join()
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._client.close()

    def drain(self, seconds: float) -> None:
        """Give what is due now a last chance before the engine ends; the rest waits on disk."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and (self._busy or self._due()):
            time.sleep(0.05)

    def of_session(self, session_id: str) -> list[dict[str, Any]]:
        with self._store.read() as connection:
            found = connection.execute(
                select(deliveries)
                .where(deliveries.c.session_id == session_id)
                .order_by(deliveries.c.created_at)
            )
            return [dict(row._mapping) for row in found]

    def _run(self) -> None:
        while not self._ending:
            for row in self._due():
                with self._lock:
                    self._busy.add(row.id)
                self._pool.submit(self._deliver, row)
            self._wake.wait(self._pause())
            self._wake.clear()

    def _due(self) -> list[Row[Any]]:
        with self._store.read() as connection:
            found = connection.execute(
                select(deliveries)
                .where(deliveries.c.status == "pending", deliveries.c.next_try <= time.time())
                .order_by(deliveries.c.created_at)
                .limit(100)
            ).all()
        with self._lock:
            return [row for row in found if row.id not in self._busy]

    def _pause(self) -> float:
        """Seconds until the next delivery is due, at most a minute."""
        with self._store.read() as connection:
            upcoming = connection.execute(
                select(deliveries.c.next_try)
                .where(deliveries.c.status == "pending", deliveries.c.next_try > time.time())
                .order_by(deliveries.c.next_try)
                .limit(1)
            ).scalar_one_or_none()
        return 60.0 if upcoming is None else min(60.0, max(0.05, upcoming - time.time()))

    def _deliver(self, row: Row[Any]) -> None:
        try:
            status, answer = self._post(row)
            self._record(row, status, answer)
        finally:
            with self._lock:
                self._busy.discard(row.id)
            self._wake.set()

    def _post(self, row: Row[Any]) -> tuple[int | None, str]:
        at = datetime.datetime.now(tz=datetime.UTC)
        headers = {
            "content-type": "application/json",
            "webhook-id": row.id,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": self._signer.sign(row.id, at, row.body),
        }
        try:
            with self._client.stream(
                "POST", row.url, content=row.body.encode(), headers=headers
            ) as response:
                return response.status_code, f"HTTP {response.status_code}"
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return None, f"{type(error).__name__}: {error}"[:500]

    def _record(self, row: Row[Any], status: int | None, answer: str) -> None:
        attempts = row.attempts + 1
        if status is not None and 200 <= status < 300:
            values: dict[str, Any] = {"status": "delivered"}
        elif status == 410:
            values = {"status": "gone"}
        elif attempts > len(RETRY_AFTER):
            values = {"status": "abandoned"}
        else:
            values = {"next_try": time.time() + RETRY_AFTER[attempts - 1]}
        if "status" not in values or values["status"] != "delivered":
            logger.warning("webhook %s of %s: %s", row.id, row.session_id, answer)
        with self._store.write() as connection:
            connection.execute(
                deliveries.update()
                .where(deliveries.c.id == row.id)
                .values(attempts=attempts, answer=answer, **values)
            )
