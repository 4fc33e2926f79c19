"""Screens of an X server, through FFmpeg's x11grab."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator, Mapping

import av
from av.container import InputContainer

from jupyter_capture.errors import DeviceError, UnknownChannelError
from jupyter_capture.recorder.clock import NS
from jupyter_capture.recorder.screen_track import same_picture
from jupyter_capture.recorder.sources.base import Picture, SourceLostError
from jupyter_capture.recorder.sources.xchanges import ScreenChanges
from jupyter_capture.recorder.sources.xscreens import display_problem, screens
from jupyter_capture.recorder.sources.xwindows import named, number_of, window, windows

_LOOK_AGAIN = 2 * NS
_FETCH_AT_LEAST = NS // 2
"""What the server does not tell, such as another shape of the pointer, is seen no later."""
_TRUST = 3
_AT_ONCE = "1000"
"""Pictures a second that x11grab is told: it waits for none, and gives one when it is asked."""


class X11Screen:
    """``display:N``: screen N-1 of ``$DISPLAY``, ``fps`` pictures a second, pointer included."""

    def __init__(self, channel_id: str, fps: int, environ: Mapping[str, str] = os.environ) -> None:
        self.channel_id = channel_id
        self.fps = fps
        self._environ = environ
        self._container: InputContainer | None = None
        self._frames: Iterator[av.VideoFrame] = iter(())
        self._looked = self._due = 0
        self._changes: ScreenChanges | None = None
        self._picture: Picture | None = None
        self._fetched = 0
        self._untold = 0
        self.size = (0, 0)

    def open(self) -> None:
        display, where = self._find()
        # Else FFmpeg watches five pictures to guess the rate that it was told.
        options = {"framerate": _AT_ONCE, "draw_mouse": "1", "fpsprobesize": "0"}
        try:
            container = av.open(display, format="x11grab", options={**options, **where})
        except (av.FFmpegError, OSError) as error:
            raise DeviceError(
                f"{self.channel_id} cannot be recorded: the X display {display} refused ({error})."
                " Check that this user may use it (xhost, XAUTHORITY)."
            ) from error
        self._container = container
        self._frames = container.decode(video=0)
        self._looked = self._due = time.monotonic_ns()
        if self._untold < _TRUST and display.endswith(".0"):
            self._changes = ScreenChanges.of(display, self._environ)

    def read(self) -> Picture:
        now = self._await_turn()
        if now - self._looked > _LOOK_AGAIN:
            self._look(now)
        told, last = self._changed(), self._picture
        if not told and last is not None and now - self._fetched < _FETCH_AT_LEAST:
            return Picture(now, last.frame)
        try:
            picture = self._fetch()
        except SourceLostError:
            self._reopen()  # x11grab gives up what got smaller, or was moved
            picture, last = self._fetch(), None
        self._fetched = now
        if last is not None and same_picture(last.frame, picture.frame):
            # The same object: whoever compares next knows it at a glance.
            picture = Picture(picture.moment, last.frame)
        elif not told and last is not None:
            self._doubt()
        self._picture = picture
        return picture

    def close(self) -> None:
        self._frames = iter(())
        self._picture = None
        if self._changes is not None:
            self._changes.close()
            self._changes = None
        if self._container is not None:
            self._container.close()
            self._container = None

    def _await_turn(self) -> int:
        """Now, at the next of ``fps`` moments a second; those that were missed are left out."""
        self._due += NS // self.fps
        now = time.monotonic_ns()
        if now > self._due:
            self._due = max(self._due, now - NS // self.fps)
            return now
        time.sleep((self._due - now) / NS)
        return time.monotonic_ns()

    def _changed(self) -> bool:
        """Whether the screen may show something else by now."""
        if self._changes is None:
            return True
        try:
            return self._changes.any()
        except OSError:
            self._untold = _TRUST
            self._doubt()
            return True

    def _doubt(self) -> None:
        """A server that often does not tell is not asked any more."""
        self._untold += 1
        if self._untold >= _TRUST and self._changes is not None:
            self._changes.close()
            self._changes = None

    def _fetch(self) -> Picture:
        try:
            frame = next(self._frames)
        except (av.FFmpegError, OSError, StopIteration) as error:
            raise SourceLostError(f"the X display stopped answering ({error})") from error
        return Picture(time.monotonic_ns() - _age(frame), frame)

    def _find(self) -> tuple[str, dict[str, str]]:
        """What x11grab is told, with `size` as it is now. Raises DeviceError and
        UnknownChannelError."""
        display = self._display()
        sizes = screens(display, self._environ)
        name = self.channel_id.partition(":")[2]
        number = 1 if name == "default" else int(name) if name.isdigit() else 0
        if not 1 <= number <= len(sizes):
            known = ", ".join(f"display:{index + 1}" for index in range(len(sizes)))
            raise UnknownChannelError(
                f"There is no {self.channel_id!r} here. Screens on this machine: {known}."
            )
        self.size = sizes[number - 1]
        return f"{_base(display)}.{number - 1}", {}

    def _display(self) -> str:
        if problem := display_problem(self._environ):
            raise DeviceError(f"{self.channel_id} cannot be recorded. {problem}")
        return self._environ["DISPLAY"]

    def _look(self, now: int) -> None:
        """x11grab goes on with the old size when the screen is resized: open it again."""
        self._looked = now
        before = self.size
        try:
            self._find()
        except (DeviceError, UnknownChannelError) as error:
            raise SourceLostError(error.message) from error
        if self.size != before:
            self._reopen()

    def _reopen(self) -> None:
        self.close()
        try:
            self.open()
        except (DeviceError, UnknownChannelError) as error:
            raise SourceLostError(error.message) from error


class X11Window(X11Screen):
    """``window:<id>``: the part of a window that lies on the screen, with whatever lies upon it."""

    def _find(self) -> tuple[str, dict[str, str]]:
        display, number = self._display(), number_of(self.channel_id)
        found = window(display, number, self._environ)
        if found is None:
            known = [name for name, _ in named(windows(display, self._environ))]
            raise UnknownChannelError(
                f"{self.channel_id} is not open or not shown. Windows on this machine: "
                f"{', '.join(known) or 'none'}."
            )
        self.size = found.width, found.height
        return _base(display), {
            "window_id": str(number),
            "grab_x": str(found.left),
            "grab_y": str(found.top),
            "video_size": f"{found.width}x{found.height}",
        }


def _base(display: str) -> str:
    return re.sub(r"\.\d+$", "", display)


def _age(frame: av.VideoFrame) -> int:
    """How long ago (ns) the frame was grabbed: x11grab stamps it with the wall clock."""
    if frame.pts is None or frame.time_base is None:
        return 0
    age = time.time_ns() - int(frame.pts * frame.time_base * NS)
    # A wall clock that was set in between tells nothing.
    return age if 0 <= age < NS // 2 else 0
