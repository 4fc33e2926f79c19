"""Every row has its file, and every file its row, after all that a library goes through.

The fixtures of this folder ask the same when their engines end (`Bench.close`).
"""

from __future__ import annotations

import shutil
from pathlib import Path

from consistency import inconsistencies
from engine_harness import LIVE_MIC, MIC, SCREEN, Bench, kill, reach, wait_for


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
