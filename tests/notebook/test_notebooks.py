"""The notebooks besides the quickstart: each runs as it is, and what it leaves can be shared.

All run at once, each in a kernel of its own, on the tests' engine. "The newest recording" is read
as the one about a budget, and in the notebook about the screen as a copy of it, since other tests
rely on nobody having read its screen.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient
from nbconvert.exporters import HTMLExporter

from jupyter_capture.client.connection import Connection
from tests.conftest import Engine, Recorded
from tests.contract.test_mission_page import BLOCKS, PAGE
from tests.notebook.test_quickstart import ADDRESSES, LARGEST, TOKEN

FOLDER = Path(__file__).parents[2] / "notebooks"
NAMES = ("lecture", "meeting", "screen-text", "timeline", "videodb-page")


@pytest.fixture(scope="module")
def books(
    engine: Engine,
    connection: Connection,
    recorded: Recorded,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[dict[str, Any]]:
    folder = tmp_path_factory.mktemp("notebooks")
    video = recorded.session.get_video()
    assert video is not None
    copy = connection.upload(file_path=str(video.save(folder / "copy.mp4", show_progress=False)))
    before = {session.id for session in connection.list_capture_sessions()}
    newest = {
        "recordings[0].get_video()": f'conn.get_collection().get_video("{video.id}")',
        "recordings[0]": f'conn.get_capture_session("{recorded.session.id}")',
    }
    read_as = dict.fromkeys(NAMES, newest)
    read_as["screen-text"] = {
        "recordings[0].get_video()": f'conn.get_collection().get_video("{copy.id}")'
    }
    found = {}
    for name in NAMES:
        found[name] = nbformat.read(FOLDER / f"{name}.ipynb", as_version=4)
        for cell in found[name].cells:
            for written, read in read_as[name].items():
                cell.source = cell.source.replace(written, read)
    asyncio.run(_run_all(found, engine, folder))
    yield found
    copy.delete()
    for session in connection.list_capture_sessions():
        if session.id not in before:
            session.delete()


async def _run_all(books: dict[str, Any], engine: Engine, folder: Path) -> None:
    async def run(name: str, book: Any) -> None:
        own = folder / name
        own.mkdir()
        resources = {"metadata": {"path": str(own)}}
        client = NotebookClient(
            book, timeout=150, resources=resources, store_widget_state=False, allow_errors=True
        )
        await client.async_execute(env=engine.env)
        nbformat.write(book, own / f"{name}.ipynb")

    await asyncio.gather(*(run(name, book) for name, book in books.items()))


def outputs(book: Any, start: str) -> list[Any]:
    (cell,) = [each for each in book.cells if each.source.startswith(start)]
    return list(cell.outputs)


def told(book: Any, start: str) -> str:
    found = outputs(book, start)
    return "".join(each.get("text") or each.get("data", {}).get("text/plain", "") for each in found)


def errors(book: Any) -> list[str]:
    return [
        f"{each.ename}: {each.evalue}"
        for cell in book.cells
        for each in cell.get("outputs", [])
        if each.output_type == "error"
    ]


@pytest.mark.parametrize("name", NAMES)
def test_nothing_fails_but_what_is_meant_to(books: dict[str, Any], name: str) -> None:
    meant = ["StatisticsError: stdev requires at least two data points"]
    assert errors(books[name]) == (meant if name == "lecture" else [])


@pytest.mark.parametrize("name", NAMES)
def test_what_is_saved_is_small_and_holds_no_secret_and_no_address(
    books: dict[str, Any], name: str
) -> None:
    saved = nbformat.writes(books[name])
    assert len(saved.encode()) < LARGEST
    words = re.sub(r"data:image/jpeg;base64,[A-Za-z0-9+/=]+", "(picture)", saved)
    assert [address for address in ADDRESSES if address in words] == []
    assert TOKEN.findall(words) == []
    assert "data:video" not in saved
    assert "data:audio" not in saved


@pytest.mark.parametrize("name", [*NAMES, "quickstart"])
def test_it_is_committed_without_outputs(name: str) -> None:
    book = nbformat.read(FOLDER / f"{name}.ipynb", as_version=4)
    assert all(not cell.get("outputs") and "id" in cell for cell in book.cells)
    assert [path.stem for path in sorted(FOLDER.glob("*.ipynb"))] == sorted([*NAMES, "quickstart"])


@pytest.mark.parametrize("name", NAMES)
def test_as_a_page_it_shows_pictures_and_words_without_a_kernel(
    books: dict[str, Any], name: str
) -> None:
    page, _ = HTMLExporter(template_name="lab").from_notebook_node(books[name])
    shown = re.sub(r"<script.*?</script>|<style.*?</style>", "", page, flags=re.DOTALL)
    assert "data:image/jpeg;base64," in shown
    assert "model not found" not in shown.lower()
    assert "jupyter-widgets" not in shown


# ---- a lecture


def test_the_cell_that_failed_offers_its_moment(books: dict[str, Any]) -> None:
    found = outputs(books["lecture"], "time.sleep(1)")
    assert found[0].ename == "StatisticsError"
    assert "%play --cell" in found[1].text
    assert len(found) == 2


def test_the_search_finds_the_cells_by_their_code_and_no_secret_was_kept(
    books: dict[str, Any],
) -> None:
    said = told(books["lecture"], "%search")
    assert said.startswith(("2 shots", "3 shots"))
    assert "def standardise(values): …" in said
    assert "notebook:cells" in said
    later = [each for each in books["lecture"].cells if each.source.startswith("%")]
    assert "not-for-the-recording" not in json.dumps([each.get("outputs") for each in later])


def test_the_moment_is_played_by_its_hit_and_by_its_cell(books: dict[str, Any]) -> None:
    for start in ("%play 1", "%play --cell"):
        shown = json.dumps([each.get("data") for each in outputs(books["lecture"], start)])
        assert "application/vnd.jupyter.widget-view+json" in shown
        assert "data:image/jpeg;base64," in shown
    assert "time.sleep(1)  # you explain" in told(books["lecture"], "%play --cell")


def test_each_cell_is_a_chapter_and_the_files_have_them(books: dict[str, Any]) -> None:
    chapters = told(books["lecture"], "lecture = ")
    assert "def standardise(values)" in chapters
    assert len(chapters.splitlines()) >= 4
    assert "lecture.html" in told(books["lecture"], "for name in")


# ---- the others


def test_the_meeting_is_found_by_meaning_and_saved_in_three_forms(books: dict[str, Any]) -> None:
    book = books["meeting"]
    assert "for travel" in told(book, "results = ")
    assert "pineapple" not in told(book, "meeting.index_spoken_words()").lower()
    assert len(told(book, "for name in").splitlines()) == 3


def test_the_timeline_from_python_is_the_editors_and_is_saved(books: dict[str, Any]) -> None:
    book = books["timeline"]
    assert "from jupyter_capture.editor import" in told(book, "print(editor.timeline)")
    assert "talk.mp4: 8.0 s" in told(book, "path = editor.save")
    assert "tracks=" in told(book, "short")


def test_what_stood_on_the_screen_is_found_where_nobody_said_it(books: dict[str, Any]) -> None:
    book = books["screen-text"]
    assert "screen_text" in told(book, "for shot in video.search")
    assert "designer" in told(book, "%search --in").lower()
    assert "image/png" in outputs(book, "import numpy")[-1].data


def test_every_block_of_videodbs_page_is_there_as_it_is_written() -> None:
    book = nbformat.read(FOLDER / "videodb-page.ipynb", as_version=4)
    cells = "\n".join(cell.source for cell in book.cells if cell.cell_type == "code")
    cells = cells.replace("jupyter_capture.editor", "videodb.editor")
    cells = cells.replace("session_id)", '"cap-xxx")')
    for block in BLOCKS:
        if not block.startswith("{"):
            assert block.strip() in cells, f"{PAGE.name}:\n{block}"
