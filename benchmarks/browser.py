"""What a browser's recorder gives, and what it costs to keep that: encoded again, or copied.

Chromium shares a tab of its own: a page that stands still, one on which somebody types, one that
scrolls, and pictures that move everywhere. Its MediaRecorder records each as VP8 and as H.264, at
the rate that the recording page asks for. Each take is then stored twice: as the recorder stores
it, decoded and encoded in the track profile, and, where it is H.264, packet by packet. Then the
recording page itself: how long it takes to begin and to stop.

    python benchmarks/browser.py [--seconds 10] [--rounds 3]
"""

from __future__ import annotations

import argparse
import base64
import io
import json
import shutil
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import av
import httpx
import numpy as np
from _record import Record
from playwright.sync_api import Page, sync_playwright

import jupyter_capture
from jupyter_capture.local import end_engine
from jupyter_capture.media.encode import VIDEO_TIMESCALE, EncodedPacket, avcc_of
from jupyter_capture.media.fmp4 import VideoTrackConfig
from jupyter_capture.media.writer import TrackWriter
from jupyter_capture.recorder.clock import NS
from jupyter_capture.recorder.screen_track import ScreenTrack
from jupyter_capture.wire.recorder import VideoCodec

FPS = 15
SIZE = {"width": 1280, "height": 720}
TYPES = ("video/webm;codecs=vp8", "video/webm;codecs=h264", "video/mp4;codecs=avc1.42E01F")
SOURCE = Path(__file__).read_text()
ABOUT = (
    "A tab of Chromium at 1280x720 as its MediaRecorder gives it, kept as the recorder keeps it "
    "(decoded, and encoded in the track profile), beside its H.264 copied packet by packet. Less "
    "is better."
)

CONTENT = """<title>Content</title>
<style>body{margin:0;background:#fdfdfd;font:15px/20px monospace;overflow:hidden}
pre{margin:12px}canvas{position:fixed;inset:0}</style><pre></pre><script>
const text = TEXT, pre = document.querySelector("pre"), lines = text.split("\\n");
let timer; pre.textContent = text;
window.show = (what) => {
  clearInterval(timer); document.querySelector("canvas")?.remove(); pre.style.marginTop = "";
  pre.textContent = text; let n = 0;
  if (what === "typing") timer = setInterval(() => {
    pre.textContent = lines.slice(0, 20).join("\\n") + "\\n" + text.slice(600, 600 + ++n); }, 150);
  if (what === "scrolling") timer = setInterval(() => {
    pre.style.marginTop = `${-(n += 6) % 2000}px`; }, 66);
  if (what === "moving") {
    const canvas = document.body.appendChild(document.createElement("canvas"));
    canvas.width = 1280; canvas.height = 720; const pen = canvas.getContext("2d");
    timer = setInterval(() => { n += 1;
      for (let i = 0; i < 48; i++) { pen.fillStyle = `hsl(${(i * 31 + n * 7) % 360} 70% 50%)`;
        pen.fillRect((i * 211 + n * 9) % 1280, (i * 97 + n * 5) % 720, 260, 140); } }, 66); }
};
</script>"""

RECORD = """async ([type, seconds]) => {
  const stream = await navigator.mediaDevices.getDisplayMedia({ video: {
    frameRate: { ideal: 15, max: 30 }, width: { max: 1920 }, height: { max: 1080 } } });
  const recorder = new MediaRecorder(stream, { mimeType: type, videoBitsPerSecond: 3000000,
    videoKeyFrameIntervalDuration: 1000 });
  const found = [], begun = performance.now(); let reading = Promise.resolve();
  recorder.ondataavailable = ({ data }) => { const at = performance.now() - begun;
    reading = reading.then(async () => { const bytes = new Uint8Array(await data.arrayBuffer());
      let text = ""; for (let i = 0; i < bytes.length; i += 32768)
        text += String.fromCharCode(...bytes.subarray(i, i + 32768));
      found.push([at, btoa(text)]); }); };
  const stopped = new Promise((done) => { recorder.onstop = done; });
  recorder.start();
  const timer = setInterval(() => recorder.requestData(), 250);
  await new Promise((done) => setTimeout(done, seconds * 1000));
  clearInterval(timer); recorder.stop(); await stopped; await reading;
  stream.getTracks().forEach((track) => track.stop());
  return [recorder.mimeType, found]; }"""


@dataclass(frozen=True)
class Take:
    """``chunks``: each with the ms after the start at which it came."""

    kind: str
    chunks: list[tuple[float, bytes]]

    @property
    def data(self) -> bytes:
        return b"".join(data for _, data in self.chunks)


@dataclass(frozen=True)
class Cost:
    """To keep a take: CPU seconds and bytes."""

    cpu: float
    size: int


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    chrome = shutil.which("chromium")
    if chrome is None:
        print("Not measured: there is no chromium here (apt-get install chromium).")
        return
    record = Record("browser", "Recording from the browser", ABOUT)
    with (
        _served(CONTENT.replace("TEXT", json.dumps(SOURCE).replace("</", "<\\/"))) as url,
        sync_playwright() as play,
    ):
        flags = ["--no-sandbox", "--auto-select-tab-capture-source-by-title=Content"]
        chromium = play.chromium.launch(executable_path=chrome, args=flags)
        content = chromium.new_page(viewport=SIZE)
        content.goto(url)
        page = chromium.new_page()
        page.goto(url)
        page.evaluate("document.title = 'Recorder'")
        takes(content, page, record, options.seconds)
        times(page, record, options.rounds)
        chromium.close()
    print(f"\n{record.save()}")


def takes(content: Page, page: Page, record: Record, seconds: float) -> None:
    print(f"{'page':10}{'recorder':26}{'came':>10}{'first':>7}{'lag':>6}{'keys':>6}{'fps':>5}"
          f"{'PSNR':>6} | {'encoded again':>20} | {'copied':>20}")  # fmt: skip
    for what in ("still", "typing", "scrolling", "moving"):
        for kind in TYPES:
            content.evaluate("(what) => show(what)", what)
            found, chunks = page.evaluate(RECORD, [kind, seconds])
            take = Take(found, [(at, base64.b64decode(data)) for at, data in chunks])
            truth = _grey(content) if what == "still" else None
            with tempfile.TemporaryDirectory(prefix="jc-bench-") as folder:
                report(what, take, truth, Path(folder), seconds, record)


def report(what: str, take: Take, truth: Any, folder: Path, seconds: float, record: Record) -> None:
    first = next(at for at, data in take.chunks if len(data) > 1000)
    pts, keys, codec = _packets(take)
    gaps = np.diff(keys) if len(keys) > 1 else [0.0]
    again = _encoded(take, folder)
    copied = _copied(take, folder) if codec == "h264" else None
    print(
        f"{what:10}{take.kind[:25]:26}{_rate(len(take.data), seconds):>10}{first:6.0f} "
        f"{_lag(take, pts):5.0f} {max(gaps):5.1f} {len(pts) / seconds:4.1f} "
        f"{_psnr(take, truth):>5} | {_cost(again, seconds)} | {_cost(copied, seconds)}"
    )
    if copied is not None and "webm" in take.kind:
        pairs = [("% of a core", again.cpu, copied.cpu, 100.0),
                 ("MB an hour", again.size, copied.size, 3600 / 1e6)]  # fmt: skip
        for unit, ours, theirs, by in pairs:
            ours, theirs = ours * by / seconds, theirs * by / seconds
            name = f"{what}: kept, encoded again"
            record.row(name, ours, unit, peer="the browser's H.264 copied", theirs=theirs)


def times(page: Page, record: Record, rounds: int) -> None:
    """From a press of Record to what is on the disk, from Stop to a video that plays."""
    found: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory(prefix="jc-bench-") as folder:
        data_dir = Path(folder) / "library"
        connection = jupyter_capture.connect(data_dir=data_dir)
        try:
            for _ in range(rounds):
                for name, seconds in _timed(connection, data_dir, page).items():
                    found.setdefault(name, []).append(seconds)
        finally:
            end_engine(data_dir)
    for name, each in found.items():
        print(f"{name:32}{statistics.median(each):6.2f} s")
        record.row(name, statistics.median(each), "s")


def _timed(connection: Any, data_dir: Path, page: Page) -> dict[str, float]:
    session = connection.create_capture_session()
    link = connection.http.post(f"/capture/session/{session.id}/record")["record_url"]
    page.goto("about:blank")
    page.goto(link)
    page.locator("[data-channel='display:browser']").wait_for()
    for row in page.locator(".jc-channel").all():
        mine = row.get_attribute("data-channel") == "display:browser"
        row.locator(".jc-turn").set_checked(mine)
    page.get_by_role("button", name="Record", exact=True).click()
    begun = time.perf_counter()
    found = {}
    _until(lambda: session.refresh().status == "active")
    found["record to recording"] = time.perf_counter() - begun
    _until(lambda: any(file.stat().st_size > 2000 for file in data_dir.rglob("0.mp4")
                       if session.id in str(file)))  # fmt: skip
    found["record to the first fragment stored"] = time.perf_counter() - begun
    page.wait_for_timeout(3000)
    page.get_by_role("button", name="Stop", exact=True).click()
    begun = time.perf_counter()
    _until(lambda: session.refresh().status == "exported")
    video = connection.get_collection().get_video(session.exported_video_id)
    segments = httpx.get(f"{video.stream_url.rpartition('/')[0]}/v/0.m4s")
    segments.raise_for_status()
    found["stop to a video that plays"] = time.perf_counter() - begun
    return found


def _until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _rate(size: int, seconds: float) -> str:
    return f"{size / seconds * 3600 / 1e6:.0f} MB/h"


def _cost(found: Cost | None, seconds: float) -> str:
    if found is None:
        return f"{'-':>20}"
    return f"{100 * found.cpu / seconds:5.1f} % {_rate(found.size, seconds):>12}"


def _packets(take: Take) -> tuple[list[float], list[float], str]:
    """Times of all pictures, of the key frames, and the codec."""
    with av.open(io.BytesIO(take.data)) as container:
        stream = container.streams.video[0]
        found = [p for p in container.demux(stream) if p.pts is not None and p.size]
        assert all(p.dts is None or p.dts == p.pts for p in found), "B frames"
        times = [float(p.pts * Fraction(p.time_base)) for p in found]
        keys = [at for at, p in zip(times, found, strict=True) if p.is_keyframe]
        return times, keys, stream.codec_context.name


def _lag(take: Take, pts: list[float]) -> float:
    """ms for which a picture is held back at most, by what had come when."""
    worst, data = 0.0, b""
    for at, more in take.chunks[:-1]:
        data += more
        try:
            with av.open(io.BytesIO(data)) as container:
                stream = container.streams.video[0]
                come = [p.pts * p.time_base for p in container.demux(stream) if p.pts is not None]
        except (av.FFmpegError, IndexError):
            come = []
        missing = [each for each in pts[len(come) :] if each * 1000 < at]
        worst = max(worst, at - missing[0] * 1000 if missing else 0.0)
    return worst


def _encoded(take: Take, folder: Path) -> Cost:
    begun = time.process_time()
    track: ScreenTrack | None = None
    last = 0.0
    with av.open(io.BytesIO(take.data)) as container:
        stream = container.streams.video[0]
        stream.codec_context.thread_type = "SLICE"
        shown = -1.0
        for frame in container.decode(stream):
            last = float(frame.time)
            if shown >= 0 and last - shown < 0.7 / FPS:
                continue
            shown = last
            if track is None:
                size = (frame.width, frame.height)
                track = ScreenTrack(
                    folder, "again", "display:browser", size, FPS, 1080, lambda _: None
                )
            track.show(int(last * NS), frame)
    assert track is not None
    track.finish(int((last + 0.1) * VIDEO_TIMESCALE))
    return Cost(time.process_time() - begun, _size(folder / "again"))


def _copied(take: Take, folder: Path) -> Cost:
    begun = time.process_time()
    writer: TrackWriter | None = None
    with av.open(io.BytesIO(take.data)) as container:
        stream = container.streams.video[0]
        for packet in container.demux(stream):
            if packet.pts is None or not packet.size:
                continue
            pts = round(packet.pts * Fraction(packet.time_base) * VIDEO_TIMESCALE)
            if writer is None:
                context = stream.codec_context
                codec = VideoCodec(width=context.width, height=context.height, fps=FPS)
                avcc = avcc_of(bytes(context.extradata))
                config = VideoTrackConfig(codec.width, codec.height, avcc, VIDEO_TIMESCALE)
                writer = TrackWriter(folder, "copy", "display:browser", codec, config, offset=pts)
            writer.add(EncodedPacket(bytes(packet), pts, packet.is_keyframe))
    assert writer is not None
    writer.finish(pts + VIDEO_TIMESCALE // FPS)
    return Cost(time.process_time() - begun, _size(folder / "copy"))


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.iterdir())


def _grey(page: Page) -> Any:
    """What the page looks like, as the decoder of a picture gives it."""
    with av.open(io.BytesIO(page.screenshot())) as picture:
        return next(picture.decode(video=0)).to_ndarray(format="gray").astype(float)


def _psnr(take: Take, truth: Any) -> str:
    """Of the first picture, and of the last."""
    if truth is None:
        return "-"
    with av.open(io.BytesIO(take.data)) as container:
        frames = [frame.to_ndarray(format="gray") for frame in container.decode(video=0)]
    errors = [np.mean((frame - truth) ** 2) for frame in (frames[0], frames[-1])]
    return "/".join(f"{10 * np.log10(255**2 / max(error, 1e-9)):.0f}" for error in errors)


class _served:
    """One page, on loopback: a browser records for no file."""

    def __init__(self, html: str) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("content-type", "text/html; charset=utf-8")
                self.end_headers()
                self.wfile.write(html.encode())

            def log_message(self, *_: object) -> None:
                pass

        self._server = HTTPServer(("127.0.0.1", 0), Handler)

    def __enter__(self) -> str:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{self._server.server_port}"

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()


if __name__ == "__main__":
    main()
