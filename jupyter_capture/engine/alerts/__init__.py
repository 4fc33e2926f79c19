"""Alerts: somebody is told when a sentence, or a screen, says or means what an event describes.

What was said on a kept channel is stored before it is sent, and retried, as every webhook is. Of a
channel that is live only nothing is stored, retried or logged: it is sent from memory, once.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, select

from jupyter_capture.engine.alerts.matching import Embeds, Match, Matcher
from jupyter_capture.engine.alerts.records import AlertRecords
from jupyter_capture.engine.events import Events
from jupyter_capture.engine.ids import now
from jupyter_capture.engine.schema import sessions
from jupyter_capture.engine.store import Store
from jupyter_capture.engine.webhooks import Webhooks, enqueue


@dataclass(frozen=True)
class Said:
    """A finished utterance, in Unix seconds. ``kept``: none of its sound was live only; ``seen``:
    it was written on a screen, not said."""

    rtstream_id: str
    rtstream_name: str
    session_id: str
    session_ws: str | None
    text: str
    start: float
    end: float
    kept: bool
    seen: bool = False


class Alerts:
    """``records`` is what is stored of them."""

    def __init__(self, store: Store, events: Events, webhooks: Webhooks, embedder: Embeds) -> None:
        self.records = AlertRecords(store, webhooks)
        self._store = store
        self._events = events
        self._webhooks = webhooks
        self._embedder = embedder
        self._matcher = Matcher(embedder)

    def warm(self) -> None:
        """Load the text model, so that the first alert is as quick as the others."""
        threading.Thread(target=self._embedder.embed, args=(["ready"],), daemon=True).start()

    def consider(self, said: Said) -> None:
        """Tell the indexes of its stream, and whoever waited for this."""
        for index in self.records.indexes(said.rtstream_id):
            if index.status != "connected":
                continue
            matches: dict[str, Match | None] = {}
            for alert in self.records.alerts(index.id):
                if alert.status != "enabled":
                    continue
                if alert.prompt not in matches:
                    matches[alert.prompt] = self._matcher.match(alert.prompt, said.text)
                match = matches[alert.prompt]
                if match is not None:
                    self._fire(said, index, alert, match)
            data = {"text": said.text, **_milliseconds(said), "rtstream_index_id": index.id}
            for channel in _channels(said, index):
                self._publish(channel, said, data, [index.ws_connection_id])

    def _fire(self, said: Said, index: Row[Any], alert: Row[Any], match: Match) -> None:
        what = {
            "alert_id": alert.id,
            "event_id": alert.event_id,
            "rtstream_index_id": index.id,
            "label": alert.label,
            "confidence": match.confidence,
            "explanation": match.why.replace("said", "seen", 1) if said.seen else match.why,
            "text": said.text,
        }
        receivers = [alert.ws_connection_id or index.ws_connection_id]
        self._publish("alert", said, {**what, **_milliseconds(said)}, receivers)
        if alert.callback_url:
            body = {
                "event": "alert",
                "capture_session_id": said.session_id,
                "rtstream_id": said.rtstream_id,
                "rtstream_name": said.rtstream_name,
                "timestamp": now(),
                **what,
                "start": round(said.start, 3),
                "end": round(said.end, 3),
            }
            self._send(said, alert.callback_url, body)

    def _send(self, said: Said, url: str, body: dict[str, Any]) -> None:
        if not said.kept:
            self._webhooks.send_unstored(url, body)
            return
        with self._store.write() as connection:
            sequence = connection.execute(
                select(sessions.c.sequence).where(sessions.c.id == said.session_id)
            ).scalar_one_or_none()
            if sequence is None:
                return  # the session was deleted while this was being decoded
            connection.execute(
                sessions.update()
                .where(sessions.c.id == said.session_id)
                .values(sequence=sequence + 1)
            )
            enqueue(connection, said.session_id, url, {**body, "sequence": sequence + 1})
        self._webhooks.wake()

    def _publish(
        self, channel: str, said: Said, data: dict[str, Any], receivers: Sequence[str | None]
    ) -> None:
        event = {
            "channel": channel,
            "rtstream_id": said.rtstream_id,
            "rtstream_name": said.rtstream_name,
            "data": data,
        }
        named = [receiver or said.session_ws for receiver in receivers]
        self._events.publish_all(event, named, said.session_id)


def _channels(said: Said, index: Row[Any]) -> list[str]:
    """The SDK's index_visuals cannot be told from its index_scenes, where both say how often."""
    if not said.seen:
        return ["audio_index"]
    return ["visual_index", "scene_index"] if index.extraction_config else ["visual_index"]


def _milliseconds(said: Said) -> dict[str, int]:
    return {"start": round(said.start * 1000), "end": round(said.end * 1000)}
