"""Lets VideoDB's official SDK record with our recorder, on Linux too.

The SDK's ``CaptureClient`` starts a program and speaks lines with it: ``videodb_recorder|{json}``.
``jupyter-capture-recorder`` (`main`) is such a program: it passes what it is told on to the engine
at the address that the SDK was given. `use_local_recorder` makes the SDK start it.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import shutil
import subprocess
import sys
import threading
import time
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO
from urllib.parse import urlsplit

from pydantic import ValidationError

from jupyter_capture.client.connection import Connection, connect
from jupyter_capture.errors import (
    CaptureError,
    ConflictError,
    DeviceError,
    EngineUnavailableError,
    InvalidRequestError,
    NotOfferedError,
)
from jupyter_capture.wire.capture import ChannelInfo, ChannelList, category_of

PREFIX = "videodb_recorder|"
PROGRAM = "jupyter-capture-recorder"
_MODULE = "videodb_capture_bin"
_ENDED = ("stopped", "exported", "failed")
_POLL_SECONDS = 0.5
_DEVICES_SECONDS = 20.0


def use_local_recorder(force: bool = False) -> str:
    """Let the SDK's ``CaptureClient`` of this process start our recorder; the program's path.

    It provides the module ``videodb_capture_bin`` where VideoDB's own is not installed, or in its
    place with ``force``. Raises EngineUnavailableError where our program cannot be found.
    """
    path = program_path()
    if force or importlib.util.find_spec(_MODULE) is None:
        module = types.ModuleType(_MODULE, "Provided by jupyter_capture.videodb.")
        module.__spec__ = importlib.util.spec_from_loader(_MODULE, loader=None)
        module.get_binary_path = lambda: path  # type: ignore[attr-defined]
        sys.modules[_MODULE] = module
    return path


def program_path() -> str:
    """Where ``jupyter-capture-recorder`` is installed: beside this Python, or on the PATH."""
    beside = Path(sys.executable).parent / PROGRAM
    found = str(beside) if beside.exists() else shutil.which(PROGRAM)
    if found is None:
        raise EngineUnavailableError(
            f"The program {PROGRAM} is not installed. `pip install jupyter-capture` brings it."
        )
    return found


class Recorder:
    """One conversation with the SDK. ``send`` takes the messages that go back."""

    def __init__(self, send: Callable[[dict[str, Any]], None]) -> None:
        self._send = send
        self._base_url: str | None = None
        self._connection: Connection | None = None
        self._session_id: str | None = None
        self._channels: list[dict[str, Any]] = []
        self._watching: threading.Thread | None = None
        self._ending = threading.Event()
        self._commands: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
            "init": self._init,
            "requestPermission": self._permission,
            "getChannels": self._get_channels,
            "startRecording": self._start,
            "stopRecording": self._stop,
            "pauseTracks": lambda params: self._pause(params, paused=True),
            "resumeTracks": lambda params: self._pause(params, paused=False),
            "shutdown": self._shutdown,
        }

    @property
    def ended(self) -> bool:
        return self._ending.is_set()

    def handle(self, line: str) -> None:
        """Carry out one line; every command gets one response, with its id."""
        try:
            message = json.loads(line.removeprefix(PREFIX))
            name, params = message["command"], message.get("params") or {}
        except (ValueError, KeyError, TypeError):
            return  # not of this conversation
        answer: dict[str, Any] = {"type": "response", "commandId": message.get("commandId")}
        try:
            command = self._commands.get(name)
            if command is None:
                known = ", ".join(self._commands)
                raise InvalidRequestError(f"There is no command {name!r}, only {known}.")
            answer |= {"status": "success", "result": command(params)}
        except CaptureError as error:
            answer |= {"status": "error", "result": error.message}
        self._send(answer)

    def close(self) -> None:
        """The SDK's process is gone or done: a recording that it started is stopped."""
        self._ending.set()
        if self._session_id is not None and self._connection is not None:
            with contextlib.suppress(CaptureError):
                self._connection.http.post(f"capture/session/{self._session_id}/stop")
        if self._watching is not None:
            self._watching.join(timeout=5)

    def _init(self, params: dict[str, Any]) -> dict[str, Any]:
        self._base_url = str(params.get("apiUrl") or "")
        return {"initialized": True}

    def _permission(self, params: dict[str, Any]) -> dict[str, Any]:
        # X11 and PulseAudio ask nobody; what is missing shows in the channels.
        return {"requested": True, "status": "granted", "permission": params.get("permission")}

    def _get_channels(self, params: dict[str, Any]) -> dict[str, Any]:
        found = _own_channels() if self._connection is None else self._connection.channels()
        return {
            "channels": [channel.model_dump(mode="json", exclude_none=True) for channel in found]
        }

    def _start(self, params: dict[str, Any]) -> dict[str, Any]:
        if self._session_id is not None:
            raise ConflictError(f"{self._session_id} is recording already. Stop it first.")
        connection = self._connect(str(params.get("uploadToken") or ""))
        channels = [
            {key: channel.get(key) for key in ("channel_id", "name", "type", "store", "is_primary")}
            for channel in params.get("channels") or []
        ]
        session_id = str(params.get("sessionId") or "")
        sent = {"session_id": session_id, "channels": channels}
        answer = connection.http.post("capture/session/start", sent)
        self._session_id, self._channels = session_id, channels
        self._event("recording:started", {"sessionId": session_id})
        self._watching = threading.Thread(target=self._watch, args=(session_id,), daemon=True)
        self._watching.start()
        return {"sessionId": session_id, "status": answer["status"]}

    def _stop(self, params: dict[str, Any]) -> dict[str, Any]:
        session_id = str(params.get("sessionId") or self._session_id or "")
        if self._connection is None:
            raise ConflictError("Nothing is being recorded: there is nothing to stop.")
        answer = self._connection.http.post(f"capture/session/{session_id}/stop")
        self._session_id = None
        return {"sessionId": session_id, "status": answer["status"]}

    def _pause(self, params: dict[str, Any], *, paused: bool) -> dict[str, Any]:
        """What is paused is a gap, and heard by nobody who listens to it."""
        if self._connection is None or self._session_id is None:
            raise ConflictError("Nothing is being recorded: there is no track to pause.")
        tracks = [str(track) for track in params.get("tracks") or []]
        for channel in self._channels:
            if category_of(channel["channel_id"]) in tracks:
                sent = {"channel_id": channel["channel_id"], "paused": paused}
                self._connection.http.post(f"capture/session/{self._session_id}/channel", sent)
        return {"tracks": tracks, "paused": paused}

    def _shutdown(self, params: dict[str, Any]) -> dict[str, Any]:
        self._ending.set()
        return {"shutdown": True}

    def _connect(self, token: str) -> Connection:
        host = urlsplit(self._base_url or "").hostname or ""
        if host.endswith("videodb.io"):
            raise NotOfferedError(
                "jupyter-capture records into a local engine, not into VideoDB's cloud. Start "
                "`jupyter-capture serve` and give CaptureClient its address as base_url, or use "
                "VideoDB's own recorder."
            )
        self._connection = connect(session_token=token, base_url=self._base_url)
        return self._connection

    def _watch(self, session_id: str) -> None:
        """Tell the SDK when the recording ends, whoever ended it."""
        while not self._ending.wait(_POLL_SECONDS):
            try:
                status = self._status(session_id)
            except CaptureError as error:
                self._event("recording:error", {"sessionId": session_id, "error": error.message})
                return
            if status in _ENDED:
                name = "recording:error" if status == "failed" else "recording:stopped"
                self._event(name, {"sessionId": session_id, "status": status})
                return

    def _status(self, session_id: str) -> str:
        if self._connection is None:
            return "stopped"
        return str(self._connection.http.get(f"capture/session/{session_id}")["status"])

    def _event(self, name: str, payload: dict[str, Any]) -> None:
        at = int(time.time() * 1000)
        self._send({"type": "event", "event": name, "payload": payload, "timestamp": at})


def _own_channels() -> list[ChannelInfo]:
    """This machine's channels, asked of no engine: before a start the SDK tells no token."""
    command = [sys.executable, "-m", "jupyter_capture.recorder.channels"]
    try:
        done = subprocess.run(command, capture_output=True, timeout=_DEVICES_SECONDS, check=True)
        return ChannelList.model_validate_json(done.stdout).channels
    except (subprocess.SubprocessError, ValidationError) as error:
        raise DeviceError(
            "The machine's devices cannot be listed. `jupyter-capture doctor` says what is missing."
        ) from error


def serve(lines: TextIO, out: TextIO) -> None:
    """Answer ``lines`` on ``out`` until they end or the SDK says so."""
    lock = threading.Lock()

    def send(message: dict[str, Any]) -> None:
        with lock, contextlib.suppress(BrokenPipeError, ValueError):
            out.write(PREFIX + json.dumps(message) + "\n")
            out.flush()

    recorder = Recorder(send)
    try:
        for line in lines:
            if line.startswith(PREFIX):
                recorder.handle(line.strip())
            if recorder.ended:
                break
    finally:
        recorder.close()


def main() -> None:
    """``jupyter-capture-recorder``: no arguments, lines on standard input and output."""
    serve(sys.stdin, sys.stdout)
