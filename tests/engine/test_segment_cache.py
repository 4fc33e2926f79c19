"""Rendered segments on disk: within a limit, and erased with what they show."""

from __future__ import annotations

import os
from pathlib import Path

from jupyter_capture.engine.segment_cache import SegmentCache


def test_what_was_used_longest_ago_goes_first(tmp_path: Path) -> None:
    cache = SegmentCache(tmp_path, 1000)
    shown_assets = frozenset(["m-1"])
    for at in range(9):
        cache.put("key", f"v{at}.m4s", bytes(100), shown_assets, cache.turn())
        os.utime(tmp_path / "key" / f"v{at}.m4s", (at, at))
    assert cache.get("key", "v0.m4s") == bytes(100)
    cache.put("other", "v0.m4s", bytes(200), shown_assets, cache.turn())
    kept = {path.name for path in (tmp_path / "key").iterdir()}
    assert "v0.m4s" in kept
    assert "v1.m4s" not in kept
    assert "v8.m4s" in kept
    assert sum(path.stat().st_size for path in tmp_path.glob("*/*.m4s")) <= 1000


def test_forgetting_erases_what_shows_an_asset_and_nothing_else(tmp_path: Path) -> None:
    cache = SegmentCache(tmp_path, 1000)
    both, one = frozenset(["m-1", "m-2"]), frozenset(["m-2"])
    before = cache.turn()
    cache.put("both", "v0.m4s", b"both", both, before)
    cache.put("one", "v0.m4s", b"one", one, before)
    cache.forget(["m-1"])
    assert cache.get("both", "v0.m4s") is None
    assert cache.get("one", "v0.m4s") == b"one"
    assert not (tmp_path / "both").exists()
    cache.put("both", "v1.m4s", b"late", both, before)
    assert cache.get("both", "v1.m4s") is None
    cache.put("both", "v1.m4s", b"anew", both, cache.turn())
    assert cache.get("both", "v1.m4s") == b"anew"


def test_what_nobody_knows_any_more_is_erased_at_the_start(tmp_path: Path) -> None:
    cache = SegmentCache(tmp_path, 1000)
    cache.put("known", "v0.m4s", b"1", frozenset(["m-1"]), 0)
    cache.put("gone", "v0.m4s", b"1", frozenset(["m-1", "m-2"]), 0)
    (tmp_path / "unsaid").mkdir()
    SegmentCache(tmp_path, 1000).retain(["m-1"])
    assert [path.name for path in tmp_path.iterdir()] == ["known"]
