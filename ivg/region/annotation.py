"""Pseudo annotation of the region of motion: filled convex hulls of hand keypoints (Sec. 3.1.1)."""

import cv2
import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from ..types import HandTracks, RegionOfMotion

_FAR = 8.0  # Joints are clipped to this many image sizes, far enough not to bend a hull's part inside the image


def region_from_tracks(tracks: HandTracks, height: int, width: int, *, per_hand: bool = False) -> RegionOfMotion:
    """Fill the convex hull of the hand joints of every frame; absent hands are left out.

    Args:
        tracks: Hand joints.
        height: Height of the masks in pixels.
        width: Width of the masks in pixels.
        per_hand: Give each hand a hull of its own. The paper's P_l holds all joints found in a frame, so that
            its mask M_l spans both hands and what lies between them; that is the default.

    Returns:
        Masks (t, height, width), empty for a frame without hands; `union` is the paper's M_video. Every joint that lies
        inside the image lies inside its frame's mask.

    Raises:
        InputError: If a size is not positive.
    """
    if height < 1 or width < 1:
        raise InputError(f"height and width must be positive, got {height} x {width}")
    masks = np.zeros((len(tracks), height, width), np.uint8)
    for mask, joints, present in zip(masks, tracks.keypoints, tracks.present, strict=True):
        hands = [_pixels(hand, height, width) for hand in joints[present]]
        groups = hands if per_hand else [np.concatenate(hands)] if hands else []
        for points in groups:
            cv2.fillConvexPoly(mask, cv2.convexHull(points), (1,))
    return RegionOfMotion(masks.astype(np.bool_))


def _pixels(joints: NDArray[np.float32], height: int, width: int) -> NDArray[np.int32]:
    """Return the pixel (x, y) in which each joint lies."""
    points = np.clip(joints.astype(np.float64), -_FAR, _FAR) * (width, height)
    return np.floor(points).astype(np.int32)
