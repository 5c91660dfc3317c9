"""The Fréchet distance (known answers, and the usual matrix root) and cosine similarities."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.linalg
from hypothesis import given, settings
from hypothesis import strategies as st

from ivg.errors import InputError
from ivg.metrics.distances import (
    cosines,
    frechet_distance,
    frechet_warning,
    similarity_of_consecutive,
    similarity_to_text,
    similarity_to_truth,
)


def features(samples: int, width: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(samples, width)) @ rng.normal(size=(width, width)) + rng.normal(size=width)


def second_implementation(first: np.ndarray, second: np.ndarray) -> float:
    """The usual one: means, covariances, scipy's matrix root."""
    one, other = np.cov(first, rowvar=False), np.cov(second, rowvar=False)
    root = scipy.linalg.sqrtm(one @ other)
    shift = first.mean(0) - second.mean(0)
    return float(shift @ shift + np.trace(one + other - 2 * np.real(root)))


@pytest.mark.parametrize(("samples", "width"), [(200, 16), (12, 40)])
def test_identical_sets_have_none(samples: int, width: int) -> None:
    one = features(samples, width)
    assert frechet_distance(one, one) == pytest.approx(0, abs=1e-9 * np.square(one).sum())
    assert frechet_distance(one, one[::-1]) == pytest.approx(0, abs=1e-9 * np.square(one).sum())


@pytest.mark.parametrize(("samples", "width"), [(200, 16), (12, 40)])
def test_a_shift_costs_its_square(samples: int, width: int) -> None:
    one = features(samples, width)
    shift = np.linspace(-1, 2, width)
    assert frechet_distance(one, one + shift) == pytest.approx(float(shift @ shift), rel=1e-6)


def test_a_scale_costs_the_square_of_the_difference_of_the_spreads() -> None:
    one = features(300, 8)
    one -= one.mean(0)
    expected = (3 - 1) ** 2 * np.trace(np.cov(one, rowvar=False))
    assert frechet_distance(one, 3 * one) == pytest.approx(expected)


@pytest.mark.parametrize(("samples", "other", "width"), [(60, 90, 12), (500, 400, 64), (90, 30, 20)])
def test_agrees_with_the_matrix_root(samples: int, other: int, width: int) -> None:
    one, two = features(samples, width, 1), features(other, width, 2)
    assert frechet_distance(one, two) == pytest.approx(second_implementation(one, two), rel=1e-8)


def test_agrees_with_the_eigenvalues_where_the_covariances_are_singular() -> None:
    """The root's trace is the sum of the roots of the eigenvalues of the product, whose rank the samples limit."""
    one, two = features(10, 30, 1), features(14, 30, 2)
    product = np.cov(one, rowvar=False) @ np.cov(two, rowvar=False)
    largest = np.sort(np.abs(np.linalg.eigvals(product)))[-9:]
    spreads = np.trace(np.cov(one, rowvar=False)) + np.trace(np.cov(two, rowvar=False))
    shift = one.mean(0) - two.mean(0)
    expected = shift @ shift + spreads - 2 * np.sqrt(largest).sum()
    assert frechet_distance(one, two) == pytest.approx(expected, rel=1e-6)


@settings(max_examples=25, deadline=None)
@given(st.integers(2, 30), st.integers(2, 30), st.integers(1, 20), st.integers(0, 10**6))
def test_is_a_distance_and_does_not_turn_with_the_axes(n: int, m: int, width: int, seed: int) -> None:
    one, two = features(n, width, seed), features(m, width, seed + 1)
    found = frechet_distance(one, two)
    turn, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(width, width)))
    assert found >= 0
    assert frechet_distance(two, one) == pytest.approx(found, rel=1e-6, abs=1e-6)
    assert frechet_distance(one @ turn, two @ turn) == pytest.approx(found, rel=1e-6, abs=1e-6)


def test_float32_features_are_judged_in_float64() -> None:
    one = features(100, 10).astype(np.float32) + np.float32(1000)
    two = one + np.float32(1)
    assert frechet_distance(one, two) == pytest.approx(10, rel=1e-3)


def test_few_samples_give_a_warning() -> None:
    assert frechet_warning(10, 16).startswith("10 samples for 16 features")
    assert not frechet_warning(9, 3)


@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        (features(1, 4), features(5, 4), "n at least 2"),
        (features(5, 4), features(5, 3), "one width"),
        (np.full((5, 4), np.nan), features(5, 4), "finite"),
    ],
)
def test_wrong_features(first: np.ndarray, second: np.ndarray, message: str) -> None:
    with pytest.raises(InputError, match=message):
        frechet_distance(first, second)


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
