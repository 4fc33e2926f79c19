from __future__ import annotations

import numpy as np
import pytest

from jupyter_capture.engine.embed import Embedder
from jupyter_capture.engine.models import find_text_model


@pytest.fixture(scope="module")
def embedder(tmp_path_factory):
    return Embedder(find_text_model(tmp_path_factory.mktemp("cache")), threads=1)


def test_vectors_have_unit_length_and_half_precision_keeps_them(embedder):
    vectors = embedder.embed(["one", "two words", "three words here"])
    assert vectors.shape == (3, 384)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    halves = vectors.astype(np.float16).astype(np.float32)
    assert np.abs((halves * vectors).sum(axis=1) - 1).max() < 1e-3


def test_a_paraphrase_is_nearer_than_another_topic(embedder):
    said, paraphrase, other = embedder.embed(
        ["the budget for next year", "money planned for the coming year", "a dog barks loudly"]
    )
    assert said @ paraphrase > 0.5
    assert said @ other < 0.2


def test_a_text_has_the_same_meaning_alone_and_in_a_batch_in_any_order(embedder):
    texts = [f"sentence {number} " + "and so on " * (number % 7) for number in range(70)]
    together = embedder.embed(texts)
    for place in (0, 6, 33, 69):
        alone = embedder.embed([texts[place]])[0]
        # Padding shifts the scale of int8 activations a little.
        assert alone @ together[place] > 0.98


@pytest.mark.parametrize("text", ["", "🎉", "x" * 20_000, "word " * 5000, "שלום", "\0"])
def test_any_text_gives_a_vector(embedder, text):
    vector = embedder.embed([text])[0]
    assert np.isfinite(vector).all()
    assert abs(np.linalg.norm(vector) - 1) < 1e-5


def test_no_text_gives_no_vector(embedder):
    assert embedder.embed([]).shape == (0, 384)
