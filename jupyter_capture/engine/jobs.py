"""Background work as rows: idempotent, with progress, retried, cancellable, resumed at start.

Each job runs in a worker process of its own (`jupyter_capture.engine.worker`), which can be
killed, ends with its engine, and whose death fails only its own job.
"""

from __future__ import annotations

import contextlib
import json
import logging
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, Row, select

from jupyter_capture.engine.home import Home
from jupyter_capture.engine.ids import new_id
from jupyter_capture.engine.schema import jobs
from jupyter_capture.engine.store import Store
from jupyter_capture.errors import CaptureError, JobError, NotFoundError, StorageFullError

logger = logging.getLogger(__name__)

ATTEMPTS = 2
"""Tries of a job whose worker dies; an error that the worker names is final at once."""
AT_ONCE = 2
_PATIENT = ("screen",)
"""Work that takes long: it comes after all other, and one at a time, so that other finds room."""
_AGAIN_SECONDS = 1.0
_ENDED = ("done", "failed", "cancelled")
_OUT_OF_TIME = -getattr(signal, "SIGXCPU", 24)
"""What a worker ends with that used up its processor time."""


class Jobs:
    """``on_end`` is told the id of each job that has ended."""

    def __init__(
        self, store: Store, home: Home, options: dict[str, Any], on_end: Callable[[str], None]
    ) -> None:
        self._on_end = on_end
        self._store = store
        self._home = home
        self._options = options
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._lock = threading.Lock()
        self._ending = False
        self.on_gone: Callable[[], None] = lambda: None
        """Told that a job has ended, or its worker died, once the worker is gone."""
        self.on_dead: Callable[[str], None] = lambda job_id: None
        """Told of a job whose worker died for good, before its failure is told to anybody."""

    def submit(self, kind: str, key: str, args: dict[str, Any]) -> str:
        """Queue work, unless equal work (the same ``key``) waits or runs already. Its id."""
        with self._store.write() as connection:
            known = connection.execute(
                select(jobs.c.id).where(jobs.c.key == key, jobs.c.status.in_(("queued", "running")))
            ).scalar_one_or_none()
            if known is not None:
                return str(known)
            job_id = new_id("job")
            connection.execute(
                jobs.insert().values(
                    id=job_id,
                    kind=kind,
                    key=key,
                    args=args,
                    status="queued",
                    created_at=time.time(),
                )
            )
        self._pump()
        return job_id

    def get(self, job_id: str) -> Row[Any]:
        with self._store.read() as connection:
            row = connection.execute(select(jobs).where(jobs.c.id == job_id)).one_or_none()
        if row is None:
            raise NotFoundError(f"There is no job {job_id!r}.")
        return row

    def active(self) -> int:
        with self._store.read() as connection:
            return len(
                connection.execute(
                    select(jobs.c.id).where(jobs.c.status.in_(("queued", "running")))
                ).all()
            )

    def cancel(self, job_id: str) -> None:
        row = self.get(job_id)
        if row.status in _ENDED:
            return
        self._finish(job_id, "cancelled")
        with self._lock:  # so that one which is just being started is there already
            process = self._running.get(job_id)
        if process is not None:
            process.kill()

    def resume(self) -> None:
        """At the engine's start: what was running when the last engine ended waits again."""
        with self._store.write() as connection:
            connection.execute(
                jobs.update().where(jobs.c.status == "running").values(status="queued")
            )
        self._pump()

    def close(self) -> None:
        """End the workers; their jobs go on with the next engine."""
        self._ending = True
        with self._lock:
            processes = list(self._running.values())
        for process in processes:
            process.kill()
            process.wait()

    def _pump(self) -> None:
        """Start what waits, as far as there is room."""
        with self._lock:
            while not self._ending and len(self._running) < AT_ONCE:
                with self._store.read() as connection:
                    row = self._next(connection)
                if row is None:
                    return
                self._start(row)

    def _next(self, connection: Connection) -> Row[Any] | None:
        running = list(self._running)
        patient = jobs.c.kind.in_(_PATIENT)
        waits = select(jobs).where(jobs.c.status == "queued", jobs.c.id.not_in(running))
        if connection.execute(select(jobs.c.id).where(jobs.c.id.in_(running), patient)).first():
            waits = waits.where(~patient)
        return connection.execute(waits.order_by(patient, jobs.c.created_at).limit(1)).one_or_none()

    def _start(self, row: Row[Any]) -> None:
        if not self._update(row.id, status="running", attempts=row.attempts + 1):
            return  # it was cancelled while it waited
        try:
            process = subprocess.Popen(
                [sys.executable, "-m", "jupyter_capture.engine.worker"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=None,
                start_new_session=True,
            )
        except OSError as error:
            said = JobError(f"No worker could be started for this {row.kind}: {error}. Try again.")
            self._finish(row.id, "failed", error=failure_of(said))
            return
        self._running[row.id] = process
        name = f"job-{row.kind}"
        threading.Thread(target=self._follow, args=(row, process), name=name, daemon=True).start()

    def _follow(self, row: Row[Any], process: subprocess.Popen[bytes]) -> None:
        ended = False
        try:
            ended = self._converse(row, process)
        finally:
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    with contextlib.suppress(BrokenPipeError):
                        pipe.close()
            if not ended and not self._ending:
                self._died(row.id, process.returncode)
            with self._lock:
                self._running.pop(row.id, None)
            self.on_gone()
            self._pump()

    def _converse(self, row: Row[Any], process: subprocess.Popen[bytes]) -> bool:
        """Hand the work over and take down what is said of it. Whether it came to an end."""
        if process.stdin is None or process.stdout is None:
            return False
        order = {
            "home": str(self._home.root),
            "kind": row.kind,
            "args": row.args,
            "options": self._options,
        }
        try:
            process.stdin.write(json.dumps(order).encode() + b"\n")
            process.stdin.flush()
        except BrokenPipeError:
            return False
        for line in process.stdout:
            said = json.loads(line)
            if "progress" in said:
                with contextlib.suppress(StorageFullError):  # it goes on untold
                    self._update(row.id, progress=said["progress"], stage=said["stage"])
            elif "result" in said:
                self._finish(row.id, "done", result=said["result"], progress=1.0)
                return True
            elif "error" in said:
                self._finish(row.id, "failed", error=said["error"])
                return True
        return False

    def _died(self, job_id: str, code: int | None) -> None:
        row = self.get(job_id)
        if row.status in _ENDED:
            return
        logger.warning("the worker of %s (%s) died with %s", job_id, row.kind, code)
        if code == _OUT_OF_TIME:
            said = JobError(
                f"This {row.kind} took more processor time than any may, and was ended. A file "
                "that takes so long is damaged, or was made to. Convert it, or send a part of it."
            )
            self._give_up(job_id, failure_of(said))
            return
        if row.attempts < ATTEMPTS:
            self._update(job_id, status="queued", progress=0.0)
            return
        error = {
            "message": f"The worker for this {row.kind} died {row.attempts} times (status {code}). "
            "Is the machine short of memory? Try again.",
            "error_code": JobError.code,
        }
        self._give_up(job_id, error)

    def _give_up(self, job_id: str, error: dict[str, str]) -> None:
        try:
            self.on_dead(job_id)
        except Exception:  # `on_gone` tries it again; its failure is told all the same
            logger.exception("what %s left could not be deleted", job_id)
        self._finish(job_id, "failed", error=error)

    def _finish(self, job_id: str, status: str, **values: Any) -> None:
        while True:
            try:
                self._update(job_id, status=status, finished_at=time.time(), **values)
                break
            except StorageFullError:
                if self._ending:  # the next engine does it again
                    return
                logger.warning("%s has ended, which cannot be stored: the disk is full", job_id)
                time.sleep(_AGAIN_SECONDS)
        self._on_end(job_id)

    def _update(self, job_id: str, **values: Any) -> bool:
        """False where it has ended already: then it stays as it is."""
        with self._store.write() as connection:
            done = connection.execute(
                jobs.update()
                .where(jobs.c.id == job_id, jobs.c.status.not_in(_ENDED))
                .values(**values)
            )
        return done.rowcount > 0


def failure_of(error: CaptureError) -> dict[str, str]:
    return {"message": error.message, "error_code": error.code}
