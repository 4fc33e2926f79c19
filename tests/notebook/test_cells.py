"""The notebook is a channel: a real kernel records the cells it runs, and finds them again."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from jupyter_capture.client.connection import Connection
from jupyter_capture.client.session import CaptureSession
from jupyter_capture.desktop import VirtualDesktop
from tests.conftest import Engine

from .conftest import Kernel, Said

SPOKEN = "Now we train the model on last year."
UNKEPT = "The secret word is pineapple."


@dataclass(frozen=True)
class Lesson:
    """What each cell of a recording put out, by what it was. The session is exported."""

    said: dict[str, Said]
    session: CaptureSession
    kernel: Kernel


@pytest.fixture(scope="module")
def lesson(desktop: VirtualDesktop, engine: Engine, connection: Connection) -> Iterator[Lesson]:
    kernel = Kernel(engine.env)
    try:
        said = {"load": kernel.run("%load_ext jupyter_capture")}
        kernel.run("before_the_recording = 1")
        start = "%capture_start --cells --live --ephemeral system_audio --into cap --name Lesson"
        said["start"] = kernel.run(start)
        kernel.run("import time\ntime.sleep(0.5)")
        kernel.run("scaler_fit_transform = 'X'")
        said["secret"] = kernel.run('service_token = "watermelon1"\nprint("an output")')
        desktop.say(UNKEPT, "speakers", wait=False)
        desktop.say(SPOKEN)
        said["failed"] = kernel.run("1 / 0")
        said["refused"] = kernel.run("%play m-unknown")
        said["live"] = _until_found(kernel)
        said["live cell"] = kernel.run("%search --live channel:cells fit_transform")
        said["live secret"] = kernel.run("%search --live pineapple")
        said["early"] = kernel.run("%play --cell")
        said["stop"] = kernel.run("%capture_stop")
        said["after"] = kernel.run("after_the_recording = 1 / 0")
        (found,) = [each for each in connection.list_capture_sessions() if _name(each) == "Lesson"]
        yield Lesson(said, found, kernel)
    finally:
        kernel.close()


def _until_found(kernel: Kernel) -> Said:
    while True:
        said = kernel.run("%search --live train the model")
        if "mic:default · score" in said.out:
            return said


def _name(session: CaptureSession) -> str:
    return str(session.metadata.get("name"))


def test_the_start_says_that_cells_are_kept(lesson: Lesson) -> None:
    assert re.search(r"notebook:cells +kept\n", lesson.said["start"].out)
    assert re.search(r"system_audio:default +live only\n", lesson.said["start"].out)


def test_what_ran_while_it_was_recorded_is_kept_without_secrets_and_outputs(
    lesson: Lesson,
) -> None:
    cells = lesson.session.get_cells()
    assert [cell.code for cell in cells] == [
        "import time\ntime.sleep(0.5)",
        "scaler_fit_transform = 'X'",
        'service_token = "•••"\nprint("an output")',
        "1 / 0",
    ]
    assert [cell.status for cell in cells] == ["ok", "ok", "ok", "error"]
    assert cells[0].end - cells[0].start > 0.5
    assert len({cell.number for cell in cells}) == 4
    assert cells[-1].error == "ZeroDivisionError"


def test_a_cell_that_failed_offers_its_moment_in_one_line(lesson: Lesson) -> None:
    failed = lesson.said["failed"]
    number = lesson.session.get_cells()[-1].number
    line = f"This moment is recorded: %play --cell {number} plays it after %capture_stop.\n"
    assert failed.errors == ["ZeroDivisionError: division by zero"]
    assert failed.out == line


def test_nothing_is_offered_for_a_slip_nor_after_the_recording(lesson: Lesson) -> None:
    assert lesson.said["refused"].out == ""
    assert lesson.said["after"].out == ""
    assert lesson.said["after"].errors != []


def test_kept_channels_are_searched_while_they_are_recorded(lesson: Lesson) -> None:
    live = lesson.said["live"].out
    assert "moment for “train the model” so far in" in live
    assert "Listening to mic:default since 0:0" in live
    assert "scaler_fit_transform = 'X'" in lesson.said["live cell"].out


def test_what_is_live_only_is_not_found_live_and_enters_no_output(lesson: Lesson) -> None:
    assert lesson.said["live secret"].out.startswith("Nothing for “pineapple”")
    everything = json.dumps([[said.out, said.err, said.shown] for said in lesson.said.values()])
    assert "system_audio:default since" not in everything
    assert everything.lower().count("pineapple") == 1


def test_the_moment_of_a_cell_cannot_be_played_before_the_stop(lesson: Lesson) -> None:
    assert "%capture_stop first, then %play --cell." in lesson.said["early"].err


def test_a_search_for_a_cell_shows_its_code_and_plays_the_moment(lesson: Lesson) -> None:
    (shown,) = lesson.kernel.run("%search channel:cells fit_transform --into found").shown
    assert "1  0:0" in shown["text/plain"]
    assert "<pre" in shown["text/html"]
    cell = lesson.session.get_cells()[1]
    said = lesson.kernel.run("print(found[0].start, found[0].channel)").out.split()
    assert float(said[0]) == pytest.approx(cell.start, abs=0.01)
    assert said[1] == "notebook:cells"
    assert "widget-view+json" in json.dumps(lesson.kernel.run("%play").shown)


def test_play_cell_plays_the_last_run_of_a_cell(lesson: Lesson) -> None:
    cells = lesson.session.get_cells()
    last = lesson.kernel.run("%play --cell")
    assert last.out.startswith(f"[{cells[-1].number}] 1 / 0 · 0:")
    assert "widget-view+json" in json.dumps(last.shown)
    named = lesson.kernel.run(f"%play --cell {cells[1].number}")
    assert named.out.startswith(f"[{cells[1].number}] scaler_fit_transform = 'X' · 0:")
    unknown = lesson.kernel.run("%play --cell 999")
    assert "No cell [999] ran while" in unknown.err


def test_words_are_found_where_cells_are_not_asked_for(lesson: Lesson) -> None:
    *_, shown = lesson.kernel.run("%search channel:mic the model").shown  # after the progress
    assert "mic:default" in shown["text/plain"]
    assert "notebook:cells" not in shown["text/plain"]
