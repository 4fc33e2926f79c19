"""Uploads: an address that takes one file, and the order to make an asset of it.

What arrives lies in ``tmp/up-<id>`` until it is named, then in ``uploads/incoming-<id>/source``
until its job has ended.
"""

from __future__ import annotations

import contextlib
import errno
import secrets
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import BinaryIO
from urllib.parse import SplitResult, unquote, urlsplit

from sqlalchemy import select

from jupyter_capture.engine.home import Home
from jupyter_capture.engine.jobs import Jobs
from jupyter_capture.engine.schema import assets, jobs
from jupyter_capture.engine.store import Store
from jupyter_capture.engine.tickets import Tickets
from jupyter_capture.errors import (
    ConflictError,
    InvalidRequestError,
    StorageFullError,
    TooLargeError,
)
from jupyter_capture.wire.library import UploadRequest

_MEGABYTE = 1_000_000
_LONGEST_TEXT = 32 * _MEGABYTE
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_PREFIX = "incoming-"
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class Receiving:
    """A file that arrives. It counts from `Uploads.receive()`'s end on, if that ends well."""

    def __init__(self, file: BinaryIO, limit: int) -> None:
        self._file = file
        self._limit = limit
        self.size = 0

    def write(self, data: bytes) -> None:
        """Raises TooLargeError and StorageFullError."""
        self.size += len(data)
        if self.size > self._limit:
            raise too_large(self._limit)
        try:
            self._file.write(data)
        except OSError as error:
            if error.errno in _NO_ROOM:
                raise no_room() from error
            raise


def too_large(limit: int) -> TooLargeError:
    return TooLargeError(
        f"This is more than {limit / _MEGABYTE:,.0f} MB, which is the largest upload that is "
        "accepted. JUPYTER_CAPTURE_UPLOAD_LIMIT_MB sets another limit."
    )


def no_room() -> StorageFullError:
    return StorageFullError(
        "The disk has no room for this upload. Free some space, or choose another data folder."
    )


class Uploads:
    """``limit`` and ``reserve``, the space that must stay free, in MB. ``private``: whether files
    may be fetched from private networks."""

    def __init__(
        self,
        store: Store,
        home: Home,
        tickets: Tickets,
        jobs: Jobs,
        media_url: str,
        *,
        limit: int,
        reserve: int,
        private: bool = False,
    ) -> None:
        self._store, self._home, self._tickets, self._jobs = store, home, tickets, jobs
        self._media = urlsplit(media_url)
        self._base = media_url
        self.limit = limit * _MEGABYTE
        self._reserve = reserve * _MEGABYTE
        self._private = private
        self._moving = threading.RLock()
        self._taken: set[str] = set()
        self._lock = threading.Lock()

    def address(self) -> str:
        """Where one file may be sent to."""
        return f"{self._base}/upload/{self._tickets.issue('upload', secrets.token_hex(8))}"

    @contextmanager
    def receive(self, token: str, announced: int | None) -> Iterator[Receiving]:
        """Take the file of a ticket. ``announced``: bytes, where the sender says how many.

        Raises AuthenticationError, ConflictError where the ticket has been used, TooLargeError and
        StorageFullError. After a failure the ticket may be tried again.
        """
        upload_id = self._tickets.check("upload", token)
        self._check_room(announced or 0)
        self._claim(upload_id)
        part = self._home.tmp / f"up-{upload_id}.part"
        try:
            with part.open("wb") as file:
                receiving = Receiving(file, self.limit)
                yield receiving
            part.replace(self._staged(upload_id))
        except BaseException:
            part.unlink(missing_ok=True)
            self._taken.discard(upload_id)
            raise

    def _check_room(self, size: int) -> None:
        if shutil.disk_usage(self._home.tmp).free < self._reserve + size:
            raise no_room()

    def _claim(self, upload_id: str) -> None:
        with self._lock:
            used = upload_id in self._taken or self._staged(upload_id).exists()
            if used or self._job_of(upload_id):
                raise ConflictError(
                    "A file was sent to this address already, and it takes one. Ask for another "
                    "upload_url."
                )
            self._taken.add(upload_id)

    def _staged(self, upload_id: str) -> Path:
        return self._home.tmp / f"up-{upload_id}"

    def _job_of(self, upload_id: str) -> str | None:
        with self._store.read() as connection:
            found = connection.execute(
                select(jobs.c.id).where(jobs.c.key == f"ingest:{upload_id}")
            ).scalars()
            return found.first()

    # -- what becomes of it

    def submit(self, collection_id: str, request: UploadRequest) -> str:
        """Have an asset made of what ``request.url`` names. The job's id.

        Naming the same upload twice is the same job. Raises InvalidRequestError.
        """
        parts = _split(request.url)
        upload_id = self._own(parts)
        if upload_id is not None:
            known = self._job_of(upload_id)
            if known is not None:
                return known
        token = upload_id or secrets.token_hex(8)
        folder = self._home.uploads / f"{_PREFIX}{token}"
        file = PurePosixPath(unquote(parts.path)).name if upload_id is None else ""
        name = PurePosixPath(file).stem
        args = {
            "token": token,
            "folder": folder.name,
            "collection_id": collection_id,
            "url": request.url if upload_id is None else None,
            "name": (request.name or name or "Upload")[:500],
            "filename": request.filename or file or None,
            "description": request.description or "",
            "media_type": request.media_type,
            "limit": self.limit,
            "reserve": self._reserve,
            "private": self._private,
        }
        # tidy() must not see the file before the job that it belongs to.
        with self._moving:
            if upload_id is not None:
                self._move(upload_id, folder)
            try:
                return self._jobs.submit("ingest", f"ingest:{token}", args)
            except StorageFullError:  # it may be named again once there is room
                if upload_id is not None:
                    (folder / "source").replace(self._staged(upload_id))
                    folder.rmdir()
                raise

    def _move(self, upload_id: str, folder: Path) -> None:
        folder.mkdir(mode=0o700, exist_ok=True)
        try:
            self._staged(upload_id).replace(folder / "source")
        except FileNotFoundError:
            with contextlib.suppress(OSError):
                folder.rmdir()
            raise _nothing_there() from None

    def take_text(self, url: str) -> bytes:
        """What was sent to one of our addresses, which is used up by that.

        Raises InvalidRequestError and TooLargeError.
        """
        upload_id = self._own(_split(url))
        if upload_id is None:
            raise InvalidRequestError(
                "This is no address of this engine. Ask for an upload_url, send the file to it, "
                "and name that."
            )
        path = self._staged(upload_id)
        try:
            with path.open("rb") as file:
                content = file.read(_LONGEST_TEXT + 1)
        except FileNotFoundError:
            raise _nothing_there() from None
        path.unlink(missing_ok=True)
        if len(content) > _LONGEST_TEXT:
            raise too_large(_LONGEST_TEXT)
        return content

    def _own(self, parts: SplitResult) -> str | None:
        """The upload that an address of ours took; None of any other address."""
        same = parts.port == self._media.port and parts.hostname in (
            self._media.hostname,
            *_LOOPBACK,
        )
        if not same or not parts.path.startswith("/upload/"):
            return None
        return self._tickets.check("upload", parts.path.removeprefix("/upload/").rstrip("/"))

    def tidy(self, dead_job: str = "") -> None:
        """Delete what jobs left behind that have ended: they were cancelled, or died.
        ``dead_job``: one that still counts as running."""
        with self._moving:
            self._tidy(dead_job)

    def _tidy(self, dead_job: str) -> None:
        ended = jobs.c.status.in_(("failed", "cancelled")) | (jobs.c.id == dead_job)
        running = jobs.c.status.in_(("queued", "running")) & (jobs.c.id != dead_job)
        with self._store.read() as connection:
            active = set(connection.execute(select(jobs.c.key).where(running)).scalars())
            given_up = select(jobs.c.key).where(jobs.c.kind == "ingest", ended)
            dead = set(connection.execute(given_up).scalars()) - active
            known = set(connection.execute(select(assets.c.id)).scalars())
        for folder in self._home.uploads.iterdir():
            # A worker that died for good may have moved what it made to its place already.
            key = f"ingest:{folder.name.rpartition('-')[2]}"
            waits = folder.name.startswith(_PREFIX) and key not in active
            if waits or (key in dead and folder.name not in known):
                shutil.rmtree(folder, ignore_errors=True)


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if not good:
        raise InvalidRequestError(
            f"{url[:200]!r} is no address that can be uploaded from. Give an http(s) address, or "
            "send a file to an upload_url first."
        )
    return parts


def _nothing_there() -> InvalidRequestError:
    return InvalidRequestError(
        "There is no file at this upload address: it was not sent yet, or it was used already. "
        "POST the file to it, or ask for another upload_url."
    )
