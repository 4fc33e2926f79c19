"""Turns sentences into vectors of unit length, so that a dot product is their likeness."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from jupyter_capture.engine.models import TextModel

DIMENSIONS = 384
MAX_TOKENS = 256  # the length that the model was trained for; the rest of a text is not read
_BATCH = 32


class Embedder:
    """MiniLM on onnxruntime. The model is loaded at the first use; safe to share by threads."""

    def __init__(self, model: TextModel, threads: int) -> None:
        self._model = model
        self._threads = threads

    @property
    def model(self) -> str:
        """The model's name, as an index remembers it."""
        return self._model.name

    def embed(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """One vector for each text: float32, shape (n, 384), each of length 1."""
        vectors = np.zeros((len(texts), DIMENSIONS), dtype=np.float32)
        # Texts of like length share a batch, so that little of it is padding.
        order = sorted(range(len(texts)), key=lambda place: len(texts[place]))
        for start in range(0, len(order), _BATCH):
            places = order[start : start + _BATCH]
            vectors[places] = self._embed_batch([texts[place] for place in places])
        return vectors

    def _embed_batch(self, texts: list[str]) -> npt.NDArray[np.float32]:
        encoded = self._tokenizer.encode_batch(texts)
        ids = np.array([item.ids for item in encoded], dtype=np.int64)
        mask = np.array([item.attention_mask for item in encoded], dtype=np.int64)
        (hidden,) = self._session.run(
            ["last_hidden_state"],
            {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)},
        )
        weights = mask[:, :, None].astype(np.float32)
        mean = (hidden * weights).sum(axis=1) / weights.sum(axis=1)
        unit: npt.NDArray[np.float32] = mean / np.linalg.norm(mean, axis=1, keepdims=True)
        return unit

    @cached_property
    def _tokenizer(self) -> Any:
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_file(str(self._model.tokenizer))
        # The file asks for 128 tokens, padded to 128 always.
        tokenizer.enable_truncation(MAX_TOKENS)
        tokenizer.enable_padding()
        return tokenizer

    @cached_property
    def _session(self) -> Any:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self._threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        # Else its threads keep the cores busy for a while after each query, as the search goes on.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        return onnxruntime.InferenceSession(
            str(self._model.onnx), options, providers=["CPUExecutionProvider"]
        )
