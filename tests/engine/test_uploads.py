"""Files that are sent, and what becomes of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import pytest
from engine_harness import App, Receiver
from PIL import Image
from upload_harness import address, ended, name, nothing_left, send, uploaded

from tests.media.foreign_maker import CLAPS, heard, make, picture, seen

Make = Callable[..., App]
QUICK = {"options": {"bf": "0", "g": "50"}, "seconds": 3.0}


async def test_a_video_is_an_asset_that_plays(app: App, tmp_path: Path) -> None:
    path = make(tmp_path / "a.mp4", **QUICK)
    asset = await uploaded(app, path, name="Förste/Clip\n🎬", description="a\0b/../c")
    assert asset["id"].startswith("m-")
    assert asset["name"] == "Förste/Clip\n🎬"
    assert asset["description"] == "a\0b/../c"
    assert (asset["width"], asset["height"], asset["warnings"]) == (160, 120, [])
    assert asset["length"] == pytest.approx(3.0, abs=0.03)
    video, audio = app.services.library.stored(asset["id"])
    assert video is not None
    assert audio is not None
    assert seen(video) == pytest.approx(CLAPS[:2], abs=0.042)
    assert heard(audio) == pytest.approx(CLAPS[:2], abs=0.012)
    async with app.tcp as client:
        playlist = await client.get(asset["stream_url"])
        picture_of = await client.get(asset["thumbnail_url"])
    assert "video.m3u8" in playlist.text
    assert picture_of.headers["content-type"] == "image/jpeg"
    folders = [path.name for path in app.services.home.uploads.iterdir()]
    assert folders == [asset["id"]]
    assert not list(app.services.home.tmp.iterdir())


async def test_deleting_an_asset_deletes_its_files(app: App, tmp_path: Path) -> None:
    asset = await uploaded(app, make(tmp_path / "a.wav", None, "pcm_s16le", seconds=1.0))
    assert asset["id"].startswith("a-")
    assert asset["name"] == "Upload"
    async with app.local as client:
        answer = await client.delete(f"/audio/{asset['id']}")
        gone = await client.get(f"/audio/{asset['id']}")
    assert answer.status_code == 200
    assert gone.status_code == 410
    assert not list(app.services.home.uploads.iterdir())


async def test_an_image_is_kept_as_it_is_and_served_to_its_ticket(
    make_app: Make, tmp_path: Path
) -> None:
    app = make_app(serve=True)
    path = tmp_path / "a.png"
    Image.fromarray(picture(0.5, 40, 30)).save(path)
    asset = await uploaded(app, path, name="Logo", media_type="image")
    assert asset["id"].startswith("img-")
    assert (asset["width"], asset["height"], asset["size"]) == (40, 30, path.stat().st_size)
    assert asset["stream_url"] is None
    async with app.local as client:
        page = (await client.get("/image")).json()["data"]["images"]
        signed = await client.post(f"/image/{asset['id']}/generate_url")
    assert [each["name"] for each in page] == ["Logo"]
    async with app.tcp as client:
        served = await client.get(signed.json()["data"]["signed_url"])
        keyless = await client.get(f"/image/{asset['id']}")
        forged = await client.get(asset["url"][:-1] + ("0" if asset["url"][-1] != "0" else "1"))
    assert served.content == path.read_bytes()
    assert served.headers["content-type"] == "image/png"
    assert served.headers["x-content-type-options"] == "nosniff"
    assert (keyless.status_code, forged.status_code) == (401, 401)
    async with app.local as client:
        await client.delete(f"/image/{asset['id']}")
    async with app.tcp as client:
        assert (await client.get(asset["url"])).status_code == 410
    assert not list(app.services.home.uploads.iterdir())


async def test_a_ticket_takes_one_upload(app: App, tmp_path: Path) -> None:
    path = make(tmp_path / "a.wav", None, "pcm_s16le", seconds=0.5)
    url = await send(app, path.read_bytes())
    async with app.tcp as client:
        before = await client.post(url, files={"file": b"other"})
        answer = await name(app, url)
        while_used = await client.post(url, files={"file": b"other"})
        assert (await ended(app, answer))["success"]
        after = await client.post(url, files={"file": b"other"})
    for refused in (before, while_used, after):
        assert refused.status_code == 409
        assert refused.json()["error_code"] == "CONFLICT"
    assert (await name(app, url)).json()["data"]["id"] == answer.json()["data"]["id"]


async def test_only_tickets_open_the_way_in(app: App) -> None:
    url = await address(app)
    async with app.tcp as client:
        for token in ("x", "x.1.y", "a" * 16 + ".99999999999." + "0" * 32):
            answer = await client.post(f"/upload/{token}", files={"file": b"x"})
            assert answer.status_code == 401
        stream = app.services.tickets.issue("stream", "abc")
        assert (await client.post(f"/upload/{stream}", files={"file": b"x"})).status_code == 401
        assert (await client.get(url)).status_code == 405
    assert (await name(app, url)).status_code == 400
    assert nothing_left(app)


async def test_a_form_without_one_file_is_refused_and_the_ticket_lives_on(app: App) -> None:
    url = await address(app)
    head = {"content-type": "multipart/form-data; boundary=b"}
    part = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nx'
    bad: list[dict[str, Any]] = [
        {"content": b"hello"},
        {"json": {"file": "x"}},
        {"files": {"other": b"x"}},
        {"files": [("file", b"x"), ("file", b"y")]},
        {"content": part, "headers": head},
        {"content": b"rubbish", "headers": head},
        {"content": part, "headers": {"content-type": "multipart/form-data"}},
        {"content": b"--b\r\n" + b"A: b\r\n" * 5000, "headers": head},
    ]
    async with app.tcp as client:
        for request in bad:
            answer = await client.post(url, **request)
            assert (answer.status_code, answer.json()["success"]) == (400, False), request
            assert "file" in answer.json()["message"]
    assert nothing_left(app)
    await send(app, b"at last", url)


async def test_more_than_the_limit_is_refused(make_app: Make) -> None:
    app = make_app(upload_limit_mb=1)
    url = await address(app)

    async def endless() -> Any:
        form = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
        yield form
        for _ in range(40):
            yield bytes(50_000)

    head = {"content-type": "multipart/form-data; boundary=b"}
    async with app.tcp as client:
        announced = await client.post(url, files={"file": bytes(2_000_000)})
        streamed = await client.post(url, content=endless(), headers=head)
    for answer in (announced, streamed):
        assert answer.status_code == 413
        assert answer.json()["error_code"] == "TOO_LARGE"
        assert "1 MB" in answer.json()["message"]
    assert nothing_left(app)
    await send(app, bytes(1_000_000), url)


async def test_a_disk_without_room_is_said(make_app: Make) -> None:
    app = make_app(disk_reserve_mb=10**9)
    url = await address(app)
    async with app.tcp as client:
        answer = await client.post(url, files={"file": b"x"})
    assert (answer.status_code, answer.json()["error_code"]) == (507, "STORAGE_FULL")
    assert nothing_left(app)


BAD = {
    "empty": b"",
    "a letter": b"Dear reader, this is no film.\n" * 200,
    "noise": bytes(range(256)) * 300,
    "half a png": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x10\0\0\0\x10\x08\x02\0\0\0",
}


@pytest.mark.parametrize("kind", BAD)
async def test_what_is_no_media_leaves_no_trace(app: App, kind: str) -> None:
    url = await send(app, BAD[kind])
    answer = await ended(app, await name(app, url, name="../x.mp4"))
    assert answer["success"] is False
    assert answer["error_code"] == "NOT_MEDIA"
    assert "Accepted are" in answer["message"]
    assert nothing_left(app)


async def test_another_type_than_was_asked_for_is_refused(app: App, tmp_path: Path) -> None:
    sound = make(tmp_path / "a.mp3", None, "libmp3lame", seconds=0.5)
    url = await send(app, sound.read_bytes())
    answer = await ended(app, await name(app, url, media_type="video"))
    assert answer["error_code"] == "INVALID_REQUEST"
    assert 'media_type "video"' in answer["message"]
    assert nothing_left(app)
    assert (await name(app, url, media_type="text")).status_code == 400


async def test_the_sound_of_a_video_can_be_asked_for(app: App, tmp_path: Path) -> None:
    asset = await uploaded(app, make(tmp_path / "a.mp4", **QUICK), media_type="audio")
    assert asset["id"].startswith("a-")
    assert [track.kind for track in app.services.library.tracks_of(asset["id"])] == ["audio"]


async def test_what_was_cut_off_is_kept_with_a_warning(app: App, tmp_path: Path) -> None:
    whole = make(tmp_path / "a.mkv")
    cut = tmp_path / "cut.mkv"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    asset = await uploaded(app, cut)
    assert 1.0 < asset["length"] < 4.5
    assert "cut off" in asset["warnings"][0]


async def test_an_unknown_collection_takes_nothing(app: App) -> None:
    async with app.local as client:
        assert (await client.get("/collection/c-none/upload_url")).status_code == 404
        body = {"url": "http://127.0.0.1:9/"}
        assert (await client.post("/collection/c-none/upload", json=body)).status_code == 404


async def test_cancelling_leaves_nothing(app: App, tmp_path: Path) -> None:
    path = make(tmp_path / "a.mkv", "ffv1", "flac", seconds=20.0, size=(640, 480), pixels="yuv420p")
    answer = await name(app, await send(app, path.read_bytes()))
    job_id = answer.json()["data"]["id"]
    async with app.local as client:
        with anyio.fail_after(30):
            while not list(app.services.home.uploads.glob("incoming-*/made/trk-*")):
                await anyio.sleep(0.01)
        await client.delete(f"/async-response/{job_id}")
        with anyio.fail_after(30):
            while not nothing_left(app):
                await anyio.sleep(0.01)
        state = (await client.get(f"/async-response/{job_id}")).json()
    assert state["status"] == "cancelled"


async def test_an_upload_goes_on_after_the_engine_ended(make_app: Make, tmp_path: Path) -> None:
    first = make_app()
    path = make(tmp_path / "a.mkv", "ffv1", "flac", seconds=6.0, size=(640, 480), pixels="yuv420p")
    answer = await name(first, await send(first, path.read_bytes()), name="Kept")
    with anyio.fail_after(30):
        while not list(first.services.home.uploads.glob("incoming-*/made/trk-*")):
            await anyio.sleep(0.01)
    await anyio.to_thread.run_sync(first.services.close)
    second = make_app()
    done = await ended(second, answer)
    assert done["data"]["name"] == "Kept"
    folders = [path.name for path in second.services.home.uploads.iterdir()]
    assert folders == [done["data"]["id"]]


async def test_a_callback_is_told_of_the_asset(
    app: App, receiver: Callable[..., Receiver], tmp_path: Path
) -> None:
    hook = receiver(204)
    path = make(tmp_path / "a.wav", None, "pcm_s16le", seconds=0.5)
    answer = await name(app, await send(app, path.read_bytes()), callback_url=hook.url)
    assert answer.json()["request_type"] == "async"
    asset = (await ended(app, answer))["data"]
    with anyio.fail_after(30):
        while not hook.requests:
            await anyio.sleep(0.02)
    told = json.loads(hook.requests[0][1])
    assert told["success"] is True
    assert told["data"]["id"] == asset["id"]
    assert (await name(app, "http://127.0.0.1:9/a", callback_url="nowhere")).status_code == 400


def timeline(asset_id: str, clips: int = 1) -> dict[str, Any]:
    each = {"asset": {"type": "video", "id": asset_id, "start": 0.5}, "duration": 1.0}
    items = [{"start": float(at), "clip": each} for at in range(clips)]
    return {"timeline": {"resolution": "320x240", "tracks": [{"clips": items}]}}


async def test_a_long_timeline_comes_as_an_upload(app: App, tmp_path: Path) -> None:
    asset = await uploaded(app, make(tmp_path / "a.mp4", **QUICK))
    content = json.dumps(timeline(asset["id"], clips=900)).encode()
    assert len(content) > 100_000
    url = await send(app, content)
    async with app.local as client:
        answer = await client.post("/editor", json={"timeline_url": url})
        again = await client.post("/editor", json={"timeline_url": url})
    assert answer.status_code == 200, answer.text
    assert "/stream/" in answer.json()["data"]["stream_url"]
    assert again.status_code == 400
    assert not list(app.services.home.tmp.iterdir())


async def test_a_bad_timeline_file_is_said(app: App) -> None:
    bad = [b"", b"not json", b"[]", b"{}", b'{"timeline": {"tracks": 3}}', b"\xff\xfe"]
    for content in bad:
        url = await send(app, content)
        async with app.local as client:
            answer = await client.post("/editor", json={"timeline_url": url})
        assert answer.status_code == 400, content
        assert "timeline" in answer.json()["message"]
    async with app.local as client:
        for url in ("http://127.0.0.1:9/x.json", "file:///etc/passwd", "x"):
            answer = await client.post("/editor", json={"timeline_url": url})
            assert answer.status_code == 400
    assert nothing_left(app)
