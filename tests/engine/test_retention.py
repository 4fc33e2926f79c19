"""What is too old, or too much, goes from the disk; what is recorded or worked on stays."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from engine_harness import MIC, App, Bench
from sqlalchemy import text
from stock import clip, numbered, sentence, tone

from jupyter_capture import logs
from jupyter_capture.engine.retention import Held, chosen
from jupyter_capture.errors import InvalidRequestError
from jupyter_capture.wire.retention import PurgeRequest

DAY = 86400.0
NOW = 1_800_000_000.0
Make = Callable[..., App]


def held(id: str, days_ago: float, size: int = 10, busy: bool = False) -> Held:
    return Held(id, "session", "", NOW - days_ago * DAY, size, busy)


def ids(found: list[Held], days: float | None, most: int | None) -> tuple[list[str], int]:
    due, kept = chosen(found, NOW, days, most)
    return [one.id for one in due], kept


def test_the_oldest_goes_first_and_no_more_than_has_to() -> None:
    found = [held("a", 9), held("b", 5), held("c", 2)]
    assert ids(found, None, None) == ([], 0)
    assert ids(found, 4, None) == (["a", "b"], 0)
    assert ids(found, None, 30) == ([], 0)
    assert ids(found, None, 29) == (["a"], 0)
    assert ids(found, None, 0) == (["a", "b", "c"], 0)
    assert ids(found, 8, 15) == (["a", "b"], 0)


def test_what_was_just_recorded_or_is_worked_on_stays_and_is_counted() -> None:
    found = [held("a", 9, busy=True), held("b", 5), held("c", 0.01)]
    assert ids(found, 1, 0) == (["b"], 2)


def planted(root: Path, word: bytes) -> list[Path]:
    return [path for path in root.rglob("*") if path.is_file() and word in path.read_bytes()]


async def test_with_an_upload_go_its_words_vectors_thumbnails_and_cached_segments(app: App) -> None:
    services = app.services
    said = [sentence("Secret pineapple budget", 1, 2.5)]
    old = clip(services, pictures=numbered(3), seconds=3.0, sound=tone(3), said=said)
    young = clip(services, sound=tone(1), said=[sentence("Harmless words", 0, 1)])
    with services.store.write() as connection:
        named = {"id": young, "at": int(time.time())}
        connection.execute(text("update assets set created_at = :at where id = :id"), named)
    async with app.local as client:
        picture = await client.get(f"/video/{old}/thumbnail", params={"timestamp": 1})
        assert picture.status_code == 200
    services.segments.put("key", "v0.m4s", b"drawn", frozenset([old]), services.segments.turn())
    services.home.previews(old).mkdir(parents=True, mode=0o700)
    (services.home.previews(old) / "sprite.jpg").write_bytes(b"drawn")
    assert planted(services.home.root, b"pineapple")

    async with app.local as client:
        looked = (await client.post("/purge", json={"keep_days": 30, "dry_run": True})).json()
        assert [one["id"] for one in looked["data"]["deleted"]] == [old]
        assert services.library.asset(old)
        done = (await client.post("/purge", json={"keep_days": 30})).json()["data"]
    assert [(one["id"], one["reason"]) for one in done["deleted"]] == [(old, "age")]
    assert done["deleted"][0]["bytes"] > 10_000
    assert [row.id for row in services.library.assets()] == [young]
    assert planted(services.home.root, b"pineapple") == []
    assert planted(services.home.root, b"drawn") == []
    assert not (services.home.uploads / old).exists()
    with services.store.read() as connection:
        counts = [
            connection.execute(text(f"select count(*) from {table}")).scalar()
            for table in ("segments", "vectors", "indexes")
        ]
    assert counts == [1, 1, 1]


def test_without_a_rule_nothing_is_deleted_and_that_is_said(app: App) -> None:
    with pytest.raises(InvalidRequestError, match="KEEP_DAYS"):
        app.services.retention.purge(PurgeRequest())


def test_what_the_settings_say_holds_without_being_asked(make_app: Make) -> None:
    services = make_app(max_bytes=1000).services
    old = clip(services, sound=tone(1))
    assert [one.id for one in services.retention.purge(PurgeRequest()).deleted] == [old]


def test_sessions_are_deleted_whole_and_the_command_asks_first(common: Bench) -> None:
    old, young = common.record(MIC, seconds=0.3), common.record(MIC, seconds=0.3)
    running = common.begin(MIC)
    long_ago = int(time.time() - 40 * DAY)
    change = "update assets set created_at = ? where session_id = ?"
    with sqlite3.connect(common.data_dir / "library.sqlite3", timeout=30) as connection:
        connection.execute(change, (long_ago, old.id))
    connection.close()
    env = {**os.environ, "JUPYTER_CAPTURE_DATA_DIR": str(common.data_dir)}

    def purge(*options: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "jupyter_capture.cli", "purge", *options]
        return subprocess.run(
            command, env=env, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
        )

    looked = purge("--keep-days", "30", "--dry-run")
    assert old.id in looked.stdout
    assert "too old" in looked.stdout
    assert young.id not in looked.stdout
    asked = purge("--keep-days", "30")
    assert asked.returncode == 1
    assert "--yes" in asked.stderr
    assert common.folder(old).exists()
    wrong = purge("--max-bytes", "a lot")
    assert wrong.returncode == 1
    assert "20GB" in wrong.stderr
    assert "1 deleted" in purge("--keep-days", "30", "--yes").stdout
    assert not common.folder(old).exists()
    assert common.rows("select 1 from sessions where id = ?", old.id) == []
    everything = common.connection.purge(max_bytes=0)
    assert {young.id, running.id} & {one.id for one in everything.deleted} == set()
    assert everything.kept >= 2
    assert running.stop().status == "exported"


def test_a_log_is_cut_off_before_it_fills_the_disk(tmp_path: Path) -> None:
    path = tmp_path / "engine.log"
    code = (
        "import logging, sys; from pathlib import Path; from jupyter_capture import logs;"
        "logging.basicConfig(level='INFO', handlers=[logs.Bounded(Path(sys.argv[1]), 2000)]);"
        "[logging.info('line %d', n) for n in range(1000)]"
    )
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    subprocess.run([sys.executable, "-c", code, str(path)], stderr=handle, check=True)
    os.close(handle)
    older = tmp_path / "engine.log.1"
    assert 0 < path.stat().st_size <= 2100
    assert 0 < older.stat().st_size <= 2100
    assert "line 999" in path.read_text() + older.read_text()
    assert older.stat().st_mode & 0o777 == 0o600
    assert sorted(each.name for each in tmp_path.iterdir()) == ["engine.log", "engine.log.1"]
    assert logs.MOST_BYTES < 10_000_000
