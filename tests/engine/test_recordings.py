"""What becomes of a recording: its states, its export, its erasure."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from engine_harness import LIVE_MIC, MIC, SCREEN, Bench, Receiver, reach, wait_for

from jupyter_capture.client.session import CaptureSession
from jupyter_capture.errors import (
    ConflictError,
    GoneError,
    InvalidRequestError,
    NotFoundError,
    UnknownChannelError,
)

SOUND = {"name": "system_audio:default", "store": True}


def files(folder: Path) -> dict[str, tuple[int, int]]:
    """Inode and size of each media file."""
    return {
        str(path.relative_to(folder)): (path.stat().st_ino, path.stat().st_size)
        for path in folder.rglob("*.mp4")
    }


def deliveries(bench: Bench, session: CaptureSession) -> list[dict[str, Any]]:
    query = "select body from deliveries where session_id = ? order by created_at"
    return [json.loads(body) for (body,) in bench.rows(query, session.id)]


def test_export_makes_the_assets_of_the_page_and_copies_nothing(
    common: Bench, receiver: Any
) -> None:
    hook: Receiver = receiver(204)
    session = common.begin(SCREEN, MIC, SOUND, callback_url=hook.url)
    reach(session, 1)
    recording = files(common.folder(session))
    session.stop()
    assert session.status == "exported"
    stored = files(common.folder(session))
    assert {name: inode for name, (inode, _) in stored.items()} == {
        name: inode for name, (inode, _) in recording.items()
    }
    # Fragments were added at the end; a copy would at least double the bytes.
    assert session.exported_video_id is not None
    assert session.exported_video_id.startswith("m-")
    raw = {stream.name: stream.exported_asset_id or "" for stream in session.rtstreams}
    assert raw["display:1"].startswith("m-")
    assert raw["display:1"] != session.exported_video_id
    assert raw["mic:default"].startswith("a-")
    assert raw["system_audio:default"].startswith("a-")
    parts = {
        asset: [
            channel
            for (channel,) in common.rows(
                "select channel_id from asset_tracks join tracks on id = track_id"
                " where asset_id = ? order by ordinal",
                asset,
            )
        ]
        for asset in (session.exported_video_id, *raw.values())
    }
    assert parts == {
        session.exported_video_id: ["display:1", "mix"],
        raw["display:1"]: ["display:1"],
        raw["mic:default"]: ["mic:default"],
        raw["system_audio:default"]: ["system_audio:default"],
    }
    bodies = deliveries(common, session)
    assert [body["status"] for body in bodies] == [
        "created", "starting", "active", "stopping", "stopped", "exported",
    ]  # fmt: skip
    assert [body["sequence"] for body in bodies] == [1, 2, 3, 4, 5, 6]
    assert {stream["name"] for stream in bodies[2]["data"]["rtstreams"]} == set(raw)
    assert bodies[-1]["data"]["exported_video_id"] == session.exported_video_id
    assert httpx.get(bodies[-1]["data"]["stream_url"]).text.startswith("#EXTM3U")


def test_without_a_kept_channel_it_ends_stopped_and_says_so(common: Bench) -> None:
    session = common.begin(LIVE_MIC, callback_url="http://127.0.0.1:9/nobody")
    reach(session, 0.5)
    session.stop()
    assert session.status == "stopped"
    assert session.exported_video_id is None
    assert session.stop().status == "stopped"
    stopped = deliveries(common, session)[-1]
    assert stopped["event"] == "capture_session.stopped"
    assert stopped["data"]["exports"] is False
    assert "No channel was kept" in stopped["data"]["message"]
    assert not files(common.folder(session))
    with pytest.raises(ConflictError, match="live only"):
        session.rtstreams[0].export()


def test_of_sound_alone_the_mix_is_the_video(common: Bench) -> None:
    session = common.record(MIC, {"name": "system_audio:default", "store": False})
    assert session.status == "exported"
    (channel,) = common.rows(
        "select channel_id from asset_tracks join tracks on id = track_id where asset_id = ?",
        session.exported_video_id,
    )
    assert channel == ("mix",)
    video = common.connection.get_collection().get_video(session.exported_video_id)
    master = httpx.get(video.generate_stream()).text
    assert "audio" in master
    assert "RESOLUTION" not in master
    assert {stream.name: stream.exported_asset_id for stream in session.rtstreams}[
        "system_audio:default"
    ] is None


def test_stopping_again_is_the_same_answer_and_changes_nothing(common: Bench) -> None:
    session = common.record(MIC)
    before = (session.exported_video_id, session.duration, files(common.folder(session)))
    session.stop()
    assert (session.exported_video_id, session.duration, files(common.folder(session))) == before


def test_stopped_by_two_at_once_it_is_exported_once(common: Bench) -> None:
    session = common.begin(MIC)
    reach(session, 0.5)
    with ThreadPoolExecutor(4) as pool:
        path = f"capture/session/{session.id}/stop"
        answers = list(pool.map(lambda _: common.connection.http.post(path), range(4)))
    assert {answer["status"] for answer in answers} == {"exported"}
    query = "select count(*) from assets where session_id = ? and channel_id is null"
    assert common.rows(query, session.id) == [(1,)]
    query = "select sequence from sessions where id = ?"
    assert common.rows(query, session.id) == [(6,)]


def test_stopped_while_paused_it_keeps_what_was_before(common: Bench) -> None:
    session = common.begin(MIC)
    reach(session, 1)
    session.pause()
    assert session.status == "paused"
    assert session.pause().status == "paused"
    length = wait_for(lambda: session.refresh().duration)
    session.stop()
    assert session.status == "exported"
    assert session.duration is not None
    assert length - 0.1 <= session.duration <= length + 0.5
    with pytest.raises(ConflictError, match="exported"):
        session.resume()


def test_stopped_while_it_starts_it_comes_to_an_end(common: Bench) -> None:
    session = common.connection.create_capture_session()
    with ThreadPoolExecutor(1) as pool:
        starting = pool.submit(session.start, [MIC])
        query = "select 1 from sessions where id = ? and status = 'starting'"
        wait_for(lambda: common.rows(query, session.id))
        other = common.connection.get_capture_session(session.id).stop()
        starting.result()
    assert other.status in ("exported", "stopped")
    assert common.connection.status().recordings == []


def test_starting_twice_is_a_conflict_and_harms_nothing(common: Bench) -> None:
    session = common.begin(MIC)
    with pytest.raises(ConflictError, match="active already"):
        session.start([MIC])
    session.stop()
    assert session.status == "exported"
    with pytest.raises(ConflictError, match="exported already"):
        session.start([MIC])


def test_stopping_what_never_started_says_so(common: Bench) -> None:
    session = common.connection.create_capture_session()
    with pytest.raises(ConflictError, match="never started"):
        session.stop()
    session.delete()
    with pytest.raises(NotFoundError):
        session.refresh()


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("micro:default", "display:1, mic:default"),
        ("mic:nowhere", "mic:default"),
        ("display:7", "display:1"),
        ("camera:1", "Cameras on this machine"),
    ],
)
def test_an_unknown_channel_is_answered_with_those_there_are(
    common: Bench, name: str, known: str
) -> None:
    session = common.connection.create_capture_session()
    with pytest.raises(UnknownChannelError) as caught:
        session.start([{"name": name, "store": True}])
    assert name in caught.value.message
    assert known in caught.value.message
    assert session.refresh().status in ("created", "failed")
    assert common.connection.status().recordings == []


def test_a_bad_list_of_channels_leaves_the_session_as_it_was(common: Bench) -> None:
    session = common.connection.create_capture_session()
    for channels, word in [
        ([], "at least one"),
        ([MIC, MIC], "given twice"),
        ([{"store": True}], "channel_id"),
    ]:
        with pytest.raises(InvalidRequestError, match=word):
            common.connection.http.post(
                "capture/session/start", {"session_id": session.id, "channels": channels}
            )
    with pytest.raises(InvalidRequestError, match="primary video"):
        session.start([MIC, {"name": "display:1"}], primary_video_channel_id="display:1")
    assert session.refresh().status == "created"


def test_deleting_an_asset_names_those_that_share_and_frees_what_none_needs(common: Bench) -> None:
    session = common.record(SCREEN, MIC)
    muxed = session.exported_video_id
    raw = {stream.name: stream.exported_asset_id for stream in session.rtstreams}
    folder = common.folder(session)
    assert len(files(folder)) == 3
    delete = common.connection.http.delete
    answer = delete(f"audio/{raw['mic:default']}")
    assert answer["shared_with"] == [muxed]  # whose mix was made of it
    assert str(muxed) in answer["message"]
    assert len(files(folder)) == 3
    answer = delete(f"video/{muxed}")
    assert answer["shared_with"] == [raw["display:1"]]
    assert [name.partition("/")[0] for name in files(folder)] == [
        item.path.rpartition("/")[2]
        for item in session.refresh().storage
        if item.channel_id == "display:1"
    ]
    answer = delete(f"video/{raw['display:1']}")
    assert answer["shared_with"] == []
    assert not files(folder)
    assert session.refresh().storage == []
    with pytest.raises(GoneError, match="was deleted"):
        delete(f"video/{muxed}")


def test_deleting_a_session_leaves_nothing_of_it(common: Bench) -> None:
    kept = common.record(MIC)
    session = common.record(SCREEN, MIC, callback_url="http://127.0.0.1:9/nobody")
    video = common.connection.get_collection().get_video(session.exported_video_id)
    video.download()  # makes a file of it in the cache
    stream = video.generate_stream()
    downloads = common.data_dir / "cache" / "downloads"
    made = {path.name for path in downloads.glob("stm-*.mp4")}
    assert made
    session.delete()
    assert not common.folder(session).exists()
    for table, column in [
        ("sessions", "id"), ("rtstreams", "session_id"), ("tracks", "session_id"),
        ("assets", "session_id"), ("deliveries", "session_id"),
    ]:  # fmt: skip
        query = f"select * from {table} where {column} = ?"
        assert common.rows(query, session.id) == [], table
    assert common.rows("select id from streams where spec like ?", f"%{video.id}%") == []
    assert not made & {path.name for path in downloads.glob("stm-*.mp4")}
    assert httpx.get(stream).status_code in (404, 410)
    assert common.folder(kept).exists()
    with pytest.raises(NotFoundError):
        session.delete()


def test_a_running_session_cannot_be_deleted(common: Bench) -> None:
    session = common.begin(MIC)
    with pytest.raises(ConflictError, match="Stop it first"):
        session.delete()
    reach(session, 0.3)
    session.stop()
    session.delete()
    assert not common.folder(session).exists()


def test_what_a_live_only_channel_carries_is_in_no_file(common: Bench, on_desktop: Any) -> None:
    session = common.record(SCREEN, LIVE_MIC)
    assert {item.channel_id for item in session.storage} == {"display:1"}
    written = b"".join(
        path.read_bytes()
        for path in common.folder(session).rglob("*")
        if path.is_file() and path.name != "spec.json"
    )
    assert b"mic:default" not in written
    assert b"soun" not in written  # no sound track in any file
