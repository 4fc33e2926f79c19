"""Playlists as text."""

from __future__ import annotations

import pytest

from jupyter_capture.media import fmp4, hls

VIDEO = fmp4.VideoTrackConfig(1280, 720, bytes.fromhex("0142c01fffe10000"))
AUDIO = fmp4.AudioTrackConfig(48000, 2, bytes.fromhex("1190"))


def test_the_master_names_codecs_size_and_the_audio_rendition() -> None:
    text = hls.master(
        hls.Rendition("video.m3u8", VIDEO, 900_000, 400_000),
        hls.Rendition("audio.m3u8", AUDIO, 100_000, 96_000),
    )
    lines = text.splitlines()
    assert lines[0] == "#EXTM3U"
    assert 'CODECS="avc1.42c01f,mp4a.40.2"' in text
    assert "RESOLUTION=1280x720" in text
    assert "BANDWIDTH=1000000," in text
    assert 'TYPE=AUDIO,GROUP-ID="audio"' in text
    assert 'URI="audio.m3u8"' in text
    assert lines[-1] == "video.m3u8"


def test_a_master_of_one_kind_has_no_renditions_group() -> None:
    video = hls.master(hls.Rendition("video.m3u8", VIDEO, 1, 1), None)
    audio = hls.master(None, hls.Rendition("audio.m3u8", AUDIO, 1, 1))
    assert "EXT-X-MEDIA:" not in video + audio
    assert 'CODECS="mp4a.40.2"' in audio
    assert audio.endswith("audio.m3u8\n")
    with pytest.raises(ValueError, match="video or audio"):
        hls.master(None, None)


def test_a_new_init_follows_a_discontinuity() -> None:
    segments = [
        hls.Segment("v/0.m4s", 2.0, "v/init-0.mp4"),
        hls.Segment("v/1.m4s", 1 / 3, "v/init-1.mp4", True),
        hls.Segment("v/2.m4s", 7 / 3, "v/init-1.mp4"),
    ]
    assert hls.media_playlist(segments).splitlines() == [
        "#EXTM3U",
        "#EXT-X-VERSION:7",
        "#EXT-X-TARGETDURATION:3",
        "#EXT-X-MEDIA-SEQUENCE:0",
        "#EXT-X-PLAYLIST-TYPE:VOD",
        "#EXT-X-INDEPENDENT-SEGMENTS",
        '#EXT-X-MAP:URI="v/init-0.mp4"',
        "#EXTINF:2.000000,",
        "v/0.m4s",
        "#EXT-X-DISCONTINUITY",
        '#EXT-X-MAP:URI="v/init-1.mp4"',
        "#EXTINF:0.333333,",
        "v/1.m4s",
        "#EXTINF:2.333333,",
        "v/2.m4s",
        "#EXT-X-ENDLIST",
    ]


def test_a_growing_playlist_is_an_event_whose_lines_stay() -> None:
    segments = [hls.Segment(f"v/{n}.m4s", 2.0 + n, "v/init-0.mp4") for n in range(4)]
    early = hls.media_playlist(segments[:2], ended=False)
    late = hls.media_playlist(segments, ended=False)
    assert late.startswith(early)
    assert "PLAYLIST-TYPE:EVENT" in early
    assert "ENDLIST" not in late
    assert hls.media_playlist([], ended=False).startswith("#EXTM3U")


def test_subtitles_are_off_until_somebody_switches_them_on() -> None:
    video = hls.Rendition("video.m3u8", VIDEO, 1, 1)
    text = hls.master(video, None, hls.Captions("captions.m3u8", "English", "en"))
    (line,) = [line for line in text.splitlines() if "SUBTITLES," in line]
    assert 'NAME="English",LANGUAGE="en",DEFAULT=NO,AUTOSELECT=NO' in line
    assert line.endswith('URI="captions.m3u8"')
    assert 'SUBTITLES="captions"' in text
    unknown = hls.master(video, None, hls.Captions("captions.m3u8", "Captions", None))
    assert "LANGUAGE" not in unknown


def test_subtitles_are_one_file_as_long_as_the_stream() -> None:
    lines = hls.text_playlist("captions.vtt", 61.25).splitlines()
    assert "#EXT-X-TARGETDURATION:62" in lines
    assert lines[-3:] == ["#EXTINF:61.250000,", "captions.vtt", "#EXT-X-ENDLIST"]
