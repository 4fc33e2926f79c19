"""A small HLS stream with everything a player must cope with: CMAF video, audio apart, captions."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np

FPS = 15
WIDTH, HEIGHT = 640, 360
RATE = 48_000

_MASTER = """\
#EXTM3U
#EXT-X-VERSION:7
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="mix",DEFAULT=YES,AUTOSELECT=YES,URI="audio.m3u8"
#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="s",NAME="English",LANGUAGE="en",AUTOSELECT=NO,\
URI="words.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=400000,CODECS="avc1.42c01e,mp4a.40.2",RESOLUTION=640x360,\
FRAME-RATE=15.000,AUDIO="a",SUBTITLES="s"
video.m3u8
"""

_SOUND = """\
#EXTM3U
#EXT-X-VERSION:7
#EXT-X-STREAM-INF:BANDWIDTH=100000,CODECS="mp4a.40.2"
audio.m3u8
"""

_WORDS = """\
#EXTM3U
#EXT-X-VERSION:7
#EXT-X-TARGETDURATION:{seconds}
#EXT-X-PLAYLIST-TYPE:VOD
#EXTINF:{seconds}.0,
words.vtt
#EXT-X-ENDLIST
"""

_VTT = """\
WEBVTT

00:00:00.000 --> 00:00:{seconds:02d}.000
The budget discussion
"""


def _picture(number: int) -> np.ndarray:
    """Slide-like: light, a block of "text", a bar whose length is the time."""
    frame = np.full((HEIGHT, WIDTH, 3), (244, 245, 248), np.uint8)
    frame[40:64, 40:400] = (44, 62, 96)
    for line in range(5):
        frame[100 + line * 30 : 108 + line * 30, 40 : 520 - line * 57] = (150, 158, 172)
    frame[310:322, 40 : 40 + 2 + number * 3 % 560] = (47, 111, 222)
    return frame


def _hls(path: Path) -> av.container.OutputContainer:
    options = {
        "hls_time": "2",
        "hls_list_size": "0",
        "hls_playlist_type": "vod",
        "hls_segment_type": "fmp4",
        "hls_fmp4_init_filename": f"{path.stem}-init.mp4",
        "hls_segment_filename": str(path.with_name(f"{path.stem}-%d.m4s")),
    }
    return av.open(str(path), "w", format="hls", options=options)


def write_stream(folder: Path, seconds: int) -> None:
    """Writes ``master.m3u8``, ``sound.m3u8`` (sound alone) and what they name into ``folder``."""
    with _hls(folder / "video.m3u8") as out:
        video = out.add_stream("libx264", rate=FPS, options={"preset": "ultrafast", "bf": "0"})
        video.width, video.height, video.pix_fmt, video.gop_size = WIDTH, HEIGHT, "yuv420p", FPS
        for number in range(seconds * FPS):
            frame = av.VideoFrame.from_ndarray(_picture(number), format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, FPS)
            out.mux(video.encode(frame))
        out.mux(video.encode(None))
    with _hls(folder / "audio.m3u8") as out:
        audio = out.add_stream("aac", rate=RATE, layout="mono")
        tone = np.sin(np.arange(seconds * RATE) * 2 * np.pi * 220 / RATE) * 0.1
        for at in range(0, len(tone), 1024):
            block = av.AudioFrame.from_ndarray(
                tone[None, at : at + 1024].astype(np.float32), format="fltp", layout="mono"
            )
            block.rate, block.pts, block.time_base = RATE, at, Fraction(1, RATE)
            out.mux(audio.encode(block))
        out.mux(audio.encode(None))
    (folder / "master.m3u8").write_text(_MASTER)
    (folder / "sound.m3u8").write_text(_SOUND)
    (folder / "words.m3u8").write_text(_WORDS.format(seconds=seconds))
    (folder / "words.vtt").write_text(_VTT.format(seconds=seconds))
