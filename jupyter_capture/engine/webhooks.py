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
from collections import Counter
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx
from sqlalchemy import Connection, Row, select
from sqlalchemy.exc import SQLAlchemyError
from standardwebhooks import Webhook

from jupyter_capture._version import __version__
from jupyter_capture.engine.ids import new_id
from jupyter_capture.engine.schema import deliveries
from jupyter_capture.engine.store import Store
from jupyter_capture.errors import InvalidRequestError, StorageFullError

logger = logging.getLogger(__name__)

RETRY_AFTER = (5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400)
"""Seconds from each failed try to the next one; then it is given up."""
TIMEOUT = 15.0
_AT_ONCE = 32
_AT_ONCE_EACH = 2
"""Deliveries under way, in all and to one receiver: a slow one holds up only its own."""
_TROUBLE = 5.0
"""Seconds to wait when the library cannot be read or written."""


def check_callback_url(url: str | None) -> None:
    """Raises InvalidRequestError where ``url`` is not an http(s) address."""
    if url is None:
        return
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if not good:
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


@dataclass(frozen=True)
class _Message:
    """A delivery that lies in memory alone."""

    id: str
    url: str
    body: str


class Webhooks:
    """The sender. One slow receiver keeps none of the others waiting."""

    def __init__(self, store: Store, secret: str) -> None:
        self._store = store
        self._signer = Webhook(secret)
        self._wake = threading.Event()
        self._ending = threading.Event()
        self._busy: dict[str, str] = {}  # delivery: receiver
        self._lock = threading.Lock()
        self._unstored = threading.BoundedSemaphore(_AT_ONCE)
        self._thread = threading.Thread(target=self._run, name="webhooks", daemon=True)
        headers = {"user-agent": f"jupyter-capture/{__version__}"}
        # A proxy of the environment is for the world, not for a receiver on this machine.
        local = ("all://127.0.0.1", "all://localhost", "all://[::1]")
        self._client = httpx.Client(
            timeout=TIMEOUT,
            follow_redirects=False,
            headers=headers,
            mounts={host: httpx.HTTPTransport() for host in local},
        )

    def start(self) -> None:
        self._thread.start()

    def wake(self) -> None:
        """Something was enqueued."""
        self._wake.set()

    def close(self) -> None:
        """What is under way ends with the process, and is tried again by the next one."""
        self._ending.set()
        self._wake.set()
        self._thread.join()
        self._client.close()

    def drain(self, seconds: float) -> None:
        """Give what is due now a last chance before the engine ends; the rest waits on disk."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and (self._busy or self._due()):
            self._wake.set()
            time.sleep(0.05)

    def send_unstored(self, url: str, body: dict[str, Any]) -> None:
        """Once, from memory: for what must not be stored, retried or logged. Where too many are
        under way already it is dropped."""
        if self._unstored.acquire(blocking=False):
            message = _Message(new_id("dlv"), url, json.dumps(body, separators=(",", ":")))
            threading.Thread(target=self._send_unstored, args=(message,), daemon=True).start()

    def of_session(self, session_id: str) -> list[dict[str, Any]]:
        with self._store.read() as connection:
            found = connection.execute(
                select(deliveries)
                .where(deliveries.c.session_id == session_id)
                .order_by(deliveries.c.created_at)
            )
            return [dict(row._mapping) for row in found]

    def _send_unstored(self, message: _Message) -> None:
        try:
            self._post(message)
        finally:
            self._unstored.release()

    def _run(self) -> None:
        while not self._ending.is_set():
            self._wake.clear()
            try:
                for row in self._due():
                    with self._lock:
                        self._busy[row.id] = _receiver(row)
                    threading.Thread(target=self._deliver, args=(row,), daemon=True).start()
                pause = self._pause()
            except SQLAlchemyError:
                logger.exception("the library cannot be read")
                pause = _TROUBLE
            self._wake.wait(pause)

    def _due(self) -> list[Row[Any]]:
        """What may be sent now: the oldest first, and few of one receiver at a time."""
        # Read under the lock: what is not under way any more is then known to be recorded, and is
        # not sent a second time.
        with self._lock, self._store.read() as connection:
            found = connection.execute(
                select(deliveries)
                .where(deliveries.c.status == "pending", deliveries.c.next_try <= time.time())
                .order_by(deliveries.c.created_at)
            ).all()
            under_way = Counter(self._busy.values())
            due = []
            for row in found:
                receiver = _receiver(row)
                room = under_way.total() < _AT_ONCE and under_way[receiver] < _AT_ONCE_EACH
                if room and row.id not in self._busy:
                    under_way[receiver] += 1
                    due.append(row)
            return due

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
        except (SQLAlchemyError, StorageFullError):
            logger.exception("how webhook %s went cannot be stored", row.id)
            self._ending.wait(_TROUBLE)  # else it would be sent again and again without a pause
        finally:
            with self._lock:
                del self._busy[row.id]
            self._wake.set()

    def _post(self, row: Row[Any] | _Message) -> tuple[int | None, str]:
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
        except RuntimeError:  # the client was closed: the engine ends
            return None, "The engine ended meanwhile."

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
        if values.get("status") != "delivered":
            # The answer may quote the address, and that may hold a receiver's secret.
            logger.warning("webhook %s: %s", row.id, answer.partition(":")[0])
        with self._store.write() as connection:
            connection.execute(
                deliveries.update()
                .where(deliveries.c.id == row.id)
                .values(attempts=attempts, answer=answer, **values)
            )


def _receiver(row: Row[Any]) -> str:
    return urlsplit(str(row.url)).netloc
