"""Magics that record: connect, start, stop, pause, resume, status, and what there is."""

from __future__ import annotations

import sys
import time
from argparse import Namespace
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError

from jupyter_capture.errors import CaptureError, InvalidRequestError
from jupyter_capture.magics import telling
from jupyter_capture.magics.commands import command, option, seconds, variable, whole_number
from jupyter_capture.magics.current import RECORDING, Current
from jupyter_capture.magics.telling import say

if TYPE_CHECKING:
    from jupyter_capture.client.connection import Connection
    from jupyter_capture.client.session import CaptureSession

DEFAULT_CHANNELS = ("display:1", "mic:default", "system_audio:default")
_SHORT = {name.partition(":")[0]: name for name in DEFAULT_CHANNELS}
_SESSION = option(
    "session", nargs="?", metavar="SESSION", help="A session (cap-…); default: this notebook's."
)


class Recording:
    """Each public method is a magic."""

    def __init__(self, current: Current) -> None:
        self._current = current

    @command(
        option("url", nargs="?", metavar="URL", help="A server; default: this machine's engine."),
        option("--key", help="Its key. Write {name} for a variable: the notebook keeps no key."),
        option("--into", type=variable, metavar="NAME", help="Assign the connection to a name."),
    )
    def capture_connect(self, args: Namespace) -> None:
        """Connect to this machine's engine, or to another server.

        All other magics connect by themselves. For a server without --key you are asked for it.

        Example::

            %capture_connect
            %capture_connect https://api.videodb.io --key {my_key}
        """
        from jupyter_capture.client.connection import connect

        if args.key and not args.url:
            raise UsageError("--key belongs to a server: %capture_connect URL --key {name}")
        key = (args.key or _ask_key(args.url)) if args.url else None
        connection = connect(api_key=key, base_url=args.url)
        try:
            if connection.data_dir is None:
                connection.get_collections()  # a wrong key or address is told here
            else:
                say(f"Engine of process {connection.status().pid}.")
        except CaptureError:
            connection.close()
            raise
        self._current.use(connection)
        self._current.assign(args.into, connection)
        say(f"Connected to {connection.data_dir or connection.base_url}.")

    @command(
        option(
            "channels",
            nargs="*",
            metavar="CHANNEL",
            help="What to keep; default: display:1 mic:default system_audio:default.",
        ),
        option(
            "--ephemeral",
            nargs="*",
            action="extend",
            metavar="CHANNEL",
            help="These are live only: no byte of them reaches a file. Without names, all.",
        ),
        option("--name", help="What to call the recording."),
        option("--fps", type=whole_number(1, 60), help="Frames a second of the screen."),
        option("--callback", metavar="URL", help="Told of each change, by webhook."),
        option("--for", type=seconds, dest="length", help="Record so long (30s, 2m), then stop."),
        option("--into", type=variable, metavar="NAME", help="Assign the session to a name."),
    )
    def capture_start(self, args: Namespace) -> None:
        """Record the screen, the microphone and the system audio.

        Prints which channels are kept, and which are live only. The recording goes on while cells
        run, are interrupted, or the kernel restarts, until %capture_stop.

        Example::

            %capture_start
            %capture_start --ephemeral system_audio:default --name "Weekly meeting"
            %capture_start display:1 mic:default --for 30s
        """
        current = self._current
        if running := current.running():
            raise UsageError(f"{running.id} records already. %capture_stop ends it.")
        connection = current.connection
        channels, missing = _channels(connection, args)
        session = connection.create_capture_session(
            end_user_id="notebook",
            callback_url=args.callback,
            metadata={"name": args.name} if args.name else None,
        )
        try:
            _start(session, channels, args.fps)
            current.session = session
            current.assign(args.into, session)
            say(f"Recording {session.id}. %capture_stop ends it.")
            say(*telling.channel_lines(session))
            say(*missing)
            if args.length:
                _wait(session, args.length)
        except KeyboardInterrupt:
            current.session = session
            raise UsageError(f"{session.id} goes on recording. %capture_stop ends it.") from None
        if args.length:
            self._stop(session)

    @command(_SESSION)
    def capture_stop(self, args: Namespace) -> None:
        """Stop recording; print where the files are and how large, and show the video.

        Example::

            %capture_stop
        """
        self._stop(self._current.chosen_session(args.session))

    @command(_SESSION)
    def capture_pause(self, args: Namespace) -> None:
        """Pause all channels: the time until %capture_resume is in no file.

        Example::

            %capture_pause
        """
        session = self._current.chosen_session(args.session).pause()
        say(f"{session.id} is {session.status}. %capture_resume goes on.")

    @command(_SESSION)
    def capture_resume(self, args: Namespace) -> None:
        """Go on recording after %capture_pause.

        Example::

            %capture_resume
        """
        session = self._current.chosen_session(args.session).resume()
        say(f"{session.id} is {session.status} again.")

    @command(_SESSION)
    def capture_status(self, args: Namespace) -> None:
        """Say what records: state, time, channels with their levels, warnings.

        Example::

            %capture_status
        """
        connection = self._current.connection
        status = connection.status() if connection.data_dir else None
        recordings = status.recordings if status else []
        if args.session or self._current.session or len(recordings) == 1:
            session = self._current.chosen_session(args.session)
            say(*telling.session_lines(session))
            recordings = [id for id in recordings if id != session.id]
        elif not recordings:
            say("Nothing is recording. %capture_start begins.")
        for id in recordings:
            say(f"Recording elsewhere: {id}")
        if status:
            say(f"Engine: process {status.pid}, library {status.data_dir}")

    @command()
    def capture_channels(self, args: Namespace) -> None:
        """List what this machine can record, and what it cannot, and why.

        Example::

            %capture_channels
        """
        found = self._current.connection.get_channels()
        width = max((len(info.channel_id) for info in found.channels), default=0)
        say(*(f"  {info.channel_id:{width}}  {info.name}" for info in found.channels))
        say(*found.problems)

    @command(
        option("-n", type=whole_number(1, 10_000), default=20, help="How many; default: 20."),
    )
    def capture_sessions(self, args: Namespace) -> None:
        """List what was recorded, newest first.

        Example::

            %capture_sessions -n 5
        """
        found = self._current.connection.list_capture_sessions()
        say(*(telling.session_row(session) for session in found[: args.n]))
        if len(found) > args.n:
            say(f"… and {len(found) - args.n} more")
        if not found:
            say("Nothing was recorded yet. %capture_start begins.")

    @command(option("ids", nargs="+", metavar="ID", help="Sessions (cap-…), or assets (m-…, a-…)."))
    def capture_delete(self, args: Namespace) -> None:
        """Delete for good. With a session goes all of it: media, words, videos.

        Example::

            %capture_delete cap-0123456789abcdef
        """
        for id in args.ids:
            self._delete(id)
            say(f"{id} was deleted.")

    def _delete(self, id: str) -> None:
        current = self._current
        collection = current.connection.get_collection()
        if id.startswith("cap-"):
            current.connection.get_capture_session(id).delete()
        elif id.startswith("a-"):
            collection.delete_audio(id)
        elif id.startswith("m-"):
            collection.delete_video(id)
        else:
            raise InvalidRequestError(
                f"{id} names nothing that can be deleted. Name a session (cap-…), a video (m-…) "
                "or a sound (a-…); %capture_sessions lists them."
            )
        if current.session and id in (current.session.id, current.session.exported_video_id):
            current.video = None
            current.session = None if id == current.session.id else current.session
        current.shots = [shot for shot in current.shots if shot.video_id != id]

    def _stop(self, session: CaptureSession) -> None:
        current = self._current
        if session.status not in ("exported", "stopped", "failed"):
            session.stop()
        current.session = session
        current.video = session.get_video()
        say(*telling.ended_lines(session))
        if current.video is not None:
            telling.show(current.video)


def _ask_key(url: str) -> str:
    from getpass import getpass

    try:
        return getpass(f"Key for {url}: ")
    except (EOFError, OSError, NotImplementedError) as error:
        raise UsageError(
            f"{url} needs a key, and this front end cannot ask for it. Write --key {{name}}."
        ) from error


def _channels(connection: Connection, args: Namespace) -> tuple[list[dict[str, Any]], list[str]]:
    """What to record, and a line on what of the default set is not here."""
    missing: list[str] = []
    live = [_full(name) for name in args.ephemeral or []]
    kept = [_full(name) for name in args.channels]
    if both := sorted(set(kept) & set(live)):
        raise UsageError(f"{both[0]} cannot be both kept and live only. Name it once.")
    if not kept:
        found = connection.get_channels()
        here = {info.channel_id for info in found.channels}
        absent = [name for name in DEFAULT_CHANNELS if name not in here]
        if absent:
            why = " ".join(" ".join(found.problems).split())
            missing = [f"Not on this machine: {', '.join(absent)}. {why}".rstrip()]
        present = [name for name in DEFAULT_CHANNELS if name in here]
        live = [name for name in live if name not in absent]
        kept = [name for name in present if name not in live]
    if args.ephemeral == []:
        kept, live = [], kept
    if not kept and not live:
        raise UsageError(missing[0] if missing else "Nothing was named to record.")
    rows = [*((name, True) for name in kept), *((name, False) for name in live)]
    return [{"name": name, "store": store} for name, store in rows], missing


def _full(name: str) -> str:
    return _SHORT.get(name, name)


def _start(session: CaptureSession, channels: Sequence[dict[str, Any]], fps: int | None) -> None:
    try:
        session.start(channels, fps=fps)
    except CaptureError:
        # Nothing was recorded: leave no empty session behind. One that failed on the way stays.
        with suppress(CaptureError):
            if session.refresh().status == "created":
                session.delete()
        raise


def _wait(session: CaptureSession, length: float) -> None:
    """Wait so long, or until the session ends by itself."""
    # The bar of text, not the widget: a saved notebook keeps how it ended.
    from tqdm import tqdm

    end = time.monotonic() + length
    shape = "{l_bar}{bar}| {n:.0f}/{total:.0f} s"
    with tqdm(total=length, desc="Recording", bar_format=shape, file=sys.stdout) as bar:
        while (left := end - time.monotonic()) > 0 and session.status in RECORDING:
            time.sleep(min(0.5, left))
            session.refresh()
            bar.n = min(length, length - (end - time.monotonic()))
            bar.refresh()
