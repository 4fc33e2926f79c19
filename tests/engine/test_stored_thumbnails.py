"""Thumbnails that are asked for are images, which live as long as their video."""

from __future__ import annotations

import io
from pathlib import Path

import anyio
from engine_harness import App, Bench
from PIL import Image
from upload_harness import uploaded

from jupyter_capture.engine.schema import assets
from tests.media.foreign_maker import make


async def film(app: App, tmp_path: Path) -> str:
    """A video of three seconds, white at 1.0 to 1.2 s and dark otherwise."""
    options = {"bf": "0", "g": "50"}
    asset = await uploaded(app, make(tmp_path / "a.mp4", options=options, seconds=3.0), name="Film")
    return str(asset["id"])


async def test_a_thumbnail_is_an_image_of_its_moment(app: App, tmp_path: Path) -> None:
    video_id = await film(app, tmp_path)
    async with app.local as client:
        made = (await client.post(f"/video/{video_id}/thumbnail", json={"time": 1.1})).json()
        image = (await client.get(f"/image/{made['data']['id']}")).json()["data"]
        signed = (await client.post(f"/image/{image['id']}/generate_url")).json()["data"]
        page = (await client.get("/image")).json()["data"]["images"]
    async with app.tcp as client:
        served = await client.get(signed["signed_url"])
    with Image.open(io.BytesIO(served.content)) as shown:
        assert shown.size == (image["width"], image["height"]) == (160, 120)
        assert shown.convert("L").getpixel((80, 100)) > 200
    assert image["name"] == "Film at 1.10 s"
    assert [each["id"] for each in page] == [image["id"]]


async def test_thumbnails_are_listed_in_order_of_time_and_made_once(
    app: App, tmp_path: Path
) -> None:
    video_id = await film(app, tmp_path)
    async with app.local as client:
        assert (await client.get(f"/video/{video_id}/thumbnails")).json()["data"] == []
        asked = [{"time": 2.0}, {"time": 0.5}, {"timestamp": 2.0}, {"time": 2.0, "width": 80}]
        made = [
            (await client.post(f"/video/{video_id}/thumbnail", json=each)).json()["data"]["id"]
            for each in asked
        ]
        found = (await client.get(f"/video/{video_id}/thumbnails")).json()["data"]
        late = await client.post(f"/video/{video_id}/thumbnail", json={"time": 3.5})
    assert made[2] == made[0]
    assert [each["timestamp"] for each in found] == [0.5, 2.0, 2.0]
    assert {each["id"] for each in found} == set(made)
    assert late.status_code == 400
    assert "s long; 3.5 s is past its end" in late.json()["message"]


async def test_a_deleted_thumbnail_is_gone_and_can_be_made_again(app: App, tmp_path: Path) -> None:
    video_id = await film(app, tmp_path)
    async with app.local as client:
        ask = f"/video/{video_id}/thumbnail"
        first = (await client.post(ask, json={"time": 1.0})).json()["data"]
        await client.delete(f"/image/{first['id']}")
        gone = await client.get(f"/image/{first['id']}")
        again = (await client.post(ask, json={"time": 1.0})).json()["data"]
        found = (await client.get(f"/video/{video_id}/thumbnails")).json()["data"]
    assert gone.status_code == 410
    assert [each["id"] for each in found] == [again["id"]]
    assert again["id"] != first["id"]
    async with app.tcp as client:
        assert (await client.get(first["url"])).status_code == 410


async def test_thumbnails_go_with_their_video(app: App, tmp_path: Path) -> None:
    video_id = await film(app, tmp_path)
    async with app.local as client:
        await client.post(f"/video/{video_id}/thumbnail", json={"time": 1.0})
        await client.delete(f"/video/{video_id}")
        page = (await client.get("/image")).json()["data"]["images"]
    assert page == []
    assert not list(app.services.home.uploads.iterdir())


def test_thumbnails_of_a_recording_go_with_its_session(bench: Bench) -> None:
    session = bench.record({"name": "display:1", "store": True}, seconds=1.5)
    video = session.get_video()
    assert video is not None
    made = [video.generate_thumbnail(time) for time in (0.2, 1.2)]
    assert [each.id for each in video.get_thumbnails()] == [each.id for each in made]
    files = sorted(bench.data_dir.rglob("*.jpg"))
    assert [path.parent.parent.name for path in files] == [session.id] * 2
    session.delete()
    assert bench.rows("select id from assets") == []
    assert not list(bench.data_dir.rglob("*.jpg"))


def test_thumbnails_of_a_time_that_is_forgotten_go(app: App, tmp_path: Path) -> None:
    video = anyio.run(film, app, tmp_path)
    with app.services.store.write() as connection:
        connection.execute(assets.update().values(session_id="cap-1"))
    row = app.services.library.asset(video)
    for time in (0.5, 1.0, 1.5):
        app.services.thumbnails.make(row, time, 160)
    app.services.thumbnails.forget("cap-1", 1.0, 1.5)
    app.services.thumbnails.forget("cap-2", 0.0, 3.0)
    assert [time for _, time in app.services.thumbnails.of(video)] == [0.5, 1.5]
