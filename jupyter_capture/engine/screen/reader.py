"""Reads the text in a picture, with RapidOCR."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from jupyter_capture.engine.screen.changes import Box, with_margin
from jupyter_capture.errors import EngineError, NotOfferedError

Rgb = npt.NDArray[np.uint8]

MODEL = "PP-OCRv6 small"
_LONGEST_SIDE = 2000
_SURE = 0.6
_SMALLEST = 64
_CARET = " |丨│"


@dataclass(frozen=True)
class Found:
    """A line of text and where it is. ``score`` is 0 to 1."""

    text: str
    box: Box
    score: float


def check_installed() -> None:
    """Raises NotOfferedError where the extra is missing."""
    if importlib.util.find_spec("rapidocr") is None:
        raise NotOfferedError(
            "Reading text on the screen needs RapidOCR, which is not installed for this engine. "
            'pip install "jupyter-capture[screen]", then try again. Spoken words are indexed '
            "without it."
        )


class Reader:
    """The models are loaded at the first use, from the package: nothing is downloaded."""

    def __init__(self, threads: int) -> None:
        self._threads = threads

    def read(self, picture: Rgb, area: Box) -> Iterator[Found]:
        """The lines in a part of the picture (RGB); boxes are pixels of the whole picture.

        Raises NotOfferedError without the extra, EngineError where it does not work."""
        whole = Box(0, 0, picture.shape[1], picture.shape[0])
        cut = with_margin(area, whole)
        part = picture[cut.y : cut.bottom, cut.x : cut.right, ::-1]
        result = self._ocr(np.ascontiguousarray(part))
        if result.boxes is None or result.txts is None:
            return
        for corners, text, score in zip(result.boxes, result.txts, result.scores, strict=True):
            text = " ".join(text.split()).strip(_CARET)
            if float(score) < _SURE or not text:
                continue
            x, y = np.floor(corners.min(axis=0)).astype(int).tolist()
            right, bottom = np.ceil(corners.max(axis=0)).astype(int).tolist()
            x, y = max(0, x), max(0, y)
            box = Box(cut.x + x, cut.y + y, max(1, right - x), max(1, bottom - y))
            # What lies in the margin alone was read before, whole.
            if box.meets(area):
                yield Found(text, box, float(score))

    def load(self) -> None:
        """Load the models now. Raises as `read` does."""
        self._ocr(np.zeros((_SMALLEST, _SMALLEST, 3), np.uint8))

    @cached_property
    def _ocr(self) -> Any:
        check_installed()
        try:
            from rapidocr import RapidOCR
        except ImportError as error:
            raise EngineError(
                f"RapidOCR is installed but cannot be used ({error}). Install it again: "
                'pip install --force-reinstall "jupyter-capture[screen]".'
            ) from error
        threads = "EngineConfig.onnxruntime.{}_op_num_threads"
        return RapidOCR(
            params={
                # Its log would hold what was read; letters on a screen stand upright.
                "Global.log_level": "critical",
                "Global.use_cls": False,
                # A strip is read as it is: neither blown up to a picture nor padded to one.
                "Global.width_height_ratio": -1,
                "Global.max_side_len": _LONGEST_SIDE,
                # One by one: a batch is as wide as its widest line, and the rest of it is filling.
                "Rec.rec_batch_num": 1,
                "Det.limit_type": "max",
                "Det.limit_side_len": _LONGEST_SIDE,
                threads.format("intra"): self._threads,
                threads.format("inter"): 1,
            }
        )
