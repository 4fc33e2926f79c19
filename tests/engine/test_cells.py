"""Executed cells of a recording: taken in, masked, kept or not, found, and erased."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import pytest
from engine_harness import LIVE_MIC, MIC, SCREEN, Bench, reach

from jupyter_capture.client._playable import Playable
from jupyter_capture.client.search import Shot
from jupyter_capture.client.session import CaptureSession
from jupyter_capture.engine.wallclock import media_time, unix_time
from jupyter_capture.errors import (
    ConflictError,
    InvalidRequestError,
    NotFoundError,
    NotIndexedError,
)

KEPT_CELLS = {"name": "notebook:cells", "store": True}
LIVE_CELLS = {"name": "notebook:cells", "store": False}


def cell(code: str, started: float, seconds: float = 0.2, **more: Any) -> dict[str, Any]:
    return {"code": code, "started": started, "ended": started + seconds, **more}


def post(bench: Bench, session: CaptureSession, *cells: dict[str, Any]) -> list[dict[str, Any]]:
    answer = bench.connection.http.post(
        f"capture/session/{session.id}/cells", {"cells": list(cells)}
    )
    return list(answer["cells"])


def kept(bench: Bench, session: CaptureSession) -> list[str]:
    answer = bench.connection.http.get(f"capture/session/{session.id}/cells")
    return [each["code"] for each in answer["cells"]]


def stored(data_dir: Path, words: str) -> list[Path]:
    """The files in which these words stand."""
    found = [path for path in data_dir.rglob("*") if path.is_file()]
    return [path for path in found if words.encode() in path.read_bytes()]


@pytest.fixture(scope="module")
def taught(common: Bench) -> Iterator[CaptureSession]:
    """A recording of a screen during which three cells ran, the last of them in vain."""
    session = common.begin(SCREEN, MIC, KEPT_CELLS)
    reach(session, 2.5)
    started = session.started_at or 0
    post(
        common,
        session,
        cell("import numpy as np", started + 0.3, number=1),
        cell("scaler.fit_transform(X)", started + 1.0, number=2, cell_id="b"),
    )
    session.stop()
    # The last cell of a recording is told of after its end.
    late = cell("1 / 0", started + 1.8, number=3, status="error", error="ZeroDivisionError")
    post(common, session, late)
    yield session
    session.delete()


def test_cells_get_the_media_time_at_which_they_ran(common: Bench, taught: CaptureSession) -> None:
    answer = common.connection.http.get(f"capture/session/{taught.id}/cells")
    starts = [round(each["start"], 1) for each in answer["cells"]]
    assert starts == [0.3, 1.0, 1.8]
    assert answer["store"] is True


def test_a_search_for_a_cell_finds_the_moment_it_ran(common: Bench, taught: CaptureSession) -> None:
    video = common.connection.get_collection().get_video(taught.exported_video_id or "")
    (best, *_) = video.search("channel:cells fit_transform").shots
    assert best.text == "scaler.fit_transform(X)"
    assert best.start == pytest.approx(1.0, abs=0.05)
    assert best.channel == "notebook:cells"
    assert best.end <= taught.refresh().duration
    failed = video.search("channel:cells ZeroDivisionError", mode="keyword").shots[0]
    assert failed.text.startswith("1 / 0")


def test_cells_alone_are_no_index_of_what_was_said(common: Bench, taught: CaptureSession) -> None:
    video = common.connection.get_collection().get_video(taught.exported_video_id or "")
    with pytest.raises(NotIndexedError, match="index_spoken_words"):
        video.search("fit_transform")


def test_the_session_tells_of_the_channel_and_videodbs_lists_do_not(
    common: Bench, taught: CaptureSession
) -> None:
    answer = common.connection.http.get(f"collection/default/capture/session/{taught.id}")
    assert answer["cells"] is True
    listed = [each["channel_id"] for each in answer["channels"]]
    assert listed == ["display:1", "mic:default"]
    assert {each["name"] for each in answer["rtstreams"]} == {*listed}


def test_what_is_live_only_is_written_nowhere(common: Bench) -> None:
    session = common.begin(SCREEN, LIVE_CELLS)
    reach(session, 0.5)
    assert post(common, session, cell("hidden_pineapple()", time.time() - 0.3)) == []
    session.set_store("notebook:cells", True)
    straddling = cell("second_pineapple()", time.time() - 0.3, 0.6)
    now = cell("kept_pear()", time.time(), 0.01)
    assert [each["code"] for each in post(common, session, straddling, now)] == ["kept_pear()"]
    session.set_store("notebook:cells", False)
    post(common, session, cell("third_pineapple()", time.time(), 0.01))
    session.stop()
    assert kept(common, session) == ["kept_pear()"]
    assert stored(common.data_dir, "pineapple") == []
    session.delete()


def test_cells_of_a_pause_are_left_out_and_later_ones_lie_in_media_time(common: Bench) -> None:
    session = common.begin(SCREEN, KEPT_CELLS)
    reach(session, 1.0)
    session.pause()
    paused = time.time()
    time.sleep(1.0)
    session.resume()
    resumed = time.time()
    reach(session, (session.refresh().duration or 0) + 1.0)
    post(common, session, cell("in_the_pause()", paused + 0.3), cell("after()", resumed + 0.4))
    session.stop()
    answer = common.connection.http.get(f"capture/session/{session.id}/cells")
    (found,) = answer["cells"]
    assert found["code"] == "after()"
    assert found["start"] < (session.duration or 0) - 0.2
    session.delete()


def test_a_cell_sent_twice_is_kept_once_without_its_secrets_and_erased_with_its_session(
    common: Bench,
) -> None:
    session = common.begin(SCREEN, KEPT_CELLS)
    reach(session, 0.5)
    once = cell('quince(); api_key = "watermelon1"', time.time() - 0.3)
    post(common, session, once)
    post(common, session, once)
    session.stop()
    assert kept(common, session) == ['quince(); api_key = "•••"']
    assert stored(common.data_dir, "watermelon1") == []
    assert common.rows("select count(*) from segments where text like '%quince%'") == [(1,)]
    session.delete()
    assert common.rows("select count(*) from segments where text like '%quince%'") == [(0,)]
    assert stored(common.data_dir / "sessions", "quince") == []


def test_without_the_channel_no_cell_is_taken_in(common: Bench) -> None:
    session = common.begin(SCREEN, LIVE_MIC)
    with pytest.raises(ConflictError, match="--cells"):
        post(common, session, cell("1", time.time()))
    session.stop()
    with pytest.raises(ConflictError, match="only a recording"):
        session.set_store("notebook:cells", True)
    session.delete()


def test_an_engine_that_died_before_the_index_writes_it_at_its_next_start(bench: Bench) -> None:
    session = bench.begin(SCREEN, KEPT_CELLS)
    reach(session, 0.5)
    post(bench, session, cell("survivor()", time.time() - 0.3))
    bench.kill_engine()
    session.stop()
    assert bench.rows("select text from segments") == [("survivor()",)]


def test_times_go_to_the_wall_clock_and_back_around_a_pause() -> None:
    wall = [(0.0, 100.0), (10.0, 150.0)]
    assert [media_time(wall, unix) for unix in (99.0, 104.0, 130.0, 151.0)] == [
        0.0,
        4.0,
        10.0,
        11.0,
    ]
    assert unix_time(wall, 4.0) == 104.0
    assert unix_time(wall, 11.0) == 151.0


def test_a_query_can_name_the_recording_and_when_it_began(
    common: Bench, taught: CaptureSession
) -> None:
    everything = common.connection.get_collection()

    def found(operators: str) -> list[str]:
        query = f"channel:cells {operators} fit_transform"
        return [shot.text for shot in everything.search(query, mode="keyword").shots]

    name = common.connection.get_collection().get_video(taught.exported_video_id or "").name
    assert found(f"session:{taught.id} after:today")
    assert found(f'session:"{name[:8].upper()}"')
    assert found("before:2020-01-01") == []
    with pytest.raises(NotFoundError, match="called 'weekly'"):
        found("session:weekly")


def test_the_cells_are_chapters_of_every_video_of_the_session(
    common: Bench, taught: CaptureSession
) -> None:
    video = common.connection.get_collection().get_video(taught.exported_video_id or "")
    assert [each["title"] for each in video.chapters] == [
        "[1] import numpy as np",
        "[2] scaler.fit_transform(X)",
        "[3] 1 / 0 · failed",
    ]
    ends = [each["end"] for each in video.chapters]
    assert ends[:2] == [each["start"] for each in video.chapters[1:]]
    assert ends[-1] == pytest.approx(video.length)


def test_files_name_the_cells_as_chapters_when_asked_to(
    common: Bench, taught: CaptureSession, tmp_path: Path
) -> None:
    video = taught.get_video()
    assert video is not None
    assert [each["title"] for each in taught.chapters] == [c["title"] for c in video.chapters]

    def saved(playable: Playable, name: str) -> list[tuple[float, str]]:
        path = playable.save(tmp_path / name, chapters="cells", show_progress=False)
        with av.open(path) as found:
            return [
                (round(float(c["start"] * c["time_base"]), 1), c["metadata"]["title"])
                for c in found.chapters()
            ]

    titles = [each["title"] for each in video.chapters]
    for name in ("all.mp4", "all.m4a"):
        found = saved(video, name)
        assert [title for _, title in found] == ["Beginning", *titles]
        assert [at for at, _ in found[1:]] == [
            pytest.approx(each["start"], abs=0.06) for each in video.chapters
        ]
    second = video.chapters[1]["start"]
    shot = Shot(common.connection, video.id, video.length, "", second + 0.1, video.length)
    assert [title for _, title in saved(shot, "shot.mp4")] == titles[1:]
    page = video.save(tmp_path / "all.html", chapters="cells", show_progress=False)
    assert "[2] scaler.fit_transform(X)" in page.read_text()
    with av.open(video.save(tmp_path / "plain.mp4", show_progress=False)) as plain:
        assert plain.chapters() == []
    for name, chapters, says in (
        ("a.srt", "cells", "holds no chapters"),
        ("a.mp4", "scenes", "it is 'cells'"),
    ):
        with pytest.raises(InvalidRequestError, match=says):
            video.save(tmp_path / name, chapters=chapters, show_progress=False)


def test_a_recording_without_cells_has_no_chapters_by_them(common: Bench, tmp_path: Path) -> None:
    session = common.record(SCREEN, seconds=0.3)
    with pytest.raises(InvalidRequestError, match="No cell was kept"):
        session.save(tmp_path / "a.mp4", chapters="cells", show_progress=False)
    assert session.chapters == []


def test_cells_of_a_stretch_that_is_forgotten_are_gone(common: Bench) -> None:
    session = common.begin(SCREEN, KEPT_CELLS)
    reach(session, 1.5)
    started = session.started_at or 0
    post(common, session, cell("early_pear()", started + 0.2), cell("late_plum()", started + 1.0))
    session.stop()
    session.forget(start=0.9, end=1.5)
    assert kept(common, session) == ["early_pear()"]
    assert stored(common.data_dir, "late_plum") == []
    session.delete()
