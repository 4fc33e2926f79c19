"""Files that were made to take the machine: refused before they are decoded, or ended with it."""

from __future__ import annotations

import re
import struct
import zlib
from pathlib import Path
from typing import Any
from urllib.parse import quote

import av
import numpy as np
from engine_harness import App
from PIL import Image
from upload_harness import address, ended, name, nothing_left, send, uploaded


def png_that_claims(width: int, height: int) -> bytes:
    """A picture of a few bytes that says it is this large."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        check = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(bytes(100)))


async def test_a_picture_of_100_000_pixels_a_side_is_refused_by_what_it_claims(app: App) -> None:
    content = png_that_claims(100_000, 100_000)
    assert len(content) < 200
    answer = await ended(app, await name(app, await send(app, content)))
    assert answer["error_code"] == "NOT_MEDIA"
    assert "pixels" in answer["message"]
    assert nothing_left(app)


def limited(app: App, **limits: int) -> None:
    """From now on, jobs have these limits."""
    jobs: Any = app.services.jobs
    submit = jobs.submit
    jobs.submit = lambda kind, key, args: submit(kind, key, {**args, **limits})


async def test_a_file_that_takes_too_much_memory_ends_alone(app: App, tmp_path: Path) -> None:
    bomb = tmp_path / "bomb.png"
    Image.new("RGB", (9000, 9000)).save(bomb)
    assert bomb.stat().st_size < 1_000_000
    limited(app, memory=480 << 20)
    answer = await ended(app, await name(app, await send(app, bomb.read_bytes())))
    assert answer["success"] is False
    assert "memory" in answer["message"].lower()
    assert nothing_left(app)
    small = tmp_path / "small.png"
    Image.new("RGB", (90, 90)).save(small)
    assert (await uploaded(app, small))["type"] == "image"


def film_of_one_picture(path: Path, count: int) -> None:
    """A large picture, stored once and shown again and again: little to read, much to convert."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mjpeg", 30)
        stream.width, stream.height, stream.pix_fmt = 3840, 2160, "yuvj420p"
        noise = np.random.default_rng(1).integers(0, 255, (2160, 3840, 3), np.uint8)
        packets = stream.encode(av.VideoFrame.from_ndarray(noise, "rgb24"))
        (packet,) = packets or stream.encode(None)
        data = bytes(packet)
        for at in range(count):
            again = av.Packet(data)
            again.stream, again.pts, again.dts = stream, at * packet.duration, at * packet.duration
            again.time_base, again.duration = packet.time_base, packet.duration
            container.mux(again)


async def test_a_file_that_takes_too_long_is_ended_and_not_tried_again(
    app: App, tmp_path: Path
) -> None:
    film_of_one_picture(tmp_path / "bomb.mov", 40)
    limited(app, cpu_seconds=0)
    url = await address(app)
    await send(app, (tmp_path / "bomb.mov").read_bytes(), url)
    answer = await ended(app, await name(app, url))
    assert answer["success"] is False
    assert "processor time" in answer["message"]
    assert nothing_left(app)
    with app.services.store.read() as connection:
        tries = connection.exec_driver_sql("select attempts from jobs").scalars().all()
    assert tries == [1]


NAMES = (
    "../../../../tmp/escaped.png", "/etc/cron.d/escaped", "..", ".", "a/../../b", "C:\\escaped.png",
    "nul\0.png", "-rf", "~/.ssh/escaped", "x" * 400, "\N{FULLWIDTH SOLIDUS}..", "%2e%2e%2fescaped",
)  # fmt: skip


async def test_no_name_becomes_a_path(app: App, tmp_path: Path) -> None:
    small = tmp_path / "small.png"
    Image.new("RGB", (9, 9)).save(small)
    root = app.services.home.root
    before = {path for path in tmp_path.rglob("*") if not path.is_relative_to(root)}
    orders = []
    for called in NAMES[:4]:  # each is a process
        async with app.tcp as client:
            url = await address(app)
            sent = await client.post(url, files={"file": (called, small.read_bytes())})
        assert sent.status_code == 200, sent.text
        orders.append(await name(app, url, name=called, filename=called))
    for answer in orders:
        if answer.status_code == 200:
            assert (await ended(app, answer))["success"]
    async with app.local as client:
        for called in NAMES:
            body = {"end_user_id": called, "metadata": {"name": called}}
            made = await client.post("/collection/default/capture/session", json=body)
            assert made.status_code in (200, 400)
            wrong = await client.get(f"/image/{quote(called, safe='').replace('.', '%2e')}")
            assert wrong.status_code in (400, 404), wrong.text
    after = {path for path in tmp_path.rglob("*") if not path.is_relative_to(root)}
    assert after == before
    names = {part for path in root.rglob("*") for part in path.relative_to(root).parts}
    assert all(re.fullmatch(r"[\w.@-]+", part, re.ASCII) for part in names), names
    assert not any("escaped" in part for part in names)
