"""The quickstart notebook: it runs as it is, and what it leaves behind can be shared."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient
from nbconvert.exporters import HTMLExporter

from jupyter_capture.cli.strip import strip
from jupyter_capture.demo.notebook import quickstart
from jupyter_capture.demo.script import Presentation
from jupyter_capture.desktop import VirtualDesktop
from tests.conftest import Engine

ADDRESSES = ("/stream/", "/watch", "127.0.0.1", "localhost")
TOKEN = re.compile(r"(?<!\w)(?:st-|sk-|whsec_|stm-)\w+")
LARGEST = 200_000


@pytest.fixture(scope="module")
def executed(
    desktop: VirtualDesktop, engine: Engine, tmp_path_factory: pytest.TempPathFactory
) -> Any:
    """The notebook after all its cells ran, while a voice spoke about a budget."""
    folder: Path = tmp_path_factory.mktemp("quickstart")
    book = nbformat.read(quickstart(), as_version=4)
    client = NotebookClient(
        book,
        timeout=200,
        resources={"metadata": {"path": str(folder)}},
        store_widget_state=False,
    )
    with Presentation(desktop, around=True):
        client.execute(env=engine.env)
    assert (folder / "clip.mp4").stat().st_size > 10_000
    return book


def outputs(book: Any, start: str) -> list[Any]:
    """What the cell that begins so has put out."""
    (cell,) = [each for each in book.cells if each.source.startswith(start)]
    return list(cell.outputs)


def text(book: Any, start: str) -> str:
    found = [each.get("text") or each.data.get("text/plain", "") for each in outputs(book, start)]
    return "".join(found)


def test_it_says_what_is_kept_and_what_is_live_only(executed: Any) -> None:
    said = text(executed, "%capture_start")
    assert [line.split(maxsplit=1)[1] for line in said.splitlines() if line.startswith("  ")] == [
        "kept",
        "kept",
        "live only",
    ]


def test_it_goes_on_recording_while_a_cell_runs(executed: Any) -> None:
    found = re.search(r"is active, 0:(\d\d\.\d)", text(executed, "%capture_status"))
    assert found
    assert float(found[1]) > 13


def test_stop_says_where_the_files_are_and_shows_the_video(executed: Any) -> None:
    said = text(executed, "%capture_stop")
    assert "Files in " in said
    assert "Video m-" in said
    shown = [each.data for each in outputs(executed, "%capture_stop") if "data" in each]
    assert "application/vnd.jupyter.widget-view+json" in shown[-1]
    assert "data:image/jpeg;base64," in shown[-2]["text/html"]


def test_the_search_finds_the_budget_with_pictures(executed: Any) -> None:
    shown = outputs(executed, "%search budget")[-1].data
    assert "budget" in shown["text/plain"].splitlines()[1].lower()
    assert "<mark" in shown["text/html"]
    assert "data:image/jpeg;base64," in shown["text/html"]


def test_what_was_live_only_is_nowhere(executed: Any) -> None:
    assert "pineapple" not in text(executed, "%transcript").lower()


def test_nothing_failed_and_nothing_was_warned_of(executed: Any) -> None:
    kinds = {each.output_type for cell in executed.cells for each in cell.get("outputs", [])}
    assert "error" not in kinds
    saved = nbformat.writes(executed).splitlines()
    warned = [line for line in saved if re.search(r"\wWarning\b", line)]
    assert warned == []


def test_the_saved_notebook_is_small_and_holds_no_secret_and_no_address(executed: Any) -> None:
    saved = nbformat.writes(executed)
    assert len(saved.encode()) < LARGEST
    # Base64 may spell anything; the rest of the notebook is what is scanned.
    words = re.sub(r"data:image/jpeg;base64,[A-Za-z0-9+/=]+", "(picture)", saved)
    assert [address for address in ADDRESSES if address in words] == []
    assert TOKEN.findall(words) == []
    assert "widgets" not in executed.metadata


def test_it_is_committed_without_outputs() -> None:
    book = nbformat.read(quickstart(), as_version=4)
    code = [cell for cell in book.cells if cell.cell_type == "code"]
    assert all(not cell.outputs and cell.execution_count is None for cell in code)
    assert not [cell for cell in book.cells if "id" not in cell]


def test_as_a_page_it_shows_the_pictures_and_the_words_without_a_kernel(executed: Any) -> None:
    page, _ = HTMLExporter(template_name="lab").from_notebook_node(executed)
    shown = re.sub(r"<script.*?</script>|<style.*?</style>", "", page, flags=re.DOTALL)
    assert shown.count("data:image/jpeg;base64,") >= 3
    assert "<mark" in shown
    assert "model not found" not in shown.lower()
    assert "jupyter-widgets" not in shown


def test_stripped_it_holds_no_picture_and_nothing_that_was_said(
    executed: Any, tmp_path: Path
) -> None:
    path = tmp_path / "quickstart.ipynb"
    nbformat.write(executed, path)
    strip([path])
    after = path.read_text()
    outputs = json.dumps(
        [cell["outputs"] for cell in json.loads(after)["cells"] if "outputs" in cell]
    )
    assert "image/jpeg" not in after
    assert "twelve thousand" not in outputs.lower()
    assert "Video m-" in outputs
    nbformat.validate(nbformat.read(path, as_version=4))
