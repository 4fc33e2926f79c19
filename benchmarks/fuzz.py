"""Bytes that nobody meant, for all that reads bytes of others: coverage-guided, with atheris.

    python benchmarks/fuzz.py [--minutes 1] [--targets track browser ass timeline]

Each target is a process of its own, so that a crash within a library is seen too. What a target may
raise is a `CaptureError` (and what its caller is known to catch); anything else is a fault. Found
inputs lie below --corpus, so that a later run goes on from them. Without atheris (`pip install
atheris`; Linux alone) the seeds are mutated at random instead.

Playlists are written and never read by this project, so there is no reader of them to be tried.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import logging
import random
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from _trust import Found, save

Target = Callable[[bytes], None]

PROMISE = {
    "track": "A damaged track is said to be damaged, whatever is in it",
    "browser": "Whatever a browser sends, the recorder goes on",
    "ass": "Subtitles of others are read, or refused, whatever they hold",
    "timeline": "A timeline of others is read, or refused, whatever it holds",
}


# ---- what reads


def track() -> tuple[Target, list[bytes]]:
    """A stored track of one part: found, indexed, its samples and configuration read."""
    from jupyter_capture.errors import CaptureError
    from jupyter_capture.media import fmp4
    from jupyter_capture.media.tracks import StoredTrack
    from jupyter_capture.wire.recorder import AudioCodec, Part, TrackManifest

    folder = Path(tempfile.mkdtemp())
    manifest = TrackManifest(
        id="trk-1", channel_id="mic:default", kind="audio", codec=AudioCodec(channels=1, bitrate=1),
        timescale=48000, parts=[Part(file="0.mp4")],
    )  # fmt: skip

    def one(data: bytes) -> None:
        (folder / "0.mp4").write_bytes(data)
        with contextlib.suppress(CaptureError):
            fmp4.parse_config(fmp4.read_init(io.BytesIO(data)))
        opened = StoredTrack.open(folder, manifest)
        with contextlib.suppress(CaptureError):
            list(opened.samples(0, 1 << 40))
        with contextlib.suppress(CaptureError):
            fmp4.parse_fragment(data)

    config = fmp4.AudioTrackConfig(48000, 1, bytes([0x11, 0x88]))
    picture = fmp4.VideoTrackConfig(64, 48, bytes([1, 66, 0, 10, 255, 225, 0, 0]))
    samples = [fmp4.Sample(bytes(range(40)), 1024, True)] * 3
    fragments = [fmp4.fragment(number, 3072 * number, samples) for number in (1, 2)]
    whole = fmp4.init_segment(config) + b"".join(fragments)
    return one, [whole, fmp4.init_segment(picture) + fmp4.fragment(1, 9, samples)]


def browser() -> tuple[Target, list[bytes]]:
    """Chunks of a browser's recorder: the first byte says what, the rest is the file."""
    import av

    from jupyter_capture.recorder.clock import NS
    from jupyter_capture.recorder.sources import browser_media
    from jupyter_capture.recorder.sources.browser_feed import Feed
    from jupyter_capture.recorder.sources.browser_time import Lag

    def one(data: bytes) -> None:
        if not data:
            return
        channels = data[0] % 3
        feed = Feed("mic:browser" if channels else "display:browser")
        size = 1 + len(data) // (1 + data[0] % 7)
        parts = [data[1:][at : at + size] for at in range(0, len(data), size)]
        for number, part in enumerate(parts):
            end = {"why": "stopped"} if number == len(parts) - 1 else {}
            feed.chunk({"take": 0, "seq": number, "at": number * 100.0, **end}, part)
        reader: Any = SimpleNamespace(
            _net=Lag(), _channels=channels, _over=threading.Event(), _spacing=lambda: NS // 30,
            put=lambda piece: None, chunk=lambda: feed.get(0),
        )  # fmt: skip
        first = feed.get(0)
        assert first is not None
        # As Reader._run does.
        with contextlib.suppress(av.FFmpegError, ValueError, IndexError):
            browser_media._Take(reader, feed, first).read()

    return one, [bytes([kind]) + file for kind, file in ((1, webm("libopus")), (0, webm("libvpx")))]


def webm(codec: str) -> bytes:
    import av
    import numpy as np

    out = io.BytesIO()
    with av.open(out, "w", format="webm") as container:
        if codec == "libopus":
            stream: Any = container.add_stream(codec, 48000, layout="mono")
            frame: Any = av.AudioFrame.from_ndarray(np.zeros((1, 9600), np.float32), "flt", "mono")
            frame.sample_rate = 48000
        else:
            stream = container.add_stream(codec, 15)
            stream.width, stream.height, stream.pix_fmt = 32, 32, "yuv420p"
            frame = av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8), "rgb24")
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            container.mux(packet)
    return out.getvalue()


def ass() -> tuple[Target, list[bytes]]:
    from jupyter_capture.errors import CaptureError
    from jupyter_capture.media.ass import decode, read_script

    def one(data: bytes) -> None:
        text = data.decode("utf-8", errors="replace")
        with contextlib.suppress(CaptureError):
            read_script(text)
        with contextlib.suppress(CaptureError):
            read_script(decode(text))

    seed = (
        b"[Script Info]\nPlayResX: 640\n[V4+ Styles]\nFormat: Name, Fontname, Fontsize, Bold\n"
        b"Style: Default,Arial,20,-1\n[Events]\nFormat: Start, End, Style, Text\n"
        b"Dialogue: 0:00:01.00,0:00:02.50,Default,{\\b1\\c&H00FF00&}Hello\\Nworld{\\r}\n"
    )
    return one, [seed, seed.replace(b"V4+", b"V4")]


def timeline() -> tuple[Target, list[bytes]]:
    from pydantic import ValidationError

    from jupyter_capture.errors import CaptureError
    from jupyter_capture.media.timeline import read_timeline
    from jupyter_capture.wire.editor import Timeline

    def one(data: bytes) -> None:
        with contextlib.suppress(ValidationError, CaptureError):
            read_timeline(Timeline.model_validate_json(data), {})

    clips = [{"start": 0, "clip": {"asset": {"type": "text", "text": "x"}, "duration": 1}}]
    seed = {"resolution": "160x120", "background": "#000000", "tracks": [{"clips": clips}]}
    return one, [json.dumps(seed).encode()]


TARGETS: dict[str, Callable[[], tuple[Target, list[bytes]]]] = {
    "track": track, "browser": browser, "ass": ass, "timeline": timeline,
}  # fmt: skip


# ---- one target, in a process of its own


def fuzz(name: str, seconds: int, corpus: Path) -> None:
    logging.disable(logging.CRITICAL)
    try:
        import atheris
    except ImportError:
        mutate(name, seconds)
        return
    with atheris.instrument_imports(include=["jupyter_capture"]):
        one, seeds = TARGETS[name]()
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(seeds):
        (corpus / f"seed-{number}").write_bytes(seed)
    options = [
        sys.argv[0], f"-max_total_time={seconds}", "-print_final_stats=1", "-max_len=8192",
        "-rss_limit_mb=3000", "-timeout=30", f"-artifact_prefix={corpus}-", str(corpus),
    ]  # fmt: skip
    atheris.Setup(options, one)
    atheris.Fuzz()


def mutate(name: str, seconds: int) -> None:
    one, seeds = TARGETS[name]()
    rng = random.Random(1)
    count, until = 0, time.monotonic() + seconds
    while time.monotonic() < until:
        one(changed(rng, rng.choice(seeds)))
        count += 1
    print(f"stat::number_of_executed_units: {count}", file=sys.stderr)


def changed(rng: random.Random, seed: bytes) -> bytes:
    data = bytearray(seed)
    for _ in range(rng.randint(1, 8)):
        at = rng.randrange(len(data) + 1)
        match rng.randrange(3):
            case 0:
                data[at : at + 1] = bytes([rng.randrange(256)])
            case 1:
                del data[at : at + rng.randrange(1, 64)]
            case 2:
                data[at:at] = rng.randbytes(rng.randrange(1, 16))
        data = data or bytearray(seed)
    return bytes(data)


# ---- all of them


def tried(names: list[str], minutes: float, corpus: Path) -> Iterator[tuple[Found, str]]:
    for name in names:
        command = [
            sys.executable, __file__, "--target", name, "--seconds", str(round(minutes * 60)),
            "--corpus", str(corpus / name),
        ]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        counted = re.search(r"number_of_executed_units:\s*(\d+)", done.stderr)
        count = int(counted[1]) if counted else 0
        covered = re.findall(r"cov: (\d+)", done.stderr)
        how = "fuzzed with atheris" if covered else "its seeds mutated at random"
        fault = "" if done.returncode == 0 else f"{name}: {done.stderr[-3000:]}"
        yield (
            Found(
                PROMISE[name],
                f"{how} for {minutes:g} min" + (f" ({covered[-1]} branches)" if covered else ""),
                f"{count:,} inputs",
                "a fault" if fault else "no fault",
                not fault and count > 0,
            ),
            fault,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=1.0, help="for each target")
    parser.add_argument("--targets", nargs="*", default=list(TARGETS), choices=list(TARGETS))
    parser.add_argument("--corpus", type=Path, default=Path(tempfile.gettempdir()) / "jc-fuzz")
    parser.add_argument("--target", choices=list(TARGETS), help=argparse.SUPPRESS)
    parser.add_argument("--seconds", type=int, default=60, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.target:
        fuzz(asked.target, asked.seconds, asked.corpus)
        return
    asked.corpus.mkdir(parents=True, exist_ok=True)
    found, faults = [], []
    for row, fault in tried(asked.targets, asked.minutes, asked.corpus):
        print(f"{row.promise}: {row.how}, {row.count}, {row.result}")
        found.append(row)
        faults += [fault] if fault else []
    save("fuzz", found)
    if faults:
        raise SystemExit("\n".join(faults))


if __name__ == "__main__":
    main()
