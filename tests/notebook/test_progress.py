"""Progress in a notebook: a widget while it goes on, a line of text in what is saved."""

from __future__ import annotations

from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

BAR = """
from jupyter_capture.client._progress import progress, reading
import io
with progress("Indexing", 100.0) as bar:
    bar.set(40, "Transcribing")
    {then}
"""
READ = "with reading(io.BytesIO(bytes(2048)), 'Uploading', 2048) as f: f.read(2048)"


@pytest.fixture(scope="module")
def cells() -> list[list[Any]]:
    """The outputs of a bar that ends, one that fails, and one of a file, as they are saved."""
    sources = [BAR.format(then=then) for then in ("bar.set(100)", "raise KeyboardInterrupt")]
    made = [nbformat.v4.new_code_cell(source) for source in (*sources, READ)]
    notebook = nbformat.v4.new_notebook(cells=made)
    NotebookClient(notebook, timeout=60, allow_errors=True, store_widget_state=False).execute()
    return [cell.outputs for cell in notebook.cells]


def test_a_saved_notebook_holds_how_a_bar_ended_as_text(cells: list[list[Any]]) -> None:
    (shown,) = cells[0]
    assert list(shown["data"]) == ["text/plain"]
    assert shown["data"]["text/plain"].startswith("Indexing: 100%")


def test_work_that_failed_shows_how_far_it_came(cells: list[list[Any]]) -> None:
    shown, error = cells[1]
    assert shown["data"]["text/plain"].startswith("Indexing:  40%")
    assert error["ename"] == "KeyboardInterrupt"


def test_a_file_that_is_read_moves_its_bar(cells: list[list[Any]]) -> None:
    (shown,) = cells[2]
    assert shown["data"]["text/plain"].startswith("Uploading: 100%")
    assert "2.00k/2.00k" in shown["data"]["text/plain"]
