"""Saving: the suffix says as what, an interrupt cancels, and nothing is left behind."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import httpx
import numpy as np
import pytest
from client_harness import SECRET, VIDEO, Server, job, ok, processing
from PIL import Image

from jupyter_capture import errors
from jupyter_capture.client._playable import FORMATS
from jupyter_capture.client.connection import Connection
from jupyter_capture.client.video import Video


@pytest.fixture
def video(conn: Connection, server: Server) -> Video:
    server.on("GET", "/collection/default", ok({"id": "default", "name": "Default"}))
    server.on("GET", "/video/m-1", ok(VIDEO))
    return conn.get_collection().get_video("m-1")


def test_the_suffix_is_the_format(server: Server, video: Video, tmp_path: Path) -> None:
    url = f"http://127.0.0.1:9/download/stm-0a1b-00ff-mp4.99999999999.{SECRET}"
    made = {"download_url": url, "name": "clip", "size": 1}
    server.on("POST", "/download", ok(made))
    server.on("GET", httpx.URL(url).path, httpx.Response(200, content=b"x"))
    for format in FORMATS:
        video.save(tmp_path / f"clip.{format.upper()}", show_progress=False)
        assert server.body(-2)["format"] == format
    assert sorted(path.suffix for path in tmp_path.iterdir()) == sorted(
        f".{format.upper()}" for format in FORMATS
    )
    assert SECRET not in repr(video.download())


@pytest.mark.parametrize("name", ["clip.avi", "clip", "clip.mp4.txt"])
def test_another_suffix_is_refused_with_those_there_are(
    server: Server, video: Video, tmp_path: Path, name: str
) -> None:
    before = len(server.sent)
    with pytest.raises(errors.InvalidRequestError) as told:
        video.save(tmp_path / name)
    assert "one of .mp4, .m4a, .wav, .srt, .vtt, .html" in str(told.value)
    assert len(server.sent) == before


def test_an_interrupt_cancels_the_work_and_leaves_nothing(
    server: Server, video: Video, tmp_path: Path
) -> None:
    def interrupted(_: httpx.Request) -> httpx.Response:
        raise KeyboardInterrupt

    server.on("POST", "/download", processing())
    server.on("GET", "/async-response/job-1", job("processing", 10), interrupted)
    server.on("DELETE", "/async-response/job-1", ok({"id": "job-1"}))
    with pytest.raises(KeyboardInterrupt):
        video.save(tmp_path / "clip.mp4", show_progress=False)
    assert server.calls()[-1] == "DELETE /async-response/job-1"
    assert not list(tmp_path.iterdir())


def test_videodb_makes_films_only(server: Server, tmp_path: Path) -> None:
    server.on("GET", "/collection/default", ok({"id": "default", "name": "Default"}))
    server.on("GET", "/video/m-1", ok(VIDEO))
    with server.connection(base_url="https://api.videodb.io") as cloud:
        found = cloud.get_collection().get_video("m-1")
        with pytest.raises(errors.NotOfferedError, match=r"\.mp4 files only"):
            found.save(tmp_path / "clip.srt")


def test_a_waveform_is_an_array_of_buckets(server: Server, video: Video) -> None:
    peaks = np.array([[[-127, 127], [0, 0]], [[-64, 64], [1, 2]]], np.int8)
    answer = {
        "rate": 10, "channels": 2, "count": 2,
        "peaks": base64.b64encode(peaks.tobytes()).decode(),
    }  # fmt: skip
    server.on("GET", "/video/m-1/waveform", ok(answer))
    found = video.waveform(rate=10)
    assert found.shape == (2, 2, 2)
    assert found[0, 0].tolist() == [-1, 1]
    assert server.sent[-1].url.params["rate"] == "10"


def test_a_sprite_is_an_array_of_pictures(server: Server, video: Video) -> None:
    sheet = Image.new("RGB", (2 * 16, 2 * 8))
    for number, colour in enumerate(["red", "lime", "blue"]):
        y, x = divmod(number, 2)
        sheet.paste(colour, (x * 16, y * 8, x * 16 + 16, y * 8 + 8))
    out = io.BytesIO()
    sheet.save(out, "PNG")
    answer = {
        "url": "http://127.0.0.1:9/sprite/x", "columns": 2, "rows": 2, "width": 16, "height": 8,
        "interval": 1.0, "count": 3,
    }  # fmt: skip
    server.on("GET", "/video/m-1/sprite", ok(answer))
    server.on("GET", "/sprite/x", httpx.Response(200, content=out.getvalue()))
    pictures = video.sprite()
    assert pictures.shape == (3, 8, 16, 3)
    assert [picture[0, 0].argmax() for picture in pictures] == [0, 1, 2]
