"""What every source of pictures or sound is to the rest of the recorder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias, TypeVar

if TYPE_CHECKING:
    import av
    import numpy as np
    import numpy.typing as npt

Pcm: TypeAlias = "npt.NDArray[np.float32]"
T = TypeVar("T", covariant=True)

SAMPLE_RATE = 48000


class SourceLostError(Exception):
    """The device went away while it was read. It may come back: `open()` again finds out."""


@dataclass(frozen=True)
class Picture:
    """A picture of the screen, and the monotonic moment (ns) at which it was taken."""

    moment: int
    frame: av.VideoFrame


@dataclass(frozen=True)
class Sound:
    """Samples (n, channels) at 48 kHz, and the monotonic moment (ns) at which they arrived."""

    moment: int
    pcm: Pcm


class Source(Protocol[T]):
    """A device. One thread opens, reads and closes it; after `close()` it may be opened again.

    `open()` raises DeviceError, saying what to do, where the device cannot be had, and
    UnknownChannelError, naming those there are, where there is no such device. `read()` waits for
    the next piece and raises SourceLostError when the device is gone.
    """

    channel_id: str

    def open(self) -> None: ...

    def read(self) -> T: ...

    def close(self) -> None: ...


class VideoSource(Source[Picture], Protocol):
    """``fps`` may be changed while the source is open."""

    fps: int

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the pictures, once open."""
        ...


class AudioSource(Source[Sound], Protocol):
    channels: int
