"""Segments are rendered in processes: bounded, replaced, cached, and let go."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest
from engine_harness import App, alive, kill, wait_for
from stock import clip, numbered, tone

from jupyter_capture.engine.drawing import drawn
from jupyter_capture.engine.renderers import Renderers, name_of
from jupyter_capture.engine.segment_cache import SegmentCache
from jupyter_capture.errors import CaptureError, EngineError, GoneError
from jupyter_capture.media import cut
from jupyter_capture.media.mp4 import write_mp4
from jupyter_capture.media.order import Order
from jupyter_capture.media.plan import Plan
from jupyter_capture.media.scene import Source
from jupyter_capture.wire.editor import Timeline
from tests.media.track_maker import make_audio, make_video

SECONDS = 24


class Counting(SegmentCache):
    """Remembers what was put into it."""

    def __init__(self, folder: Path, limit: int = 10**9) -> None:
        super().__init__(folder, limit)
        self.names: list[str] = []

    def put(self, key: str, name: str, *rest: Any) -> None:
        self.names.append(name)
        super().put(key, name, *rest)


def shown(size: str = "640x360", name: str = "m-1") -> Timeline:
    """A video that is smaller than the canvas, and its sound at another volume."""
    asset = {"type": "video", "id": name, "volume": 0.5}
    clips = [{"start": 0, "clip": {"asset": asset, "duration": SECONDS}}]
    return Timeline.model_validate({"resolution": size, "tracks": [{"clips": clips}]})


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Source:
    folder = tmp_path_factory.mktemp("source")
    return Source(
        make_video(folder / "v", [numbered(SECONDS)], SECONDS * 90000),
        make_audio(folder / "a", [(0, tone(SECONDS, channels=2))]),
    )


@pytest.fixture(scope="module")
def order(source: Source) -> Order:
    return Order.of(shown(), {"m-1": source}, {}, 30)


@pytest.fixture(scope="module")
def plan(order: Order) -> Plan:
    return order.plan()


@pytest.fixture
def pool_of(tmp_path: Path) -> Iterator[Callable[..., tuple[Renderers, Counting]]]:
    made: list[Renderers] = []

    def make(most: int = 1, limit: int = 10**9, **options: float) -> tuple[Renderers, Counting]:
        cache = Counting(tmp_path / f"segments-{len(made)}", limit)
        made.append(Renderers(cache, most, **options))
        return made[-1], cache

    yield make
    for pool in made:
        pool.close()


def bytes_of(found: bytes | Future[bytes]) -> bytes:
    return found if isinstance(found, bytes) else found.result(60)


def ready(pool: Renderers, order: Order) -> int:
    """The process, once it is there."""
    pool.warm(order)
    wait_for(lambda: pool.ready, what="a renderer")
    return pool.pids[0]


def waits(found: bytes | Future[bytes]) -> Future[bytes]:
    assert isinstance(found, Future)
    return found


# ---- what is rendered


def test_a_process_gives_what_this_one_would(pool_of: Any, order: Order, plan: Plan) -> None:
    pool, _ = pool_of(2)
    ready(pool, order)
    asked = [(kind, n) for kind in ("video", "audio") for n in (3, 0, 1)]
    found = [pool.ask(order, kind, n) for kind, n in asked]
    for (kind, number), segment in zip(asked, found, strict=True):
        assert bytes_of(segment) == cut.segment(plan, kind, number)
    assert len(pool.pids) <= 2


def test_the_first_segment_does_not_wait_for_a_process(
    pool_of: Any, order: Order, plan: Plan
) -> None:
    pool, _ = pool_of()
    assert bytes_of(pool.ask(order, "video", 1)) == cut.segment(plan, "video", 1)


def test_a_segment_that_is_asked_for_twice_is_rendered_once(pool_of: Any, order: Order) -> None:
    pool, cache = pool_of(2)
    ready(pool, order)
    found = [pool.ask(order, "video", 2) for _ in range(5)]
    assert len({bytes_of(each) for each in found}) == 1
    assert isinstance(pool.ask(order, "video", 2), bytes)
    assert cache.names == ["v2.m4s"]


def test_what_is_asked_for_comes_before_what_may_be(pool_of: Any, order: Order) -> None:
    pool, cache = pool_of()
    ready(pool, order)
    pool.ahead(order, "video", [1, 2, 3])
    bytes_of(pool.ask(order, "video", 9))
    assert cache.names.index("v9.m4s") <= 1
    wait_for(lambda: pool.waiting == 0 and len(cache.names) == 4, what="the rest")
    assert cache.names[-2:] == ["v2.m4s", "v3.m4s"]


def test_a_player_that_jumps_is_followed(pool_of: Any, order: Order) -> None:
    pool, cache = pool_of()
    ready(pool, order)
    pool.ahead(order, "video", [1, 2, 3])
    pool.ahead(order, "video", [8, 9])
    wait_for(lambda: cache.has(order.key, "v9.m4s"), what="what lies ahead")
    assert {"v8.m4s", "v9.m4s"} <= set(cache.names)
    assert len(cache.names) <= 3


def test_a_player_that_leaves_is_worked_for_no_more(pool_of: Any, order: Order) -> None:
    pool, cache = pool_of()
    ready(pool, order)
    stays = waits(pool.ask(order, "video", 11))
    left = [waits(pool.ask(order, "video", n)) for n in range(6)]
    for each in left:
        pool.leave(each)
    bytes_of(stays)
    wait_for(lambda: pool.waiting == 0, what="an empty queue")
    assert set(cache.names) <= {"v11.m4s", "v0.m4s"}


def test_without_a_cache_nothing_is_rendered_ahead(pool_of: Any, order: Order) -> None:
    pool, _ = pool_of(limit=0)
    pool.ahead(order, "video", [1, 2])
    assert pool.waiting == 0


# ---- processes


def test_a_process_that_dies_costs_one_segment_a_second_try(
    pool_of: Any, order: Order, plan: Plan
) -> None:
    pool, _ = pool_of()
    pid = ready(pool, order)
    asked = pool.ask(order, "video", 0)
    kill(pid)
    assert bytes_of(asked) == cut.segment(plan, "video", 0)
    assert bytes_of(pool.ask(order, "video", 1)) == cut.segment(plan, "video", 1)
    assert pid not in pool.pids


def test_a_process_that_hangs_is_replaced(pool_of: Any, order: Order, plan: Plan) -> None:
    pool, _ = pool_of(silent_seconds=3.0)
    pid = ready(pool, order)
    os.kill(pid, signal.SIGSTOP)
    assert bytes_of(pool.ask(order, "video", 0)) == cut.segment(plan, "video", 0)
    assert not alive(pid)


def test_what_kills_every_process_fails_alone(pool_of: Any, order: Order, plan: Plan) -> None:
    pool, _ = pool_of()
    ready(pool, order)
    asked = waits(pool.ask(order, "video", 0))
    ended = threading.Event()

    def slay() -> None:
        while not ended.wait(0.005):
            for pid in pool.pids:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)

    thread = threading.Thread(target=slay)
    thread.start()
    with pytest.raises(EngineError, match="died twice"):
        asked.result(60)
    ended.set()
    thread.join()
    assert bytes_of(pool.ask(order, "video", 1)) == cut.segment(plan, "video", 1)


def test_no_more_processes_than_allowed_and_each_steps_back(pool_of: Any, order: Order) -> None:
    pool, _ = pool_of(2)
    pid = ready(pool, order)
    asked = [pool.ask(order, "video", n) for n in range(8)]
    assert len(pool.pids) <= 2
    assert os.getpriority(os.PRIO_PROCESS, pid) > os.getpriority(os.PRIO_PROCESS, 0)
    for each in asked:
        bytes_of(each)
    assert len(pool.pids) <= 2


def test_processes_end_when_nothing_was_asked_for_a_while(pool_of: Any, order: Order) -> None:
    pool, _ = pool_of(idle_seconds=0.2)
    pid = ready(pool, order)
    wait_for(lambda: not pool.pids, what="the end of the last one")
    wait_for(lambda: not alive(pid), what="its end")
    assert bytes_of(pool.ask(order, "audio", 0))


def test_processes_end_with_their_engine(order: Order, tmp_path: Path) -> None:
    (tmp_path / "order.json").write_text(order.text)
    script = (
        "import sys, time; from pathlib import Path\n"
        "from jupyter_capture.engine.renderers import Renderers, SegmentCache\n"
        "from jupyter_capture.media.order import Order\n"
        f"folder = Path({str(tmp_path)!r})\n"
        "order = Order((folder / 'order.json').read_text(), frozenset())\n"
        "pool = Renderers(SegmentCache(folder / 'c', 0), 1); pool.warm(order)\n"
        "while not pool.ready: time.sleep(0.01)\n"
        "pool.ask(order, 'video', 0); print(pool.pids[0], flush=True); time.sleep(60)\n"
    )
    engine = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
    assert engine.stdout is not None
    pid = int(engine.stdout.readline())
    assert alive(pid)
    engine.kill()
    engine.wait()
    engine.stdout.close()
    wait_for(lambda: not alive(pid), what="the renderer's end")


def test_what_was_deleted_is_forgotten_while_it_is_rendered(
    pool_of: Any, order: Order, source: Source
) -> None:
    pool, cache = pool_of()
    other = Order.of(shown(name="m-2"), {"m-2": source}, {}, 30)
    ready(pool, order)
    kept = bytes_of(pool.ask(other, "video", 0))
    bytes_of(pool.ask(order, "video", 0))
    asked = waits(pool.ask(order, "video", 1))
    pool.forget(["m-1"])
    with pytest.raises(GoneError):
        asked.result(10)
    assert bytes_of(pool.ask(other, "video", 1))
    assert not cache.has(order.key, "v0.m4s")
    assert not cache.has(order.key, "v1.m4s")
    assert pool.ask(other, "video", 0) == kept


# ---- what is rendered, by name


def test_an_order_has_the_hash_of_all_that_decides(source: Source) -> None:
    plain = Order.of(shown(), {"m-1": source}, {}, 30)
    assert plain.key == Order.of(shown(), {"m-1": source}, {}, 30).key
    said = {"m-1": [("word", 0.0, 1.0, "mic")]}
    others = [
        Order.of(shown("320x180"), {"m-1": source}, {}, 30),
        Order.of(shown(), {"m-1": source}, said, 30),
        Order.of(shown(), {"m-1": source}, {}, 25),
    ]
    assert len({each.key for each in [plain, *others]}) == 4


# ---- through the engine


async def stream(app: App, asset_id: str) -> str:
    async with app.local as client:
        body = {"request_type": "compile", "timeline": shown(name=asset_id).model_dump(mode="json")}
        answer = await client.post("/editor", json=body)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["data"]["stream_url"]).removesuffix("/master.m3u8")


async def test_a_player_gets_rendered_segments_and_what_follows_is_ready(app: App) -> None:
    asset_id = clip(app.services, pictures=numbered(SECONDS), sound=tone(SECONDS), seconds=SECONDS)
    url = await stream(app, asset_id)
    async with app.tcp as client:
        first = await client.get(f"{url}/v/0.m4s")
        assert first.status_code == 200
        sound = await client.get(f"{url}/a/0.m4s")
        again = await client.get(f"{url}/v/0.m4s")
        nothing = await client.get(f"{url}/v/999.m4s")
    ready = app.services.streams.get(app.services.tickets.check("stream", url.split("/")[-1]))
    assert ready.order is not None
    plan = ready.order.plan()
    assert first.content == again.content == cut.segment(plan, "video", 0)
    assert sound.content == cut.segment(plan, "audio", 0)
    assert nothing.status_code == 404
    folder = app.services.home.segments
    wait_for(lambda: len(list(folder.glob("*/v[123].m4s"))) == 3, what="what lies ahead")


async def test_a_player_that_goes_away_is_noticed(app: App) -> None:
    asset_id = clip(app.services, pictures=numbered(SECONDS), seconds=SECONDS)
    url = await stream(app, asset_id)
    path = "/stream" + url.split("/stream")[1] + "/v/5.m4s"
    scope = {
        "type": "http", "method": "GET", "path": path, "raw_path": path.encode(), "headers": [],
        "query_string": b"", "server": None, "client": None, "scheme": "http", "root_path": "",
    }  # fmt: skip
    coming = [{"type": "http.request", "body": b""}, {"type": "http.disconnect"}]
    sent: list[Any] = []

    async def receive() -> Any:
        return coming.pop(0) if len(coming) > 1 else coming[0]

    async def send(message: Any) -> None:
        sent.append(message)

    await app.app(scope, receive, send)
    assert sent[0]["status"] in (200, 499)
    wait_for(lambda: app.services.renderers.waiting == 0, what="an empty queue")


async def test_deleting_an_asset_erases_what_was_rendered_of_it(app: App) -> None:
    asset_id = clip(app.services, pictures=numbered(4), seconds=4)
    url = await stream(app, asset_id)
    async with app.tcp as client:
        assert (await client.get(f"{url}/v/0.m4s")).status_code == 200
    folder = app.services.home.segments
    wait_for(lambda: app.services.renderers.waiting == 0, what="what lies ahead")
    assert list(folder.iterdir())
    async with app.local as client:
        assert (await client.delete(f"/video/{asset_id}")).status_code == 200
    assert not list(folder.iterdir())
    async with app.tcp as client:
        gone = await client.get(f"{url}/v/0.m4s")
    assert gone.status_code == 410
    assert asset_id in gone.json()["message"]


def test_an_error_of_the_media_says_what_failed(pool_of: Any, order: Order) -> None:
    pool, _ = pool_of()
    missing = Order(order.text.replace("/v", "/nowhere"), order.assets)
    with pytest.raises(CaptureError):
        bytes_of(pool.ask(missing, "video", 0))
    assert name_of("video", 3) == "v3.m4s"


def test_a_whole_timeline_drawn_by_several_is_the_same_file(
    order: Order, plan: Plan, tmp_path: Path
) -> None:
    write_mp4(plan, tmp_path / "alone.mp4")
    with drawn(order, plan, SegmentCache(tmp_path / "segments", 0), 2) as shared:
        write_mp4(shared, tmp_path / "shared.mp4")
    assert (tmp_path / "shared.mp4").read_bytes() == (tmp_path / "alone.mp4").read_bytes()
