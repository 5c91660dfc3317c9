"""Known answers of the cosine similarities."""

from __future__ import annotations

import numpy as np
import pytest

from ivg.errors import InputError
from ivg.metrics.similarity import cosines, similarity_of_consecutive, similarity_to_text, similarity_to_truth


def embeddings(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).normal(size=shape).astype(np.float32)


def test_length_does_not_count_and_direction_does() -> None:
    one = embeddings(4, 5, 8)
    assert similarity_to_truth(one, 3 * one) == pytest.approx(1)
    assert similarity_to_truth(one, -one) == pytest.approx(-1)
    right = np.array([[1.0, 0], [0, 1]])
    assert similarity_to_truth(right, right[::-1]) == 0
    assert cosines(np.array([1.0, 0]), np.array([1.0, 1])) == pytest.approx(np.sqrt(0.5))


def test_consecutive_frames_are_compared_within_their_clip() -> None:
    still = np.repeat(embeddings(3, 1, 8), 5, axis=1)
    assert similarity_of_consecutive(still) == pytest.approx(1)
    turning = np.array([[[1.0, 0], [0, 1], [0, 1]]])
    assert similarity_of_consecutive(turning) == pytest.approx(0.5)


def test_each_frame_is_compared_with_its_own_text() -> None:
    texts = np.eye(3)
    frames = np.repeat(texts[:, None], 4, axis=1)
    assert similarity_to_text(frames, texts) == 1
    assert similarity_to_text(frames, texts[[1, 2, 0]]) == 0


def test_wrong_embeddings() -> None:
    with pytest.raises(InputError, match="one width"):
        cosines(embeddings(3, 4), embeddings(3, 5))
    with pytest.raises(InputError, match="no direction"):
        cosines(np.zeros((2, 4)), embeddings(2, 4))
    with pytest.raises(InputError, match="one shape"):
        similarity_to_truth(embeddings(2, 4), embeddings(1, 4))
    with pytest.raises(InputError, match="at least 2"):
        similarity_of_consecutive(embeddings(2, 1, 4))
    with pytest.raises(InputError, match="a text for each clip"):
        similarity_to_text(embeddings(2, 3, 4), embeddings(3, 4))
