"""Every row has its file, and every file its row, after all that a library goes through.

The fixtures of this folder ask the same when their engines end (`Bench.close`).
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from consistency import inconsistencies
from engine_harness import LIVE_MIC, MIC, SCREEN, App, Bench, kill, reach, wait_for
from sqlalchemy import text
from stock import clip, tone

from jupyter_capture.engine.schema import jobs
from jupyter_capture.engine.specs import whole


def test_rows_and_files_agree_after_a_librarys_life(common: Bench) -> None:
    http = common.connection.http
    whole = common.record(SCREEN, MIC)
    http.post(f"video/{whole.exported_video_id}/index", {})
    common.connection.get_collection().get_video(whole.exported_video_id).download()
    assert inconsistencies(common.data_dir) == []

    common.record(LIVE_MIC, seconds=0.2)
    at_once = common.begin(SCREEN, MIC)
    at_once.stop()
    assert inconsistencies(common.data_dir) == []

    killed = common.begin(SCREEN, MIC)
    reach(killed, 0.7)
    first = common.recorder_pid(killed)
    kill(first)
    wait_for(lambda: common.recorder_pid(killed) != first, what="another recorder")
    reach(killed, (killed.refresh().duration or 0) + 0.5)
    killed.stop()
    assert inconsistencies(common.data_dir) == []

    raw = {stream.name: stream.exported_asset_id for stream in whole.rtstreams}
    for path in (
        f"audio/{raw['mic:default']}",
        f"video/{whole.exported_video_id}",
        f"video/{raw['display:1']}",
    ):
        http.delete(path)
        assert inconsistencies(common.data_dir) == []
    assert common.rows("select 1 from segments where track_id not in (select id from tracks)") == []

    for session in (whole, at_once, killed):
        session.delete()
        assert inconsistencies(common.data_dir) == []


def test_what_does_not_agree_is_found(common: Bench, tmp_path: Path) -> None:
    session = common.record(MIC, seconds=0.3)
    copy = tmp_path / "copy"
    (copy / "tmp").mkdir(parents=True, mode=0o700)
    (copy / "sessions").mkdir(mode=0o700)
    copy.joinpath("library.sqlite3").touch()
    common.rows("vacuum into ?", str(copy / "other.sqlite3"))
    (copy / "other.sqlite3").replace(copy / "library.sqlite3")
    (copy / "library.sqlite3").chmod(0o600)
    shutil.copytree(common.folder(session), copy / "sessions" / session.id)
    lost = {line.partition(":")[0] for line in inconsistencies(copy)}
    own = {item.path.rpartition("/")[2] for item in session.storage}
    assert not lost & own
    next((copy / "sessions").rglob("*.mp4")).unlink()
    assert {line.partition(":")[0] for line in inconsistencies(copy)} & own


def test_what_a_death_between_rows_and_files_left_is_gone_with_the_next_start(
    make_app: Callable[..., App],
) -> None:
    services = make_app().services
    root, home = services.home.root, services.home
    gone, stays = (clip(services, sound=tone(1)) for _ in range(2))
    streams = [services.streams.create(whole(asset_id, 1.0)) for asset_id in (gone, stays)]
    home.downloads.mkdir(mode=0o700)
    for stream in (*streams, "stm-0123456789abcdef01234567"):
        (home.downloads / f"{stream}-0.mp4").write_bytes(b"made of it")
    given_up = home.uploads / "m-0123456789abcdef"
    given_up.mkdir(mode=0o700)
    with services.store.write() as connection:
        held = {"id": gone}
        track = connection.execute(
            text("select track_id from asset_tracks where asset_id = :id"), held
        ).scalar_one()
        connection.execute(text("delete from asset_tracks where asset_id = :id"), held)
        connection.execute(text("delete from tracks where id = :id"), {"id": track})
        connection.execute(text("update assets set deleted_at = 1 where id = :id"), held)
        failed = {"id": "job-1", "kind": "ingest", "key": "ingest:0123456789abcdef", "args": {}}
        connection.execute(jobs.insert().values(**failed, status="failed", created_at=0.0))
    make_app()
    assert not (home.uploads / gone).exists()
    assert (home.uploads / stays).exists()
    assert not given_up.exists()
    assert [path.name for path in home.downloads.iterdir()] == [f"{streams[1]}-0.mp4"]
    assert [said for said in inconsistencies(root) if "mode" not in said] == []
