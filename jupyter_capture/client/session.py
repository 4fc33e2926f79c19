"""A capture session: from its making to its export."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from jupyter_capture.client import _display
from jupyter_capture.client._fields import objects, table, text
from jupyter_capture.client._playable import Playable
from jupyter_capture.client._states import ORDER
from jupyter_capture.client._urls import media_url
from jupyter_capture.client.attendance import attend
from jupyter_capture.client.cells import cells_of
from jupyter_capture.client.channel import Channel, VideoChannel, full_name, of_dict, requests
from jupyter_capture.client.handlers import Handler, Handlers
from jupyter_capture.client.rtstream import RTStream
from jupyter_capture.client.surroundings import surroundings
from jupyter_capture.errors import CaptureError, EngineError, RequestTimeoutError
from jupyter_capture.wire.capture import Forgotten, StoredFile
from jupyter_capture.wire.cells import CELLS, TimedCell
from jupyter_capture.wire.webhooks import Delivery

if TYPE_CHECKING:
    from jupyter_capture.client.connection import Connection
    from jupyter_capture.client.video import Video

_PAUSE = 0.1


class CaptureSession(Playable):
    """``status`` goes ``created → starting → active (⇄ paused) → stopping → stopped → exported``,
    or ``failed``, as of the last `refresh`. ``exported_video_id`` is the muxed video. ``cells``:
    whether its channel ``notebook:cells`` is kept or (False) live only; None where it has none."""

    def __init__(self, _connection: Connection, id: str, collection_id: str, **fields: Any) -> None:
        self._connection = _connection
        self.id = id
        self.collection_id = collection_id
        self._path = f"collection/{collection_id}/capture/session/{id}"
        self._handlers: Handlers | None = None
        self._update(fields)

    @classmethod
    def of(
        cls, connection: Connection, fields: dict[str, Any], collection_id: str
    ) -> CaptureSession:
        rest = {k: v for k, v in fields.items() if k not in ("id", "session_id", "collection_id")}
        session_id = text(fields, "session_id", "id") or ""
        home = text(fields, "collection_id") or collection_id
        return cls(connection, session_id, home, **rest)

    def _update(self, fields: dict[str, Any]) -> None:
        self.status = text(fields, "status") or "created"
        self.end_user_id = text(fields, "end_user_id")
        self.client_id = text(fields, "client_id")
        self.callback_url = text(fields, "callback_url")
        self.metadata: dict[str, Any] = table(fields, "metadata")
        self.created_at: int | str | None = fields.get("created_at")
        self.started_at: float | None = fields.get("started_at")
        self.duration: float | None = fields.get("duration")
        self.channels: list[Channel] = [of_dict(item) for item in objects(fields, "channels")]
        self.primary_video_channel_id = text(fields, "primary_video_channel_id")
        self.export_status = text(fields, "export_status")
        self.exported_video_id = text(fields, "exported_video_id")
        self.exported_videos: dict[str, str] = table(fields, "exported_videos")
        self.rtstreams: list[RTStream] = [
            RTStream.of(
                self._connection,
                {"session_id": self.id, "collection_id": self.collection_id, **item},
            )
            for item in objects(fields, "rtstreams")
        ]
        self.storage: list[StoredFile] = [
            StoredFile.model_validate(item) for item in objects(fields, "storage")
        ]
        self.levels: dict[str, float] = table(fields, "levels")
        self.warnings: list[str] = [str(item) for item in fields.get("warnings") or []]
        self.error = text(fields, "error")
        self.stream_url = None
        self.player_url = None
        self.cells: bool | None = fields.get("cells")

    @property
    def session_id(self) -> str:
        return self.id

    def __repr__(self) -> str:
        length = "" if self.duration is None else f", duration={self.duration:.1f}"
        return (
            f"CaptureSession(id={self.id}, status={self.status}{length}, "
            f"exported_video_id={self.exported_video_id})"
        )

    @property
    def displays(self) -> list[VideoChannel]:
        """The channels with pictures."""
        return [channel for channel in self.channels if isinstance(channel, VideoChannel)]

    def refresh(self) -> CaptureSession:
        """Read everything again."""
        self._update(self._connection.http.get(self._path) or {})
        return self

    def get_rtstream(self, category: str) -> list[RTStream]:
        """The streams of a category: "mic", "system_audio", "camera", "screen" or "display"
        (the same), or of one channel, like "display:1"."""
        wanted = category.lower()
        wanted = "screen" if wanted in ("display", "displays") else wanted
        return [s for s in self.rtstreams if wanted in (s.channel_id.lower(), s.name.lower())]

    def on(self, event: str, call: Handler | None = None) -> Any:
        """Call a function of this process when the session comes into a state: "active",
        "paused", "stopping", "stopped", "exported", "failed", …

            @cap.on("exported")
            def tell(event):
                print(event["data"]["exported_video_id"])

        ``event`` is what a webhook's body would be. The function runs in a thread of its own, once
        for each time; where the session has passed that state already it runs at once. What it
        raises is printed. It outlives an engine that is restarted. Live events ("transcript",
        "alert", "levels", "gap", …) call it too; of those, but for "levels", what a new engine
        told before anybody listened to it comes afterwards.
        """
        if call is None:
            return lambda given: self.on(event, given)
        if self._handlers is None:
            copy = CaptureSession(self._connection, self.id, self.collection_id)
            copy._path = f"capture/session/{self.id}"  # the one that a client token may read
            self._handlers = Handlers(copy)
        self._handlers.add(event, call)
        return call

    @property
    def deliveries(self) -> list[Delivery]:
        """What was sent to its ``callback_url``, or waits to be; the oldest first. `connection.
        retry_deliveries` has it tried again."""
        return self._connection.get_deliveries(self.id)[::-1]

    def get_cells(self) -> list[TimedCell]:
        """The kept cells that ran meanwhile, in order; ``start`` and ``end`` in seconds of it."""
        return cells_of(self)

    def get_video(self) -> Video | None:
        """The muxed video; None where nothing is exported (yet)."""
        if self.exported_video_id is None:
            self.refresh()
        if self.exported_video_id is None:
            return None
        return self._connection.get_collection(self.collection_id).get_video(self.exported_video_id)

    def start(
        self,
        channels: Iterable[Any],
        primary_video_channel_id: str | None = None,
        *,
        fps: int | None = None,
        detach: bool = False,
        timeout: float = 60.0,
    ) -> CaptureSession:
        """Record ``channels`` (dicts, `Channel` objects or names); ends when it runs.

        ``detach``: go on when nothing is attached any more.
        """
        self._begin(channels, primary_video_channel_id, fps=fps, detach=detach)
        return self.wait("active", timeout)

    def stop(self, timeout: float = 120.0) -> CaptureSession:
        """Stop, and wait for the export where something is kept."""
        self._end()
        return self.wait("exported", timeout)

    def generate_stream(self) -> str:
        """The address of an HLS stream of what is kept: while it records it grows, and ends where
        the recording stops. Raises ConflictError where nothing is kept."""
        return self._take_stream(self._connection.http.get(f"capture/session/{self.id}/stream"))

    @property
    def chapters(self) -> list[dict[str, Any]]:
        """Those of its video, by the cells that ran; none while it records."""
        try:
            video = self.get_video()
        except CaptureError:
            return []  # a player plays without them
        return [] if video is None else video.chapters

    def _file_name(self) -> str:
        return f"{self.id}.mp4"

    def pause(self, channel_id: str | None = None) -> CaptureSession:
        """Pause all channels: the time until `resume` is in no track. One channel alone becomes a
        gap, black or silent, while the others go on."""
        return self._switch(channel_id, "pause")

    def resume(self, channel_id: str | None = None) -> CaptureSession:
        return self._switch(channel_id, "resume")

    def set_store(self, channel_id: str, store: bool) -> CaptureSession:
        """Keep a channel from now on (``True``), or have it live only: it is still heard by who
        listens to it, and reaches no file. `pause` stops it for listeners too."""
        request = {"channel_id": full_name(channel_id), "store": store}
        self._connection.http.post(f"capture/session/{self.id}/store", request)
        return self.refresh()

    def forget(
        self, seconds: float | None = None, *, start: float | None = None, end: float | None = None
    ) -> Forgotten:
        """Erase the last ``seconds``, or from ``start`` to ``end`` (seconds of media time), from
        tracks, words and pictures, while recording or afterwards. The time stays, as a gap."""
        asked = {"seconds": seconds, "start": start, "end": end}
        request = {name: value for name, value in asked.items() if value is not None}
        answer = self._connection.http.post(f"capture/session/{self.id}/forget", request)
        return Forgotten.model_validate(answer)

    def _switch(self, channel_id: str | None, what: str) -> CaptureSession:
        path = f"capture/session/{self.id}"
        if channel_id is None:
            self._connection.http.post(f"{path}/{what}")
        else:
            request = {"channel_id": full_name(channel_id), "paused": what == "pause"}
            self._connection.http.post(f"{path}/channel", request)
        return self.refresh()

    def wait(self, status: str = "exported", timeout: float = 120.0) -> CaptureSession:
        """Wait until the session is in ``status`` or past it.

        Raises `EngineError` where it failed, `RequestTimeoutError` after ``timeout`` seconds.
        A session that keeps nothing ends ``stopped``; waiting for its export ends there too.
        """
        deadline = time.monotonic() + timeout
        while True:
            self.refresh()
            if self.status == "failed" and status != "failed":
                raise EngineError(f"{self.id} failed: {self.error or 'the engine.log says more'}")
            if self.status == status or _reached(self.status, status):
                return self
            if self.status == "stopped" and not self._keeps():
                return self
            if time.monotonic() > deadline:
                raise RequestTimeoutError(
                    f"{self.id} is still {self.status} after {timeout:g} s, not {status}. "
                    "Wait longer, or look at its warnings and at engine.log."
                )
            time.sleep(_PAUSE)

    def export(
        self, video_channel_id: str | None = None, ws_connection_id: str | None = None
    ) -> dict[str, Any]:
        """How far the export is; ``video_id``, ``stream_url`` and ``player_url`` when done.

        ``video_channel_id`` takes another kept display as the picture.
        """
        request: dict[str, Any] = {}
        if video_channel_id:
            request["video_channel_id"] = video_channel_id
        if ws_connection_id:
            request["connection_id"] = ws_connection_id
        path = f"collection/{self.collection_id}/capture/session/{self.id}/export"
        answer = self._connection.http.post(path, request)
        found = dict(answer) if isinstance(answer, dict) else {}
        for name in ("stream_url", "player_url"):
            found[name] = media_url(found.get(name))
        return found

    def delete(self) -> None:
        """Erase the session: media, words, assets, all of it."""
        self._connection.http.delete(f"capture/session/{self.id}")

    def _begin(
        self, channels: Iterable[Any], primary: str | None, *, fps: int | None, detach: bool
    ) -> None:
        self._connection.require_local_recording()
        request: dict[str, Any] = {
            "session_id": self.id,
            "channels": requests(channels, primary),
            "primary_video_channel_id": full_name(primary) if primary else None,
            "fps": fps,
            "detach": detach,
        }
        if self._connection.data_dir is not None:
            # The engine may have been started from another desktop, or from none.
            request["environment"] = surroundings()
        sent = {name: value for name, value in request.items() if value is not None}
        self._connection.http.post("capture/session/start", sent)
        if self._connection.data_dir is not None and not detach:
            attend(self._connection.data_dir, self.id)

    def _end(self) -> None:
        self._connection.http.post(f"capture/session/{self.id}/stop")

    def _keeps(self) -> bool:
        return any(channel.store for channel in self.channels)

    def _html(self) -> str:
        sizes = {item.channel_id: item.bytes for item in self.storage}
        rows = [(c.id, c.store, sizes.get(c.id)) for c in self.channels]
        if self.cells is not None:
            rows.append((CELLS, self.cells, None))
        notes = [*self.warnings, *([self.error] if self.error else [])]
        return _display.session_html(self.id, self.status, self.duration, rows, notes)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return _display.bundle(self, include, self._html)


def _reached(status: str, wanted: str) -> bool:
    """Whether ``status`` lies past ``wanted``. Paused counts as active."""
    status = "active" if status == "paused" else status
    if status not in ORDER or wanted not in ORDER:
        return False
    return ORDER.index(status) >= ORDER.index(wanted)
