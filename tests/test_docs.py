"""The README and docs/: the site builds, and every block of code on every page runs as written.

The blocks of a page run in order and share their names; a few are there beforehand (`names`), as a
reader has them. What is read otherwise than it is written: ``cap-xxx``, the port, and lengths of
recordings, which are seconds here. Where a block says ``# … talk …``, somebody talks. A block that
cannot run here says so in the line above it: ``<!-- not run: why -->``; one with a word after its
language (```python flask) is run by a test of its own.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import warnings
import webbrowser
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from typing import Any

import nbformat
import pytest
from IPython.core.getipython import get_ipython
from IPython.core.interactiveshell import InteractiveShell
from IPython.testing.globalipapp import start_ipython

import jupyter_capture
from jupyter_capture import editor, widgets
from jupyter_capture.client.capture import CaptureClient
from jupyter_capture.client.connection import Connection, connect
from jupyter_capture.desktop import VirtualDesktop
from tests.conftest import BUDGET, Engine, Recorded, end_process, start_engine
from tests.contract.conftest import free_port

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
RUN = {"python", "bash"}
SHOWN = {"text", "json", "toml", "yaml", "html", "nginx"}
ELSEWHERE = {"demo": "tests/test_demo.py", "doctor": "tests/test_doctor.py"}
_FENCE = re.compile(
    r"^(?:<!-- not run: (?P<why>[^\n]*?) -->\n)?(?P<indent> *)```(?P<language>\w*)(?P<tag>[^\n]*)\n"
    r"(?P<source>.*?)^(?P=indent)```",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True)
class Block:
    language: str
    source: str
    line: int
    not_run: str | None
    """Why; None or empty where it is run here."""


def blocks_of(page: Path) -> list[Block]:
    text = page.read_text()
    return [
        Block(
            found["language"],
            dedent(found["source"]),
            text.count("\n", 0, found.start()) + 1,
            found["why"] or (found["tag"].strip() and f"a test of its own: {found['tag'].strip()}"),
        )
        for found in _FENCE.finditer(text)
    ]


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


@dataclass
class Reader:
    """Does what a page says, as somebody who has a recording about a budget and ``talk.mp4``."""

    shell: InteractiveShell
    desktop: VirtualDesktop
    engine: Engine
    served: Engine
    port: int

    def does(self, block: Block) -> None:
        if block.language == "bash":
            for line in block.source.replace("\\\n", " ").splitlines():
                self.types(line)
            return
        source = block.source.replace("127.0.0.1:8765", f"127.0.0.1:{self.port}")
        for cell in cells_of(source):
            if cell.startswith("# … talk"):
                self.desktop.say(BUDGET)
            with warnings.catch_warnings():
                # A clip of the page that is longer than the recording is shortened, and says so.
                warnings.simplefilter("ignore", UserWarning)
                self.shell.run_cell(cell, store_history=True).raise_error()

    def types(self, line: str) -> None:
        words = shlex.split(line, comments=True)
        if words[:1] != ["jupyter-capture"] or words[1] in ELSEWHERE or words[1] == "serve":
            return
        if words[1] == "record":
            words = [re.sub(r"^\d+[hms]$", "2s", word) for word in words]
            assert "2s" in words, f"this would record until Ctrl-C: {line}"
        env = self.served.env if words[1] == "keys" else self.engine.env
        command = [sys.executable, "-m", "jupyter_capture.cli", *words[1:]]
        done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=90)
        assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"


def cells_of(source: str) -> list[str]:
    """A cell magic has a cell of its own, and so has what comes after somebody talked."""
    parts = re.split(r"^(?=%%|# … talk)", source, flags=re.MULTILINE)
    return [cell for cell in parts if cell.strip()]


@pytest.fixture(scope="module")
def talk(recorded: Recorded, tmp_path_factory: pytest.TempPathFactory) -> Path:
    video = recorded.session.get_video()
    assert video is not None
    video.index_spoken_words(show_progress=False)
    path = tmp_path_factory.mktemp("talk") / "talk.mp4"
    return Path(video.save(path, show_progress=False))


@pytest.fixture(scope="module")
def served(
    engine: Engine, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Engine, int, str]]:
    """`jupyter-capture serve` on a library of its own, its port, and a key."""
    data_dir, port = tmp_path_factory.mktemp("served"), free_port()
    env = {**engine.env, "JUPYTER_CAPTURE_DATA_DIR": str(data_dir)}
    started = start_engine(data_dir, env, "--port", str(port))
    with connect(data_dir=data_dir) as own:
        key = str(own.http.post("keys", {"label": "docs"})["key"])
    yield started, port, key
    end_process(started.process)


@pytest.fixture
def reader(
    desktop: VirtualDesktop,
    engine: Engine,
    connection: Connection,
    recorded: Recorded,
    served: tuple[Engine, int, str],
    talk: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Reader]:
    for name, value in engine.env.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(webbrowser, "open", lambda address: True)
    shutil.copy(talk, tmp_path)
    nbformat.write(nbformat.v4.new_notebook(), tmp_path / "lecture.ipynb")
    # Of a test that failed: a page says `%capture_stop`, and means the only one that records.
    for id in connection.status().recordings:
        connection.get_capture_session(id).stop()
    before = {session.id for session in connection.list_capture_sessions()}
    start_ipython()
    shell = get_ipython()
    assert shell is not None
    shell.reset(new_session=False)
    started, port, key = served
    shell.push(names(connection, recorded, key))
    shell.extension_manager.load_extension("jupyter_capture")
    yield Reader(shell, desktop, engine, started, port)
    shell.extension_manager.unload_extension("jupyter_capture")
    shell.reset(new_session=False)
    for session in connection.list_capture_sessions():
        if session.id not in before:
            if session.status not in ("created", "failed", "stopped", "exported"):
                session.stop()
            session.delete()


def names(connection: Connection, recorded: Recorded, key: str) -> dict[str, Any]:
    """What a reader has at hand."""
    session = recorded.session
    return {
        "conn": connection,
        "connection": connection,
        "coll": connection.get_collection(),
        "collection": connection.get_collection(),
        "cap": session,
        "session": session,
        "video": session.get_video(),
        "client": CaptureClient(connection=connection),
        "cap_id": connection.create_capture_session(end_user_id="reader").id,
        "display_asset_id": session.get_rtstream("display")[0].exported_asset_id,
        "mic_asset_id": session.get_rtstream("mic")[0].exported_asset_id,
        "key": key,
    }


@pytest.fixture
def recording(reader: Reader) -> None:
    """For a page about what is done while it records: ``session`` and ``client`` do."""
    shell = reader.shell
    shell.run_cell(
        "session = await client.start_session(cap_id, ["
        "{'name': 'display:1', 'store': True}, {'name': 'mic:default', 'store': True}, "
        "{'name': 'system_audio:default', 'store': True}])"
    ).raise_error()


WHILE_RECORDING = {"docs/recorder.md", "docs/speech.md"}
WITH_CODE = [page for page in PAGES if any(block.language in RUN for block in blocks_of(page))]


@pytest.mark.parametrize("page", WITH_CODE, ids=name_of)
def test_what_a_page_says_can_be_done_in_its_order(
    page: Path, reader: Reader, recorded: Recorded, request: pytest.FixtureRequest
) -> None:
    if name_of(page) in WHILE_RECORDING:
        request.getfixturevalue("recording")
    for block in blocks_of(page):
        if block.language in RUN and not block.not_run:
            source = block.source.replace("cap-xxx", recorded.session.id)
            try:
                reader.does(Block(block.language, source, block.line, None))
            except (Exception, SystemExit) as error:
                pytest.fail(f"{name_of(page)}, line {block.line}: {error!r}\n\n{source}")


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_a_pages_blocks_say_what_they_are(page: Path) -> None:
    for block in blocks_of(page):
        assert block.language in RUN | SHOWN, f"line {block.line}: ```{block.language}"
        if block.language == "json":
            json.loads(block.source)


def test_few_blocks_are_not_run_and_each_says_why() -> None:
    skipped = [block for page in PAGES for block in blocks_of(page) if block.not_run]
    assert len(skipped) <= 8
    assert "<!-- not run: -->" not in "".join(page.read_text() for page in PAGES)


def test_the_site_builds_without_a_broken_link(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = [
        sys.executable,
        "-m",
        "mkdocs",
        "build",
        "--strict",
        "--quiet",
        "-d",
        tmp_path / "site",
    ]
    env = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
    pages = {path.parent.name for path in (tmp_path / "site").rglob("index.html")}
    assert {"settings", "errors", "compatibility", "changelog", "architecture"} <= pages
    home = (tmp_path / "site" / "index.html").read_text()
    assert "fonts.googleapis" not in home


def test_the_reference_has_every_public_name() -> None:
    told = "\n".join(path.read_text() for path in (ROOT / "docs" / "api").glob("*.md"))
    public = {*jupyter_capture.__all__, *editor.__all__, *widgets.__all__}
    # A union of the assets, a version, and what IPython calls.
    public -= {"AnyAsset", "CaptureError", "__version__"}
    public = {name for name in public if not name.endswith("load_ipython_extension")}
    missing = [name for name in sorted(public) if not re.search(rf"^::: .*\.{name}$", told, re.M)]
    assert missing == []


def test_the_results_are_what_the_benchmarks_recorded() -> None:
    command = [sys.executable, "benchmarks/report.py", "--check"]
    done = subprocess.run(command, cwd=ROOT, check=False)
    assert done.returncode == 0, "benchmarks/RESULTS.md is stale: run benchmarks/report.py"


def test_every_page_is_in_the_sites_navigation() -> None:
    listed = (ROOT / "mkdocs.yml").read_text()
    pages = [path.relative_to(ROOT / "docs").as_posix() for path in (ROOT / "docs").rglob("*.md")]
    assert [page for page in pages if page not in listed] == []
