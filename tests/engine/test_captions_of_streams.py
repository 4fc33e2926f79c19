"""Streams carry what is said in them, as soon as it is indexed."""

from __future__ import annotations

import re
from typing import Any

import httpx
import numpy as np
import pytest
from engine_harness import App
from stock import clip, numbered, sentence, tone

from jupyter_capture.engine.index import DIMENSIONS, write_index

SAID = [sentence("Good morning everybody", 1, 2.5), sentence("Now the budget", 6, 7.5)]


def video(app: App, said: Any = SAID, **more: Any) -> str:
    return clip(
        app.services, pictures=numbered(10), seconds=10.0, sound=tone(10), said=said, **more
    )


async def captions_of(app: App, url: str) -> tuple[str, str]:
    """(the line of the master playlist, the subtitles); both empty where there are none."""
    async with app.tcp as client:
        master = await client.get(url)
        assert master.status_code == 200, master.text
        found = re.search(r"#EXT-X-MEDIA:TYPE=SUBTITLES.*", master.text)
        if found is None:
            assert "SUBTITLES" not in master.text
            return "", ""
        assert 'SUBTITLES="captions"' in master.text
        base = url.rpartition("/")[0]
        playlist = await client.get(f"{base}/captions.m3u8")
        assert playlist.text.endswith("captions.vtt\n#EXT-X-ENDLIST\n")
        text = await client.get(f"{base}/captions.vtt")
    assert text.headers["content-type"].startswith("text/vtt")
    return found[0], text.text


def cues(text: str) -> list[tuple[str, str]]:
    return re.findall(r"\n([\d:.]+) --> [\d:.]+\n([^\n]+)\n", text)


async def post(app: App, path: str, body: Any) -> httpx.Response:
    async with app.local as client:
        return await client.post(path, json=body)


async def stream_url(app: App, path: str, body: Any) -> str:
    answer = await post(app, path, body)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["data"]["stream_url"])


async def test_a_video_that_is_indexed_has_subtitles(app: App) -> None:
    url = await stream_url(app, f"/video/{video(app)}/stream", {})
    line, text = await captions_of(app, url)
    assert 'NAME="English",LANGUAGE="en",DEFAULT=NO' in line
    assert text.startswith("WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00:00.000\n")
    assert cues(text) == [
        ("00:00:01.000", "Good morning everybody"),
        ("00:00:06.000", "Now the budget"),
    ]


async def test_subtitles_appear_in_a_stream_that_was_made_before_its_index(app: App) -> None:
    made = video(app, said=None)
    url = await stream_url(app, f"/video/{made}/stream", {})
    assert await captions_of(app, url) == ("", "")
    (track,) = app.services.library.speech_tracks(made)
    with app.services.store.write() as connection:
        vectors = np.zeros((2, DIMENSIONS), np.float32)
        write_index(connection, track.id, "spoken_word", "mic", SAID, vectors, "small", "de")
    line, text = await captions_of(app, url)
    assert 'LANGUAGE="de"' in line
    assert len(cues(text)) == 2


async def test_cuts_and_compilations_have_the_words_of_their_shots(app: App) -> None:
    first, second = video(app), video(app, said=[sentence("Something else", 0, 2)])
    url = await stream_url(app, f"/video/{first}/stream", {"timeline": [[5.5, 8], [1.5, 3]]})
    assert cues((await captions_of(app, url))[1]) == [
        ("00:00:00.500", "Now the budget"),
        ("00:00:02.500", "morning everybody"),
    ]
    shots = [{"video_id": second, "shots": [[0, 3]]}, {"video_id": first, "shots": [[6, 9]]}]
    url = await stream_url(app, "/compile", shots)
    assert cues((await captions_of(app, url))[1]) == [
        ("00:00:00.000", "Something else"),
        ("00:00:03.000", "Now the budget"),
    ]


def timeline(*clips: tuple[float, dict[str, Any], float], more: Any = ()) -> dict[str, Any]:
    tracks = [
        {"clips": [{"start": start, "clip": {"asset": asset, "duration": length}}]}
        for start, asset, length in [*clips, *more]
    ]
    return {"timeline": {"resolution": "320x240", "tracks": tracks}}


async def test_a_timeline_has_the_words_that_are_heard_in_it(app: App) -> None:
    spoken = video(app)
    heard = {"type": "video", "id": spoken, "start": 5}
    muted = {"type": "video", "id": video(app, said=[sentence("Unheard", 0, 1)]), "volume": 0}
    url = await stream_url(app, "/editor", timeline((2, heard, 4), (0, muted, 6)))
    assert cues((await captions_of(app, url))[1]) == [("00:00:03.000", "Now the budget")]


async def test_captions_that_stand_in_the_picture_are_not_sent_twice(app: App) -> None:
    asset = {"type": "video", "id": video(app)}
    burnt = (0, {"type": "caption", "src": "auto"}, 4)
    url = await stream_url(app, "/editor", timeline((0, asset, 4), more=[burnt]))
    assert await captions_of(app, url) == ("", "")


async def test_sound_alone_has_subtitles_and_a_silent_screen_none(app: App) -> None:
    sound = clip(app.services, sound=tone(8), said=SAID)
    assert len(
        cues((await captions_of(app, await stream_url(app, f"/audio/{sound}/stream", {})))[1])
    )
    silent = clip(app.services, pictures=numbered(2), seconds=2.0)
    url = await stream_url(app, f"/video/{silent}/stream", {})
    assert await captions_of(app, url) == ("", "")
    async with app.tcp as client:
        answer = await client.get(f"{url.rpartition('/')[0]}/captions.vtt")
    assert answer.status_code == 400


@pytest.mark.parametrize("said", [None, []])
async def test_subtitles_of_what_is_not_indexed_or_silent(app: App, said: Any) -> None:
    url = await stream_url(app, f"/video/{video(app, said=said)}/stream", {})
    async with app.tcp as client:
        answer = await client.get(f"{url.rpartition('/')[0]}/captions.vtt")
    if said is None:
        assert answer.json()["error_code"] == "NOT_INDEXED"
        assert "index_spoken_words()" in answer.json()["message"]
    else:
        assert cues(answer.text) == []
