"""Kept timelines: listed, changed, played, deleted; and what they say of deleted assets."""

from __future__ import annotations

from typing import Any

from engine_harness import App
from stock import clip, numbered, tone

URL = "/engine/timelines"


def video(app: App, name: str = "Talk") -> str:
    return clip(app.services, name=name, pictures=numbered(4), seconds=4.0, sound=tone(4))


def timeline(*assets: str) -> dict[str, Any]:
    """Each asset for two seconds, from its second 1 on; a text over the first."""
    clips = [
        {"start": 2 * at, "clip": {"asset": shown(asset), "duration": 2}}
        for at, asset in enumerate(assets)
    ]
    text = {"asset": {"type": "text", "text": "Budget"}, "duration": 1}
    return {"tracks": [{"clips": clips}, {"clips": [{"start": 0, "clip": text}], "z_index": 1}]}


def shown(asset: str) -> dict[str, Any]:
    return {"type": "audio" if asset.startswith("a-") else "video", "id": asset, "start": 1}


async def call(app: App, method: str, path: str, body: Any = None) -> Any:
    async with app.local as client:
        answer = await client.request(method, URL + path, json=body)
    assert answer.status_code < 500, answer.text
    return answer.json()


async def kept(app: App, name: str, *assets: str) -> Any:
    return (await call(app, "POST", "", {"name": name, "timeline": timeline(*assets)}))["data"]


async def names(app: App) -> list[str]:
    return [each["name"] for each in (await call(app, "GET", ""))["data"]["timelines"]]


async def test_a_kept_timeline_is_listed_pictured_and_read_as_it_was_given(app: App) -> None:
    asset = video(app)
    first = await kept(app, " Weekly\n cut ", asset)
    await kept(app, "Second", clip(app.services, sound=tone(3)))

    assert await names(app) == ["Second", "Weekly cut"]
    second, listed = (await call(app, "GET", ""))["data"]["timelines"]
    found = (listed["length"], listed["clips"], listed["tracks"], listed["version"])
    assert (*found, listed["missing"], listed["timeline"]) == (2.0, 2, 2, 1, [], None)
    async with app.tcp as client:
        picture = await client.get(listed["thumbnail_url"])
    assert picture.headers["content-type"] == "image/jpeg"
    assert second["thumbnail_url"] is None
    read = (await call(app, "GET", f"/{first['id']}"))["data"]["timeline"]
    assert read["tracks"][0]["clips"][0]["clip"]["asset"]["id"] == asset
    whole = (await call(app, "GET", "?whole=true"))["data"]["timelines"]
    assert whole[1]["timeline"] == read


async def test_a_change_is_a_new_version_and_comes_first_and_a_stale_one_is_refused(
    app: App,
) -> None:
    asset = video(app)
    first, _ = await kept(app, "First", asset), await kept(app, "Second", asset)
    path = f"/{first['id']}"
    longer = timeline(asset, asset)

    changed = await call(app, "PATCH", path, {"timeline": longer, "version": 1})
    assert (changed["data"]["version"], changed["data"]["length"]) == (2, 4.0)
    assert await names(app) == ["First", "Second"]
    renamed = await call(app, "PATCH", path, {"name": "Third", "timeline": longer, "version": 2})
    assert (renamed["data"]["name"], renamed["data"]["version"]) == ("Third", 2)

    stale = await call(app, "PATCH", path, {"timeline": timeline(asset), "version": 1})
    assert (stale["error_code"], "changed elsewhere" in stale["message"]) == ("CONFLICT", True)
    assert (await call(app, "GET", path))["data"]["length"] == 4.0


async def test_a_timeline_of_a_deleted_asset_is_listed_and_names_the_clip(app: App) -> None:
    stays, goes = video(app), video(app, "Old talk")
    made = await kept(app, "Cut", goes, stays)
    picture = made["thumbnail_url"]
    played = await call(app, "POST", f"/{made['id']}/stream")
    assert played["data"]["stream_url"]

    app.services.library.delete(goes)

    (listed,) = (await call(app, "GET", ""))["data"]["timelines"]
    clip_gone = {"track": 1, "clip": 1, "asset_id": goes, "name": "Old talk"}
    assert listed["missing"] == [{**clip_gone, "start": 0.0, "duration": 2.0}]
    assert listed["thumbnail_url"] not in (None, picture)
    refused = await call(app, "POST", f"/{made['id']}/stream")
    assert refused["error_code"] == "GONE"
    assert "clip 1 of track 1 (Old talk)" in refused["message"]

    mended = await call(app, "PATCH", f"/{made['id']}", {"timeline": timeline(stays)})
    assert mended["data"]["missing"] == []
    assert "stream_url" in (await call(app, "POST", f"/{made['id']}/stream"))["data"]


async def test_deleting_a_timeline_leaves_what_it_shows(app: App) -> None:
    asset = video(app)
    made = await kept(app, "Cut", asset)
    assert (await call(app, "DELETE", f"/{made['id']}"))["success"]
    assert await names(app) == []
    assert app.services.library.asset(asset)
    for method, body in (("GET", None), ("DELETE", None), ("PATCH", {"name": "x"})):
        again = await call(app, method, f"/{made['id']}", body)
        assert (again["error_code"], "get_timelines()" in again["message"]) == ("NOT_FOUND", True)


async def test_what_cannot_be_kept_says_why(app: App) -> None:
    asset = video(app)
    empty = await call(app, "POST", "", {"name": "Cut", "timeline": {"tracks": []}})
    assert "The timeline is empty" in empty["message"]
    nameless = await call(app, "POST", "", {"name": " \n ", "timeline": timeline(asset)})
    assert "The name is empty" in nameless["message"]
    bad = {"tracks": [{"clips": [{"start": -1, "clip": {"asset": shown(asset), "duration": 2}}]}]}
    wrong = await call(app, "POST", "", {"name": "Cut", "timeline": bad})
    assert "clip 1 of track 1" in wrong["message"]
    assert await names(app) == []


async def test_timelines_outlive_an_engine_and_a_library_from_before_them(make_app: Any) -> None:
    app = make_app()
    store = app.services.store
    with store.write() as connection:
        connection.exec_driver_sql("drop table timelines")
        connection.exec_driver_sql("update alembic_version set version_num = '0004'")
    again = make_app()
    await kept(again, "Cut", video(again))
    assert await names(make_app()) == ["Cut"]
