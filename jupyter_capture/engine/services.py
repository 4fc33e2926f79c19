"""All that the routes are handed. Made once, in `app.py`."""

from __future__ import annotations

import logging
import os
import secrets
import threading
from collections.abc import Iterable
from contextlib import nullcontext
from typing import Literal

from sqlalchemy import Connection
from starlette.requests import HTTPConnection

from jupyter_capture.engine.activity import Activity
from jupyter_capture.engine.ahead import Ahead
from jupyter_capture.engine.alerts import Alerts, Said
from jupyter_capture.engine.callbacks import Callbacks
from jupyter_capture.engine.cells import Cells
from jupyter_capture.engine.corrections import Corrections
from jupyter_capture.engine.deliveries import Deliveries
from jupyter_capture.engine.events import Events
from jupyter_capture.engine.forgetting import Forgetting
from jupyter_capture.engine.heads import Heads
from jupyter_capture.engine.home import Home
from jupyter_capture.engine.jobs import Jobs
from jupyter_capture.engine.keys import Keys
from jupyter_capture.engine.lazy_embedder import LazyEmbedder
from jupyter_capture.engine.library import AssetRow, Library
from jupyter_capture.engine.live import Final, Listened, Live
from jupyter_capture.engine.points import PointsOf
from jupyter_capture.engine.previews import Previews
from jupyter_capture.engine.renderers import Renderers
from jupyter_capture.engine.retention import Retention
from jupyter_capture.engine.saving import Saving, drop_unfinished
from jupyter_capture.engine.search.finder import Finder
from jupyter_capture.engine.search.live import LiveFinder
from jupyter_capture.engine.secrets import (
    renew_webhook_secret,
    ticket_secret,
    webhook_secret,
    webhook_secrets,
)
from jupyter_capture.engine.segment_cache import SegmentCache
from jupyter_capture.engine.sessions import Sessions
from jupyter_capture.engine.sessions.adopt import adopt
from jupyter_capture.engine.sessions.records import Records
from jupyter_capture.engine.specs import keep, whole
from jupyter_capture.engine.store import Store
from jupyter_capture.engine.streams import Streams
from jupyter_capture.engine.sweep import sweep
from jupyter_capture.engine.thumbnails import Thumbnails
from jupyter_capture.engine.tickets import GRACE_SECONDS, Tickets
from jupyter_capture.engine.timelines import Timelines
from jupyter_capture.engine.transcribe import heard
from jupyter_capture.engine.uploads import Uploads
from jupyter_capture.engine.webhooks import Webhooks
from jupyter_capture.errors import CaptureError
from jupyter_capture.media import cut
from jupyter_capture.media.foreign import size_of
from jupyter_capture.media.order import Order
from jupyter_capture.media.plan import Kind, Plan
from jupyter_capture.settings import Settings
from jupyter_capture.wire.library import (
    Asset,
    DownloadAnswer,
    SaveChapters,
    SaveFormat,
    StreamAnswer,
)

logger = logging.getLogger(__name__)


class Services:
    def __init__(self, settings: Settings, media_url: str) -> None:
        self.settings = settings
        self.media_url = media_url
        self.home = Home.at(settings.data_dir)
        self.store = Store(self.home.database)
        self.store.migrate()
        self.tickets = Tickets(ticket_secret(self.store))
        self.keys = Keys(self.store)
        self.events = Events()
        self.webhook_secret = webhook_secret(self.store)
        self.webhooks = Webhooks(
            self.store, self.webhook_secret, private=settings.private_callbacks
        )
        self.webhooks.sign_with(webhook_secrets(self.store))
        self.deliveries = Deliveries(self.store)
        self.library = Library(self.store, self.home)
        self.thumbnails = Thumbnails(self.store, self.home, self.library)
        self.previews = Previews(self.library, self.home)
        self.timelines = Timelines(self.store, self.ticketed)
        self.streams = Streams(self.store, self.home, self.library, settings.render_fps)
        at_once = min(settings.renderers, os.cpu_count() or 1)
        self.segments = SegmentCache(self.home.segments, settings.cache_mb * 1_000_000)
        self.renderers = Renderers(self.segments, at_once)
        self.heads = Heads()
        self.streams.on_made = self._prepare
        self.streams.on_opened = self.heads.begin
        self.streams.on_shots = lambda name: self.heads.soon(lambda: self.streams.get(name))
        self.library.on_changed = self.forget
        self.callbacks = Callbacks(self.store, self.webhooks)
        self.jobs = Jobs(
            self.store,
            self.home,
            {
                "speech_model": settings.speech_model,
                "model_hub": settings.model_hub,
                "threads": settings.threads,
                "fps": settings.render_fps,
                "cache_mb": settings.cache_mb,
                "renderers": at_once,
            },
            self.callbacks.keep,
        )
        self.uploads = Uploads(
            self.store,
            self.home,
            self.tickets,
            self.jobs,
            media_url,
            limit=settings.upload_limit_mb,
            reserve=settings.disk_reserve_mb,
            private=settings.private_callbacks,
        )
        self.jobs.on_gone = self._tidy
        self.jobs.on_dead = self._tidy
        embedder = LazyEmbedder(self.home, settings.threads)
        self.finder = Finder(self.store, self.library, embedder)
        self.records = Records(
            self.store, self.home, self.events, self.webhooks, self._exported_urls
        )
        self.records.on_erased = self.forget
        self.sessions = Sessions(self.records, self.home, settings)
        self.cells = Cells(self.store, self.home, embedder)
        self.recent = LiveFinder(embedder)
        self.points = PointsOf(self.store, self.library)
        self.corrections = Corrections(
            self.store, self.library, embedder.embed, self.streams.forget
        )
        self.records.on_exported = self._on_exported
        self.alerts = Alerts(self.store, self.events, self.webhooks, embedder)
        self.sessions.on_again = self._listen_again
        self.live = Live(
            self.home,
            self.events,
            {"speech_model": settings.speech_model, "threads": settings.threads},
            self._on_said,
            lambda session_id: self.sessions.live(session_id) is not None,
        )
        self.ahead = Ahead(
            self.home,
            {
                "speech_model": settings.speech_model,
                "threads": settings.threads,
                "fps": settings.render_fps,
            },
            lambda: self.sessions.running,
        )
        self.live.on_decoded = self.ahead.take
        self.forgetting = Forgetting(
            self.store,
            self.home,
            self.jobs,
            self.records,
            self.sessions,
            self.sessions.erasure,
            embedder.embed,
            others=(
                self.cells.forget,
                self.recent.forget_words,
                self.thumbnails.forget,
                self.corrections.forget,
                self._forget_heard,
            ),
            live=self._erase_live,
            changed=self._look_anew,
        )
        self.retention = Retention(
            self.store,
            self.home,
            self.library,
            self.events,
            self.sessions.delete,
            settings.keep_days,
            settings.max_bytes,
        )
        self.activity = Activity()

    def _erase_live(self, session_id: str, start: float, end: float) -> None:
        self.events.forget(session_id)
        self.live.erase(session_id, start, end)

    def _forget_heard(self, session_id: str, start: float, end: float) -> None:
        with self.ahead.held(session_id):
            heard.forget(self.home.session(session_id), start, end)

    def _tidy(self, dead_job: str = "") -> None:
        """Files half made by jobs that were cancelled, or died."""
        self.uploads.tidy(dead_job)
        drop_unfinished(self.store, self.home, dead_job)

    def start(self) -> None:
        if self.store.is_new:
            adopt(self.store, self.home)
        sweep(self.store, self.home)
        self.segments.retain(row.id for row in self.library.assets())
        self.webhooks.start()
        self.sessions.reattach()
        self.cells.resume()
        self.forgetting.resume()
        self.sessions.watch()
        self.uploads.tidy()
        self.jobs.resume()
        self.callbacks.keep()
        if self.settings.transcribe_while_recording:
            self.ahead.start()
        self._listen_again()
        self.retention.start()
        self.finder.ready.begin()

    def close(self) -> None:
        self.retention.close()
        self.renderers.close()
        self.heads.close()
        self.live.close()
        self.ahead.close()
        self.sessions.let_go()
        self.jobs.close()
        self.webhooks.drain(2.0)
        self.webhooks.close()
        self.store.close()

    def forget(self, asset_ids: Iterable[str]) -> None:
        """The content of these assets was erased or changed: let go of all that was made of it."""
        gone = list(asset_ids)
        self.streams.forget(gone)
        self.heads.forget()
        self.renderers.forget(gone)

    def _look_anew(self, ids: list[str]) -> None:
        """What these assets and sessions hold was forgotten in part."""
        self.forget(ids)
        self.finder.look_anew()

    def renew_webhook_secret(self) -> str:
        self.webhook_secret = renew_webhook_secret(self.store)
        self.webhooks.sign_with(webhook_secrets(self.store))
        return self.webhook_secret

    @property
    def busy(self) -> bool:
        """Whether something goes on that must not be left alone."""
        return bool(self.sessions.running or len(self.events) or self.jobs.active())

    # -- addresses

    def stream_answer(
        self, stream_id: str, seconds: float, warnings: list[str] | None = None
    ) -> StreamAnswer:
        """Ticketed addresses that last the stream's length and an hour."""
        token = self.tickets.issue("stream", stream_id, seconds + GRACE_SECONDS)
        return StreamAnswer(
            stream_url=f"{self.media_url}/stream/{token}/master.m3u8",
            player_url=f"{self.media_url}/watch?v={token}",
            warnings=warnings or [],
        )

    def ticketed(
        self, use: Literal["thumbnail", "download", "upload", "image", "sprite"], what: str
    ) -> str:
        # /image/<id> is the API's: a ticket must not share its way in.
        folder = "picture" if use == "image" else use
        return f"{self.media_url}/{folder}/{self.tickets.issue(use, what)}"

    def asset(self, row: AssetRow) -> Asset:
        """An asset as it is answered."""
        if row.type == "image":
            return self._image(row)
        urls = self.stream_answer(self.streams.create(whole(row.id, row.length)), row.length)
        tracks = self.library.tracks_of(row.id)
        picture = next((track for track in tracks if track.kind == "video"), None)
        codec = picture.manifest.codec if picture else None
        return Asset(
            id=row.id,
            collection_id=row.collection_id,
            type=row.type,
            name=row.name,
            description=row.description,
            length=row.length,
            size=sum(track.manifest.bytes for track in tracks),
            width=getattr(codec, "width", None),
            height=getattr(codec, "height", None),
            session_id=row.session_id,
            channel_id=row.channel_id,
            stream_url=urls.stream_url,
            player_url=urls.player_url,
            thumbnail_url=self.ticketed("thumbnail", f"{row.id}@0") if picture else None,
            created_at=row.created_at,
        )

    def saved_at_once(
        self, stream_id: str, name: str, format: SaveFormat, chapters: SaveChapters = "auto"
    ) -> DownloadAnswer:
        """A file that takes less time than to start a process for it."""
        making = Saving(
            self.streams,
            self.home,
            self.settings.cache_mb,
            lambda done: None,
            nullcontext,
            self.cells.chapters_of,
        )
        folder = self.home.tmp / f"quick-{secrets.token_hex(8)}"
        made = making.run(stream_id, name, format, folder, chapters)
        url = self.ticketed("download", made["file"])
        return DownloadAnswer(download_url=url, name=made["name"], size=made["size"])

    def _image(self, row: AssetRow) -> Asset:
        path = self.library.file_of(row)
        width, height = size_of(path) or (None, None)
        return Asset(
            id=row.id,
            collection_id=row.collection_id,
            type=row.type,
            name=row.name,
            description=row.description,
            size=path.stat().st_size if path.exists() else 0,
            width=width,
            height=height,
            url=self.ticketed("image", row.id),
            created_at=row.created_at,
        )

    def _on_exported(self, session_id: str) -> None:
        self.recent.forget(session_id)
        self.ahead.end(session_id)
        self.cells.settle(session_id)

    def _prepare(self, order: Order, plan: Plan) -> None:
        """Render the beginning of what is going to be played."""
        kinds: list[tuple[Kind, int]] = [("video", len(plan.video)), ("audio", len(plan.audio))]
        first = [(kind, 0) for kind, count in kinds if count and cut.is_made(plan, kind, 0)]
        self.renderers.warm(order, first)

    def _on_said(self, stream: Listened, final: Final) -> None:
        self.alerts.consider(
            Said(
                stream.rtstream_id,
                stream.channel_id,
                stream.session_id,
                stream.session_ws,
                final.text,
                final.start,
                final.end,
                final.kept,
                stream.seen,
            )
        )

    def _listen_again(self) -> None:
        """To what was listened to for an index, and so for its alerts, by an engine before this
        one, or before its recorder died."""
        streams = map(self.records.stream, self.alerts.records.connected())
        heard = [row for row in streams if self.sessions.live(row.session_id) is not None]

        def start() -> None:
            # Whoever died may have died of a busy machine, which answers late.
            for row in [row for row in heard for _ in range(3)]:
                to = self.records.row(row.session_id).ws_connection_id
                try:
                    self.live.start(row.id, row.channel_id, row.session_id, to)
                except CaptureError as error:
                    logger.warning("%s is not listened to again: %s", row.id, error.code)

        if heard:
            threading.Thread(target=start, name="listen again", daemon=True).start()

    def _exported_urls(
        self, connection: Connection, asset_id: str, seconds: float
    ) -> dict[str, str]:
        stream_id = keep(connection, whole(asset_id, seconds))
        answer = self.stream_answer(stream_id, seconds)
        return {"stream_url": answer.stream_url, "player_url": answer.player_url}


def services_of(connection: HTTPConnection) -> Services:
    services: Services = connection.app.state.services
    return services
