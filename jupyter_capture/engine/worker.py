"""A job's process: ``python -m jupyter_capture.engine.worker``.

One order comes as a JSON line on standard input; progress, then a result or an error, go out as
JSON lines. When standard input ends, the engine has ended, and so does this.
"""

from __future__ import annotations

import errno
import json
import logging
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO

from jupyter_capture.engine.home import Home
from jupyter_capture.engine.jobs import failure_of
from jupyter_capture.engine.library import Library
from jupyter_capture.engine.store import Store
from jupyter_capture.engine.streams import Streams
from jupyter_capture.engine.transcribe.told import Told
from jupyter_capture.engine.work import Work
from jupyter_capture.errors import CaptureError, JobError, StorageFullError
from jupyter_capture.media.limits import LOOK_SECONDS, limit_memory, limit_time

logger = logging.getLogger(__name__)

_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def main() -> None:
    # Whatever a library prints must not end up between our lines.
    out = os.fdopen(os.dup(sys.stdout.fileno()), "w", buffering=1)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    order = json.loads(sys.stdin.readline())
    _limit(order["kind"], order["args"])
    told = Told()
    threading.Thread(target=_end_with_engine, args=(told,), daemon=True).start()
    _send(
        out, _run(order, told, lambda done, stage: _send(out, {"progress": done, "stage": stage}))
    )
    out.flush()


def _run(
    order: dict[str, Any], told: Told, progress: Callable[[float, str], None]
) -> dict[str, Any]:
    try:
        home = Home.at(Path(order["home"]))
        store = Store(home.database)
        library = Library(store, home)
        options = order["options"]
        streams = Streams(store, home, library, options["fps"])
        work = Work(store, home, library, streams, options, progress, told)
        return {"result": work.run(order["kind"], order["args"])}
    except CaptureError as error:
        return {"error": failure_of(error)}
    except MemoryError:
        return {"error": failure_of(JobError("There was not enough memory for this work."))}
    except OSError as error:
        if error.errno in _NO_ROOM:
            full = StorageFullError("The disk is full. Free some space, then try again.")
            return {"error": failure_of(full)}
        return _unexpected(order, error)
    except Exception as error:
        return _unexpected(order, error)


def _unexpected(order: dict[str, Any], error: Exception) -> dict[str, Any]:
    logger.exception("%s failed", order.get("kind"))
    said = JobError(f"The work failed unexpectedly: {type(error).__name__}: {error}")
    return {"error": failure_of(said)}


def _limit(kind: str, args: dict[str, Any]) -> None:
    """Keep foreign files from taking the machine, and all work from slowing down a recording."""
    if sys.platform == "win32":
        return
    import resource

    os.nice(19 if kind == "ahead" else 5)
    if kind == "ahead" and hasattr(os, "SCHED_IDLE"):
        # Threads that come later inherit it: what is recorded goes before what is heard of it.
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if kind == "ingest":
        limit_memory(args.get("memory"))
        limit_time(args.get("look_seconds", LOOK_SECONDS))


def _send(out: TextIO, message: dict[str, Any]) -> None:
    out.write(json.dumps(message) + "\n")


def _end_with_engine(told: Told) -> None:
    for line in sys.stdin:
        told.add(json.loads(line))
    os._exit(1)


if __name__ == "__main__":
    main()
