"""Live transcripts: what is said on a channel while it is said, or written on a screen.

Sound, pictures and words of a channel lie in memory alone, here and in the worker, whether it is
kept or not; they are gone when its session ends. What a kept channel holds is indexed from its
track.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from jupyter_capture.engine.events import Events
from jupyter_capture.engine.home import Home
from jupyter_capture.engine.live.process import UNREACHABLE, Process
from jupyter_capture.engine.transcribe.echo import is_echo
from jupyter_capture.errors import ConflictError, EngineError, from_response
from jupyter_capture.wire.capture import kind_of
from jupyter_capture.wire.recorder import RecorderSpec

logger = logging.getLogger(__name__)

LISTEN_SECONDS = 20.0
READY_SECONDS = 30.0
END_SECONDS = 20.0
_RESTARTS = 3
_RETURNS = 60
"""How often a line that broke is taken up again: a recorder that died comes back in a second or
two, and on a busy machine later."""
_AGAIN = 1.0  # s
_APART = 1.0
"""Seconds that an echo may come after what it is one of."""


@dataclass(frozen=True)
class Final:
    """What was said or seen. Unix seconds. ``kept``: none of its sound was live only."""

    text: str
    start: float
    end: float
    kept: bool


@dataclass
class Listened:
    """A channel that is, or was, listened to or looked at. ``said`` lies in memory alone."""

    rtstream_id: str
    channel_id: str
    session_id: str
    session_ws: str | None
    seen: bool = False
    to: set[str] = field(default_factory=set)
    said: list[Final] = field(default_factory=list)
    forgotten: list[tuple[float, float]] = field(default_factory=list)
    running: bool = True
    heard: threading.Event = field(default_factory=threading.Event)
    ended: threading.Event = field(default_factory=threading.Event)
    error: Exception | None = None

    @property
    def receivers(self) -> list[str | None]:
        """Websockets: those that were named, or the session's, or all."""
        return [*sorted(self.to)] if self.to else [self.session_ws]


OnFinal = Callable[[Listened, Final], None]


class Live:
    """``on_final`` is told of every finished utterance, after the websockets; ``records`` says
    whether a session does."""

    def __init__(
        self,
        home: Home,
        events: Events,
        options: dict[str, Any],
        on_final: OnFinal,
        records: Callable[[str], bool] = lambda session_id: False,
    ) -> None:
        self._home = home
        self._events = events
        self._options = options
        self._on_final = on_final
        self._records = records
        self.on_decoded: Callable[[str, dict[str, Any]], None] = lambda session_id, said: None
        """Told of each utterance of a kept channel: ``decoded`` (the channel), ``start``, ``end``
        and ``words``, in Unix seconds."""
        self._rooms: dict[tuple[str, bool], _Room] = {}
        self._lock = threading.Lock()

    def start(
        self,
        rtstream_id: str,
        channel_id: str,
        session_id: str,
        session_ws: str | None,
        to: str | None = None,
    ) -> None:
        """Begin to listen; returns once every word from now on will be heard. ``to``: a websocket
        that gets the words, besides those that were named before.

        Raises ConflictError where the session does not record, EngineError without a model."""
        with self._lock:
            seen = kind_of(channel_id) == "video"
            key = (session_id, seen)
            room = self._rooms.get(key)
            if room is None:
                room = _Room(
                    session_id,
                    self._order(*key),
                    self._say,
                    lambda: self._forget(key),
                    lambda: self._records(session_id),
                    lambda said: self.on_decoded(session_id, said),
                )
                self._rooms[key] = room
            stream = room.streams.get(rtstream_id)
            if stream is None or not stream.running:
                said = []
                if stream is not None:
                    said = stream.said
                    stream.ended.set()  # its last words are the first of the next one
                stream = Listened(rtstream_id, channel_id, session_id, session_ws, seen, said=said)
                room.streams[rtstream_id] = stream
                room.process.send({"listen": channel_id})
            if to is not None:
                stream.to.add(to)
        room.wait_until_heard(stream)

    def stop(self, rtstream_id: str) -> None:
        """Stop to listen; returns once all that was said by now is told. Again does nothing."""
        with self._lock:
            room, stream = self._find(rtstream_id)
            if room is None or stream is None or not stream.running:
                return
            stream.running = False
            room.process.send({"unlisten": stream.channel_id})
        stream.ended.wait(END_SECONDS)

    def running(self, rtstream_id: str) -> bool:
        """Whether every word is heard at the moment: not yet while the line is being taken up."""
        _, stream = self._find(rtstream_id)
        return stream is not None and stream.running and stream.heard.is_set()

    def finals(self, rtstream_id: str) -> list[Final] | None:
        """What was said so far, in order; None where nobody listened, or the session ended."""
        _, stream = self._find(rtstream_id)
        return None if stream is None else list(stream.said)

    def erase(self, session_id: str, start: float, end: float) -> None:
        """Let go of what was said or seen between two Unix times, and of what is still decoded."""
        with self._lock:
            rooms = [room for room in self._rooms.values() if room.session_id == session_id]
        for stream in (stream for room in rooms for stream in room.streams.values()):
            stream.forgotten.append((start, end))
            stream.said[:] = [one for one in stream.said if one.end <= start or one.start >= end]

    def close(self) -> None:
        """The engine ends, and the workers with it; the recordings go on."""
        with self._lock:
            rooms, self._rooms = self._rooms, {}
        for room in rooms.values():
            room.close()

    def _find(self, rtstream_id: str) -> tuple[_Room | None, Listened | None]:
        for room in list(self._rooms.values()):
            if rtstream_id in room.streams:
                return room, room.streams[rtstream_id]
        return None, None

    def _order(self, session_id: str, seen: bool) -> dict[str, Any]:
        try:
            spec = RecorderSpec.model_validate_json(
                (self._home.session(session_id) / "spec.json").read_bytes()
            )
        except (OSError, ValidationError) as error:
            raise ConflictError(f"{session_id} does not record: start it first.") from error
        if not Path(spec.socket).exists():
            raise ConflictError(f"{session_id} does not record any more: nothing is said live.")
        return {
            "socket": spec.socket,
            "see": seen,
            "model": self._options["speech_model"],
            "threads": self._options["threads"],
            "cache": str(self._home.cache / "models"),
            "models": str(self._home.models),
        }

    def _forget(self, key: tuple[str, bool]) -> None:
        with self._lock:
            self._rooms.pop(key, None)

    def _say(self, stream: Listened, said: dict[str, Any]) -> None:
        if any(said["start"] < end and said["end"] > start for start, end in stream.forgotten):
            return
        if said["is_final"] and self._is_echo(stream, said):
            return
        event = {
            "channel": "transcript",
            "rtstream_id": stream.rtstream_id,
            "rtstream_name": stream.channel_id,
            "data": {
                "text": said["text"],
                "is_final": said["is_final"],
                "start": round(said["start"] * 1000),
                "end": round(said["end"] * 1000),
            },
        }
        # What is seen belongs to the indexes that were asked for, and is told as theirs.
        if not stream.seen:
            self._events.publish_all(event, stream.receivers, stream.session_id)
        if said["is_final"]:
            final = Final(said["text"], said["start"], said["end"], said["kept"])
            stream.said.append(final)
            self._on_final(stream, final)

    def _is_echo(self, stream: Listened, said: dict[str, Any]) -> bool:
        """Whether a microphone heard what the loudspeakers said, and was told before."""
        if not stream.channel_id.startswith("mic:"):
            return False
        room = self._rooms.get((stream.session_id, False))
        others = [
            final.text
            for other in list(room.streams.values() if room else ())
            if other.channel_id.startswith("system_audio:")
            for final in other.said
            if final.start < said["end"] + _APART and said["start"] - _APART < final.end
        ]
        return bool(others) and is_echo(said["text"], others)


class _Room:
    """One recording and the worker that hears it, which is started again when it dies."""

    def __init__(
        self,
        session_id: str,
        order: dict[str, Any],
        say: Callable[[Listened, dict[str, Any]], None],
        forget: Callable[[], None],
        records: Callable[[], bool],
        decoded: Callable[[dict[str, Any]], None],
    ) -> None:
        self.session_id = session_id
        self.streams: dict[str, Listened] = {}
        self._order = order
        self._say = say
        self._forget = forget
        self._records = records
        self._decoded = decoded
        self._ready = threading.Event()
        self._over = False
        self._restarts = self._returns = 0
        self._broken: Exception | None = None
        self.process = Process(order, self._on_said, self._on_end)

    def wait_until_heard(self, stream: Listened) -> None:
        if not stream.heard.wait(LISTEN_SECONDS):
            stream.error = EngineError(
                f"Nobody could listen to {stream.channel_id} within {LISTEN_SECONDS:.0f} s. The "
                "machine is very busy; the recording goes on. Try again."
            )
        elif stream.error is None and not self._ready.wait(READY_SECONDS):
            logger.warning("the speech model of %s is still being loaded", self.session_id)
        error = stream.error or self._broken
        if error is not None:
            stream.running = False
            raise error

    def close(self) -> None:
        self._over = True
        self.process.kill()

    def _on_said(self, said: dict[str, Any]) -> None:
        try:
            self._take(said)
        except Exception as error:
            # Its words may be live only: what went wrong is named without them.
            logger.error("a live transcript could not be told: %s", type(error).__name__)

    def _take(self, said: dict[str, Any]) -> None:
        if "text" in said:
            for stream in self._on(said["channel_id"]):
                if stream.running or not stream.ended.is_set():
                    self._say(stream, said)
        elif "decoded" in said:
            self._decoded(said)
        elif "heard" in said:
            for stream in self._on(said["heard"]):
                stream.heard.set()
        elif "ended" in said:
            for stream in self._on(said["ended"]):
                if not stream.running:
                    stream.ended.set()
        elif "refused" in said:
            for stream in self._on(said["refused"]):
                stream.error = from_response(400, said["error_code"], said["error"])
                stream.heard.set()
        elif "lost" in said:
            for stream in self._listening():
                stream.heard.clear()
        elif "broken" in said:
            self._broken = from_response(500, said["error_code"], said["broken"])
        elif "ready" in said:
            self._ready.set()

    def _on(self, channel_id: str) -> list[Listened]:
        return [each for each in list(self.streams.values()) if each.channel_id == channel_id]

    def _on_end(self, status: int) -> None:
        self._end_stopped()
        if self._again(status):
            self._end_stopped()  # those that were stopped while nobody was there to say so
            return
        self._over = True
        self._forget()
        for stream in self.streams.values():
            stream.running = False
            if not stream.heard.is_set() and self._broken is None:
                stream.error = ConflictError(
                    f"{self.session_id} does not record any more: nothing is said live."
                )
            stream.heard.set()
            stream.ended.set()
        self._ready.set()

    def _again(self, status: int) -> bool:
        """Take the line up again where the worker died, or the recorder did and comes back."""
        if self._over or self._broken is not None or not self._listening():
            return False
        if status in (0, UNREACHABLE):
            self._returns += 1
        else:
            self._restarts += 1
            logger.warning("the live transcript of %s died with %d", self.session_id, status)
        for stream in self._listening():
            stream.heard.clear()
        time.sleep(_AGAIN)
        ended = status in (0, UNREACHABLE) and not self._records()
        if ended or self._over or self._restarts > _RESTARTS or self._returns > _RETURNS:
            return False
        self.process = Process(self._order, self._on_said, self._on_end)
        for stream in self._listening():  # those that came meanwhile too
            self.process.send({"listen": stream.channel_id})
        return True

    def _end_stopped(self) -> None:
        for stream in list(self.streams.values()):
            if not stream.running:
                stream.ended.set()

    def _listening(self) -> list[Listened]:
        return [stream for stream in list(self.streams.values()) if stream.running]
