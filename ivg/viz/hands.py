"""Drawing hand skeletons and masks over pictures."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from ..hands.skeleton import BONES

HAND_COLOURS = ((46, 134, 222), (238, 102, 34))
"""RGB of the left and of the right hand's skeleton: blue and orange, told apart by colour-blind eyes too."""

OUTLINE = (20, 20, 24)
REGION_COLOUR = (0, 190, 150)
"""RGB of the region of motion."""

_SUBPIXEL_BITS = 4


def draw_hands(
    picture: NDArray[np.uint8], keypoints: NDArray[np.float32], present: NDArray[np.bool_]
) -> NDArray[np.uint8]:
    """Draw the skeletons of a frame's hands.

    Args:
        picture: uint8 (h, w, 3), RGB; it is not changed. Enlarge it first for fine lines.
        keypoints: float32 (2, 21, 2), normalised.
        present: bool (2,).

    Returns:
        A copy with dark-edged bones in `HAND_COLOURS` and white joints.
    """
    drawn = np.ascontiguousarray(picture).copy()
    height, width = drawn.shape[:2]
    for joints, colour in ((keypoints[h], HAND_COLOURS[h]) for h in (0, 1) if present[h]):
        length = float(np.linalg.norm(np.ptp(joints * (width, height), axis=0)))
        unit = min(max(height, width) / 256, length / 64)
        points = _subpixels(joints, height, width)
        for paint, thickness in ((OUTLINE, 3.2 * unit), (colour, 2.0 * unit)):
            for a, b in BONES:
                cv2.line(drawn, points[a], points[b], paint, max(1, round(thickness)), cv2.LINE_AA, _SUBPIXEL_BITS)
        for point in points:
            _dot(drawn, point, 1.9 * unit, OUTLINE)
            _dot(drawn, point, 1.15 * unit, (255, 255, 255))
    return drawn


def tint_region(picture: NDArray[np.uint8], mask: NDArray[np.bool_], *, strength: float = 0.45) -> NDArray[np.uint8]:
    """Tint a mask's inside, dim its outside a little and trace its edge.

    Args:
        picture: uint8 (h, w, 3), RGB; it is not changed.
        mask: bool (h, w).
        strength: Share of the colour inside, in [0, 1].
    """
    inside = picture * (1 - strength) + np.array(REGION_COLOUR) * strength
    tinted = np.where(mask[..., None], inside, picture * 0.72).astype(np.uint8)
    edges, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(tinted, edges, -1, (255, 255, 255), max(1, round(max(mask.shape) / 200)), cv2.LINE_AA)
    return tinted


def _subpixels(joints: NDArray[np.float32], height: int, width: int) -> list[tuple[int, int]]:
    """Return OpenCV's fixed-point pixel coordinates (centres at whole numbers) of normalised joints."""
    pixels = np.clip(joints, -4, 5) * (width, height) - 0.5
    return [(int(x), int(y)) for x, y in np.round(pixels * 2**_SUBPIXEL_BITS)]


def _dot(picture: NDArray[np.uint8], centre: tuple[int, int], radius: float, colour: tuple[int, int, int]) -> None:
    fixed = round(radius * 2**_SUBPIXEL_BITS)
    cv2.circle(picture, centre, fixed, colour, cv2.FILLED, cv2.LINE_AA, _SUBPIXEL_BITS)
