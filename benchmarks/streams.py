"""Streams beside ffmpeg, MoviePy 2 and a plain MP4: how soon they begin, how fast they render.

All sides work on the same recordings (720p, 30 pictures a second, made for this) in the same run,
with x264's ultrafast preset and its default quality. Ours is asked over HTTP, as a player asks;
each round asks for a stream that was never asked for before, so that nothing is cached.

    pip install "jupyter-capture[bench]"
    python benchmarks/streams.py [--rounds 3] [--seconds 30] [--long-hours 3] [--no-moviepy]
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urljoin

import httpx
from _files import keep, serving
from _peers import SHOT, TITLE, ffmpeg_shot, ffmpeg_timeline, moviepy_timeline
from _record import Record
from _stock import recording

import jupyter_capture
from jupyter_capture import editor
from jupyter_capture.client.connection import Connection
from jupyter_capture.client.engine import read_locator
from jupyter_capture.client.video import Video
from jupyter_capture.local import end_engine
from jupyter_capture.media.mp4 import write_mp4
from jupyter_capture.media.plan import Cut, make_plan

PLAYER = httpx.Client(timeout=60)
"""Made beforehand, as a browser is there before a page."""


ABOUT = (
    "Recordings of 720p at 30 pictures a second. A shot: from asking to its first segments. A "
    "timeline: two layers, a title and mixed sound, to its first segments and to a file. All with "
    "x264's ultrafast preset; nothing was asked for before, so nothing is cached."
)
WHY = (
    "A shot's first picture in Chromium waits for hls.js and three requests, where a plain MP4 has "
    "one: of ready files the same takes what stands below it. A timeline of hours has thousands of "
    "segments, which are laid out and listed before the first one is drawn."
)


@dataclass
class Table:
    rows: list[tuple[str, str, str, str]] = field(default_factory=list)
    record: Record = field(
        default_factory=lambda: Record(
            "streams", "Streams and timelines", ABOUT, peers=["imageio-ffmpeg", "moviepy"]
        )
    )

    def add(self, what: str, found: str, target: str = "", held: bool | None = None) -> None:
        self.record.words(what.strip(), found, target, held)
        self._say(what, found, target, held)

    def _say(self, what: str, found: str, target: str, held: bool | None) -> None:
        verdict = "" if held is None else ("yes" if held else "NO")
        self.rows.append((what, found, target, verdict))
        print(f"  {what}: {found} {verdict}", flush=True)

    def ratio(self, what: str, mine: float, peer: float, most: float) -> None:
        ratio = mine / peer
        said = f"{ratio:.2f}  ({mine:.2f} s against {peer:.2f} s)"
        ours, _, theirs = what.strip().partition(" / ")
        self.record.row(ours, mine, "s", peer=theirs or "the same", theirs=peer, at_most=most)
        self._say(what, said, f"at most {most:g}", ratio <= most)

    def print(self) -> None:
        widths = [max(map(len, column)) for column in zip(*self.rows, strict=True)]
        print()
        for row in self.rows:
            cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            print("  ".join(cells).rstrip())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=30, help="length of the timeline")
    parser.add_argument("--long-hours", type=float, default=3)
    parser.add_argument("--no-browser", action="store_true")
    parser.add_argument("--no-moviepy", action="store_true", help="it takes minutes")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="jc-bench-") as name:
        folder = Path(name)
        try:
            compare(folder, options)
        finally:
            end_engine(folder / "library")


def compare(folder: Path, options: argparse.Namespace) -> None:
    table = Table()
    rounds, seconds = options.rounds, options.seconds
    files = [stock(folder, f"stock-{seed}", 30 + SHOT, seed=seed) for seed in (0, 1)]
    connection = jupyter_capture.connect(data_dir=folder / "library")
    videos = [connection.get_collection().upload(file_path=str(file)) for file in files]
    bench = Bench(connection, videos, files, folder)

    print("\nmeasured:")
    peer = median(rounds, lambda n: ffmpeg_shot(files[0], n / 30, folder))
    mine = median(rounds, lambda n: first_segments(bench.shot(n / 30)))
    table.ratio(f"shot of {SHOT} s: first segments / ffmpeg re-encodes it", mine, peer, 0.1)
    table.add("  aim", f"{mine * 1000:.0f} ms", "150 ms", mine <= 0.15)

    whole = median(rounds, lambda n: ffmpeg_timeline(files, n / 30, seconds, folder))
    cold = timed(lambda: first_segments(bench.timeline(0.5, seconds)))
    mine = median(rounds, lambda n: first_segments(bench.timeline(n / 30, seconds)))
    what = f"two layers and text, {seconds} s: first segments / ffmpeg renders it"
    table.ratio(what, mine, whole, 0.2)
    table.add("  aim", f"{mine * 1000:.0f} ms", "800 ms", mine <= 0.8)
    table.ratio("  the first one of an engine", cold, whole, 0.2)

    lengths(table, bench, options)

    mine = median(rounds, lambda n: play_through(bench.timeline(1 + n / 30, seconds)))
    table.add("the whole timeline, segment by segment", f"{seconds / mine:.1f} x real time",
              "at least 3 x", seconds / mine >= 3)  # fmt: skip
    saved = median(1, lambda n: save(bench.timeline(2 + n / 30, seconds), folder))
    table.add("the whole timeline, saved", f"{seconds / saved:.1f} x real time",
              "at least 3 x", seconds / saved >= 3)  # fmt: skip
    best = min(mine, saved)
    speed = whole / best
    table.add("  against ffmpeg filter_complex", f"{speed:.2f} x ({whole:.1f} s)",
              "at least 0.9 x", speed >= 0.9)  # fmt: skip
    if not options.no_moviepy:
        moviepy = timed(lambda: moviepy_timeline(files, seconds, folder))
        table.add("  against MoviePy 2", f"{moviepy / best:.1f} x ({moviepy:.1f} s)",
                  "at least 5 x", moviepy / best >= 5)  # fmt: skip
    if not options.no_browser:
        browser(table, bench, rounds + 2)
    memory(table, bench, seconds)
    table.print()
    table.record.note(WHY)
    table.record.save()


# ---- what is compared


@dataclass
class Bench:
    connection: Connection
    videos: list[Video]
    files: list[Path]
    folder: Path

    def shot(self, start: float, length: float = SHOT) -> str:
        return self.videos[0].generate_stream([(3.4 + start, 3.4 + start + length)])

    def timeline(
        self, start: float, seconds: float, videos: list[Video] | None = None
    ) -> editor.Timeline:
        """A screen, a second one small in its corner, and a title."""
        first, second = videos or self.videos
        made = editor.Timeline(self.connection)
        made.resolution = "1280x720"
        clips = [
            editor.Clip(editor.VideoAsset(id=first.id, start=start), duration=seconds),
            editor.Clip(
                editor.VideoAsset(id=second.id), duration=seconds, scale=0.35,
                position=editor.Position.bottom_right,
            ),
            editor.Clip(
                editor.TextAsset(text=TITLE, font=editor.Font(size=40)), duration=seconds,
                position=editor.Position.top,
            ),
        ]  # fmt: skip
        for clip in clips:
            track = editor.Track()
            track.add_clip(0, clip)
            made.add_track(track)
        return made


def stock(folder: Path, name: str, seconds: int, fps: int = 30, seed: int = 0) -> Path:
    """A recording as a plain MP4."""
    made = recording(folder / name, seconds, fps=fps, seed=seed)
    path = folder / f"{name}.mp4"
    write_mp4(make_plan([Cut(made.video, made.audio, 0, seconds * 90000)]), path)
    shutil.rmtree(folder / name)
    return path


def median(rounds: int, work: Callable[[int], object]) -> float:
    return statistics.median(timed(lambda n=n: work(n)) for n in range(rounds))


def timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def address(what: str | editor.Timeline) -> str:
    return what if isinstance(what, str) else what.generate_stream()


def first_segments(what: str | editor.Timeline) -> None:
    """What a player asks for, and how, before it shows the first picture."""
    url = address(what)
    PLAYER.get(url).raise_for_status()
    with ThreadPoolExecutor(2) as both:
        list(both.map(lambda letter: _begin(url, letter), "va"))


def _begin(url: str, letter: str) -> None:
    name = {"v": "video", "a": "audio"}[letter]
    for path in (f"{name}.m3u8", f"{letter}/init-0.mp4", f"{letter}/0.m4s"):
        PLAYER.get(urljoin(url, path)).raise_for_status()


def play_through(timeline: editor.Timeline, wait: float = 0.0) -> None:
    """All segments one after the other, sound beside picture, with ``wait`` between two."""
    url = timeline.generate_stream()
    with ThreadPoolExecutor(2) as both:
        list(both.map(lambda letter: _all(url, letter, wait), "va"))


def _all(url: str, letter: str, wait: float) -> None:
    name = {"v": "video", "a": "audio"}[letter]
    lines = PLAYER.get(urljoin(url, f"{name}.m3u8")).text.splitlines()
    for line in lines:
        if line.endswith(".m4s"):
            PLAYER.get(urljoin(url, line)).raise_for_status()
            time.sleep(wait)


def save(timeline: editor.Timeline, folder: Path) -> None:
    timeline.save(folder / "saved.mp4", show_progress=False)


def lengths(table: Table, bench: Bench, options: argparse.Namespace) -> None:
    """The same at ten seconds and at hours: five pictures a second, so that it is soon made."""
    collection = bench.connection.get_collection()
    hours = round(options.long_hours * 360) * 10
    found: dict[int, list[float]] = {}
    for seconds in (10, hours):
        file = stock(bench.folder, f"length-{seconds}", seconds, fps=5)
        video = collection.upload(file_path=str(file))
        file.unlink()
        length = int(video.length)
        # As far from a key frame in both: what is encoded again has nothing to do with length.
        middle = length // 20 * 10 + 1
        for _ in range(2):  # once to open it: the first look at its index is not compared
            shot = median(
                options.rounds + 2,
                lambda n, video=video, at=middle: first_segments(
                    video.generate_stream([(at + (n + time.time() % 1) / 30, at + 7)])
                ),
            )
            drawn = median(
                options.rounds + 2,
                lambda n, video=video, length=length: first_segments(
                    bench.timeline((n + time.time() % 1) / 30, length - 1, [video, video])
                ),
            )
        found[seconds] = [shot, drawn]
    short, long = found.values()
    label = f"{options.long_hours:g} h / 10 s"
    table.ratio(f"a shot out of {label}: first segments", long[0], short[0], 1.2)
    table.ratio(f"a timeline of {label}: first segments", long[1], short[1], 1.2)


# ---- in a browser

_PLAY = """
([url, type]) => new Promise((resolve, reject) => {
    const video = document.createElement('video');
    video.muted = true;
    document.body.replaceChildren(video);
    const button = document.createElement('button');
    document.body.append(button);
    button.onclick = () => {
        const begin = performance.now();
        video.requestVideoFrameCallback(() => resolve(performance.now() - begin));
        video.onerror = () => reject(new Error(video.error.message));
        video.src = url;
        video.play();
    };
    button.click();
})
"""


def browser(table: Table, bench: Bench, rounds: int) -> None:
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium")
    if chromium is None:
        table.add("in Chromium: click to first picture", "no chromium here")
        return
    quiet = ["--no-sandbox", "--disable-quic", "--no-first-run", "--disable-sync",
             "--disable-background-networking", "--disable-component-update",
             "--autoplay-policy=no-user-gesture-required"]  # fmt: skip
    ours, theirs, drawn, files = [], [], [], []
    ready = bench.folder / "ready"
    with sync_playwright() as playwright, serving(ready) as address:
        running = playwright.chromium.launch(executable_path=chromium, args=quiet)
        page = running.new_page()
        for number in range(rounds):
            url = bench.shot(5 + number / 30)
            plain = _saved_address(bench, 6 + number / 30)
            timeline = bench.timeline(3 + number / 30, 20).generate_stream()
            page.goto(f"{url.split('/stream/')[0]}/static/none")  # the same origin
            theirs.append(page.evaluate(_PLAY, [plain, "mp4"]))
            ours.append(page.evaluate(_PLAY, [url, "hls"]))
            drawn.append(page.evaluate(_PLAY, [timeline, "hls"]))
            keep(PLAYER, bench.shot(4 + number / 30), ready / str(number))
            page.goto(f"{address}/none")
            files.append(page.evaluate(_PLAY, [f"{address}/{number}/master.m3u8", "hls"]))
        running.close()
    mine, peer = statistics.median(ours) / 1000, statistics.median(theirs) / 1000
    table.ratio("in Chromium, a shot: click to first picture / a plain MP4", mine, peer, 2)
    table.add("  aim", f"{mine * 1000:.0f} ms", "300 ms", mine <= 0.3)
    table.add("  the same as ready files of a plain server", f"{statistics.median(files):.0f} ms")
    drawn_first = statistics.median(drawn) / 1000
    table.add("  of a timeline", f"{drawn_first * 1000:.0f} ms")


def _saved_address(bench: Bench, start: float) -> str:
    """A plain MP4 of a shot like ours, with ranges, from the same server."""
    url = bench.shot(start)
    done = bench.connection.download(url, f"shot-{start:.2f}")
    return str(done["download_url"])


# ---- memory


def memory(table: Table, bench: Bench, seconds: int) -> None:
    """Resident memory of the engine and its renderers while three timelines play in real time."""
    locator = read_locator(bench.folder / "library")
    if locator is None or not Path("/proc").is_dir():
        return
    playing = [
        threading.Thread(target=play_through, args=(bench.timeline(4 + n / 7, 20), 2.0))
        for n in range(3)
    ]
    before = _resident(locator.pid)
    for thread in playing:
        thread.start()
    most, children = before, 0
    while any(thread.is_alive() for thread in playing):
        pids = _children(locator.pid)
        most = max(most, _resident(locator.pid))
        children = max(children, sum(map(_resident, pids)))
        time.sleep(0.2)
    table.add("memory: the engine, three timelines playing", f"{most} MB ({before} MB before)")
    table.add("  its renderers together", f"{children} MB")


def _resident(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) // 1024 for line in lines if line.startswith("VmRSS")), 0)


def _children(pid: int) -> list[int]:
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        try:
            found += [int(child) for child in (task / "children").read_text().split()]
        except OSError:
            continue
    return found


if __name__ == "__main__":
    main()
