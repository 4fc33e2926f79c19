"""Magics that record: start, stop, pause, resume, forget, status, panel."""

from __future__ import annotations

import sys
import time
from argparse import Namespace
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError

from jupyter_capture.client._display import clock
from jupyter_capture.client._frontend import front_end
from jupyter_capture.errors import CaptureError
from jupyter_capture.magics import telling
from jupyter_capture.magics.channels import NothingHereError, wanted_channels
from jupyter_capture.magics.commands import (
    command,
    one_line,
    option,
    seconds,
    variable,
    whole_number,
)
from jupyter_capture.magics.current import ENDED, RECORDING, Current
from jupyter_capture.magics.telling import say

if TYPE_CHECKING:
    from jupyter_capture.client.session import CaptureSession
    from jupyter_capture.widgets.session import SessionPanel

_SESSION = option(
    "session", nargs="?", metavar="SESSION", help="A session (cap-…); default: this notebook's."
)


class Recording:
    """Each public method is a magic."""

    def __init__(self, current: Current) -> None:
        self._current = current

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
        option(
            "--cells",
            action="store_true",
            help="Also the cells that run: their code, outcome and time, no outputs. %%play --cell "
            "plays one, %%search channel:cells finds one.",
        ),
        option(
            "--live",
            action="store_true",
            help="Also transcribe kept sound as it is said, for %%search --live; takes up to a "
            "core while somebody speaks.",
        ),
        option(
            "--detach",
            action="store_true",
            help="Go on recording when this kernel has ended; else it stops by itself after a "
            "while.",
        ),
        option("--into", type=variable, metavar="NAME", help="Assign the session to a name."),
    )
    def capture_start(self, args: Namespace) -> None:
        """Record the screen, the microphone and the system audio.

        Prints which channels are kept, and which are live only. The recording goes on while cells
        run, are interrupted, or the kernel restarts, until %capture_stop.

        Example::

            %capture_start
            %capture_start --ephemeral system_audio:default --name "Weekly meeting"
            %capture_start display:1 mic:default --for 30s --cells
        """
        current = self._current
        if running := current.running():
            raise UsageError(f"{running.id} records already. %capture_stop ends it.")
        connection = current.connection
        try:
            wanted = wanted_channels(connection, args)
        except NothingHereError as error:
            if front_end() != "notebook":
                raise
            say(str(error), "Record from this browser instead:")
            self._show_panel(None, args.name or "")
            return
        session = connection.create_capture_session(
            end_user_id="notebook",
            callback_url=args.callback,
            metadata={"name": args.name} if args.name else None,
        )
        try:
            _start(session, wanted.requests, args)
            current.adopt(session)
            current.assign(args.into, session)
            say(f"Recording {session.id}. %capture_stop ends it.")
            say(*telling.channel_lines(session))
            say(*wanted.missing)
            if args.live:
                self._listen(session)
            if args.length:
                _wait(session, args.length)
        except KeyboardInterrupt:
            current.adopt(session)
            raise UsageError(f"{session.id} goes on recording. %capture_stop ends it.") from None
        if args.length:
            self._stop(session)

    @command(_SESSION)
    def capture_stop(self, args: Namespace) -> None:
        """Stop recording; print where the files are and how large, and show the video.

        Example::

            %capture_stop
        """
        session = self._current.recording(args.session)
        if session is not None and session.status not in ENDED:
            self._stop(session)
            return
        say(telling.nothing_records(session, self._current.session))

    @command(_SESSION)
    def capture_pause(self, args: Namespace) -> None:
        """Pause all channels: the time until %capture_resume is in no file.

        Example::

            %capture_pause
        """
        session = self._recording(args).pause()
        say(f"{session.id} is {session.status}. %capture_resume goes on.")

    @command(_SESSION)
    def capture_resume(self, args: Namespace) -> None:
        """Go on recording after %capture_pause.

        Example::

            %capture_resume
        """
        session = self._recording(args).resume()
        say(f"{session.id} is {session.status} again.")

    @command(
        option("length", type=seconds, metavar="TIME", help="How much: 30s, 2m, 1h."),
        _SESSION,
    )
    def capture_forget(self, args: Namespace) -> None:
        """Erase the last minutes of a recording for good: pictures, sound, words and cells.

        While recording it goes on; afterwards the end of what was recorded is erased.

        Example::

            %capture_forget 2m
        """
        session = self._current.recording(args.session) or self._current.session
        if session is None:
            raise UsageError("Nothing is recording, and nothing was recorded here. Name a session.")
        gone = session.forget(args.length)
        say(f"{clock(gone.start)}–{clock(gone.end)} of {session.id} was erased.")

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

    @command(
        _SESSION,
        option("--into", type=variable, metavar="NAME", help="Assign the panel to a name."),
    )
    def capture_panel(self, args: Namespace) -> None:
        """Show the panel of a recording: channels, levels, record, pause, stop, live transcript.

        Example::

            %capture_panel
        """
        if front_end() != "notebook":
            raise UsageError("The panel needs a notebook. %capture_status says the same in text.")
        session = (
            self._current.connection.get_capture_session(args.session)
            if args.session
            else self._current.running()
        )
        panel = self._show_panel(session)
        self._current.assign(args.into, panel)

    def _show_panel(self, session: CaptureSession | None, name: str = "") -> SessionPanel:
        from jupyter_capture.widgets.session import SessionPanel

        panel = SessionPanel(session, name=name, connection=self._current.connection)
        telling.display_object(panel)
        return panel

    def _listen(self, session: CaptureSession) -> None:
        """What cannot be listened to is recorded all the same."""
        from jupyter_capture.client.moments import listen

        try:
            listening = listen(session).listening
        except CaptureError as error:
            say(f"Nothing is listened to: {one_line(error)}")
            return
        if listening:
            say(f"Listening to {', '.join(sorted(listening))}: %search --live finds it.")

    def _recording(self, args: Namespace) -> CaptureSession:
        session = self._current.recording(args.session)
        if session is None:
            raise UsageError("Nothing is recording. %capture_start begins.")
        return session

    def _stop(self, session: CaptureSession) -> None:
        current = self._current
        if session.status not in ENDED:
            session.stop()
        current.session = session
        current.video = session.get_video()
        say(*telling.ended_lines(session))
        if current.video is not None:
            telling.show(current.video)


def _start(session: CaptureSession, channels: Sequence[dict[str, Any]], args: Namespace) -> None:
    try:
        session.start(channels, fps=args.fps, detach=args.detach)
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
