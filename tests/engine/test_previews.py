"""Sprites and waveforms over the wire: cached, ticketed, erased with their asset."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
import pytest
from engine_harness import App
from stock import clip, numbered, tone
from upload_harness import ended

from jupyter_capture.engine import previews


async def test_a_sprite_is_made_when_it_is_asked_for_and_goes_with_its_video(app: App) -> None:
    video = clip(app.services, pictures=numbered(12), seconds=12.0)
    async with app.local as client:
        sprite = (await client.get(f"/video/{video}/sprite")).json()["data"]
    folder = app.services.home.previews(video)
    assert not folder.exists()
    assert {name: sprite[name] for name in ("columns", "rows", "count", "interval")} == {
        "columns": 10, "rows": 2, "count": 12, "interval": 1.0,
    }  # fmt: skip
    async with app.tcp as client:
        picture = await client.get(sprite["url"])
        kept = [path.name for path in folder.iterdir()]
        again = await client.get(sprite["url"])
        mapped = await client.get(sprite["map_url"])
        forged = await client.get(sprite["url"][:-3] + "000")
    assert picture.headers["content-type"] == "image/jpeg"
    assert again.content == picture.content
    assert [path.name for path in folder.iterdir()] == kept
    token = sprite["url"].rpartition("/")[2]
    assert f"../{token}#xywh=0,0,160,120" in mapped.text
    assert forged.status_code == 401
    async with app.local as client:
        await client.delete(f"/video/{video}")
    assert not folder.exists()
    async with app.tcp as client:
        assert (await client.get(sprite["url"])).status_code == 410
    assert not folder.exists()


async def test_a_waveform_comes_in_levels(app: App) -> None:
    sound = clip(app.services, sound=tone(3, channels=2))
    async with app.local as client:
        fine = (await client.get(f"/audio/{sound}/waveform")).json()["data"]
        coarse = (await client.get(f"/audio/{sound}/waveform?rate=2")).json()["data"]
        odd = await client.get(f"/audio/{sound}/waveform?rate=3")
    assert (fine["rate"], fine["channels"], fine["count"]) == (50, 2, 150)
    assert (coarse["rate"], coarse["count"]) == (2, 6)
    peaks = np.frombuffer(base64.b64decode(coarse["peaks"]), np.int8).reshape(6, 2, 2)
    assert peaks[1:5, :, 1] == pytest.approx(63, abs=6)
    assert odd.status_code == 400
    assert "50, 10, 2 buckets" in odd.json()["message"]


async def test_a_long_sound_is_read_by_a_job(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    sound = clip(app.services, sound=tone(2))
    monkeypatch.setattr(previews, "LONG_SECONDS", 1.0)
    async with app.local as client:
        answer = await client.get(f"/audio/{sound}/waveform?rate=10")
    found = await ended(app, answer)
    assert found["data"]["count"] == 20
    async with app.local as client:
        known = await client.get(f"/audio/{sound}/waveform?rate=50")
    assert known.json()["data"]["count"] == 100


async def test_what_has_no_picture_or_no_sound_says_so(app: App) -> None:
    silent = clip(app.services, pictures=numbered(1), seconds=1.0)
    async with app.local as client:
        answers = [
            await client.get(f"/video/{silent}/waveform"),
            await client.get("/video/m-unknown/sprite"),
            await client.get("/audio/a-unknown/waveform"),
        ]
        heard = clip(app.services, sound=tone(1))
        answers.append(await client.get(f"/video/{heard}/sprite"))
    assert [answer.status_code for answer in answers] == [400, 404, 404, 404]
    assert "has no sound" in answers[0].json()["message"]


async def test_what_a_death_left_of_a_deleted_asset_goes_at_the_next_start(make_app: Any) -> None:
    first = make_app()
    kept = clip(first.services, sound=tone(1))
    async with first.local as client:
        await client.get(f"/audio/{kept}/waveform")
    left = first.services.home.previews("a-deleted")
    left.mkdir(parents=True)
    (left / "waveform-0.i8").write_bytes(b"0")
    again = make_app()
    assert not left.exists()
    assert list(again.services.home.previews(kept).iterdir())
