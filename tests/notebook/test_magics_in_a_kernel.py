"""The magics in a real kernel: what blocks it, interrupts it or restarts it stops no recording."""

from __future__ import annotations

import threading

from jupyter_capture.client.connection import Connection
from tests.conftest import Recorded

from .conftest import Kernel


def test_a_recording_outlives_a_busy_cell_its_interrupt_and_a_restart(
    kernel: Kernel, connection: Connection
) -> None:
    kernel.run("%capture_start --into cap")
    (recording,) = connection.status().recordings

    # Interrupted in the middle of a cell, as with the button in the notebook.
    kernel.run("import time")
    threading.Timer(1.0, kernel.interrupt).start()
    assert kernel.run("time.sleep(60)").errors == ["KeyboardInterrupt: "]
    session = connection.get_capture_session(recording)
    assert session.status == "active"
    assert (session.duration or 0) > 0.5

    kernel.manager.restart_kernel(now=True)
    kernel.client.wait_for_ready(timeout=60)
    kernel.run("%load_ext jupyter_capture")
    before = session.refresh().duration or 0
    stopped = kernel.run("%capture_stop")
    assert f"{recording} is exported" in stopped.out
    assert (session.refresh().duration or 0) > before


def test_an_interrupted_wait_goes_on_recording_and_says_so(
    kernel: Kernel, connection: Connection
) -> None:
    interrupter = threading.Thread(target=_interrupt_once_it_records, args=(kernel, connection))
    interrupter.start()
    said = kernel.run("%capture_start --for 60s")
    interrupter.join()
    (recording,) = connection.status().recordings
    assert f"UsageError: {recording} goes on recording. %capture_stop ends it." in said.err
    assert said.errors == []
    assert "is exported" in kernel.run("%capture_stop").out


def test_an_error_is_one_line_without_a_traceback(kernel: Kernel) -> None:
    said = kernel.run("%play m-unknown")
    assert said.errors == []
    assert said.err.startswith("UsageError: There is no video 'm-unknown'.")
    assert said.err.count("\n") == 1


def test_hits_are_shown_with_pictures_and_the_text_beside_them(
    kernel: Kernel, recorded: Recorded
) -> None:
    kernel.run(f"%transcript {recorded.session.id}")
    (shown,) = kernel.run(f"%search channel:mic budget --in {recorded.session.id}").shown
    assert shown["text/plain"].startswith("1 shot for “channel:mic budget”")
    assert "<img src='data:image/jpeg;base64," in shown["text/html"]
    assert "<mark" in shown["text/html"]
    assert "<script" not in shown["text/html"]
    _, player = kernel.run("%play").shown
    assert "application/vnd.jupyter.widget-view+json" in player


def _interrupt_once_it_records(kernel: Kernel, connection: Connection) -> None:
    recordings: list[str] = []
    while not recordings:
        recordings = connection.status().recordings
    session = connection.get_capture_session(recordings[0]).wait("active")
    while (session.refresh().duration or 0) < 1:
        pass
    kernel.interrupt()


def test_where_the_machine_has_nothing_to_record_the_panel_opens_for_the_browser(
    kernel: Kernel, connection: Connection
) -> None:
    kernel.run("import os\nos.environ.update(DISPLAY=':987', PULSE_SERVER='/nowhere')")
    said = kernel.run("%capture_start --name Remote")
    assert said.errors == []
    assert said.err == ""
    assert "Record from this browser instead" in said.out
    assert any("application/vnd.jupyter.widget-view+json" in bundle for bundle in said.shown)
    assert connection.status().recordings == []
    named = kernel.run("%capture_start mic:nowhere")
    assert named.err.startswith("UsageError: ")
