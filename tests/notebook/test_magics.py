"""The magics in a real IPython, against a real engine that records a real desktop."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from IPython.core.completer import provisionalcompleter
from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

from jupyter_capture.client.connection import Connection
from jupyter_capture.client.search import SearchResult
from jupyter_capture.desktop import VirtualDesktop
from jupyter_capture.magics.commands import seconds, tokens, unquoted
from tests.conftest import Engine, Recorded, end_process, start_engine

ROOT = Path(__file__).parents[2]
MAGICS = [
    "capture_channels",
    "capture_connect",
    "capture_delete",
    "capture_forget",
    "capture_panel",
    "capture_pause",
    "capture_resume",
    "capture_sessions",
    "capture_start",
    "capture_status",
    "capture_stop",
    "play",
    "search",
    "timeline",
    "transcript",
]


def line(shell: InteractiveShell, text: str) -> str:
    """What ``%text`` says."""
    name, _, rest = text.partition(" ")
    with capture_output() as captured:
        shell.run_line_magic(name, rest)
    return captured.stdout + "".join(out.data["text/plain"] for out in captured.outputs)


def refused(shell: InteractiveShell, text: str) -> str:
    """The one line with which ``%text`` is refused."""
    with pytest.raises(UsageError) as caught:
        line(shell, text)
    assert "\n" not in str(caught.value)
    assert caught.value.__cause__ is None or caught.value.__suppress_context__
    return str(caught.value)


def complete(shell: InteractiveShell, text: str) -> list[str]:
    with provisionalcompleter():
        return [each.text for each in shell.Completer.completions(text, len(text))]


# -- loading


def test_loading_starts_nothing_and_imports_little(tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "from IPython.core.interactiveshell import InteractiveShell\n"
        "shell = InteractiveShell()\n"
        "shell.extension_manager.load_extension('jupyter_capture')\n"
        "assert 'search' in shell.magics_manager.magics['cell']\n"
        "print(sorted({name.split('.')[0] for name in sys.modules}))"
    )
    env = {
        "PATH": "/usr/bin:/bin",
        "HOME": str(tmp_path),
        "JUPYTER_CAPTURE_DATA_DIR": str(tmp_path / "library"),
        "PYTHONPATH": str(ROOT),
    }
    done = subprocess.run(
        [sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True
    )
    for heavy in ("httpx", "pydantic", "anywidget", "tqdm", "av", "numpy"):
        assert f"'{heavy}'" not in done.stdout
    assert not (tmp_path / "library").exists()


def test_unloading_takes_magics_and_completion_away(shell: InteractiveShell) -> None:
    shell.extension_manager.unload_extension("jupyter_capture")
    registered = shell.magics_manager.magics
    assert not {*MAGICS} & {*registered["line"], *registered["cell"]}
    assert complete(shell, "%capture_start displ") == []
    shell.extension_manager.load_extension("jupyter_capture")
    assert complete(shell, "%capture_start displ") == ["display:1"]


@pytest.mark.parametrize("name", MAGICS)
def test_every_magic_has_help_with_an_example(shell: InteractiveShell, name: str) -> None:
    help = (shell.find_line_magic(name) or shell.find_cell_magic(name)).__doc__
    assert re.search(rf"  %%?{name}", help)
    assert "Example::" in help


# -- lines


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("budget discussion", ["budget", "discussion"]),
        ("what's the plan", ["what's", "the", "plan"]),
        ("the 'red book' now", ["the", "'red book'", "now"]),
        ('say "action items" -k 3', ["say", '"action items"', "-k", "3"]),
        ('--name="My talk" x', ['--name="My talk"', "x"]),
        ('an open " quote', ["an", "open", '"', "quote"]),
        ("", []),
    ],
)
def test_quotes_hold_words_together_and_apostrophes_are_letters(
    text: str, found: list[str]
) -> None:
    assert tokens(text) == found


def test_only_a_pair_of_quotes_is_taken_off() -> None:
    assert [unquoted(word) for word in ("'a b'", '"a"', "it's", '"', "'a\"")] == [
        "a b",
        "a",
        "it's",
        '"',
        "'a\"",
    ]


def test_lengths_of_time_are_read() -> None:
    lengths = [seconds(text) for text in ("30", "30s", "1.5s", "2m", "1h30m", "'10s'")]
    assert lengths == [30, 30, 1.5, 120, 5400, 10]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("capture_start --fps 99", "from 1 to 60"),
        ("capture_start --for never", "write 30s"),
        ("capture_start --for 0s", "write 30s"),
        ("capture_start --into 9x", "cannot be a variable's name"),
        ("capture_start mic:default --ephemeral mic", "both kept and live only"),
        ("capture_start display:9", "display:1"),
        ("capture_start dispay:1", "'dispay:1' is not a channel"),
        ("capture_stop cap-unknown", "%capture_sessions lists them"),
        ("capture_forget 2x", "write 30s"),
        ("capture_forget 2m", "Nothing is recording"),
        ("capture_panel", "needs a notebook"),
        ("capture_pause cap-unknown", "cap-unknown"),
        ("capture_delete everything", "names nothing that can be deleted"),
        ("capture_delete m-unknown", "m-unknown"),
        ("capture_delete", "required: ID"),
        ("capture_connect http://127.0.0.1:1 --key x", "cannot be reached"),
        ("capture_connect --key x", "URL --key"),
        ("search", "query is empty"),
        ("search ''", "query is empty"),
        ("search x --mode fuzzy", "'hybrid', 'semantic', 'keyword'"),
        ("search x -k 0", "from 1 to 100"),
        ("search x --in m-unknown", "%capture_sessions lists what there is"),
        ("search x --live", "Nothing is recording"),
        ("search x --live --scope video", "leave out --scope"),
        ("search x --in everywhere", "%capture_sessions"),
        ("search x --colour red", "unrecognized"),
        ("play nonsense", "nonsense"),
        ("play 1", "%search words"),
        ("play --cell x", "no whole number"),
        ("play --cell 3 m-unknown", "is no session"),
        ("transcript m-unknown", "m-unknown"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(
    shell: InteractiveShell, text: str, said: str
) -> None:
    assert said in refused(shell, text)


def test_a_wrong_key_is_said_in_one_line_and_the_former_connection_stays(
    engine: Engine, shell: InteractiveShell, connection: Connection, tmp_path: Path
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    served = start_engine(tmp_path, engine.env, "--host", "127.0.0.1", "--port", port)
    try:
        said = refused(shell, f"capture_connect http://127.0.0.1:{port} --key sk-wrong")
    finally:
        end_process(served.process)
    assert "key" in said
    assert "sk-wrong" not in said
    assert str(connection.data_dir) in line(shell, "capture_status")


# -- recording


def test_a_repeated_ephemeral_adds_to_what_is_live_only(shell: InteractiveShell) -> None:
    said = line(shell, "capture_start --ephemeral mic --ephemeral system_audio --into cap")
    shown = [row.split(maxsplit=1)[1] for row in said.splitlines()[1:]]
    assert shown == ["kept", "live only", "live only"]
    line(shell, "capture_stop")


def test_a_recording_from_start_to_its_deletion(
    shell: InteractiveShell, connection: Connection
) -> None:
    assert line(shell, "capture_stop") == "Nothing is recording. %capture_start begins.\n"
    said = line(shell, 'capture_start --ephemeral system_audio --name "A talk" --into cap')
    session = shell.user_ns["cap"]
    assert said.splitlines() == [
        f"Recording {session.id}. %capture_stop ends it.",
        "  display:1             kept",
        "  mic:default           kept",
        "  system_audio:default  live only",
    ]
    assert f"{session.id} records already" in refused(shell, "capture_start")
    assert "still records" in refused(shell, "search budget --scope session")
    assert "is paused" in line(shell, "capture_pause")
    assert f"{session.id} “A talk” is paused" in line(shell, "capture_status")
    assert "is active again" in line(shell, "capture_resume")
    assert re.search(r"mic:default +kept +-\d+ dB", _until_levels(shell))

    assert re.fullmatch(
        rf"0:0.*–0:0.* of {session.id} was erased\.\n", line(shell, "capture_forget 1s")
    )
    said = line(shell, "capture_stop")
    assert f"Files in {connection.data_dir}/sessions/{session.id}, " in said
    assert re.search(r"display:1 +[\d.]+ [kM]B  trk-", said)
    assert "system_audio" not in said
    assert f"Video {session.exported_video_id}" in said
    assert re.search(rf"{session.id}  exported .*“A talk”", line(shell, "capture_sessions"))
    again = line(shell, "capture_stop")
    assert again == f"Nothing is recording. {session.id} is exported already: %play plays it.\n"

    assert "was deleted" in line(shell, f"capture_delete {session.id}")
    assert session.id not in line(shell, "capture_sessions")
    assert "was never started" not in line(shell, "capture_status")


def _until_levels(shell: InteractiveShell) -> str:
    """Status, once the first levels have come."""
    session = shell.user_ns["cap"]
    while not session.refresh().levels:
        pass
    return line(shell, "capture_status")


def test_all_live_only_ends_without_a_video(shell: InteractiveShell) -> None:
    said = line(shell, "capture_start --ephemeral --for 1s")
    assert said.count("live only") == 3
    assert "is stopped" in said
    assert said.endswith("Nothing was kept, so there is no video.\n")
    assert "kept nothing" in refused(shell, "play")


def test_what_the_machine_lacks_is_said_and_the_rest_recorded(
    engine: Engine, tmp_path: Path, shell: InteractiveShell, monkeypatch: pytest.MonkeyPatch
) -> None:
    silent = start_engine(tmp_path, engine.env)
    monkeypatch.setenv("PULSE_SERVER", "unix:/nowhere")  # the desktop is the caller's
    monkeypatch.setenv("JUPYTER_CAPTURE_DATA_DIR", str(tmp_path))
    try:
        said = line(shell, "capture_start --for 1s").splitlines()
        assert said[1] == "  display:1  kept"
        assert said[2].startswith("Not on this machine: mic:default, system_audio:default. ")
        assert any("is exported: 0:0" in each for each in said[3:])
        assert "sound" in line(shell, "capture_channels")
    finally:
        end_process(silent.process)


def test_nothing_to_record_is_one_clear_line(
    engine: Engine, tmp_path: Path, shell: InteractiveShell, monkeypatch: pytest.MonkeyPatch
) -> None:
    env = {name: value for name, value in engine.env.items() if name != "DISPLAY"}
    bare = start_engine(tmp_path, env)
    monkeypatch.delenv("DISPLAY")
    monkeypatch.setenv("PULSE_SERVER", "unix:/nowhere")
    monkeypatch.setenv("JUPYTER_CAPTURE_DATA_DIR", str(tmp_path))
    try:
        said = refused(shell, "capture_start")
        assert said.startswith("Not on this machine: display:1, mic:default, system_audio:default")
        assert "DISPLAY is not set" in said
        assert "jupyter-capture demo" in said
        assert "browser" not in said
        assert "There is nothing to search yet" in refused(shell, "search budget")
        assert "no video yet" in refused(shell, "play")
        assert "Nothing was recorded yet" in line(shell, "capture_sessions")
    finally:
        end_process(bare.process)


# -- finding


def test_a_search_indexes_first_and_numbers_its_shots(
    shell: InteractiveShell, recorded: Recorded, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    said = line(shell, f"search what's the budget -k 2 --in {recorded.session.id} --into found")
    found = shell.user_ns["found"]
    assert isinstance(found, SearchResult)
    assert found.query == "what's the budget"
    assert said.splitlines()[1].startswith("   1  0:0")
    assert "budget" in said.splitlines()[1].lower()
    address = line(shell, "play 1").strip()
    assert opened == [address]
    assert "/watch?v=" in address
    assert "There is no shot 9" in refused(shell, "play 9")


def test_a_search_answers_from_speech_while_the_screen_is_read_and_finds_that_next(
    shell: InteractiveShell, connection: Connection, desktop: VirtualDesktop
) -> None:
    session = connection.create_capture_session(metadata={"name": "Unread"})
    session.start([{"name": "display:1", "store": True}, {"name": "mic:default", "store": True}])
    desktop.say("The spring budget is late.")
    session.stop()
    video = session.get_video()
    assert video is not None
    said = line(shell, f"search spring budget --in {session.id}").splitlines()
    assert said[0].startswith("1 shot")
    assert said[-1].startswith("The screen of Unread is being read in the background")
    video.index_screen_text(show_progress=False)
    again = line(shell, f"search spring budget --in {session.id}")
    assert "being read" not in again
    line(shell, f"capture_delete {session.id}")


def test_double_quotes_ask_for_a_phrase(shell: InteractiveShell, recorded: Recorded) -> None:
    where = f"--mode keyword --in {recorded.session.exported_video_id}"
    assert line(shell, f'search "budget discussion" {where}').startswith("1 shot")
    assert line(shell, f'search "discussion budget" {where}').startswith("Nothing")


def test_a_cell_searches_for_each_line_and_expands_nothing(
    shell: InteractiveShell, recorded: Recorded
) -> None:
    shell.user_ns["money"] = "hiring"
    with capture_output() as captured:
        shell.run_cell_magic(
            "search",
            f"--in {recorded.session.id} --into found",
            "budget {money}\n\n  who is hired\n",
        )
    found: Any = shell.user_ns["found"]
    assert [result.query for result in found] == ["budget {money}", "who is hired"]
    assert "“budget {money}”" in captured.outputs[0].data["text/plain"]


def test_the_collection_is_searched_where_nothing_was_recorded_here(
    shell: InteractiveShell, recorded: Recorded
) -> None:
    assert "in the collection" in line(shell, "search channel:mic budget discussion")


def test_the_transcript_tells_what_was_said_and_when(
    shell: InteractiveShell, recorded: Recorded
) -> None:
    said = line(shell, f"transcript {recorded.session.id}")
    assert re.match(r" *0:0\d\.\d  ", said)
    assert "budget" in said
    assert "pineapple" not in said.lower()


def test_tab_completes_channels_options_sessions_and_videos(
    shell: InteractiveShell, recorded: Recorded
) -> None:
    session = recorded.session
    line(shell, "capture_status")
    assert complete(shell, "%capture_start displ") == ["display:1"]
    assert "default" in complete(shell, "%capture_start display:1 mic:d")
    assert complete(shell, "%capture_start --eph") == ["--ephemeral"]
    assert "system_audio:default" in complete(shell, "%capture_start --ephemeral sys")
    assert complete(shell, "%search x --mode key") == ["keyword"]
    assert complete(shell, "%%search --sco") == ["--scope"]
    assert session.id in complete(shell, "%capture_delete cap-")
    assert session.exported_video_id in complete(shell, "%play m-")
    assert session.id in complete(shell, "%search words --in ")
