"""Sprite sheets and waveforms as arrays."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from jupyter_capture.errors import EngineError
from jupyter_capture.wire.library import Points

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

SHEET_BYTES = 20_000_000


@dataclass(frozen=True)
class Point:
    """A moment as a search knows it. Seconds; ``vector`` has length 1."""

    start: float
    end: float
    text: str
    channel: str
    source: str
    vector: npt.NDArray[np.float32] = field(repr=False, compare=False)


def points_of(answer: Any) -> list[Point]:
    """``Points`` → moments."""
    import numpy as np

    found = Points.model_validate(answer)
    halves = np.frombuffer(base64.b64decode(found.vectors), "<f2")
    vectors = halves.reshape(len(found.points), found.dimensions).astype(np.float32)
    return [Point(**vars(p), vector=v) for p, v in zip(found.points, vectors, strict=True)]


def peaks_of(answer: Any) -> npt.NDArray[np.float32]:
    """``Waveform`` → (buckets, channels, 2), −1 to 1."""
    import numpy as np

    found = answer if isinstance(answer, dict) else {}
    if "peaks" not in found:
        raise EngineError("The server answered without a waveform.")
    raw = np.frombuffer(base64.b64decode(found["peaks"]), np.int8)
    peaks = raw.reshape(-1, int(found["channels"]), 2)
    return peaks.astype(np.float32) / np.float32(127)


def pictures_of(answer: dict[str, Any], sheet: bytes) -> npt.NDArray[np.uint8]:
    """``Sprite`` and its JPEG → (count, height, width, 3), RGB."""
    import numpy as np
    from PIL import Image

    width, height, count = int(answer["width"]), int(answer["height"]), int(answer["count"])
    pixels = np.asarray(Image.open(io.BytesIO(sheet)).convert("RGB"))
    rows, columns = int(answer["rows"]), int(answer["columns"])
    cells = pixels.reshape(rows, height, columns, width, 3).swapaxes(1, 2)
    return np.ascontiguousarray(cells.reshape(-1, height, width, 3)[:count])
