"""Deliveries as rows that people look at, and have tried again."""

from __future__ import annotations

import builtins
import json
import time
from typing import Any

from sqlalchemy import Row, select

from jupyter_capture.engine.schema import deliveries
from jupyter_capture.engine.store import Store
from jupyter_capture.errors import ConflictError, NotFoundError
from jupyter_capture.wire.webhooks import Delivery

_AGAIN = ("pending", "gone", "abandoned")


class Deliveries:
    def __init__(self, store: Store) -> None:
        self._store = store

    def list(
        self, session_id: str | None = None, status: str | None = None, limit: int = 1000
    ) -> list[Delivery]:
        """The newest first."""
        query = select(deliveries).order_by(deliveries.c.created_at.desc(), deliveries.c.id)
        if session_id is not None:
            query = query.where(deliveries.c.session_id == session_id)
        if status is not None:
            query = query.where(deliveries.c.status == status)
        with self._store.read() as connection:
            return [_view(row) for row in connection.execute(query.limit(limit))]

    def retry(
        self, delivery_id: str | None = None, session_id: str | None = None
    ) -> builtins.list[str]:
        """Have one delivery tried now, whatever became of it; or those of a session, or of all,
        that have not arrived. The schedule begins anew. The ids.

        Raises NotFoundError, and ConflictError where there is nothing to tell yet.
        """
        wanted = select(deliveries.c.id, deliveries.c.status).order_by(deliveries.c.created_at)
        if delivery_id is not None:
            wanted = wanted.where(deliveries.c.id == delivery_id)
        else:
            wanted = wanted.where(deliveries.c.status.in_(_AGAIN))
        if session_id is not None:
            wanted = wanted.where(deliveries.c.session_id == session_id)
        with self._store.write() as connection:
            found = connection.execute(wanted).all()
            if delivery_id is not None:
                _check(delivery_id, found[0].status if found else None)
            ids = [row.id for row in found]
            again = {"status": "pending", "attempts": 0, "next_try": time.time()}
            for each in ids:
                connection.execute(
                    deliveries.update().where(deliveries.c.id == each).values(**again)
                )
        return ids


def _check(delivery_id: str, status: str | None) -> None:
    if status is None:
        raise NotFoundError(
            f"There is no delivery {delivery_id!r}. `jupyter-capture webhooks list` shows them."
        )
    if status == "waiting":
        raise ConflictError(f"{delivery_id} waits for its job: it is sent when that has ended.")


def _view(row: Row[Any]) -> Delivery:
    body = json.loads(row.body) if row.body else {}
    pending = row.status == "pending"
    return Delivery(
        id=row.id,
        session_id=row.session_id if row.session_id.startswith("cap-") else None,
        event=str(body.get("event", "")),
        sequence=body.get("sequence"),
        url=row.url,
        status=row.status,
        attempts=row.attempts,
        next_try=row.next_try if pending else None,
        answer=row.answer,
        created_at=row.created_at,
    )
