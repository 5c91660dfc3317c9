"""The region of motion (Sec. 3.1.1): hulls of hand tracks, and post-processing of predicted masks.

The paper names the operations of the latter and no sizes; ours are stated here, relative to the image, and tried at 128
px, where an open hand's hull covers about 1,000 pixels.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from ..types import HandTracks, RegionOfMotion

THRESHOLD = 0.5  # A pixel belongs to the region from this probability on

CLOSING_RADIUS = 1 / 64  # Cracks narrower than twice this fraction of the longer side are closed (2 px at 128)

# Islands that hold no disc of this radius (fraction of the longer side, 1 px at 128) are removed
OPENING_RADIUS = 1 / 96

MIN_AREA = 1 / 400  # Islands smaller than this fraction of the image are removed (41 px at 128 x 128)

# Islands smaller than this fraction of their frame's largest are removed: two hands differ less
MIN_RELATIVE_AREA = 1 / 10
_FAR = 8.0  # Joints are clipped to this many image sizes, far enough not to bend a hull's part inside the image


def region_from_tracks(tracks: HandTracks, height: int, width: int, *, per_hand: bool = False) -> RegionOfMotion:
    """Fill the convex hull of the hand joints of every frame; absent hands are left out.

    The paper's P_l holds all joints found in a frame, so that its mask M_l spans both hands and what lies between them;
    `per_hand` gives each hand a hull of its own instead.

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
        points = np.clip(joints[present].astype(np.float64), -_FAR, _FAR) * (width, height)
        hands = list(np.floor(points).astype(np.int32))  # the pixel (x, y) in which each joint lies
        groups = hands if per_hand else [np.concatenate(hands)] if hands else []
        for points in groups:
            cv2.fillConvexPoly(mask, cv2.convexHull(points), (1,))
    return RegionOfMotion(masks.astype(np.bool_))


def clean_region(
    probability: NDArray[np.floating],
    *,
    threshold: float = THRESHOLD,
    closing_radius: float = CLOSING_RADIUS,
    opening_radius: float = OPENING_RADIUS,
    min_area: float = MIN_AREA,
    min_relative_area: float = MIN_RELATIVE_AREA,
) -> RegionOfMotion:
    """Turn predicted masks, float (t, h, w), into a region of motion without islands.

    Each frame is thresholded and closed; then the connected components stay whole that hold a disc of the
    opening's radius and are large enough. What stays keeps its outline. Values outside [0, 1] are fine. Radii are
    fractions of the longer side, `min_area` is one of the image, `min_relative_area` of the frame's largest component.

    Returns:
        Masks (t, h, w), empty where nothing is left; `union` is the paper's M_gen.

    Raises:
        InputError: If `probability` has another shape, or holds NaN.
    """
    if probability.ndim != 3 or 0 in probability.shape:
        raise InputError(f"probability must have shape (t, h, w), got {probability.shape}")
    if np.isnan(probability).any():
        raise InputError("probability must hold no NaN")
    _, height, width = probability.shape
    close, core = (_disc(radius * max(height, width)) for radius in (closing_radius, opening_radius))
    frames = []
    for mask in (probability >= threshold).astype(np.uint8):
        closed = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, close).astype(np.uint8)
        frames.append(_without_islands(closed, core, min_area * height * width, min_relative_area))
    return RegionOfMotion(np.stack(frames))


def _disc(radius: float) -> NDArray[np.uint8]:
    """Return a filled disc of about this radius in pixels (at least the single pixel)."""
    n = round(radius)
    y, x = np.ogrid[-n : n + 1, -n : n + 1]
    return (x * x + y * y <= n * n + n * 0.5).astype(np.uint8)


def _without_islands(
    mask: NDArray[np.uint8], core: NDArray[np.uint8], min_area: float, min_relative_area: float
) -> NDArray[np.bool_]:
    """Return the connected components (8 neighbours) that are large enough and hold the core somewhere."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    if count == 1:
        return np.zeros(mask.shape, np.bool_)
    area = stats[:, cv2.CC_STAT_AREA].astype(np.float64)
    area[0] = 0  # the background
    holds_core = np.zeros(count, np.bool_)
    holds_core[np.unique(labels[cv2.erode(mask, core) > 0])] = True
    keep = holds_core & (area >= min_area) & (area >= min_relative_area * area.max())
    keep[0] = False
    return np.asarray(keep[labels])
