"""A foreign media file, looked at closely enough to know what its tracks will be made of."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

import av
from PIL import Image, UnidentifiedImageError

from jupyter_capture.errors import MediaError
from jupyter_capture.media.encode import VIDEO_TIMESCALE
from jupyter_capture.media.probe import OPEN_OPTIONS

MediaType = Literal["video", "audio", "image"]

ACCEPTED = (
    "Accepted are videos (MP4, MOV, MKV, WebM, animated GIF), sound (WAV, MP3, Ogg, Opus, FLAC, "
    "M4A) and pictures (PNG, JPEG, WebP, GIF)."
)
MAX_PIXELS = 100_000_000
"""Of one picture. What claims more is refused before it is decoded."""

_PICTURES = {
    "PNG": ".png", "JPEG": ".jpg", "MPO": ".jpg", "WEBP": ".webp", "GIF": ".gif", "BMP": ".bmp",
    "TIFF": ".tif",
}  # fmt: skip
_FORMATS = [kind for kind in _PICTURES if kind != "MPO"]  # JPEG opens it
_GIVE_UP = 500
"""Packets tried until the first one that can be decoded."""


@dataclass(frozen=True)
class Still:
    """A picture that is kept as it is. ``suffix``: what its file's name ends with."""

    suffix: str
    width: int
    height: int
    moves: bool = False


@dataclass(frozen=True)
class Pictures:
    """The picture stream of a file. ``first``: seconds of the first picture; ``fps`` 0: unknown.

    ``shape``: the width of a pixel against its height. ``rotation``: degrees counterclockwise.
    """

    index: int
    codec: str
    width: int
    height: int
    pixels: str
    shape: Fraction
    rotation: int
    interlaced: bool
    fps: Fraction
    first: Fraction


@dataclass(frozen=True)
class Sound:
    """The sound stream of a file. ``first``: seconds of its first sample."""

    index: int
    codec: str
    rate: int
    channels: int
    first: Fraction


@dataclass(frozen=True)
class Foreign:
    """``name`` is what it is called in messages; ``duration`` what the file claims (seconds)."""

    path: Path
    name: str
    duration: float | None
    pictures: Pictures | None
    sound: Sound | None
    more_sounds: int = 0
    pictures_lost: bool = False

    @property
    def origin(self) -> Fraction:
        """When the first picture or sample is there: time 0 of the tracks."""
        firsts = [stream.first for stream in (self.pictures, self.sound) if stream]
        return min(firsts)


def refusal(name: str, why: str) -> MediaError:
    return MediaError(f"{name!r} {why}. {ACCEPTED}")


def open_foreign(path: Path) -> av.container.InputContainer:
    return av.open(str(path), options=OPEN_OPTIONS)


# ---- pictures that stay as they are


def look_at_still(path: Path, name: str) -> Still | None:
    """What a picture file holds, decoded once to be sure; None where it is none.

    Raises MediaError where it is damaged or too large.
    """
    with warnings.catch_warnings():
        # Its own limit is a warning first; ours is an error, and comes before any pixel.
        warnings.simplefilter("ignore")
        try:
            image = Image.open(path, formats=_FORMATS)
        except (UnidentifiedImageError, OSError):
            return None
        except Image.DecompressionBombError as error:
            raise refusal(name, f"has more than {MAX_PIXELS:,} pixels") from error
        with image:
            return _checked(image, name)


def _checked(image: Image.Image, name: str) -> Still:
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise refusal(name, f"has {width}x{height} pixels, more than {MAX_PIXELS:,}")
    kind = image.format or ""
    try:
        moves = kind in ("GIF", "PNG") and getattr(image, "n_frames", 1) > 1
        image.load()
    except MemoryError as error:
        raise refusal(name, f"takes more memory than it may, at {width}x{height}") from error
    except Exception as error:  # whatever a decoder says of bytes that are none
        raise refusal(name, f"is a damaged {kind} picture ({error})") from error
    return Still(_PICTURES[kind], width, height, moves)


def size_of(path: Path) -> tuple[int, int] | None:
    """Width and height of a stored picture; None where it cannot be read any more."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(path, formats=_FORMATS) as image:
                size: tuple[int, int] = image.size
                return size
    except (OSError, Image.DecompressionBombError):
        return None


# ---- what moves or sounds


def look(path: Path, name: str) -> Foreign:
    """Raises MediaError where a file holds neither pictures nor sound that can be decoded."""
    if not path.stat().st_size:
        raise refusal(name, "is empty")
    try:
        with open_foreign(path) as container:
            return _look(container, path, name)
    except (av.error.FFmpegError, OSError, ValueError) as error:
        raise refusal(
            name, "cannot be read as media: it is damaged, cut off, or something else"
        ) from error


def _look(container: av.container.InputContainer, path: Path, name: str) -> Foreign:
    covers = av.stream.Disposition.attached_pic | av.stream.Disposition.timed_thumbnails
    moving = [
        stream
        for stream in container.streams.video
        if stream.codec_context is not None and not stream.disposition & covers
    ]
    sounding = [stream for stream in container.streams.audio if stream.codec_context is not None]
    pictures = _pictures(path, name, moving[0].index) if moving else None
    sounds = [found for stream in sounding[:4] if (found := _sound(path, stream.index))]
    if pictures is None and not sounds:
        raise refusal(name, "holds neither pictures nor sound that can be decoded")
    seconds = container.duration / av.time_base if container.duration else None
    first = sounds[0] if sounds else None
    lost = bool(moving) and pictures is None
    return Foreign(path, name, seconds, pictures, first, max(len(sounding) - 1, 0), lost)


def _pictures(path: Path, name: str, index: int) -> Pictures | None:
    with open_foreign(path) as container:
        stream: Any = container.streams[index]
        context = stream.codec_context
        if context.width * context.height > MAX_PIXELS:
            raise refusal(name, f"has {context.width}x{context.height} pixels, too many")
        frame = _first(container, stream)
        if frame is None:
            return None
        return Pictures(
            index,
            context.name,
            frame.width,
            frame.height,
            frame.format.name,
            stream.sample_aspect_ratio or Fraction(1),
            frame.rotation,
            bool(frame.interlaced_frame),
            stream.average_rate or stream.guessed_rate or Fraction(0),
            _seconds(frame, stream),
        )


def _sound(path: Path, index: int) -> Sound | None:
    with open_foreign(path) as container:
        stream: Any = container.streams[index]
        frame = _first(container, stream)
        if frame is None or not frame.sample_rate:
            return None
        return Sound(
            index,
            stream.codec_context.name,
            frame.sample_rate,
            len(frame.layout.channels),
            _seconds(frame, stream),
        )


def _first(container: av.container.InputContainer, stream: Any) -> Any:
    """The first frame that can be decoded."""
    for number, packet in enumerate(packets(container, [stream])):
        frames = decoded(packet)
        if frames:
            return frames[0]
        if number > _GIVE_UP:
            break
    return None


def _seconds(frame: Any, stream: Any) -> Fraction:
    base = frame.time_base or stream.time_base
    return Fraction(0) if frame.pts is None else frame.pts * Fraction(base)


def packets(container: av.container.InputContainer, streams: list[Any]) -> Iterator[Any]:
    """The packets of some streams, as far as the file can be read, then one empty one each."""
    demuxed = container.demux(streams)
    while True:
        try:
            packet = next(demuxed)
        except StopIteration:
            return
        except av.error.FFmpegError:
            break  # cut off: what was read before is there
        yield packet
    for stream in streams:
        flush = av.Packet(b"")
        flush.stream = stream
        yield flush


def decoded(packet: Any) -> list[Any]:
    """The frames that a packet completes; none where it is damaged."""
    if packet.is_corrupt:
        return []
    try:
        return list(packet.decode())
    except (av.error.FFmpegError, ValueError):
        return []


# ---- what can be copied


@dataclass(frozen=True)
class Copyable:
    """``packets``: how many of a stream can be copied; ``end`` in seconds."""

    packets: int
    end: Fraction


_LONGEST_GOP = 10 * VIDEO_TIMESCALE
_LONGEST_PICTURE = 2 * VIDEO_TIMESCALE
_MOST_IN_GOP = 1200
"""Pictures: whoever cuts into a copied track decodes so many at most."""
_LARGEST_COPIED = 4096 * 2304
_PROFILES = (66, 77, 100)


def copyable_pictures(foreign: Foreign) -> Copyable | None:
    """Whether the picture stream is in the track profile already: H.264 without B frames, 8-bit
    4:2:0, an IDR frame at least every 10 s, even sides, upright, in one configuration."""
    found = foreign.pictures
    if found is None or not _fits(found):
        return None
    with open_foreign(foreign.path) as container:
        stream: Any = container.streams[found.index]
        avcc = bytes(stream.codec_context.extradata or b"")
        sets = parameter_sets(avcc)
        if not sets:
            return None
        times: list[int] = []
        key = last = 0
        since = duration = 0
        ended = False
        for packet in packets(container, [stream]):
            if packet.size == 0:
                continue
            kinds = None if packet.is_corrupt else nal_kinds(bytes(packet), sets)
            if kinds is None:
                ended = True  # fine where nothing good comes after it
                continue
            if ended or packet.pts is None or packet.is_discard or 7 in kinds:
                return None
            time = round(packet.pts * Fraction(packet.time_base) * VIDEO_TIMESCALE)
            if not times:
                key = last = time
            since += 1
            if 5 in kinds:
                key, since = time, 0
            elif not times or time - key > _LONGEST_GOP or since >= _MOST_IN_GOP:
                return None
            if times and not 0 < time - last <= _LONGEST_PICTURE:
                return None
            last, duration = time, packet.duration or 0
            times.append(time)
        if not times:
            return None
        shown = round(duration * Fraction(stream.time_base) * VIDEO_TIMESCALE)
        return Copyable(len(times), Fraction(last + max(shown, 1), VIDEO_TIMESCALE))


def _fits(found: Pictures) -> bool:
    return (
        found.codec == "h264"
        and found.pixels == "yuv420p"
        and found.width * found.height <= _LARGEST_COPIED
        and not (found.width % 2 or found.height % 2 or found.rotation or found.interlaced)
        and found.shape == 1
    )


def parameter_sets(avcc: bytes) -> set[bytes] | None:
    """The SPS and PPS of an avcC record that a track can have; None of any other."""
    if len(avcc) < 8 or avcc[0] != 1 or avcc[1] not in _PROFILES or avcc[4] & 3 != 3:
        return None
    found: set[bytes] = set()
    at = 5
    for mask in (31, 255):
        if at >= len(avcc):
            return None
        count, at = avcc[at] & mask, at + 1
        for _ in range(count):
            size = int.from_bytes(avcc[at : at + 2], "big")
            found.add(avcc[at + 2 : at + 2 + size])
            at += 2 + size
    return found if at <= len(avcc) else None


def nal_kinds(data: bytes, sets: set[bytes]) -> set[int] | None:
    """The NAL types of an access unit, with 7 for parameter sets that differ from ``sets``.

    None where the lengths of the units do not fit: it is cut off.
    """
    kinds: set[int] = set()
    at = 0
    while at < len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        unit = data[at + 4 : at + 4 + size]
        if not size or len(unit) < size:
            return None
        kind = unit[0] & 31
        if kind not in (7, 8) or unit not in sets:
            kinds.add(7 if kind == 8 else kind)
        at += 4 + size
    return kinds


def copyable_sound(foreign: Foreign, rate: int) -> bytes | None:
    """The AudioSpecificConfig of sound that is in the track profile already: AAC-LC of this rate,
    mono or stereo. None where it must be encoded again."""
    found = foreign.sound
    if found is None or found.codec != "aac" or found.rate != rate or found.channels > 2:
        return None
    with open_foreign(foreign.path) as container:
        stream: Any = container.streams[found.index]
        asc = bytes(stream.codec_context.extradata or b"")
    # Object type 2, 48 kHz, as many channels, packets of 1,024 samples, nothing that adds to it.
    if asc[:2] != bytes([0x11, 0x80 | found.channels << 3]) or asc[2:] not in (b"", b"\x56\xe5\0"):
        return None
    return asc[:2]
