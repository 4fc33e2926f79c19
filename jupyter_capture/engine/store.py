"""The database: opened, migrated, read and written. The only module that knows it is SQLite."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, create_engine, event
from sqlalchemy.exc import OperationalError

from jupyter_capture.errors import EngineError, StorageFullError

BUSY_SECONDS = 30


class Store:
    """One library. ``read()`` and ``write()`` give a connection inside a transaction.

    Writers take turns: a lock within this process, ``BEGIN IMMEDIATE`` between processes (a job's
    worker writes too). What is written is either there whole, also after a kill, or not at all.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._engine = create_engine(f"sqlite:///{path}", connect_args={"timeout": BUSY_SECONDS})
        self._writing = threading.Lock()
        event.listen(self._engine, "connect", _prepare)
        event.listen(self._engine, "begin", _begin)

    def migrate(self) -> None:
        """Bring the tables to this version. Raises EngineError where a newer version made them."""
        config = Config()
        config.set_main_option("script_location", "jupyter_capture.engine:migrations")
        config.attributes["engine"] = self._engine
        try:
            command.upgrade(config, "head")
        except Exception as error:
            raise EngineError(
                f"The library {self.path} cannot be opened ({error}). If a newer jupyter-capture "
                "made it, install that version; otherwise restore the file from a backup."
            ) from error
        self.path.chmod(0o600)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        with self._engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        with self._writing, self._engine.connect() as connection:
            writer = connection.execution_options(write=True)
            try:
                with writer.begin():
                    yield writer
            except OperationalError as error:
                if "full" in str(error.orig):
                    raise StorageFullError(
                        "The disk is full: the library cannot be written. Free some space and "
                        "try again; what was recorded is safe."
                    ) from error
                raise

    def close(self) -> None:
        self._engine.dispose()


def _prepare(raw: sqlite3.Connection, _record: Any) -> None:
    # We say BEGIN ourselves: the driver's own begins are never IMMEDIATE.
    raw.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "secure_delete=ON"):
        raw.execute(f"PRAGMA {pragma}").close()


def _begin(connection: Connection) -> None:
    immediate = connection.get_execution_options().get("write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")
