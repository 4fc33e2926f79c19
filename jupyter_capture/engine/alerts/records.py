"""Events, live indexes and alerts as rows. None of them holds a word that was said."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, select

from jupyter_capture.engine.ids import new_id, now
from jupyter_capture.engine.schema import alert_events, alerts, live_indexes
from jupyter_capture.engine.store import Store
from jupyter_capture.engine.webhooks import Webhooks
from jupyter_capture.errors import NotFoundError
from jupyter_capture.wire.capture import StreamIndexRequest
from jupyter_capture.wire.live import AlertCreate, EventCreate


class AlertRecords:
    def __init__(self, store: Store, webhooks: Webhooks) -> None:
        self._store = store
        self._webhooks = webhooks

    # -- what may happen

    def add_event(self, request: EventCreate) -> str:
        """Its id."""
        event_id = new_id("event")
        with self._store.write() as connection:
            connection.execute(
                alert_events.insert().values(
                    id=event_id,
                    prompt=request.event_prompt,
                    label=request.label,
                    created_at=now(),
                )
            )
        return event_id

    def events(self) -> list[Row[Any]]:
        with self._store.read() as connection:
            found = select(alert_events).order_by(alert_events.c.created_at, alert_events.c.id)
            return list(connection.execute(found).all())

    def event(self, event_id: str) -> Row[Any]:
        found = next((row for row in self.events() if row.id == event_id), None)
        if found is None:
            raise NotFoundError(
                f"There is no event {event_id!r}. `connection.list_events()` lists them, "
                "`create_event()` makes one."
            )
        return found

    # -- where it is looked for

    def add_index(self, rtstream_id: str, request: StreamIndexRequest) -> Row[Any]:
        index_id = new_id("rti")
        with self._store.write() as connection:
            connection.execute(
                live_indexes.insert().values(
                    id=index_id,
                    rtstream_id=rtstream_id,
                    extraction_type=request.extraction_type,
                    extraction_config=request.extraction_config,
                    prompt=request.prompt,
                    name=request.name,
                    status="connected",
                    ws_connection_id=request.ws_connection_id,
                    created_at=now(),
                )
            )
        return self.index(rtstream_id, index_id)

    def indexes(self, rtstream_id: str) -> list[Row[Any]]:
        with self._store.read() as connection:
            found = select(live_indexes).where(live_indexes.c.rtstream_id == rtstream_id)
            return list(connection.execute(found.order_by(live_indexes.c.created_at)).all())

    def index(self, rtstream_id: str, index_id: str) -> Row[Any]:
        found = next((row for row in self.indexes(rtstream_id) if row.id == index_id), None)
        if found is None:
            raise NotFoundError(
                f"{rtstream_id} has no index {index_id!r}. `rtstream.list_scene_indexes()` lists "
                "them, `rtstream.index_audio()` makes one."
            )
        return found

    def switch_index(self, index_id: str, status: str) -> None:
        with self._store.write() as connection:
            connection.execute(
                live_indexes.update().where(live_indexes.c.id == index_id).values(status=status)
            )

    def connected(self) -> list[str]:
        """The streams that some index listens to."""
        with self._store.read() as connection:
            found = select(live_indexes.c.rtstream_id).where(live_indexes.c.status == "connected")
            return list(connection.execute(found.distinct()).scalars())

    # -- who is told

    def add_alert(self, index_id: str, request: AlertCreate) -> str:
        """Its id. Raises NotFoundError without such an event."""
        self._webhooks.check(request.callback_url)
        self.event(request.event_id)
        alert_id = new_id("alert")
        with self._store.write() as connection:
            connection.execute(
                alerts.insert().values(
                    id=alert_id,
                    index_id=index_id,
                    event_id=request.event_id,
                    callback_url=request.callback_url,
                    ws_connection_id=request.ws_connection_id,
                    status="enabled",
                    created_at=now(),
                )
            )
        return alert_id

    def alerts(self, index_id: str) -> list[Row[Any]]:
        """Each with the ``prompt`` and ``label`` of its event."""
        with self._store.read() as connection:
            found = (
                select(alerts, alert_events.c.prompt, alert_events.c.label)
                .join(alert_events, alert_events.c.id == alerts.c.event_id)
                .where(alerts.c.index_id == index_id)
                .order_by(alerts.c.created_at, alerts.c.id)
            )
            return list(connection.execute(found).all())

    def switch_alert(self, index_id: str, alert_id: str, status: str) -> None:
        with self._store.write() as connection:
            done = connection.execute(
                alerts.update()
                .where(alerts.c.id == alert_id, alerts.c.index_id == index_id)
                .values(status=status)
            )
        if not done.rowcount:
            raise NotFoundError(
                f"{index_id} has no alert {alert_id!r}. `index.list_alerts()` lists them."
            )
