"""Searches as they are answered, and what becomes of the index on the disk."""

from __future__ import annotations

from typing import Any

import pytest
from engine_harness import App, wait_for
from sqlalchemy import text
from stock import clip, numbered, sentence, tone

from jupyter_capture.engine.search import memory, readiness

PLAN = ("The swordfish budget was fixed.", "More about the budget follows.", "Then we had lunch.")


def video(app: App, *said: str, name: str = "Talk") -> str:
    """Each sentence lasts three seconds, one after another."""
    spoken = [sentence(each, 3.0 * at + 1, 3.0 * at + 4) for at, each in enumerate(said)]
    seconds = 3 * len(said) + 2
    return clip(
        app.services, name=name, pictures=numbered(seconds), seconds=float(seconds),
        sound=tone(seconds), said=spoken,
    )  # fmt: skip


async def post(app: App, path: str, body: Any = None) -> Any:
    async with app.local as client:
        return await client.post(path, json=body or {})


async def docs(app: App, path: str, query: str, **more: Any) -> list[dict[str, Any]]:
    answer = await post(app, f"{path}/search", {"query": query, "mode": "keyword", **more})
    assert answer.status_code == 200, answer.text
    return [doc for hits in answer.json()["data"]["results"] for doc in hits["docs"]]


async def test_neighbours_are_one_shot_and_top_k_counts_shots(app: App) -> None:
    asset = video(app, *PLAN, "Lunch was long.", "The budget again.")
    best = await docs(app, f"/video/{asset}", "budget")
    first, second = sorted(best, key=lambda doc: doc["start"])
    assert (first["start"], first["end"]) == (0.6, 7.0)
    assert first["text"] == " ".join(PLAN[:2])
    assert (second["start"], second["end"]) == (12.6, 16.0)
    assert first["score"] == second["score"] == 1
    assert await docs(app, f"/video/{asset}", "budget", top_k=1) == best[:1]
    answer = await post(app, "/compile", [
        {"video_id": asset, "collection_id": "default",
         "shots": [(each["start"], each["end"]) for each in (first, second)]},
    ])  # fmt: skip
    assert answer.json()["data"]["stream_url"]


async def test_a_deleted_video_is_not_found_and_its_words_are_on_the_disk_no_more(
    app: App,
) -> None:
    gone, stays = video(app, *PLAN), video(app, "A lighthouse was painted.", name="Other")
    assert await docs(app, "/collection/default", "swordfish")
    (track,) = app.services.library.speech_tracks(gone)
    async with app.local as client:
        assert (await client.delete(f"/video/{gone}")).status_code == 200
    assert await docs(app, "/collection/default", "swordfish") == []
    assert await docs(app, f"/video/{stays}", "lighthouse")
    with app.services.store.read() as connection:
        left = connection.execute(text("select count(*) from segments")).scalar_one()
        vectors = connection.execute(text("select count(*) from vectors")).scalar_one()
    assert (left, vectors) == (1, 1)
    folder = app.services.home.root
    stored = b"".join(path.read_bytes() for path in folder.glob("library.sqlite3*"))
    assert b"lighthouse" in stored
    assert b"swordfish" not in stored
    assert track.id.encode() not in stored


async def test_a_damaged_index_is_said_and_made_anew_by_one_call(app: App) -> None:
    asset = video(app, *PLAN)
    assert await docs(app, f"/video/{asset}", "swordfish")
    with app.services.store.write() as connection:
        connection.execute(text("drop table segments_fts"))
    refused = await post(app, f"/video/{asset}/search", {"query": "swordfish"})
    assert refused.status_code == 500
    assert "jupyter-capture index --rebuild" in refused.json()["message"]
    job = (await post(app, "/index/rebuild")).json()["data"]["id"]
    wait_for(lambda: app.services.jobs.get(job).status == "done", what="the index")
    # These sentences had vectors of no length, which is not sound.
    assert app.services.jobs.get(job).result == {"segments": 3, "vectors": 3, "indexes": 0}
    assert await docs(app, f"/video/{asset}", "swordfish")
    (best, *_) = await docs(app, f"/video/{asset}", "a meal at noon", mode="semantic")
    assert "lunch" in best["text"]


async def test_an_index_that_is_deleted_while_it_is_made_leaves_nothing(app: App) -> None:
    asset = video(app, *PLAN)
    job = (await post(app, f"/video/{asset}/index", {"force": True})).json()["data"]["id"]
    async with app.local as client:
        assert (await client.delete(f"/video/{asset}")).status_code == 200
    row = wait_for(
        lambda: (found := app.services.jobs.get(job)).status in ("done", "failed") and found,
        what="the job's end",
    )
    assert row.status == "failed"
    assert "unexpectedly" not in row.error["message"]
    with app.services.store.read() as connection:
        for table in ("segments", "vectors", "indexes"):
            assert connection.execute(text(f"select count(*) from {table}")).scalar_one() == 0


async def test_a_large_library_is_read_before_anybody_searches(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readiness, "_MANY", 2)
    asset = video(app, *PLAN)
    app.services.finder.ready.begin()
    wait_for(lambda: bool(app.services.finder.ready), what="that it was read")
    async with app.local as client:
        assert (await client.get("/engine")).json()["data"]["search_ready"] is True
    monkeypatch.setattr(memory, "read_signs", None)  # nothing is left to read
    assert len(await docs(app, f"/video/{asset}", "budget")) == 1


async def test_a_video_without_sound_says_where_there_is_some_and_what_else_to_index(
    app: App,
) -> None:
    asset = clip(app.services, pictures=numbered(2), seconds=2.0)
    asked = await post(app, f"/video/{asset}/index")
    assert asked.status_code == 400
    assert "has no sound" in asked.json()["message"]
    found = await post(app, f"/video/{asset}/search", {"query": "budget"})
    assert found.status_code == 400
    assert "index_screen_text()" in found.json()["message"]
