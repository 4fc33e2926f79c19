"""Timelines that cannot be rendered are refused when they are made, with track and clip."""

from __future__ import annotations

import base64
import re
from typing import Any

import httpx
import pytest
from engine_harness import App
from stock import clip, numbered, tone

VIDEO = {"type": "video", "id": "?"}
TEXT = {"type": "text", "text": "Hello"}


def item(asset: dict[str, Any], start: Any = 0, duration: Any = 1, **more: Any) -> dict[str, Any]:
    return {"start": start, "clip": {"asset": asset, "duration": duration, **more}}


def timeline(*tracks: list[Any], **more: Any) -> dict[str, Any]:
    return {"resolution": "320x240", "tracks": [{"clips": each} for each in tracks], **more}


async def make(app: App, wanted: dict[str, Any]) -> httpx.Response:
    async with app.local as client:
        return await client.post("/editor", json={"request_type": "compile", "timeline": wanted})


@pytest.fixture
def asset(app: App) -> str:
    return clip(app.services, pictures=numbered(4), sound=tone(4), seconds=4)


CLIP = r"[Cc]lip 1 of track 2"
CASES: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    (item({"type": "video", "id": "m-none"}), {}, CLIP + ".*m-none"),
    (item({"type": "image", "id": "img-none"}), {}, CLIP + ".*img-none"),
    (item({**VIDEO, "start": 9}), {}, CLIP + ".*4.00 s long"),
    (item({**VIDEO, "start": -1}), {}, CLIP + ".*start"),
    (item({**VIDEO, "volume": 6}), {}, CLIP + ".*volume"),
    (item(VIDEO, duration=0), {}, CLIP + ".*duration"),
    (item(VIDEO, duration=-2), {}, CLIP + ".*duration"),
    (item(VIDEO, duration="NaN"), {}, CLIP + ".*duration"),
    (item(VIDEO, start=-0.5), {}, CLIP + ".*start"),
    (item(VIDEO, start="inf"), {}, CLIP + ".*start"),
    (item(VIDEO, opacity=1.5), {}, CLIP + ".*opacity"),
    (item(VIDEO, position="middle"), {}, CLIP + ".*position"),
    (item(VIDEO, filter="sepia"), {}, CLIP + ".*filter"),
    (item(VIDEO, fit="fill"), {}, CLIP + ".*fit"),
    (item(VIDEO, effect="zoomIn"), {}, CLIP + ".*effect"),
    (item({**TEXT, "font": {"color": "mauvish"}}), {}, CLIP + ".*mauvish"),
    (item({**TEXT, "font": {"size": 0}}), {}, CLIP + ".*size"),
    (item({"type": "caption", "src": "@@@"}), {}, CLIP),
    (item({"type": "caption", "src": base64.b64encode(b"\x00\xff[Events").decode()}), {}, CLIP),
    (item({"type": "caption", "primary_color": "#12"}), {}, CLIP),
    (item(TEXT), {"resolution": "321x240"}, "even"),
    (item(TEXT), {"resolution": "8x8"}, "16 to 4096"),
    (item(TEXT), {"resolution": "7680x4320"}, "16 to 4096"),
    (item(TEXT), {"resolution": "wide"}, "1280x720"),
    (item(TEXT), {"background": "#zzz"}, "#zzz"),
]


def of_asset(wrong: dict[str, Any], asset_id: str) -> dict[str, Any]:
    """With the id of an asset that there is."""
    asset = wrong["clip"]["asset"]
    if asset.get("id") != "?":
        return wrong
    return {**wrong, "clip": {**wrong["clip"], "asset": {**asset, "id": asset_id}}}


async def test_what_is_wrong_is_said_with_its_place(app: App, asset: str) -> None:
    good = item({**VIDEO, "id": asset}, 0, 3)
    for wrong, more, words in CASES:
        answer = await make(app, timeline([good], [of_asset(wrong, asset)], **more))
        assert answer.status_code in (400, 404), (wrong, answer.text)
        assert re.search(words, answer.json()["message"]), (wrong, answer.text)


async def test_clips_that_overlap_are_named(app: App, asset: str) -> None:
    shown = {**VIDEO, "id": asset}
    answer = await make(app, timeline([], [item(shown, 0, 3), item(shown, 2, 1)]))
    assert answer.status_code == 400
    assert "clip 1 of track 2" in answer.json()["message"]
    assert "clip 2 of track 2" in answer.json()["message"]


async def test_ten_thousand_clips_are_refused_at_once(app: App) -> None:
    many = [item(TEXT, at, 1) for at in range(10_000)]
    answer = await make(app, timeline(many))
    assert answer.status_code == 400
    assert "10000 clips" in answer.json()["message"]
    assert "clip 2001 of track 1" in answer.json()["message"]


async def test_a_clip_past_its_assets_end_is_shortened_with_a_warning(app: App, asset: str) -> None:
    answer = await make(app, timeline([item({**VIDEO, "id": asset, "start": 1}, 0, 60)]))
    data = answer.json()["data"]
    assert "clip 1 of track 1" in data["warnings"][0]
    ready = app.services.streams.get(
        app.services.tickets.check("stream", data["stream_url"].split("/")[-2])
    )
    assert ready.plan.seconds == pytest.approx(3, abs=0.05)


async def test_an_unknown_font_is_replaced_with_a_warning(app: App) -> None:
    lettered = {**TEXT, "font": {"family": "No Such Sans"}}
    answer = await make(app, timeline([item(lettered)]))
    assert answer.status_code == 200
    assert "clip 1 of track 1" in answer.json()["data"]["warnings"][0]
    assert "No Such Sans" in answer.json()["data"]["warnings"][0]


async def test_what_was_deleted_is_gone_and_says_where_it_stood(app: App, asset: str) -> None:
    wanted = timeline([item(TEXT)], [item({**VIDEO, "id": asset}, 0, 2, scale=0.5)])
    url = (await make(app, wanted)).json()["data"]["stream_url"]
    async with app.local as client:
        assert (await client.delete(f"/video/{asset}")).status_code == 200
    async with app.tcp as client:
        for address in (url, url.replace("master.m3u8", "v/0.m4s")):
            answer = await client.get(address)
            assert answer.status_code == 410
            assert answer.headers["access-control-allow-origin"] == "*"
            assert asset in answer.json()["message"]
    again = await make(app, wanted)
    assert again.status_code == 410
    assert "clip 1 of track 2" in again.json()["message"]
