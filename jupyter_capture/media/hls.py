"""HLS playlists as text: a master with one video and one audio rendition, and their segments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import NamedTuple

from jupyter_capture.media.fmp4 import AudioTrackConfig, VideoTrackConfig

TYPE = "application/vnd.apple.mpegurl"
SEGMENT_TYPE = "video/mp4"
EVENT_TARGET = 15
"""Target duration (seconds) of a playlist that grows: it must never change."""

_AUDIO_GROUP = "audio"
_TEXT_GROUP = "captions"


class Segment(NamedTuple):
    """One line of a media playlist, of ``duration`` seconds. ``init``: the URI of its init."""

    uri: str
    duration: float
    init: str
    discontinuity: bool = False


@dataclass(frozen=True)
class Captions:
    """The subtitles of a stream. ``language``: a BCP 47 tag, where it is known."""

    uri: str
    name: str
    language: str | None


@dataclass(frozen=True)
class Rendition:
    """What the master says of a media playlist. Bit rates in bits a second."""

    uri: str
    config: VideoTrackConfig | AudioTrackConfig
    peak: int
    average: int


def codec_string(config: VideoTrackConfig | AudioTrackConfig) -> str:
    """RFC 6381: ``avc1.42c01f``, ``mp4a.40.2``."""
    if isinstance(config, VideoTrackConfig):
        return "avc1." + config.avcc[1:4].hex()
    return f"mp4a.40.{config.asc[0] >> 3}"


def master(
    video: Rendition | None, audio: Rendition | None, captions: Captions | None = None
) -> str:
    """The master playlist of a stream with at least one of the first two."""
    lines = ["#EXTM3U", "#EXT-X-VERSION:7", "#EXT-X-INDEPENDENT-SEGMENTS"]
    main = video or audio
    if main is None:
        raise ValueError("a stream needs video or audio")
    present = [rendition for rendition in (video, audio) if rendition]
    attributes = [
        f"BANDWIDTH={max(1, sum(rendition.peak for rendition in present))}",
        f"AVERAGE-BANDWIDTH={max(1, sum(rendition.average for rendition in present))}",
        'CODECS="' + ",".join(codec_string(rendition.config) for rendition in present) + '"',
    ]
    if video and isinstance(video.config, VideoTrackConfig):
        attributes.append(f"RESOLUTION={video.config.width}x{video.config.height}")
    if video and audio and isinstance(audio.config, AudioTrackConfig):
        attributes.append(f'AUDIO="{_AUDIO_GROUP}"')
        lines.append(
            f'#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="{_AUDIO_GROUP}",NAME="Audio",DEFAULT=YES,'
            f'AUTOSELECT=YES,CHANNELS="{audio.config.channels}",URI="{audio.uri}"'
        )
    if captions:
        attributes.append(f'SUBTITLES="{_TEXT_GROUP}"')
        lines.append(_text_rendition(captions))
    lines += ["#EXT-X-STREAM-INF:" + ",".join(attributes), main.uri]
    return "\n".join(lines) + "\n"


def _text_rendition(captions: Captions) -> str:
    """Neither on at first nor chosen by a system's language: only a person switches it on."""
    language = f'LANGUAGE="{captions.language}",' if captions.language else ""
    return (
        f'#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="{_TEXT_GROUP}",NAME="{captions.name}",{language}'
        f'DEFAULT=NO,AUTOSELECT=NO,FORCED=NO,URI="{captions.uri}"'
    )


def text_playlist(uri: str, seconds: float) -> str:
    """The media playlist of subtitles: one file, as long as the stream."""
    return "\n".join(
        [
            "#EXTM3U",
            "#EXT-X-VERSION:7",
            f"#EXT-X-TARGETDURATION:{max(1, ceil(seconds))}",
            "#EXT-X-MEDIA-SEQUENCE:0",
            "#EXT-X-PLAYLIST-TYPE:VOD",
            f"#EXTINF:{seconds:.6f},",
            uri,
            "#EXT-X-ENDLIST",
            "",
        ]
    )


def media_playlist(segments: Sequence[Segment], *, ended: bool = True) -> str:
    """A media playlist: VOD where ``ended``, else EVENT, to which later ones only add."""
    target = ceil(max((segment.duration for segment in segments), default=1))
    lines = [
        "#EXTM3U",
        "#EXT-X-VERSION:7",
        f"#EXT-X-TARGETDURATION:{max(target, 1) if ended else max(target, EVENT_TARGET)}",
        "#EXT-X-MEDIA-SEQUENCE:0",
        f"#EXT-X-PLAYLIST-TYPE:{'VOD' if ended else 'EVENT'}",
        "#EXT-X-INDEPENDENT-SEGMENTS",
    ]
    init = None
    for uri, duration, segment_init, discontinuity in segments:  # hours have thousands
        if discontinuity:
            lines.append("#EXT-X-DISCONTINUITY")
        if segment_init != init or discontinuity:
            init = segment_init
            lines.append(f'#EXT-X-MAP:URI="{init}"')
        lines.append(f"#EXTINF:{duration:.6f},\n{uri}")
    if ended:
        lines.append("#EXT-X-ENDLIST")
    return "\n".join(lines) + "\n"
