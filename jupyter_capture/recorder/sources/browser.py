"""Screens, cameras, microphones and tabs that a browser shares: sources like any device.

What comes from afar comes late, after a broken connection by up to a minute. It is placed by when
it was taken, not by when it came.
"""

from __future__ import annotations

import threading
import time
from collections import deque

import av
import numpy as np

from jupyter_capture.errors import DeviceError
from jupyter_capture.recorder.clock import NS, ticks
from jupyter_capture.recorder.sources.base import SAMPLE_RATE, Picture, Sound, SourceLostError
from jupyter_capture.recorder.sources.browser_feed import PATIENCE, Feed
from jupyter_capture.recorder.sources.browser_media import Piece, Reader

_HOLD = 6 * NS // 10
"""Pieces are held back so long: by then it is known well when they were taken, and they leave in
an even flow. The first ones wait longer: nothing is known yet."""
_FIRST_HOLD = 12 * NS // 10
_TURN = 0.25  # s
_STEP = 0.05
_ENCODING = NS // 4
"""What was taken later than so long ago may still be on its way through the browser's encoder."""
_QUIET = 12 * NS // 10
_STOPPED = 4 * NS
"""What comes from the browser's encoder so late was never sound: a busy machine delays it by more
than a second. Where it has been silent, nobody waits for that."""
_STALL = 6 * NS // 10
"""A page that was busy for so long tells first that there is nothing, and then what there is."""
_STILL = 4 * NS // 10
_UNKNOWN_SIZE = (1280, 720)


class _BrowserSource:
    def __init__(self, feed: Feed, channels: int) -> None:
        self.channel_id = feed.channel_id
        self._feed = feed
        self._channels = channels
        self._reader: Reader | None = None
        self._held: Piece | None = None
        self._opened = False
        self._hold = _FIRST_HOLD
        self._closed = threading.Event()
        self._known = 0
        self._hurry = 0

    def open(self) -> None:
        """Succeeds before the browser is there; once it was lost, when it begins anew."""
        if self._opened and not self._feed.sending:
            why = self._feed.gone or "nothing comes from the browser"
            raise DeviceError(f"{self.channel_id} is not back: {why}. Share it again.")
        self._opened = True
        self._held = None
        self._hold = _FIRST_HOLD
        self._reader = Reader(self._feed, self._channels, self._spacing)

    def close(self) -> None:
        reader, self._reader = self._reader, None
        if reader is not None:
            reader.close()
            self._feed.reset()

    def end(self) -> None:
        """Nothing more will be read: from any thread."""
        self._closed.set()
        self._feed.end()

    def behind(self, moment: int) -> bool:
        """Whether something that was taken before ``moment`` is still on its way here. From now on
        that is not held back."""
        self._hurry = max(self._hurry, moment + _ENCODING)
        reader = self._reader
        if reader is None:
            return self._feed.sending  # shared again, and about to be opened
        over = self._feed.gone is not None and reader.idle and self._held is None
        return not over and 0 < self._known < moment + _ENCODING

    @property
    def connected(self) -> bool:
        return self._feed.connected

    def _spacing(self) -> int:
        return 0

    def _next(self) -> Piece | None:
        """The next piece once it is time for it; None where there is none for a while. Raises
        SourceLostError."""
        reader = self._reader
        if reader is None or self._closed.is_set():
            raise SourceLostError("the recording ends")
        piece = self._held = self._held or reader.get(_TURN)
        if piece is None:
            why = reader.failed or (self._feed.gone if reader.idle else None)
            if why:
                raise SourceLostError(why)
            return None
        until = time.monotonic() + _TURN
        while (early := piece.moment + self._hold - time.monotonic_ns()) > 0:
            if piece.moment <= self._hurry:
                break
            if time.monotonic() > until:
                return None
            time.sleep(min(_STEP, early / NS))
        self._held = None
        self._hold = _HOLD
        if piece.at is not None:
            self._known = piece.moment
        return piece


class BrowserSound(_BrowserSource):
    """``mic:browser`` (mono) or ``system_audio:browser`` (stereo)."""

    def __init__(self, feed: Feed) -> None:
        self.channels = 1 if feed.channel_id.startswith("mic:") else 2
        super().__init__(feed, self.channels)
        self._last: int | None = None
        self._silent = True
        self._told: deque[int] = deque()

    def open(self) -> None:
        super().open()
        self._last = None
        self._silent = True
        self._told.clear()

    def read(self) -> Sound:
        """May be empty, where nothing comes for a while."""
        piece = self._next()
        if piece is None:
            return self._silence(0)
        if piece.pcm is None:
            return self._quiet(piece.moment)
        self._last = piece.moment
        self._silent = False
        return Sound(piece.moment, piece.pcm)

    def _quiet(self, known: int) -> Sound:
        """A tab that plays nothing gives nothing: that is silence, as far as it is known."""
        self._told.append(known)
        while len(self._told) > 1 and known - self._told[1] >= _STALL:
            self._told.popleft()
        if self._last is None:
            self._last = known
        at_once = self._silent or self._told[0] <= self._hurry
        if self._told[0] - self._last < (_QUIET if at_once else _STOPPED):
            return self._silence(0)
        self._silent = True
        until = self._told[0] - _QUIET // 2
        # A browser's clock that leaps leaves a hole, not hours of silence in memory.
        since = max(self._last, until - PATIENCE)
        count = ticks(until - since, SAMPLE_RATE)
        self._last = since + count * NS // SAMPLE_RATE
        return self._silence(count)

    def _silence(self, count: int) -> Sound:
        return Sound(self._last or 0, np.zeros((count, self.channels), np.float32))


class BrowserPictures(_BrowserSource):
    """``display:browser`` or ``camera:browser``. A still picture is given again now and then."""

    def __init__(self, feed: Feed, fps: int) -> None:
        super().__init__(feed, 0)
        self.fps = fps
        self._size: tuple[int, int] | None = None
        self._last = 0
        self._frame: av.VideoFrame | None = None

    @property
    def size(self) -> tuple[int, int]:
        told = self._feed.size
        return self._size or (told if all(told) else _UNKNOWN_SIZE)

    def open(self) -> None:
        super().open()
        self._frame = None

    def read(self) -> Picture:
        while True:
            piece = self._next()
            if piece is not None and piece.frame is not None:
                self._frame = piece.frame
                self._size = (piece.frame.width, piece.frame.height)
                # A little late is better than never: it may be the last one for long.
                self._last = max(piece.moment, self._last + NS // 1000)
            elif self._frame is None:
                continue
            elif piece is not None and piece.moment - _ENCODING - self._last >= _STILL:
                self._last = piece.moment - _ENCODING
            return Picture(self._last, self._frame)

    def _spacing(self) -> int:
        return 7 * NS // (10 * max(1, self.fps))
