"""Words that were misheard are put right: read, shown, searched and saved so from then on."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from engine_harness import App
from stock import clip, numbered, sentence, tone

from jupyter_capture.engine.corrections import corrected, corrections_of, timed
from jupyter_capture.engine.index import find_index, write_index
from jupyter_capture.engine.schema import tracks
from jupyter_capture.engine.transcribe import Sentence

FIRST = sentence("Ana rights the bud jet.", 1, 3.5)
SECOND = sentence("We meet on Friday.", 6, 8)


def video(app: App, *said: Sentence) -> str:
    return clip(
        app.services,
        pictures=numbered(10),
        seconds=10.0,
        sound=tone(10),
        said=said or [FIRST, SECOND],
    )


async def call(app: App, method: str, path: str, body: Any = None) -> Any:
    async with app.local as client:
        answer = await client.request(method, path, json=body)
    assert answer.status_code < 500, answer.text
    return answer.json()


async def correct(app: App, asset: str, start: float, end: float, text: str, **more: Any) -> Any:
    body = {"start": start, "end": end, "text": text, **more}
    return await call(app, "PATCH", f"/video/{asset}/transcript", body)


async def words(app: App, asset: str) -> list[tuple[str, float, float]]:
    said = await call(app, "GET", f"/video/{asset}/transcription")
    return [(w["text"], w["start"], w["end"]) for w in said["data"]["word_timestamps"]]


async def sentences(app: App, asset: str) -> list[str]:
    said = await call(app, "GET", f"/video/{asset}/transcription?segmenter=sentence")
    return [each["text"] for each in said["data"]["transcript"]]


async def found(app: App, asset: str, query: str, mode: str) -> list[str]:
    body = {"query": query, "mode": mode, "score_threshold": 0.3}
    answer = await call(app, "POST", f"/video/{asset}/search", body)
    return [doc["text"] for hit in answer["data"]["results"] for doc in hit["docs"]]


def rows(app: App, asset: str) -> list[tuple[float, float, str]]:
    (track,) = app.services.library.speech_tracks(asset)
    with app.services.store.read() as connection:
        return [(row.start, row.end, row.was) for row in corrections_of(connection, track.id)]


def heard_again(app: App, asset: str, *said: Sentence) -> None:
    """What a job of indexing does with what it heard."""
    (track,) = app.services.library.speech_tracks(asset)
    store = app.services.store
    with store.write() as connection:
        new = corrected(said, corrections_of(connection, track.id))
        vectors = np.zeros((len(new), 384), np.float32)
        channel = track.channel_id
        write_index(connection, track.id, "spoken_word", channel, new, vectors, "small", "en")


async def test_corrected_words_are_read_captioned_found_and_saved(app: App) -> None:
    asset = video(app)
    before = await words(app, asset)
    stream = await call(app, "POST", f"/video/{asset}/stream", {})
    saved = {"stream_link": stream["data"]["stream_url"], "name": "a", "format": "srt"}
    first = await call(app, "POST", "/download", saved)

    answer = await correct(app, asset, 2.5, 3.5, "budget.")

    assert (answer["data"]["was"], answer["data"]["text"]) == ("bud jet.", "budget.")
    channel = answer["data"]["channel"]
    (new,) = answer["data"]["words"]
    assert (new["text"], new["start"], new["end"]) == ("budget.", 2.5, 3.5)
    assert new["channel"] == channel
    assert await words(app, asset) == [*before[:3], ("budget.", 2.5, 3.5), *before[5:]]
    assert await sentences(app, asset) == ["Ana rights the budget.", "We meet on Friday."]
    assert await found(app, asset, "budget", "keyword") == ["Ana rights the budget."]
    assert await found(app, asset, "jet", "keyword") == []
    assert (await found(app, asset, "money to spend", "semantic"))[0] == "Ana rights the budget."
    second = await call(app, "POST", "/download", saved)
    async with app.tcp as client:
        captions = await client.get(
            stream["data"]["stream_url"].replace("master.m3u8", "captions.vtt")
        )
        texts = [(await client.get(s["data"]["download_url"])).text for s in (first, second)]
    assert "rights the budget." in captions.text
    assert ("bud jet" in texts[0], "bud jet" in texts[1], "the budget." in texts[1]) == (
        True,
        False,
        True,
    )


async def test_a_correction_outlives_indexing_again_where_words_have_its_time(app: App) -> None:
    asset = video(app)
    await correct(app, asset, 1.0, 1.5, "Anna")
    await correct(app, asset, 1.5, 2.0, "writes")
    await correct(app, asset, 6.0, 8.0, "We meet on Monday.")
    moved = sentence("We'll meet on Friday.", 6.6, 8.4)
    heard_again(app, asset, FIRST, moved)
    assert await sentences(app, asset) == ["Anna writes the bud jet.", "We'll meet on Friday."]
    heard_again(app, asset, FIRST, SECOND)
    assert await sentences(app, asset) == ["Anna writes the bud jet.", "We meet on Monday."]


async def test_writing_back_the_old_words_leaves_no_correction(app: App) -> None:
    asset = video(app)
    before = await words(app, asset)
    await correct(app, asset, 1.0, 1.5, "Anna")
    await correct(app, asset, 1.0, 2.0, "Anna writes", was="Anna rights")
    assert [row[:2] for row in rows(app, asset)] == [(1.0, 2.0)]
    await correct(app, asset, 1.0, 2.0, "Ana rights")
    assert await words(app, asset) == before
    await correct(app, asset, 6.0, 6.5, "They")
    await correct(app, asset, 6.0, 6.5, "We")
    assert rows(app, asset) == []
    assert await sentences(app, asset) == [FIRST.text, SECOND.text]


async def test_what_was_corrected_says_so_whenever_it_is_read(app: App) -> None:
    asset = video(app)
    await correct(app, asset, 2.5, 3.5, "budget.")

    async def marked(query: str) -> list[str]:
        said = await call(app, "GET", f"/video/{asset}/transcription?{query}")
        return [each["text"] for each in said["data"]["transcript"] if each["corrected"]]

    assert await marked("segmenter=word") == ["budget."]
    assert await marked("segmenter=sentence") == ["Ana rights the budget."]
    assert await marked("segmenter=time&length=5") == ["Ana rights the budget."]
    heard_again(app, asset, FIRST, SECOND)
    assert await marked("segmenter=word") == ["budget."]
    await correct(app, asset, 2.5, 3.5, "bud jet.")
    assert await marked("segmenter=word") == []


async def test_a_correction_across_sentences_leaves_each_its_share(app: App) -> None:
    asset = video(app, sentence("One two.", 1, 2), sentence("Three four.", 2, 3))
    await correct(app, asset, 1.5, 2.5, "too. Free")
    assert await sentences(app, asset) == ["One too.", "Free four."]
    await correct(app, asset, 1.5, 2.5, "toothpaste")
    assert await sentences(app, asset) == ["One toothpaste", "four."]
    await correct(app, asset, 1.0, 3.0, "Everything.")
    assert await sentences(app, asset) == ["Everything."]


async def test_markup_is_text(app: App) -> None:
    asset = video(app)
    await correct(app, asset, 1.0, 1.5, "<script>alert(1)</script>\n\x00&amp;")
    assert (await words(app, asset))[0][0] == "<script>alert(1)</script>"
    stream = await call(app, "POST", f"/video/{asset}/stream", {})
    async with app.tcp as client:
        url = stream["data"]["stream_url"].replace("master.m3u8", "captions.vtt")
        captions = (await client.get(url)).text
    assert "&lt;script&gt;" in captions
    assert "<script" not in captions


@pytest.mark.parametrize(
    ("body", "code", "says"),
    [
        ((1.0, 1.5, " \x00\n"), "INVALID_REQUEST", "text is empty"),
        ((4.0, 5.5, "silence"), "INVALID_REQUEST", "Nothing is said from 4.00 s to 5.50 s"),
        ((9.0, 90.0, "later"), "INVALID_REQUEST", "Nothing is said"),
        ((0.0, 10.0, "all"), "INVALID_REQUEST", "from 1.00 s to 8.00 s alone"),
        ((3.0, 1.0, "backwards"), "INVALID_REQUEST", "Nothing is said"),
        ((-1.0, 1.0, "early"), "INVALID_REQUEST", "start"),
    ],
)
async def test_what_cannot_be_corrected_says_why_and_changes_nothing(
    app: App, body: tuple[float, float, str], code: str, says: str
) -> None:
    asset = video(app)
    answer = await correct(app, asset, *body)
    assert (answer["error_code"], says in answer["message"]) == (code, True)
    assert await sentences(app, asset) == [FIRST.text, SECOND.text]
    assert rows(app, asset) == []


async def test_other_words_than_the_caller_saw_are_left_alone(app: App) -> None:
    asset = video(app)
    answer = await correct(app, asset, 1.0, 1.5, "Anna", was="Hannah")
    assert answer["error_code"] == "CONFLICT"
    assert "“Ana” stands from 1.00 s" in answer["message"]
    assert rows(app, asset) == []
    unindexed = clip(app.services, pictures=numbered(3), seconds=3.0, sound=tone(3))
    assert (await correct(app, unindexed, 1, 2, "word"))["error_code"] == "NOT_INDEXED"


async def test_a_corrected_index_is_another_one_and_goes_with_its_video(app: App) -> None:
    asset = video(app)
    (track,) = app.services.library.speech_tracks(asset)
    with app.services.store.read() as connection:
        old = find_index(connection, track.id)
    await correct(app, asset, 1.0, 1.5, "Anna")
    with app.services.store.read() as connection:
        new = find_index(connection, track.id)
    assert old is not None
    assert new is not None
    assert old.id != new.id
    await call(app, "DELETE", f"/video/{asset}")
    with app.services.store.read() as connection:
        assert corrections_of(connection, track.id) == []


async def test_a_correction_is_forgotten_with_its_time(app: App) -> None:
    asset = video(app)
    await correct(app, asset, 1.0, 1.5, "Anna")
    await correct(app, asset, 6.0, 6.5, "They")
    with app.services.store.write() as connection:
        connection.execute(tracks.update().values(session_id="cap-1"))
    app.services.corrections.forget("cap-1", 0.0, 3.0)
    assert [row[2] for row in rows(app, asset)] == ["We"]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("a b c", "a x c", [("a", 0, 1), ("x", 1, 2), ("c", 2, 3)]),
        ("a b c", "a c", [("a", 0, 1), ("c", 2, 3)]),
        ("a b", "a b xx", [("a", 0, 1), ("b", 1, 1.333), ("xx", 1.333, 2)]),
        ("a b", "xx a b", [("xx", 0, 0.667), ("a", 0.667, 1), ("b", 1, 2)]),
        ("ab c", "d efg hi", [("d", 0, 0.333), ("efg", 0.333, 1.333), ("hi", 1.333, 2)]),
    ],
)
def test_new_words_take_the_times_of_those_they_stand_for(
    old: str, new: str, expected: list[tuple[str, float, float]]
) -> None:
    before = [(word, float(at), at + 1.0) for at, word in enumerate(old.split())]
    assert timed(before, new.split()) == expected
