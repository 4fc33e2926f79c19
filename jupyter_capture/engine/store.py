"""The database: opened, migrated, read and written. The only module that knows it is SQLite."""

from __future__ import annotations

import logging
import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Table,
    create_engine,
    event,
    inspect,
    literal_column,
    text,
)
from sqlalchemy.exc import DatabaseError, OperationalError

from jupyter_capture.errors import EngineError, StorageFullError

logger = logging.getLogger(__name__)

BUSY_SECONDS = 30
_FLUSHES = 3
_MUCH = 1_000_000
"""Bytes of the library's file that hold nothing any more, for which it is written anew, ..."""
_MUCH_SHARE = 0.2
"""... where they are as large a share of it."""
# Shared memory, which a write-ahead log needs, does not work between machines.
_NETWORK = ("nfs", "cifs", "smb", "9p", "afs", "ceph", "lustre", "gpfs", "fuse.ssh", "fuse.gluster")


class Store:
    """One library. ``read()`` and ``write()`` give a connection inside a transaction.

    Writers take turns: a lock within this process, ``BEGIN IMMEDIATE`` between processes (a job's
    worker writes too). What is written is either there whole, also after a kill, or not at all.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        # Reads nest, one connection each: a limit would let busy threads wait for one another.
        self._engine = create_engine(
            f"sqlite:///{path}",
            connect_args={"timeout": BUSY_SECONDS},
            hide_parameters=True,  # an error would quote what was said, in the log
            pool_size=8,
            max_overflow=-1,
        )
        self._writing = threading.Lock()
        self.is_new = False
        """Whether `migrate` made it."""
        network = network_filesystem(path.parent)
        if network is not None:
            logger.warning(
                "%s lies on a network file system (%s): slower, and only one machine may use it at "
                "a time. Choose a local folder with JUPYTER_CAPTURE_DATA_DIR.",
                path.parent,
                network,
            )
        self._journal = "WAL" if network is None else "DELETE"
        event.listen(self._engine, "connect", self._prepare)
        event.listen(self._engine, "begin", _begin)

    def migrate(self) -> None:
        """Bring the tables to this version. Raises EngineError where a newer version made them."""
        # SQLite gives its other files the mode of this one.
        os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))
        self.path.chmod(0o600)
        try:
            version = self._version()
            self.is_new = version is None
            if version != _newest():
                self._upgrade()
        except Exception as error:
            if isinstance(error, OperationalError) and _is_full(error):
                raise _full() from error
            raise EngineError(
                f"The library {self.path} cannot be opened ({error}). If a newer jupyter-capture "
                "made it, install that version; otherwise restore the file from a backup, or move "
                "it away: a new library takes in the recordings that lie here."
            ) from error

    def _upgrade(self) -> None:
        # Late, as it takes as long to import as all the rest, and is needed but once.
        from alembic import command
        from alembic.config import Config

        config = Config()
        config.set_main_option("script_location", "jupyter_capture.engine:migrations")
        config.attributes["engine"] = self._engine
        command.upgrade(config, "head")

    def _version(self) -> str | None:
        """The migration that the tables are at, None where there are none yet."""
        with self.read() as connection:
            if not inspect(connection).has_table("alembic_version"):
                return None
            return connection.execute(text("select version_num from alembic_version")).scalar()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        try:
            with self._engine.connect() as connection, connection.begin():
                yield connection
        except DatabaseError as error:
            if _is_damaged(error):
                raise self._damaged() from error
            raise

    @contextmanager
    def write(self) -> Iterator[Connection]:
        try:
            with self._writing, self._engine.connect() as connection:
                writer = connection.execution_options(write=True)
                with writer.begin():
                    yield writer
        except DatabaseError as error:
            if _is_full(error):
                raise _full() from error
            if _is_damaged(error):
                raise self._damaged() from error
            raise

    def _damaged(self) -> EngineError:
        logger.error("%s is damaged", self.path)
        return EngineError(
            f"The library {self.path} is damaged, and this could not be read or written. What was "
            "recorded is safe beside it. Where only searching fails, `jupyter-capture index "
            "--rebuild` makes its index anew. Else restore the file from a backup; without one, "
            "end the engine (`jupyter-capture stop --engine`) and move the file away, with its "
            "-wal and -shm: a new library takes in the recordings that lie here."
        )

    def flush(self) -> None:
        """Empty the write-ahead log: what was erased is not to be read in it any more."""
        with self._writing, self._engine.connect() as connection:
            raw: Any = connection.connection.dbapi_connection
            for _ in range(_FLUSHES):
                busy = raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
                if not busy:
                    return
        logger.warning("the log of the library could not be emptied yet: others read in it")

    def shrink(self) -> None:
        """Give the room of what was deleted back to the disk, where it is much."""
        with self._writing, self._engine.connect() as connection:
            raw: Any = connection.connection.dbapi_connection
            free, pages, size = (
                raw.execute(f"PRAGMA {name}").fetchone()[0]
                for name in ("freelist_count", "page_count", "page_size")
            )
            if free * size < _MUCH or free < pages * _MUCH_SHARE:
                return
            try:
                raw.execute("VACUUM")
                raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").close()
            except sqlite3.OperationalError as error:  # it takes room for a while; and may be busy
                logger.warning("the library keeps the room of what was deleted: %s", error)

    def close(self) -> None:
        self._engine.dispose()

    def _prepare(self, raw: sqlite3.Connection, _record: Any) -> None:
        # We say BEGIN ourselves: the driver's own begins are never IMMEDIATE.
        raw.isolation_level = None
        # Without the log, only FULL makes a transaction survive a power cut whole.
        sync = "NORMAL" if self._journal == "WAL" else "FULL"
        pragmas = (
            f"journal_mode={self._journal}",
            f"synchronous={sync}",
            "foreign_keys=ON",
            "secure_delete=ON",
        )
        for pragma in pragmas:
            raw.execute(f"PRAGMA {pragma}").close()


def newest_first(table: Table) -> tuple[ColumnElement[Any], ...]:
    """The order of rows whose ``created_at`` is in whole seconds: of those of one second, what was
    written later comes first."""
    return table.c.created_at.desc(), literal_column(f"{table.name}.rowid").desc()


def _newest() -> str:
    """Migrations are files called ``<number>_<name>.py``."""
    versions = Path(__file__).parent / "migrations" / "versions"
    return max(path.name.partition("_")[0] for path in versions.glob("[0-9]*_*.py"))


def network_filesystem(folder: Path, mounts: Path = Path("/proc/self/mounts")) -> str | None:
    """The kind of network file system that a folder lies on; None on a local one, or unknown."""
    try:
        lines = mounts.read_text().splitlines()
    except OSError:
        return None
    real = folder.resolve()
    found = [line.split()[1:3] for line in lines if len(line.split()) > 2]
    holding = [(point, kind) for point, kind in found if real.is_relative_to(_unescaped(point))]
    # The last one of equal length lies on top.
    _, kind = max(reversed(holding), key=lambda one: len(one[0]), default=("", ""))
    return kind if kind.startswith(_NETWORK) else None


def _unescaped(point: str) -> str:
    return point.replace("\\040", " ").replace("\\011", "\t").replace("\\134", "\\")


def _is_full(error: DatabaseError) -> bool:
    return "full" in str(error.orig)


def _is_damaged(error: DatabaseError) -> bool:
    said = str(error.orig)
    words = ("malformed", "not a database", "corrupt", "vtable constructor failed")
    return any(word in said for word in words)


def _full() -> StorageFullError:
    return StorageFullError(
        "The disk is full: the library cannot be written. Free some space and try again; what was "
        "recorded is safe."
    )


def _begin(connection: Connection) -> None:
    immediate = connection.get_execution_options().get("write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")
