"""Whatever dies, what was recorded is a recording."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx
import pytest
from engine_harness import LIVE_MIC, MIC, SCREEN, App, Bench, alive, kill, reach, wait_for
from live_harness import workers_of

from jupyter_capture.client.connection import connect
from jupyter_capture.client.session import CaptureSession
from jupyter_capture.desktop import VirtualDesktop
from jupyter_capture.errors import ConflictError, DeviceError, StorageFullError
from jupyter_capture.wire.capture import ChannelRequest, SessionCreate, SessionStart
from jupyter_capture.wire.recorder import MIX


def length_of(bench: Bench, session: CaptureSession) -> float:
    video = bench.connection.get_collection().get_video(session.exported_video_id)
    return float(video.length)


def sound_of(bench: Bench, session: CaptureSession) -> None:
    """Raises where the exported video does not play."""
    video = bench.connection.get_collection().get_video(session.exported_video_id)
    url = video.generate_stream()
    assert httpx.get(urljoin(url, "a/0.m4s")).content[4:8] in (b"styp", b"moof")


@dataclass
class After:
    """Sessions of an engine that was killed, as the next one found them."""

    bench: Bench
    recorders: dict[str, int]
    sessions: dict[str, CaptureSession]


@pytest.fixture(scope="module")
def after(desktop: VirtualDesktop, tmp_path_factory: pytest.TempPathFactory) -> Iterator[After]:
    """What ran when the engine was killed, and what befell its recorders before the next one."""
    data_dir = tmp_path_factory.mktemp("deaths")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in desktop.env.items():
            patch.setenv(name, value)
        bench = Bench(data_dir, connect(data_dir=data_dir))
        named = {
            "exported": bench.record(MIC),
            "erased": bench.record(MIC, seconds=0.3),
            "goes on": bench.begin(SCREEN, MIC),
            "killed": bench.begin(SCREEN, MIC),
            "killed long ago": bench.begin(SCREEN, MIC),
            "ended well": bench.begin(MIC),
            "no socket": bench.begin(MIC),
            "damaged": bench.begin(LIVE_MIC),
            "nothing kept": bench.begin(LIVE_MIC),
            "only mixed": bench.begin(MIC),
        }
        reach(named["no socket"], 1)
        recorders = {name: bench.recorder_pid(each) for name, each in named.items()}
        engine = bench.engine_pid
        os.kill(engine, signal.SIGSTOP)  # else it would notice what happens to the recorders
        for name in ("killed long ago", "only mixed"):
            reach_on_disk(bench, named[name])
        for name in ("killed", "killed long ago", "damaged", "nothing kept", "only mixed"):
            kill(recorders[name])
        leave_the_mix(bench, named["only mixed"])
        for name in ("killed long ago", "nothing kept", "only mixed"):
            os.utime(bench.folder(named[name]) / "manifest.json", (0, 0))
        kill(engine)
        os.kill(recorders["ended well"], signal.SIGTERM)  # it finishes, with nobody to tell
        wait_for(lambda: not alive(recorders["ended well"]))
        spec = json.loads((bench.folder(named["no socket"]) / "spec.json").read_text())
        Path(spec["socket"]).unlink()  # as a cleaner of temporary files might
        (bench.folder(named["damaged"]) / "manifest.json").write_text('{"session_id": 5')
        undo_export(bench, named["exported"])
        undo_erasure(bench, named["erased"])
        bench.connection.status()  # which starts the next engine
    for name, each in named.items():
        if name != "erased":
            each.refresh()
    yield After(bench, recorders, named)
    bench.close()


def reach_on_disk(bench: Bench, session: CaptureSession) -> None:
    """Until something is stored, without asking the engine."""
    stored = bench.folder(session)
    wait_for(lambda: all(path.stat().st_size > 2000 for path in stored.glob("trk-*/0.mp4")))


def leave_the_mix(bench: Bench, session: CaptureSession) -> None:
    """As a kill leaves it between the first fragment of the mix and that of the channel."""
    manifest = json.loads((bench.folder(session) / "manifest.json").read_text())
    for track in manifest["tracks"]:
        if track["channel_id"] != MIX:
            path = bench.folder(session) / track["parts"][0]["file"]
            os.truncate(path, path.read_bytes().index(b"moof") - 4)


def undo_export(bench: Bench, session: CaptureSession) -> None:
    """As it is on the disk when the engine dies after the stop's transaction."""
    one = f"session_id = '{session.id}'"
    change(
        bench,
        f"delete from asset_tracks where asset_id in (select id from assets where {one})",
        f"delete from assets where {one}",
        f"delete from tracks where {one}",
        f"update rtstreams set exported_asset_id = null, status = 'stopped' where {one}",
        "update sessions set status = 'stopped', export_status = 'exporting',"
        f" exported_video_id = null where id = '{session.id}'",
    )


def undo_erasure(bench: Bench, session: CaptureSession) -> None:
    """As it is when the engine dies between the rows and the files."""
    (bench.folder(session) / "deleted").touch()
    (bench.data_dir / "tmp" / "half.mp4").touch()
    (bench.data_dir / "sessions" / "cap-unknown").mkdir()
    one = f"session_id = '{session.id}'"
    change(
        bench,
        f"delete from asset_tracks where asset_id in (select id from assets where {one})",
        f"delete from assets where {one}",
        f"delete from tracks where {one}",
        f"delete from rtstreams where {one}",
        f"delete from sessions where id = '{session.id}'",
    )


def change(bench: Bench, *statements: str) -> None:
    connection = sqlite3.connect(bench.data_dir / "library.sqlite3", timeout=30)
    with connection:
        for statement in statements:
            connection.execute(statement)
    connection.close()


def test_a_recorder_goes_on_without_its_engine_and_obeys_the_next_one(after: After) -> None:
    bench, session = after.bench, after.sessions["goes on"]
    assert alive(after.recorders["goes on"])
    running = set(bench.connection.status().recordings)
    assert session.id in running
    assert after.sessions["killed long ago"].id not in running
    assert session.status == "active"
    assert "mic:default" in wait_for(lambda: session.refresh().levels)
    before = session.duration or 0
    reach(session, before + 0.5)
    session.stop()
    assert session.status == "exported"
    assert "recovered" not in session.metadata
    assert length_of(bench, session) > before
    sound_of(bench, session)
    wait_for(lambda: not alive(after.recorders["goes on"]), what="the recorder's end")


def test_with_both_killed_a_moment_ago_the_next_engine_goes_on_with_it(after: After) -> None:
    session = after.sessions["killed"]
    assert session.status == "active"
    before = session.duration or 0
    reach(session, before + 1)
    session.stop()
    assert session.status == "exported"
    assert session.metadata["recovered"] is True
    assert session.metadata["restarts"] == 1
    assert length_of(after.bench, session) > before
    sound_of(after.bench, session)


def test_with_both_killed_long_ago_it_is_exported_with_what_there_is(after: After) -> None:
    session = after.sessions["killed long ago"]
    assert session.status == "exported"
    assert session.metadata["recovered"] is True
    assert length_of(after.bench, session) >= 0.9
    sound_of(after.bench, session)


def test_a_recorder_that_ended_well_meanwhile_was_not_recovered(after: After) -> None:
    session = after.sessions["ended well"]
    assert session.status == "exported"
    assert "recovered" not in session.metadata
    sound_of(after.bench, session)


def test_a_recorder_whose_socket_is_gone_is_ended_and_closed(after: After) -> None:
    session = after.sessions["no socket"]
    wait_for(lambda: session.refresh().status == "exported", what="the export")
    assert "recovered" not in session.metadata
    assert not alive(after.recorders["no socket"])
    sound_of(after.bench, session)


def test_killed_while_nothing_is_kept_it_is_stopped(after: After) -> None:
    session = after.sessions["nothing kept"]
    assert session.status == "stopped"
    assert session.exported_video_id is None
    assert session.metadata["recovered"] is True


def test_with_nothing_but_a_mix_on_the_disk_nobody_waits_for_an_export(after: After) -> None:
    session = after.sessions["only mixed"]
    assert (session.status, session.export_status) == ("stopped", None)
    assert not list(after.bench.folder(session).glob("trk-*"))
    with pytest.raises(ConflictError, match="nothing was kept"):
        session.export()


def test_one_session_that_cannot_be_read_fails_alone(after: After) -> None:
    session = after.sessions["damaged"]
    assert session.status == "failed"
    assert "manifest" in (session.error or "")


def test_an_engine_killed_between_stop_and_export_leaves_the_export_to_the_next(
    after: After,
) -> None:
    session = after.sessions["exported"]
    assert session.status == "exported"
    assert session.rtstreams[0].exported_asset_id is not None
    sound_of(after.bench, session)


def test_erasing_goes_on_where_a_killed_engine_left_it(after: After) -> None:
    assert not after.bench.folder(after.sessions["erased"]).exists()
    # The library may be an older one: nobody said to erase this.
    assert (after.bench.data_dir / "sessions" / "cap-unknown").exists()
    assert not list((after.bench.data_dir / "tmp").iterdir())


def test_a_killed_recorder_is_started_again_and_the_recording_says_so(common: Bench) -> None:
    session = common.begin(SCREEN, MIC)
    reach(session, 1.5)
    first = common.recorder_pid(session)
    reserve = wait_for(lambda: reserves(common), what="a recorder in reserve")
    kill(first)
    wait_for(lambda: common.recorder_pid(session) != first, what="another recorder")
    session.set_store("mic:default", False)  # said before it listens, and obeyed when it does
    assert [common.recorder_pid(session)] == reserve
    assert session.refresh().status == "active"
    wait_for(lambda: session.refresh().warnings, what="a word about it")
    assert "died and was started again" in session.warnings[-1]
    assert {each.id: each.store for each in session.refresh().channels}["mic:default"] is False
    session.set_store("mic:default", True)
    reach(session, 3)
    session.stop()
    assert session.status == "exported"
    assert session.metadata["recovered"] is True
    assert length_of(common, session) >= 2.4
    assert session.stop().status == "exported"
    assert session.id not in common.connection.status().recordings
    assert reserves(common) == []
    sound_of(common, session)


def reserves(bench: Bench) -> list[int]:
    """The recorders that an engine holds ready, in no session's service yet."""
    engine = bench.connection.status().pid
    recording = {int(path.read_text()) for path in bench.data_dir.glob("sessions/*/recorder.pid")}
    return [pid for pid in workers_of(engine, b"--spare") if pid not in recording]


def test_a_recorder_that_dies_again_and_again_is_given_up(common: Bench) -> None:
    session = common.begin(MIC)
    reach(session, 1.2)

    def next_death() -> bool:
        pid = common.recorder_pid(session)
        if alive(pid):
            kill(pid)
        return session.refresh().status == "exported"

    wait_for(next_death, seconds=90, what="the export")
    assert session.metadata["recovered"] is True
    assert length_of(common, session) >= 0.5
    sound_of(common, session)


def test_a_recorder_killed_before_it_began_fails_the_start(common: Bench) -> None:
    session = common.connection.create_capture_session()
    path = common.folder(session) / "recorder.pid"
    with ThreadPoolExecutor(1) as pool:
        starting = pool.submit(session.start, [MIC])
        kill(int(wait_for(lambda: path.exists() and path.read_text())))
        with pytest.raises(DeviceError, match="could not start"):
            starting.result()
    assert session.refresh().status == "failed"
    assert session.error
    assert session.id not in common.connection.status().recordings


def test_a_line_that_broke_is_taken_up_again(app: App, on_desktop: VirtualDesktop) -> None:
    sessions = app.services.sessions
    session_id = sessions.records.create("default", SessionCreate())
    sessions.start(SessionStart(session_id=session_id, channels=[ChannelRequest(**MIC)]))
    live = sessions.live(session_id)
    assert live is not None
    first = live.link
    assert first is not None
    first.close()  # as the recorder does to one that does not listen for too long
    wait_for(lambda: live.link is not first, what="another line")
    assert sessions.records.row(session_id).status == "active"
    sessions.stop(session_id)
    row = sessions.records.row(session_id)
    assert row.status == "exported"
    assert "recovered" not in row.metadata


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
