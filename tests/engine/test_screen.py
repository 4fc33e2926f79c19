"""Text on a recorded screen: found, timed, told once, deleted. A real screen, the real OCR."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from engine_harness import SCREEN, Bench, reach
from screen_harness import PAGES, WORDS, Page, show

from jupyter_capture.client.connection import Connection, connect
from jupyter_capture.client.session import CaptureSession
from jupyter_capture.client.video import Video
from jupyter_capture.desktop import VirtualDesktop

TYPED = "results = model.fit(x_train, y_train)"


@dataclass(frozen=True)
class Shown:
    """What was on the screen of a recording: `PAGES`, each since so many seconds, and at the end
    `TYPED`, letter by letter, with a caret that blinks."""

    session: CaptureSession
    video: Video
    since: list[float]
    typed: float
    length: float


@pytest.fixture(scope="module")
def writing() -> Iterator[VirtualDesktop]:
    with VirtualDesktop() as made:
        show(made.display, PAGES[0])
        yield made


@pytest.fixture(scope="module")
def own(writing: VirtualDesktop, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    """An engine that sees `writing`."""
    data_dir = tmp_path_factory.mktemp("written")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in writing.env.items():
            patch.setenv(name, value)
        bench = Bench(data_dir, connect(data_dir=data_dir))
        bench.connection.status()
        yield bench.connection
    bench.close()


@pytest.fixture(scope="module")
def shown(writing: VirtualDesktop, own: Connection) -> Shown:
    session = own.create_capture_session().start([SCREEN])
    since = [0.0]
    for page in PAGES[1:]:
        reach(session, since[-1] + 3)
        show(writing.display, page)
        since.append(session.refresh().duration or 0)
    reach(session, since[-1] + 3)
    show(writing.display, Page(("notebook",)))
    typed = session.refresh().duration or 0
    for count in range(0, len(TYPED) + 1, 4):
        for caret in (True, False):
            show(writing.display, Page(("notebook", TYPED[:count]), caret))
            reach(session, (session.refresh().duration or 0) + 0.2)
    for caret in (True, False) * 4:
        show(writing.display, Page(("notebook", TYPED), caret))
        reach(session, (session.refresh().duration or 0) + 0.5)
    session.stop()
    video = own.get_collection().get_video(session.exported_video_id or "")
    video.index_screen_text()
    return Shown(session, video, since, typed, video.length)


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
    for page, start, end in zip(PAGES, shown.since, [*shown.since[1:], shown.typed], strict=True):
        (record,) = [one for one in found if page.lines[0] in one["description"]]
        assert record["description"] == " ".join(page.lines)
        assert abs(record["start"] - start) < 1
        assert abs(record["end"] - end) < 1


def test_what_is_typed_beside_a_blinking_caret_is_told_once(shown: Shown) -> None:
    after = [one["description"] for one in records(shown) if one["end"] > shown.typed + 1.5]
    assert sorted(after) in ([f"notebook {TYPED}"], ["notebook", TYPED])


def test_boxes_are_where_the_lines_are(shown: Shown) -> None:
    (page,) = [one for one in records(shown) if "Zeppelin" in one["description"]]
    for row, (box, line) in enumerate(zip(page["metadata"]["boxes"], PAGES[1].lines, strict=True)):
        assert box["text"] == line
        assert abs(box["x"] - 60) < 12
        assert abs(box["y"] + box["h"] / 2 - (60 + 60 * row + 18)) < 12
        assert box["w"] > 100
