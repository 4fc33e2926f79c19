"""Sending files to an application and waiting for what becomes of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anyio
import httpx
from engine_harness import App
from sqlalchemy import func, select

from jupyter_capture.engine.schema import asset_tracks, assets, tracks


async def address(app: App) -> str:
    async with app.local as client:
        answer = await client.get("/collection/default/upload_url", params={"name": "a/b\n🎬"})
    return str(answer.json()["data"]["upload_url"])


async def send(app: App, content: bytes, url: str | None = None) -> str:
    url = url or await address(app)
    async with app.tcp as client:
        answer = await client.post(url, files={"file": ("a.bin", content)})
    assert answer.json() == {"success": True, "data": {"size": len(content)}}
    return url


async def name(app: App, url: str, **fields: Any) -> httpx.Response:
    async with app.local as client:
        return await client.post("/collection/default/upload", json={"url": url, **fields})


async def ended(app: App, answer: httpx.Response) -> dict[str, Any]:
    """What the job of an answer came to."""
    assert answer.json()["status"] == "processing", answer.text
    job_id = answer.json()["data"]["id"]
    async with app.local as client:
        with anyio.fail_after(60):
            while True:
                state = (await client.get(f"/async-response/{job_id}")).json()
                if state["status"] != "processing":
                    return dict(state["response"])
                await anyio.sleep(0.05)


async def uploaded(app: App, path: Path, **fields: Any) -> dict[str, Any]:
    url = await send(app, path.read_bytes())
    answer = await ended(app, await name(app, url, **fields))
    assert answer["success"], answer
    return dict(answer["data"])


def nothing_left(app: App) -> bool:
    """No row, no file, whatever was sent."""
    home = app.services.home
    with app.services.store.read() as connection:
        rows = [
            connection.execute(select(func.count()).select_from(table)).scalar_one()
            for table in (assets, tracks, asset_tracks)
        ]
    return rows == [0, 0, 0] and not [*home.uploads.iterdir(), *home.tmp.iterdir()]
