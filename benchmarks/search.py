"""Search in a library of a million sentences, beside what else could search it.

The library is made first (see `_meetings.py`), in a process of its own. Then, in one process: our
search by words and meaning over all of it, and inside one recording, at the engine's own seam and
as it is answered; how much memory it takes; how many of the twenty nearest vectors it misses; and
what it costs while recordings are being added. Beside it, with the same vectors and queries:

- NumPy, exact, from half floats on disk, as they are stored: what fits the memory ours may take
- NumPy, exact, from floats in memory (1.5 GB for a million)
- SQLite FTS5 alone: any of the words, ranked
- LanceDB, vectors alone, flat and in its own format (where it is installed: extra [bench])

    python benchmarks/search.py [--segments 1000000] [--queries 100] [--keep FOLDER] [--no-peers]

A library that is kept is used again. ``--segments 3500000`` takes 6 GB of disk, and memory for the
peers.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from _meetings import A_RECORDING, fill, names, sentences
from _record import Record as Found
from _search_peers import TOP, Floats, Times, best_of, exact, export, fts5, lancedb_rows, timed
from sqlalchemy import delete

from jupyter_capture.engine.embed import DIMENSIONS, Embedder
from jupyter_capture.engine.home import Home
from jupyter_capture.engine.index import delete_index, write_index
from jupyter_capture.engine.library import Library
from jupyter_capture.engine.models import find_text_model
from jupyter_capture.engine.schema import tracks
from jupyter_capture.engine.search import search
from jupyter_capture.engine.search.finder import Finder, OwnSegment
from jupyter_capture.engine.store import Store
from jupyter_capture.wire.library import SearchMode, SearchRequest

PER_KIND = 7
KINDS = (
    "a sentence",
    "its end",
    "a name and what it said",
    "a name with a slip alone",
    "a number alone",
    "a phrase and a name",
    "two words",
)
ABOUT = (
    "Sentences as they are said in meetings, queries of many sorts, the best twenty. Ours answers "
    "by words and meaning together; SQLite FTS5 by words alone; NumPy and LanceDB by meaning "
    "alone, with the same vectors."
)


WHY = (
    "Most of a search over all is the comparing by bits: 96 bytes of each sentence are read and "
    "counted anew for each query, so that nothing has to be built and what was just said is found. "
    "NumPy with all vectors as floats in memory needs 1.5 GB for a million. "
    "Next is embedding the query, which a search inside one recording pays too: without it "
    '("vectors known") such a search keeps to its aim beside one over all.'
)


def asked(count: int) -> list[str]:
    """Sentences, some words of one, names, misspelt names, numbers, phrases."""
    chance = np.random.default_rng(11)
    said = sentences(count, seed=12345)
    people = names(2000, seed=7)
    found = []
    for at, one in enumerate(said):
        name, number = people[int(chance.integers(2000))], int(chance.integers(2, 100_000))
        words = one.rstrip(".").split()
        found.append(
            [
                f"when did somebody say that {one.lower()}",
                " ".join(words[-4:]),
                f"what did {name} say about {words[-1]}",
                f"{name[0]}{name[2]}{name[1]}{name[3:]}",
                f"${number:,}",
                f'"{" ".join(words[:3])}" {name}',
                " ".join(sorted(words, key=len)[-2:]),
            ][at % 7]
        )
    return found


# -- memory of this process, in MB


def memory(which: str = "VmRSS") -> float:
    status = Path("/proc/self/status").read_text()
    return int(status.partition(f"{which}:")[2].split()[0]) / 1e3


def cpu(work: Callable[[str], object], queries: Sequence[str]) -> float:
    """Milliseconds of processor time, of all threads together: the median."""
    took = []
    for query in queries:
        began = time.process_time()
        work(query)
        took.append(1e3 * (time.process_time() - began))
    return float(np.median(took))


def forget_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5")


# -- ours


class Known:
    """Knows the vectors of queries: what is left is the search alone."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._known: dict[str, Floats] = {}

    def embed(self, texts: Sequence[str]) -> Floats:
        (text,) = texts
        if text not in self._known:
            self._known[text] = self._embedder.embed(texts)
        return self._known[text]


class Ours:
    def __init__(self, folder: Path, embedder: Embedder) -> None:
        self.embedder: Embedder | Known
        home = Home.at(folder)
        self.store, self.embedder = Store(home.database), embedder
        self.library = Library(self.store, home)
        self.finder = Finder(self.store, self.library, embedder)
        self.memory = self.finder._memory

    def over_all(self, query: str, mode: SearchMode = "hybrid") -> list[int]:
        with self.store.read() as connection:
            hits = search(connection, self.embedder, query, None, mode, TOP, memory=self.memory)
        return [hit.segment_id for hit in hits]

    def inside(self, query: str) -> object:
        first = 1 + 37 * A_RECORDING
        with self.store.read() as connection:
            ranges = [(first, first + A_RECORDING)]
            return search(
                connection, self.embedder, query, ranges, "hybrid", TOP, memory=self.memory
            )

    def answered(self, query: str) -> object:
        return self.finder.in_collection("default", SearchRequest(query=query, top_k=TOP))

    def answered_inside(self, query: str) -> object:
        asset = self.library.asset("m-37")
        return self.finder.in_asset(asset, SearchRequest(query=query, top_k=TOP))

    def add(self, number: int, vectors: Floats) -> None:
        """Another recording, in which a word of its own is said."""
        track = f"trk-new-{number}"
        said = [
            OwnSegment(float(at), at + 1.0, f"zanzibar{number} was mentioned") for at in range(400)
        ]
        with self.store.write() as connection:
            connection.execute(
                tracks.insert().values(
                    id=track, channel_id="mic:default", kind="audio", folder="x", manifest={},
                    stems=[],
                )
            )  # fmt: skip
            write_index(
                connection, track, "spoken_word", "mic:default", said, vectors, "tiny.en", "en"
            )

    def take_away(self, number: int) -> None:
        track = f"trk-new-{number}"
        with self.store.write() as connection:
            delete_index(connection, track)
            connection.execute(delete(tracks).where(tracks.c.id == track))


def while_adding(ours: Ours, queries: Sequence[str], rounds: int = 10) -> tuple[Times, bool]:
    """How long searches take meanwhile; whether each recording was found as soon as it was in."""
    chance = np.random.default_rng(5)
    vectors = chance.normal(size=(400, DIMENSIONS)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    ended, took = threading.Event(), list[float]()

    def go_on() -> None:
        at = 0
        while not ended.is_set():
            began = time.perf_counter()
            ours.over_all(queries[at % len(queries)])
            took.append(1e3 * (time.perf_counter() - began))
            at += 1

    searching = threading.Thread(target=go_on)
    searching.start()
    found = True
    for number in range(rounds):
        ours.add(number, vectors)
        found &= bool(ours.over_all(f"zanzibar{number}", "keyword"))
    while len(took) < 3 * rounds:
        time.sleep(0.05)
    ended.set()
    searching.join()
    for number in range(rounds):
        ours.take_away(number)
    return Times(*np.percentile(took, [50, 99]).tolist()), found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--segments", type=int, default=1_000_000)
    parser.add_argument("--queries", type=int, default=100)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--no-peers", action="store_true")
    parser.add_argument("--fill", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.fill:
        took = fill(options.keep, options.segments, options.keep / "models")
        print(json.dumps({"seconds": took}))
        return
    with tempfile.TemporaryDirectory(prefix="jc-bench-") as scratch:
        folder = options.keep or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / "library.sqlite3").exists():
            command = [sys.executable, __file__, "--fill", "--keep", str(folder)]
            command += ["--segments", str(options.segments)]
            took = json.loads(subprocess.check_output(command).splitlines()[-1])["seconds"]
            print(f"{options.segments:,} sentences written in {took:.0f} s")
        compare(folder, Path(scratch), options)


def compare(folder: Path, scratch: Path, options: argparse.Namespace) -> None:
    queries = asked(options.queries)
    embedder = Embedder(find_text_model(folder / "models"), threads=2)
    embedder.embed(queries)
    ours = Ours(folder, embedder)
    before = memory()
    forget_peak()
    began = time.perf_counter()
    ours.over_all(queries[0])
    cold = time.perf_counter() - began
    peak_cold = memory("VmHWM") - before
    forget_peak()
    rows = [
        ("hybrid over all", timed(ours.over_all, queries)),
        ("hybrid over all, as it is answered", timed(ours.answered, queries)),
        ("hybrid inside one recording", timed(ours.inside, queries)),
        ("hybrid inside one, as it is answered", timed(ours.answered_inside, queries)),
        ("by words over all", timed(lambda one: ours.over_all(one, "keyword"), queries)),
        ("by meaning over all", timed(lambda one: ours.over_all(one, "semantic"), queries)),
    ]
    ours.embedder = Known(embedder)
    for work in (ours.over_all, ours.inside):
        for query in queries:
            work(query)
    bare = timed(ours.over_all, queries), timed(ours.inside, queries)
    ours.embedder = embedder
    rows.append(("hybrid over all, vectors known", bare[0]))
    rows.append(("hybrid inside one, vectors known", bare[1]))
    worked = cpu(ours.over_all, queries)
    held, peak = memory() - before, memory("VmHWM") - before
    # As a search embeds it: alone.
    vectors = {query: embedder.embed([query.replace('"', " ")])[0] for query in queries}
    halves = export(ours.store, options.segments, scratch / "vectors.npy")
    recall = recalls(ours, halves, vectors)
    few = queries[: max(10, len(queries) // 5)]
    half = timed(lambda one: best_of(exact(halves, embedder.embed([one])[0])), few)
    rows.append(("NumPy exact, half floats as stored", half))
    if not options.no_peers:
        whole = halves.astype(np.float32)
        full = timed(lambda one: best_of(whole @ embedder.embed([one])[0]), queries)
        del whole
        rows.append(("NumPy exact, floats in memory", full))
        rows.append(("SQLite FTS5 alone, any word, ranked", timed(fts5(ours.store), queries)))
        rows += lancedb_rows(halves, scratch, lambda one: embedder.embed([one])[0], queries)
    adding, found = while_adding(ours, queries)
    rows.insert(6, ("hybrid over all, while 400 are added", adding))
    print(f"\n{options.segments:,} segments, {len(queries)} queries, top {TOP}")
    print(f"{'':40} {'p50 ms':>9} {'p99 ms':>9}")
    for name, times in rows:
        print(f"{name:40} {times}")
    said = dict(rows)
    every, one = said["hybrid over all"], said["hybrid inside one recording"]
    print(f"\nexact scan of what is stored / hybrid over all: {half.p50 / every.p50:.1f} times")
    if "NumPy exact, floats in memory" in said:
        ratio = said["NumPy exact, floats in memory"].p50 / every.p50
        print(f"exact scan in memory / hybrid over all: {ratio:.1f} times")
    print(f"inside one recording / over all: {one.p50 / every.p50:.3f}, without the time that it")
    print(f"takes to embed the query: {bare[1].p50 / bare[0].p50:.3f}")
    print(f"processor time of hybrid over all: {worked:.1f} ms")
    print(f"recall@{TOP} of the vector part, by what is asked for:")
    for kind, share in recall.items():
        print(f"    {kind:30} {share:.4f}")
    print(f"memory beyond the process: {held:.0f} MB, at most {peak:.0f} MB")
    print(f"first search of an engine: {cold:.1f} s, at most {peak_cold:.0f} MB")
    print(f"what was added was found by the next search: {'yes' if found else 'NO'}")
    told = Found(f"search-{options.segments:09d}", f"Search in {options.segments:,} sentences",
                 ABOUT, peers=["lancedb"])  # fmt: skip
    for name, times in rows:
        if name.startswith(("NumPy", "SQLite", "LanceDB")):
            told.row("hybrid over all, median", every.p50 / 1e3, "s", peer=name,
                     theirs=times.p50 / 1e3,
                     at_most=0.1 if "as stored" in name else None)  # fmt: skip
        else:
            aims = (0.05, 0.15) if name == "hybrid over all" else (None, None)
            told.row(f"{name}, median", times.p50 / 1e3, "s", at_most=aims[0])
            told.row(f"{name}, 99 of 100 within", times.p99 / 1e3, "s", at_most=aims[1])
    told.row("hybrid over all, processor time, median", worked / 1e3, "s")
    for kind, share in recall.items():
        what = f"recall@{TOP} of the vector part, {kind}"
        told.row(what, share, "", at_least=0.99, more_is_better=True)
    told.row("hybrid inside one recording, median", one.p50 / 1e3, "s", peer="over all",
             theirs=every.p50 / 1e3, at_most=0.1)  # fmt: skip
    told.row("hybrid inside one recording, without embedding the query, median",
             bare[1].p50 / 1e3, "s", peer="over all, without that",
             theirs=bare[0].p50 / 1e3, at_most=0.1)  # fmt: skip
    told.row("memory beyond the process", peak, "MB", at_most=150)
    told.row("first search of an engine", cold, "s")
    told.words("what was added is found by the next search", "yes" if found else "no", held=found)
    told.note(WHY)
    told.save()


def recalls(
    ours: Ours, halves: npt.NDArray[np.float16], vectors: dict[str, Floats]
) -> dict[str, float]:
    """By kind of query, and of all. Rows as near as the exact twentieth count: equal ones come in
    any order."""
    found: dict[str, list[float]] = {}
    for at, (query, vector) in enumerate(list(vectors.items())[: 7 * PER_KIND]):
        scores = exact(halves, vector)
        least = np.sort(scores)[-TOP] - 1e-4
        with ours.store.read() as connection:
            hits = search(
                connection, ours.embedder, query, None, "semantic", TOP, 0.0, memory=ours.memory
            )
        share = sum(scores[hit.segment_id - 1] >= least for hit in hits) / TOP
        for kind in ("all", KINDS[at % 7]):
            found.setdefault(kind, []).append(share)
    return {kind: float(np.mean(shares)) for kind, shares in found.items()}


if __name__ == "__main__":
    main()
