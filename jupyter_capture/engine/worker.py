"""A job's process: ``python -m jupyter_capture.engine.worker``.

One order comes as a JSON line on standard input; progress, then a result or an error, go out as
JSON lines. When standard input ends, the engine has ended, and so does this.
"""

from __future__ import annotations

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
from jupyter_capture.engine.work import Work
from jupyter_capture.errors import CaptureError, JobError

logger = logging.getLogger(__name__)

_MEMORY = 6 << 30
"""Bytes of addresses for reading a foreign file: far more than any honest one takes."""
_CPU_SECONDS = 12 * 3600


def main() -> None:
    # Whatever a library prints must not end up between our lines.
    out = os.fdopen(os.dup(sys.stdout.fileno()), "w", buffering=1)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    order = json.loads(sys.stdin.readline())
    _limit(order["kind"])
    threading.Thread(target=_end_with_engine, daemon=True).start()
    _send(out, _run(order, lambda done, stage: _send(out, {"progress": done, "stage": stage})))
    out.flush()


def _run(order: dict[str, Any], progress: Callable[[float, str], None]) -> dict[str, Any]:
    try:
        home = Home.at(Path(order["home"]))
        store = Store(home.database)
        library = Library(store, home)
        options = order["options"]
        streams = Streams(store, home, library, options["fps"])
        work = Work(store, home, library, streams, options, progress)
        return {"result": work.run(order["kind"], order["args"])}
    except CaptureError as error:
        return {"error": failure_of(error)}
    except MemoryError:
        return {"error": failure_of(JobError("There was not enough memory for this work."))}
    except Exception as error:
        logger.exception("%s failed", order.get("kind"))
        said = JobError(f"The work failed unexpectedly: {type(error).__name__}: {error}")
        return {"error": failure_of(said)}


def _limit(kind: str) -> None:
    """Keep foreign files from taking the machine, and all work from slowing down a recording."""
    if sys.platform == "win32":
        return
    import resource

    os.nice(5)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if kind == "ingest":
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        most = _MEMORY if hard == resource.RLIM_INFINITY else min(_MEMORY, hard)
        resource.setrlimit(resource.RLIMIT_AS, (most, hard))
        _, hard = resource.getrlimit(resource.RLIMIT_CPU)
        seconds = _CPU_SECONDS if hard == resource.RLIM_INFINITY else min(_CPU_SECONDS, hard)
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, hard))


def _send(out: TextIO, message: dict[str, Any]) -> None:
    out.write(json.dumps(message) + "\n")


def _end_with_engine() -> None:
    while sys.stdin.readline():
        pass
    os._exit(1)


if __name__ == "__main__":
    main()
