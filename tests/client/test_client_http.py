"""Requests, answers, retries, waiting."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from client_harness import Server, failure, job, ok, processing

from jupyter_capture import errors
from jupyter_capture.client import _http


def test_the_data_of_the_envelope_is_returned(server: Server) -> None:
    server.on("GET", "/collection", ok({"collections": []}))
    assert server.http().get("collection") == {"collections": []}


def test_parameters_that_are_none_are_not_sent(server: Server) -> None:
    server.on("GET", "/x", ok())
    server.http().get("x", {"start": None, "end": 2})
    assert server.sent[0].url.query == b"end=2"


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (400, "NOT_INDEXED", errors.NotIndexedError),
        (400, "UNKNOWN_CHANNEL", errors.UnknownChannelError),
        (400, None, errors.InvalidRequestError),
        (401, None, errors.AuthenticationError),
        (402, None, errors.InvalidRequestError),
        (404, "NOT_FOUND", errors.NotFoundError),
        (409, "NO_DEVICE", errors.DeviceError),
        (409, None, errors.ConflictError),
        (501, "NOT_OFFERED", errors.NotOfferedError),
        (507, "STORAGE_FULL", errors.StorageFullError),
        (500, None, errors.CaptureError),
    ],
)
def test_a_failure_raises_the_error_that_the_server_meant(
    server: Server, status: int, code: str | None, expected: type[errors.CaptureError]
) -> None:
    server.on("POST", "/x", failure(status, "say what to do", code))
    with pytest.raises(expected, match="say what to do"):
        server.http().post("x", {})


def test_a_failure_that_is_sent_with_status_200_is_one_all_the_same(server: Server) -> None:
    server.on("GET", "/x", failure(200, "no good"))
    with pytest.raises(errors.InvalidRequestError, match="no good"):
        server.http().get("x")


@pytest.mark.parametrize("content", [b"<html>proxy</html>", b"[1]", b""])
def test_an_answer_without_json_is_an_engines_failure(server: Server, content: bytes) -> None:
    server.on("GET", "/x", httpx.Response(200, content=content))
    with pytest.raises(errors.EngineError, match="GET x answered 200"):
        server.http().get("x")


def test_a_get_is_tried_again_while_the_server_is_away(server: Server) -> None:
    away = httpx.Response(503)
    server.on("GET", "/x", away, httpx.ConnectError("refused"), httpx.ReadError("reset"), ok(1))
    assert server.http().get("x") == 1
    assert len(server.sent) == 4


@pytest.mark.parametrize("status", [502, 503, 504])
@pytest.mark.parametrize("method", ["post", "patch"])
def test_what_may_have_been_carried_out_is_never_sent_twice(
    server: Server, method: str, status: int
) -> None:
    server.on(method.upper(), "/x", httpx.Response(status), ok(1))
    with pytest.raises(errors.EngineError):
        getattr(server.http(), method)("x", {})
    assert len(server.sent) == 1


def test_a_post_whose_connection_broke_is_not_sent_again(server: Server) -> None:
    server.on("POST", "/x", httpx.RemoteProtocolError("disconnected"), ok(1))
    with pytest.raises(errors.EngineUnavailableError, match="POST http://jupyter-capture/x"):
        server.http().post("x", {})
    assert len(server.sent) == 1


def test_retries_end(server: Server) -> None:
    server.on("GET", "/x", failure(503, "busy"))
    with pytest.raises(errors.EngineUnavailableError, match="busy"):
        server.http().get("x")
    assert len(server.sent) == 1 + _http.RETRIES


def test_no_answer_in_time_is_a_timeout(server: Server) -> None:
    server.on("GET", "/x", httpx.ReadTimeout("slow"))
    with pytest.raises(errors.RequestTimeoutError, match="no answer in time"):
        server.http().get("x")
    assert len(server.sent) == 1


def test_an_error_names_no_ticket(server: Server) -> None:
    server.on("GET", "/stream/stm-1.9.abc/x", httpx.ReadTimeout("slow"))
    with pytest.raises(errors.RequestTimeoutError) as caught:
        server.http().fetch_url("http://127.0.0.1:9/stream/stm-1.9.abc/x?t=abc", 10)
    assert "abc" not in str(caught.value)


def test_the_token_goes_to_its_server_and_no_other(server: Server) -> None:
    http = server.http("https://api.videodb.io", token="sk-1", own_outputs=False)
    elsewhere = httpx.Response(307, headers={"location": "https://elsewhere.example/x"})
    within = httpx.Response(307, headers={"location": "/y/"})
    server.on("GET", "/y", within)
    server.on("GET", "/y/", ok(1))
    server.on("POST", "/z", processing(host="https://jobs.example"))
    server.on("GET", "/async-response/job-1", job("done", response={"success": True, "data": 2}))
    server.on("GET", "/x", elsewhere)
    assert http.get("y") == 1
    assert http.post("z") == 2
    with pytest.raises(errors.CaptureError):
        http.get("x")
    seen = {(r.url.host, r.headers.get("x-access-token")) for r in server.sent}
    assert seen == {("api.videodb.io", "sk-1"), ("jobs.example", None)}


def test_long_work_is_waited_for_and_its_response_returned(server: Server) -> None:
    server.on("POST", "/video/m-1/index", processing())
    done = job("done", 100, response={"success": True, "data": {"indexed": 3}})
    going = [job("processing", p, "transcribing") for p in (0, 40)]
    server.on("GET", "/async-response/job-1", *going, done)
    assert server.http().post("video/m-1/index", {}) == {"indexed": 3}
    assert {request.url.host for request in server.sent} == {"jupyter-capture"}


def test_videodbs_own_service_answers_work_in_the_body(server: Server) -> None:
    server.on("POST", "/x", processing(host="https://api.videodb.io"))
    busy = ok({}, status="in progress")
    server.on("GET", "/async-response/job-1", busy, ok({"id": "m-9"}, status="done"))
    http = server.http("https://api.videodb.io", own_outputs=False)
    assert http.post("x") == {"id": "m-9"}


def test_work_that_failed_raises_its_error(server: Server) -> None:
    server.on("POST", "/x", processing())
    why = {"success": False, "message": "no sound in it", "error_code": "NOT_MEDIA"}
    server.on("GET", "/async-response/job-1", job("failed", 10, response=why))
    with pytest.raises(errors.MediaError, match="no sound in it"):
        server.http().post("x")


def test_work_that_was_cancelled_says_so(server: Server) -> None:
    server.on("POST", "/x", processing())
    server.on("GET", "/async-response/job-1", job("cancelled"))
    with pytest.raises(errors.JobError, match="cancelled"):
        server.http().post("x")


def test_waiting_ends_when_nothing_moves(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_http, "STALLED", -1.0)
    server.on("POST", "/x", processing())
    server.on("GET", "/async-response/job-1", job("processing", 40, "rendering"))
    with pytest.raises(errors.RequestTimeoutError, match=r"40 %.*same call again"):
        server.http().post("x")


def test_work_that_a_callback_will_tell_of_is_not_waited_for(server: Server) -> None:
    data = {"id": "job-1", "output_url": "http://x/async-response/job-1"}
    server.on("POST", "/x", ok(data, status="processing", request_type="async"))
    assert server.http().post("x") is None


def test_progress_shows_the_stage_and_how_far_it_is(
    server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    server.on("POST", "/x", processing())
    done = job("done", 100, response={"success": True, "data": None})
    server.on("GET", "/async-response/job-1", job("processing", 40, "transcribing"), done)
    server.http().post("x", title="Indexing", show_progress=True)
    shown = capsys.readouterr().err
    assert "transcribing" in shown
    assert "40%" in shown
    assert "100%" in shown


def test_quick_work_shows_no_bar(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    server.on("POST", "/x", ok(1))
    server.http().post("x", title="Indexing", show_progress=True)
    assert capsys.readouterr().err == ""


def test_a_download_appears_whole(server: Server, tmp_path: Path) -> None:
    server.on("GET", "/f", httpx.Response(200, content=b"x" * 300_000))
    target = tmp_path / "clip.mp4"
    target.write_bytes(b"old")
    server.http().download("http://127.0.0.1:9/f", target, show_progress=False)
    assert target.read_bytes() == b"x" * 300_000
    assert list(tmp_path.iterdir()) == [target]


def test_a_download_that_breaks_off_leaves_the_old_file(server: Server, tmp_path: Path) -> None:
    class Broken(httpx.SyncByteStream):
        def __iter__(self):
            yield b"half"
            raise httpx.ReadError("reset")

    server.on("GET", "/f", lambda request: httpx.Response(200, stream=Broken()))
    target = tmp_path / "clip.mp4"
    target.write_bytes(b"old")
    with pytest.raises(errors.EngineUnavailableError):
        server.http().download("http://127.0.0.1:9/f", target, show_progress=False)
    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]


def test_a_download_that_cannot_be_written_says_where(server: Server, tmp_path: Path) -> None:
    server.on("GET", "/f", ok())
    with pytest.raises(errors.StorageFullError, match="gone"):
        server.http().download("http://x/f", tmp_path / "gone" / "f", show_progress=False)


def test_what_httpx_logs_of_an_address_holds_no_ticket(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    address = f"http://127.0.0.1:9/download/stm-1.1790000000.{'ab' * 16}"
    server.on("GET", f"/download/stm-1.1790000000.{'ab' * 16}", httpx.Response(200, content=b"x"))
    caplog.set_level("DEBUG")
    assert server.http().fetch_url(address, 10) == b"x"
    assert "GET http://127.0.0.1:9/download/stm-1.(ticket)" in caplog.text
    assert "abab" not in caplog.text
