"""Whatever dies, what was recorded is a recording."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest
from engine_harness import LIVE_MIC, MIC, SCREEN, Bench, alive, kill, reach, wait_for

from jupyter_capture.client.session import CaptureSession
from jupyter_capture.errors import DeviceError, StorageFullError


def length_of(bench: Bench, session: CaptureSession) -> float:
    video = bench.connection.get_collection().get_video(session.exported_video_id)
    return float(video.length)


def test_a_killed_engine_leaves_the_recorder_to_the_next_one(bench: Bench) -> None:
    session = bench.begin(SCREEN, MIC)
    reach(session, 0.5)
    recorder = bench.recorder_pid(session)
    bench.kill_engine()
    assert alive(recorder)
    assert bench.connection.status().recordings == [session.id]
    assert session.refresh().status == "active"
    heard = wait_for(lambda: session.refresh().levels)
    assert "mic:default" in heard
    reach(session, 2)
    session.stop()
    assert session.status == "exported"
    assert "recovered" not in session.metadata
    assert length_of(bench, session) >= 2
    assert bench.recorder_pid(session) == recorder
    wait_for(lambda: not alive(recorder), what="the recorder's end")


def test_an_engine_that_ends_in_order_leaves_it_too(bench: Bench) -> None:
    session = bench.begin(MIC)
    bench.end_engine()
    assert alive(bench.recorder_pid(session))
    assert session.refresh().status == "active"
    reach(session, 1)
    assert session.stop().status == "exported"


def test_a_killed_recorder_leaves_a_recording_that_says_it_was_recovered(bench: Bench) -> None:
    session = bench.begin(SCREEN, MIC)
    reach(session, 2)
    kill(bench.recorder_pid(session))
    wait_for(lambda: session.refresh().status == "exported", what="the export")
    assert session.metadata["recovered"] is True
    assert 1 <= length_of(bench, session) <= (session.duration or 0) + 0.6
    assert session.stop().status == "exported"
    assert bench.connection.status().recordings == []


def test_with_both_killed_the_next_engine_recovers_it(bench: Bench) -> None:
    session = bench.begin(SCREEN, MIC)
    reach(session, 1.5)
    engine, recorder = bench.engine_pid, bench.recorder_pid(session)
    os.kill(engine, signal.SIGSTOP)  # else it would notice the recorder's end
    kill(recorder)
    kill(engine)
    assert session.refresh().status == "exported"
    assert session.metadata["recovered"] is True
    assert length_of(bench, session) >= 0.9


def test_a_recorder_that_ended_well_meanwhile_was_not_recovered(bench: Bench) -> None:
    session = bench.begin(MIC)
    reach(session, 1)
    bench.kill_engine()
    recorder = bench.recorder_pid(session)
    os.kill(recorder, signal.SIGTERM)  # it finishes, with nobody to tell
    wait_for(lambda: not alive(recorder))
    assert session.refresh().status == "exported"
    assert "recovered" not in session.metadata


def test_a_recorder_whose_socket_is_gone_is_ended_and_closed(bench: Bench) -> None:
    session = bench.begin(MIC)
    reach(session, 1)
    bench.kill_engine()
    recorder = bench.recorder_pid(session)
    spec = json.loads((bench.folder(session) / "spec.json").read_text())
    Path(spec["socket"]).unlink()  # as a cleaner of temporary files might
    assert session.refresh().status == "exported"
    assert not alive(recorder)
    assert "recovered" not in session.metadata


def test_a_recorder_killed_before_it_began_fails_the_start(bench: Bench) -> None:
    session = bench.connection.create_capture_session()
    from concurrent.futures import ThreadPoolExecutor

    path = bench.folder(session) / "recorder.pid"
    with ThreadPoolExecutor(1) as pool:
        starting = pool.submit(session.start, [MIC])
        pid = int(wait_for(lambda: path.exists() and path.read_text()))
        kill(pid)
        with pytest.raises(DeviceError, match="could not start"):
            starting.result()
    assert session.refresh().status == "failed"
    assert session.error
    assert bench.connection.status().recordings == []


def test_killed_while_nothing_is_kept_it_is_stopped(bench: Bench) -> None:
    session = bench.begin(LIVE_MIC)
    kill(bench.recorder_pid(session))
    wait_for(lambda: session.refresh().status == "stopped")
    assert session.exported_video_id is None
    assert session.metadata["recovered"] is True


def test_a_line_that_broke_is_taken_up_again(bench: Bench) -> None:
    session = bench.begin(MIC)
    engine, recorder = bench.engine_pid, bench.recorder_pid(session)
    inodes = {
        link.split("[")[1].rstrip("]")
        for name in os.listdir(f"/proc/{engine}/fd")
        if "socket:[" in (link := os.readlink(f"/proc/{engine}/fd/{name}"))
    }
    assert inodes
    # The recorder hangs up on whoever does not read for too long; a stopped engine does not.
    os.kill(engine, signal.SIGSTOP)
    try:
        wait_for(lambda: alive(recorder))
    finally:
        os.kill(engine, signal.SIGCONT)
    reach(session, 1)
    assert session.stop().status == "exported"


def test_an_engine_killed_between_stop_and_export_leaves_the_export_to_the_next(
    bench: Bench,
) -> None:
    session = bench.record(SCREEN, MIC)
    exported = session.exported_video_id
    bench.end_engine()
    # As it is on the disk when the one transaction is there and the other is not.
    for statement in (
        "delete from asset_tracks",
        "delete from assets",
        "delete from tracks",
        "update rtstreams set exported_asset_id = null, status = 'stopped'",
        "update sessions set status = 'stopped', export_status = 'exporting',"
        " exported_video_id = null",
    ):
        change(bench, statement)
    assert session.refresh().status == "exported"
    assert session.exported_video_id not in (None, exported)
    assert length_of(bench, session) >= 1


def change(bench: Bench, statement: str) -> None:
    import sqlite3

    connection = sqlite3.connect(bench.data_dir / "library.sqlite3")
    with connection:
        connection.execute(statement)
    connection.close()


def test_one_session_that_cannot_be_read_does_not_keep_the_engine_from_starting(
    bench: Bench,
) -> None:
    good, bad = bench.begin(MIC), bench.begin(LIVE_MIC)
    reach(good, 1)
    engine = bench.engine_pid
    recorders = bench.recorder_pid(good), bench.recorder_pid(bad)
    os.kill(engine, signal.SIGSTOP)
    for pid in (*recorders, engine):
        kill(pid)
    (bench.folder(bad) / "manifest.json").write_text('{"session_id": 5')
    assert good.refresh().status == "exported"
    assert bad.refresh().status == "failed"
    assert "manifest" in (bad.error or "")


def test_erasing_goes_on_where_a_killed_engine_left_it(bench: Bench) -> None:
    kept, erased = bench.record(MIC), bench.record(MIC)
    (bench.folder(erased) / "deleted").touch()
    bench.end_engine()
    for statement in (
        f"delete from asset_tracks where asset_id in"
        f" (select id from assets where session_id = '{erased.id}')",
        f"delete from assets where session_id = '{erased.id}'",
        f"delete from tracks where session_id = '{erased.id}'",
        f"delete from rtstreams where session_id = '{erased.id}'",
        f"delete from sessions where id = '{erased.id}'",
    ):
        change(bench, statement)
    (bench.data_dir / "tmp" / "half.mp4").touch()
    unknown = bench.data_dir / "sessions" / "cap-unknown"
    unknown.mkdir()
    bench.connection.status()
    assert not bench.folder(erased).exists()
    assert bench.folder(kept).exists()
    assert unknown.exists()  # the library may be an older one: nobody said to erase this
    assert not list((bench.data_dir / "tmp").iterdir())


def test_a_disk_without_room_refuses_the_start_and_keeps_the_rest(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = bench.record(MIC)
    bench.end_engine()
    monkeypatch.setenv("JUPYTER_CAPTURE_DISK_RESERVE_MB", "100000000")
    session = bench.connection.create_capture_session()
    with pytest.raises(StorageFullError, match="JUPYTER_CAPTURE_DATA_DIR"):
        session.start([MIC])
    assert session.refresh().status == "failed"
    assert before.refresh().status == "exported"
    assert length_of(bench, before) > 0


def test_a_machine_without_a_display_or_sound_says_what_to_do(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    monkeypatch.delenv("DISPLAY")
    monkeypatch.setenv("PULSE_SERVER", f"unix:{tmp_path}/none.sock")
    for channel, word in [(SCREEN, "DISPLAY"), (MIC, "PulseAudio")]:
        session = bench.connection.create_capture_session()
        with pytest.raises(DeviceError, match=word) as caught:
            session.start([channel])
        assert "The engine (process" in caught.value.message
        assert session.refresh().status == "failed"
    assert bench.connection.status().recordings == []
