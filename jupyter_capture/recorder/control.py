"""The recorder's Unix socket: commands in, reports out, one JSON object a line.

Any number of clients may be attached. A command is answered to its sender alone: ``status`` for
what was done, ``failed`` with the command's name in ``data["cmd"]`` for what was not. All other
reports go to every client, except ``pcm`` and ``picture``, which go to those who listen to that
channel. A client that does not read is cut off rather than waited for; one that only reads sound
too slowly misses some of it.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path

from pydantic import ValidationError

from jupyter_capture.errors import CaptureError, EngineError, InvalidRequestError
from jupyter_capture.settings import private_dir
from jupyter_capture.wire.recorder import Command, Report

Handler = Callable[[Command], Report]

_BACKLOG = 4 * 1024 * 1024
_SOUND_BACKLOG = 1024 * 1024
"""About 24 s of a channel."""
_TOLD_LATER = ("gap", "silence", "heard", "disk", "warning")
"""To who attaches next, where nobody was there: an engine that died is followed by another."""
_MISSED = 100


def failure(error: CaptureError, cmd: str | None = None) -> Report:
    """The report of an error; ``cmd`` names the command that failed, if it was one."""
    data = {"cmd": cmd} if cmd else {}
    return Report(report="failed", data=data, error=error.message, error_code=error.code)


class ControlServer:
    """Serves the socket in a thread of its own. ``handle`` is called there, one at a time."""

    def __init__(self, path: Path, handle: Handler) -> None:
        self._path = path
        self._handle = handle
        self._clients: set[asyncio.StreamWriter] = set()
        self._listening: dict[asyncio.StreamWriter, set[str]] = {}
        self._heard: frozenset[str] = frozenset()
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop = asyncio.new_event_loop()
        self._open = threading.Event()
        self._stop = asyncio.Event()
        self._error: OSError | None = None
        self._final: Report | None = None
        self._missed: deque[Report] = deque(maxlen=_MISSED)
        self._told = threading.Event()
        self._thread = threading.Thread(target=self._run, name="control", daemon=True)

    def start(self) -> None:
        """Begin to listen. Raises EngineError where the socket cannot be made."""
        self._thread.start()
        self._open.wait()
        if self._error is not None:
            raise EngineError(
                f"The recorder cannot listen at {self._path}: {self._error}. The path must lie in "
                "a folder of this user and be shorter than 108 bytes."
            ) from self._error

    def tell(self, report: Report) -> None:
        """Send a report to every client, or what is on a channel to those who listen."""
        if report.report in ("pcm", "picture"):
            self._soon(lambda: self._send_sound(report))
        else:
            self._soon(lambda: self._broadcast(report))

    def heard(self, channel_id: str) -> bool:
        """Whether any client listens to a channel; from any thread."""
        return channel_id in self._heard

    def tell_last(self, report: Report, wait: float) -> None:
        """Send the last report, also to who attaches within ``wait`` seconds if none has."""

        def send() -> None:
            self._final = report
            if self._clients:
                self._broadcast(report)
                self._told.set()

        self._soon(send)
        self._told.wait(wait)

    def close(self) -> None:
        """Send what is under way, hang up, and remove the socket."""
        self._soon(self._stop.set)
        self._thread.join(5)

    def _soon(self, call: Callable[[], object]) -> None:
        # The loop is closed once nobody listens any more.
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(call)

    def _run(self) -> None:
        try:
            self._loop.run_until_complete(self._serve())
        finally:
            self._loop.close()

    async def _serve(self) -> None:
        try:
            private_dir(self._path.parent)
            self._path.unlink(missing_ok=True)
            before = os.umask(0o177)
            try:
                server = await asyncio.start_unix_server(self._attend, str(self._path))
            finally:
                os.umask(before)
        except OSError as error:
            self._error = error
            return
        finally:
            self._open.set()
        await self._stop.wait()
        server.close()
        for client in list(self._clients):
            with contextlib.suppress(OSError, TimeoutError):
                await asyncio.wait_for(client.drain(), 1)
            client.close()  # which ends the task that serves it
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=2)
        self._path.unlink(missing_ok=True)

    async def _attend(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101  a connection is always served by a task
        self._tasks.add(task)
        self._clients.add(writer)
        try:
            while self._missed:
                self._send(writer, self._missed.popleft())
            if self._final is not None:
                self._send(writer, self._final)
                self._told.set()
            while line := await reader.readline():
                command, report = await self._loop.run_in_executor(None, self._answer, line)
                if command is not None and report.report != "failed":
                    self._note_listener(writer, command)
                self._send(writer, report)
        except (OSError, ValueError):
            pass  # the client hung up, or sent a line without an end
        finally:
            self._clients.discard(writer)
            self._listening.pop(writer, None)
            self._note_heard()
            self._tasks.discard(task)
            writer.close()

    def _note_listener(self, writer: asyncio.StreamWriter, command: Command) -> None:
        channels = self._listening.setdefault(writer, set())
        if command.cmd == "listen" and command.channel_id:
            channels.add(command.channel_id)
        elif command.cmd == "unlisten" and command.channel_id:
            channels.discard(command.channel_id)
        self._note_heard()

    def _note_heard(self) -> None:
        self._heard = frozenset().union(*self._listening.values())

    def _answer(self, line: bytes) -> tuple[Command | None, Report]:
        try:
            command = Command.model_validate_json(line)
        except ValidationError:
            accepted = (
                "status, stop, pause, resume, set_store (with channel_id and store), listen and "
                "unlisten (with channel_id), forget (with start and end, in seconds)"
            )
            wrong = InvalidRequestError(f"No command: {line[:200]!r}. Accepted: {accepted}.")
            return None, failure(wrong, "?")
        try:
            return command, self._handle(command)
        except CaptureError as error:
            return command, failure(error, command.cmd)

    def _broadcast(self, report: Report) -> None:
        if not self._clients and report.report in _TOLD_LATER:
            self._missed.append(report)
        for client in list(self._clients):
            self._send(client, report)

    def _send_sound(self, report: Report) -> None:
        line: bytes | None = None
        for client, channels in list(self._listening.items()):
            waiting = client.transport.get_write_buffer_size()
            if report.data["channel_id"] not in channels or waiting > _SOUND_BACKLOG:
                continue
            if not client.is_closing():
                line = line or report.model_dump_json(exclude_none=True).encode() + b"\n"
                client.write(line)

    def _send(self, client: asyncio.StreamWriter, report: Report) -> None:
        if client.is_closing():
            return
        if client.transport.get_write_buffer_size() > _BACKLOG:
            client.transport.abort()
            return
        client.write(report.model_dump_json(exclude_none=True).encode() + b"\n")
