"""CPU time to read the text of a minute of a desktop, beside reading a picture each second.

The minute is drawn and stored as a recording of a screen is: an editor in which somebody types
beside a blinking caret and a clock, scrolling, a slide, a terminal that fills, a page that stands
still. Ours reads what changed, at most every 2 s; the other side reads a whole picture each second,
with the same models. Both in one process, one after the other. ``--sample 4`` reads every fourth of
those pictures and multiplies.

    python benchmarks/screen.py [--sample 4] [--threads 2]
"""

from __future__ import annotations

import argparse
import re
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
from _record import Record
from PIL import Image, ImageDraw, ImageFont

from jupyter_capture.desktop import Slide
from jupyter_capture.engine.screen import Reader, Screen, look_at
from jupyter_capture.engine.screen.changes import Box
from jupyter_capture.media.tracks import StoredTrack
from jupyter_capture.recorder.screen_track import ScreenTrack

SIZE = (1280, 720)
FPS = 15
SECONDS = 60
SOURCE = [line for line in Path(__file__).read_text().splitlines() if line.strip()]
FONT = ImageFont.load_default(15)
TYPED = "scores = model.fit(x_train, y_train).predict(x_test)"
SLIDE = Slide("Results", ("Accuracy: 93 percent", "Recall: 88 percent", "Next: more data"))


def page(lines: list[str], clock: float, title: str) -> Image.Image:
    image = Image.new("RGB", SIZE, "#fdfdfd")
    pen = ImageDraw.Draw(image)
    pen.rectangle((0, 0, SIZE[0], 26), fill="#30343c")
    pen.text((12, 4), title, "white", FONT)
    pen.text((1190, 4), f"12:{30 + int(clock) // 60}:{int(clock) % 60:02d}", "white", FONT)
    for row, line in enumerate(lines):
        pen.text((40, 44 + 22 * row), line, "#20242c", FONT)
    return image


def at(second: float) -> Image.Image:
    """The desktop at a moment of the minute."""
    if second < 20:
        typed = TYPED[: int(second * 3)]
        image = page([*SOURCE[:26], typed], second, "train.py")
        if int(second * 2) % 2:
            left = 42 + ImageDraw.Draw(image).textlength(typed, FONT)
            ImageDraw.Draw(image).rectangle((left, 616, left + 1, 634), fill="black")
        return image
    if second < 30:
        top = 3 * int(second - 20)
        return page(SOURCE[top : top + 27], second, "train.py")
    if second < 40:
        return SLIDE.draw(SIZE)
    if second < 50:
        done = [f"epoch {n}: loss {1 / (n + 1):.3f}" for n in range(int(second - 40) + 1)]
        return page(["$ python train.py", *done], second, "terminal")
    return page(SOURCE[60:80], 0, "notes.md")


def record(folder: Path) -> StoredTrack:
    track = ScreenTrack(folder, "trk-1", "display:1", SIZE, FPS, 1080, lambda _: None)
    for number in range(SECONDS * FPS):
        pixels = np.asarray(at(number / FPS))
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="rgb24")
        track.show(number * 1_000_000_000 // FPS, frame)
    return StoredTrack.open(folder, track.finish(SECONDS * 90_000))


def every(track: StoredTrack, seconds: int) -> Iterator[np.ndarray]:
    for second in range(0, SECONDS, seconds):
        moment = second * track.timescale
        yield next(track.frames(moment, moment + 1)).to_ndarray(format="rgb24")


def words(texts: list[str]) -> set[str]:
    return {word.casefold() for text in texts for word in re.findall(r"[^\W\d_]{3,}", text)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sample", type=int, default=4)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    reader = Reader(options.threads)
    reader.load()
    with tempfile.TemporaryDirectory(prefix="jc-bench-") as folder:
        track = record(Path(folder))
        began = time.process_time()
        screen = Screen(reader)
        look_at(track, screen, lambda _: None)
        written = screen.finish(SECONDS)
        ours = time.process_time() - began
        began = time.process_time()
        whole = Box(0, 0, *SIZE)
        found = [
            one.text
            for picture in every(track, options.sample)
            for one in reader.read(picture, whole)
        ]
        theirs = (time.process_time() - began) * options.sample
    mine, shown = words([one.text for one in written]), words(found)
    rows = [
        ("CPU seconds, a picture a second", f"{theirs:.1f}"),
        ("CPU seconds, what changed", f"{ours:.1f}"),
        ("ratio", f"{ours / theirs:.3f}"),
        ("CPU minutes for an hour", f"{ours:.1f}"),
        ("segments", str(len(written))),
        (
            "words that the pictures have and the segments lack",
            f"{len(shown - mine)} of {len(shown)}",
        ),
    ]
    for name, value in rows:
        print(f"{name:52} {value:>10}")
    told = Record(
        "screen",
        "Reading a screen",
        "Processor time to read the text of a minute of a desktop: what changed, at most every "
        "2 s, beside a whole picture each second, with the same models.",
        peers=["rapidocr", "onnxruntime"],
    )
    told.row(
        "CPU for a minute of desktop",
        ours,
        "s",
        peer="a picture a second",
        theirs=theirs,
        at_most=0.5,
    )
    told.words(
        "words that the pictures have and the segments lack", f"{len(shown - mine)} of {len(shown)}"
    )
    told.save()


if __name__ == "__main__":
    main()
