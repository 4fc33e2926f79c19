"""Foreign pictures as they are meant to be seen: upright, progressive, of square pixels, in
standard dynamic range, in one size."""

from __future__ import annotations

import contextlib
from fractions import Fraction
from typing import Any

import av

from jupyter_capture.media.encode import VIDEO_TIMESCALE, even_size
from jupyter_capture.media.foreign import Pictures

_LONGEST_SIDE = 4096
_HDR = {16: "smpte2084", 18: "arib-std-b67"}
_TURNS = {90: ["cclock"], 270: ["clock"], 180: ["clock", "clock"]}


def shown_size(pictures: Pictures) -> tuple[int, int]:
    """The even size of a track that shows these pictures."""
    width, height = Fraction(pictures.width) * pictures.shape, Fraction(pictures.height)
    if pictures.rotation % 180:
        width, height = height, width
    shrink = min(Fraction(1), Fraction(_LONGEST_SIDE) / max(width, height))
    return even_size(max(1, round(width * shrink)), max(1, round(height * shrink)))


class Upright:
    """Turns, scales and converts the pictures of one stream, where they need it."""

    def __init__(self, pictures: Pictures) -> None:
        self._shape = pictures.shape
        self._rotation = pictures.rotation % 360
        self._interlaced = pictures.interlaced
        self.width, self.height = shown_size(pictures)
        self._form: tuple[Any, ...] = ()
        self._graph: av.filter.Graph | None = None

    def apply(self, frame: av.VideoFrame) -> list[av.VideoFrame]:
        """The pictures that are ready to be stored; one of lines in turns waits for the next.

        Their ``pts`` is that of what went in. Odd sides are left to the encoder.
        """
        made: list[av.VideoFrame] = []
        form = (frame.width, frame.height, frame.format.name, frame.color_trc, frame.colorspace)
        if form != self._form:
            made = self.finish()
            self._form = form
            steps = self._steps(frame)
            self._graph = _graph(frame, steps) if steps else None
        if self._graph is None:
            return [*made, frame]
        self._graph.push(frame)
        return made + self._ready()

    def finish(self) -> list[av.VideoFrame]:
        """What still waits."""
        if self._graph is None:
            return []
        self._graph.push(None)
        return self._ready()

    def _ready(self) -> list[av.VideoFrame]:
        made: list[av.VideoFrame] = []
        with contextlib.suppress(av.error.BlockingIOError, av.error.EOFError):
            while self._graph is not None:
                frame = self._graph.pull()
                if isinstance(frame, av.VideoFrame):
                    made.append(frame)
        return made

    def _steps(self, frame: av.VideoFrame) -> list[tuple[str, str]]:
        steps = [("yadif", "mode=send_frame")] if self._interlaced else []
        steps += [("transpose", way) for way in _TURNS.get(self._rotation, [])]
        transfer = _HDR.get(frame.color_trc)
        if transfer is not None:
            steps.append(("scale", "out_color_matrix=bt709:out_range=tv:out_primaries=bt709:"
                          "out_transfer=bt709:intent=perceptual"))  # fmt: skip
            steps.append(("format", "yuv420p"))
        turned = self._rotation % 180
        width, height = (frame.height, frame.width) if turned else (frame.width, frame.height)
        odd = self.width - width in (0, 1) and self.height - height in (0, 1)
        if not odd:
            size = f"{self.width}:{self.height}"
            if self._shape == 1:
                # A picture of another size than the first one: whole, between bars.
                steps.append(("scale", f"{size}:force_original_aspect_ratio=decrease"))
                steps.append(("pad", f"{size}:-1:-1"))
            else:
                steps.append(("scale", size))
            steps.append(("setsar", "1"))
        return steps


def _graph(frame: av.VideoFrame, steps: list[tuple[str, str]]) -> av.filter.Graph:
    graph = av.filter.Graph()
    last: Any = graph.add_buffer(
        width=frame.width,
        height=frame.height,
        format=frame.format,
        time_base=Fraction(1, VIDEO_TIMESCALE),
    )
    for name, arguments in steps:
        node = graph.add(name, arguments)
        last.link_to(node)
        last = node
    sink = graph.add("buffersink")
    last.link_to(sink)
    graph.configure()
    return graph
