"""What the extension takes for an engine: it keeps what it was asked, and misbehaves on request."""

from __future__ import annotations

import asyncio
import json
import os
import tempfile
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Any

import uvicorn

BLOCK = bytes(1 << 16)
Scope = dict[str, Any]


class StubEngine:
    """``asked``: path → everything that came with the last request for it, as text."""

    def __init__(self, data_dir: Path, version: str = "9.9.9") -> None:
        self.data_dir = data_dir
        self.version = version
        self.asked: dict[str, str] = {}
        self.sent = 0
        self.gone = threading.Event()
        self.end_code: int | None = None
        self.socket = f"{tempfile.mkdtemp(prefix='stub-')}/s"
        config = uvicorn.Config(
            self._app,
            uds=self.socket,
            lifespan="off",
            log_level="critical",
            interface="asgi3",
            ws="websockets-sansio",
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run)

    def __enter__(self) -> StubEngine:
        self._thread.start()
        while not self._server.started:
            time.sleep(0.01)
        where = {"pid": os.getpid(), "socket": self.socket, "version": self.version}
        self.data_dir.mkdir(exist_ok=True)
        (self.data_dir / "engine.json").write_text(json.dumps(where))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        (self.data_dir / "engine.json").unlink(missing_ok=True)
        self._server.should_exit = self._server.force_exit = True
        self._thread.join(30)

    async def _app(self, scope: Scope, receive: Any, send: Any) -> None:
        path = scope["path"]
        self.asked[path] = repr((scope["raw_path"], scope["query_string"], scope["headers"]))
        if scope["type"] == "websocket":
            await self._socket(receive, send)
            return
        match path:
            case "/engine":
                await _json(send, {"success": True, "data": self._status()})
            case "/take":
                await _json(send, {"size": await _size(receive)})
            case "/refuse":
                await _json(send, {"success": False}, 413)
            case "/endless":
                await self._endless(receive, send)
            case "/short":
                await _begin(send, 200, [(b"content-length", b"1000")])
                await send({"type": "http.response.body", "body": b"half", "more_body": True})
            case _:
                await _json(send, {"success": True})

    def _status(self) -> dict[str, Any]:
        return {
            "version": self.version,
            "pid": os.getpid(),
            "data_dir": str(self.data_dir),
            "media_url": "http://127.0.0.1:1",
            "recordings": [],
            "jobs": 0,
        }

    async def _endless(self, receive: Any, send: Any) -> None:
        async def flow() -> None:
            while True:
                await send({"type": "http.response.body", "body": BLOCK, "more_body": True})
                self.sent += len(BLOCK)
                await asyncio.sleep(0)

        await _begin(send, 200, [])
        flowing = asyncio.create_task(flow())
        while (await receive())["type"] != "http.disconnect":
            pass
        flowing.cancel()
        self.gone.set()

    async def _socket(self, receive: Any, send: Any) -> None:
        """Says everything back; ends with 4001 when told to."""
        await receive()
        await send({"type": "websocket.accept"})
        while True:
            message = await receive()
            if message["type"] == "websocket.disconnect":
                self.end_code = message["code"]
                self.gone.set()
                return
            if message.get("text") == "end":
                await send({"type": "websocket.close", "code": 4001, "reason": "as told"})
                return
            said = {k: v for k, v in message.items() if k in ("text", "bytes") and v is not None}
            await send({"type": "websocket.send", **said})


async def _begin(send: Any, status: int, headers: list[tuple[bytes, bytes]]) -> None:
    bad = [
        (b"set-cookie", b"engine=1"),
        (b"access-control-allow-origin", b"*"),
        (b"keep-alive", b"timeout=5"),
        (b"x-engine-secret", b"1"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers + bad})


async def _json(send: Any, body: object, status: int = 200) -> None:
    await _begin(send, status, [(b"content-type", b"application/json")])
    await send({"type": "http.response.body", "body": json.dumps(body).encode()})


async def _size(receive: Any) -> int:
    size = 0
    while True:
        message = await receive()
        size += len(message.get("body", b""))
        if not message.get("more_body"):
            return size
