"""A full disk at every write, on a real file system that is small: said, nothing broken, and all
goes on once there is room."""

from __future__ import annotations

import io
import subprocess
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from consistency import inconsistencies
from engine_harness import MIC, SCREEN, App, Bench, reach, wait_for
from stock import clip, numbered, sentence, tone
from upload_harness import address, ended, name, send

from jupyter_capture.client.connection import connect
from jupyter_capture.desktop import VirtualDesktop
from jupyter_capture.engine.app import create_app
from jupyter_capture.engine.index import DIMENSIONS, write_index
from jupyter_capture.engine.services import Services
from jupyter_capture.errors import CaptureError, StorageFullError
from jupyter_capture.settings import Settings


class Disk:
    """A file system of some megabytes."""

    def __init__(self, point: Path, megabytes: int) -> None:
        point.mkdir()
        self.point = point
        mount = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=700", "tmpfs", str(point)]
        if subprocess.run(mount, check=False, capture_output=True).returncode:
            subprocess.run(["sudo", "-n", *mount], check=True, capture_output=True)

    def fill(self) -> None:
        """To the last byte."""
        with (self.point / "ballast").open("ab", buffering=0) as ballast:
            for size in (1 << 20, 1 << 12, 1):
                try:
                    while True:
                        ballast.write(bytes(size))
                except OSError:
                    continue

    def make_room(self) -> None:
        (self.point / "ballast").unlink()

    def close(self) -> None:
        subprocess.run(["umount", "-l", str(self.point)], check=False, capture_output=True)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    made = Disk(tmp_path / "small", 48)
    yield made
    made.close()


@pytest.fixture
def small(disk: Disk) -> Iterator[App]:
    """An application whose library lies on the small disk, with no reserve that would stop it
    before the disk is full."""
    settings = Settings(data_dir=disk.point / "library", disk_reserve_mb=0)
    services = Services(settings, "http://127.0.0.1:8000")
    services.start()
    yield App(services, create_app(services, serve=False))
    services.close()


async def written(app: App, video: str) -> dict[str, Any]:
    """Each way in which something comes to the disk at once; what it was answered with."""
    answers: dict[str, Any] = {}
    async with app.local as client, app.tcp as player:
        sent = await player.post(await address(app), files={"file": ("a.bin", bytes(3_000_000))})
        answers["upload"] = sent.json()
        body = {"end_user_id": "me", "metadata": {"filler": "x" * 400_000}}
        made = await client.post("/collection/default/capture/session", json=body)
        answers["database"] = made.json()
        asked = {"time": 1, "width": 99}
        answers["thumbnail"] = (await client.post(f"/video/{video}/thumbnail", json=asked)).json()
    answers["index"] = indexed(app.services, video)
    return answers


def indexed(services: Services, video: str) -> dict[str, Any]:
    track = services.library.tracks_of(video)[-1]
    said = [sentence("words " * 2000, at, at + 1) for at in range(30)]
    vectors = np.zeros((30, DIMENSIONS), np.float32)
    try:
        with services.store.write() as connection:
            write_index(connection, track.id, "spoken_word", "mic", said, vectors, "test", "en")
    except CaptureError as error:
        return {"success": False, "error_code": error.code, "message": error.message}
    return {"success": True}


async def stream_of(app: App, video: str) -> str:
    async with app.local as client:
        answer = (await client.post(f"/video/{video}/stream", json={})).json()
    return str(answer["data"]["stream_url"])


async def ordered(app: App, stream: str, url: str) -> dict[str, httpx.Response]:
    """Work that a job does."""
    async with app.local as client:
        saving = {"stream_link": stream, "name": "a.html", "format": "html"}
        save = await client.post("/download", json=saving)
    return {"save": save, "ingest": await name(app, url)}


async def came_to(app: App, orders: dict[str, httpx.Response]) -> dict[str, Any]:
    return {
        what: await ended(app, answer) if answer.json().get("status") == "processing"
        else answer.json()
        for what, answer in orders.items()
    }  # fmt: skip


def sound_file(seconds: int) -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(48000)
        file.writeframes((tone(seconds)[:, 0] * 20_000).astype("<i2").tobytes())
    return out.getvalue()


async def test_a_full_disk_is_said_by_all_that_write_and_afterwards_all_of_it_works(
    disk: Disk, small: App
) -> None:
    services = small.services
    video = clip(services, pictures=numbered(3), seconds=3.0, sound=tone(3))
    url = await send(small, sound_file(20))
    stream = await stream_of(small, video)
    disk.fill()
    answers = await written(small, video)
    codes = {what: answer.get("error_code", "done") for what, answer in answers.items()}
    assert set(codes.values()) == {"STORAGE_FULL"}, codes
    assert all("pace" in answer["message"] for answer in answers.values())
    orders = await ordered(small, stream, url)
    async with small.local as client:  # what only reads goes on
        assert (await client.get(f"/video/{video}")).json()["data"]["id"] == video
    disk.make_room()
    for what, answer in (await came_to(small, orders)).items():
        assert answer["success"] or answer["error_code"] == "STORAGE_FULL", (what, answer)

    answers = await written(small, video)
    url = await send(small, sound_file(1))
    answers |= await came_to(small, await ordered(small, stream, url))
    assert [what for what, answer in answers.items() if not answer["success"]] == []
    unnamed = "up-"  # two uploads that nobody made anything of
    left = [said for said in inconsistencies(services.home.root) if unnamed not in said]
    assert [said for said in left if "mode" not in said] == []


def test_a_disk_that_fills_while_it_records_keeps_what_was_recorded(
    disk: Disk, desktop: VirtualDesktop, monkeypatch: pytest.MonkeyPatch
) -> None:
    for key, value in {**desktop.env, "JUPYTER_CAPTURE_DISK_RESERVE_MB": "0"}.items():
        monkeypatch.setenv(key, value)
    data_dir = disk.point / "library"
    bench = Bench(data_dir, connect(data_dir=data_dir))
    try:
        session = bench.begin(SCREEN, MIC)
        reach(session, 1.5)
        disk.fill()
        pid = bench.recorder_pid(session)
        wait_for(lambda: not Path(f"/proc/{pid}/fd").exists() or ended_by_itself(bench, session.id))
        another = bench.connection.create_capture_session
        with pytest.raises(StorageFullError, match="pace"):
            another(metadata={"filler": "x" * 300_000})
        disk.make_room()
        session.stop()
        assert session.refresh().status == "exported"
        assert float(session.duration or 0) >= 1.4
        video = bench.connection.get_collection().get_video(session.exported_video_id)
        assert video.generate_stream()
        again = bench.record(MIC, seconds=0.3)
        assert again.status == "exported"
    finally:
        bench.close()


def ended_by_itself(bench: Bench, session_id: str) -> bool:
    manifest = bench.data_dir / "sessions" / session_id / "manifest.json"
    return '"stopped"' in manifest.read_text()
