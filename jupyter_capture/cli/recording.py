"""Commands that record: record, stop."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from queue import Empty, SimpleQueue
from types import FrameType
from typing import TYPE_CHECKING, Annotated, Any

import typer

from jupyter_capture.cli._console import connect, say
from jupyter_capture.cli._console import console as new_console
from jupyter_capture.errors import CaptureError, InvalidRequestError

if TYPE_CHECKING:
    from rich.console import Console

    from jupyter_capture.client.session import CaptureSession

DEFAULT_CHANNELS = ["display:1", "mic:default", "system_audio:default"]
RECORDING = ("starting", "active", "paused")
_SHORTEST = 0.5
_NAMES = "mic, system_audio, display, or one that `doctor` lists"


def _length(text: str) -> float:
    from jupyter_capture.client._length import seconds_of

    try:
        length = seconds_of(text)
    except InvalidRequestError as error:
        raise typer.BadParameter(error.message) from error
    if length < _SHORTEST:
        raise typer.BadParameter(f"{text} is too short; {_SHORTEST:g} s is the least")
    return length


def record(
    length: Annotated[
        float | None,
        typer.Argument(
            parser=_length,
            metavar="LENGTH",
            help="How long: 60, 90s, 2m, 1h30m. Without it until Ctrl-C.",
        ),
    ] = None,
    seconds: Annotated[
        float | None,
        typer.Option(parser=_length, metavar="LENGTH", help="The same, as an option."),
    ] = None,
    channel: Annotated[
        list[str] | None,
        typer.Option(
            help=f"A channel to keep: {_NAMES}; can be repeated. "
            "[default: display, mic, system_audio]"
        ),
    ] = None,
    live: Annotated[
        list[str] | None,
        typer.Option(help="A channel that is live only and reaches no file; can be repeated."),
    ] = None,
    primary: Annotated[
        str | None, typer.Option(help="The kept display whose picture the video gets.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="What to call the recording.")] = None,
    fps: Annotated[int | None, typer.Option(min=1, max=60, help="Frames a second.")] = None,
) -> None:
    """Record; print where the files are and how large."""
    if length is not None and seconds is not None:
        raise InvalidRequestError("The length was given twice; leave out --seconds.")
    channels = _channels(channel, live)
    console = new_console()
    with connect() as connection:
        session = connection.create_capture_session(
            end_user_id="cli", metadata={"name": name} if name else None
        )
        say(console, "Starting …")
        with _signals() as asked_to_end:
            with suppress(KeyboardInterrupt):
                _start(session, channels, primary, fps)
                for item in channels:
                    say(console, f"{item['name']:22} {'kept' if item['store'] else 'live only'}")
                _record_for(session, length or seconds, console, asked_to_end)
            if not asked_to_end.empty():
                say(console, "Stopping …")
            session.refresh()
            if session.status in RECORDING:
                session.stop()
        _tell_end(session, console)


def _channels(kept: list[str] | None, live: list[str] | None) -> list[dict[str, Any]]:
    """As the client takes them. With live ones alone nothing is kept."""
    from jupyter_capture.client.channel import full_name

    lives = list(dict.fromkeys(full_name(each) for each in live or []))
    keeps = list(dict.fromkeys(full_name(each) for each in kept or []))
    if not keeps and not lives:
        keeps = DEFAULT_CHANNELS
    if both := sorted(set(keeps) & set(lives)):
        raise InvalidRequestError(f"{both[0]} cannot be both kept and live only; name it once.")
    rows = [*((each, True) for each in keeps), *((each, False) for each in lives)]
    return [{"name": each, "store": store} for each, store in rows]


def _start(
    session: CaptureSession, channels: list[dict[str, Any]], primary: str | None, fps: int | None
) -> None:
    try:
        session.start(channels, primary, fps=fps)
    except CaptureError:
        # Nothing was recorded: leave no empty session behind. One that failed on the way stays.
        with suppress(CaptureError):
            if not session.refresh().storage and session.status in ("created", "failed"):
                session.delete()
        raise


@contextmanager
def _signals() -> Iterator[SimpleQueue[int]]:
    """The signals that came: Ctrl-C, a closed terminal, a polite end.

    None is raised as an interrupt, which would be lost where it meets a destructor, or leave a lock
    held that the end needs; but a second Ctrl-C is, for who will not wait.
    """
    came = SimpleQueue[int]()

    def take(number: int, frame: FrameType | None) -> None:
        if number == signal.SIGINT and not came.empty():
            raise KeyboardInterrupt
        came.put(number)

    names = ("SIGINT", "SIGTERM", "SIGHUP")
    numbers = [getattr(signal, name) for name in names if hasattr(signal, name)]
    before = {number: signal.getsignal(number) for number in numbers}
    # What nohup ignores stays so. An interrupt is ignored in the background of a script, too, but
    # who sends one there (`kill -INT`) means it.
    taken = [
        number for number in numbers if number == signal.SIGINT or before[number] != signal.SIG_IGN
    ]
    for number in taken:
        signal.signal(number, take)
    try:
        yield came
    finally:
        for number in taken:
            signal.signal(number, before[number])


def stop(
    session_id: Annotated[str | None, typer.Argument(help="Default: all that record.")] = None,
    engine: Annotated[bool, typer.Option("--engine", help="Then end the engine too.")] = False,
) -> None:
    """Stop recording; what is kept is exported."""
    from jupyter_capture.local import end_engine, running_engine
    from jupyter_capture.settings import Settings

    console = new_console()
    folder = Settings().data_dir
    if running_engine(folder) is None and session_id is None:
        say(console, "Nothing records: no engine runs.")
        return
    with connect() as connection:
        if session_id is not None:
            sessions = [connection.get_capture_session(session_id)]
        else:
            sessions = [
                connection.get_capture_session(found) for found in connection.status().recordings
            ]
        for session in sessions:
            session.stop()
            _tell_end(session, console)
        if not sessions:
            say(console, "Nothing records.")
    if engine and end_engine(folder):
        say(console, "The engine has ended.")


def _record_for(
    session: CaptureSession, seconds: float | None, console: Console, asked_to_end: SimpleQueue[int]
) -> None:
    """Wait until the time is over, a signal comes, or the session ends by itself."""
    end = None if seconds is None else time.monotonic() + seconds
    length = "until Ctrl-C" if seconds is None else f"for {seconds:g} s"
    say(console, f"Recording {session.id} {length}.")
    with console.status("recording") as status:
        while end is None or time.monotonic() < end:
            left = 0.5 if end is None else max(0.0, min(0.5, end - time.monotonic()))
            if _came(asked_to_end, left):
                return
            session.refresh()
            if session.status not in RECORDING:
                return
            levels = "  ".join(f"{name} {value:.0f} dB" for name, value in session.levels.items())
            status.update(f"{session.duration or 0.0:.0f} s  {levels}")


def _came(signals: SimpleQueue[int], within: float) -> bool:
    """Whether there is one, which stays there."""
    try:
        signals.put(signals.get(timeout=within))
    except Empty:
        return False
    return True


def _tell_end(session: CaptureSession, console: Console) -> None:
    from jupyter_capture.client._display import megabytes

    say(console, f"{session.id} {session.status}, {session.duration or 0.0:.1f} s")
    for item in session.storage:
        say(console, f"{item.channel_id:22} {megabytes(item.bytes):>10}  {item.path}")
    if session.exported_video_id:
        say(console, f"{'video':22} {session.exported_video_id}")
    elif not session.storage:
        say(console, "Nothing was kept, so nothing is exported.")
    for warning in session.warnings:
        say(console, f"warning: {warning}")
