"""How often the right sentence is found first: by words and meaning, and by either alone.

The queries lie in tests/engine/mixed_queries.json: paraphrases, exact terms, names, numbers, names
with a slip. Weights are tuned on ``queries``; ``held_out`` is kept apart, and only reported.

    python benchmarks/search_quality.py [--tune]
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection, create_engine
from sqlalchemy.pool import StaticPool

from jupyter_capture.engine import search as ours
from jupyter_capture.engine.embed import Embedder
from jupyter_capture.engine.index import create_fts, write_index
from jupyter_capture.engine.models import find_text_model
from jupyter_capture.engine.schema import metadata
from jupyter_capture.engine.search.finder import OwnSegment

QUERIES = Path(__file__).parents[1] / "tests" / "engine" / "mixed_queries.json"
MODES = ("hybrid", "semantic", "keyword")
Quality = dict[str, tuple[float, float]]
"""By kind of query: recall@1, mean reciprocal rank."""


@contextmanager
def library(embedder: Embedder, sentences: Sequence[str]) -> Iterator[Connection]:
    """Segment n + 1 is sentence n."""
    engine = create_engine("sqlite://", poolclass=StaticPool)
    with engine.connect() as connection:
        metadata.create_all(connection)
        create_fts(connection)
        said = [OwnSegment(5.0 * at, 5.0 * at + 4, text) for at, text in enumerate(sentences)]
        vectors = embedder.embed(sentences)
        write_index(connection, "t", "spoken_word", "mic:default", said, vectors, "tiny.en", "en")
        yield connection
    engine.dispose()


def quality(
    connection: Connection, embedder: Embedder, queries: Sequence[tuple[str, str, int]], mode: str
) -> Quality:
    memory = ours.Memory()
    ranks: dict[str, list[float]] = {}
    for kind, query, wanted in queries:
        hits = ours.search(connection, embedder, query, None, mode, memory=memory)
        found = [hit.segment_id - 1 for hit in hits]
        rank = 1 / (1 + found.index(wanted)) if wanted in found else 0.0
        for each in (kind, "all"):
            ranks.setdefault(each, []).append(rank)
    return {
        kind: (sum(rank == 1 for rank in each) / len(each), sum(each) / len(each))
        for kind, each in ranks.items()
    }


class Kept:
    """Each text is embedded once."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._known: dict[tuple[str, ...], npt.NDArray[np.float32]] = {}

    def embed(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        key = tuple(texts)
        if key not in self._known:
            self._known[key] = self._embedder.embed(texts)
        return self._known[key]


def tune(connection: Connection, embedder: Kept, queries: Sequence[tuple[str, str, int]]) -> None:
    print(f"{'words add':>10} {'power':>6} {'recall@1':>9} {'MRR':>7} {'worst kind':>11}")
    for add in (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 1.0):
        for power in (1.0, 1.5, 2.0, 3.0):
            ours._WORDS_ADD, ours._POWER = add, power
            found = quality(connection, embedder, queries, "hybrid")
            worst = min(mrr for _, mrr in found.values())
            recall, mrr = found["all"]
            print(f"{add:10.1f} {power:6.1f} {recall:9.3f} {mrr:7.3f} {worst:11.3f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tune", action="store_true")
    options = parser.parse_args()
    mixed = json.loads(QUERIES.read_text())
    with tempfile.TemporaryDirectory(prefix="jc-bench-") as cache:
        embedder = Kept(Embedder(find_text_model(Path(cache)), threads=2))
        with library(embedder, mixed["sentences"]) as connection:
            if options.tune:
                tune(connection, embedder, mixed["queries"])
                return
            for part in ("queries", "held_out"):
                name = {"queries": "tuned on", "held_out": "kept apart"}[part]
                table = {mode: quality(connection, embedder, mixed[part], mode) for mode in MODES}
                print(f"\n{name}, {len(mixed[part])} queries (recall@1 / MRR)")
                print(f"{'':12}" + "".join(f"{mode:>16}" for mode in MODES))
                for kind in table["hybrid"]:
                    cells = [f"{table[m][kind][0]:7.3f} /{table[m][kind][1]:6.3f}" for m in MODES]
                    print(f"{kind:12}" + "".join(f"{cell:>16}" for cell in cells))


if __name__ == "__main__":
    main()
