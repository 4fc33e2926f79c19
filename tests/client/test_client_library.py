"""Collections, videos, audios, search results, uploads, downloads."""

from __future__ import annotations

import time
from pathlib import Path

import httpx
import pytest
from client_harness import FOUND, SECRET, STREAM, VIDEO, Server, failure, job, ok, processing

import jupyter_capture
from jupyter_capture import errors
from jupyter_capture.client import _playable
from jupyter_capture.client.connection import Connection, connect
from jupyter_capture.client.search import SearchResult, Shot
from jupyter_capture.client.video import Video


@pytest.fixture
def video(conn: Connection) -> Video:
    return Video(conn, **{k: v for k, v in VIDEO.items() if k != "type"})


@pytest.fixture
def results(server: Server, video: Video) -> SearchResult:
    server.on("POST", "/video/m-1/search/v2", ok(FOUND))
    server.on("POST", "/video/m-1/stream", ok(STREAM))
    server.on("POST", "/compile", ok(STREAM))
    return video.search("budget")


def test_shots_come_best_first_with_their_channel(results: SearchResult) -> None:
    assert [shot.search_score for shot in results] == [0.9, 0.4]
    assert len(results) == 2
    assert results[0].channel == "mic:default"
    assert results[0].length == 1.5
    assert results[-1]["text"] == "the other one"
    assert results.get_shots() == results.shots == results[0:2]


def test_newer_options_go_to_the_newer_search(server: Server, video: Video) -> None:
    server.on("POST", "/video/m-1/search/v2", ok(FOUND))
    video.search("x", mode="keyword", top_k=3, score_threshold=0.5)
    expected = {"query": "x", "mode": "keyword", "top_k": 3, "score_threshold": 0.5}
    assert server.body() == expected


def test_older_options_go_to_the_older_search(server: Server, video: Video) -> None:
    server.on("POST", "/video/m-1/search", ok({"results": FOUND["results"]}))
    video.search("x", "keyword", "spoken_word", result_threshold=2)
    assert server.body()["search_type"] == "keyword"
    assert server.body()["result_threshold"] == 2


def test_older_and_newer_options_do_not_mix(video: Video) -> None:
    with pytest.raises(errors.InvalidRequestError, match="top_k and search_type"):
        video.search("x", search_type="keyword", top_k=3)


@pytest.mark.parametrize("query", ["", "  \n"])
def test_an_empty_query_is_refused_before_it_is_sent(
    server: Server, video: Video, query: str
) -> None:
    with pytest.raises(errors.InvalidRequestError, match="query is empty"):
        video.search(query)
    assert not server.sent


def test_searching_before_indexing_says_what_to_do(server: Server, video: Video) -> None:
    why = "m-1 is not indexed. Call index_spoken_words() first."
    server.on("POST", "/video/m-1/search/v2", failure(400, why, "NOT_INDEXED"))
    with pytest.raises(errors.NotIndexedError, match="index_spoken_words"):
        video.search("x")


def test_a_shot_asks_for_its_stream_once(server: Server, results: SearchResult) -> None:
    shot = results[0]
    assert shot.play() == STREAM["player_url"]
    assert shot.generate_stream() == STREAM["stream_url"]
    assert server.calls().count("POST /video/m-1/stream") == 1
    assert server.body()["timeline"] == [[1.5, 3.0]]


def test_a_ticket_that_is_about_to_expire_is_renewed(server: Server, video: Video) -> None:
    soon = int(time.time()) + 5
    video.stream_url = f"http://127.0.0.1:9/stream/stm-1.{soon}.abc/master.m3u8"  # type: ignore[assignment]
    server.on("POST", "/video/m-1/stream", ok(STREAM))
    assert video.generate_stream() == STREAM["stream_url"]


def test_a_part_of_a_video_leaves_its_own_addresses_alone(server: Server, video: Video) -> None:
    part = {"stream_url": "http://127.0.0.1:9/stream/stm-2.99999999999.ab/master.m3u8"}
    server.on("POST", "/video/m-1/stream", ok(part))
    assert video.generate_stream([(0, 1.5)]) == part["stream_url"]
    assert video.generate_stream() == STREAM["stream_url"]


def test_results_compile_to_one_stream(server: Server, results: SearchResult) -> None:
    assert results.play() == STREAM["player_url"]
    assert [item["shots"] for item in server.body()] == [[[1.5, 3.0]], [[7.0, 9.0]]]


def test_nothing_found_cannot_be_played(conn: Connection) -> None:
    with pytest.raises(errors.InvalidRequestError, match="Nothing was found for 'unicorns'"):
        SearchResult(conn, "unicorns", results=[]).play()


def test_a_shot_is_saved_as_a_file(server: Server, results: SearchResult, tmp_path: Path) -> None:
    made = {"download_url": "http://127.0.0.1:9/download/x", "name": "clip.mp4", "size": 3}
    server.on("POST", "/download", processing())
    done = job("done", 100, response={"success": True, "data": made})
    server.on("GET", "/async-response/job-1", job("processing", 50, "cutting"), done)
    server.on("GET", "/download/x", httpx.Response(200, content=b"mp4"))
    saved = results[0].save(tmp_path / "clip.mp4", show_progress=False)
    assert saved.read_bytes() == b"mp4"
    into_folder = results[0].save(tmp_path, show_progress=False)
    assert into_folder == tmp_path / "m-1-2s.mp4"


def test_saving_into_a_folder_that_is_not_there_is_refused_first(
    server: Server, results: SearchResult, tmp_path: Path
) -> None:
    before = len(server.sent)
    with pytest.raises(errors.InvalidRequestError, match="Create it first"):
        results[0].save(tmp_path / "gone" / "clip.mp4")
    assert len(server.sent) == before


def test_the_segments_that_were_asked_for_are_returned(server: Server, video: Video) -> None:
    words = [{"text": "a", "start": 0, "end": 1}, {"text": "b.", "start": 1, "end": 2}]
    sentences = [{"text": "a b.", "start": 0, "end": 2}]
    answer = {"transcript": sentences, "word_timestamps": words, "text": "a b."}
    server.on("GET", "/video/m-1/transcription", ok(answer))
    assert video.get_transcript(segmenter="sentence") == sentences
    assert video.get_transcript() == words
    assert video.get_transcript_text() == "a b."
    server.on("GET", "/video/m-1/transcription", ok({"word_timestamps": sentences}))
    assert video.get_transcript(segmenter="sentence") == sentences


@pytest.mark.parametrize(
    "wrong", [{"segmenter": "verse"}, {"start": -1}, {"end": -0.5}, {"start": 3, "end": 2}]
)
def test_nonsense_about_a_transcript_is_refused(video: Video, wrong: dict[str, object]) -> None:
    with pytest.raises(errors.InvalidRequestError):
        video.get_transcript(**wrong)  # type: ignore[arg-type]


def test_a_collection_lists_gets_and_deletes(server: Server, conn: Connection) -> None:
    server.on("GET", "/collection/default", ok({"id": "default", "name": "Default"}))
    server.on("GET", "/video", ok({"videos": [VIDEO, {**VIDEO, "id": "m-2", "length": "3.5"}]}))
    server.on("GET", "/audio/a-1", ok({"id": "a-1", "name": "mic", "length": 2}))
    server.on("DELETE", "/video/m-2", ok())
    collection = conn.get_collection()
    assert [(video.id, video.length) for video in collection.get_videos()] == [
        ("m-1", 12.0),
        ("m-2", 3.5),
    ]
    audio = collection.get_audio("a-1")
    assert (audio.collection_id, audio.length) == ("default", 2.0)
    collection.delete_video("m-2")
    assert server.sent[-1].url.params["collection_id"] == "default"


def test_an_audio_is_searched_under_its_own_path(server: Server, conn: Connection) -> None:
    server.on("POST", "/audio/a-1/search/v2", ok(FOUND))
    assert len(jupyter_capture.Audio(conn, "a-1", "default").search("x")) == 2


def test_a_file_is_uploaded_through_its_ticket(
    server: Server, conn: Connection, tmp_path: Path
) -> None:
    path = tmp_path / "talk.wav"
    path.write_bytes(b"RIFFxx")
    ticket = "http://127.0.0.1:9/upload/t-1"
    server.on("GET", "/collection/default/upload_url", ok({"upload_url": ticket}))
    server.on("POST", "/upload/t-1", ok())
    server.on("POST", "/collection/default/upload", ok({"id": "a-7", "name": "talk"}))
    audio = conn.upload(path, show_progress=False)
    assert isinstance(audio, jupyter_capture.Audio)
    assert b"RIFFxx" in server.sent[1].content
    assert server.body()["url"] == ticket
    assert server.body()["name"] == "talk"
    assert server.body()["filename"] == "talk.wav"


def test_an_address_is_uploaded_by_its_name(server: Server, conn: Connection) -> None:
    server.on("POST", "/collection/default/upload", ok({"id": "m-7"}))
    assert isinstance(conn.upload("https://example.org/a.mp4"), Video)
    assert server.calls() == ["POST /collection/default/upload"]


@pytest.mark.parametrize("sources", [{}, {"source": "/no/file"}, {"source": "a", "url": "b"}])
def test_what_cannot_be_uploaded_is_refused(conn: Connection, sources: dict[str, str]) -> None:
    with pytest.raises(errors.InvalidRequestError):
        conn.upload(**sources)  # type: ignore[arg-type]


def test_addresses_show_no_ticket_where_a_notebook_would_save_them(
    results: SearchResult, video: Video
) -> None:
    shot = results[0]
    url = shot.play()
    for shown in (video, shot, results, url, [url], video.stream_url, {"u": video.player_url}):
        assert SECRET not in repr(shown)
    assert SECRET in url
    assert SECRET in f"{url}"
    assert SECRET in str(url)


def test_a_script_opens_no_browser_and_a_terminal_does(
    results: SearchResult, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    monkeypatch.setattr(_playable, "front_end", lambda: "script")
    results[0].play()
    assert opened == []
    monkeypatch.setattr(_playable, "front_end", lambda: "terminal")
    results[0].play()
    assert opened == [STREAM["player_url"]]


def test_a_stream_is_played_by_its_address_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_playable, "front_end", lambda: "script")
    assert jupyter_capture.play_stream(STREAM["stream_url"]) == STREAM["player_url"]
    with pytest.raises(errors.InvalidRequestError, match="no address of a stream"):
        jupyter_capture.play_stream("clip.mp4")


def test_the_embed_code_plays_the_embed_page(results: SearchResult) -> None:
    code = results[0].get_embed_code(title='"<x>')
    assert "/embed?v=stm-0a1b" in code
    assert 'title="&quot;&lt;x&gt;"' in code


def test_no_environment_variable_sends_a_recording_elsewhere(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("VIDEO_DB_API_KEY", "sk-1")
    monkeypatch.setenv("VIDEO_DB_API", "https://api.videodb.io")
    with connect(data_dir=tmp_path) as connection:
        assert connection.base_url == "http://jupyter-capture"
        assert not connection.is_cloud


def test_a_key_alone_means_videodbs_service() -> None:
    with connect("sk-1") as connection:
        assert connection.base_url == "https://api.videodb.io"
        assert connection.is_cloud
        assert "sk-1" not in repr(connection) + repr(connection.http)


def test_recording_into_the_cloud_is_refused_with_what_works() -> None:
    with connect("sk-1") as connection:
        for attempt in (connection.create_capture_session, connection.channels):
            with pytest.raises(errors.NotOfferedError, match=r"connect\(\) without an api_key"):
                attempt()


@pytest.mark.parametrize("wrong", ["api.videodb.io", "ftp://x", ""])
def test_a_base_url_must_be_one(wrong: str) -> None:
    if wrong:
        with pytest.raises(errors.InvalidRequestError, match="base_url"):
            connect(base_url=wrong)
    else:
        with pytest.raises(errors.InvalidRequestError, match="data_dir"):
            connect("sk-1", data_dir="/tmp/x")


def test_a_shot_of_an_audio_streams_from_the_audio(server: Server, conn: Connection) -> None:
    server.on("POST", "/audio/a-1/stream", ok(STREAM))
    Shot(conn, "a-1", 5.0, "mic", 1, 2).generate_stream()
    assert server.calls() == ["POST /audio/a-1/stream"]
