"""The filter of clips: known answers, and what must not change its figures."""

from typing import Any

import cv2
import numpy as np
import pytest

from ivg.data.clip_filter import ClipFilter, different_frames, motion, sharpness
from ivg.errors import InputError


def texture(height: int = 120, width: int = 256) -> np.ndarray:
    cells = np.random.default_rng(0).integers(0, 256, (height // 8, width // 8, 3), np.uint8)
    return cv2.resize(cells, (width, height), interpolation=cv2.INTER_NEAREST)


def clip(moving: bool = True) -> np.ndarray:
    """A textured scene; a bright square of 24 px wanders over it."""
    frames = np.repeat(texture()[None], 16, 0)
    if moving:
        for t, frame in enumerate(frames):
            frame[40:64, 20 + 8 * t : 44 + 8 * t] = (255, 220, 200)
    return frames


def test_a_plain_picture_is_not_sharp_and_a_chessboard_is_known() -> None:
    assert sharpness(np.full((4, 64, 256, 3), 90, np.uint8)) == 0
    board = ((np.indices((64, 256)).sum(0) % 2) * 255).astype(np.uint8)
    # every neighbour differs by 255, so that the Laplacian is +-4 * 255
    assert sharpness(np.repeat(board[None, :, :, None], 3, -1)) == pytest.approx((4 * 255) ** 2)


def test_blur_takes_sharpness_and_size_does_not_matter() -> None:
    sharp = clip()
    figures = [
        sharpness(np.stack([cv2.GaussianBlur(frame, (0, 0), sigma) for frame in sharp])) for sigma in (0.5, 1, 2, 4)
    ]
    assert figures == sorted(figures, reverse=True)
    large = np.stack([cv2.resize(frame, None, fx=3, fy=3, interpolation=cv2.INTER_NEAREST) for frame in sharp])
    assert sharpness(large) == pytest.approx(sharpness(sharp), rel=0.05)


def test_motion_is_the_share_that_changes() -> None:
    moved = motion(clip())
    square = 24 * 24 / (120 * 256)
    assert square < moved < 4 * square  # the square where it was and where it is, and the blur's rim
    assert motion(clip(moving=False)) == 0


def test_noise_is_no_motion() -> None:
    still = clip(moving=False).astype(float)
    noisy = np.clip(still + np.random.default_rng(1).normal(0, 8, still.shape), 0, 255).astype(np.uint8)
    assert motion(noisy) < ClipFilter().min_motion


def test_different_frames() -> None:
    frames = clip()
    assert different_frames(frames) == 16
    assert different_frames(frames[[0, 0, 0, 1, 1, 2]]) == 3


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda frames: frames, None),
        (lambda frames: frames[[0] * 8 + [1] * 8], "too few frames"),
        (lambda frames: np.stack([cv2.GaussianBlur(frame, (0, 0), 12) for frame in frames]), "blurry"),
    ],
)
def test_the_filter_says_why(change: Any, reason: str | None) -> None:
    fault = ClipFilter().fault_of_frames(change(clip()))
    assert (fault and fault[0]) == reason


def test_a_still_scene_under_noise_is_static() -> None:
    still = clip(moving=False).astype(float)
    noisy = np.clip(still + np.random.default_rng(1).normal(0, 4, still.shape), 0, 255).astype(np.uint8)
    fault = ClipFilter().fault_of_frames(noisy)
    assert fault
    assert fault[0] == "static"
    assert ClipFilter(min_motion=0).fault_of_frames(noisy) is None


def test_hands_must_be_seen() -> None:
    present = np.zeros((16, 2), bool)
    fault = ClipFilter().fault_of_hands(present)
    assert fault
    assert fault[0] == "no hand"
    present[3, 1] = True
    assert ClipFilter().fault_of_hands(present) is None
    assert ClipFilter(min_hand_frames=2).fault_of_hands(present)


@pytest.mark.parametrize("values", [{"min_motion": 2}, {"min_motion": -1}, {"min_sharpness": float("nan")}])
def test_impossible_limits_are_refused(values: dict[str, float]) -> None:
    with pytest.raises(InputError, match="min_"):
        ClipFilter(**values)
