"""How often visible hands are found, how far off their joints are, and the hand structure error (HS-Err, Eq. 2).

Coordinates are normalised to [0, 1] by width and height; frames are square, so that distances are those of pixels.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_MIDDLE_CHAIN = (0, 9, 10, 11, 12)
HALF = 0.5
FAR = 0.5


@dataclass(frozen=True, eq=False)
class HandMatch:
    """Which true hands were found, hand by hand; all arrays (t, 2), indexed by the true hand."""

    wanted: NDArray[np.bool_]  # the hand is there, and enough of it is visible
    found: NDArray[np.bool_]  # wanted, and a detection lies on it
    error: NDArray[np.float32]  # mean distance of the 21 joints over the hand's length, NaN where not found
    same_side: NDArray[np.bool_]  # found, and under the right name of left and right


def ratio(part: float, whole: float) -> float:
    """Returns ``part / whole``, or NaN where the whole is 0."""
    return float(part) / float(whole) if whole else float("nan")


def hand_length(
    joints_world_m: NDArray[np.floating],
    K: NDArray[np.floating],
    T_world_camera: NDArray[np.floating],
    size: int,
) -> NDArray[np.float32]:
    """Returns the hand's length in the image, whatever its pose: (t, 2), fraction of the image's width.

    It is the length from wrist to middle finger tip along the bones, seen square on at the depth of the finger's base.

    Args:
        joints_world_m: (t, 2, 21, 3), metres, NaN where there is no hand.
        K: (3, 3), intrinsics in pixels.
        T_world_camera: (4, 4), pose of the camera, OpenCV axes, metres.
        size: Width of the image in pixels.
    """
    chain = joints_world_m[..., _MIDDLE_CHAIN, :]
    length_m = np.linalg.norm(np.diff(chain, axis=-2), axis=-1).sum(-1)
    axis, origin = T_world_camera[:3, 2], T_world_camera[:3, 3]
    depth_m = (joints_world_m[..., 9, :] - origin) @ axis
    return np.asarray(K[0, 0] * length_m / depth_m / size, dtype=np.float32)


def match_hands(
    keypoints: NDArray[np.floating],
    truth: NDArray[np.floating],
    visible: NDArray[np.floating] | NDArray[np.bool_],
    length: NDArray[np.floating],
) -> HandMatch:
    """Assigns detections to true hands, one to one, whatever side the detector named.

    A detection counts as found if its joints lie on average within half a hand's length of the true ones. Of the two
    possible assignments in a frame the one with more such pairs is taken, then the one with the smaller error.

    Args:
        keypoints: (t, 2, 21, 2), detected, NaN where there is none.
        truth: (t, 2, 21, 2), NaN where there is no hand.
        visible: (t, 2), visible fraction of the hand; hands below one half are not wanted.
        length: (t, 2), the hands' lengths, in the unit of the coordinates.
    """
    wanted = (visible >= HALF) & np.isfinite(truth).all((-1, -2))
    distance = np.linalg.norm(keypoints[:, None] - truth[:, :, None], axis=-1).mean(-1)  # (t, true, detected)
    error = np.where(wanted[..., None], distance / length[..., None], np.nan)
    error = np.where(error <= FAR, error, np.nan)
    straight = np.stack([error[:, 0, 0], error[:, 1, 1]], axis=1)
    crossed = np.stack([error[:, 0, 1], error[:, 1, 0]], axis=1)
    cost_straight, cost_crossed = (np.where(np.isnan(e), FAR, e).sum(1) for e in (straight, crossed))
    count_straight, count_crossed = (np.isfinite(e).sum(1) for e in (straight, crossed))
    cross = (count_crossed > count_straight) | ((count_crossed == count_straight) & (cost_crossed < cost_straight))
    best = np.where(cross[:, None], crossed, straight)
    found = np.isfinite(best)
    return HandMatch(wanted, found, best.astype(np.float32), found & ~cross[:, None])


def hands_found(present: NDArray[np.bool_], visible: NDArray[np.floating]) -> tuple[int, int]:
    """Counts the hands that a generated clip shows, wherever they lie.

    Args:
        present: bool (t, 2), detections.
        visible: (t, 2), visible fraction of the ground truth's hands.

    Returns:
        Hands found, no more in a frame than there are; hands there (at least half of each visible).
    """
    wanted = (visible >= HALF).sum(1)
    return int(np.minimum(present.sum(1), wanted).sum()), int(wanted.sum())


def hs_err(generated: NDArray[np.floating], truth: NDArray[np.floating]) -> float:
    """Returns the mean squared joint distance of two clips' detected hands (Eq. 2), context frame left out.

    In each frame the sum over the truth's detected joints of the squared distance is divided by their number J_l; the
    mean is taken over the L' frames in which the truth has a hand. Joints that the generated clip lacks count as 0,
    as in the paper. Keypoints are (t, 2, 21, 2), NaN where no hand was detected; the error is in squared fractions of
    the image, NaN if the truth shows no hand.
    """
    there = np.isfinite(truth[1:]).all(-1)  # (L, 2, 21)
    placed = np.where(np.isfinite(generated[1:]), generated[1:], 0.0)
    squared = np.where(there, np.square(placed - truth[1:]).sum(-1), 0.0)
    joints = there.sum((1, 2))
    frames = joints > 0
    if not frames.any():
        return float("nan")
    return float((squared.sum((1, 2))[frames] / joints[frames]).mean())
