"""The library's file: threads, full disks, network disks, private."""

from __future__ import annotations

import stat
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from engine_harness import App
from sqlalchemy import select, text

from jupyter_capture.engine.saving import prune
from jupyter_capture.engine.schema import collections, streams
from jupyter_capture.engine.store import Store, network_filesystem
from jupyter_capture.errors import EngineError, StorageFullError

MOUNTS = """\
/dev/vda / ext4 rw 0 0
server:/home /home nfs4 rw 0 0
/dev/vdb /home/ada/fast xfs rw 0 0
//nas/share /mnt/my\\040share cifs rw 0 0
me@host:/ /mnt/ssh fuse.sshfs rw 0 0
tmpfs /tmp tmpfs rw 0 0
"""


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("/var/lib/x", None),
        ("/home/ada/library", "nfs4"),
        ("/home/ada/fast/library", None),
        ("/homely", None),
        ("/mnt/my share/library", "cifs"),
        ("/mnt/ssh", "fuse.sshfs"),
        ("/tmp/x", None),
    ],
)
def test_a_network_file_system_is_noticed(tmp_path: Path, folder: str, kind: str | None) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text(MOUNTS)
    assert network_filesystem(Path(folder), mounts) == kind


def test_on_a_network_file_system_there_is_no_write_ahead_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("jupyter_capture.engine.store.network_filesystem", lambda _: "nfs4")
    store = Store(tmp_path / "library.sqlite3")
    store.migrate()
    with store.read() as connection:
        assert connection.execute(text("pragma journal_mode")).scalar() == "delete"
    store.close()
    assert "JUPYTER_CAPTURE_DATA_DIR" in caplog.text
    local = Store(tmp_path / "local.sqlite3")
    monkeypatch.undo()
    local.close()


def test_busy_threads_do_not_wait_for_one_anothers_connections(app: App) -> None:
    store = app.services.store

    def nested(number: int) -> int:
        with store.read() as outer, store.read() as inner, store.read() as third:
            for connection in (outer, inner, third):
                connection.execute(select(collections.c.id)).all()
            return number

    with ThreadPoolExecutor(40) as pool:
        assert sorted(pool.map(nested, range(200))) == list(range(200))


async def test_of_the_sessions_of_one_second_the_latest_is_named_first(app: App) -> None:
    async with app.local as client:
        path = "/collection/default/capture/session"
        made = []
        for _ in range(8):
            answer = await client.post(path, json={"end_user_id": "tests"})
            made.append(answer.json()["data"]["session_id"])
        listed = (await client.get(path)).json()["data"]["sessions"]
    assert [one["session_id"] for one in listed] == made[::-1]


def test_what_fails_half_way_leaves_nothing(app: App) -> None:
    store = app.services.store

    def half() -> None:
        with store.write() as connection:
            connection.execute(streams.insert().values(id="stm-1", spec={}, created_at=0))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        half()
    with store.read() as connection:
        assert connection.execute(select(streams.c.id)).all() == []


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 2 MB."""
    point = tmp_path / "small"
    point.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(point)]
    if subprocess.run(command, check=False, capture_output=True).returncode:
        command = ["sudo", "-n", *command]
        subprocess.run(command, check=True, capture_output=True)
    yield point
    subprocess.run(["umount", "-l", str(point)], check=False, capture_output=True)


def test_a_full_disk_is_said_in_words_and_loses_nothing(small_disk: Path) -> None:
    store = Store(small_disk / "library.sqlite3")
    store.migrate()

    def fill(number: int) -> None:
        with store.write() as connection:
            spec = {"filler": "x" * 100_000}
            connection.execute(streams.insert().values(id=f"stm-{number}", spec=spec, created_at=0))

    def all_of_it() -> None:
        for number in range(100):
            fill(number)
            done.append(number)

    done: list[int] = []
    with pytest.raises(StorageFullError, match="Free some space"):
        all_of_it()
    with store.read() as connection:
        there = connection.execute(select(streams.c.id)).scalars().all()
    assert len(there) == len(done) > 0
    store.close()


def test_a_file_that_is_no_library_is_said_to_be_none(tmp_path: Path) -> None:
    path = tmp_path / "library.sqlite3"
    path.write_bytes(b"no library at all" * 1000)
    store = Store(path)
    with pytest.raises(EngineError, match="cannot be opened"):
        store.migrate()
    store.close()
    assert path.read_bytes().startswith(b"no library")


def test_a_library_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    store = Store(tmp_path / "library.sqlite3")
    store.migrate()
    with store.write() as connection:
        connection.execute(text("update alembic_version set version_num = '9999'"))
    with pytest.raises(EngineError, match="newer jupyter-capture"):
        store.migrate()
    store.close()


@pytest.mark.parametrize(
    ("version", "lacks", "has"),
    [
        ("0002", "alter table segments drop column boxes", "select boxes from segments"),
        (
            "0005",
            "drop index rtstreams_by_session",
            "select id from rtstreams indexed by rtstreams_by_session",
        ),
    ],
)
def test_a_library_of_an_older_version_gets_what_it_lacks(
    tmp_path: Path, version: str, lacks: str, has: str
) -> None:
    store = Store(tmp_path / "library.sqlite3")
    store.migrate()
    with store.write() as connection:
        connection.execute(text(lacks))
        connection.execute(text(f"update alembic_version set version_num = '{version}'"))
    store.migrate()
    with store.read() as connection:
        connection.execute(text(has))
    store.close()


def test_the_library_is_private_whatever_the_umask(app: App) -> None:
    for path in app.services.home.root.glob("library.sqlite3*"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path


def test_the_cache_of_downloads_keeps_what_was_used_last(tmp_path: Path) -> None:
    import os

    made: list[Path] = []
    for age in range(5):
        path = tmp_path / f"{age}.mp4"
        path.write_bytes(b"x" * 1000)
        os.utime(path, (1000 - age, 1000 - age))
        made.append(path)
    prune(made[4], 3000)
    assert [path.name for path in made if path.exists()] == ["0.mp4", "1.mp4", "4.mp4"]
    prune(made[4], 0)
    assert [path.name for path in made if path.exists()] == ["4.mp4"]
