"""Uploads with VideoDB's official SDK and with our client, through real sockets."""

from __future__ import annotations

import os
import subprocess
import wave
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
import requests
import videodb
from PIL import Image
from videodb.editor import Clip, Timeline, Track, VideoAsset
from videodb.exceptions import InvalidRequestError

from jupyter_capture.client.connection import connect
from tests.conftest import end_process, start_engine
from tests.contract.conftest import Served, free_port
from tests.media.foreign_maker import make, picture

SAID = "The migration of the payment database happens on Thursday."
SILENCE = 3.0
LIMIT_MB = 20


@pytest.fixture(scope="module")
def open_engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One that needs no screen, and takes no more than 20 MB."""
    data_dir = tmp_path_factory.mktemp("uploads")
    limit = {"JUPYTER_CAPTURE_UPLOAD_LIMIT_MB": str(LIMIT_MB)}
    env = {**os.environ, **limit, "JUPYTER_CAPTURE_DATA_DIR": str(data_dir)}
    port = free_port()
    engine = start_engine(data_dir, env, "--port", str(port))
    with connect(data_dir=data_dir) as own:
        key = own.http.post("keys", {"label": "uploads"})["key"]
    yield Served(engine, f"http://127.0.0.1:{port}", key)
    end_process(engine.process)


@pytest.fixture
def conn(open_engine: Served, monkeypatch: pytest.MonkeyPatch) -> videodb.Connection:
    # The SDK asks for a running job every 5 s.
    monkeypatch.setattr("videodb._constants.HttpClientDefaultValues.poll_interval", 0.2)
    return videodb.connect(api_key=open_engine.key, base_url=open_engine.url)


def spoken(folder: Path) -> Path:
    """A WebM in which somebody speaks after three seconds."""
    voice = folder / "voice.wav"
    subprocess.run(["flite", "-voice", "slt", "-t", SAID, "-o", str(voice)], check=True)
    with wave.open(str(voice)) as file:
        rate = file.getframerate()
        sound = np.frombuffer(file.readframes(file.getnframes()), "<i2")
    quiet = np.zeros(round(SILENCE * rate), np.int16)
    sound = np.concatenate([quiet, sound, np.zeros(rate, np.int16)])
    path = folder / "Talk — payments.webm"
    with av.open(str(path), "w") as out:
        pictures = out.add_stream("libvpx", rate=10)
        pictures.width, pictures.height, pictures.pix_fmt = 320, 240, "yuv420p"
        pictures.options = {"deadline": "realtime"}
        words = out.add_stream("libopus", rate=48000, layout="mono")
        for number in range(round(len(sound) / rate * 10)):
            frame = av.VideoFrame.from_ndarray(picture(number / 10, 320, 240), "rgb24")
            frame.pts, frame.time_base = number, Fraction(1, 10)
            out.mux(pictures.encode(frame))
        frame = av.AudioFrame.from_ndarray(sound[None, :], "s16", "mono")
        frame.sample_rate, frame.pts = rate, 0
        resampler = av.AudioResampler("s16", "mono", 48000)
        for block in [*resampler.resample(frame), *resampler.resample(None)]:
            out.mux(words.encode(block))
        out.mux(pictures.encode(None))
        out.mux(words.encode(None))
    return path


def test_what_is_said_in_an_uploaded_video_is_found(
    conn: videodb.Connection, tmp_path: Path
) -> None:
    video = conn.upload(file_path=str(spoken(tmp_path)), description="of Thursday")
    assert video.id.startswith("m-")
    assert video.name == "Talk — payments"
    assert video.description == "of Thursday"
    conn.post(f"video/{video.id}/index", data={}, poll_interval=0.2)
    shots = video.search("payment database").get_shots()
    assert "payment" in shots[0].text.lower()
    assert shots[0].start == pytest.approx(SILENCE, abs=0.6)
    assert shots[0].end <= video.length
    words = video.get_transcript_text()
    assert "thursday" in words.lower()
    clip = requests.get(shots[0].generate_stream(), timeout=30)
    assert clip.text.startswith("#EXTM3U")
    found = conn.get_collection().search("payment database")
    assert found.shots[0].video_id == video.id


def test_sound_and_pictures_come_as_their_types(conn: videodb.Connection, tmp_path: Path) -> None:
    sound = conn.upload(source=str(make(tmp_path / "a.mp3", None, "libmp3lame", seconds=1.0)))
    assert isinstance(sound, videodb.audio.Audio)
    assert sound.generate_url().endswith("master.m3u8")
    drawn = tmp_path / "logo.webp"
    Image.fromarray(picture(0.5, 40, 30)).save(drawn)
    image = conn.upload(source=str(drawn), media_type="image")
    assert isinstance(image, videodb.image.Image)
    assert requests.get(image.url, timeout=30).content == drawn.read_bytes()
    assert requests.get(image.generate_url(), timeout=30).status_code == 200
    collection = conn.get_collection()
    assert [one.id for one in collection.get_images()] == [image.id]
    image.delete()
    assert collection.get_images() == []


def test_an_address_is_uploaded_from(conn: videodb.Connection, tmp_path: Path) -> None:
    first = conn.upload(source=str(make(tmp_path / "a.mp4", seconds=1.0)))
    url = conn.post(f"video/{first.id}/download", poll_interval=0.2)["download_url"]
    again = conn.upload(url=url, name="Again")
    assert again.id != first.id
    assert again.length == pytest.approx(first.length, abs=0.03)


def test_what_is_no_media_is_an_error_that_says_what_is_accepted(
    conn: videodb.Connection, tmp_path: Path
) -> None:
    letter = tmp_path / "letter.mp4"
    letter.write_text("Dear reader,\n" * 100)
    with pytest.raises(InvalidRequestError, match="Accepted are videos"):
        conn.upload(file_path=str(letter))
    with pytest.raises(InvalidRequestError, match="404"):
        conn.upload(url=f"{conn.base_url}/stream/none", name="x")


def test_too_much_is_refused_to_a_sender_that_does_not_listen(conn: videodb.Connection) -> None:
    """`requests` reads no answer before it has sent everything."""
    for size in (LIMIT_MB * 1_000_000 + 1_000, 120_000_000):
        url = conn.get("collection/default/upload_url", params={"name": "x"})["upload_url"]
        answer = requests.post(url, files={"file": ("x", bytes(size))}, timeout=60)
        assert answer.status_code == 413
        assert answer.json()["error_code"] == "TOO_LARGE"


def test_a_timeline_above_100_kb_goes_through_an_upload(
    conn: videodb.Connection, tmp_path: Path
) -> None:
    video = conn.upload(source=str(make(tmp_path / "a.mp4", seconds=2.0)))
    timeline, track = Timeline(conn), Track()
    for at in range(400):
        track.add_clip(at, Clip(asset=VideoAsset(id=video.id, start=0.5), duration=1))
    timeline.add_track(track)
    assert len(str(timeline.to_json())) > 100_000
    playlist = requests.get(timeline.generate_stream(), timeout=30)
    assert playlist.text.startswith("#EXTM3U")


def test_our_client_uploads_over_its_own_socket(open_engine: Served, tmp_path: Path) -> None:
    with connect(data_dir=open_engine.engine.data_dir) as own:
        video = own.upload(make(tmp_path / "Ünï/x.mkv".replace("/", "-"), seconds=1.0))
        assert video.name == "Ünï-x"
        assert video.length == pytest.approx(1.0, abs=0.05)
        video.delete()
