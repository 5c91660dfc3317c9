"""Known answers of the classification of motions."""

import numpy as np

from ivg.metrics.nearest_reference import acting_track, nearest_task


def moving(direction: tuple[float, float], hand: int = 1) -> np.ndarray:
    keypoints = np.full((16, 2, 21, 2), np.nan)
    shape = np.random.default_rng(0).uniform(-0.05, 0.05, (21, 2))
    steps = np.linspace(0, 0.4, 16)[:, None] * np.array(direction)
    keypoints[:, hand] = 0.5 + shape + steps[:, None]
    return keypoints


def test_gaps_are_bridged() -> None:
    keypoints = moving((1, 0))
    whole = acting_track(keypoints)
    keypoints[[5, 6, 9]] = np.nan
    bridged = acting_track(keypoints)
    assert whole is not None
    assert bridged is not None
    np.testing.assert_allclose(bridged, whole, atol=1e-6)


def test_no_hand_no_track() -> None:
    assert acting_track(np.full((16, 2, 21, 2), np.nan)) is None


def test_a_left_hand_is_mirrored_in_itself() -> None:
    right, left = moving((0, 1)), moving((0, 1), hand=0)
    left[:, 0, :, 0] = 1 - left[:, 0, :, 0]
    first, second = acting_track(right), acting_track(left)
    assert first is not None
    assert second is not None
    np.testing.assert_allclose(first - first.mean(1, keepdims=True), second - second.mean(1, keepdims=True), atol=1e-6)


def test_the_nearest_motion_decides() -> None:
    names = ["right", "down", "left", "up"]
    directions = [(1, 0), (0, 1), (-1, 0), (0, -1)]
    references = [acting_track(moving(d)) for d in directions]
    for name, (x, y) in zip(names, directions, strict=True):
        track = acting_track(moving((0.8 * x + 0.1, 0.8 * y - 0.1)))
        assert track is not None
        named = [(n, r) for n, r in zip(names, references, strict=True) if r is not None]
        assert nearest_task(track, named) == name
