"""The index of a part's fragments, kept beside the part."""

from __future__ import annotations

import contextlib
import os
import struct
import zlib
from pathlib import Path

import numpy as np
import numpy.typing as npt

from jupyter_capture.wire.recorder import Part, TrackManifest

FRAGMENT = np.dtype(
    [("time", "<i8"), ("duration", "<i8"), ("offset", "<i8"), ("size", "<i8"), ("part", "<i4"),
     ("key", "?")]
)  # fmt: skip
Fragments = npt.NDArray[np.void]

_IDX = struct.Struct("<8sqqqI")
_IDX_MAGIC = b"jc-idx2\n"
AT_REST_SECONDS = 10.0
"""A file that has not changed for this long is not written to any more, most likely."""


def read_idx(path: Path, status: os.stat_result) -> Fragments | None:
    """The stored index, if it is that of the file as it is now."""
    try:
        data = path.read_bytes()
        magic, size, mtime, count, check = _IDX.unpack_from(data)
    except (OSError, struct.error):
        return None
    fits = len(data) == _IDX.size + count * FRAGMENT.itemsize
    if magic != _IDX_MAGIC or (size, mtime) != (status.st_size, status.st_mtime_ns) or not fits:
        return None
    if check != zlib.crc32(memoryview(data)[_IDX.size :]):
        return None
    return np.frombuffer(data, FRAGMENT, offset=_IDX.size).copy()


def write_idx(path: Path, status: os.stat_result, rows: Fragments) -> None:
    content = rows.tobytes()
    check = zlib.crc32(content)
    head = _IDX.pack(_IDX_MAGIC, status.st_size, status.st_mtime_ns, len(rows), check)
    scratch = path.with_suffix(f".idx-{os.getpid()}")
    # Only a cache: on a full or read-only disk the next reader scans again.
    with contextlib.suppress(OSError):
        try:
            scratch.write_bytes(head + content)
            scratch.replace(path)
        finally:
            scratch.unlink(missing_ok=True)


def goes_on(before: TrackManifest, after: TrackManifest) -> bool:
    """Whether nothing was taken out of the parts that there were."""
    stretches = [[(part.file, part.skip, part.until) for part in one.parts]
                 for one in (before, after)]  # fmt: skip
    return stretches[1][: len(stretches[0])] == stretches[0]


def within(rows: Fragments, part: Part) -> Fragments:
    """Those of a file's fragments that belong to the part."""
    if part.whole:
        return rows
    stop = np.iinfo(np.int64).max if part.until is None else part.until
    return rows[(rows["offset"] >= part.skip) & (rows["offset"] < stop)]
