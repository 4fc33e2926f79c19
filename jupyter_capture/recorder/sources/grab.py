"""Pictures from any device that FFmpeg opens by a name: cameras, and screens off Linux."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import av

from jupyter_capture.errors import DeviceError
from jupyter_capture.recorder.sources.base import Picture, SourceLostError

Open = Callable[..., Any]


class Grab:
    """``format`` is FFmpeg's input device, ``url`` what it calls the one to open, ``help`` what to
    do where it refuses. Its clock is that of the pictures' arrival."""

    def __init__(
        self,
        channel_id: str,
        fps: int,
        *,
        format: str,
        url: str,
        options: dict[str, str],
        help: str,
        opener: Open = av.open,
    ) -> None:
        self.channel_id = channel_id
        self.fps = self._open_fps = fps
        self.size = (0, 0)
        self._format, self._url, self._options = format, url, options
        self._help = help
        self._opener = opener
        self._container: Any = None
        self._frames: Iterator[av.VideoFrame] = iter(())

    def open(self) -> None:
        self._open_fps = self.fps
        options = {**self._options, "framerate": str(self.fps)}
        try:
            container = self._open(options)
        except (av.FFmpegError, OSError, ValueError) as error:
            raise DeviceError(
                f"{self.channel_id} cannot be recorded: {self._url} refused ({error}). {self._help}"
            ) from error
        self._container = container
        stream = container.streams.video[0]
        self.size = (stream.codec_context.width, stream.codec_context.height)
        self._frames = container.decode(video=0)

    def read(self) -> Picture:
        if self.fps != self._open_fps:
            self.close()
            try:
                self.open()
            except DeviceError as error:
                raise SourceLostError(error.message) from error
        try:
            frame = next(self._frames)
        except (av.FFmpegError, OSError, StopIteration) as error:
            raise SourceLostError(f"the device stopped answering ({error})") from error
        return Picture(time.monotonic_ns(), frame)

    def close(self) -> None:
        self._frames = iter(())
        if self._container is not None:
            self._container.close()
            self._container = None

    def _open(self, options: dict[str, str]) -> Any:
        try:
            return self._opener(self._url, format=self._format, options=options)
        except (av.FFmpegError, ValueError):
            # A camera knows a few rates only; at its own it may do.
            return self._opener(self._url, format=self._format, options=self._options)
