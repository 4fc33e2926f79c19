"""What is still recorded can be watched: playlists that only grow, and end with the recording."""

from __future__ import annotations

import io
import time
from pathlib import Path
from typing import Any

import av
import httpx
import pytest
from engine_harness import LIVE_MIC, MIC, SCREEN, Bench, reach, wait_for

from jupyter_capture.errors import ConflictError, InvalidRequestError


def playlist(stream_url: str, kind: str = "video") -> list[str]:
    answer = httpx.get(f"{stream_url.rpartition('/')[0]}/{kind}.m3u8")
    assert answer.status_code == 200, answer.text
    return answer.text.splitlines()


def ended_playlist(stream_url: str, kind: str = "video") -> list[str]:
    def ended() -> list[str] | None:
        found = playlist(stream_url, kind)
        return found if found[-1] == "#EXT-X-ENDLIST" else None

    return wait_for(ended, what="the end of the playlist") or []


def segments(lines: list[str]) -> list[str]:
    return [line for line in lines if line.endswith(".m4s")]


def fetched(stream_url: str, name: str) -> bytes:
    answer = httpx.get(f"{stream_url.rpartition('/')[0]}/{name}")
    assert answer.status_code == 200, answer.text
    return answer.content


def frames(stream_url: str, names: list[str]) -> int:
    data = b"".join(fetched(stream_url, name) for name in ("v/init-0.mp4", *names))
    with av.open(io.BytesIO(data)) as file:
        return sum(1 for _ in file.decode(video=0))


def test_a_running_session_is_a_playlist_that_grows_until_it_stops(
    common: Bench, tmp_path: Path
) -> None:
    session = common.begin(SCREEN, MIC)
    url = session.generate_stream()
    assert session.player_url
    master = httpx.get(url, timeout=30).text
    assert 'AUDIO="audio"' in master
    assert "SUBTITLES" not in master
    first = playlist(url)
    assert "#EXT-X-PLAYLIST-TYPE:EVENT" in first
    assert "#EXT-X-ENDLIST" not in first
    names = segments(first)
    assert frames(url, names) > 0
    held = {name: fetched(url, name) for name in names}
    later = wait_for(
        lambda: (found := playlist(url)) and len(segments(found)) > len(names) and found,
        what="the next segment",
    )
    assert later[: len(first)] == first
    assert "#EXT-X-ENDLIST" not in later
    with pytest.raises(ConflictError, match="still recording"):
        session.save(tmp_path / "a.mp4", show_progress=False)
    session.stop()
    ended = ended_playlist(url)
    assert segments(ended)[: len(names)] == names
    assert [line for line in ended if "EXTINF" in line][: len(names)] == [
        line for line in later if "EXTINF" in line
    ][: len(names)]
    assert {name: fetched(url, name) for name in names} == held
    lasts = sum(float(line[8:-1]) for line in ended if line.startswith("#EXTINF"))
    video = session.get_video()
    assert video is not None
    assert lasts == pytest.approx(video.length, abs=0.1)
    assert session.save(tmp_path / "a.mp4", show_progress=False).stat().st_size > 10_000
    assert len(list((common.data_dir / "cache" / "downloads").iterdir())) >= 1
    session.delete()
    assert httpx.get(url).status_code in (404, 410)


def test_the_last_seconds_of_a_channel_can_be_watched_while_it_records(common: Bench) -> None:
    session = common.begin(SCREEN, MIC)
    reach(session, 4.0)
    screen, mic = (session.get_rtstream(name)[0] for name in ("screen", "mic"))
    started = session.started_at
    assert started
    screen.generate_stream(started + 1, started + 2.5)
    assert screen.stream_url
    done = playlist(screen.stream_url)
    assert done[-1] == "#EXT-X-ENDLIST"
    assert sum(float(line[8:-1]) for line in done if "EXTINF" in line) == pytest.approx(1.5)
    assert "audio.m3u8" not in httpx.get(screen.stream_url).text
    mic.generate_stream(started + 1, time.time() + 600)
    assert mic.stream_url
    growing = playlist(mic.stream_url, "audio")
    assert "#EXT-X-ENDLIST" not in growing
    with pytest.raises(InvalidRequestError, match="Nothing was recorded"):
        screen.generate_stream(started - 100, started - 50)
    with pytest.raises(InvalidRequestError, match="so nothing from"):
        screen.generate_stream(time.time() + 100, time.time() + 150)
    session.stop()
    assert len(segments(ended_playlist(mic.stream_url, "audio"))) >= len(segments(growing))
    assert playlist(screen.stream_url) == done


def test_what_is_live_only_has_no_file_to_watch(common: Bench) -> None:
    session = common.begin(LIVE_MIC)
    with pytest.raises(ConflictError, match="live only"):
        session.generate_stream()
    with pytest.raises(ConflictError, match="live only"):
        session.get_rtstream("mic")[0].generate_stream(time.time() - 1, time.time())
    session.stop()
    with pytest.raises(ConflictError):
        session.generate_stream()


@pytest.mark.parametrize("path", ["capture/session/{}/stream"])
def test_a_session_that_never_started_has_nothing_to_watch(common: Bench, path: Any) -> None:
    session = common.connection.create_capture_session()
    with pytest.raises(ConflictError, match="Start it"):
        session.generate_stream()
