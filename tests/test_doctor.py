from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from jupyter_capture.doctor import Finding, Report, show
from jupyter_capture.local import running_engine

if TYPE_CHECKING:
    from tests.conftest import Engine

REPORT = Report(
    [
        Finding("screen", "ok", "display:1 (1280x720)"),
        Finding("speech", "missing", "Whisper", "pip install whisper[words]"),
    ],
    can_record=True,
)


def doctor(env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "jupyter_capture.cli", "doctor"]
    return subprocess.run(
        command, env=env, capture_output=True, text=True, timeout=120, check=False
    )


def test_a_pipe_gets_one_plain_line_for_each_finding() -> None:
    output = io.StringIO()
    show(REPORT, Console(file=output, width=20))
    lines = output.getvalue().splitlines()
    assert lines[0] == "ok       screen: display:1 (1280x720)"
    assert lines[1] == "missing  speech: Whisper. pip install whisper[words]"
    assert len(lines) == 3


def test_a_terminal_gets_a_table_with_remedies() -> None:
    output = io.StringIO()
    show(REPORT, Console(file=output, width=100, force_terminal=True, no_color=True))
    assert "✗" in output.getvalue()
    assert "pip install whisper[words]" in output.getvalue()


def test_doctor_finds_display_and_sound_where_they_are(engine: Engine) -> None:
    done = doctor(engine.env)
    assert done.returncode == 0, done.stdout + done.stderr
    for word in ("display:1", "mic:default", "system_audio:default", "1280x720", "libx264"):
        assert word in done.stdout
    assert f"process {engine.process.pid}" in done.stdout


def test_doctor_says_what_is_missing_and_leaves_no_engine_behind(tmp_path: Path) -> None:
    bare = {
        name: value
        for name, value in os.environ.items()
        if name not in ("DISPLAY", "PULSE_SERVER", "PULSE_RUNTIME_PATH", "XDG_RUNTIME_DIR")
    }
    env = {**bare, "JUPYTER_CAPTURE_DATA_DIR": str(tmp_path / "library")}
    done = doctor(env)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "Nothing can be recorded here" in done.stdout
    assert "missing  sources" in done.stdout
    assert running_engine(tmp_path / "library") is None
