"""Streams as files: what each suffix gives, what is refused, and that nothing is left behind."""

from __future__ import annotations

import io
import re
import wave
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import Any

import anyio
import av
import httpx
import numpy as np
import pytest
from engine_harness import App
from stock import clip, numbered, sentence, tone
from upload_harness import ended

from jupyter_capture.engine import saving
from jupyter_capture.engine.index import DIMENSIONS, write_index
from jupyter_capture.engine.streams import Ready

SAID = [sentence("Good morning everybody", 1, 2.5), sentence("Now the budget", 6, 7.5)]


def video(app: App, **more: Any) -> str:
    given = {"pictures": numbered(10), "seconds": 10.0, "sound": tone(10), "said": SAID, **more}
    return clip(app.services, **given)


async def ordered(app: App, made: str, format: str, timeline: Any = None) -> httpx.Response:
    kind = "video" if made.startswith("m-") else "audio"
    async with app.local as client:
        answer = await client.post(f"/{kind}/{made}/stream", json={"timeline": timeline})
        url = answer.json()["data"]["stream_url"]
        body = {"stream_link": url, "name": f"Clip.{format}", "format": format}
        return await client.post("/download", json=body)


async def saved(app: App, made: str, format: str, timeline: Any = None) -> httpx.Response:
    """The file, made here rather than by a job: a process for each would take most of the time."""
    kind = "video" if made.startswith("m-") else "audio"
    async with app.local as client:
        answer = await client.post(f"/{kind}/{made}/stream", json={"timeline": timeline})
        return await written(app, answer.json()["data"]["stream_url"], format)


def rendered(ready: Ready) -> AbstractContextManager[Ready]:
    return nullcontext(replace(ready, plan=ready.order.plan()) if ready.order else ready)


async def written(app: App, url: str, format: str) -> httpx.Response:
    stream_id = url.split("/")[4].partition(".")[0]
    services = app.services
    making = saving.Saving(services.streams, services.home, 1000, lambda done: None, rendered)
    done = making.run(stream_id, f"Clip.{format}", format)  # type: ignore[arg-type]
    async with app.tcp as client:
        file = await client.get(services.ticketed("download", done["file"]))
    assert len(file.content) == done["size"]
    assert not list(services.home.tmp.iterdir())
    return file


async def test_a_compilation_is_saved_with_a_chapter_for_each_shot(app: App) -> None:
    file = await saved(app, video(app, name="Talk"), "mp4", [[0, 2], [5, 9]])
    assert file.headers["content-type"] == "video/mp4"
    with av.open(io.BytesIO(file.content)) as found:
        chapters = [(c["start"] * c["time_base"], c["metadata"]["title"]) for c in found.chapters()]
        assert chapters == [(0, "Talk · 0:00"), (2, "Talk · 0:05")]
        assert sum(1 for _ in found.decode(video=0)) == 6 * 15


async def test_the_clips_of_a_timeline_are_its_chapters(app: App) -> None:
    one, two = video(app, name="One"), video(app, name="Two")
    clips = [
        {"start": start, "clip": {"asset": {"type": "video", "id": made}, "duration": 1}}
        for start, made in ((0, one), (1, two))
    ]
    body = {"timeline": {"resolution": "160x120", "tracks": [{"clips": clips}]}}
    async with app.local as client:
        url = (await client.post("/editor", json=body)).json()["data"]["stream_url"]
    file = await written(app, url, "mp4")
    with av.open(io.BytesIO(file.content)) as found:
        names = [chapter["metadata"]["title"] for chapter in found.chapters()]
    assert names == ["One", "Two"]


async def test_the_sound_alone_is_saved_in_two_ways(app: App) -> None:
    made = video(app)
    m4a = await saved(app, made, "m4a", [[1, 4]])
    assert m4a.headers["content-type"] == "audio/mp4"
    with av.open(io.BytesIO(m4a.content)) as found:
        assert [stream.type for stream in found.streams] == ["audio"]
        assert found.duration / 1e6 == pytest.approx(3.0, abs=0.03)
    wav = await saved(app, made, "wav", [[1, 4]])
    assert wav.headers["content-type"] == "audio/wav"
    with wave.open(io.BytesIO(wav.content)) as read:
        assert read.getnframes() / read.getframerate() == pytest.approx(3.0, abs=0.03)


async def test_subtitles_are_saved_in_two_ways(app: App) -> None:
    made = video(app)
    srt = await saved(app, made, "srt", [[5, 9]])
    assert srt.text == "1\n00:00:01,000 --> 00:00:03,000\nNow the budget\n"
    vtt = await saved(app, made, "vtt")
    assert vtt.text.startswith("WEBVTT\n\n00:00:01.000 --> ")


async def test_a_page_holds_film_words_and_name(app: App) -> None:
    page = await saved(app, video(app), "html")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "<title>Clip</title>" in page.text
    assert "Now the budget" in page.text
    assert re.search(r'<script id="film" type="text/plain">AAAA[\w+/=]{1000,}</script>', page.text)
    silent = await saved(app, video(app, sound=None, said=None), "html")
    assert "<video" in silent.text
    heard = await saved(app, clip(app.services, sound=tone(2)), "html")
    assert "<audio" in heard.text


async def test_a_page_too_large_for_browsers_says_what_to_do(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(saving, "PAGE_BYTES", 1000)
    answer = await ordered(app, video(app), "html")
    assert answer.status_code == 413
    assert "Save it as .mp4" in answer.json()["message"]


async def test_what_cannot_be_saved_so_is_said_at_once(app: App) -> None:
    silent = clip(app.services, pictures=numbered(1), seconds=1.0)
    for format in ("wav", "m4a"):
        answer = await ordered(app, silent, format)
        assert answer.status_code == 400
        assert f"no .{format} of it. Save .mp4." in answer.json()["message"]
    answer = await ordered(app, video(app, said=None), "srt")
    assert answer.json()["error_code"] == "NOT_INDEXED"
    assert "index_spoken_words()" in answer.json()["message"]
    answer = await ordered(app, silent, "vtt")
    assert "There is no sound in this" in answer.json()["message"]
    answer = await ordered(app, silent, "avi")
    assert answer.status_code == 400
    assert "'html'" in answer.json()["message"]
    async with app.local as client:
        body = {"stream_link": "http://127.0.0.1:8000/stream/x/master.m3u8", "name": "x"}
        assert (await client.post("/download", json=body)).status_code == 401


async def test_the_same_file_is_made_once_and_anew_after_an_index(app: App) -> None:
    made = video(app)
    await saved(app, made, "vtt")
    folder = app.services.home.downloads
    (first,) = folder.iterdir()
    before = first.stat().st_ino
    await saved(app, made, "vtt")
    assert [path.stat().st_ino for path in folder.iterdir()] == [before]
    (track,) = app.services.library.speech_tracks(made)

    with app.services.store.write() as connection:
        vectors = np.zeros((1, DIMENSIONS), np.float32)
        words = [sentence("Heard better", 1, 2)]
        write_index(connection, track.id, "spoken_word", "mic", words, vectors, "base", "en")
    assert "Heard better" in (await saved(app, made, "vtt")).text


async def test_files_go_with_their_asset(app: App) -> None:
    made = video(app)
    done = (await ordered(app, made, "srt")).json()
    await saved(app, made, "m4a")
    assert len(list(app.services.home.downloads.iterdir())) == 2
    async with app.local as client:
        await client.delete(f"/video/{made}")
    assert not list(app.services.home.downloads.iterdir())
    async with app.tcp as client:
        assert (await client.get(done["data"]["download_url"])).status_code == 410
    answer = await ordered_again(app, made)
    assert answer.status_code == 410


async def ordered_again(app: App, made: str) -> httpx.Response:
    async with app.local as client:
        return await client.post(f"/video/{made}/download")


async def test_a_cancelled_save_leaves_nothing_behind(app: App) -> None:
    made = video(app, pictures=numbered(40, fps=2), seconds=40.0, sound=tone(40), size=(1280, 720))
    clips = [{"start": 0, "clip": {"asset": {"type": "video", "id": made}, "duration": 40,
              "filter": "greyscale"}}]  # fmt: skip
    body = {"timeline": {"resolution": "1280x720", "tracks": [{"clips": clips}]}}
    async with app.local as client:
        url = (await client.post("/editor", json=body)).json()["data"]["stream_url"]
        job = (await client.post("/download", json={"stream_link": url})).json()["data"]["id"]
        with anyio.fail_after(60):
            while not list(app.services.home.tmp.glob("save-*/*")):
                await anyio.sleep(0.05)
        await client.delete(f"/async-response/{job}")
        with anyio.fail_after(20):
            while list(app.services.home.tmp.iterdir()):
                await anyio.sleep(0.05)
        state = (await client.get(f"/async-response/{job}")).json()
    assert state["status"] == "cancelled"
    assert not app.services.home.downloads.exists() or not list(
        app.services.home.downloads.iterdir()
    )


async def test_a_full_disk_is_named(app: App) -> None:
    made = video(app)
    app.services.home.downloads.write_text("in the way")
    answer = await ordered(app, made, "srt")
    assert answer.status_code == 507
    assert "could not be written" in answer.json()["message"]
    assert not list(app.services.home.tmp.iterdir())


async def test_a_short_cut_is_saved_at_once_and_a_job_where_no_format_is_named(app: App) -> None:
    made = video(app)
    answer = await ordered(app, made, "mp4", [[1, 4]])
    assert answer.json()["data"]["size"] > 1000
    async with app.local as client:
        url = (await client.post(f"/video/{made}/stream", json={})).json()["data"]["stream_url"]
        for_sdk = await client.post("/download", json={"stream_link": url, "name": "film"})
    done = await ended(app, for_sdk)
    assert done["data"]["name"] == "film"
    async with app.tcp as client:
        assert (await client.get(done["data"]["download_url"])).status_code == 200
