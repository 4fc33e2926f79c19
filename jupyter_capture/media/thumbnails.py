"""Still pictures of a stored track, as JPEG."""

from __future__ import annotations

import io

import av
from PIL import Image

from jupyter_capture.errors import MediaError
from jupyter_capture.media.tracks import StoredTrack

POSTER_WIDTH = 640
POSTER_BYTES = 29_500  # as base64, in a saved notebook, under 40 kB
"""The largest poster: it is stored inline in notebooks."""


def thumbnail(track: StoredTrack, time: int, max_width: int = 1280, quality: int = 85) -> bytes:
    """The picture on screen at ``time`` (ticks), at most ``max_width`` wide."""
    return _jpeg(_picture(track, time, max_width), quality)


def poster(
    track: StoredTrack, time: int, max_width: int = POSTER_WIDTH, limit: int = POSTER_BYTES
) -> bytes:
    """As `thumbnail`, in at most ``limit`` bytes: coarser, then smaller, until it fits."""
    image = _picture(track, time, max_width)
    while True:
        for quality in (80, 65, 50, 35):
            data = _jpeg(image, quality)
            if len(data) <= limit or (image.width <= 32 and quality == 35):
                return data
        image = image.resize((max(1, image.width * 3 // 4), max(1, image.height * 3 // 4)))


def _picture(track: StoredTrack, time: int, max_width: int) -> Image.Image:
    frame = next(track.frames(time, time + 1), None)
    if frame is None:
        raise MediaError(
            f"track {track.id} has no picture at {time / track.timescale:.3f} s; it lasts from "
            f"{track.start / track.timescale:.3f} s to {track.end / track.timescale:.3f} s"
        )
    return _scaled(frame, max_width)


def _scaled(frame: av.VideoFrame, max_width: int) -> Image.Image:
    image = Image.fromarray(frame.to_ndarray(format="rgb24"))
    if image.width > max_width:
        height = max(1, round(image.height * max_width / image.width))
        image = image.resize((max_width, height), Image.Resampling.LANCZOS)
    return image


def _jpeg(image: Image.Image, quality: int) -> bytes:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality, optimize=True)
    return out.getvalue()
