"""How cost grows: with the length of a recording, the clips of a timeline, the sessions of a
library, and the segments that are searched.

Ours alone, over HTTP as a client asks. Each request differs a little from the last, so that nothing
comes out of a cache; the first of each kind is not counted, as it opens what the others find open.

    python benchmarks/growth.py [--rounds 7]
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path

from _meetings import fill
from _record import Record
from streams import first_segments, median, stock

import jupyter_capture
from jupyter_capture import editor
from jupyter_capture.client.collection import Collection
from jupyter_capture.client.connection import Connection
from jupyter_capture.client.video import Video
from jupyter_capture.local import end_engine

SECONDS = (60, 600, 3600)
CLIPS = (1, 10, 100)
SESSIONS = (10, 100, 1000)
SEGMENTS = (1000, 10_000, 100_000)
QUERIES = ("budget for the next quarter", "who has to review the contract", "ticket 4711")
Line = list[tuple[float, float]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    record = Record(
        "growth",
        "How cost grows",
        "The same request to an engine that holds more and more: medians over HTTP, no peer. "
        "Recordings are 720p at five pictures a second; a shot is six seconds, a clip ten.",
    )
    with tempfile.TemporaryDirectory(prefix="jc-growth-") as name:
        library = Path(name) / "library"
        connection = jupyter_capture.connect(data_dir=library)
        try:
            longest = recordings(record, connection, Path(name), rounds)
            timelines(record, connection, longest, rounds)
            sessions(record, connection, rounds)
        finally:
            connection.close()
            end_engine(library)
        segments(record, Path(name), rounds)
    record.note(
        "A timeline of a hundred clips is described by as many times the words, which are sent, "
        "checked and laid out before its first segments, and its playlists are as many times as "
        "long."
    )
    record.note(
        "A list of sessions is of all there are: it grows with them, as it must. Until a recording "
        "is exported after its end: benchmarks/recorder.py, beside one of an hour. More segments: "
        "benchmarks/search.py."
    )
    record.save()


def recordings(record: Record, connection: Connection, folder: Path, rounds: int) -> Video:
    line = Line()
    for seconds in SECONDS:
        file = stock(folder, f"length-{seconds}", seconds, fps=5)
        video = connection.get_collection().upload(file_path=str(file), show_progress=False)
        file.unlink()
        # As far from a key frame in all of them.
        middle = seconds // 20 * 10 + 1
        line.append((seconds, measured(rounds, lambda at, v=video, m=middle: shot(v, m + at))))
    grown(record, "shot to first segments, by length of recording", "s of recording", line, 1.5)
    return video


def shot(video: Video, start: float) -> None:
    first_segments(video.generate_stream([(start, start + 6)]))


def timelines(record: Record, connection: Connection, video: Video, rounds: int) -> None:
    line = Line()
    for count in CLIPS:
        took = measured(rounds, lambda at, n=count: first_segments(clips(connection, video, n, at)))
        line.append((count, took))
    grown(record, "timeline to first segments, by clips in a row", "clips", line, 1.5)


def clips(connection: Connection, video: Video, count: int, at: float) -> editor.Timeline:
    """One after the other, with a title over all of them, so that all is drawn."""
    made = editor.Timeline(connection)
    row, title = editor.Track(), editor.Track()
    for number in range(count):
        asset = editor.VideoAsset(id=video.id, start=at + 11 * number)
        row.add_clip(10 * number, editor.Clip(asset, duration=10))
    title.add_clip(0, editor.Clip(editor.TextAsset(text="Growth"), duration=10 * count))
    made.add_track(row)
    made.add_track(title)
    return made


def sessions(record: Record, connection: Connection, rounds: int) -> None:
    made, read, listed = Line(), Line(), Line()
    held = 0
    for count in SESSIONS:
        for _ in range(count - held):
            last = connection.create_capture_session(end_user_id="growth")
        made.append((count, measured(rounds, lambda _: connection.create_capture_session())))
        held = count + rounds + 1
        read.append((count, measured(rounds, lambda _, s=last: s.refresh())))
        listed.append((count, measured(rounds, lambda _: connection.list_capture_sessions())))
    grown(record, "one more session, by sessions that there are", "sessions", made, 1.5)
    grown(record, "one session read, by sessions that there are", "sessions", read, 1.5)
    grown(record, "all sessions listed", "sessions", listed, None)


def segments(record: Record, folder: Path, rounds: int) -> None:
    line = Line()
    for count in SEGMENTS:
        library = folder / f"meetings-{count}"
        library.mkdir()
        fill(library, count, library / "models")
        connection = jupyter_capture.connect(data_dir=library)
        try:
            every = connection.get_collection()
            line.append((count, measured(3 * rounds, lambda at, c=every: search(c, at))))
        finally:
            connection.close()
            end_engine(library)
    grown(record, "search of all recordings, by segments", "segments", line, None)


def search(collection: Collection, at: float) -> None:
    number = round(at * 30)
    collection.search(f"{QUERIES[number % len(QUERIES)]} {number}")


def measured(rounds: int, work: Callable[[float], object]) -> float:
    """Seconds, the median; ``work`` is told a time that is a thirtieth of a second later each."""
    work(1 / 30)
    return median(rounds, lambda number: work((number + 2) / 30))


def grown(record: Record, what: str, unit: str, line: Line, most: float | None) -> None:
    """``most``: how many times the cost of the least the most may cost."""
    (least, first), (largest, last) = line[0], line[-1]
    record.curve(what, unit, "ms", {"jupyter-capture": [(x, 1000 * took) for x, took in line]})
    for x, took in line:
        record.row(f"{what}: {x:,}", took, "s")
        print(f"{what}: {x:,}: {1000 * took:.1f} ms", flush=True)
    times = f"{last / first:.2f} × for {largest / least:.0f} × as many"
    aim, held = (f"at most {most:g} ×", last / first <= most) if most else ("", None)
    record.words(f"{what}: growth", times, aim, held)


if __name__ == "__main__":
    main()
