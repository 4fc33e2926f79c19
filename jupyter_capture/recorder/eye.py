"""The pictures of one screen for whoever looks on while it is recorded."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable

import av
from PIL import Image

from jupyter_capture.media.encode import even_size
from jupyter_capture.recorder.channel import Tell
from jupyter_capture.recorder.clock import NS, MediaClock
from jupyter_capture.recorder.screen_track import same_picture
from jupyter_capture.wire.recorder import Report

_EVERY = 2 * NS
_LOOK = NS // 4
_LONGEST = 10 * NS
_MAX_HEIGHT = 1080
_QUALITY = 92


class Eye:
    """Turns pictures that changed into ``picture`` reports, in memory alone.

    At most one in 2 s, and one in 10 s of a screen that stands still, for whoever comes late.
    ``wanted``: whether anybody looks at the moment. While nobody does, a picture costs nothing but
    that question.
    """

    def __init__(
        self, channel_id: str, clock: MediaClock, tell: Tell, wanted: Callable[[str], bool]
    ) -> None:
        self._channel_id = channel_id
        self._clock = clock
        self._tell = tell
        self._wanted = wanted
        self._told: av.VideoFrame | None = None
        self._told_at = self._looked_at = 0

    def see(self, moment: int, frame: av.VideoFrame, kept: bool) -> None:
        """The screen at a monotonic moment (ns); ``kept``: it is stored."""
        if not self._wanted(self._channel_id):
            self._told = None
            return
        media = self._clock.media(moment)
        if media is None or not self._is_news(moment, frame):
            return
        self._told, self._told_at = frame, moment
        width, height = even_size(frame.width, frame.height, _MAX_HEIGHT)
        pixels = frame.to_ndarray(format="rgb24", width=width, height=height)
        out = io.BytesIO()
        # Full colour resolution: coloured letters would lose their edges.
        Image.fromarray(pixels).save(out, "JPEG", quality=_QUALITY, subsampling=0)
        at = media / NS
        data = {
            "channel_id": self._channel_id,
            "at": at,
            "unix": self._clock.unix(at),
            "kept": kept,
            "jpeg": base64.b64encode(out.getvalue()).decode(),
        }
        self._tell(Report(report="picture", data=data))

    def _is_news(self, moment: int, frame: av.VideoFrame) -> bool:
        if self._told is None:
            return True
        if moment - self._told_at < _EVERY or moment - self._looked_at < _LOOK:
            return False
        self._looked_at = moment
        old = moment - self._told_at >= _LONGEST
        return old or not same_picture(self._told, frame)
