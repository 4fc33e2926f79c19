"""The way in: a connection to the local engine, or to VideoDB's service."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

import httpx

from jupyter_capture.client import _display, _upload
from jupyter_capture.client._checks import asked_id
from jupyter_capture.client._fields import objects, text
from jupyter_capture.client._http import Http
from jupyter_capture.client._urls import file_answer
from jupyter_capture.client.audio import Audio
from jupyter_capture.client.collection import Collection
from jupyter_capture.client.engine import BASE_URL, LocalEngine
from jupyter_capture.client.image import Image
from jupyter_capture.client.session import CaptureSession
from jupyter_capture.client.surroundings import surroundings
from jupyter_capture.client.video import Video
from jupyter_capture.client.websocket import WebSocketConnection
from jupyter_capture.errors import CaptureError, EngineError, InvalidRequestError, NotOfferedError
from jupyter_capture.settings import Settings
from jupyter_capture.wire.capture import ChannelInfo, ChannelList
from jupyter_capture.wire.library import EngineStatus
from jupyter_capture.wire.retention import PurgeAnswer, PurgeRequest
from jupyter_capture.wire.webhooks import Delivery, DeliveryPage, Retried, WebhookSecret

if TYPE_CHECKING:
    from jupyter_capture.client.editor import Timeline

CLOUD_URL = "https://api.videodb.io"
ENGINE_POLL = (0.2, 0.5)
CLOUD_POLL = (2.0, 5.0)


def connect(
    api_key: str | None = None,
    base_url: str | None = None,
    *,
    data_dir: str | Path | None = None,
    session_token: str | None = None,
) -> Connection:
    """Connect to this machine's engine, which is started when it is needed.

    With an ``api_key`` (or ``session_token``) the connection is to VideoDB's service, with a
    ``base_url`` to the server there. No environment variable has a say in where it goes.
    """
    settings = Settings()
    token = api_key or session_token
    if token or base_url:
        if data_dir is not None:
            raise InvalidRequestError(
                "data_dir belongs to the local engine; leave it out, or api_key and base_url."
            )
        url = _checked(base_url or CLOUD_URL)
        poll = CLOUD_POLL if is_cloud(url) else ENGINE_POLL
        return Connection(Http(url, token, poll=poll), posters=settings.posters)
    folder = Path(data_dir).expanduser() if data_dir is not None else settings.data_dir
    http = Http(BASE_URL, transport=LocalEngine(folder), poll=ENGINE_POLL, own_outputs=True)
    return Connection(http, data_dir=folder.absolute(), posters=settings.posters)


def _checked(base_url: str) -> str:
    if urlsplit(base_url).scheme not in ("http", "https") or not urlsplit(base_url).netloc:
        raise InvalidRequestError(
            f"base_url is {base_url!r}; it must look like https://api.videodb.io."
        )
    return base_url


def is_cloud(base_url: str) -> bool:
    host = urlsplit(base_url).hostname or ""
    return host == "videodb.io" or host.endswith(".videodb.io")


class Connection:
    """Collections, uploads and capture sessions of one server. Made by `connect`.

    ``data_dir`` is the local engine's folder, None for other servers. ``http`` carries the
    requests. ``posters``: whether what is shown in a notebook has small pictures.
    """

    def __init__(self, http: Http, *, data_dir: Path | None = None, posters: bool = True) -> None:
        self.http = http
        self.data_dir = data_dir
        self.posters = posters
        self.collection_id = "default"

    def __repr__(self) -> str:
        return f"Connection({self.data_dir or self.http.base_url})"

    def __enter__(self) -> Connection:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the sockets. The engine and its recordings go on."""
        self.http.close()

    @property
    def base_url(self) -> str:
        return self.http.base_url

    @property
    def is_cloud(self) -> bool:
        """Whether this is VideoDB's own service."""
        return is_cloud(self.http.base_url)

    # -- collections

    def get_collection(self, collection_id: str = "default") -> Collection:
        found = self.http.get(f"collection/{collection_id}") or {}
        return Collection.of(self, found, collection_id)

    def get_collections(self) -> list[Collection]:
        found = objects(self.http.get("collection"), "collections")
        return [Collection.of(self, item) for item in found]

    def create_collection(
        self, name: str, description: str = "", is_public: bool = False
    ) -> Collection:
        request = {"name": name, "description": description, "is_public": is_public}
        return Collection.of(self, self.http.post("collection", request) or {})

    def update_collection(self, id: str, name: str, description: str = "") -> Collection:
        request = {"name": name, "description": description}
        return Collection.of(self, self.http.patch(f"collection/{id}", request) or {}, id)

    def upload(
        self,
        source: str | Path | None = None,
        media_type: str | None = None,
        name: str | None = None,
        description: str | None = None,
        callback_url: str | None = None,
        file_path: str | Path | None = None,
        url: str | None = None,
        *,
        collection_id: str | None = None,
        show_progress: bool = True,
    ) -> Video | Audio | Image | None:
        """Take in a file or an http(s) address; ends when it is ready to use.

        ``media_type`` is "video", "audio" or "image" where that should not be guessed. With a
        ``callback_url`` None is returned and that address is told.
        """
        fields = _upload.upload(
            self.http,
            _upload.one_source(source, file_path, url),
            collection_id or self.collection_id,
            {
                "media_type": media_type,
                "name": name,
                "description": description,
                "callback_url": callback_url,
            },
            show_progress=show_progress,
            tell_file=not self.is_cloud,
        )
        return None if fields is None else self._asset(fields)

    # -- timelines

    def get_timelines(self) -> list[Timeline]:
        """The timelines that were kept (`Timeline.keep`), those changed last first."""
        from jupyter_capture.client.kept import get_timelines

        return get_timelines(self)

    def get_timeline(self, timeline_id: str) -> Timeline:
        """A timeline that was kept. Its ``missing`` names clips whose asset was deleted since."""
        from jupyter_capture.client.kept import get_timeline

        return get_timeline(self, timeline_id)

    # -- recording

    def create_capture_session(
        self,
        end_user_id: str = "local",
        collection_id: str = "default",
        callback_url: str | None = None,
        ws_connection_id: str | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> CaptureSession:
        """A session that records once it is started; ``callback_url`` gets its webhooks."""
        self.require_local_recording()
        request = {
            "end_user_id": end_user_id,
            "callback_url": callback_url,
            "ws_connection_id": ws_connection_id,
            "metadata": metadata,
        }
        sent = {key: value for key, value in request.items() if value}
        found = self.http.post(f"collection/{collection_id}/capture/session", sent) or {}
        return CaptureSession.of(self, found, collection_id)

    def get_capture_session(
        self, session_id: str, collection_id: str = "default"
    ) -> CaptureSession:
        session_id = asked_id("get_capture_session()", session_id)
        path = f"collection/{collection_id}/capture/session/{session_id}"
        found = self.http.get(path) or {}
        return CaptureSession.of(self, {"session_id": session_id, **found}, collection_id)

    def list_capture_sessions(
        self, status: str | None = None, collection_id: str = "default"
    ) -> list[CaptureSession]:
        path = f"collection/{collection_id}/capture/session"
        found = objects(self.http.get(path, {"status": status}), "sessions")
        return [CaptureSession.of(self, item, collection_id) for item in found]

    def generate_client_token(self, expires_in: int = 86400) -> str:
        """A token that may list channels and start and stop sessions; ``expires_in`` seconds."""
        answer = self.http.post("capture/session/token", {"expires_in": expires_in}) or {}
        token = text(answer, "token")
        if token is None:
            raise EngineError("The server answered without a token.")
        return token

    def connect_websocket(
        self, collection_id: str = "default", *, session_id: str | None = None
    ) -> WebSocketConnection:
        """Events of sessions that name its ``connection_id``; for ``async with``.

        With a ``session_id`` also the states and levels of that session, whatever it names.
        """
        query = {"session_id": session_id} if session_id else None
        answer = self.http.get(f"collection/{collection_id}/websocket", query) or {}
        url = text(answer, "websocket_url")
        if url is None:
            raise EngineError("The server answered without a websocket_url.")
        return WebSocketConnection(url)

    def create_event(self, event_prompt: str, label: str) -> str:
        """Describe what alerts may wait for, such as "someone talks about the budget"; its id.

        An alert fires on a sentence that says these words or means them. Words in double quotes
        must be said as they are.
        """
        request = {"event_prompt": event_prompt, "label": label}
        answer = self.http.post("rtstream/event", request) or {}
        event_id = text(answer, "event_id")
        if event_id is None:
            raise EngineError("The server answered without an event_id.")
        return event_id

    def list_events(self) -> list[dict[str, Any]]:
        return objects(self.http.get("rtstream/event"), "events")

    def channels(self) -> list[ChannelInfo]:
        """What this machine can record."""
        return self.get_channels().channels

    def get_channels(self) -> ChannelList:
        """What this machine can record, and what it cannot, and why."""
        self.require_local_recording()
        here = surroundings() if self.data_dir is not None else None
        return ChannelList.model_validate(self.http.get("capture/channels", here))

    def require_local_recording(self) -> None:
        """Raises `NotOfferedError` where recording would go into VideoDB's cloud."""
        if self.is_cloud:
            raise NotOfferedError(
                "Recording into VideoDB's cloud is not offered. Record on this machine with "
                "connect() without an api_key, save the video, and upload() the file."
            )

    # -- webhooks

    def get_deliveries(
        self, session_id: str | None = None, status: str | None = None, limit: int = 1000
    ) -> list[Delivery]:
        """What was sent to callback addresses, or waits to be; the newest first.

        ``status``: "pending", "delivered", "gone", "abandoned", or "waiting" for a job's end.
        """
        query = {"session_id": session_id, "status": status, "limit": limit}
        return DeliveryPage.model_validate(self.http.get("webhooks", query)).deliveries

    def retry_deliveries(
        self, delivery_id: str | None = None, session_id: str | None = None
    ) -> list[str]:
        """Try one delivery now, or those of a session that have not arrived, or all that have not;
        from then on after the schedule. Their ids."""
        request = {"delivery_id": delivery_id, "session_id": session_id}
        return Retried.model_validate(self.http.post("webhooks/retry", request)).retried

    def webhook_secret(self, *, renew: bool = False) -> str:
        """With it receivers check signatures (`jupyter_capture.webhooks.verify`). It is told on
        the machine itself alone. ``renew``: have another; the one before is good for a day."""
        method = "POST" if renew else "GET"
        return WebhookSecret.model_validate(self.http.request(method, "keys/webhooks")).secret

    # -- the server

    def status(self) -> EngineStatus:
        """What the engine is doing."""
        return EngineStatus.model_validate(self.http.get("engine"))

    def purge(
        self, keep_days: float | None = None, max_bytes: int | None = None, *, dry_run: bool = False
    ) -> PurgeAnswer:
        """Delete what ended longer ago than ``keep_days``, and the oldest until the rest takes no
        more than ``max_bytes``; without either, by the engine's settings. What was recorded within
        the last hour stays, and what is worked on. With ``dry_run``, only say what would go."""
        request = PurgeRequest(keep_days=keep_days, max_bytes=max_bytes, dry_run=dry_run)
        return PurgeAnswer.model_validate(self.http.post("purge", request.model_dump()))

    def check_usage(self) -> dict[str, Any]:
        return cast(dict[str, Any], self.http.get("billing/usage") or {})

    def download(self, stream_link: str, name: str = "video") -> dict[str, Any]:
        """Have an MP4 of a stream made; the answer's ``download_url`` serves it."""
        return file_answer(self.http.post("download", {"stream_link": stream_link, "name": name}))

    def poster(self, video_id: str, seconds: float, width: int = 320) -> str | None:
        """A small picture of a moment as a data URI; None where there is none, or not wanted."""
        if not self.posters or not video_id.startswith("m-"):
            return None
        query = {"timestamp": round(seconds, 3), "width": width}
        try:
            found = self.http.fetch(f"video/{video_id}/thumbnail", query)
            if isinstance(found, dict):
                url = text(found, "thumbnail_url", "url")
                found = self.http.fetch_url(url, _display.POSTER_BYTES) if url else b""
        except (CaptureError, httpx.HTTPError):
            return None  # the words are shown all the same
        return _display.poster_uri(found)

    def _asset(self, fields: dict[str, Any]) -> Video | Audio | Image:
        id = text(fields, "id") or ""
        rest = {"collection_id": self.collection_id, **fields}
        if id.startswith("a-"):
            return Audio(self, **rest)
        if id.startswith("img-"):
            return Image.of(self, rest, self.collection_id)
        return Video(self, **rest)
