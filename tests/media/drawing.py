"""Small timelines, and the pixels and sound that a player makes of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import av
import numpy as np

from jupyter_capture.media import cut
from jupyter_capture.media.picture import Picture
from jupyter_capture.media.plan import Plan
from jupyter_capture.media.render import Source, plan_timeline
from jupyter_capture.wire.editor import Timeline

WIDTH, HEIGHT = 320, 180
SECOND = 90000


def item(asset: dict[str, Any], start: float = 0, duration: float = 2, **more: Any) -> Any:
    return {"start": start, "clip": {"asset": asset, "duration": duration, **more}}


def timeline(*tracks: list[Any], background: str = "#000000") -> Timeline:
    return Timeline.model_validate(
        {
            "resolution": f"{WIDTH}x{HEIGHT}",
            "background": background,
            "tracks": [{"clips": clips} for clips in tracks],
        }
    )


def image(**more: Any) -> dict[str, Any]:
    return {"type": "image", "id": "img", **more}


def text(words: str = "Hi", **more: Any) -> dict[str, Any]:
    return {"type": "text", "text": words, **more}


def shown(
    wanted: Timeline,
    sources: dict[str, Source] | None = None,
    times: tuple[float, ...] = (0,),
    words: Callable[[str], Any] | None = None,
    fps: int = 20,
) -> list[np.ndarray]:
    """RGB of what a player shows at each of ``times`` (seconds)."""
    plan = plan_timeline(wanted, sources or {}, fps, words)
    frames = decoded(plan)
    found = []
    for time in times:
        so_far = [pixels for at, pixels in frames if at <= round(time * SECOND)]
        found.append(so_far[-1])
    return found


def decoded(plan: Plan) -> list[tuple[int, np.ndarray]]:
    """(ticks, RGB) of every frame."""
    out: list[tuple[int, np.ndarray]] = []
    decoder: Any = av.CodecContext.create("h264", "r")
    decoder.extradata = plan.video_inits[0].avcc
    for segment in plan.video:
        at = segment.start
        samples = cut.samples(plan, segment)
        assert samples[0].key
        for sample in samples:
            packet = av.Packet(sample.data)
            packet.pts = packet.dts = at
            out += [(f.pts, f.to_ndarray(format="rgb24")) for f in decoder.decode(packet)]
            at += sample.duration
        assert at == segment.end
    return out


def sound_of(plan: Plan) -> np.ndarray:
    """(channels, n), decoded from all segments."""
    decoder: Any = av.CodecContext.create("aac", "r")
    decoder.extradata = plan.audio_inits[0].asc
    blocks = [
        frame.to_ndarray()
        for segment in plan.audio
        for sample in cut.samples(plan, segment)
        for frame in decoder.decode(av.Packet(sample.data))
    ]
    return np.concatenate(blocks, axis=1)


def over(
    size: tuple[int, int], background: tuple[int, int, int], picture: Picture | None
) -> np.ndarray:
    """RGB of what was drawn, on a canvas of (width, height)."""
    canvas = np.full((size[1], size[0], 3), background, float)
    if picture is None:
        return canvas.astype(np.uint8)
    height, width, depth = picture.pixels.shape
    left, top = max(0, picture.x), max(0, picture.y)
    below = canvas[top : max(0, picture.y + height), left : max(0, picture.x + width)]
    part = picture.pixels[top - picture.y :, left - picture.x :][: below.shape[0], : below.shape[1]]
    share = part[:, :, 3:] / 255 if depth == 4 else 1
    below[:] = below * (1 - share) + part[:, :, :3] * share
    return np.rint(canvas).astype(np.uint8)


def difference(a: np.ndarray, b: np.ndarray) -> float:
    """The mean of how far two pictures are apart, 0 to 255. H.264 and 4:2:0 cost a few."""
    return float(np.abs(a.astype(float) - b.astype(float)).mean())


def similarity(a: np.ndarray, b: np.ndarray) -> float:
    """SSIM of the greys of two pictures, over blocks of 8 by 8."""
    x, y = (_blocks(np.asarray(each, float).mean(axis=2)) for each in (a, b))
    mx, my = x.mean(axis=-1), y.mean(axis=-1)
    vx, vy = x.var(axis=-1), y.var(axis=-1)
    both = ((x - mx[..., None]) * (y - my[..., None])).mean(axis=-1)
    low, high = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    found = (2 * mx * my + low) * (2 * both + high)
    return float((found / ((mx**2 + my**2 + low) * (vx + vy + high))).mean())


def _blocks(grey: np.ndarray) -> np.ndarray:
    height, width = (side // 8 * 8 for side in grey.shape)
    cells = grey[:height, :width].reshape(height // 8, 8, width // 8, 8)
    return cells.transpose(0, 2, 1, 3).reshape(height // 8, width // 8, 64)


def box_of(pixels: np.ndarray, background: tuple[int, int, int]) -> tuple[int, int, int, int]:
    """(left, top, right, bottom) of what differs clearly from the background."""
    far = np.abs(pixels.astype(int) - np.array(background)).max(axis=2) > 60
    rows, columns = np.flatnonzero(far.any(axis=1)), np.flatnonzero(far.any(axis=0))
    assert len(rows), "nothing is drawn"
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1
