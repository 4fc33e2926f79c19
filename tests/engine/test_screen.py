"""Text on a recorded screen: found, timed, told once, deleted. A real screen, the real OCR."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
import pytest
from engine_harness import MIC, SCREEN, Bench, reach, wait_for
from PIL import Image as Picture
from screen_harness import PAGES, WORDS, Page, show

from jupyter_capture.client.connection import Connection, connect
from jupyter_capture.client.scene import Scene
from jupyter_capture.client.session import CaptureSession
from jupyter_capture.client.video import Video
from jupyter_capture.desktop import VirtualDesktop
from jupyter_capture.engine.screen import Reader, Screen, reader
from jupyter_capture.engine.screen.changes import Box
from jupyter_capture.errors import (
    InvalidRequestError,
    NotFoundError,
    NotIndexedError,
    NotOfferedError,
)

IN_TURN = [*PAGES, PAGES[0]]
TYPED = "results = model.fit(x_train, y_train)"


@dataclass(frozen=True)
class Shown:
    """What was on the screen of a recording: `IN_TURN`, each since so many seconds, the last with a
    caret that blinks."""

    session: CaptureSession
    video: Video
    since: list[float]


@pytest.fixture(scope="module")
def writing() -> Iterator[VirtualDesktop]:
    with VirtualDesktop() as made:
        show(made.display, PAGES[0])
        yield made


@pytest.fixture(scope="module")
def library(writing: VirtualDesktop, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """An engine that sees `writing`."""
    data_dir = tmp_path_factory.mktemp("written")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in writing.env.items():
            patch.setenv(name, value)
        made = Bench(data_dir, connect(data_dir=data_dir))
        made.connection.status()
        yield made
    made.close()


@pytest.fixture(scope="module")
def ocr() -> Reader:
    return Reader(1)


@pytest.fixture(scope="module")
def own(library: Bench) -> Connection:
    return library.connection


@pytest.fixture(scope="module")
def shown(writing: VirtualDesktop, own: Connection) -> Shown:
    session = own.create_capture_session().start([SCREEN])
    since = [0.0]
    for page in IN_TURN[1:]:
        reach(session, since[-1] + 3)
        show(writing.display, page)
        since.append(session.refresh().duration or 0)
    for caret in (True, False) * 4:
        show(writing.display, Page(IN_TURN[-1].lines, caret))
        reach(session, (session.refresh().duration or 0) + 0.5)
    session.stop()
    video = own.get_collection().get_video(session.exported_video_id or "")
    video.index_screen_text()
    return Shown(session, video, since)


def records(shown: Shown) -> list[dict]:
    (index,) = shown.video.list_scene_index()
    return shown.video.get_scene_index(index["scene_index_id"])


def test_words_seen_on_the_screen_are_found_and_play_that_moment(shown: Shown) -> None:
    result = shown.video.search(WORDS)
    best = result.shots[0]
    assert "Zeppelin forecast" in best.text
    assert best.source == "screen_text"
    assert best.channel == "display:1"
    assert 0 < (best.search_score or 0) <= 1
    assert abs(best.start - shown.since[1]) < 1
    assert abs(best.end - shown.since[2]) < 1
    assert best.generate_stream().endswith(".m3u8")
    assert shown.video.search("balloon weather outlook", mode="semantic").shots[0].text == best.text


def test_each_page_is_told_once_with_the_time_it_was_on_the_screen(shown: Shown) -> None:
    found = records(shown)
    ends = [*shown.since[1:], shown.video.length]
    for record, page, start, end in zip(found, IN_TURN, shown.since, ends, strict=True):
        assert record["description"] == " ".join(page.lines)
        assert abs(record["start"] - start) < 1
        assert abs(record["end"] - end) < 1


@pytest.mark.parametrize("rate", [1, 6])
def test_what_is_typed_beside_a_blinking_caret_is_told_once(ocr: Reader, rate: int) -> None:
    screen = Screen(ocr)
    for quarter in range(4 * 10):
        second = quarter / 4
        typed = TYPED[: max(0, int((second - 1) * rate))]
        page = Page(("notebook", typed), int(second * 2) % 2 == 0).draw((800, 260))
        rgb = np.asarray(page)
        screen.look(second, np.asarray(page.convert("L")), lambda rgb=rgb: rgb)
    found = screen.finish(10)
    assert [one.text for one in found] == ["notebook", typed.strip()]
    assert found[0].start == 0
    assert 1 <= found[1].start < 4


def test_a_screen_of_another_size_is_another_page(ocr: Reader) -> None:
    screen = Screen(ocr)
    for second, (page, size) in enumerate(
        [(PAGES[0], (1283, 719))] * 4 + [(PAGES[2], (640, 360))] * 4
    ):
        drawn = page.draw(size)
        rgb = np.asarray(drawn)
        screen.look(second, np.asarray(drawn.convert("L")), lambda rgb=rgb: rgb)
    found = [(one.start, one.end, one.text) for one in screen.finish(8)]
    assert found == [(0, 4, " ".join(PAGES[0].lines)), (4, 8, " ".join(PAGES[2].lines))]


def test_boxes_are_where_the_lines_are(shown: Shown) -> None:
    (page,) = [one for one in records(shown) if "Zeppelin" in one["description"]]
    for row, (box, line) in enumerate(zip(page["metadata"]["boxes"], PAGES[1].lines, strict=True)):
        assert box["text"] == line
        assert abs(box["x"] - 60) < 12
        assert abs(box["y"] + box["h"] / 2 - (60 + 60 * row + 18)) < 12
        assert box["w"] > 100


def test_a_page_that_comes_again_is_one_hit_the_first_time(own: Connection, shown: Shown) -> None:
    pages = [scene["description"] for scene in shown.video.get_scenes() or []]
    assert pages.count(" ".join(PAGES[0].lines)) == 2
    (shot,) = own.get_collection().search("agenda", mode="keyword").shots
    assert (shot.video_id, shot.start) == (shown.video.id, 0)


def test_a_search_may_be_of_one_kind_and_is_of_all_by_default(shown: Shown) -> None:
    assert shown.video.search(WORDS, index_type="scene").shots[0].scene_index_name == "screen_text"
    assert shown.video.search(f"channel:screen {WORDS}").shots
    with pytest.raises(NotIndexedError, match="index_spoken_words"):
        shown.video.search(WORDS, index_type="spoken_word")
    with pytest.raises(InvalidRequestError, match="spoken_word or scene"):
        shown.video.search(WORDS, index_type="smell")


def test_reading_again_replaces_and_a_deleted_index_finds_nothing(
    own: Connection, shown: Shown
) -> None:
    display = shown.session.refresh().rtstreams[0].exported_asset_id
    asset = own.get_collection().get_video(display or "")
    first = records(shown)
    (before,) = shown.video.list_scene_index()
    assert shown.video.index_screen_text() == before["scene_index_id"]
    again = asset.index_screen_text(force=True)
    assert again != before["scene_index_id"]
    assert asset.get_scene_index(again or "") == first
    with pytest.raises(NotFoundError, match=str(again)):
        shown.video.get_scene_index(before["scene_index_id"])
    asset.delete_scene_index(again or "")
    assert asset.list_scene_index() == []
    with pytest.raises(NotIndexedError, match="index_screen_text"):
        asset.search(WORDS, index_type="scene")
    with pytest.warns(UserWarning, match="Pictures are not described"):
        assert shown.video.index_visuals(prompt="Describe it")


def test_scenes_that_are_brought_are_searched_as_they_are_described(shown: Shown) -> None:
    scene = Scene(shown.video.id, 1, 2, "An elephant paints a fence", metadata={"mood": "calm"})
    index_id = shown.video.index_scenes(scenes=[scene], name="animals")
    best = shown.video.search("elephant").shots[0]
    assert (best.scene_index_id, best.scene_index_name) == (index_id, "animals")
    shown.video.delete_scene_index(index_id or "")
    assert all("elephant" not in shot.text for shot in shown.video.search("elephant").shots)
    with pytest.raises(InvalidRequestError, match="another name"):
        shown.video.index_scenes(scenes=[scene], name="screen_text")
    with pytest.raises(InvalidRequestError, match="does not lie within"):
        shown.video.index_scenes(scenes=[Scene(shown.video.id, 900, 901, "Later")])


# -- what cannot be read


def test_sound_has_no_screen_and_pictures_and_other_ids_are_not_videos(
    library: Bench, tmp_path: Path
) -> None:
    connection = library.connection
    session = library.record(MIC)
    with pytest.raises(InvalidRequestError, match="no picture"):
        connection.get_collection().get_video(session.exported_video_id or "").index_screen_text()
    Picture.new("RGB", (64, 64), "white").save(tmp_path / "white.png")
    image = connection.upload(tmp_path / "white.png")
    assert image is not None
    for id in (image.id, "m-none", "a-none"):
        with pytest.raises(NotFoundError):
            connection.http.post(f"video/{id}/index/scene", {})


def test_without_the_extra_the_answer_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reader.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(NotOfferedError, match=r'pip install "jupyter-capture\[screen\]"'):
        reader.check_installed()
    with pytest.raises(NotOfferedError, match="RapidOCR"):
        list(reader.Reader(1).read(np.zeros((64, 64, 3), np.uint8), Box(0, 0, 64, 64)))


def test_a_video_that_is_deleted_while_it_is_read_leaves_nothing(library: Bench) -> None:
    session = library.record(SCREEN, seconds=6)
    video = library.connection.get_collection().get_video(session.exported_video_id or "")
    display = session.refresh().rtstreams[0].exported_asset_id
    video.index_screen_text(callback_url="http://127.0.0.1:9/")
    for id in (video.id, display):
        library.connection.http.delete(f"video/{id}")
    ended = "select 1 from jobs where kind = 'screen' and status = 'failed'"
    wait_for(lambda: library.rows(ended), what="the end of the job")
    left = "select count(*) from segments where track_id not in (select id from tracks)"
    assert library.rows(left) == [(0,)]


def test_an_upload_is_read_too_whatever_its_key_frames(library: Bench, tmp_path: Path) -> None:
    path = tmp_path / "talk.mp4"
    with av.open(str(path), "w") as out:
        track = out.add_stream("libx264", rate=10, options={"g": "250", "bf": "2"})
        track.width, track.height, track.pix_fmt = 960, 540, "yuv420p"
        for number in range(80):
            page = PAGES[0] if number < 37 else PAGES[1]
            frame = av.VideoFrame.from_image(page.draw((960, 540)))
            for packet in track.encode(frame):
                out.mux(packet)
        for packet in track.encode():
            out.mux(packet)
    video = library.connection.upload(path)
    assert isinstance(video, Video)
    video.index_words()
    best = video.search(WORDS).shots[0]
    assert abs(best.start - 3.7) < 0.5
    assert abs(best.end - 8.0) < 0.5
