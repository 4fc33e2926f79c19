"""Sessions as rows: made, changed, announced, exported, erased.

A change of state and its webhook are one transaction; it is announced once that is done.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Container
from typing import Any

from pydantic import ValidationError
from sqlalchemy import Connection, Row, delete, select

from jupyter_capture.engine.events import Events
from jupyter_capture.engine.home import DELETED, Home
from jupyter_capture.engine.ids import new_id, now
from jupyter_capture.engine.index import delete_index, scrub_fts
from jupyter_capture.engine.library import streams_with
from jupyter_capture.engine.schema import (
    asset_tracks,
    assets,
    rtstreams,
    sessions,
    streams,
    tracks,
)
from jupyter_capture.engine.schema import deliveries as delivery_rows
from jupyter_capture.engine.sessions.export import export
from jupyter_capture.engine.sessions.request import primary_of
from jupyter_capture.engine.store import Store, newest_first
from jupyter_capture.engine.webhooks import Webhooks, enqueue
from jupyter_capture.errors import ConflictError, MediaError, NotFoundError
from jupyter_capture.wire.capture import (
    Channel,
    ChannelRequest,
    SessionCreate,
    SessionEvent,
    SessionStart,
    SessionStatus,
    category_of,
    kind_of,
)
from jupyter_capture.wire.recorder import Manifest

logger = logging.getLogger(__name__)

Urls = Callable[[Connection, str, float], dict[str, str]]
"""(connection, asset, seconds) -> stream_url and player_url."""


class Records:
    def __init__(
        self, store: Store, home: Home, events: Events, webhooks: Webhooks, urls: Urls
    ) -> None:
        self._store = store
        self._home = home
        self._events = events
        self._webhooks = webhooks
        self._urls = urls
        self.on_exported: Callable[[str], None] = lambda session_id: None
        """Called between the export of a session and its announcement; must not raise."""
        self.on_erased: Callable[[list[str]], None] = lambda asset_ids: None
        """Told of the assets of an erased session."""

    def row(self, session_id: str) -> Row[Any]:
        with self._store.read() as connection:
            return _row(connection, session_id)

    def rows(self, collection_id: str | None = None, status: str | None = None) -> list[Row[Any]]:
        """Newest first."""
        query = select(sessions).order_by(*newest_first(sessions))
        if collection_id is not None:
            query = query.where(sessions.c.collection_id == collection_id)
        if status is not None:
            query = query.where(sessions.c.status == status)
        with self._store.read() as connection:
            return list(connection.execute(query).all())

    def streams_of(self, session_id: str) -> list[Row[Any]]:
        with self._store.read() as connection:
            return list(
                connection.execute(
                    select(rtstreams).where(rtstreams.c.session_id == session_id)
                ).all()
            )

    def told_streams(self, session_id: str) -> list[dict[str, Any]]:
        """Its streams as the ``active`` event names them."""
        return [
            {
                "rtstream_id": row.id,
                "name": row.channel_id,
                "media_types": [kind_of(row.channel_id)],
            }
            for row in self.streams_of(session_id)
        ]

    def stream(self, rtstream_id: str) -> Row[Any]:
        with self._store.read() as connection:
            row = connection.execute(
                select(rtstreams).where(rtstreams.c.id == rtstream_id)
            ).one_or_none()
        if row is None:
            raise NotFoundError(
                f"There is no stream {rtstream_id!r}. `session.rtstreams` lists a session's."
            )
        return row

    def manifest(self, session_id: str) -> Manifest | None:
        """What the recorder says lies on disk."""
        path = self._home.session(session_id) / "manifest.json"
        try:
            return Manifest.model_validate_json(path.read_bytes())
        except FileNotFoundError:
            return None
        except ValidationError as error:
            raise MediaError(
                f"The manifest of {session_id} is damaged, so its tracks cannot be read. They "
                f"still lie in {path.parent}."
            ) from error

    def create(self, collection_id: str, request: SessionCreate) -> str:
        self._webhooks.check(request.callback_url)
        session_id = new_id("cap")
        with self._store.write() as connection:
            connection.execute(
                sessions.insert().values(
                    id=session_id,
                    collection_id=collection_id,
                    end_user_id=request.end_user_id,
                    status="created",
                    callback_url=request.callback_url,
                    ws_connection_id=request.ws_connection_id,
                    metadata=request.metadata,
                    channels=[],
                    created_at=now(),
                    wall_clock=[],
                )
            )
            event = self._change(connection, session_id, "created", {})
            session = _row(connection, session_id)
        self._announce(session, event)
        return session_id

    def claim(self, request: SessionStart, channels: list[ChannelRequest]) -> Row[Any]:
        """Take the session from ``created`` into this start, once."""
        self._webhooks.check(request.callback_url)
        primary = primary_of(request, channels)
        with self._store.write() as connection:
            session = _row(connection, request.session_id)
            if session.status != "created":
                raise ConflictError(
                    f"{session.id} is {session.status} already. Create a new session to record "
                    "again."
                )
            values: dict[str, Any] = {
                "channels": [
                    Channel(
                        channel_id=channel.channel_id,
                        name=channel.name or channel.channel_id,
                        type=kind_of(channel.channel_id) or "audio",
                        store=channel.store,
                        is_primary=channel.channel_id == primary,
                    ).model_dump()
                    for channel in channels
                ],
                "primary_video_channel_id": primary,
                "detach": request.detach,
            }
            if request.callback_url:
                values["callback_url"] = request.callback_url
            if request.ws_connection_id:
                values["ws_connection_id"] = request.ws_connection_id
            for channel in channels:
                connection.execute(
                    rtstreams.insert().values(
                        id=new_id("rts"),
                        session_id=session.id,
                        channel_id=channel.channel_id,
                        category=category_of(channel.channel_id),
                        store=channel.store,
                        status="starting",
                        created_at=now(),
                    )
                )
            connection.execute(
                sessions.update().where(sessions.c.id == session.id).values(**values)
            )
            event = self._change(connection, session.id, "starting", {})
            session = _row(connection, session.id)
        self._announce(session, event)
        return session

    def advance(
        self,
        session_id: str,
        status: SessionStatus,
        data: dict[str, Any] | None = None,
        *,
        of: Container[str] | None = None,
        **values: Any,
    ) -> bool:
        """Change the status and announce it. False, with nothing done, where it is not one ``of``
        these by now: another thread was quicker."""
        with self._store.write() as connection:
            if of is not None and _row(connection, session_id).status not in of:
                return False
            event = self._change(connection, session_id, status, data or {}, **values)
            session = _row(connection, session_id)
        self._announce(session, event)
        return True

    def _change(
        self,
        connection: Connection,
        session_id: str,
        status: SessionStatus,
        data: dict[str, Any],
        **values: Any,
    ) -> dict[str, Any]:
        session = _row(connection, session_id)
        event = SessionEvent(
            event=f"capture_session.{status}",
            capture_session_id=session_id,
            status=status,
            sequence=session.sequence + 1,
            timestamp=now(),
            data=data,
        ).model_dump(mode="json")
        connection.execute(
            sessions.update()
            .where(sessions.c.id == session_id)
            .values(status=status, sequence=session.sequence + 1, **values)
        )
        if status in ("active", "stopped", "exported", "failed"):
            connection.execute(
                rtstreams.update().where(rtstreams.c.session_id == session_id).values(status=status)
            )
        if session.callback_url:
            enqueue(connection, session_id, session.callback_url, event)
        return event

    def _announce(self, session: Row[Any], event: dict[str, Any]) -> None:
        logger.info("%s is %s", session.id, event["status"])
        self._webhooks.wake()
        if event["status"] in ("stopped", "failed"):
            self._events.forget(session.id, over=True)  # what is live only is gone
        self._events.publish(event, session.ws_connection_id, session.id)

    def export(self, session_id: str, manifest: Manifest) -> None:
        folder = self._home.session(session_id).relative_to(self._home.root).as_posix()
        with self._store.write() as connection:
            session = _row(connection, session_id)
            if session.status != "stopped":
                return  # it is exported already
            done = export(connection, session, manifest, folder)
            if done is None:  # nobody is to wait for it
                here = sessions.c.id == session_id
                connection.execute(sessions.update().where(here).values(export_status=None))
                return
            urls = self._urls(connection, done.video_id, done.seconds)
            data = {"exported_video_id": done.video_id, **urls, "assets": done.raw}
            event = self._change(
                connection,
                session_id,
                "exported",
                data,
                exported_video_id=done.video_id,
                export_status="exported",
            )
        self.on_exported(session_id)
        self._announce(session, event)

    def switch(self, session_id: str, channel_id: str, **values: bool) -> None:
        """What a channel is from now on: ``store`` (kept, or live only), ``paused``."""
        with self._store.write() as connection:
            session = _row(connection, session_id)
            channels = [
                {**channel, **values} if channel["channel_id"] == channel_id else channel
                for channel in session.channels
            ]
            if channels == session.channels:
                return
            connection.execute(
                sessions.update().where(sessions.c.id == session_id).values(channels=channels)
            )
            if "store" in values:
                connection.execute(
                    rtstreams.update()
                    .where(
                        rtstreams.c.session_id == session_id, rtstreams.c.channel_id == channel_id
                    )
                    .values(store=values["store"])
                )

    def erase(self, session_id: str) -> None:
        """Every row, word and file of a session."""
        folder = self._home.session(session_id)
        if folder.is_dir():
            # Should we die between the rows and the files, the next start goes on from this.
            (folder / DELETED).touch()
        with self._store.write() as connection:
            asked = select(assets.c.id).where(assets.c.session_id == session_id)
            made = list(connection.execute(asked).scalars())
            shown_in = _erase(connection, session_id)
            scrub_fts(connection)
        self._store.flush()
        shutil.rmtree(folder, ignore_errors=True)
        self._home.drop_downloads(shown_in)
        self._home.drop_previews(made)
        self.on_erased(made)

    def publish(self, session_id: str, event: dict[str, Any]) -> None:
        if len(self._events) or event.get("channel") != "levels":
            session = self.row(session_id)
            told = {"capture_session_id": session_id, **event}
            self._events.publish(told, session.ws_connection_id, session_id)


def _row(connection: Connection, session_id: str) -> Row[Any]:
    row = connection.execute(select(sessions).where(sessions.c.id == session_id)).one_or_none()
    if row is None:
        raise NotFoundError(
            f"There is no capture session {session_id!r}. "
            "`connection.list_capture_sessions()` lists them."
        )
    return row


def _erase(connection: Connection, session_id: str) -> list[str]:
    """The ids of the streams that showed something of it."""
    of_session = select(assets.c.id).where(assets.c.session_id == session_id)
    made = list(connection.execute(of_session).scalars())
    shown_in = streams_with(connection, [*made, session_id])
    connection.execute(delete(streams).where(streams.c.id.in_(shown_in)))
    for track_id in connection.execute(
        select(tracks.c.id).where(tracks.c.session_id == session_id)
    ).scalars():
        delete_index(connection, track_id)
    connection.execute(delete(asset_tracks).where(asset_tracks.c.asset_id.in_(of_session)))
    connection.execute(delete(assets).where(assets.c.session_id == session_id))
    connection.execute(delete(tracks).where(tracks.c.session_id == session_id))
    connection.execute(delete(rtstreams).where(rtstreams.c.session_id == session_id))
    connection.execute(delete(delivery_rows).where(delivery_rows.c.session_id == session_id))
    connection.execute(delete(sessions).where(sessions.c.id == session_id))
    return shown_in
