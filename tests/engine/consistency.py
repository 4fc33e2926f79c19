"""Whether a library's rows and its files tell the same story."""

from __future__ import annotations

import json
import sqlite3
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any


def inconsistencies(data_dir: Path) -> list[str]:
    """What does not fit, in words; empty where all is well."""
    connection = sqlite3.connect(data_dir / "library.sqlite3", timeout=30)
    connection.row_factory = sqlite3.Row
    try:
        rows = {
            name: [dict(row) for row in connection.execute(f"select * from {name}")]
            for name in (
                "sessions", "rtstreams", "tracks", "assets", "asset_tracks", "indexes",
                "segments", "vectors", "streams", "jobs",
            )
        }  # fmt: skip
    finally:
        connection.close()
    checks = (tracks, assets, sessions, words)
    found = [said for check in checks for said in check(data_dir, rows)]
    return found + list(files(data_dir, rows))


Rows = dict[str, list[dict[str, Any]]]


def tracks(data_dir: Path, rows: Rows) -> Iterator[str]:
    used = {row["track_id"] for row in rows["asset_tracks"]}
    stems = {
        stem for row in rows["tracks"] if row["id"] in used for stem in json.loads(row["stems"])
    }
    for row in rows["tracks"]:
        manifest = json.loads(row["manifest"])
        for part in manifest["parts"]:
            path = data_dir / row["folder"] / part["file"]
            size = path.stat().st_size if path.exists() else None
            if size is not None:  # what was forgotten lies between two parts of a file
                size = (part.get("until") or size) - part.get("skip", 0)
            if size != part["bytes"]:
                yield f"{row['id']}: {path} has {size} bytes, its row says {part['bytes']}"
        if row["id"] not in used | stems:
            yield f"{row['id']}: no asset needs it"


def assets(_: Path, rows: Rows) -> Iterator[str]:
    known = {row["id"] for row in rows["tracks"]}
    living = {row["id"] for row in rows["assets"] if row["deleted_at"] is None}
    held = {row["asset_id"] for row in rows["asset_tracks"]}
    for row in rows["asset_tracks"]:
        if row["track_id"] not in known:
            yield f"{row['asset_id']} needs {row['track_id']}, which is not there"
    for asset_id in held - living:
        yield f"{asset_id} was deleted, and still holds tracks"
    for row in rows["assets"]:
        if row["id"] in living - held and not row["file"]:
            yield f"{row['id']} holds nothing"


def sessions(data_dir: Path, rows: Rows) -> Iterator[str]:
    known = {row["id"] for row in rows["assets"]}
    status = {row["id"]: row["status"] for row in rows["sessions"]}
    for row in rows["sessions"]:
        if (row["status"] == "exported") != (row["exported_video_id"] is not None):
            yield f"{row['id']} is {row['status']} with video {row['exported_video_id']}"
        if row["exported_video_id"] and row["exported_video_id"] not in known:
            yield f"{row['id']}: its video {row['exported_video_id']} is unknown"
    for row in rows["rtstreams"]:
        if row["session_id"] not in status:
            yield f"{row['id']}: its session is unknown"
        if row["exported_asset_id"] and row["exported_asset_id"] not in known:
            yield f"{row['id']}: its asset is unknown"
        if row["exported_asset_id"] and not row["store"]:
            yield f"{row['id']} was live only, and has an asset"
    tracks = {row["id"] for row in rows["tracks"]}
    for folder in (data_dir / "sessions").iterdir():
        if folder.name not in status:
            yield f"{folder} belongs to no session"
        elif status[folder.name] == "exported":
            strays = {path.name for path in folder.glob("trk-*")} - tracks
            yield from (f"{folder / stray} belongs to no track" for stray in strays)


def words(_: Path, rows: Rows) -> Iterator[str]:
    tracks = {row["id"] for row in rows["tracks"]}
    spans = {row["track_id"]: range(row["first_id"], row["end_id"]) for row in rows["indexes"]}
    for track_id in spans.keys() - tracks:
        yield f"{track_id} has words, and is not there"
    for row in rows["segments"]:
        if row["id"] not in spans.get(row["track_id"], ()):
            yield f"segment {row['id']} of {row['track_id']} is in no index"
    if {row["id"] for row in rows["segments"]} != {row["segment_id"] for row in rows["vectors"]}:
        yield "segments and vectors differ"


def files(data_dir: Path, rows: Rows) -> Iterator[str]:
    streams = {row["id"] for row in rows["streams"]}
    for path in (data_dir / "cache").glob("downloads/*"):
        if path.stem.rpartition("-")[0] not in streams:
            yield f"{path} belongs to no stream"
    shown = {row["id"] for row in rows["assets"] if row["deleted_at"] is None}
    working = {row["key"] for row in rows["jobs"] if row["status"] in ("queued", "running")}
    for path in (data_dir / "uploads").glob("*"):
        if path.name not in shown and f"ingest:{path.name.rpartition('-')[2]}" not in working:
            yield f"{path} belongs to no asset"
    for path in (data_dir / "cache").glob("previews/*"):
        if path.name not in shown:
            yield f"{path} belongs to no asset"
    for path in (data_dir / "cache").glob("segments/*/assets"):
        if not set(path.read_text().split("\n")) <= shown:
            yield f"{path.parent} shows what was deleted"
    for path in (data_dir / "tmp").iterdir():
        yield f"{path} was left"
    for path in data_dir.rglob("*"):
        wanted = 0o700 if path.is_dir() else 0o600
        mode = stat.S_IMODE(path.lstat().st_mode)
        if mode != wanted:
            yield f"{path} has mode {mode:o}"
