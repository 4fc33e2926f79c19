"""What a disk damaged is said, contained, and made again where it can be."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from consistency import inconsistencies
from engine_harness import MIC, SCREEN, App, Bench
from stock import clip, tone

from jupyter_capture.engine.segment_cache import SegmentCache
from jupyter_capture.media.track_index import FRAGMENT, read_idx, write_idx

Make = Callable[..., App]


def test_a_damaged_cached_segment_is_made_again(tmp_path: Path) -> None:
    cache = SegmentCache(tmp_path, 10_000)
    cache.put("key", "v0.m4s", bytes(range(200)), frozenset(["m-1"]), cache.turn())
    path = tmp_path / "key" / "v0.m4s"
    for at in (0, 100, path.stat().st_size - 1):
        whole = path.read_bytes()
        broken = bytearray(whole)
        broken[at] ^= 0x10
        path.write_bytes(broken)
        assert cache.get("key", "v0.m4s") is None
        assert not path.exists()
        path.write_bytes(whole)
    path.write_bytes(path.read_bytes()[:3])
    assert cache.get("key", "v0.m4s") is None


def test_a_damaged_index_of_a_track_is_not_believed(tmp_path: Path) -> None:
    track = tmp_path / "0.mp4"
    track.write_bytes(bytes(100))
    rows = np.array([(0, 45000, 0, 100, 0, True)], FRAGMENT)
    write_idx(tmp_path / "0.idx", track.stat(), rows)
    found = read_idx(tmp_path / "0.idx", track.stat())
    assert found is not None
    assert found.tolist() == rows.tolist()
    whole = (tmp_path / "0.idx").read_bytes()
    for at in range(len(whole)):
        broken = bytearray(whole)
        broken[at] ^= 0x01
        (tmp_path / "0.idx").write_bytes(broken)
        assert read_idx(tmp_path / "0.idx", track.stat()) is None


def overwrite_page_of(database: Path, table: str) -> None:
    connection = sqlite3.connect(database)
    size = connection.execute("pragma page_size").fetchone()[0]
    query = "select rootpage from sqlite_master where name = ?"
    page = connection.execute(query, (table,)).fetchone()[0]
    connection.close()
    with database.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(os.urandom(size))


async def test_a_damaged_page_of_the_library_fails_what_needs_it_and_nothing_else(
    make_app: Make,
) -> None:
    before = make_app()
    asset_id = clip(before.services, sound=tone(1))
    before.services.store.flush()
    before.services.store.close()
    overwrite_page_of(before.services.home.database, "alerts")
    overwrite_page_of(before.services.home.database, "alert_events")
    app = make_app()
    async with app.local as client:
        failed = await client.get("/rtstream/event")
        assert (failed.status_code, failed.json()["error_code"]) == (500, "ENGINE_FAILED")
        assert "library.sqlite3 is damaged" in failed.json()["message"]
        assert "backup" in failed.json()["message"]
        listed = (await client.get("/audio", params={"collection_id": "default"})).json()
        assert [one["id"] for one in listed["data"]["audios"]] == [asset_id]
        stream = await client.post(f"/audio/{asset_id}/stream", json={})
        assert stream.status_code == 200, stream.text


def test_a_library_that_was_lost_is_made_again_of_the_recordings(bench: Bench) -> None:
    session = bench.record(SCREEN, MIC, seconds=0.6)
    channels = {stream.name for stream in session.rtstreams}
    bench.end_engine()
    (bench.folder(session) / "recorder.pid").unlink()
    for path in bench.data_dir.glob("library.sqlite3*"):
        path.unlink()
    (found,) = bench.connection.list_capture_sessions()
    assert (found.id, found.status) == (session.id, "exported")
    assert {stream.name for stream in found.rtstreams} == channels
    assert found.metadata["recovered"] is True
    assert abs(float(found.duration or 0) - float(session.duration or 0)) < 0.01
    video = bench.connection.get_collection().get_video(found.exported_video_id)
    assert video.generate_stream()
    assert abs(time.time() - float(found.started_at or 0)) < 3600
    assert inconsistencies(bench.data_dir) == []
