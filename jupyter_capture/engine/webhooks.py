"""Webhooks: stored before they are sent, signed, and retried until they arrive.

Signed as Standard Webhooks says (headers ``webhook-id``, ``webhook-timestamp``,
``webhook-signature``). Any 2xx ends a delivery, 410 stops it, anything else is tried again.
"""

from __future__ import annotations

import datetime
import json
import logging
import math
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import httpcore
from sqlalchemy import Connection, Row, func, select
from sqlalchemy.exc import SQLAlchemyError
from standardwebhooks import Webhook

from jupyter_capture._version import __version__
from jupyter_capture.engine.addresses import checked, parsed
from jupyter_capture.engine.ids import new_id
from jupyter_capture.engine.posting import TIMEOUT, Poster
from jupyter_capture.engine.schema import deliveries
from jupyter_capture.engine.store import Store
from jupyter_capture.errors import CaptureError, InvalidRequestError, StorageFullError

logger = logging.getLogger(__name__)

RETRY_AFTER = (5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400)
"""Seconds from each failed try to the next one; then it is given up."""
_AT_ONCE = 32
_AT_ONCE_EACH = 2
"""Deliveries under way, in all and to one receiver: a slow one holds up only its own."""
_READY = 64
"""Deliveries to one address that are looked up at a time."""
_TROUBLE = 5.0
"""Seconds to wait when the library cannot be read or written."""
_LOOK = 60.0
_ENDING = 2.0


def enqueue(connection: Connection, session_id: str, url: str, body: dict[str, Any]) -> None:
    """Store a delivery in the transaction of the change that it announces."""
    at = time.time()
    connection.execute(
        deliveries.insert().values(
            id=new_id("dlv"),
            session_id=session_id,
            url=url,
            body=_text(body),
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
    """The sender. One slow receiver keeps none of the others waiting.

    ``private``: whether private networks may be called. ``clock`` (Unix seconds) is that of the
    schedule; ``timeout`` (seconds) that of one try.
    """

    def __init__(
        self,
        store: Store,
        secret: str,
        *,
        private: bool = False,
        clock: Callable[[], float] = time.time,
        timeout: float = TIMEOUT,
    ) -> None:
        self._store = store
        self._signers = [(Webhook(secret), math.inf)]
        self._clock = clock
        self._poster = Poster(private=private, timeout=timeout)
        self._wake = threading.Event()
        self._ending = threading.Event()
        self._lock = threading.Lock()
        self._look_again = True
        self._ready: dict[str, deque[str]] = {}  # receiver: what is due, the oldest first
        self._more: set[str] = set()  # receivers for which more is due than was looked up
        self._busy: dict[str, str] = {}  # what is under way: its receiver
        self._senders: set[threading.Thread] = set()
        self._unstored = threading.BoundedSemaphore(_AT_ONCE)
        self._thread = threading.Thread(target=self._run, name="webhooks", daemon=True)

    def check(self, url: str | None) -> None:
        """Raises InvalidRequestError where ``url`` is none that may be called. What a name stands
        for is looked at when it is called."""
        if url is not None:
            checked(url, private=self._poster.private)

    def sign_with(self, secrets: Iterable[tuple[str, float]]) -> None:
        """From now on, with each until its time (Unix seconds)."""
        self._signers = [(Webhook(secret), until) for secret, until in secrets]

    def start(self) -> None:
        self._thread.start()

    def wake(self) -> None:
        """Something was enqueued."""
        self._look_again = True
        self._wake.set()

    def close(self) -> None:
        """What is under way is broken off, and tried again by the next engine."""
        self._ending.set()
        self._wake.set()
        self._thread.join()
        self._poster.close()
        with self._lock:
            senders = list(self._senders)
        deadline = time.monotonic() + _ENDING
        for sender in senders:
            sender.join(max(0.0, deadline - time.monotonic()))

    def drain(self, seconds: float) -> None:
        """Give what is due now a last chance before the engine ends; the rest waits on disk."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and (self._busy or self._are_due()):
            self.wake()
            time.sleep(0.05)

    def send_unstored(self, url: str, body: dict[str, Any]) -> None:
        """Once, from memory: for what must not be stored, retried or logged. Where too many are
        under way already it is dropped."""
        if self._unstored.acquire(blocking=False):
            self._send(self._send_unstored, _Message(new_id("dlv"), url, _text(body)))

    def _send(self, how: Callable[[Any], None], what: Any) -> None:
        """In a thread of its own, which `close` waits for."""

        def send() -> None:
            try:
                how(what)
            finally:
                with self._lock:
                    self._senders.discard(sender)

        sender = threading.Thread(target=send, name="webhook", daemon=True)
        with self._lock:
            self._senders.add(sender)
        sender.start()

    def _send_unstored(self, message: _Message) -> None:
        try:
            self._post(message)
        finally:
            self._unstored.release()

    def _run(self) -> None:
        seen = time.monotonic()
        pause = 0.0
        while not self._ending.is_set():
            self._wake.clear()
            try:
                if self._look_again or time.monotonic() >= seen + pause:
                    self._look()
                    seen, pause = time.monotonic(), self._pause()
                self._begin()
            except SQLAlchemyError:
                logger.exception("the library cannot be read")
                self._look_again, seen, pause = False, time.monotonic(), _TROUBLE
            self._wake.wait(max(0.0, seen + pause - time.monotonic()))

    def _look(self) -> None:
        """For what is due: the oldest of each address."""
        self._look_again = False
        place = func.row_number().over(
            partition_by=deliveries.c.url, order_by=deliveries.c.created_at
        )
        due = (
            select(deliveries.c.id, deliveries.c.url, deliveries.c.created_at, place.label("place"))
            .where(deliveries.c.status == "pending", deliveries.c.next_try <= self._clock())
            .subquery()
        )
        first = select(due.c.id, due.c.url, due.c.place).where(due.c.place <= _READY)
        oldest = first.order_by(due.c.created_at)
        # Read under the lock: what is not under way any more is then known to be recorded, and is
        # not sent a second time.
        with self._lock, self._store.read() as connection:
            self._ready, self._more = {}, set()
            for row in connection.execute(oldest):
                receiver = _receiver(row.url)
                if row.place == _READY:
                    self._more.add(receiver)
                if row.id not in self._busy:
                    self._ready.setdefault(receiver, deque()).append(row.id)

    def _begin(self) -> None:
        """As many as there is room for, few of one receiver at a time."""
        for delivery_id in self._next():
            self._send(self._deliver, delivery_id)

    def _next(self) -> list[str]:
        with self._lock:
            chosen: list[str] = []
            under_way = Counter(self._busy.values())
            for receiver, waiting in list(self._ready.items()):
                while waiting and under_way[receiver] < _AT_ONCE_EACH:
                    if len(self._busy) >= _AT_ONCE:
                        return chosen
                    self._busy[waiting[0]] = receiver
                    under_way[receiver] += 1
                    chosen.append(waiting.popleft())
                if not waiting:
                    del self._ready[receiver]
                    self._look_again = self._look_again or receiver in self._more
            return chosen

    def _are_due(self) -> bool:
        with self._store.read() as connection:
            due = deliveries.c.status == "pending", deliveries.c.next_try <= self._clock()
            return (
                connection.execute(select(deliveries.c.id).where(*due).limit(1)).first() is not None
            )

    def _pause(self) -> float:
        """Seconds until the next delivery is due, at most a minute."""
        at = self._clock()
        with self._store.read() as connection:
            upcoming = connection.execute(
                select(deliveries.c.next_try)
                .where(deliveries.c.status == "pending", deliveries.c.next_try > at)
                .order_by(deliveries.c.next_try)
                .limit(1)
            ).scalar_one_or_none()
        return _LOOK if upcoming is None else min(_LOOK, max(0.05, upcoming - at))

    def _deliver(self, delivery_id: str) -> None:
        try:
            row = self._row(delivery_id)
            if row is not None:
                status, answer = self._post(row)
                if status is not None or not self._poster.closed:
                    self._record(row, status, answer)
        except (SQLAlchemyError, StorageFullError):
            logger.exception("how webhook %s went cannot be stored", delivery_id)
            self._ending.wait(_TROUBLE)  # else it would be sent again and again without a pause
        finally:
            with self._lock:
                del self._busy[delivery_id]
            self._wake.set()

    def _row(self, delivery_id: str) -> Row[Any] | None:
        """As it is now: it may have been deleted, with its session, since it was looked up."""
        with self._store.read() as connection:
            return connection.execute(
                select(deliveries).where(
                    deliveries.c.id == delivery_id, deliveries.c.status == "pending"
                )
            ).one_or_none()

    def _post(self, row: Row[Any] | _Message) -> tuple[int | None, str]:
        at = datetime.datetime.now(tz=datetime.UTC)
        headers = {
            "content-type": "application/json",
            "user-agent": f"jupyter-capture/{__version__}",
            "webhook-id": row.id,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": " ".join(
                signer.sign(row.id, at, row.body)
                for signer, until in self._signers
                if at.timestamp() < until
            ),
        }
        try:
            status = self._poster.post(row.url, headers, row.body.encode())
        except CaptureError as error:
            return None, f"Refused: {error.message}"[:500]
        except (httpcore.TimeoutException, TimeoutError):
            return None, f"Timeout: no answer within {self._poster.timeout:g} s"
        except (httpcore.NetworkError, httpcore.ProtocolError, OSError, UnicodeError) as error:
            return None, f"{type(error).__name__}: {error}"[:500]
        return status, f"HTTP {status}"

    def _record(self, row: Row[Any], status: int | None, answer: str) -> None:
        attempts = row.attempts + 1
        if status is not None and 200 <= status < 300:
            values: dict[str, Any] = {"status": "delivered"}
        elif status == 410:
            values = {"status": "gone"}
        elif attempts > len(RETRY_AFTER):
            values = {"status": "abandoned"}
        else:
            values = {"next_try": self._clock() + RETRY_AFTER[attempts - 1]}
        if values.get("status") != "delivered":
            # The answer may quote the address, and that may hold a receiver's secret.
            logger.warning("webhook %s: %s", row.id, answer.partition(":")[0])
        with self._store.write() as connection:
            connection.execute(
                deliveries.update()
                .where(deliveries.c.id == row.id)
                .values(attempts=attempts, answer=answer, **values)
            )
        if "next_try" in values:
            self._look_again = True  # it may be the next one that is due


def _receiver(url: str) -> str:
    try:
        return parsed(url).netloc.decode("ascii")
    except InvalidRequestError:
        return url


def _text(body: dict[str, Any]) -> str:
    return json.dumps(body, separators=(",", ":"))
