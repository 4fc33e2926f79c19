"""The text model of an engine, which needs none until somebody searches."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from jupyter_capture.engine.embed import Embedder
from jupyter_capture.engine.home import Home
from jupyter_capture.engine.models import find_text_model


class LazyEmbedder:
    """The text model, found and loaded at the first search: an engine that records needs none."""

    def __init__(self, home: Home, threads: int) -> None:
        self._home = home
        self._threads = threads
        self._lock = threading.Lock()
        self._inner: Embedder | None = None

    def embed(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        with self._lock:
            if self._inner is None:
                model = find_text_model(self._home.cache / "models")
                self._inner = Embedder(model, self._threads)
        return self._inner.embed(texts)
