"""jupyter-capture strip: what recordings leave in a notebook can be taken out of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from jupyter_capture.cli import app
from jupyter_capture.cli.strip import NOTE
from jupyter_capture.client._display import media_html, poster_uri

POSTER = poster_uri(b"\xff\xd8\xff\xe0" + b"x" * 2000)


def cell(source: str, *outputs: dict[str, Any]) -> dict[str, Any]:
    return {
        "cell_type": "code",
        "id": "c",
        "metadata": {},
        "source": [source],
        "outputs": [*outputs],
    }


def shown(plain: str, html: str) -> dict[str, Any]:
    data = {
        "text/plain": [plain],
        "text/html": [html],
        "application/vnd.jupyter.widget-view+json": {},
    }
    return {"output_type": "display_data", "metadata": {}, "data": data}


def printed(*lines: str) -> dict[str, Any]:
    return {"output_type": "stream", "name": "stdout", "text": [*lines]}


def strip(path: Path) -> str:
    done = CliRunner().invoke(app, ["strip", str(path)])
    assert done.exit_code == 0, done.output
    return done.output


def write(path: Path, *cells: dict[str, Any]) -> None:
    state = {"widgets": {"application/vnd.jupyter.widget-state+json": {}}}
    book = {"cells": [*cells], "metadata": state, "nbformat": 4, "nbformat_minor": 5}
    path.write_text(json.dumps(book))


def test_pictures_and_what_was_said_go_and_the_rest_stays(tmp_path: Path) -> None:
    path = tmp_path / "talk.ipynb"
    video = media_html("Video", "m-1", "A talk", 60.0, POSTER)
    hit = f"<img src='{POSTER}' alt=''><div>the budget</div>"
    write(
        path,
        cell("%capture_stop", printed("Video m-1\n"), shown("Video(id=m-1)", video)),
        cell("%search budget", shown("1 shot for “budget” in A talk\n the budget", hit)),
        cell("%transcript", printed("0:01.0  the budget\n", "0:02.0  the pineapple\n")),
        cell("shot", shown("Shot(video_id=m-1, text='the budget')", hit)),
        cell("plot()", shown("<Figure>", "<img src='data:image/png;base64,AAAA'>")),
        cell("print('the budget of mine')", printed("the budget of mine\n")),
    )
    said = strip(path)
    assert "3 pictures and 3 transcripts removed" in said
    after = path.read_text()
    book = json.loads(after)
    assert "image/jpeg" not in after
    assert "pineapple" not in after
    assert after.count("the budget") == 2
    assert after.count(NOTE) == 3
    assert "A talk" in "".join(book["cells"][0]["outputs"][1]["data"]["text/html"])
    assert "image/png" in after
    assert "widgets" not in book["metadata"]


def test_a_notebook_without_any_is_not_written(tmp_path: Path) -> None:
    path = tmp_path / "plain.ipynb"
    write(path, cell("1", printed("1\n")))
    before = path.read_bytes()
    assert "no pictures and no transcripts removed" in strip(path)
    assert path.read_bytes() == before


def test_what_is_no_notebook_is_said_in_a_line(tmp_path: Path) -> None:
    for text in ("not json", "[]"):
        path = tmp_path / "wrong.ipynb"
        path.write_text(text)
        done = CliRunner().invoke(app, ["strip", str(path)])
        assert "is no notebook" in str(done.exception)
        assert path.read_text() == text
