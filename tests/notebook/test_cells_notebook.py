"""notebooks/cells.ipynb runs as it is, and finds the moments of its own cells."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from tests.conftest import Engine

NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "cells.ipynb"


@pytest.fixture(scope="module")
def executed(engine: Engine) -> Any:
    book = nbformat.read(NOTEBOOK, as_version=4)
    NotebookClient(book, timeout=120, store_widget_state=False).execute(env=engine.env)
    return book


def outputs(book: Any, start: str) -> list[Any]:
    (cell,) = [each for each in book.cells if each.source.startswith(start)]
    return list(cell.outputs)


def told(book: Any, start: str) -> str:
    found = outputs(book, start)
    return "".join(each.get("text") or each.get("data", {}).get("text/plain", "") for each in found)


def test_the_cell_that_failed_offers_its_moment(executed: Any) -> None:
    found = outputs(executed, "time.sleep(1)")
    assert found[0].ename == "StatisticsError"
    assert "%play --cell" in found[1].text
    assert len(found) == 2


def test_the_search_finds_the_cells_by_their_code_and_no_secret_was_kept(executed: Any) -> None:
    said = told(executed, "%search")
    assert said.startswith(("2 shots", "3 shots"))
    assert "def standardise(values): …" in said
    assert "notebook:cells" in said
    later = [each for each in executed.cells if each.source.startswith("%")]
    assert "not-for-the-recording" not in json.dumps([each.get("outputs") for each in later])


def test_the_moment_is_played_by_its_hit_and_by_its_cell(executed: Any) -> None:
    for start in ("%play 1", "%play --cell"):
        shown = json.dumps([each.get("data") for each in outputs(executed, start)])
        assert "application/vnd.jupyter.widget-view+json" in shown
        assert "data:image/jpeg;base64," in shown
    assert "time.sleep(1)  # you explain" in told(executed, "%play --cell")


def test_it_is_small_and_committed_without_outputs(executed: Any) -> None:
    assert len(nbformat.writes(executed).encode()) < 200_000
    book = nbformat.read(NOTEBOOK, as_version=4)
    assert all(not cell.get("outputs") and "id" in cell for cell in book.cells)
