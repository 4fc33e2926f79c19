"""A server that answers what a test tells it to, behind httpx's own seam."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx

from jupyter_capture.client._http import Http
from jupyter_capture.client.connection import Connection

Answer = httpx.Response | Exception | Callable[[httpx.Request], httpx.Response]


def ok(data: Any = None, **more: Any) -> httpx.Response:
    return httpx.Response(200, json={"success": True, "data": data, **more})


def failure(status: int, message: str, code: str | None = None) -> httpx.Response:
    body = {"success": False, "message": message}
    return httpx.Response(status, json=body if code is None else {**body, "error_code": code})


def processing(job: str = "job-1", host: str = "http://127.0.0.1:9") -> httpx.Response:
    url = f"{host}/async-response/{job}"
    return ok({"id": job, "output_url": url}, status="processing", request_type="sync")


def job(status: str, percentage: float = 0.0, stage: str = "", **more: Any) -> httpx.Response:
    data = {"id": "job-1", "kind": "index", "percentage": percentage, "stage": stage}
    return ok(data, status=status, **more)


class Server:
    """``server.on("GET", "/video/m-1", ok({...}))``; several answers come one after another, the
    last one for ever. ``server.sent`` are the requests that came."""

    def __init__(self) -> None:
        self.sent: list[httpx.Request] = []
        self._answers: dict[tuple[str, str], list[Answer]] = {}

    def on(self, method: str, path: str, *answers: Answer) -> None:
        self._answers[method, path] = list(answers)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        request.read()
        self.sent.append(request)
        waiting = self._answers.get((request.method, request.url.path))
        if not waiting:
            return failure(404, f"nothing at {request.method} {request.url.path}", "NOT_FOUND")
        answer = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, httpx.Response):
            # A response can be read once; a test may name it for several requests.
            return httpx.Response(
                answer.status_code, headers=answer.headers, content=answer.content
            )
        return answer(request)

    def calls(self) -> list[str]:
        return [f"{request.method} {request.url.path}" for request in self.sent]

    def body(self, index: int = -1) -> Any:
        return json.loads(self.sent[index].content)

    def http(self, base_url: str = "http://jupyter-capture", **options: Any) -> Http:
        transport = httpx.MockTransport(self)
        options = {"poll": (0.0, 0.0), "own_outputs": True, **options}
        return Http(base_url, transport=transport, foreign=transport, **options)

    def connection(self, **options: Any) -> Connection:
        return Connection(self.http(**options))


STREAM = {
    "stream_url": "http://127.0.0.1:9/stream/stm-0a1b.99999999999.c0ffee/master.m3u8",
    "player_url": "http://127.0.0.1:9/watch?v=stm-0a1b.99999999999.c0ffee",
}
SECRET = "c0ffee"

SESSION = {
    "session_id": "cap-1",
    "collection_id": "default",
    "end_user_id": "local",
    "status": "exported",
    "created_at": 1,
    "duration": 12.0,
    "metadata": {"a": 1},
    "channels": [
        {"channel_id": "mic:default", "name": "Mic", "type": "audio", "store": True},
        {
            "channel_id": "display:1",
            "name": "D",
            "type": "video",
            "store": True,
            "is_primary": True,
        },
        {"channel_id": "system_audio:default", "name": "S", "type": "audio", "store": False},
    ],
    "primary_video_channel_id": "display:1",
    "export_status": "exported",
    "exported_video_id": "m-1",
    "exported_videos": {"display:1": "m-1"},
    "rtstreams": [
        {
            "rtstream_id": f"rts-{i}",
            "name": name,
            "channel_id": category,
            "status": "stopped",
            "exported_asset_id": asset,
            "media_types": [kind],
            "created_at": 1,
        }
        for i, (name, category, asset, kind) in enumerate(
            [
                ("mic:default", "mic", "a-1", "audio"),
                ("display:1", "screen", "m-2", "video"),
                ("system_audio:default", "system_audio", None, "audio"),
            ]
        )
    ],
    "storage": [{"channel_id": "mic:default", "path": "/d/0.mp4", "bytes": 123456}],
}
VIDEO = {
    "id": "m-1",
    "collection_id": "default",
    "type": "video",
    "name": "Stand-up <b>",
    "length": 12.0,
    "size": 10,
    **STREAM,
}
FOUND = {
    "response_type": "shots",
    "results": [
        {
            "video_id": "m-1",
            "collection_id": "default",
            "length": 12.0,
            "title": "Stand-up",
            "docs": [
                {"start": 7.0, "end": 9.0, "text": "the other one", "score": 0.4},
                {
                    "start": 1.5,
                    "end": 3.0,
                    "text": "the <budget> discussion",
                    "score": 0.9,
                    "metadata": {"channel": "mic:default"},
                },
            ],
        }
    ],
    "warnings": [],
}
