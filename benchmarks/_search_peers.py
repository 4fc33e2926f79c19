"""What `search.py` is measured beside: NumPy, SQLite FTS5, LanceDB."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from jupyter_capture.engine.embed import DIMENSIONS
from jupyter_capture.engine.search.keywords import parse
from jupyter_capture.engine.store import Store

TOP = 20
_BLOCK = 65_536
Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Times:
    """Milliseconds."""

    p50: float
    p99: float

    def __str__(self) -> str:
        return f"{self.p50:9.1f} {self.p99:9.1f}"


def timed(work: Callable[[str], object], queries: Sequence[str]) -> Times:
    work(queries[0])
    took = []
    for query in queries:
        began = time.perf_counter()
        work(query)
        took.append(1e3 * (time.perf_counter() - began))
    return Times(*np.percentile(took, [50, 99]).tolist())


def best_of(scores: Floats) -> npt.NDArray[np.int64]:
    near = np.argpartition(-scores, TOP)[:TOP]
    return near[np.argsort(-scores[near])]


def export(store: Store, count: int, path: Path) -> npt.NDArray[np.float16]:
    """The vectors as one file of half floats."""
    halves = np.lib.format.open_memmap(path, "w+", "<f2", (count, DIMENSIONS))
    with store.read() as connection:
        for start in range(0, count, _BLOCK):
            rows = connection.exec_driver_sql(
                "select f16 from vectors where segment_id > ? and segment_id <= ?"
                " order by segment_id",
                (start, min(start + _BLOCK, count)),
            ).fetchall()
            block = np.frombuffer(b"".join([row[0] for row in rows]), "<f2")
            halves[start : start + len(rows)] = block.reshape(-1, DIMENSIONS)
    halves.flush()
    return halves


def exact(halves: npt.NDArray[np.float16], vector: Floats) -> Floats:
    """The likeness of all rows, a block at a time."""
    scores = np.empty(len(halves), np.float32)
    for start in range(0, len(halves), _BLOCK):
        block = halves[start : start + _BLOCK]
        scores[start : start + len(block)] = block.astype(np.float32) @ vector
    return scores


def fts5(store: Store) -> Callable[[str], object]:
    def look(query: str) -> object:
        said = parse(query)
        words = [word.replace('"', " ") for phrase in said.terms for word in phrase.split()]
        match = " OR ".join(f'"{word}"' for word in words)
        with store.read() as connection:
            return connection.exec_driver_sql(
                "select rowid from segments_fts where segments_fts match ? order by rank limit 20",
                (match,),
            ).fetchall()

    return look


def lancedb_rows(
    halves: npt.NDArray[np.float16], folder: Path, vector_of: Callable[[str], Floats],
    queries: Sequence[str],
) -> list[tuple[str, Times]]:  # fmt: skip
    try:
        import lancedb
        import pyarrow as pa
    except ImportError:
        print("LanceDB is not installed: pip install 'jupyter-capture[bench]'")
        return []
    began = time.perf_counter()
    schema = pa.schema([("id", pa.int64()), ("vector", pa.list_(pa.float32(), DIMENSIONS))])

    def batches() -> Iterator[Any]:
        for start in range(0, len(halves), _BLOCK):
            block = halves[start : start + _BLOCK].astype(np.float32)
            flat = pa.FixedSizeListArray.from_arrays(pa.array(block.reshape(-1)), DIMENSIONS)
            ids = pa.array(np.arange(start, start + len(block)))
            yield pa.record_batch([ids, flat], schema=schema)

    table = lancedb.connect(str(folder / "lance")).create_table(
        "rows", pa.RecordBatchReader.from_batches(schema, batches())
    )
    print(f"LanceDB: written in {time.perf_counter() - began:.0f} s")

    def look(query: str) -> object:
        return table.search(vector_of(query)).limit(TOP).to_arrow()

    return [("LanceDB, vectors alone, flat", timed(look, queries[:20]))]
