"""``python -m jupyter_capture.engine --data-dir DIR [--host 127.0.0.1 --port 8765]``.

One engine serves one data folder; a second one that is started on it ends at once. With ``--port``
it serves the whole API there to keys, and does not end when idle.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import logging
import os
import sys
import time
from pathlib import Path

from jupyter_capture import logs
from jupyter_capture.engine.lock import EngineLock
from jupyter_capture.engine.server import Place, Server
from jupyter_capture.errors import CaptureError
from jupyter_capture.media.limits import give_back_every
from jupyter_capture.settings import Settings, private_dir

ENDING_SECONDS = 15.0


def main() -> int:
    options = _options()
    os.umask(0o077)
    if sys.platform != "win32":
        import resource

        # A dump of our memory would hold words that are live only.
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    settings = Settings(data_dir=options.data_dir) if options.data_dir else Settings()
    private_dir(settings.data_dir)
    logs.begin(settings.data_dir / "engine.log", settings.log_level)
    # One line a request would put ticketed addresses into the log.
    logging.getLogger("uvicorn.access").disabled = True
    logging.getLogger("httpx").setLevel(logging.WARNING)
    lock = EngineLock(settings.data_dir / "engine.lock")
    locator = settings.data_dir / "engine.json"
    if not _take(lock, locator):
        sys.stderr.write(f"An engine already serves {settings.data_dir}.\n")
        return 3
    locator.unlink(missing_ok=True)  # what is left there is of one that was killed
    # The plan of hours is tens of thousands of objects: with all modules looked through again
    # and again while it is made, a player would wait for the collector.
    gc.freeze()
    gc.set_threshold(50_000)
    give_back_every()
    try:
        asyncio.run(Server(settings, _place(options)).run())
    except CaptureError as error:
        sys.stderr.write(f"{error.message}\n")
        return 1
    finally:
        lock.release()
    return 0


def _take(lock: EngineLock, locator: Path) -> bool:
    """One that ends, or just starts, has no locator: it is waited for."""
    deadline = time.monotonic() + ENDING_SECONDS
    while not lock.take():
        if locator.exists() or time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="jupyter_capture.engine")
    parser.add_argument("--data-dir", type=Path)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int)
    parser.add_argument("--url")
    parser.add_argument("--tls-certificate", type=Path)
    parser.add_argument("--tls-key", type=Path)
    return parser.parse_args()


def _place(options: argparse.Namespace) -> Place:
    return Place(options.host, options.port, options.url, options.tls_certificate, options.tls_key)


if __name__ == "__main__":
    sys.exit(main())
